/* What the columns of a block say of its events is what the parser of events reads in their lines,
 * whatever JSON they are: all fields, each as often, with their values and kinds. */
#include "schema/archive/archive.h"
#include "schema/event/event_value.h"
#include "schema/segment/segment.h"
#include "tests/support/import_body.h"
#include "tests/support/odd_json.h"
#include "tests/support/test.h"

enum { EVENTS = 3000 };

#define DAY_US INT64_C(1795392000000000) /* 2026-11-23 */

static struct err err;
static char dir[FILE_PATH_BYTES];

/* Fields as texts that are compared: a list for each event. */
struct fields {
    struct arena arena;
    VEC(struct span) of_slot[BLOCK_EVENTS_MAX];
    bool is_whole[BLOCK_EVENTS_MAX]; /* its line was not cut */
};

static void add_field(struct fields *fields, size_t slot, const struct event_field *field)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "%d ", (int)field->kind);
    buf_add_span(&text, field->path);
    buf_add_str(&text, " = ");
    buf_add_span(&text, field->value);
    EXPECT(vec_push(&fields->of_slot[slot], arena_copy(&fields->arena, buf_span(&text))));
    buf_fini(&text);
}

static int by_text(const void *a, const void *b)
{
    struct span x = *(const struct span *)a;
    struct span y = *(const struct span *)b;
    int order = memcmp(x.data, y.data, x.size < y.size ? x.size : y.size);
    return order ? order : (x.size > y.size) - (x.size < y.size);
}

static void fields_fini(struct fields *fields)
{
    for (size_t i = 0; i < BLOCK_EVENTS_MAX; i++) {
        vec_fini(&fields->of_slot[i]);
    }
    arena_fini(&fields->arena);
    free(fields);
}

struct taker {
    struct fields *fields;
    size_t slot;
};

static bool take(void *context, const struct event_field *field)
{
    struct taker *taker = context;
    add_field(taker->fields, taker->slot, field);
    return true;
}

static void add_line(struct fields *fields, size_t slot, struct span line)
{
    struct arena arena = ARENA_INIT;
    struct event event;
    EXPECT(event_parse(line, 0, &arena, &event));
    for (size_t i = 0; i < event.n_fields; i++) {
        add_field(fields, slot, &event.fields[i]);
    }
    arena_fini(&arena);
}

/* Returns how many values were in columns of their own. */
static size_t add_columns(struct segment *segment, int64_t block, struct fields *fields)
{
    struct event_value_reader reader = {0};
    struct block_columns columns;
    size_t n_cut = 0;
    EXPECT_OK(segment_open_columns(segment, SEGMENT_DATA_EVENTS, block, &columns, &err), err);
    for (size_t i = 0; i < columnar_column_count(columns.reader); i++) {
        const struct columnar_column *column = NULL;
        const uint16_t *slots = NULL;
        EXPECT_OK(columnar_column(columns.reader, i, &column, &err), err);
        EXPECT_OK(columnar_column_slots(columns.reader, i, &slots, &err), err);
        struct columnar_walk walk = columnar_walk(columns.vocabulary, column);
        struct span name = segment_path_field(segment, column->path);
        for (size_t k = 0; k < column->n_values; k++) {
            struct columnar_value value = columnar_walk_next(&walk);
            struct taker taker = {fields, slots ? slots[k] : k};
            if (column->path == SEGMENT_PATH_LINE) {
                add_line(fields, taker.slot, value.text);
                fields->is_whole[taker.slot] = true;
                continue;
            }
            n_cut++;
            EXPECT(event_value_fields(&reader, name, value.text, value.is_string, take, &taker));
        }
    }
    event_value_reader_fini(&reader);
    return n_cut;
}

static void compare(struct fields *is, struct fields *should, const struct block_lines *lines)
{
    for (size_t slot = 0; slot < lines->n_events; slot++) {
        size_t n = should->of_slot[slot].count;
        vec_sort(&is->of_slot[slot], by_text);
        vec_sort(&should->of_slot[slot], by_text);
        bool same = is->of_slot[slot].count == n;
        for (size_t i = 0; same && i < n; i++) {
            struct span wanted = should->of_slot[slot].items[i];
            same = span_equal(is->of_slot[slot].items[i], wanted);
            if (!same) {
                fprintf(stderr, "\"%.*s\" instead of \"%.*s\"\n",
                        SPAN_FMT(is->of_slot[slot].items[i]), SPAN_FMT(wanted));
            }
        }
        if (!same) {
            fprintf(stderr, "other fields, %zu instead of %zu: %.*s\n", is->of_slot[slot].count, n,
                    SPAN_FMT(block_line(lines, slot)));
            test_failures++;
            return;
        }
    }
}

