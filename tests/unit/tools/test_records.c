/* What stands around events in files: prefixes, wrappers, lists, rows; and where each is told to
 * be. */
#include "tests/support/test.h"
#include "tools/stele/import/csv_row.h"
#include "tools/stele/import/records.h"

static const int64_t now = INT64_C(1795392000000000); /* 2026-11-23 */

TEST(prefixes)
{
    static const struct {
        const char *line;
        enum fluentd_prefix_form form;
        const char *tag;
        const char *time; /* NULL: none */
        const char *rest;
    } cases[] = {
        {"2026-01-02T03:04:05+00:00\ttest.log\t{}", FLUENTD_PREFIX_FILE, "test.log",
         "2026-01-02T03:04:05Z", "{}"},
        {"2026-01-02T03:04:05.25+02:00\ta.b\t{}", FLUENTD_PREFIX_FILE, "a.b",
         "2026-01-02T01:04:05.25Z", "{}"},
        {"2026-01-02T03:04:05Z test.log {\"a\":\"b {\"}", FLUENTD_PREFIX_FILE, "test.log",
         "2026-01-02T03:04:05Z", "{\"a\":\"b {\"}"},
        {"2026-01-02T03:04:05Z,test.log,{}", FLUENTD_PREFIX_FILE, "test.log",
         "2026-01-02T03:04:05Z", "{}"},
        {"1767323045.5\ttest.log\t{}", FLUENTD_PREFIX_FILE, "test.log", "2026-01-02T03:04:05.5Z",
         "{}"},
        {"1767323045\t{}", FLUENTD_PREFIX_FILE, "", "2026-01-02T03:04:05Z", "{}"},
        {"2026-01-02 03:04:05 +0000\ttest.log\t{}", FLUENTD_PREFIX_FILE, "test.log",
         "2026-01-02T03:04:05Z", "{}"},
        {"test.log\t{}", FLUENTD_PREFIX_FILE, "test.log", NULL, "{}"},
        {"a{b}\t{}", FLUENTD_PREFIX_FILE, "a{b}", NULL, "{}"},
        {"2026-01-02 03:04:05.000000000 +0100 test.log: {}", FLUENTD_PREFIX_STDOUT, "test.log",
         "2026-01-02T02:04:05Z", "{}"},
        {"2026-01-02 03:04:05 +0000 [info]: listening {}", FLUENTD_PREFIX_NONE, "", NULL, ""},
        {"test.log {}", FLUENTD_PREFIX_NONE, "", NULL, ""},
        {"some text,{}", FLUENTD_PREFIX_NONE, "", NULL, ""},
        {"12\ttest.log\t{}", FLUENTD_PREFIX_NONE, "", NULL, ""},
        {"1767323045.x\ttest.log\t{}", FLUENTD_PREFIX_NONE, "", NULL, ""},
        {"2026-01-02T03:04:05Z\ttest.log\t[]", FLUENTD_PREFIX_NONE, "", NULL, ""},
        {"\t{}", FLUENTD_PREFIX_NONE, "", NULL, ""},
        {"", FLUENTD_PREFIX_NONE, "", NULL, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fluentd_prefix prefix = {0};
        struct span line = span_str(cases[i].line);
        char text[CLOCK_TEXT_BYTES];
        EXPECT_INT(fluentd_prefix_read(line, &prefix), cases[i].form != FLUENTD_PREFIX_NONE);
        EXPECT_INT(prefix.form, cases[i].form);
        EXPECT_SPAN(prefix.tag, cases[i].tag);
        if (cases[i].time) {
            EXPECT_STR(clock_format(prefix.time_us, text), cases[i].time);
        } else {
            EXPECT_INT(prefix.time_us, 0);
        }
        if (prefix.form != FLUENTD_PREFIX_NONE) {
            EXPECT_SPAN(span_from(line, prefix.size), cases[i].rest);
        }
    }
}

TEST(wrappers)
{
    static const struct {
        const char *object;
        enum wrapper wrapper;
        const char *inner;
    } cases[] = {
        {"{\"event\":{\"event\":\"a\"}}", WRAPPER_EVENT, "{\"event\":\"a\"}"},
        {"{\"event\":\"{\\\"a\\\":1}\"}", WRAPPER_EVENT, "{\"a\":1}"},
        {"{\"event\":\"a\",\"_raw\":\"b\\u00e9\"}", WRAPPER_RAW, "b\xc3\xa9"},
        {"{\"event\":\"a\",\"event_data\":\"{}\"}", WRAPPER_NONE, ""},
        {"{\"event_data\":\"{}\",\"fields\":\"{ }\"}", WRAPPER_EVENT_DATA, "{}"},
        {"{\"fields\":\"{ }\",\"event_data\":\"{}\"}", WRAPPER_EVENT_DATA, "{}"},
        {"{\"Item\":{\"Fields\":{\"S\":\"{}\"}}}", WRAPPER_ITEM, "{\"Fields\":{\"S\":\"{}\"}}"},
        {"{\"Fields\":{\"S\":\"{}\"}}", WRAPPER_FIELDS, "{}"},
        {"{\"fields\":\"text\"}", WRAPPER_NONE, ""},
        {"{\"FieldsMap\":{\"event\":\"a\"}}", WRAPPER_MAP, "{\"event\":\"a\"}"},
        {"{\"FieldsMap\":{\"M\":{\"event\":{\"S\":\"\\u00e9\"}, \"b\" : {\"L\":[{\"N\":\"1.50\"}, "
         "{\"NULL\":true}]},\"c\":{\"NS\":[\"1\",\"2\"]},\"d\":{\"M\":{}},\"e\":{\"BOOL\":true}}}}",
         WRAPPER_MAP, "{\"event\":\"\\u00e9\",\"b\":[1.50,null],\"c\":[1,2],\"d\":{},\"e\":true}"},
        {"{\"FieldsMap\":{\"M\":{\"a\":{\"X\":\"b\"}}}}", WRAPPER_NONE, ""},
        {"{\"FieldsMap\":{\"M\":{\"a\":{\"M\":[]}}}}", WRAPPER_NONE, ""},
        {"{\"events\":[{}]}", WRAPPER_EVENTS, "[{}]"},
        {"{\"events\":[1]}", WRAPPER_NONE, ""},
        {"{\"events\":null,\"startKey\":\"\"}", WRAPPER_EVENTS, ""},
        {"{\"message\":\"no event\",\"event\":{\"original\":\"{\\\"event\\\":\\\"a\\\"}\"}}",
         WRAPPER_EVENT, "{\"original\":\"{\\\"event\\\":\\\"a\\\"}\"}"},
        {"{\"message\":\"x: {\\\"event\\\":\\\"a\\\"}\"}", WRAPPER_MESSAGE, "x: {\"event\":\"a\"}"},
        {"{\"message\":\"an event: {}\"}", WRAPPER_NONE, ""},
        {"{\"attributes\":{\"attributes\":{\"event\":\"a\"}}}", WRAPPER_ATTRIBUTES,
         "{\"attributes\":{\"event\":\"a\"}}"},
        {"{\"any\":[[{\"event\":\"a\",\"code\":\"b\"}]]}", WRAPPER_OTHER,
         "[[{\"event\":\"a\",\"code\":\"b\"}]]"},
        {"{\"any\":{\"event\":\"a\",\"deep\":{\"code\":\"b\"}}}", WRAPPER_NONE, ""},
        {"{\"data\":\"eyJldmVudCI6ImEiLCJ1aWQiOiIxIn0=\"}", WRAPPER_OTHER,
         "{\"event\":\"a\",\"uid\":\"1\"}"},
        {"{\"data\":\"eyJub3RoaW5nIjoiYSIsInVpZCI6IjEifQ==\"}", WRAPPER_NONE, ""},
        {"{\"MESSAGE\":[123,34,101,118,101,110,116,34,58,34,97,34,125]}", WRAPPER_MESSAGE,
         "{\"event\":\"a\"}"},
        {"{\"MESSAGE\":[123,34,256]}", WRAPPER_NONE, ""},
        {"{\"event\":{\"action\":\"a\"}}", WRAPPER_NONE, ""},
        {"{\"_raw\":\"\"}", WRAPPER_NONE, ""},
        {"{}", WRAPPER_NONE, ""},
        {"{\"_raw\":\"cut", WRAPPER_NONE, ""},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span inner = {0};
        bool nomem = false;
        EXPECT_INT(wrapper_open(span_str(cases[i].object), &arena, &inner, &nomem),
                   cases[i].wrapper);
        EXPECT_SPAN(inner, cases[i].inner);
        EXPECT(!nomem);
    }
    arena_fini(&arena);
}

TEST(rows)
{
    static const struct {
        const char *text;
        size_t column;
        bool found;
        const char *says;
        size_t size;
    } cases[] = {
        {"a,b,c\nd", 1, true, "b", 5},
        {"a,\"b,\"\"c\"\"\nd\",e\r\nf", 1, true, "b,\"c\"\nd", 16},
        {"a,b\r\n", 1, true, "b", 4},
        {"a,b", 2, false, "", 3},
        {"a,\"b\nc", 1, false, "", 4},
        {"", 0, true, "", 0},
        {"a,\"{}\",b\n", 2, true, "{}", 8},
        {"{b},\"{}\"", 0, true, "{b}", 8},
        {"a,\"{}\"", SIZE_MAX, true, "{}", 6},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct csv_row_form form = {.delimiter = ',', .column = cases[i].column};
        struct csv_row row = csv_row_read(span_str(cases[i].text), &form);
        EXPECT_INT(row.found, cases[i].found);
        EXPECT_INT(row.size, cases[i].size);
        EXPECT_SPAN(csv_row_cell_text(row.cell, &arena), cases[i].says);
    }
    arena_fini(&arena);
}

TEST(headers)
{
    static const struct {
        const char *line;
        char delimiter; /* 0: it is none */
        size_t column;
    } cases[] = {
        {"\"a\",\"event_data\"", ',', 1},
        {"message,_raw", ',', 1},
        {"a;@Message", ';', 1},
        {"a\tmessage\tb", '\t', 1},
        {"message", ',', 0},
        {"a,b", 0, 0},
        {"a message", 0, 0},
        {"{\"a\":1},message", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct csv_row_form form = {0};
        EXPECT_INT(csv_row_header(span_str(cases[i].line), &form), cases[i].delimiter != 0);
        EXPECT_INT(form.delimiter, cases[i].delimiter);
        EXPECT_INT(form.column, cases[i].column);
    }
}

/* Each record as "line form wrapper uid-or-fault;". */
static void read_all(struct records *records, const char *text, int64_t line, bool spans,
                     struct buf *out)
{
    const struct chunk chunk = {.bytes = span_str(text), .first_line = line, .spans = spans};
    struct record record;
    EXPECT(records_chunk(records, &chunk, now));
    while (records_next(records, &record)) {
        struct span says = record.fault == EVENT_FAULT_NONE
                               ? record.event.uid
                               : span_str(event_fault_text(record.fault));
        buf_printf(out, "%lld %d %d %.*s;", (long long)records_line(records), (int)record.form,
                   (int)record.wrapper, SPAN_FMT(says));
    }
    EXPECT(!records->nomem);
}

TEST(a_list_goes_on_in_the_next_chunk)
{
    struct records records = {0};
    struct buf seen = BUF_INIT;
    read_all(&records, "{\n\"n\":1,\"events\":[\n{\"event\":\"x\",\"uid\":\"a\"}", 1, true, &seen);
    read_all(&records, ",\n{\"event\":{\"event\":\"x\",\"uid\":\"b\"}}", 3, true, &seen);
    read_all(&records,
             ", {bad}, {\"event\":\"x\",\"uid\":\"c\"} ], \"t\":[\"]}\", "
             "{}]}\n{\"event\":\"x\",\"uid\":\"d\"}",
             4, true, &seen);
    EXPECT_SPAN(buf_span(&seen), "3 3 0 a;4 3 7 b;4 3 0 not JSON;4 3 0 c;5 1 0 d;");
    records_fini(&records);
    buf_fini(&seen);
}

TEST(forms_are_mixed)
{
    struct records records = {0};
    struct buf seen = BUF_INIT;
    read_all(&records,
             "\xef\xbb\xbf{\"event\":\"x\",\"uid\":\"a\"}\r\n2026-01-02T03:04:05Z\tt\t{\"event\":"
             "\"x\",\"uid\":\"b\"}\n"
             "2026-01-02 03:04:05.0 +0000 t: "
             "{\"_raw\":\"{\\\"event\\\":\\\"x\\\",\\\"uid\\\":\\\"c\\\"}\"}\n"
             "[{\"event\":\"x\",\"uid\":\"d\"},{\"event\":\"x\",\"uid\":\"e\"}]\n{\"event\":\"x\","
             "\"uid\":\"f\"}",
             1, false, &seen);
    EXPECT_SPAN(buf_span(&seen), "1 0 0 a;2 4 0 b;3 5 1 c;4 2 0 d;4 2 0 e;5 0 0 f;");
    records_fini(&records);
    buf_fini(&seen);
}

TEST_MAIN(TEST_ENTRY(prefixes), TEST_ENTRY(wrappers), TEST_ENTRY(rows), TEST_ENTRY(headers),
          TEST_ENTRY(a_list_goes_on_in_the_next_chunk), TEST_ENTRY(forms_are_mixed))
