/* The ids come from the columns of sid. Then the events that begin and end sessions are read, or,
 * when the sessions are few, all of theirs. What has no start or no end in these is read by its id:
 * its other events say who it was, and whether it is a session at all or a chunk of one. */
#include "tools/stele/verbs/session_find.h"
#include "tools/stele/cli/query_args.h"

#include "query/aggregate/aggregate.h"
#include "query/language/parse.h"
#include "schema/base/hash64.h"
#include "schema/base/random.h"

enum {
    FEW = 500,   /* sessions that are read by their ids at once */
    MANY = 2000, /* incomplete ones for which all events of sessions are read instead */
    IDS_OF_QUERY = 100,
    ID_BYTES_MAX = 100,
    PROGRESS_AFTER_US = 500000
};

static const char heads_query[] = "event:(*session.start OR *session.end OR session.join OR "
                                  "session.upload OR app.session.chunk)";

static struct session_find_item *lookup(struct session_find *find, struct span sid)
{
    uint32_t hash = (uint32_t)hash64(sid, find->seed);
    for (struct index_table_probe probe = index_table_probe(&find->table, hash);
         index_table_next(&probe);) {
        if (span_equal(find->found.items[probe.number].sid, sid)) {
            return &find->found.items[probe.number];
        }
    }
    return NULL;
}

static bool add_id(struct session_find *find, struct span sid)
{
    struct session_find_item found = {.sid = arena_copy(&find->arena, sid),
                                      .head = {.arena = &find->arena}};
    return found.sid.data && vec_push(&find->found, found) &&
           index_table_add(&find->table, (uint32_t)hash64(sid, find->seed),
                           (uint32_t)(find->found.count - 1));
}

static void show_progress(void *context, int64_t thousandths, int64_t events)
{
    struct session_find *find = context;
    if (clock_monotonic_us() - find->progress.start_us < PROGRESS_AFTER_US) {
        return;
    }
    progress_step(&find->progress, thousandths, events);
}

static enum status find_ids(struct session_find *find, struct err *err)
{
    const struct day_iterator_options search = {.path = find->archive,
                                                .query = find->query,
                                                .from_us = find->from_us,
                                                .to_us = find->to_us,
                                                .progress = show_progress,
                                                .progress_context = find};
    const struct span field = span_str("sid");
    struct day_iterator *iterator = NULL;
    struct aggregate_top top;
    enum status status = day_iterator_open(&search, &iterator, err);
    status = THEN(status, aggregate_top(iterator, &field, 1, 0, &top, err));
    day_iterator_close(iterator);
    if (status != OK) {
        return status;
    }
    bool ok = true;
    for (size_t i = 0; ok && i < top.n_rows; i++) {
        ok = top.rows[i].values[0].size == 0 || add_id(find, top.rows[i].values[0]);
    }
    aggregate_top_fini(&top);
    return ok ? OK : err_nomem(err, "sessions");
}

static bool add_event(struct session_find *find, const struct event *event)
{
    struct event_summary summary = event_summary_of(event);
    struct session_find_item *found = lookup(find, event_get(event, "sid"));
    if (span_is(summary.type, "app.session.chunk")) {
        struct session_find_item *chunk = lookup(find, event_get(event, "session_chunk_id"));
        if (chunk && chunk != found) {
            chunk->is_chunk = true;
        }
    }
    return !found || found->state != SESSION_FIND_READ ||
           session_head_add(&found->head, event, &summary);
}

static bool add_hit(void *context, const struct search_hit *hit)
{
    struct session_find *find = context;
    struct event event;
    arena_reset(&find->scratch);
    if (!event_parse(hit->raw, hit->received_us, &find->scratch, &event)) {
        find->status = err_set(find->err, ERR_CORRUPT, "sessions: an event that cannot be read");
    } else if (!add_event(find, &event)) {
        find->status = err_nomem(find->err, "sessions");
    }
    return find->status == OK;
}

/* Reads the events of any time that the query finds. */
static enum status read_events(struct session_find *find, struct span text,
                               day_iterator_progress *progress, struct err *err)
{
    struct query *query = NULL;
    struct day_iterator *iterator = NULL;
    int64_t hits = 0;
    enum status status = parse_query(text, 0, &query, NULL, err);
    const struct search_run_options search = {.search = {.path = find->archive,
                                                         .query = query,
                                                         .from_us = INT64_MIN,
                                                         .to_us = INT64_MAX,
                                                         .oldest_first = true,
                                                         .progress = progress,
                                                         .progress_context = find},
                                              .each = add_hit,
                                              .context = find};
    status = THEN(status, day_iterator_open(&search.search, &iterator, err));
    status = THEN(status, search_run_query(iterator, &search, &hits, err));
    day_iterator_close(iterator);
    parse_query_free(query);
    return THEN(status, find->status);
}

