#include <unistd.h>

#include "schema/base/arena.h"
#include "schema/base/clock.h"
#include "schema/base/hash64.h"
#include "schema/base/utf8.h"
#include "schema/crypto/base64.h"
#include "schema/crypto/digest.h"
#include "schema/crypto/uuid.h"
#include "tests/support/test.h"

TEST(err_keeps_code_number_and_context)
{
    struct err err;
    EXPECT_INT(err_errno(&err, 28, "%s", "a.db"), ERR_FULL);
    EXPECT_INT(err.detail, 28);
    EXPECT_INT(err_wrap(&err, ERR_FULL, "import"), ERR_FULL);
    EXPECT_STR(err.text, "import: a.db: No space left on device");
    EXPECT_INT(err_wrap(NULL, ERR_IO, "import"), ERR_IO);
    EXPECT_INT(err_copy(NULL, &err), ERR_FULL);
    EXPECT_INT(err_restate(NULL, ERR_CONFIG), ERR_CONFIG);
    EXPECT_INT(status_http(ERR_FULL), 503);
    EXPECT_INT(status_exit_code(ERR_CORRUPT), 4);
}

static enum status step(int *n_steps, enum status result)
{
    ++*n_steps;
    return result;
}

TEST(steps_stop_at_the_first_that_fails)
{
    int n_steps = 0;
    enum status status = step(&n_steps, OK);
    status = THEN(status, step(&n_steps, OK));
    EXPECT_INT(status, OK);
    EXPECT_INT(n_steps, 2);
    status = THEN(status, step(&n_steps, ERR_FULL));
    status = THEN(status, step(&n_steps, ERR_IO));
    EXPECT_INT(status, ERR_FULL);
    EXPECT_INT(n_steps, 3);
}

TEST(out_of_memory_has_one_wording)
{
    struct err err;
    EXPECT_INT(err_nomem(&err, "watch"), ERR_NOMEM);
    EXPECT_STR(err.text, "watch: out of memory");
    EXPECT_INT(err_nomem(NULL, "watch"), ERR_NOMEM);
}

TEST(varint_and_zigzag_round_trip)
{
    const uint64_t values[] = {0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX};
    struct buf buf = BUF_INIT;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        buf_add_varint(&buf, values[i]);
    }
    size_t at = 0;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        uint64_t value = 1;
        EXPECT(buf_read_varint(buf_span(&buf), &at, &value));
        EXPECT(value == values[i]);
    }
    uint64_t none;
    EXPECT(!buf_read_varint(buf_span(&buf), &at, &none));
    EXPECT(buf_unzigzag(buf_zigzag(INT64_MIN)) == INT64_MIN);
    EXPECT(buf_unzigzag(buf_zigzag(-1)) == -1);
    size_t zero = 0;
    EXPECT(!buf_read_varint(span_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10), &zero, &none));
    buf_fini(&buf);
}

TEST(json_strings_are_escaped)
{
    struct buf buf = BUF_INIT;
    buf_add_json(&buf, span_of("a\"\\\n\x01\xc3\xa4\xff", 8));
    EXPECT_SPAN(buf_span(&buf), "\"a\\\"\\\\\\n\\u0001\xc3\xa4\\ufffd\"");
    buf_fini(&buf);
}

