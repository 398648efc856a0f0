/* One buffered line an event; the form decides whether the event is parsed at all (table, CSV) or
 * its bytes are written as they are. One thread. */
#include "query/render/render.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "query/render/event_sentence.h"
#include "query/render/event_summary.h"
#include "query/render/terminal_text.h"

/* Of a line's sentence, in bytes: more is in the event. */
enum { TABLE_SENTENCE_MAX = 2000 };

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
    buf_fini(&render->sentence);
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

/* One cell padded to `width`, and two spaces; *left is what the line has room for. Without a
 * terminal nothing is cut: what grep looks for must be there. */
static void add_cell(struct buf *line, struct span text, size_t width, size_t *left)
{
    bool cuts = *left != SIZE_MAX;
    size_t room = !cuts || *left < width ? *left : width;
    size_t used = terminal_text_add(line, text, room);
    const size_t end = (used > width ? used : width) + 2;
    while (width != SIZE_MAX && used < end && (!cuts || used < *left)) {
        buf_add_char(line, ' ');
        used++;
    }
    *left -= cuts ? used : 0;
}

/* Columns of the cells, by the columns of the terminal: a narrow one cuts type and actor, so that
 * address and sentence are still seen, and has no target, which the sentence names. */
struct table_widths {
    size_t from;
    size_t type;
    size_t actor;
    size_t target; /* 0: not shown */
};

static const struct table_widths *find_widths(size_t columns)
{
    static const struct table_widths widths[] = {
        {160, 26, 24, 20}, {110, 20, 16, 0}, {0, 16, 12, 0}};
    size_t at = 0;
    while (columns < widths[at].from) {
        at++;
    }
    return &widths[at];
}

static void table_line(struct render *render, const struct search_hit *hit,
                       const struct event *event)
{
    enum { TIME = 20, SEVERITY = 5, ADDRESS = 15 };
    const struct table_widths *widths = find_widths(render->columns);
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
    add_cell(line, summary.type, widths->type, &left);
    add_cell(line, summary.actor, widths->actor, &left);
    add_cell(line, summary.address, ADDRESS, &left);
    if (widths->target > 0) {
        add_cell(line, summary.target, widths->target, &left);
    }
    buf_clear(&render->sentence);
    event_sentence_add(&render->sentence, event, TABLE_SENTENCE_MAX);
    add_cell(line, buf_span(&render->sentence), SIZE_MAX, &left);
    line->failed |= !buf_ok(&render->sentence);
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
