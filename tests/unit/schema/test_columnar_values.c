/* What columnar blocks are made of: lines cut into shapes and values, values in their forms, arrays
 * of numbers. */
#include "schema/columnar/columnar_recent.h"
#include "schema/columnar/line_cut.h"
#include "schema/columnar/packer.h"
#include "schema/columnar/value_form.h"
#include "schema/text/json_plain.h"
#include "tests/support/audit_world.h"
#include "tests/support/test.h"

TEST(lines_are_cut_at_values)
{
    static const struct {
        const char *line;
        const char *shape; /* with ~ for a hole; NULL: not cut */
    } cases[] = {
        {"{\"a\":1}", "{\"a\":~}"},
        {" { \"a\" : 1.0 , \"b\":\"x y\"\t} ", " { \"a\" : ~ , \"b\":~\t} "},
        {"{}", "{}"},
        {"{\"a\":{},\"b\":{\"c\":null}}", "{\"a\":{},\"b\":{\"c\":~}}"},
        {"{\"a\":[1,{\"b\":\"]}\"}, 2],\"c\":true}", "{\"a\":~,\"c\":~}"},
        {"{\"a\":\"\\\"\\\\\",\"a\":-0}", "{\"a\":~,\"a\":~}"},
        {"{\"a\\\"b\":\"\xff\xfe\"}", "{\"a\\\"b\":~}"},
        {"{\"1\":{\"2\":{\"3\":{\"4\":{\"5\":{\"6\":{\"7\":1}}}}}}}",
         "{\"1\":{\"2\":{\"3\":{\"4\":{\"5\":{\"6\":~}}}}}}"},
        {"{\"a\":1}x", NULL},
        {"{\"a\":1,}", NULL},
        {"{\"a\"1}", NULL},
        {"{\"a\":}", NULL},
        {"{\"a\":\"b", NULL},
        {"{\"a\":\"b\tc\"}", NULL},
        {"{\"a\":[1,2}", NULL},
        {"{\"a\":[\"\x01\"]}", NULL},
        {"{\"a\":1", NULL},
        {"[1]", NULL},
        {"x", NULL},
        {"", NULL},
    };
    struct line_cut *cut = malloc(sizeof *cut);
    EXPECT(cut != NULL);
    for (size_t i = 0; cut && i < sizeof cases / sizeof *cases; i++) {
        bool is_cut = line_cut(span_str(cases[i].line), LINE_CUT_DEPTH_MAX, cut);
        EXPECT_INT(is_cut, cases[i].shape != NULL);
        if (is_cut && cases[i].shape) {
            struct buf shape = BUF_INIT;
            for (size_t at = 0; at < cut->shape_size; at++) {
                buf_add_char(&shape, cut->shape[at] == LINE_CUT_HOLE ? '~' : cut->shape[at]);
            }
            EXPECT_SPAN(buf_span(&shape), cases[i].shape);
            buf_fini(&shape);
        }
    }
    free(cut);
}

