/* Queries as SQL: literals that cannot be broken out of, what is refused, and the text for each
 * engine. What the SQL counts is tests/integration/lake. */
#include "query/lake/lake_select.h"
#include "query/lake/lake_table.h"
#include "query/language/parse.h"
#include "tests/support/test.h"

static enum status write(enum lake_engine engine, const char *text, struct buf *out,
                         struct err *err)
{
    struct query *query = NULL;
    enum status status = parse_query(span_str(text), 0, &query, NULL, err);
    const struct lake_select select = {.engine = engine,
                                       .table = "t",
                                       .query = query,
                                       .from_us = INT64_MIN,
                                       .to_us = INT64_MAX,
                                       .count = true};
    status = THEN(status, lake_select_write(&select, out, err));
    parse_query_free(query);
    return status;
}

/* What stands behind WHERE, up to the semicolon or the settings. */
static void expect_where(enum lake_engine engine, const char *text, const char *should)
{
    struct err err;
    struct buf out = BUF_INIT;
    EXPECT_OK(write(engine, text, &out, &err), err);
    buf_add_char(&out, '\0');
    char *where = strstr(out.data, "WHERE ");
    EXPECT(where != NULL);
    if (where) {
        char *settings = strstr(where, "\nSETTINGS");
        char *end = settings ? settings : strrchr(where, ';');
        *end = '\0';
        EXPECT_STR(where + 6, should);
    }
    buf_fini(&out);
}

TEST(each_engine_in_its_words)
{
    expect_where(
        LAKE_ENGINE_DUCKDB, "user:*ali*",
        "(len(list_filter(fields, lambda x: x.path = 'user' AND contains(x.low, 'ali'))) > 0)");
    expect_where(LAKE_ENGINE_CLICKHOUSE, "user:*ali*",
                 "arrayExists(x -> tupleElement(x, 'path') = 'user' AND (position(tupleElement(x, "
                 "'low'), 'ali') > 0), fields)");
    expect_where(LAKE_ENGINE_TRINO, "user:*ali*",
                 "any_match(fields, x -> x.path = 'user' AND (strpos(x.low, 'ali') > 0))");
    expect_where(LAKE_ENGINE_ATHENA, "user:*ali*",
                 "any_match(fields, x -> x.path = 'user' AND (strpos(x.low, 'ali') > 0))");
    expect_where(LAKE_ENGINE_SPARK, "user:*ali*",
                 "exists(fields, x -> x.path = 'user' AND (instr(x.low, 'ali') > 0))");
}