TEST(rfc3339)
{
    static const struct {
        const char *text;
        const char *should; /* NULL: refused */
    } cases[] = {
        {"2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"},
        {"2026-11-23t10:00:00.5z", "2026-11-23T10:00:00.5Z"},
        {"2026-11-23T10:00:00.123456789Z", "2026-11-23T10:00:00.123456Z"},
        {"2026-11-23T10:00:00+02:00", "2026-11-23T08:00:00Z"},
        {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
        {"2023-02-29T00:00:00Z", NULL},
        {"2023-09-18 00:00:00", NULL},
        {"2023-09-20T23:00:000.000000Z", NULL},
        {"2023-09-20T23:00:00", NULL},
        {"2023-09-20T24:00:00Z", NULL},
        {"2023-09-20T23:00:00.Z", NULL},
        {"2023-09-20T23:00:00Zx", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t time_us = 0;
        char text[CLOCK_TEXT_BYTES];
        bool ok = clock_parse_rfc3339(span_str(cases[i].text), &time_us);
        EXPECT_STR(ok ? clock_format(time_us, text) : NULL, cases[i].should);
    }
}

TEST(times_that_people_write)
{
    const int64_t now = INT64_C(1795392000000000); /* 2026-11-23T00:00:00Z */
    static const struct {
        const char *text;
        const char *should;
    } cases[] = {
        {"now", "2026-11-23T00:00:00Z"},
        {"-7d", "2026-11-16T00:00:00Z"},
        {"-90s", "2026-11-22T23:58:30Z"},
        {"2026-11-01", "2026-11-01T00:00:00Z"},
        {"2026-11-01 08:30", "2026-11-01T08:30:00Z"},
        {"yesterday", "2026-11-22T00:00:00Z"},
        {"-7x", NULL},
        {"tomorrow", NULL},
        {"", NULL},
        {"2026-13-01", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t time_us = 0;
        char text[CLOCK_TEXT_BYTES];
        struct err err;
        bool ok = clock_parse_user(span_str(cases[i].text), now, &time_us, &err) == OK;
        EXPECT_STR(ok ? clock_format(time_us, text) : NULL, cases[i].should);
    }
    EXPECT_INT(clock_day_start(-1), -CLOCK_DAY_US);
}

TEST(utf8)
{
    EXPECT(utf8_valid(span_str("plain text of some length \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
                      NULL));
    static const char *const bad[] = {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xff",     "\xe2\x82",     "\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t at = 99;
        EXPECT(!utf8_valid(span_str(bad[i]), &at));
        EXPECT_INT(at, 0);
    }
    char lower[64];
    struct span text = span_str("ABC \xc3\x84 \xce\xa9 \xd0\x96 \xff");
    size_t n = utf8_lower_copy(text, lower);
    EXPECT_SPAN(span_of(lower, n), "abc \xc3\xa4 \xcf\x89 \xd0\xb6 \xff");
}

TEST(lower_case_never_grows)
{
    for (uint32_t point = 1; point < 0x3000; point++) {
        char upper[4];
        char lower[4];
        EXPECT(utf8_encode(utf8_lower(point), lower) <= utf8_encode(point, upper));
        EXPECT(utf8_lower(utf8_lower(point)) == utf8_lower(point));
    }
}

TEST(digests)
{
    char hex[DIGEST_HEX_BYTES];
    struct digest digest = digest_sha256(span_str("abc")); /* FIPS 180-2, B.1 */
    EXPECT_STR(digest_hex(&digest, hex),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest = digest_hmac_sha256(span_str("Jefe"), span_str("what do ya want for nothing?"));
    EXPECT_STR(digest_hex(&digest, hex), /* RFC 4231, case 2 */
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    struct buf buf = BUF_INIT;
    base64_encode(&buf, span_str("foobar"));
    EXPECT_SPAN(buf_span(&buf), "Zm9vYmFy");
    buf_fini(&buf);
    /* Identity hashes are on disk: this value must never change. */
    EXPECT(hash64(span_str("16bfdc34-2766-a5d3-dfd6f7ff7ad6"), 0) == 0x8943c5d5304631ecu);
}

/* RFC 4122 (erratum 1352): "www.example.com" in the namespace of DNS names. */
TEST(uuids_of_names)
{
    static const unsigned char dns[16] = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                                          0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
    char text[37];
    uuid_v5(dns, span_str("www.example.com"), text);
    EXPECT_STR(text, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(files_are_replaced_whole)
{
    char dir[FILE_PATH_BYTES];
    test_dir_make(dir);
    char path[FILE_PATH_BYTES];
    struct err err;
    EXPECT_OK(file_path_format(path, &err, "%.200s/a/b", dir), err);
    EXPECT_OK(file_make_dir(path, 0700, &err), err);
    EXPECT_OK(file_make_dir(path, 0700, &err), err);
    EXPECT_OK(file_path_format(path, &err, "%.200s/a/b/file", dir), err);
    EXPECT_OK(file_write(path, span_str("one"), 0600, &err), err);
    EXPECT_OK(file_write(path, span_str("two"), 0600, &err), err);
    struct buf buf = BUF_INIT;
    EXPECT_OK(file_read(path, 3, &buf, &err), err);
    EXPECT_SPAN(buf_span(&buf), "two");
    EXPECT_INT(file_read(path, 2, &buf, &err), ERR_LIMIT);
    EXPECT_INT(file_read("/nonexistent/file", 2, &buf, &err), ERR_NOT_FOUND);
    buf_fini(&buf);
    test_dir_remove(dir);
}

TEST(arena_keeps_what_it_gave)
{
    struct arena arena = ARENA_INIT;
    for (int round = 0; round < 3; round++) {
        struct span first = arena_copy(&arena, span_str("first"));
        for (size_t i = 0; i < 1000; i++) {
            char *bytes = arena_alloc(&arena, i * 7);
            EXPECT(bytes != NULL);
            memset(bytes, 0x5a, i * 7);
        }
        EXPECT_SPAN(first, "first");
        arena_reset(&arena);
    }
    arena_fini(&arena);
}

TEST_MAIN(TEST_ENTRY(err_keeps_code_number_and_context),
          TEST_ENTRY(steps_stop_at_the_first_that_fails), TEST_ENTRY(out_of_memory_has_one_wording),
          TEST_ENTRY(varint_and_zigzag_round_trip), TEST_ENTRY(json_strings_are_escaped),
          TEST_ENTRY(rfc3339), TEST_ENTRY(times_that_people_write), TEST_ENTRY(utf8),
          TEST_ENTRY(lower_case_never_grows), TEST_ENTRY(digests), TEST_ENTRY(uuids_of_names),
          TEST_ENTRY(files_are_replaced_whole), TEST_ENTRY(arena_keeps_what_it_gave))
