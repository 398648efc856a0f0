/* Facets over blocks of 1 to 4,096 events whose values are kept in every way there is, against
 * counting over the events as they are parsed. */
#include "query/aggregate/aggregate.h"
#include "query/language/match.h"
#include "query/language/parse.h"
#include "schema/event/endpoint.h"
#include "schema/event/source.h"
#include "tests/support/audit_world.h"
#include "tests/support/import_body.h"
#include "tests/support/test.h"

#define DAY_US     INT64_C(1763596800000000) /* 2025-11-20 */
#define ARRIVAL_US (DAY_US + 2 * CLOCK_DAY_US - 1000000)

enum { EVENTS_MAX = 8192, TUPLE_BYTES = 256, VALUES_MAX = 64 };

static struct {
    struct arena arena;
    struct event events[EVENTS_MAX];
    size_t count;
    char dir[FILE_PATH_BYTES];
} world;

static struct dice dice;
static uint32_t odd_of; /* one value in so many is odd */
static uint32_t n_days; /* that events are of */
static bool as_address; /* what the field "mixed" has */

/* Events: a field has mostly values of one kind, and now and then anything. */

static void add_odd(struct buf *out)
{
    static const char *const values[] = {"null",
                                         "\"\"",
                                         "true",
                                         "0",
                                         "-0",
                                         "1.0",
                                         "1e3",
                                         "0.5",
                                         "-7",
                                         "12345678901234567890",
                                         "999999999999999999",
                                         "1234567890123456",
                                         "\"42\"",
                                         "\"d\\u00f6rte\"",
                                         "\"a\\\\b\"",
                                         "[]",
                                         "{}",
                                         "[\"x\",\"x\",\"y\"]",
                                         "[null,\"\",[\"x\",[1]],1,1.0]",
                                         "[{\"a\":1},{\"a\":1}]",
                                         "{\"a\":{\"a\":[\"p\",\"q\"]}}",
                                         "{\"\":\"below\"}",
                                         "\"10.0.0.1:22\"",
                                         "\"10.0.0.1:0\"",
                                         "\"10.0.0.1:022\"",
                                         "\"10.0.0.1\"",
                                         "\"[2001:db8::1]:443\"",
                                         "[\"10.0.0.1:22\",\"10.0.0.1:23\"]",
                                         "\"T100W\"",
                                         "[\"T1I\",\"T2I\",\"TE\"]",
                                         "\"2025-11-20T10:00:00Z\"",
                                         "\"6F1C8F3E-0000-4000-8000-000000000001\""};
    buf_add_str(out, DICE_PICK(&dice, values));
}

static bool key(struct buf *out, const char *name)
{
    buf_printf(out, ",\"%s\":", name);
    if (!dice_one_in(&dice, odd_of)) {
        return true;
    }
    add_odd(out);
    return false;
}

static void add_names(struct buf *out)
{
    static const char *const users[] = {"alice", "bob", "d\\u00f6rte", "d\xc3\xb6rte", "10.0.0.1"};
    static const char *const codes[] = {"T1000I", "T2000W", "T3000e", "TC00S", "none?"};
    if (dice_one_in(&dice, 20)) {
        buf_add_str(out, ",\"user\":null");
    } else if (!dice_one_in(&dice, 5) && key(out, "user")) {
        buf_printf(out, "\"%s\"", DICE_PICK(&dice, users));
    }
    if (dice_one_in(&dice, 2 * odd_of) && key(out, "user")) {
        buf_printf(out, "\"%s\"", DICE_PICK(&dice, users));
    }
    buf_add_str(out, ",\"identity\":{\"is\":1");
    if (dice_one_in(&dice, 4) && key(out, "user")) {
        buf_printf(out, "\"%s\"", DICE_PICK(&dice, users));
    }
    buf_add_str(out, "}");
    if (dice_one_in(&dice, 3) && key(out, "reviewer")) {
        buf_printf(out, "\"r%u\"", dice_roll(&dice, 9));
    }
    if (key(out, "code")) {
        buf_printf(out, "\"%s\"", DICE_PICK(&dice, codes));
    }
    uint32_t host = dice_roll(&dice, 200);
    if (key(out, "host_id")) {
        buf_printf(out, "\"id-%u-of-a-host-with-a-long-id\"", host);
    }
    if (key(out, "host")) {
        buf_printf(out, "\"host-%u\"", host / 2);
    }
    if (key(out, "roles")) {
        buf_printf(out, "[\"r%u\",\"r%u\"]", dice_roll(&dice, 4), dice_roll(&dice, 4));
    }
}