TEST(predicates)
{
    static const struct {
        const char *query;
        const char *should;
    } cases[] = {
        {"*", "true"},
        {"user:*", "any_match(fields, x -> x.path = 'user' AND true)"},
        {"user:Alice",
         "(any_match(terms, x -> x.path = 'user' AND (strpos(x.terms, ' alice ') > 0)))"},
        {"Ab", "(any_match(terms, x -> x.free AND (strpos(x.terms, ' ab ') > 0)) OR "
               "coalesce(uid, '') IN ('Ab', 'ab', 'AB'))"},
        {"\"a b\"", "any_match(terms, x -> x.free AND (strpos(x.words, ' a b ') > 0))"},
        {"ab*", "any_match(terms, x -> x.free AND (strpos(x.terms, ' ab') > 0))"},
        {"ip:10.0.0.0/8", "any_match(addresses, x -> x >= '00000000000000000000ffff0a000000' AND "
                          "x <= '00000000000000000000ffff0affffff')"},
        {"uid:X", "coalesce(uid, '') IN ('X')"},
        {"severity:warn",
         "any_match(fields, x -> x.path = 'code' AND regexp_like(x.value, '[Ww]\\z'))"},
        {"f:[b TO *]", "any_match(fields, x -> x.path = 'f' AND x.low >= 'b' AND true)"},
        {"NOT (a:x* OR b:y*)",
         "(NOT (any_match(terms, x -> x.path = 'a' AND (strpos(x.terms, ' x') > 0))\n OR "
         "any_match(terms, x -> x.path = 'b' AND (strpos(x.terms, ' y') > 0))))"},
        {"time:2026-11-02",
         "(true AND dt >= '2026-11-02' AND dt <= '2026-11-02' AND (coalesce(time_us >= "
         "1793577600000000 AND time_us < 1793664000000000, true)))"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const bool guarded = strcmp(cases[i].query, "f:[b TO *]") == 0;
        struct buf should = BUF_INIT;
        if (guarded) { /* text is compared with what numbers are written as */
            buf_add_str(&should,
                        "(CASE WHEN any_match(fields, x -> x.path = 'f' AND x.kind = 'f') THEN "
                        "CAST(fail('stele: this engine cannot write a number that is not "
                        "whole as the archive does') AS BOOLEAN) ELSE ");
        }
        buf_add_str(&should, cases[i].should);
        buf_add_str(&should, guarded ? " END)" : "");
        buf_add_char(&should, '\0');
        expect_where(LAKE_ENGINE_TRINO, cases[i].query, should.data);
        buf_fini(&should);
    }
}

/* The literal behind "low, " for a substring of this text. */
static void expect_literal(enum lake_engine engine, const char *query, const char *should)
{
    struct err err;
    struct buf out = BUF_INIT;
    EXPECT_OK(write(engine, query, &out, &err), err);
    buf_add_char(&out, '\0');
    if (!strstr(out.data, should)) {
        fprintf(stderr, "%s in %s: no %s in %s\n", query, lake_engine_name(engine), should,
                out.data);
        test_failures++;
    }
    buf_fini(&out);
}

TEST(literals_hold_what_is_typed)
{
    const enum lake_engine doubling[] = {LAKE_ENGINE_DUCKDB, LAKE_ENGINE_TRINO, LAKE_ENGINE_ATHENA};
    for (size_t i = 0; i < 3; i++) {
        expect_literal(doubling[i], "f:*'or'1'='1*", ", '''or''1''=''1')");
        expect_literal(doubling[i], "f:*a\\'b*", ", 'a\\''b')");
        expect_literal(doubling[i], "f:*$map[x]*", ", '$map[x]')");
        expect_literal(doubling[i], "f:*${x}#1*", ", '${x}#1')");
        expect_literal(doubling[i], "\"f'g\":*a*", "= 'f''g'");
    }
    expect_literal(LAKE_ENGINE_CLICKHOUSE, "f:*'or'1'='1*", ", '\\'or\\'1\\'=\\'1')");
    expect_literal(LAKE_ENGINE_CLICKHOUSE, "f:*a\\'b*", ", 'a\\\\\\'b')");
    expect_literal(LAKE_ENGINE_CLICKHOUSE, "f:*a\\*", ", 'a\\\\')");
    expect_literal(LAKE_ENGINE_SPARK, "f:*'or'1'='1*", ", '\\'or\\'1\\'=\\'1')");
    expect_literal(LAKE_ENGINE_SPARK, "f:*a\\*", ", 'a\\\\')");
    expect_literal(LAKE_ENGINE_SPARK, "f:*${env:home}*", ", '\\u0024{env:home}')");
    expect_literal(LAKE_ENGINE_SPARK, "f:a.b*c", "'(?s)^a\\\\.b.*c\\\\z'");
    expect_literal(LAKE_ENGINE_DUCKDB, "f:a.b*c", "'(?s)^a\\.b.*c\\z'");
    expect_literal(LAKE_ENGINE_DUCKDB, "f:[\"a\nb'\" TO *]", "x.low >= 'a\nb'''");
    expect_literal(LAKE_ENGINE_SPARK, "f:[\"a\nb'\" TO *]", "x.low >= 'a\nb\\''");
}

/* As a number it would be infinite, and the same as 1e309. */
TEST(a_word_beyond_every_double_is_no_number)
{
    expect_where(LAKE_ENGINE_DUCKDB, "a:550e8400",
                 "((len(list_filter(terms, lambda x: x.path = 'a' AND contains(x.terms, ' 550e8400 "
                 "'))) > 0))");
    expect_where(
        LAKE_ENGINE_DUCKDB, "a:5e2",
        "((len(list_filter(terms, lambda x: x.path = 'a' AND contains(x.terms, ' 5e2 '))) > "
        "0) OR (len(list_filter(fields, lambda x: x.path = 'a' AND x.value = '500')) > 0))");
}

TEST(refused_in_words)
{
    static const char *const queries[] = {"domain:evil.com", "x OR url:evil.com/a",
                                          "NOT hash:d41d8cd98f00b204e9800998ecf8427e",
                                          "stele.source:x", "stele.mark:*"};
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        for (unsigned engine = 0; engine < LAKE_ENGINES; engine++) {
            struct err err = {.text = ""};
            struct buf out = BUF_INIT;
            EXPECT_INT(write((enum lake_engine)engine, queries[i], &out, &err), ERR_USAGE);
            EXPECT(strstr(err.text, "this leaf cannot be said in ") != NULL);
            EXPECT(strstr(err.text, lake_engine_name((enum lake_engine)engine)) != NULL);
            EXPECT_INT(out.size, 0);
            buf_fini(&out);
        }
    }
}

