/* The archive is opened anew for each thing that is asked of it, so that this works behind every
 * kind of search; it runs when nothing was found, once. */
#include "query/advice/zero.h"

#include <stdio.h>
#include <stdlib.h>

#include "query/advice/foreign.h"
#include "query/language/match.h"
#include "query/language/parse.h"
#include "query/render/terminal_text.h"
#include "schema/base/vec.h"
#include "schema/text/suggest.h"

enum { SHOWN_COLUMNS = 80 };

/* Names to suggest one of; suggest_name wants them all at once. */
struct zero_names VEC_OF(char *);

static void add_name(void *context, struct span name)
{
    struct zero_names *names = context;
    if (span_starts(name, "stele.")) { /* what else is noted of arrivals cannot be asked for */
        return;
    }
    char *copy = strndup(name.data, name.size);
    if (copy && !vec_push(names, copy)) {
        free(copy);
    }
}

static void names_fini(struct zero_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i]);
    }
    vec_fini(names);
}

static void add_suggestion(struct buf *out, struct span word, const struct zero_names *names)
{
    char text[256];
    (void)snprintf(text, sizeof text, "%.*s", SPAN_FMT(word));
    const char *near = suggest_name(text, (const char *const *)names->items, names->count);
    if (near) {
        buf_printf(out, "; did you mean \"%s\"?", near);
    }
}

static void show(struct buf *out, struct span text)
{
    (void)terminal_text_add(out, text, SHOWN_COLUMNS);
}

static struct day_iterator_options search_of(const struct zero_question *question,
                                             const struct query *query)
{
    return (struct day_iterator_options){.path = question->path,
                                         .query = query,
                                         .from_us = question->from_us,
                                         .to_us = question->to_us};
}

/* Names of fields that a query has beside those of events. */
static void add_special_names(struct zero_names *names)
{
    static const char *const special[] = {"ip",   "domain", "email", "hash",     "url",
                                          "time", "uid",    "actor", "severity", "text"};
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        add_name(names, span_str(special[i]));
    }
}

static void say_unknown_field(const struct day_iterator *iterator, struct span field,
                              struct buf *out)
{
    struct zero_names names = {0};
    struct err err;
    /* Names that were read before it failed will do. */
    (void)!day_iterator_field_names(iterator, add_name, &names, &err);
    add_special_names(&names);
    buf_add_str(out, "no event has a field \"");
    show(out, field);
    buf_add_char(out, '"');
    add_suggestion(out, field, &names);
    buf_add_char(out, '\n');
    names_fini(&names);
}

/* One of those that actor: becomes, when the query has that. */
static bool is_of_actor(const struct query *query, struct span field)
{
    if (!memmem(query->text.data, query->text.size, "actor", 5)) {
        return false;
    }
    for (size_t i = 0; event_actor_fields[i]; i++) {
        if (span_is(field, event_actor_fields[i])) {
            return true;
        }
    }
    return false;
}

/* All days are gone through, and nothing of them is read but their fields. */
static enum status advise_fields(const struct zero_question *question, struct buf *out,
                                 struct err *err)
{
    const struct day_iterator_options search = search_of(question, question->query);
    struct day_iterator *iterator = NULL;
    struct day_iterator_day day;
    bool end = false;
    enum status status = day_iterator_open(&search, &iterator, err);
    while (status == OK && !end) {
        status = day_iterator_next(iterator, &day, &end, err);
    }
    struct span said = {0};
    const struct predicate *unknown = status == OK ? day_iterator_unknown_field(iterator, 0) : NULL;
    for (; unknown; unknown = day_iterator_unknown_field(iterator, unknown->leaf + 1)) {
        if (!is_of_actor(question->query, unknown->field) && !span_equal(said, unknown->field)) {
            said = unknown->field;
            say_unknown_field(iterator, said, out);
        }
    }
    day_iterator_close(iterator);
    return status;
}

static enum status parse_exists(struct span field, struct query **out_query, struct err *err)
{
    struct buf text = BUF_INIT;
    buf_add_char(&text, '"');
    for (size_t i = 0; i < field.size; i++) {
        buf_add_str(&text, field.data[i] == '"' || field.data[i] == '\\' ? "\\" : "");
        buf_add_char(&text, field.data[i]);
    }
    buf_add_str(&text, "\":*");
    enum status status = buf_status(&text, "query", err);
    status = THEN(status, parse_query(buf_span(&text), 0, out_query, NULL, err));
    buf_fini(&text);
    return status;
}

/* A field whose values were to be counted. */
static enum status advise_counted(const struct zero_question *question, struct span field,
                                  struct buf *out, struct err *err)
{
    static const char *const made[] = {"actor", "severity", "day", "hour"};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        if (span_is(field, made[i])) {
            return OK;
        }
    }
    struct query *query = NULL;
    enum status status = parse_exists(field, &query, err);
    if (status == OK) {
        struct zero_question has = *question;
        has.query = query;
        status = advise_fields(&has, out, err);
    }
    parse_query_free(query);
    return status;
}