static void add_forms(struct buf *out)
{
    if (key(out, "addr.remote")) {
        buf_printf(out, "\"10.%u.%u.%u:%u\"", dice_roll(&dice, 2), dice_roll(&dice, 9),
                   dice_roll(&dice, 200), dice_roll(&dice, 60000));
    }
    if (dice_one_in(&dice, 2 * odd_of)) {
        buf_add_str(out, ",\"addr\":{\"remote\":\"10.0.0.1:22\"}");
    }
    if (key(out, "ip")) {
        buf_printf(out, "\"10.0.%u.%u\"", dice_roll(&dice, 200), dice_roll(&dice, 200));
    }
    if (key(out, "pid")) {
        buf_printf(out, "%d", (int)dice_roll(&dice, 9000) - 100);
    }
    if (key(out, "big")) {
        buf_printf(out, "%u%09u", 100000000 + dice_roll(&dice, 9), dice_roll(&dice, 3000));
    }
    if (key(out, "digits")) {
        buf_printf(out, "\"%u\"", dice_roll(&dice, 90000));
    }
    if (key(out, "mixed")) {
        uint32_t last = dice_roll(&dice, 256);
        buf_printf(out, as_address ? "\"10.0.0.%u\"" : "%u", last + (as_address ? 0 : 10u << 24));
    }
    if (key(out, "at")) {
        buf_printf(out, "\"2025-11-20T10:%02u:%02u.%03uZ\"", dice_roll(&dice, 60),
                   dice_roll(&dice, 60), dice_roll(&dice, 1000));
    }
}

static void add_texts(struct buf *out)
{
    if (key(out, "text")) {
        buf_add_char(out, '"');
        world_words(&dice, out);
        buf_add_char(out, '"');
    }
    if (key(out, "lists")) {
        buf_printf(out, "[\"l%u\",\"l%u\",%u,null]", dice_roll(&dice, 500), dice_roll(&dice, 500),
                   dice_roll(&dice, 500));
    }
    if (key(out, "things")) {
        buf_printf(out, "[{\"a\":%u,\"b\":[\"x%u\"]},{\"a\":%u}]", dice_roll(&dice, 90),
                   dice_roll(&dice, 90), dice_roll(&dice, 90));
    }
    if (dice_one_in(&dice, odd_of)) {
        buf_printf(out, ",\"things\":{\"a\":\"opened%u\"}", dice_roll(&dice, 9));
    }
    if (dice_one_in(&dice, 2 * odd_of)) {
        buf_add_str(out, ",\"stele.source\":\"of the sender\",\"\":[{\"user\":\"alice\"},\"e\"]");
    }
    if (dice_one_in(&dice, 4 * odd_of)) { /* a shape of its own: a whole line */
        buf_printf(out, ",\"k%u\":{\"user\":1},\"stele.source\":\"import made-up.ndjson\"",
                   dice_roll(&dice, 1u << 30));
    }
}

static void add_event(struct buf *out)
{
    char time[CLOCK_TEXT_BYTES];
    int64_t time_us = DAY_US + (int64_t)dice_roll(&dice, n_days * 86400) * 1000000 + 1000;
    buf_printf(out, "{\"event\":\"e\",%s\"seq\":%zu", dice_one_in(&dice, 90) ? "\n" : "",
               world.count);
    if (!dice_one_in(&dice, 2 * odd_of)) {
        buf_printf(out, ",\"time\":\"%s\"", clock_format(time_us, time));
    }
    if (!dice_one_in(&dice, odd_of)) {
        buf_printf(out, ",\"uid\":\"%08x-%04x-4a5d-93df-%012zx\"", dice_roll(&dice, 1u << 30),
                   dice_roll(&dice, 65536), world.count);
    }
    add_names(out);
    add_forms(out);
    add_texts(out);
    buf_add_char(out, '}');
}

