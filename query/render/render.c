/* One buffered line an event; the form decides whether the event is parsed at all (table, CSV) or
 * its bytes are written as they are. One thread. */
#include "query/render/render.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "query/render/event_summary.h"
#include "query/render/terminal_text.h"

static const char *const form_names[] = {"table", "json", "ndjson", "raw", "csv"};

bool render_form_find(const char *name, enum render_form *out_form)
{
    for (size_t i = 0; i < sizeof form_names / sizeof form_names[0]; i++) {
        if (strcmp(name, form_names[i]) == 0) {
            *out_form = (enum render_form)i;
            return true;
        }
    }
    return false;
}

/* COLUMNS when it is set, else the terminal's width; without a terminal no limit. */
static size_t find_columns(FILE *out)
{
    const char *columns = getenv("COLUMNS");
    long set = columns ? strtol(columns, NULL, 10) : 0;
    if (set >= 20 && set < 10000) {
        return (size_t)set;
    }
    struct winsize size;
    if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) {
        return size.ws_col;
    }
    return SIZE_MAX;
}

void render_init(struct render *render, enum render_form form, FILE *out)
{
    const char *no_colour = getenv("NO_COLOR");
    *render = (struct render){.form = form, .out = out, .columns = find_columns(out)};
    render->colour = isatty(fileno(out)) && !(no_colour && *no_colour);
}

void render_fini(struct render *render)
{
    buf_fini(&render->line);
    arena_fini(&render->arena);
}

static enum status flush_line(struct render *render, struct err *err)
{
    enum status status = buf_status(&render->line, "output", err);
    if (status == OK &&
        fwrite(render->line.data, 1, render->line.size, render->out) != render->line.size) {
        status = err_errno(err, errno, "writing the output");
    }
    buf_clear(&render->line);
    return status;
}

static const char *severity_colour(enum event_severity severity)
{
    static const char *const colours[] = {"", "", "\x1b[33m", "\x1b[31m", "\x1b[35m"};
    return colours[severity];
}

/* One cell padded to `width`, and two spaces; *left is what the line has room for. */
static void add_cell(struct buf *line, struct span text, size_t width, size_t *left)
{
    size_t room = width < *left ? width : *left;
    size_t used = terminal_text_add(line, text, room);
    *left -= used;
    while (width != SIZE_MAX && used < width + 2 && *left > 0) {
        buf_add_char(line, ' ');
        used++;
        (*left)--;
    }
}

static void table_line(struct render *render, const struct search_hit *hit,
                       const struct event *event)
{
    enum { TIME = 20, SEVERITY = 5, ADDRESS = 15, WIDE = 110 };
    /* A narrow terminal cuts type and actor, so that the address is still seen. */
    const size_t type_width = render->columns < WIDE ? 16 : 26;
    const size_t actor_width = render->columns < WIDE ? 12 : 24;
    struct buf *line = &render->line;
    struct event_summary summary = event_summary_of(event);
    size_t left = render->columns;
    char time[CLOCK_TEXT_BYTES];
    /* Whole seconds: the fraction is in the event. */
    int64_t fraction = hit->time_us % CLOCK_SECOND_US;
    (void)clock_format(hit->time_us - fraction - (fraction < 0 ? CLOCK_SECOND_US : 0), time);
    const char *colour = render->colour ? severity_colour(summary.severity) : "";
    add_cell(line, span_str(time), TIME, &left);
    buf_add_str(line, colour);
    add_cell(line, span_str(event_severity_text(summary.severity)), SEVERITY, &left);
    buf_add_str(line, *colour ? "\x1b[0m" : "");
    add_cell(line, summary.type, type_width, &left);
    add_cell(line, summary.actor, actor_width, &left);
    add_cell(line, summary.address, ADDRESS, &left);
    add_cell(line, summary.target, SIZE_MAX, &left);
    while (line->size > 0 && line->data[line->size - 1] == ' ') {
        line->size--;
    }
    buf_add_char(line, '\n');
}

static void csv_cell(struct buf *line, struct span text, char after)
{
    bool quote = false;
    for (size_t i = 0; i < text.size; i++) {
        quote = quote || memchr("\",\r\n", text.data[i], 4);
    }
    if (quote) {
        buf_add_char(line, '"');
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"') {
            buf_add_char(line, '"');
        }
        buf_add_char(line, text.data[i]);
    }
    if (quote) {
        buf_add_char(line, '"');
    }
    buf_add_char(line, after);
}

static void csv_line(struct render *render, const struct search_hit *hit, const struct event *event)
{
    struct event_summary summary = event_summary_of(event);
    struct buf *line = &render->line;
    char time[CLOCK_TEXT_BYTES];
    csv_cell(line, span_str(clock_format(hit->time_us, time)), ',');
    csv_cell(line, span_str(event_severity_text(summary.severity)), ',');
    csv_cell(line, summary.type, ',');
    csv_cell(line, summary.code, ',');
    csv_cell(line, summary.actor, ',');
    csv_cell(line, summary.address, ',');
    csv_cell(line, summary.target, ',');
    csv_cell(line, event->uid, '\r');
    buf_add_char(line, '\n');
}

/* White space between tokens is the only place where a line break can stand. */
static void one_line(struct buf *line, struct span raw)
{
    size_t start = line->size;
    buf_add_span(line, raw);
    for (size_t i = start; i < line->size; i++) {
        if (line->data[i] == '\n' || line->data[i] == '\r') {
            line->data[i] = ' ';
        }
    }
}

static void head(struct render *render)
{
    if (render->form == RENDER_JSON) {
        buf_add_str(&render->line, "[\n");
    } else if (render->form == RENDER_CSV) {
        buf_add_str(&render->line, "time,severity,event,code,actor,address,target,uid\r\n");
    }
}

enum status render_hit(struct render *render, const struct search_hit *hit, struct err *err)
{
    struct event event = {0};
    bool parse = render->form == RENDER_TABLE || render->form == RENDER_CSV;
    arena_reset(&render->arena);
    if (parse && !event_parse(hit->raw, hit->received_us, &render->arena, &event)) {
        return err_set(err, ERR_CORRUPT, "an event that cannot be read");
    }
    if (render->count++ == 0) {
        head(render);
    } else if (render->form == RENDER_JSON) {
        buf_add_str(&render->line, ",\n");
    }
    switch (render->form) {
    case RENDER_TABLE:
        table_line(render, hit, &event);
        break;
    case RENDER_CSV:
        csv_line(render, hit, &event);
        break;
    case RENDER_JSON:
        buf_add_span(&render->line, hit->raw);
        break;
    case RENDER_NDJSON:
        one_line(&render->line, hit->raw);
        buf_add_char(&render->line, '\n');
        break;
    case RENDER_RAW:
        buf_add_span(&render->line, hit->raw);
        buf_add_char(&render->line, '\n');
        break;
    }
    return flush_line(render, err);
}

enum status render_end(struct render *render, struct err *err)
{
    if (render->count == 0) {
        head(render);
    }
    if (render->form == RENDER_JSON) {
        buf_add_str(&render->line, render->count ? "\n]\n" : "]\n");
    }
    return flush_line(render, err);
}
