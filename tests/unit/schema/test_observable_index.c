/* Kept observables: what is put in comes out, sorted and once; what is not well formed is refused.
 */
#include <stdlib.h>

#include "schema/block/observable_index.h"
#include "tests/support/test.h"

static struct err err;

struct pair {
    enum observable_kind kind;
    char text[64];
    uint32_t reference;
};

static void add(struct observable_index_builder *draft, enum observable_kind kind, const char *text,
                uint32_t reference)
{
    struct observable observable = {.kind = kind, .normal = span_str(text)};
    observable_index_add(draft, &observable, reference);
}

static struct observable_index read_back(struct observable_index_builder *draft, uint32_t first,
                                         uint32_t count)
{
    struct observable_index observed = {0};
    EXPECT_OK(observable_index_encode(draft, first, count, &observed.bytes, &err), err);
    EXPECT_OK(observable_index_decode(&observed, &err), err);
    EXPECT_INT(observed.first, first);
    EXPECT_INT(observed.count, count);
    return observed;
}

static void collect(void *context, uint32_t entry, uint32_t reference)
{
    struct buf *out = context;
    buf_printf(out, "%u:%u ", entry, reference);
}

static void expect_references(const struct observable_index *observed, const uint32_t *entries,
                              size_t n, const char *wanted)
{
    struct buf out = BUF_INIT;
    EXPECT_OK(observable_index_references(observed, entries, n, collect, &out, &err), err);
    EXPECT_SPAN(buf_span(&out), wanted);
    buf_fini(&out);
}

TEST(what_is_put_in_comes_out)
{
    struct observable_index_builder draft = {0};
    add(&draft, OBSERVABLE_IP, "203.0.113.9", 4095);
    add(&draft, OBSERVABLE_IP, "203.0.113.9", 7);
    add(&draft, OBSERVABLE_IP, "203.0.113.9", 7);
    add(&draft, OBSERVABLE_IP, "1.2.3.4", 0);
    add(&draft, OBSERVABLE_IP, "2001:0db8:0000:0000:0000:0000:0000:0001", 5);
    add(&draft, OBSERVABLE_USER, "alice", 9);
    struct observable_index observed = read_back(&draft, 0, 4096);
    EXPECT_INT(observed.n_v4, 2);
    EXPECT_INT(observed.v4[0], 0x01020304);
    EXPECT_INT(observed.v4[1], 0xcb007109);
    EXPECT_INT(observed.n_v6, 1);
    EXPECT_INT(observed.v6[15], 1);
    EXPECT_INT(observed.n_keys, 1);
    EXPECT(observed.keys[0] == observable_key(OBSERVABLE_USER, span_str("alice")));
    expect_references(&observed, (const uint32_t[]){0, 1, 2, 3}, 4, "0:0 1:7 1:4095 2:5 3:9 ");
    expect_references(&observed, (const uint32_t[]){1}, 1, "1:7 1:4095 ");
    expect_references(&observed, NULL, 0, "");
    observable_index_fini(&observed);
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
        {OBSERVABLE_FILE, "/tmp/x.sh", "/var/x.sh", false},
        {OBSERVABLE_FILE, "x.exe", "C:\\a\\x.exe", true},
        {OBSERVABLE_USER, "alice", "alice", true},
        {OBSERVABLE_HASH, "alice", "bob", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct observable_index_builder draft = {0};
        add(&draft, cases[i].kind, cases[i].observed, 0);
        struct observable_index observed = read_back(&draft, 0, 1);
        uint64_t key = observable_key(cases[i].kind, span_str(cases[i].indicator));
        bool meet = false;
        for (uint32_t k = 0; k < observed.n_keys; k++) {
            meet |= observed.keys[k] == key;
        }
        if (meet != cases[i].meet) {
            fprintf(stderr, "%s and %s\n", cases[i].indicator, cases[i].observed);
            test_failures++;
        }
        observable_index_fini(&observed);
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
}

TEST(many_are_sorted_and_once)
{
    enum { MANY = 20000 };
    struct observable_index_builder draft = {0};
    uint32_t state = 1;
    for (uint32_t i = 0; i < MANY; i++) {
        char name[16];
        state = state * 1664525 + 1013904223;
        (void)snprintf(name, sizeof name, "u%u", (state >> 8) % 5000);
        add(&draft, OBSERVABLE_USER, name, (state >> 20) & 4095);
    }
    struct observable_index observed = read_back(&draft, 100, 4096);
    EXPECT(observed.n_keys > 4800 && observed.n_keys <= 5000);
    for (uint32_t k = 1; k < observed.n_keys; k++) {
        EXPECT(observed.keys[k - 1] < observed.keys[k]);
    }
    observable_index_fini(&observed);
    observable_index_builder_fini(&draft);
}

TEST(damage_is_told)
{
    struct observable_index_builder draft = {0};
    add(&draft, OBSERVABLE_IP, "203.0.113.9", 7);
    add(&draft, OBSERVABLE_IP, "2001:0db8:0000:0000:0000:0000:0000:0001", 5);
    add(&draft, OBSERVABLE_USER, "alice", 9);
    struct observable_index whole = read_back(&draft, 0, 10);
    uint32_t all[] = {0, 1, 2};
    for (size_t size = 0; size < whole.bytes.size; size++) {
        struct observable_index cut = {0};
        struct buf out = BUF_INIT;
        buf_add(&cut.bytes, whole.bytes.data, size);
        EXPECT(observable_index_decode(&cut, &err) == ERR_CORRUPT ||
               observable_index_references(&cut, all, 3, collect, &out, &err) == ERR_CORRUPT);
        buf_fini(&out);
        observable_index_fini(&cut);
    }
    whole.count = 9; /* the slot 9 is none of theirs */
    struct buf out = BUF_INIT;
    EXPECT(observable_index_references(&whole, all, 3, collect, &out, &err) == ERR_CORRUPT);
    buf_fini(&out);
    observable_index_fini(&whole);
    observable_index_builder_fini(&draft);
}

TEST_MAIN(TEST_ENTRY(what_is_put_in_comes_out), TEST_ENTRY(keys_meet),
          TEST_ENTRY(keys_never_change), TEST_ENTRY(many_are_sorted_and_once),
          TEST_ENTRY(damage_is_told))