/* The event with what the archive adds to it. */
static void keep_event(struct span raw, const struct source *source)
{
    struct event event;
    struct buf text = BUF_INIT;
    const struct span marks[] = {span_str("arrival-time"), span_str("session-stream")};
    CHECK(event_parse(arena_copy(&world.arena, raw), ARRIVAL_US, &world.arena, &event));
    struct event_field *fields = arena_alloc(&world.arena, (event.n_fields + 3) * sizeof *fields);
    memcpy(fields, event.fields, event.n_fields * sizeof *fields);
    event.fields = fields;
    source_text(source, &text);
    fields[event.n_fields++] = (struct event_field){
        span_str(SOURCE_FIELD), arena_copy(&world.arena, buf_span(&text)), EVENT_STRING};
    for (size_t i = 0; i < 2; i++) {
        if (i == 0 ? event.time_is_arrival : source->session_stream) {
            fields[event.n_fields++] =
                (struct event_field){span_str(SOURCE_MARK_FIELD), marks[i], EVENT_STRING};
        }
    }
    world.events[world.count++] = event;
    buf_fini(&text);
}

static void import_events(size_t count, const struct source *source)
{
    struct err err;
    struct buf body = BUF_INIT;
    struct indexer *indexer = NULL;
    struct indexer_run *run = NULL;
    struct archive *archive = NULL;
    struct indexer_options options = {.compression_level = 1};
    for (size_t i = 0; i < count; i++) {
        size_t start = body.size;
        add_event(&body);
        keep_event(span_of(body.data + start, body.size - start), source);
        buf_add_char(&body, '\n');
    }
    EXPECT_OK(indexer_open(world.dir, &options, &indexer, &err), err);
    EXPECT_OK(import_body(indexer, source, ARRIVAL_US, 1, buf_span(&body), &err), err);
    EXPECT_OK(indexer_import_end(indexer, &run, &err), err);
    EXPECT_OK(archive_open(world.dir, ARCHIVE_WRITE, &archive, &err), err);
    EXPECT_OK(indexer_run_commit(archive, run, &err), err);
    archive_close(archive);
    indexer_close(indexer);
    buf_fini(&body);
}

/* The obvious count: all tuples of all events as texts, sorted. */

struct tuples {
    char (*texts)[TUPLE_BYTES];
    size_t count;
    size_t capacity;
};

static void tuples_add(struct tuples *tuples, const struct span *parts, size_t n_parts)
{
    if (tuples->count == tuples->capacity) {
        tuples->capacity = 2 * tuples->capacity + 1024;
        tuples->texts = realloc(tuples->texts, tuples->capacity * sizeof *tuples->texts);
        CHECK(tuples->texts);
    }
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < n_parts; i++) {
        buf_printf(&text, "%.*s\x1f", SPAN_FMT(parts[i]));
    }
    CHECK(buf_ok(&text) && text.size < TUPLE_BYTES);
    memset(tuples->texts[tuples->count], 0, TUPLE_BYTES);
    memcpy(tuples->texts[tuples->count++], text.data, text.size);
    buf_fini(&text);
}

static int compare_texts(const void *a, const void *b)
{
    return memcmp(a, b, TUPLE_BYTES);
}

static void values_add(struct span *values, size_t *count, struct span value)
{
    for (size_t i = 0; i < *count; i++) {
        if (span_equal(values[i], value)) {
            return;
        }
    }
    CHECK(*count < VALUES_MAX);
    values[(*count)++] = value;
}

/* The distinct values that the event has of the facet. */
static size_t values_of(const struct event *event, const char *facet, struct span *values)
{
    size_t count = 0;
    bool is_severity = strcmp(facet, "severity") == 0;
    bool is_day = strcmp(facet, "day") == 0;
    const char *path = is_severity ? "code" : facet;
    if (is_day || strcmp(facet, "hour") == 0) {
        char text[CLOCK_TEXT_BYTES];
        struct span time = span_of(clock_format(event->time_us, text), is_day ? 10 : 13);
        values[0] = arena_copy(&world.arena, time);
        return 1;
    }
    for (size_t i = 0; strcmp(facet, "actor") == 0 && event_actor_fields[i]; i++) {
        path = event_actor_fields[i];
        if (event_get(event, path).size > 0) {
            break;
        }
    }
    for (size_t i = 0; i < event->n_fields; i++) {
        const struct event_field *field = &event->fields[i];
        uint16_t port;
        struct span value =
            field->kind == EVENT_STRING ? endpoint_split(field->value, &port) : field->value;
        if (span_is(field->path, path) && is_severity) {
            value = span_str(event_severity_text(event_code_severity(value)));
        }
        if (span_is(field->path, path) && value.size > 0) {
            values_add(values, &count, value);
        }
    }
    return count;
}