static const struct {
    const char *spelling;
    enum value_form_kind kind;
} spellings[] = {
    {"0", VALUE_FORM_INTEGER},
    {"-1", VALUE_FORM_INTEGER},
    {"999999999999999", VALUE_FORM_INTEGER},
    {"9999999999999999", VALUE_FORM_NONE}, /* more than a double holds */
    {"1000000000000000000", VALUE_FORM_NONE},
    {"-0", VALUE_FORM_NONE},
    {"007", VALUE_FORM_NONE},
    {"1.0", VALUE_FORM_NONE},
    {"1e5", VALUE_FORM_NONE},
    {"+1", VALUE_FORM_NONE},
    {"true", VALUE_FORM_NONE},
    {"\"42\"", VALUE_FORM_DIGITS},
    {"\"\"", VALUE_FORM_NONE},
    {"\"-\"", VALUE_FORM_NONE},
    {"\"6f1c8f3e-9a52-4c7b-8e1d-0a2b3c4d5e6f\"", VALUE_FORM_UUID},
    {"\"6F1c8f3e-9a52-4c7b-8e1d-0a2b3c4d5e6f\"", VALUE_FORM_NONE},
    {"\"6f1c8f3e-9a52-1c7b-8e1d-0a2b3c4d5e6f\"", VALUE_FORM_NONE},
    {"\"6f1c8f3e-9a52-4c7b-ce1d-0a2b3c4d5e6f\"", VALUE_FORM_NONE},
    {"\"6f1c8f3e-9a52-4c7b-8e1d-0a2b3c4d5e6g\"", VALUE_FORM_NONE},
    {"\"6f1c8f3e-9a52-4c7b-8e1d-0a2b3c4d5e:f\"", VALUE_FORM_NONE},
    {"\"`f1c8f3e-9a52-4c7b-8e1d-0a2b3c4d5e6f\"", VALUE_FORM_NONE},
    {"\"6f1c8f3e/9a52-4c7b-8e1d-0a2b3c4d5e6f\"", VALUE_FORM_NONE},
    {"\"fedcba98-7654-4210-bfff-ffffffffffff\"", VALUE_FORM_UUID},
    {"\"00000000-0000-4000-8000-000000000000\"", VALUE_FORM_UUID},
    {"\"2026-11-02T10:00:00Z\"", VALUE_FORM_TIME},
    {"\"2100-02-29T10:00:00Z\"", VALUE_FORM_NONE},
    {"\"2026-11-31T10:00:00Z\"", VALUE_FORM_NONE},
    {"\"2026-12-31T23:59:59Z\"", VALUE_FORM_TIME},
    {"\"2026-00-10T10:00:00Z\"", VALUE_FORM_NONE},
    {"\"2026-13-10T10:00:00Z\"", VALUE_FORM_NONE},
    {"\"2026-11-00T10:00:00Z\"", VALUE_FORM_NONE},
    {"\"2026-11-02T10:60:00Z\"", VALUE_FORM_NONE},
    {"\"2026-11-02T1a:00:00Z\"", VALUE_FORM_NONE},
    {"\"2026-11-02T10:00.00Z\"", VALUE_FORM_NONE},
    {"\"2200-11-02T10:00:00Z\"", VALUE_FORM_NONE},
    {"\"1970-01-01T00:00:00.000Z\"", VALUE_FORM_TIME},
    {"\"0.0.0.0\"", VALUE_FORM_IPV4},
    {"\"255.255.255.255\"", VALUE_FORM_IPV4},
    {"\"192.0..1\"", VALUE_FORM_NONE},
    {"\"192.0.2.\"", VALUE_FORM_NONE},
    {"\"192.0.2.1a\"", VALUE_FORM_NONE},
    {"\"192.0.2.1234\"", VALUE_FORM_NONE},
    {"\"2026-11-02T10:00:00.1Z\"", VALUE_FORM_TIME},
    {"\"2026-11-02T10:00:00.123456789Z\"", VALUE_FORM_TIME},
    {"\"2026-11-02T10:00:00.1234567890Z\"", VALUE_FORM_NONE},
    {"\"2026-11-02T10:00:00.Z\"", VALUE_FORM_NONE},
    {"\"2026-02-29T10:00:00Z\"", VALUE_FORM_NONE},
    {"\"2024-02-29T23:59:59Z\"", VALUE_FORM_TIME},
    {"\"2026-11-02T24:00:00Z\"", VALUE_FORM_NONE},
    {"\"2026-11-02T10:00:60Z\"", VALUE_FORM_NONE},
    {"\"2026-11-02T10:00:00+00:00\"", VALUE_FORM_NONE},
    {"\"2026-11-02t10:00:00Z\"", VALUE_FORM_NONE},
    {"\"0001-01-01T00:00:00Z\"", VALUE_FORM_NONE},
    {"\"192.0.2.1\"", VALUE_FORM_IPV4},
    {"\"192.0.2.01\"", VALUE_FORM_NONE},
    {"\"192.0.2.256\"", VALUE_FORM_NONE},
    {"\"192.0.2\"", VALUE_FORM_NONE},
    {"\"192.0.2.1.5\"", VALUE_FORM_NONE},
    {"\"192.0.2.1:22\"", VALUE_FORM_ENDPOINT},
    {"\"192.0.2.1:022\"", VALUE_FORM_NONE},
    {"\"192.0.2.1:65536\"", VALUE_FORM_NONE},
    {"\"192.0.2.1:\"", VALUE_FORM_NONE},
};

TEST(values_have_a_form_only_in_their_one_spelling)
{
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        struct value_form_bits bits;
        char out[VALUE_FORM_SPELLING_MAX];
        struct value_form form = value_form_of(span_str(spellings[i].spelling), &bits);
        EXPECT_INT(form.kind, spellings[i].kind);
        if (form.kind != VALUE_FORM_NONE) {
            size_t size = value_form_write(form, &bits, out);
            EXPECT_SPAN(span_of(out, size), spellings[i].spelling);
        }
        if (form.kind == VALUE_FORM_UUID) {
            uint8_t packed[VALUE_FORM_UUID_BYTES];
            uint8_t last = value_form_uuid_pack(&bits, packed);
            bits = value_form_uuid_unpack(packed, last);
            EXPECT_SPAN(span_of(out, value_form_write(form, &bits, out)), spellings[i].spelling);
        }
    }
}

