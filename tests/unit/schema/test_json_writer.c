#include "schema/text/json_writer.h"

#include <math.h>

#include "schema/crypto/digest.h"
#include "tests/support/test.h"

TEST(members_of_every_kind)
{
    struct buf out = BUF_INIT;
    struct json_writer json = {.out = &out};
    struct digest digest = {{0xab, 0x01}};
    json_object(&json, NULL);
    json_span(&json, "span", span_of("a\"\n\xff", 4));
    json_text(&json, "text", "b");
    json_text(&json, "none", NULL);
    json_int(&json, "int", INT64_MIN);
    json_uint(&json, "uint", UINT64_MAX);
    json_double(&json, "double", -0.5);
    json_double(&json, "nan", NAN);
    json_double(&json, "inf", -INFINITY);
    json_bool(&json, "yes", true);
    json_bool(&json, "no", false);
    json_null(&json, "null");
    json_time(&json, "time", INT64_C(1763892000500000));
    json_time(&json, "open", INT64_MIN);
    json_time(&json, "end", INT64_MAX);
    json_day(&json, "day", INT64_C(1763892000500000));
    json_raw(&json, "raw", span_str("{\"a\":1}"));
    json_name(&json, "own");
    buf_add_str(&out, "12");
    digest_json(&json, "digest", &digest);
    json_end(&json);
    EXPECT_SPAN(buf_span(&out),
                "{\"span\":\"a\\\"\\n\\ufffd\",\"text\":\"b\",\"none\":null,"
                "\"int\":-9223372036854775808,\"uint\":18446744073709551615,\"double\":-0.5,"
                "\"nan\":null,\"inf\":null,\"yes\":true,\"no\":false,\"null\":null,"
                "\"time\":\"2025-11-23T10:00:00.5Z\",\"open\":null,\"end\":null,"
                "\"day\":\"2025-11-23\",\"raw\":{\"a\":1},\"own\":12,\"digest\":\"ab01"
                "000000000000000000000000000000000000000000000000000000000000\"}");
    EXPECT_INT(json.depth, 0);
    buf_fini(&out);
}

TEST(commas_stand_between_and_nowhere_else)
{
    struct buf out = BUF_INIT;
    struct json_writer json = {.out = &out};
    json_array(&json, NULL);
    json_array(&json, NULL);
    json_end(&json);
    json_object(&json, NULL);
    json_end(&json);
    json_int(&json, NULL, 1);
    json_object(&json, NULL);
    json_array(&json, "a");
    json_text(&json, NULL, "x");
    json_text(&json, NULL, "y");
    json_end(&json);
    json_bool(&json, "b", true);
    json_end(&json);
    json_end(&json);
    EXPECT_SPAN(buf_span(&out), "[[],{},1,{\"a\":[\"x\",\"y\"],\"b\":true}]");
    json_int(&json, NULL, 2); /* a value that stands alone, behind a whole one */
    EXPECT_SPAN(span_from(buf_span(&out), out.size - 2), "]2");
    buf_fini(&out);
}

/* As a list of many is written: an element a line, the buf written out after each. */
TEST(lines_and_a_buf_that_is_emptied_between)
{
    struct buf out = BUF_INIT;
    struct buf all = BUF_INIT;
    struct json_writer json = {.out = &out};
    json_object(&json, NULL);
    json_array(&json, "objects");
    for (int i = 0; i < 3; i++) {
        json_newline(&json);
        json_object(&json, NULL);
        json_int(&json, "id", i);
        json_end(&json);
        buf_add_span(&all, buf_span(&out));
        buf_clear(&out);
    }
    json_newline(&json);
    json_end(&json);
    json_int(&json, "count", 3);
    json_end(&json);
    buf_add_span(&all, buf_span(&out));
    EXPECT_SPAN(buf_span(&all),
                "{\"objects\":[\n{\"id\":0},\n{\"id\":1},\n{\"id\":2}\n],\"count\":3}");
    buf_fini(&all);
    buf_fini(&out);
}

TEST(a_failure_sticks_in_the_buf)
{
    struct buf out = BUF_INIT;
    struct json_writer json = {.out = &out};
    json_object(&json, NULL);
    (void)buf_reserve(&out, SIZE_MAX / 4 * 3);
    EXPECT(!buf_ok(&out));
    json_int(&json, "a", 1);
    json_end(&json);
    EXPECT(!buf_ok(&out));
    EXPECT_SPAN(buf_span(&out), "{");
    buf_fini(&out);
}

TEST_MAIN(TEST_ENTRY(members_of_every_kind), TEST_ENTRY(commas_stand_between_and_nowhere_else),
          TEST_ENTRY(lines_and_a_buf_that_is_emptied_between),
          TEST_ENTRY(a_failure_sticks_in_the_buf))