static bool is_open(const struct session_find_item *found)
{
    return !found->is_chunk && !(found->head.has_start && found->head.has_end);
}

/* What was gathered is forgotten: it comes again with the rest. */
static void forget(struct session_find_item *found, struct arena *arena)
{
    session_head_fini(&found->head);
    found->head = (struct session_head){.arena = arena};
}

/* One query for the sessions of these numbers, and for events that call them chunks. */
static enum status read_group(struct session_find *find, const size_t *numbers, size_t count,
                              struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        find->found.items[numbers[i]].state = SESSION_FIND_READ;
    }
    static const char *const fields[] = {"sid:(", ") OR session_chunk_id:("};
    struct buf text = BUF_INIT;
    for (size_t k = 0; k < 2; k++) {
        buf_add_str(&text, fields[k]);
        for (size_t i = 0; i < count; i++) {
            buf_add_str(&text, i > 0 ? " OR " : "");
            query_args_add_value(&text, find->found.items[numbers[i]].sid);
        }
    }
    buf_add_char(&text, ')');
    enum status status = buf_status(&text, "sessions", err);
    status = THEN(status, read_events(find, buf_span(&text), NULL, err));
    buf_fini(&text);
    for (size_t i = 0; i < count; i++) {
        find->found.items[numbers[i]].state = SESSION_FIND_DONE;
    }
    return status;
}

/* What is complete is left alone; of the others all events are read. */
static enum status read_rest(struct session_find *find, struct err *err)
{
    size_t numbers[IDS_OF_QUERY];
    size_t count = 0;
    size_t open = 0;
    bool by_id = true;
    for (size_t i = 0; i < find->found.count; i++) {
        struct session_find_item *found = &find->found.items[i];
        if (is_open(found)) {
            open++;
            by_id = by_id && found->sid.size <= ID_BYTES_MAX;
            forget(found, &find->arena);
        } else {
            found->state = SESSION_FIND_DONE;
        }
    }
    if (open > MANY || !by_id) {
        return read_events(find, span_str("sid:*"), show_progress, err);
    }
    for (size_t i = 0; i < find->found.count; i++) {
        struct session_find_item *found = &find->found.items[i];
        found->state = found->state == SESSION_FIND_READ ? SESSION_FIND_WAITS : found->state;
    }
    enum status status = OK;
    for (size_t i = 0; status == OK && i < find->found.count; i++) {
        if (find->found.items[i].state == SESSION_FIND_WAITS) {
            numbers[count++] = i;
        }
        if (count == IDS_OF_QUERY || (count > 0 && i + 1 == find->found.count)) {
            status = read_group(find, numbers, count, err);
            count = 0;
        }
    }
    return status;
}

/* Newest start first; the id decides between equals, so that the order is always the same. */
static int by_start(const void *a, const void *b)
{
    const struct session_find_item *one = a;
    const struct session_find_item *two = b;
    int64_t x = session_head_from_us(&one->head);
    int64_t y = session_head_from_us(&two->head);
    size_t size = one->sid.size < two->sid.size ? one->sid.size : two->sid.size;
    int order = x < y ? 1 : x > y ? -1 : memcmp(one->sid.data, two->sid.data, size);
    return order ? order : (one->sid.size > two->sid.size) - (one->sid.size < two->sid.size);
}

enum status session_find_run(struct session_find *find, struct err *err)
{
    find->err = err;
    random_fill(&find->seed, sizeof find->seed);
    progress_begin(&find->progress, "sessions", "events", 1000);
    enum status status = find_ids(find, err);
    if (status == OK && find->found.count > FEW) {
        status = read_events(find, span_str(heads_query), show_progress, err);
    }
    status = THEN(status, read_rest(find, err));
    progress_wipe(&find->progress);
    vec_sort(&find->found, by_start);
    return status;
}

void session_find_fini(struct session_find *find)
{
    for (size_t i = 0; i < find->found.count; i++) {
        session_head_fini(&find->found.items[i].head);
    }
    vec_fini(&find->found);
    index_table_fini(&find->table);
    arena_fini(&find->arena);
    arena_fini(&find->scratch);
}
