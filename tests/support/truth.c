#include "tests/support/truth.h"

#include <stdio.h>
#include <stdlib.h>

#include "query/language/match.h"
#include "schema/event/source.h"
#include "tests/support/import_body.h"

static void must(enum status status, const struct err *err)
{
    if (status != OK) {
        fprintf(stderr, "making the archive: %s\n", err->text);
        exit(1);
    }
}

struct truth truth;

static const struct source import_source = {
    .via = {"import", 6}, .peer = {"made-up.ndjson", 14}, .tag = {"", 0}};
static const struct source post_source = {.via = {"mtls", 4},
                                          .peer = {"127.0.0.1", 9},
                                          .tag = {"session.log", 11},
                                          .session_stream = true};

static void add_field(struct event_field *fields, size_t *count, const char *path,
                      struct span value)
{
    fields[(*count)++] = (struct event_field){span_str(path), value, EVENT_STRING};
}

/* Adds the event to the truth unless it is there. */
static void truth_add(struct span raw, const struct source *source)
{
    struct event event;
    struct span copy = arena_copy(&truth.arena, raw);
    CHECK(event_parse(copy, TRUTH_ARRIVAL_US, &truth.arena, &event));
    for (size_t i = 0; i < truth.count; i++) {
        if (event_same(&truth.events[i], &event)) {
            return;
        }
    }
    struct buf text = BUF_INIT;
    source_text(source, &text);
    struct event_field *fields = arena_alloc(&truth.arena, (event.n_fields + 3) * sizeof *fields);
    memcpy(fields, event.fields, event.n_fields * sizeof *fields);
    size_t count = event.n_fields;
    add_field(fields, &count, SOURCE_FIELD, arena_copy(&truth.arena, buf_span(&text)));
    if (event.time_is_arrival) {
        add_field(fields, &count, SOURCE_MARK_FIELD, span_str("arrival-time"));
    }
    if (source->session_stream) {
        add_field(fields, &count, SOURCE_MARK_FIELD, span_str("session-stream"));
    }
    event.fields = fields;
    event.n_fields = count;
    truth.events[truth.count++] = event;
    buf_fini(&text);
}

static void make_round(struct dice *dice, truth_event *event, const struct source *source,
                       struct buf *body)
{
    buf_clear(body);
    for (size_t i = 0; i < TRUTH_ROUND_EVENTS; i++) {
        size_t start = body->size;
        if (truth.count > 0 && dice_one_in(dice, 25)) {
            buf_add_span(body, truth.events[dice_roll(dice, (uint32_t)truth.count)].raw);
        } else {
            event(dice, TRUTH_DAY_US + dice_roll(dice, TRUTH_DAYS) * CLOCK_DAY_US, body);
        }
        truth_add(span_of(body->data + start, body->size - start), source);
        buf_add_char(body, '\n');
    }
}

static void import_round(struct span body)
{
    struct err err;
    struct indexer *indexer = NULL;
    struct indexer_run *run = NULL;
    struct archive *archive = NULL;
    struct indexer_options options = {.compression_level = 1};
    must(indexer_open(truth.dir, &options, &indexer, &err), &err);
    must(import_body(indexer, &import_source, TRUTH_ARRIVAL_US, 1, body, &err), &err);
    must(indexer_import_end(indexer, &run, &err), &err);
    must(archive_open(truth.dir, ARCHIVE_WRITE, &archive, &err), &err);
    must(indexer_run_commit(archive, run, &err), &err);
    archive_close(archive);
    indexer_close(indexer);
}

static void post_round(struct span body)
{
    struct err err;
    struct archive *archive = NULL;
    struct inbox_item item = {.source = post_source, .received_us = TRUTH_ARRIVAL_US, .body = body};
    must(archive_open(truth.dir, ARCHIVE_WRITE, &archive, &err), &err);
    must(inbox_append(archive, &item, 1, &err), &err);
    archive_close(archive);
}

/* Segments are committed, the inbox is not emptied: as after a crash between the two. */
static void index_without_settling(void)
{
    struct err err;
    struct indexer *indexer = NULL;
    struct indexer_run *run = NULL;
    struct indexer_options options = {.compression_level = 1};
    must(indexer_open(truth.dir, &options, &indexer, &err), &err);
    must(indexer_run_next(indexer, &run, &err), &err);
    CHECK(run != NULL);
    indexer_run_free(run);
    indexer_close(indexer);
}

void truth_make(void)
{
    truth_make_of(world_event, 20251120);
}

void truth_make_of(truth_event *event, uint64_t seed)
{
    struct err err;
    struct dice dice = {.state = seed};
    struct buf body = BUF_INIT;
    (void)snprintf(truth.dir, sizeof truth.dir, "%s/stele-truth-XXXXXX",
                   getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    CHECK(mkdtemp(truth.dir));
    must(archive_create(truth.dir, &err), &err);
    for (int round = 0; round < TRUTH_ROUNDS - 2; round++) {
        make_round(&dice, event, &import_source, &body);
        import_round(buf_span(&body));
    }
    make_round(&dice, event, &post_source, &body);
    post_round(buf_span(&body));
    index_without_settling();
    make_round(&dice, event, &post_source, &body);
    post_round(buf_span(&body));
    buf_fini(&body);
}

void truth_remove(void)
{
    char command[FILE_PATH_BYTES + 16];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", truth.dir);
    CHECK(system(command) == 0);
    arena_fini(&truth.arena);
}

struct day_iterator_options truth_search(const struct query *query)
{
    return (struct day_iterator_options){
        .path = truth.dir, .query = query, .from_us = INT64_MIN, .to_us = INT64_MAX};
}

size_t truth_mark(const struct day_iterator_options *search)
{
    size_t wanted = 0;
    for (size_t i = 0; i < truth.count; i++) {
        const struct event *event = &truth.events[i];
        truth.wanted[i] = event->time_us >= search->from_us && event->time_us < search->to_us &&
                          match_event(search->query->root, event);
        wanted += truth.wanted[i];
    }
    return wanted;
}