static void count_event(struct tuples *tuples, const struct event *event, const char *const *facets,
                        size_t n_facets)
{
    static struct span values[2][VALUES_MAX];
    size_t counts[2] = {0, 1};
    for (size_t i = 0; i < n_facets; i++) {
        counts[i] = values_of(event, facets[i], values[i]);
    }
    for (size_t i = 0; i < counts[0]; i++) {
        for (size_t j = 0; j < counts[1]; j++) {
            const struct span parts[] = {values[0][i], values[1][j]};
            tuples_add(tuples, parts, n_facets);
        }
    }
}

static void compare(const char *what, struct tuples *should, const struct aggregate_top *top)
{
    struct tuples is = {0};
    size_t distinct = 0;
    for (size_t i = 0; i < top->n_rows; i++) {
        for (int64_t n = 0; n < top->rows[i].count; n++) {
            tuples_add(&is, top->rows[i].values, top->n_fields);
        }
    }
    if (is.count > 0 && should->count > 0) {
        qsort(is.texts, is.count, TUPLE_BYTES, compare_texts);
        qsort(should->texts, should->count, TUPLE_BYTES, compare_texts);
    }
    size_t same = 0;
    while (same < is.count && same < should->count &&
           compare_texts(is.texts[same], should->texts[same]) == 0) {
        distinct += same == 0 || compare_texts(is.texts[same - 1], is.texts[same]) != 0;
        same++;
    }
    if (same != is.count || same != should->count) {
        fprintf(stderr, "%s: %zu of %zu, should be %zu, not \"%s\" but \"%s\"\n", what, same,
                is.count, should->count, same < is.count ? is.texts[same] : "",
                same < should->count ? should->texts[same] : "");
        test_failures++;
    } else {
        EXPECT_INT(top->n_rows, distinct);
    }
    free(is.texts);
}

static void check_facets(const char *query_text, const char *const *facets, size_t n_facets)
{
    struct err err;
    struct query *query = NULL;
    struct day_iterator *iterator = NULL;
    struct aggregate_top top = {0};
    struct tuples should = {0};
    struct span names[2] = {span_str(facets[0]), span_str(n_facets > 1 ? facets[1] : "")};
    char what[200];
    (void)snprintf(what, sizeof what, "top %s,%.*s of %s", facets[0], SPAN_FMT(names[1]),
                   query_text);
    EXPECT_OK(parse_query(span_str(query_text), ARRIVAL_US, &query, NULL, &err), err);
    struct day_iterator_options search = {
        .path = world.dir, .query = query, .from_us = INT64_MIN, .to_us = INT64_MAX, .threads = 2};
    EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
    int64_t wanted = 0;
    for (size_t i = 0; i < world.count; i++) {
        if (match_event(query->root, &world.events[i])) {
            wanted++;
            count_event(&should, &world.events[i], facets, n_facets);
        }
    }
    EXPECT(wanted > 0);
    EXPECT_OK(aggregate_top(iterator, names, n_facets, 0, &top, &err), err);
    EXPECT_INT(top.events, wanted);
    compare(what, &should, &top);
    aggregate_top_fini(&top);
    day_iterator_close(iterator);
    parse_query_free(query);
    free(should.texts);
}

static void check_queries(const char *const *facets, size_t n_facets)
{
    check_facets("*", facets, n_facets);
    check_facets("user:alice", facets, n_facets);
    check_facets("time:2025-11-20 -host:\"host-7\"", facets, n_facets);
}

