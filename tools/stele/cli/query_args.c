#include "tools/stele/cli/query_args.h"

#include <stdio.h>
#include <unistd.h>

#include "query/language/error_position.h"
#include "query/language/parse.h"
#include "query/render/local_time.h"
#include "query/render/terminal_text.h"

enum status query_args_times(const char *from, const char *to, int64_t *out_from_us,
                             int64_t *out_to_us, struct err *err)
{
    int64_t now_us = clock_now_us();
    int64_t from_us = INT64_MIN;
    int64_t to_us = INT64_MAX;
    enum status status = from ? local_time_parse(span_str(from), now_us, &from_us, err) : OK;
    if (status != OK) {
        return err_wrap(err, status, "--from");
    }
    status = to ? local_time_parse(span_str(to), now_us, &to_us, err) : OK;
    if (status != OK) {
        return err_wrap(err, status, "--to");
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

void query_args_add_value(struct buf *query, struct span value)
{
    buf_add_char(query, '"');
    for (size_t i = 0; i < value.size; i++) {
        buf_add_str(query, value.data[i] == '"' || value.data[i] == '\\' ? "\\" : "");
        buf_add_char(query, value.data[i]);
    }
    buf_add_char(query, '"');
}