TEST(times_without_zeros_at_their_end)
{
    struct value_form trimmed = {VALUE_FORM_TIME, VALUE_FORM_FRACTION_TRIMMED};
    static const char *const good[] = {"\"2026-11-02T10:00:00Z\"", "\"2026-11-02T10:00:00.5Z\"",
                                       "\"2026-11-02T10:00:00.000000001Z\"",
                                       "\"2026-11-02T10:00:00.12Z\""};
    struct value_form_bits bits;
    char out[VALUE_FORM_SPELLING_MAX];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        EXPECT(value_form_read(trimmed, span_str(good[i]), &bits));
        EXPECT_SPAN(span_of(out, value_form_write(trimmed, &bits, out)), good[i]);
    }
    EXPECT(!value_form_read(trimmed, span_str("\"2026-11-02T10:00:00.50Z\""), &bits));
    EXPECT(!value_form_read(trimmed, span_str("\"2026-11-02T10:00:00.000Z\""), &bits));
}

TEST(number_arrays_come_back)
{
    struct err err;
    struct codec *codec = codec_new();
    struct packer *packer = packer_new(codec, 1);
    static uint64_t in[5000];
    static uint64_t out[5000];
    struct dice dice = {1};
    for (int round = 0; round < 400; round++) {
        size_t count = round < 8 ? (size_t)round : 1 + dice_roll(&dice, 5000);
        uint32_t bits = 1 + dice_roll(&dice, 64);
        uint32_t few = 1 + dice_roll(&dice, 300);
        uint32_t kind = dice_roll(&dice, 4);
        for (size_t i = 0; i < count; i++) {
            uint64_t any = (uint64_t)dice_roll(&dice, 1u << 31) << 40 ^
                           (uint64_t)dice_roll(&dice, 1u << 31) << 20 ^ dice_roll(&dice, 1u << 31);
            any = bits == 64 ? any : any & ((UINT64_C(1) << bits) - 1);
            in[i] = kind == 0   ? any
                    : kind == 1 ? (i > 0 ? in[i - 1] : 0) + any % 100
                    : kind == 2 ? 0 - any % few
                                : (any % few) * UINT64_C(0x9e3779b97f4a7c15);
        }
        struct buf bytes = BUF_INIT;
        size_t at = 0;
        EXPECT_OK(packer_write_numbers(packer, in, count, &bytes, &err), err);
        EXPECT_OK(packer_read_numbers(packer, buf_span(&bytes), &at, out, count, &err), err);
        EXPECT_INT(at, bytes.size);
        EXPECT(count == 0 || memcmp(in, out, count * sizeof *in) == 0);
        buf_fini(&bytes);
    }
    packer_free(packer);
    codec_free(codec);
}

/* Each byte at each place, before and behind where many are looked at at once. */
TEST(plain_text_ends)
{
    char bytes[48];
    for (int c = 0; c < 256; c++) {
        bool is_plain = c != '"' && c != '\\' && c >= 0x20;
        for (size_t at = 0; at < sizeof bytes; at++) {
            memset(bytes, 'x', sizeof bytes);
            bytes[at] = (char)c;
            size_t end = json_plain_end(span_of(bytes, sizeof bytes), 0);
            EXPECT_INT(end, is_plain ? sizeof bytes : at);
            EXPECT_INT(json_plain_end(span_of(bytes, at), 0), at); /* it is not looked at */
        }
    }
}

static bool had(struct columnar_recents *recents, const char *text, bool is_string)
{
    return columnar_recents_had(recents, (struct columnar_value){span_str(text), is_string});
}

/* Ends and sizes that are the same do not make a value the same; nor do strings the same as what
 * is none. */
TEST(recent_values_are_the_same_for_certain)
{
    static const char *const texts[] = {"a",
                                        "b",
                                        "ab",
                                        "aab",
                                        "abb",
                                        "abcd",
                                        "abcdefg",
                                        "abcxefg",
                                        "abcdefgh",
                                        "a2345678z",
                                        "12345678 12345678",
                                        "12345678-12345678",
                                        "12345678 middle 12345678",
                                        "12345678 muddle 12345678"};
    static struct columnar_recents recents;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (size_t k = 0; k < i; k++) {
            (void)had(&recents, texts[k], true);
        }
        EXPECT(!had(&recents, texts[i], true));
        EXPECT(had(&recents, texts[i], true));
        EXPECT(!had(&recents, texts[i], false));
        EXPECT(had(&recents, texts[i], false));
        memset(&recents, 0, sizeof recents);
    }
    EXPECT(!had(&recents, "", true));
    EXPECT(!had(&recents, "", true)); /* as often as it comes */
}

TEST_MAIN(TEST_ENTRY(lines_are_cut_at_values),
          TEST_ENTRY(values_have_a_form_only_in_their_one_spelling),
          TEST_ENTRY(times_without_zeros_at_their_end), TEST_ENTRY(number_arrays_come_back),
          TEST_ENTRY(plain_text_ends), TEST_ENTRY(recent_values_are_the_same_for_certain))