TEST(single_facets_count_what_events_have)
{
    static const char *const facets[] = {
        "user",     "actor",         "severity",    "day",      "hour",       "code",
        "host_id",  "host",          "roles",       "roles.a",  "ip",         "addr.remote",
        "addr",     "pid",           "big",         "digits",   "mixed",      "at",
        "text",     "lists",         "things",      "things.a", "things.b",   "user.a",
        "user.a.a", "pid.a",         "text.a",      "seq",      "uid",        "time",
        "",         "identity.user", "identity.is", "no.such",  SOURCE_FIELD, SOURCE_MARK_FIELD};
    for (size_t i = 0; i < sizeof facets / sizeof facets[0]; i++) {
        check_queries(&facets[i], 1);
    }
}

TEST(several_facets_count_their_combinations)
{
    static const char *const facets[][2] = {
        {"actor", "severity"}, {"roles", "lists"}, {"day", "addr.remote"}, {"hour", "user"},
        {"things.a", "pid"},   {"text", "user"},   {SOURCE_FIELD, "code"}, {"user", "user"}};
    for (size_t i = 0; i < sizeof facets / sizeof facets[0]; i++) {
        check_queries(facets[i], 2);
    }
}

/* What the blocks have for the facets to read. */
struct seen {
    size_t ways[COLUMNAR_TEXT + 1];
    size_t odd;
    size_t lines;
    size_t blocks_of_one;
    uint32_t most_events;
};

static void look_at_columns(const struct block_columns *columns, struct seen *seen)
{
    struct err err;
    for (size_t i = 0; i < columnar_column_count(columns->reader); i++) {
        const struct columnar_column *column = NULL;
        EXPECT_OK(columnar_column(columns->reader, i, &column, &err), err);
        seen->ways[column->way]++;
        seen->odd += column->n_odd;
        seen->lines += column->path == SEGMENT_PATH_LINE ? column->n_values : 0;
    }
}

TEST(blocks_have_columns_of_every_way)
{
    struct err err;
    struct seen seen = {0};
    for (int day = 20; day <= 21; day++) {
        char path[FILE_PATH_BYTES + 40];
        struct segment *segment = NULL;
        size_t count = 0;
        (void)snprintf(path, sizeof path, "%s/segments/2025/2025-11-%d.db", world.dir, day);
        EXPECT_OK(segment_open(path, &segment, &err), err);
        const struct block_info *infos = segment_blocks(segment, &count);
        for (size_t i = 0; i < count; i++) {
            struct block_columns columns;
            EXPECT_OK(
                segment_open_columns(segment, SEGMENT_DATA_EVENTS, infos[i].id, &columns, &err),
                err);
            look_at_columns(&columns, &seen);
            seen.blocks_of_one += infos[i].n_events == 1;
            seen.most_events =
                infos[i].n_events > seen.most_events ? infos[i].n_events : seen.most_events;
        }
        segment_close(segment);
    }
    for (int way = COLUMNAR_ONE; way <= COLUMNAR_TEXT; way++) {
        EXPECT(seen.ways[way] > 0);
    }
    EXPECT(seen.odd > 0 && seen.lines > 0 && seen.blocks_of_one > 0);
    EXPECT_INT(seen.most_events, BLOCK_EVENTS_MAX);
}

TEST(setup)
{
    static const struct source file = {.via = {"import", 6}, .peer = {"made-up.ndjson", 14}};
    static const struct source stream = {.via = {"mtls", 4},
                                         .peer = {"127.0.0.1", 9},
                                         .tag = {"session.log", 11},
                                         .session_stream = true};
    static const size_t sizes[] = {1, 1, 2, 3, 9, 70, 300, 900, 4200};
    struct err err;
    dice.state = test_seed(20260113);
    test_dir_make(world.dir);
    EXPECT_OK(archive_create(world.dir, &err), err);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        n_days = sizes[i] > BLOCK_EVENTS_MAX ? 1 : 2;
        as_address = i % 2 == 0;
        odd_of = i % 3 == 0 ? 4 : i % 3 == 1 ? 100 : 300;
        import_events(sizes[i], i % 2 ? &file : &stream);
    }
}

TEST(cleanup)
{
    test_dir_remove(world.dir);
    arena_fini(&world.arena);
}

TEST_MAIN(TEST_ENTRY(setup), TEST_ENTRY(single_facets_count_what_events_have),
          TEST_ENTRY(several_facets_count_their_combinations),
          TEST_ENTRY(blocks_have_columns_of_every_way), TEST_ENTRY(cleanup))
