/* Kept observables: what is put in comes out, by groups of paths, sorted and once; what is not well
 * formed is refused. */
#include "schema/block/observable_index.h"
#include "tests/support/test.h"

static struct err err;

static void add(struct observable_index_builder *draft, enum observable_kind kind, const char *text)
{
    struct observable observable = {.kind = kind, .normal = span_str(text)};
    observable_index_add(draft, &observable);
}

static void add_users(struct observable_index_builder *draft, uint32_t from, uint32_t count)
{
    for (uint32_t i = from; i < from + count; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "u%u", i);
        add(draft, OBSERVABLE_USER, name);
    }
}

static struct observable_index read_back(struct observable_index_builder *draft, uint32_t first,
                                         uint32_t count)
{
    struct observable_index index = {0};
    EXPECT_OK(observable_index_encode(draft, first, count, &index.bytes, &err), err);
    EXPECT_OK(observable_index_open(&index, &err), err);
    EXPECT_INT(index.first, first);
    EXPECT_INT(index.count, count);
    return index;
}

static bool next(struct observable_index *index, struct observable_index_group *group)
{
    bool more = false;
    EXPECT_OK(observable_index_next(index, group, &more, &err), err);
    return more;
}

TEST(what_is_put_in_comes_out)
{
    struct observable_index_builder draft = {0};
    struct observable_index_group group;
    observable_index_path(&draft, 3);
    add(&draft, OBSERVABLE_IP, "203.0.113.9");
    add(&draft, OBSERVABLE_IP, "203.0.113.9");
    add(&draft, OBSERVABLE_IP, "1.2.3.4");
    observable_index_path(&draft, 5); /* has nothing */
    observable_index_path(&draft, 70);
    add(&draft, OBSERVABLE_IP, "2001:0db8:0000:0000:0000:0000:0000:0001");
    add(&draft, OBSERVABLE_IP, "255.255.255.255");
    add(&draft, OBSERVABLE_USER, "alice");
    struct observable_index index = read_back(&draft, 7, 4096);
    EXPECT(next(&index, &group));
    EXPECT_INT(group.n_paths, 2);
    EXPECT_INT(group.paths[0], 3);
    EXPECT_INT(group.paths[1], 70);
    EXPECT(!group.has_more);
    EXPECT_INT(group.n_v4, 3);
    EXPECT_INT(group.v4[0], 0x01020304);
    EXPECT_INT(group.v4[1], 0xcb007109);
    EXPECT_INT(group.v4[2], 0xffffffff);
    EXPECT_INT(group.n_v6, 1);
    EXPECT_INT(group.v6[0].bytes[15], 1);
    EXPECT_INT(group.n_keys, 1);
    EXPECT(group.keys[0] == observable_index_key(OBSERVABLE_USER, span_str("alice")));
    EXPECT(!next(&index, &group));
    observable_index_fini(&index);
    index = read_back(&draft, 0, 0); /* nothing */
    EXPECT(!next(&index, &group));
    observable_index_fini(&index);
    observable_index_builder_fini(&draft);
}

/* An indicator's key is among those of what it matches. */
TEST(keys_meet)
{
    static const struct {
        enum observable_kind kind;
        const char *indicator;
        const char *observed;
        bool meet;
    } cases[] = {
        {OBSERVABLE_DOMAIN, "evil.com", "evil.com", true},
        {OBSERVABLE_DOMAIN, "evil.com", "a.b.evil.com", true},
        {OBSERVABLE_DOMAIN, "evil.com", "notevil.com", false},
        {OBSERVABLE_DOMAIN, "b.evil.com", "evil.com", false},
        {OBSERVABLE_URL, "http://evil.com/a", "http://evil.com/a", true},
        {OBSERVABLE_URL, "evil.com/a", "https://evil.com/a", true},
        {OBSERVABLE_FILE, "x.sh", "/tmp/x.sh", true},
        {OBSERVABLE_FILE, "/tmp/x.sh", "/tmp/x.sh", true},
        {OBSERVABLE_FILE, "/tmp/x.sh", "/var/x.sh", true}, /* the value decides it */
        {OBSERVABLE_FILE, "/tmp/", "/tmp/", true},
        {OBSERVABLE_FILE, "x.sh", "/x.sh/y", false},
        {OBSERVABLE_FILE, "x.exe", "C:\\a\\x.exe", true},
        {OBSERVABLE_USER, "alice", "alice", true},
        {OBSERVABLE_HASH, "alice", "bob", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct observable_index_builder draft = {0};
        struct observable_index_group group = {0};
        add(&draft, cases[i].kind, cases[i].observed);
        struct observable_index index = read_back(&draft, 0, 1);
        EXPECT(next(&index, &group));
        uint64_t key = observable_index_key(cases[i].kind, span_str(cases[i].indicator));
        bool meet = false;
        for (uint32_t k = 0; k < group.n_keys; k++) {
            meet |= group.keys[k] == key;
        }
        if (meet != cases[i].meet) {
            fprintf(stderr, "%s and %s\n", cases[i].indicator, cases[i].observed);
            test_failures++;
        }
        observable_index_fini(&index);
        observable_index_builder_fini(&draft);
    }
    unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES];
    observable_index_v4_bytes(0xcb007109, address);
    EXPECT(observable_key_of_address(address) ==
           observable_key(OBSERVABLE_IP, span_str("203.0.113.9")));
}