/* The role of every path for every field of the block's lines that were cut: a field is one of a
 * path, or below one. */
static void check_roles(const struct segment *segment, const struct vocabulary *vocabulary,
                        struct span line)
{
    struct arena arena = ARENA_INIT;
    struct event event;
    EXPECT(event_parse(line, 0, &arena, &event));
    for (size_t i = 0; i < event.n_fields; i++) {
        bool found = false;
        for (uint32_t path = 1; !found && path < intern_count(&vocabulary->paths); path++) {
            enum segment_path_role role = segment_path_role(segment, path, event.fields[i].path);
            found = role == SEGMENT_PATH_IS_FIELD || role == SEGMENT_PATH_IS_ABOVE;
        }
        if (!found) {
            fprintf(stderr, "no path has %.*s\n", SPAN_FMT(event.fields[i].path));
            test_failures++;
        }
    }
    arena_fini(&arena);
}

static void check_block(struct segment *segment, const struct vocabulary *vocabulary,
                        const struct block_info *info)
{
    struct fields *is = calloc(1, sizeof *is);
    struct fields *should = calloc(1, sizeof *should);
    struct block_lines lines = BLOCK_LINES_INIT;
    CHECK(is && should);
    EXPECT_OK(segment_lines(segment, info->id, &lines, &err), err);
    for (size_t slot = 0; slot < lines.n_events; slot++) {
        add_line(should, slot, block_line(&lines, slot));
    }
    EXPECT(add_columns(segment, info->id, is) > info->n_events * 3);
    EXPECT(info->whole_lines > 0 && info->whole_lines < info->n_events / 4);
    compare(is, should, &lines);
    for (size_t slot = 0; slot < lines.n_events && test_failures == 0; slot++) {
        if (!is->is_whole[slot]) {
            check_roles(segment, vocabulary, block_line(&lines, slot));
        }
    }
    block_lines_fini(&lines);
    fields_fini(is);
    fields_fini(should);
}

static void import_events(uint64_t seed)
{
    static const struct source source = {.via = {"import", 6}, .peer = {"a.log", 5}};
    const struct indexer_options options = {.compression_level = 3};
    struct dice dice = {.state = seed};
    struct archive *archive = NULL;
    struct indexer *indexer = NULL;
    struct indexer_run *run = NULL;
    struct buf body = BUF_INIT;
    for (int i = 0; i < EVENTS; i++) {
        odd_json_event(&dice, DAY_US, &body);
        buf_add_char(&body, '\n');
    }
    EXPECT_OK(indexer_open(dir, &options, &indexer, &err), err);
    EXPECT_OK(import_body(indexer, &source, DAY_US, 1, buf_span(&body), &err), err);
    EXPECT_OK(indexer_import_end(indexer, &run, &err), err);
    struct indexer_totals totals;
    indexer_run_totals(run, &totals);
    EXPECT_INT(totals.stored, EVENTS);
    EXPECT_OK(archive_open(dir, ARCHIVE_WRITE, &archive, &err), err);
    EXPECT_OK(indexer_run_commit(archive, run, &err), err);
    archive_close(archive);
    indexer_close(indexer);
    buf_fini(&body);
}

TEST(columns_have_the_fields_of_their_lines)
{
    for (uint64_t seed = 0; seed < (uint64_t)test_rounds(4) && test_failures == 0; seed++) {
        struct segment *segment = NULL;
        const struct vocabulary *vocabulary = NULL;
        char path[FILE_PATH_BYTES];
        size_t n_blocks = 0;
        test_dir_make(dir);
        EXPECT_OK(archive_create(dir, &err), err);
        import_events(test_seed(11) + seed);
        EXPECT_OK(archive_segment_path(dir, DAY_US, path, &err), err);
        EXPECT_OK(segment_open(path, &segment, &err), err);
        EXPECT_OK(segment_vocabulary(segment, &vocabulary, &err), err);
        const struct block_info *blocks = segment_blocks(segment, &n_blocks);
        EXPECT(n_blocks > 0);
        for (size_t i = 0; i < n_blocks; i++) {
            check_block(segment, vocabulary, &blocks[i]);
        }
        segment_close(segment);
        test_dir_remove(dir);
    }
}

TEST_MAIN(TEST_ENTRY(columns_have_the_fields_of_their_lines))
