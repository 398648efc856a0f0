/* Keys by template, and the state of an export as a file. */
#include "tests/support/test.h"
#include "tools/stele/export/export_state.h"
#include "tools/stele/export/key_template.h"

static struct err err;

static const char *key(const char *text, enum object_codec codec)
{
    static char out[TARGET_KEY_BYTES];
    const struct key_template_facts facts = {
        .archive_id = "01234567-89ab-cdef-0123-456789abcdef",
        .day_us = INT64_C(1763942400000000), /* 2025-11-24 */
        .first_block = 7,
        .last_block = 1234567,
        .number = 3,
        .content = {.events = 42, .sha256 = {{0xab}}},
        .codec = codec,
    };
    enum status status = key_template_check(text, &err);
    status = THEN(status, key_template_fill(text, &facts, out, &err));
    return status == OK ? out : err.text;
}

TEST(templates)
{
    EXPECT_STR(key(KEY_TEMPLATE_HIVE, OBJECT_CODEC_ZSTD),
               "dt=2025-11-24/01234567-20251124-000007-1234567-42-ab00000000000000.ndjson.zst");
    EXPECT_STR(key(KEY_TEMPLATE_FLAT, OBJECT_CODEC_GZIP),
               "01234567-20251124-000007-1234567-42-ab00000000000000.ndjson.gz");
    EXPECT_STR(key("{number}.{ext}", OBJECT_CODEC_NONE), "000003.ndjson");
    EXPECT_STR(key("{year}/{month}/{mday}/{first}", OBJECT_CODEC_NONE), "2025/11/24/000007");
    EXPECT_STR(key("{number}-{events}", OBJECT_CODEC_NONE), "000003-42");
    EXPECT_STR(key("{ymd}{first}", OBJECT_CODEC_NONE), "20251124000007");
    EXPECT_STR(key("a.b/{number}/c", OBJECT_CODEC_NONE), "a.b/000003/c");
}

TEST(templates_that_are_refused)
{
    static const char *const wrong[] = {
        "",
        "x",
        "{day}",
        "{first}",
        "{day}{last}{digest}",
        "{number",
        "{number}}",
        "{x}{number}",
        "/{number}",
        "{number}/",
        "a//{number}",
        "./{number}",
        "../{number}",
        "a/.b{number}",
        "\n{number}",
        "\xc3\xbc{number}",
        "{number}?",
        "{number}#",
        "\\{number}",
        "{number}{",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        EXPECT_INT(key_template_check(wrong[i], &err), ERR_USAGE);
        EXPECT(strstr(err.text, "--key: ") != NULL);
    }
    char big[TARGET_KEY_BYTES + 16];
    memset(big, 'k', sizeof big);
    memcpy(big + sizeof big - 9, "{number}", 9);
    EXPECT_OK(key_template_check(big, &err), err);
    EXPECT(strstr(key(big, OBJECT_CODEC_NONE), "over 1023 bytes") != NULL);
}

static const struct export_terms ours = {
    .archive_id = "id",
    .dest = "file:///x",
    .codec = OBJECT_CODEC_GZIP,
    .object_bytes_max = 100,
    .key = "{number}",
    .from = "-7d",
    .to = "",
    .from_us = 5,
    .to_us = INT64_MAX,
};

static struct export_state *state_open(const char *path, struct export_terms *terms)
{
    struct export_state *state = NULL;
    *terms = ours;
    return export_state_open(path, terms, &state, &err) == OK ? state : NULL;
}

TEST(state)
{
    char dir[FILE_PATH_BYTES];
    char path[FILE_PATH_BYTES];
    struct export_terms terms;
    test_dir_make(dir);
    EXPECT_OK(file_path_format(path, &err, "%s/state", dir), err);
    struct export_state *state = state_open(path, &terms);
    EXPECT(state && state->is_new && !state->ended);
    EXPECT(!file_exists(path));
    EXPECT_OK(export_state_add_day(state, 0, 9, &err), err);
    EXPECT_OK(export_state_add_day(state, CLOCK_DAY_US, 2, &err), err);
    const struct export_position at = {CLOCK_DAY_US, 1, 3, 4, 5, 6};
    EXPECT_OK(export_state_write(state, &at, false, &err), err);
    export_state_close(state);

    terms = ours;
    terms.from_us = 77; /* -7d, later */
    EXPECT_OK(export_state_open(path, &terms, &state, &err), err);
    EXPECT_INT(terms.from_us, 5);
    EXPECT_INT(terms.to_us, INT64_MAX);
    EXPECT(!state->is_new && !state->ended);
    EXPECT_INT(export_state_last_block(state, 0), 9);
    EXPECT_INT(export_state_last_block(state, CLOCK_DAY_US), 2);
    EXPECT_INT(export_state_last_block(state, 2 * CLOCK_DAY_US), -1);
    EXPECT(memcmp(&state->position, &at, sizeof at) == 0);
    EXPECT_OK(export_state_write(state, &at, true, &err), err);
    export_state_close(state);
    state = state_open(path, &terms);
    EXPECT(state && state->ended);
    export_state_close(state);

    terms = ours;
    terms.query = span_str("user:x");
    EXPECT_INT(export_state_open(path, &terms, &state, &err), ERR_USAGE);
    test_dir_remove(dir);
}

TEST_MAIN(TEST_ENTRY(templates), TEST_ENTRY(templates_that_are_refused), TEST_ENTRY(state))