/* Keys are part of the file format. */
TEST(keys_never_change)
{
    EXPECT(observable_key(OBSERVABLE_DOMAIN, span_str("evil.com")) == 0x3d0c68ca03);
    EXPECT(observable_key(OBSERVABLE_IP, span_str("203.0.113.9")) == 0x1c3b57b971);
    EXPECT(observable_key(OBSERVABLE_AGENT, span_str("curl/8.0")) == 0x1083111d46);
    EXPECT(observable_index_key(OBSERVABLE_AGENT, span_str("curl/8.0")) == 0x1083111d46 >> 6);
}

/* Every key and address of some thousand, and some hundred in a group. */
TEST(many_are_sorted_and_once)
{
    enum { PATHS = 40, EACH = 100, SAME = 50 };
    struct observable_index_builder draft = {0};
    struct observable_index_group group;
    uint32_t n_paths = 0;
    uint32_t n_keys = 0;
    uint32_t n_v4 = 0;
    for (uint32_t path = 0; path < PATHS; path++) {
        observable_index_path(&draft, path);
        add_users(&draft, path * SAME, EACH); /* half of them again with the next path */
        add(&draft, OBSERVABLE_IP, path % 2 ? "10.0.0.1" : "10.0.0.2");
    }
    struct observable_index index = read_back(&draft, 100, 4096);
    for (size_t groups = 0; next(&index, &group); groups++) {
        EXPECT(group.n_keys < OBSERVABLE_INDEX_GROUP_FULL + EACH);
        EXPECT_INT(group.paths[0], n_paths);
        n_paths += group.n_paths;
        n_v4 += group.n_v4;
        uint32_t there = 0;
        for (uint32_t k = 1; k < group.n_keys; k++) {
            EXPECT(group.keys[k - 1] < group.keys[k]);
        }
        for (uint32_t user = group.paths[0] * SAME; user < n_paths * SAME + SAME; user++) {
            char name[16];
            (void)snprintf(name, sizeof name, "u%u", user);
            uint64_t key = observable_index_key(OBSERVABLE_USER, span_str(name));
            for (uint32_t k = 0; k < group.n_keys; k++) {
                there += group.keys[k] == key;
            }
        }
        EXPECT_INT(there, group.n_keys);
        EXPECT_INT(there, group.n_paths * SAME + SAME);
        n_keys += there;
        EXPECT(groups < PATHS);
    }
    EXPECT_INT(n_paths, PATHS);
    EXPECT(n_keys >= PATHS * SAME + SAME);
    EXPECT(n_v4 >= 4);
    observable_index_fini(&index);
    observable_index_builder_fini(&draft);
}

/* What has too many is not listed, and says so; what comes behind it is. */
TEST(too_many_are_told)
{
    struct observable_index_builder draft = {0};
    struct observable_index_group group;
    observable_index_path(&draft, 1);
    add_users(&draft, 0, 5 * OBSERVABLE_INDEX_GROUP_MAX);
    observable_index_path(&draft, 2);
    add(&draft, OBSERVABLE_USER, "alice");
    observable_index_path(&draft, 3);
    add_users(&draft, 0, OBSERVABLE_INDEX_GROUP_MAX + 1);
    struct observable_index index = read_back(&draft, 0, 1);
    EXPECT(next(&index, &group));
    EXPECT(group.has_more && group.n_paths == 1 && group.paths[0] == 1 && group.n_keys == 0);
    EXPECT(next(&index, &group));
    EXPECT(group.has_more && group.n_paths == 2 && group.paths[1] == 3);
    EXPECT(!next(&index, &group));
    observable_index_fini(&index);
    for (uint32_t path = 0; path < 20; path++) {
        observable_index_path(&draft, path);
        add_users(&draft, 0, OBSERVABLE_INDEX_GROUP_MAX);
    }
    index = read_back(&draft, 0, 1);
    size_t entries = 0; /* a few users have the same key */
    for (uint32_t path = 0; path < 20; path++) {
        EXPECT(next(&index, &group));
        EXPECT_INT(group.paths[0], path);
        EXPECT(group.has_more == (entries >= OBSERVABLE_INDEX_ENTRIES_MAX));
        entries += group.n_keys;
    }
    EXPECT(group.has_more);
    observable_index_fini(&index);
    observable_index_builder_fini(&draft);
}

static enum status read_all(struct observable_index *index)
{
    enum status status = observable_index_open(index, &err);
    for (bool more = status == OK; more;) {
        struct observable_index_group group;
        status = observable_index_next(index, &group, &more, &err);
        more = more && status == OK;
    }
    return status;
}

TEST(damage_is_told)
{
    struct observable_index_builder draft = {0};
    observable_index_path(&draft, 2);
    add(&draft, OBSERVABLE_IP, "203.0.113.9");
    add(&draft, OBSERVABLE_IP, "2001:0db8:0000:0000:0000:0000:0000:0001");
    add(&draft, OBSERVABLE_USER, "alice");
    struct observable_index index = read_back(&draft, 0, 10);
    EXPECT_INT(read_all(&index), OK);
    size_t whole = index.bytes.size;
    for (size_t size = 0; size < whole; size++) {
        index.bytes.size = size;
        EXPECT_INT(read_all(&index), ERR_CORRUPT);
    }
    index.bytes.size = whole;
    for (size_t at = 0; at < whole; at++) {
        index.bytes.data[at] ^= 4;
        EXPECT_INT(read_all(&index), ERR_CORRUPT);
        index.bytes.data[at] ^= 4;
    }
    EXPECT_INT(read_all(&index), OK);
    observable_index_fini(&index);
    observable_index_builder_fini(&draft);
}

TEST_MAIN(TEST_ENTRY(what_is_put_in_comes_out), TEST_ENTRY(keys_meet),
          TEST_ENTRY(keys_never_change), TEST_ENTRY(many_are_sorted_and_once),
          TEST_ENTRY(too_many_are_told), TEST_ENTRY(damage_is_told))