TEST(numbers_guarded_where_they_must_be)
{
    struct err err;
    const struct {
        enum lake_engine engine;
        const char *query;
        bool guarded;
    } cases[] = {
        {LAKE_ENGINE_DUCKDB, "5", false},   {LAKE_ENGINE_TRINO, "5", true},
        {LAKE_ENGINE_SPARK, "f:1.5", true}, {LAKE_ENGINE_CLICKHOUSE, "*5*", true},
        {LAKE_ENGINE_TRINO, "root", false}, {LAKE_ENGINE_TRINO, "f:>5", false},
        {LAKE_ENGINE_TRINO, "f:>a", true},  {LAKE_ENGINE_TRINO, "f:*", false},
        {LAKE_ENGINE_SPARK, "1*", true},    {LAKE_ENGINE_SPARK, "10.0.0.1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = BUF_INIT;
        EXPECT_OK(write(cases[i].engine, cases[i].query, &out, &err), err);
        buf_add_char(&out, '\0');
        EXPECT_INT(strstr(out.data, "not whole") != NULL, cases[i].guarded);
        buf_fini(&out);
    }
}

TEST(tables)
{
    struct err err;
    const struct lake_table_location place = {.url = "s3://it's/p",
                                              .https = "https://it's.example/p"};
    static const char *const urls[LAKE_ENGINES] = {
        "'s3://it''s/p/dt=*/*.ndjson.*'", "'https://it\\'s.example/p/dt=*/*.ndjson.*'",
        "'s3://it''s/p/'", "'s3://it''s/p/dt=${dt}/'", "'s3a://it\\'s/p/'"};
    for (unsigned engine = 0; engine < LAKE_ENGINES; engine++) {
        struct buf out = BUF_INIT;
        EXPECT_OK(lake_table_write((enum lake_engine)engine, "a.b", &place, &out, &err), err);
        buf_add_char(&out, '\0');
        EXPECT(strstr(out.data, urls[engine]) != NULL);
        EXPECT(strstr(out.data, "CREATE OR REPLACE VIEW a.b AS\nWITH lines AS (") != NULL);
        EXPECT(strstr(out.data, engine == LAKE_ENGINE_ATHENA  ? "\"addr_remote\""
                                : engine == LAKE_ENGINE_SPARK ? "`addr.remote`"
                                                              : "\"addr.remote\"") != NULL);
        buf_fini(&out);
    }
    EXPECT_OK(lake_table_name_check("a.b_1.C", &err), err);
    static const char *const bad[] = {"", ".", "a.", "1a", "a b", "a;b", "a\"", "a..b", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        EXPECT_INT(lake_table_name_check(bad[i], &err), ERR_USAGE);
    }
}

TEST_MAIN(TEST_ENTRY(each_engine_in_its_words), TEST_ENTRY(predicates),
          TEST_ENTRY(literals_hold_what_is_typed),
          TEST_ENTRY(a_word_beyond_every_double_is_no_number), TEST_ENTRY(refused_in_words),
          TEST_ENTRY(numbers_guarded_where_they_must_be), TEST_ENTRY(tables))