static bool asks_for_type(const struct predicate *predicate)
{
    return span_is(predicate->field, "event") &&
           (predicate->kind == PREDICATE_TERM || predicate->kind == PREDICATE_PREFIX ||
            predicate->kind == PREDICATE_PHRASE || predicate->kind == PREDICATE_SUBSTRING ||
            predicate->kind == PREDICATE_GLOB);
}

static void say_unknown_type(const struct predicate *predicate, const struct aggregate_top *types,
                             struct buf *out)
{
    struct zero_names names = {0};
    for (size_t i = 0; i < types->n_rows; i++) {
        if (match_value(predicate, span_str("event"), types->rows[i].values[0])) {
            names_fini(&names);
            return;
        }
        add_name(&names, types->rows[i].values[0]);
    }
    buf_add_str(out, "no event is of the type \"");
    show(out, predicate->typed);
    buf_add_char(out, '"');
    add_suggestion(out, predicate->typed, &names);
    buf_add_char(out, '\n');
    names_fini(&names);
}

/* Types of events: those of the whole archive. */
static enum status advise_types(const struct zero_question *question, const struct query *all,
                                struct buf *out, struct err *err)
{
    const struct query *query = question->query;
    const struct span field = span_str("event");
    struct day_iterator_options search = search_of(question, all);
    search.from_us = INT64_MIN;
    search.to_us = INT64_MAX;
    size_t asked = 0;
    for (size_t i = 0; i < query->n_leaves; i++) {
        asked += asks_for_type(query->leaves[i]);
    }
    if (asked == 0) {
        return OK;
    }
    struct day_iterator *iterator = NULL;
    struct aggregate_top types;
    enum status status = day_iterator_open(&search, &iterator, err);
    status = THEN(status, aggregate_top(iterator, &field, 1, 0, &types, err));
    day_iterator_close(iterator);
    if (status != OK) {
        return status;
    }
    for (size_t i = 0; types.n_rows > 0 && i < query->n_leaves; i++) {
        if (asks_for_type(query->leaves[i])) {
            say_unknown_type(query->leaves[i], &types, out);
        }
    }
    aggregate_top_fini(&types);
    return OK;
}

static bool is_upside_down(const struct predicate *predicate)
{
    const struct bound *low = &predicate->low;
    const struct bound *high = &predicate->high;
    switch (predicate->kind) {
    case PREDICATE_TIME:
        return predicate->time_low_us >= predicate->time_high_us;
    case PREDICATE_OBSERVABLE:
        return predicate->observable == OBSERVABLE_IP &&
               memcmp(predicate->address_low, predicate->address_high,
                      sizeof predicate->address_low) > 0;
    case PREDICATE_RANGE:
        return low->kind == high->kind &&
               ((low->kind == BOUND_NUMBER && low->number > high->number) ||
                (low->kind == BOUND_TIME && low->time_us > high->time_us) ||
                (low->kind == BOUND_TEXT && span_compare(low->text, high->text) > 0));
    case PREDICATE_ALL:
    case PREDICATE_TERM:
    case PREDICATE_PHRASE:
    case PREDICATE_PREFIX:
    case PREDICATE_SUBSTRING:
    case PREDICATE_GLOB:
    case PREDICATE_EXISTS:
    case PREDICATE_ADDRESS:
    case PREDICATE_SEVERITY:
    case PREDICATE_UID:
        break;
    }
    return false;
}

static void say_range(const struct predicate *predicate, struct buf *out)
{
    struct span field = predicate->kind == PREDICATE_OBSERVABLE ? span_str("ip") : predicate->field;
    if (is_upside_down(predicate)) {
        buf_add_str(out, "the range of ");
        show(out, field.size > 0 ? field : span_str("text"));
        buf_add_str(out, ": ends before it begins; write the smaller end first: [a TO b]\n");
        return;
    }
    const struct bound *end =
        predicate->low.kind == BOUND_TEXT ? &predicate->low : &predicate->high;
    if (predicate->kind == PREDICATE_RANGE && end->kind == BOUND_TEXT) {
        buf_add_char(out, '"');
        show(out, end->text);
        buf_add_str(out, "\" is no number and no time: the values of ");
        show(out, field.size > 0 ? field : span_str("text"));
        buf_add_str(out, " were compared with it as text\n");
    }
}

/* Parts of one field that must all hold: user:alice user:bob. */
static void advise_excluding(const struct node *root, struct buf *out)
{
    const struct node *first = root->kind == NODE_AND ? root->first : NULL;
    for (; first; first = first->next) {
        for (const struct node *second = first->next; second; second = second->next) {
            const struct predicate *a = first->kind == NODE_LEAF ? first->predicate : NULL;
            const struct predicate *b = second->kind == NODE_LEAF ? second->predicate : NULL;
            if (!a || !b || a->kind != PREDICATE_TERM || b->kind != PREDICATE_TERM ||
                a->field.size == 0 || !span_equal(a->field, b->field) ||
                span_equal(a->text, b->text)) {
                continue;
            }
            buf_add_str(out, "one event was to have both ");
            show(out, a->field);
            buf_add_char(out, ':');
            show(out, a->typed);
            buf_add_str(out, " and ");
            show(out, b->field);
            buf_add_char(out, ':');
            show(out, b->typed);
            buf_add_str(out, "; OR between them finds either\n");
            return;
        }
    }
}

