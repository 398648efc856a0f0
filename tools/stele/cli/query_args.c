#include "tools/stele/cli/query_args.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "query/language/error_position.h"
#include "query/language/parse.h"
#include "query/render/terminal_text.h"
#include "schema/base/vec.h"
#include "schema/text/suggest.h"

enum status query_args_times(const char *from, const char *to, int64_t *out_from_us,
                             int64_t *out_to_us, struct err *err)
{
    int64_t now_us = clock_now_us();
    int64_t from_us = INT64_MIN;
    int64_t to_us = INT64_MAX;
    if (from && clock_parse_user(span_str(from), now_us, &from_us, err) != OK) {
        return err_wrap(err, "--from");
    }
    if (to && clock_parse_user(span_str(to), now_us, &to_us, err) != OK) {
        return err_wrap(err, "--to");
    }
    if (from && to && from_us >= to_us) {
        return err_set(err, ERR_USAGE, "--from is not before --to: nothing can lie between them");
    }
    *out_from_us = from_us;
    *out_to_us = to_us;
    return OK;
}

void query_args_join(const struct options *options, struct buf *out)
{
    for (size_t i = 0; i < options->n_words; i++) {
        buf_add_str(out, i ? " " : "");
        buf_add_str(out, options->words[i]);
    }
}

enum { NOTES_SHOWN = 5 };

void query_args_notes(const struct query *query)
{
    size_t more = 0;
    for (const struct query_note *note = query->notes; note; note = note->next) {
        struct buf line = BUF_INIT;
        if (++more > NOTES_SHOWN) {
            continue;
        }
        (void)terminal_text_add(&line, note->text, SIZE_MAX);
        fprintf(stderr, "%.*s\n", SPAN_FMT(buf_span(&line)));
        buf_fini(&line);
    }
    if (more > NOTES_SHOWN) {
        fprintf(stderr, "and %zu more like these\n", more - NOTES_SHOWN);
    }
}

enum status query_args_parse_text(struct span text, struct query **out_query, struct err *err)
{
    size_t character = 0;
    enum status status = parse_query(text, clock_now_us(), out_query, &character, err);
    if (status == OK) {
        query_args_notes(*out_query);
    } else if (character > 0 && isatty(STDERR_FILENO)) {
        struct buf picture = BUF_INIT;
        error_position_mark(text, character, &picture);
        fprintf(stderr, "%.*s", SPAN_FMT(buf_span(&picture)));
        buf_fini(&picture);
    }
    return status;
}

enum status query_args_parse(const struct options *options, struct query **out_query,
                             struct err *err)
{
    struct buf text = BUF_INIT;
    query_args_join(options, &text);
    enum status status = buf_status(&text, "query", err);
    status = THEN(status, query_args_parse_text(buf_span(&text), out_query, err));
    buf_fini(&text);
    return status;
}

/* Names of fields; suggest_name wants them all at once. */
struct field_names VEC_OF(char *);

static void add_name(void *context, struct span name)
{
    struct field_names *names = context;
    if (span_starts(name, "stele.")) { /* what else is noted of arrivals cannot be asked for */
        return;
    }
    char *copy = strndup(name.data, name.size);
    if (copy && !vec_push(names, copy)) {
        free(copy);
    }
}

void query_args_unknown_fields(const struct day_iterator *iterator)
{
    struct field_names names = {0};
    struct err err;
    const struct predicate *unknown = day_iterator_unknown_field(iterator, 0);
    if (unknown) {
        /* Names that were read before it failed will do. */
        (void)!day_iterator_field_names(iterator, add_name, &names, &err);
    }
    struct span said = {0};
    for (; unknown; unknown = day_iterator_unknown_field(iterator, unknown->leaf + 1)) {
        char name[256];
        bool is_actor = false;
        for (size_t i = 0; event_actor_fields[i]; i++) {
            is_actor = is_actor || span_is(unknown->field, event_actor_fields[i]);
        }
        if (is_actor || span_equal(said, unknown->field)) {
            continue;
        }
        said = unknown->field;
        (void)snprintf(name, sizeof name, "%.*s", SPAN_FMT(unknown->field));
        const char *near = suggest_name(name, (const char *const *)names.items, names.count);
        struct buf shown = BUF_INIT;
        (void)terminal_text_add(&shown, unknown->field, 80);
        fprintf(stderr, "no event has a field \"%.*s\"", SPAN_FMT(buf_span(&shown)));
        if (near) {
            fprintf(stderr, "; did you mean \"%s\"?", near);
        }
        fprintf(stderr, "\n");
        buf_fini(&shown);
    }
    for (size_t i = 0; i < names.count; i++) {
        free(names.items[i]);
    }
    vec_fini(&names);
}