static enum status cover(const struct day_iterator_options *search, struct hunt_result *out_result,
                         struct err *err)
{
    static const struct hunt_options options = {0};
    struct day_iterator *iterator = NULL;
    struct indicator_set *nothing = indicator_set_new();
    if (!nothing) {
        return err_nomem(err, "search");
    }
    enum status status = day_iterator_open(search, &iterator, err);
    status = THEN(status, hunt_run(iterator, nothing, &options, out_result, err));
    day_iterator_close(iterator);
    indicator_set_free(nothing);
    return status;
}

/* The bounds of the options and of the query's own times. */
static void read_bounds(const struct zero_question *question, int64_t *out_from_us,
                        int64_t *out_to_us)
{
    plan_time_bounds(question->query->root, out_from_us, out_to_us);
    *out_from_us = question->from_us > *out_from_us ? question->from_us : *out_from_us;
    *out_to_us = question->to_us < *out_to_us ? question->to_us : *out_to_us;
}

enum status zero_coverage(const struct zero_question *question, struct hunt_result *out_result,
                          struct err *err)
{
    struct query *all = NULL;
    enum status status = parse_query(span_str("*"), 0, &all, NULL, err);
    if (status == OK) {
        struct day_iterator_options search = search_of(question, all);
        read_bounds(question, &search.from_us, &search.to_us);
        status = cover(&search, out_result, err);
    }
    parse_query_free(all);
    return status;
}

static void say_outside(int64_t from_us, int64_t to_us, const struct hunt_coverage *all,
                        struct buf *out)
{
    char text[4][CLOCK_TEXT_BYTES];
    if (all->events == 0) {
        buf_add_str(out, "the archive has no events yet\n");
        return;
    }
    if (from_us >= to_us) {
        buf_add_str(out, "the times that are asked for exclude one another\n");
        return;
    }
    buf_add_str(out, "no event is ");
    if (from_us == INT64_MIN) {
        buf_printf(out, "before %s", clock_format(to_us, text[0]));
    } else if (to_us == INT64_MAX) {
        buf_printf(out, "of %s or later", clock_format(from_us, text[0]));
    } else {
        buf_printf(out, "from %s until %s", clock_format(from_us, text[0]),
                   clock_format(to_us, text[1]));
    }
    buf_printf(out, "; the archive has events from %s until %s\n",
               clock_format(all->first_us, text[2]), clock_format(all->last_us, text[3]));
}

static enum status count_days(const struct day_iterator_options *search, size_t *out_count,
                              struct err *err)
{
    struct day_iterator *iterator = NULL;
    enum status status = day_iterator_open(search, &iterator, err);
    if (status == OK) {
        (void)day_iterator_days(iterator, out_count);
    }
    day_iterator_close(iterator);
    return status;
}

/* *out_none: no event at all is in the range, which is said. */
static enum status advise_times(const struct zero_question *question, const struct query *all,
                                bool *out_none, struct buf *out, struct err *err)
{
    struct day_iterator_options search = search_of(question, all);
    struct hunt_result result;
    read_bounds(question, &search.from_us, &search.to_us);
    int64_t from_us = search.from_us;
    int64_t to_us = search.to_us;
    size_t n_days = 0;
    enum status status = count_days(&search, &n_days, err);
    bool is_open = from_us == INT64_MIN && to_us == INT64_MAX;
    if (status != OK || (is_open && n_days > 0)) {
        return status;
    }
    status = cover(&search, &result, err);
    if (status != OK) {
        return status;
    }
    *out_none = result.coverage.events == 0;
    hunt_fini(&result);
    if (!*out_none) {
        return OK;
    }
    search.from_us = INT64_MIN;
    search.to_us = INT64_MAX;
    status = cover(&search, &result, err);
    if (status == OK) {
        say_outside(from_us, to_us, &result.coverage, out);
        hunt_fini(&result);
    }
    return status;
}

enum status zero_advise(const struct zero_question *question, struct buf *out, struct err *err)
{
    struct query *all = NULL;
    bool none = false;
    (void)foreign_advise(question->query, out);
    bool upside_down = false;
    for (size_t i = 0; i < question->query->n_leaves; i++) {
        say_range(question->query->leaves[i], out);
        upside_down = upside_down || is_upside_down(question->query->leaves[i]);
    }
    enum status status = parse_query(span_str("*"), 0, &all, NULL, err);
    if (!upside_down) {
        status = THEN(status, advise_times(question, all, &none, out, err));
    }
    if (status == OK && !none) {
        status = advise_fields(question, out, err);
        for (size_t i = 0; i < question->n_fields; i++) {
            status = THEN(status, advise_counted(question, question->fields[i], out, err));
        }
        status = THEN(status, advise_types(question, all, out, err));
        advise_excluding(question->query->root, out);
    }
    parse_query_free(all);
    return THEN(status, buf_status(out, "search", err));
}
