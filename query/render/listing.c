/* Cells are turned into the text of their form when they are added, so that a row is written by
 * putting texts together. The first rows of a table are held back until the widths of its columns
 * are known. */
#include "query/render/listing.h"

#include <errno.h>
#include <math.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "query/render/listing_layout.h"
#include "query/render/local_time.h"
#include "schema/text/suggest.h"

enum { HELD_ROWS = 200, NAMES_MAX = 64, NAME_BYTES = 64 };

static bool is_json(const struct listing *rows)
{
    return rows->form == LISTING_JSON || rows->form == LISTING_NDJSON;
}

/* COLUMNS when it is set, else the terminal's width; without a terminal no limit. */
static size_t find_width(FILE *out)
{
    if (!isatty(fileno(out))) {
        return SIZE_MAX;
    }
    const char *columns = getenv("COLUMNS");
    long set = columns ? strtol(columns, NULL, 10) : 0;
    struct winsize size;
    if (set >= 20 && set < 10000) {
        return (size_t)set;
    }
    return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col >= 20 ? size.ws_col : SIZE_MAX;
}

static bool has_colour(FILE *out)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return isatty(fileno(out)) && !(no_colour && *no_colour) &&
           !(terminal && strcmp(terminal, "dumb") == 0);
}

static enum status no_column(const struct listing *rows, struct span name, struct err *err)
{
    const char *names[NAMES_MAX];
    char texts[NAMES_MAX][NAME_BYTES];
    char word[NAME_BYTES];
    size_t count = 0;
    (void)snprintf(word, sizeof word, "%.*s", SPAN_FMT(name));
    for (; count < rows->n_columns && count < NAMES_MAX; count++) {
        (void)snprintf(texts[count], NAME_BYTES, "%.*s", SPAN_FMT(rows->columns[count].name));
        names[count] = texts[count];
    }
    const char *near = suggest_name(word, names, count);
    if (near) {
        return err_set(err, ERR_USAGE, "--columns: no column is called \"%s\" (did you mean %s?)",
                       word, near);
    }
    struct buf all = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        buf_printf(&all, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    enum status status =
        err_set(err, ERR_USAGE, "--columns: no column is called \"%s\"; there are %.*s", word,
                SPAN_FMT(buf_span(&all)));
    buf_fini(&all);
    return status;
}

static enum status choose(struct listing *rows, const char *choice, struct err *err)
{
    for (struct span rest = span_str(choice);;) {
        const char *comma = rest.size ? memchr(rest.data, ',', rest.size) : NULL;
        struct span name = span_of(rest.data, comma ? (size_t)(comma - rest.data) : rest.size);
        size_t i = 0;
        while (i < rows->n_columns && !span_equal(rows->columns[i].name, name)) {
            i++;
        }
        if (i == rows->n_columns) {
            return no_column(rows, name, err);
        }
        if (!vec_push(&rows->shown, i)) {
            return err_nomem(err, "output");
        }
        if (!comma) {
            return OK;
        }
        rest = span_from(rest, name.size + 1);
    }
}

static enum status choose_usual(struct listing *rows, struct err *err)
{
    bool table = rows->form == LISTING_TABLE;
    unsigned hidden = !table                          ? 0
                      : rows->columns_max != SIZE_MAX ? LISTING_MORE | LISTING_PIPE
                                                      : LISTING_MORE;
    for (size_t i = 0; i < rows->n_columns; i++) {
        if (!(rows->columns[i].flags & hidden) && !vec_push(&rows->shown, i)) {
            return err_nomem(err, "output");
        }
    }
    return OK;
}

enum status listing_begin(struct listing *rows, enum listing_form form,
                          const struct listing_column *columns, size_t count, const char *choice,
                          FILE *out, struct err *err)
{
    *rows = (struct listing){
        .form = form, .out = out, .columns = columns, .n_columns = count, .chosen = choice != NULL};
    rows->columns_max = find_width(out);
    rows->colour = has_colour(out);
    return choice ? choose(rows, choice, err) : choose_usual(rows, err);
}

void listing_fini(struct listing *rows)
{
    vec_fini(&rows->shown);
    vec_fini(&rows->cells);
    vec_fini(&rows->wide);
    buf_fini(&rows->text);
    buf_fini(&rows->line);
}

bool listing_wants(const struct listing *rows, size_t column)
{
    for (size_t i = 0; i < rows->shown.count; i++) {
        if (rows->shown.items[i] == column) {
            return true;
        }
    }
    return false;
}

/* The text from `at` on is the next cell's. */
static void add_cell(struct listing *rows, size_t at, bool is_verbatim)
{
    struct listing_cell cell = {
        .at = at, .size = rows->text.size - at, .is_verbatim = is_verbatim, .colour = NULL};
    rows->text.failed |= !vec_push(&rows->cells, cell);
}

void listing_text(struct listing *rows, struct span text)
{
    size_t at = rows->text.size;
    if (is_json(rows) && text.data) {
        buf_add_json(&rows->text, text);
    } else if (is_json(rows)) {
        buf_add_str(&rows->text, "null");
    } else {
        buf_add_span(&rows->text, text);
    }
    add_cell(rows, at, false);
}

void listing_str(struct listing *rows, const char *text)
{
    listing_text(rows, text ? span_str(text) : span_of(NULL, 0));
}

void listing_int(struct listing *rows, int64_t number)
{
    size_t at = rows->text.size;
    buf_printf(&rows->text, "%lld", (long long)number);
    add_cell(rows, at, true);
}

void listing_double(struct listing *rows, double number)
{
    size_t at = rows->text.size;
    if (!isfinite(number)) {
        listing_null(rows);
        return;
    }
    buf_printf(&rows->text, "%.17g", number);
    add_cell(rows, at, true);
}

void listing_verbatim(struct listing *rows, struct span text)
{
    size_t at = rows->text.size;
    buf_add_span(&rows->text, text);
    add_cell(rows, at, true);
}

void listing_bool(struct listing *rows, bool is)
{
    size_t at = rows->text.size;
    buf_add_str(&rows->text, rows->form == LISTING_TABLE ? is ? "yes" : "no"
                             : is                        ? "true"
                                                         : "false");
    add_cell(rows, at, true);
}

void listing_null(struct listing *rows)
{
    listing_text(rows, span_of(NULL, 0));
}

void listing_time(struct listing *rows, int64_t time_us)
{
    char text[LOCAL_TIME_BYTES];
    if (time_us == INT64_MIN || time_us == INT64_MAX) {
        listing_null(rows);
    } else if (is_json(rows)) {
        listing_str(rows, clock_format(time_us, text));
    } else {
        listing_str(rows, rows->form == LISTING_TABLE ? local_time_seconds(time_us, text)
                                                      : local_time_format(time_us, text));
    }
}

void listing_day(struct listing *rows, int64_t time_us)
{
    char text[CLOCK_TEXT_BYTES];
    listing_str(rows, clock_format_day(time_us, text));
}

void listing_list(struct listing *rows, const struct span *items, size_t count)
{
    size_t at = rows->text.size;
    buf_add_str(&rows->text, is_json(rows) ? "[" : "");
    for (size_t i = 0; i < count; i++) {
        buf_add_str(&rows->text, i == 0 ? "" : is_json(rows) ? "," : ", ");
        if (is_json(rows)) {
            buf_add_json(&rows->text, items[i]);
        } else {
            buf_add_span(&rows->text, items[i]);
        }
    }
    buf_add_str(&rows->text, is_json(rows) ? "]" : "");
    add_cell(rows, at, false);
}

void listing_colour(struct listing *rows, const char *colour)
{
    if (rows->colour && *colour && rows->cells.count > 0) {
        vec_last(&rows->cells)->colour = colour;
    }
}

static struct span cell_text(const struct listing *rows, size_t number)
{
    const struct listing_cell *cell = vec_at(&rows->cells, number);
    return cell->size ? span_of(rows->text.data + cell->at, cell->size) : span_of("", 0);
}

static bool is_formula(struct span text)
{
    /* = + - @, what a spreadsheet skips in front of them, and their full-width forms */
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                       "\xef\xbc\xa0"};
    bool is = text.size > 0 && memchr("=+-@\t\r\n", text.data[0], 7);
    for (size_t i = 0; !is && i < sizeof wide / sizeof wide[0]; i++) {
        is = text.size >= 3 && memcmp(text.data, wide[i], 3) == 0;
    }
    return is;
}

static void add_csv(struct listing *rows, struct span text, bool is_number)
{
    struct buf *line = &rows->line;
    bool quote = false;
    bool guard = rows->form == LISTING_CSV_SAFE && !is_number && is_formula(text);
    for (size_t i = 0; !quote && i < text.size; i++) {
        quote = memchr("\",\r\n", text.data[i], 4);
    }
    buf_add_str(line, quote ? "\"" : "");
    buf_add_str(line, guard ? "'" : "");
    if (!quote) {
        buf_add_span(line, text);
        return;
    }
    for (size_t i = 0; i < text.size; i++) {
        buf_add_str(line, text.data[i] == '"' ? "\"" : "");
        buf_add_char(line, text.data[i]);
    }
    buf_add_char(line, '"');
}

static void csv_head(struct listing *rows)
{
    for (size_t i = 0; i < rows->shown.count; i++) {
        buf_add_str(&rows->line, i > 0 ? "," : "");
        add_csv(rows, rows->columns[rows->shown.items[i]].name, false);
    }
    buf_add_str(&rows->line, "\r\n");
}

static void csv_row(struct listing *rows)
{
    for (size_t i = 0; i < rows->shown.count; i++) {
        size_t number = rows->shown.items[i];
        buf_add_str(&rows->line, i > 0 ? "," : "");
        add_csv(rows, cell_text(rows, number), vec_at(&rows->cells, number)->is_verbatim);
    }
    buf_add_str(&rows->line, "\r\n");
}

static void json_row(struct listing *rows)
{
    struct buf *line = &rows->line;
    if (rows->form == LISTING_JSON && rows->is_open) {
        buf_add_str(line, ",\n");
    }
    for (size_t i = 0; i < rows->shown.count; i++) {
        buf_add_char(line, i ? ',' : '{');
        buf_add_json(line, rows->columns[rows->shown.items[i]].name);
        buf_add_char(line, ':');
        buf_add_span(line, cell_text(rows, rows->shown.items[i]));
    }
    buf_add_str(line, rows->form == LISTING_NDJSON ? "}\n" : "}");
}

/* The first line; of a table with the rows that were held back. */
static enum status open_output(struct listing *rows, struct err *err)
{
    bool table = rows->form == LISTING_TABLE;
    if (rows->form == LISTING_JSON) {
        buf_add_str(&rows->line, "[\n");
    } else if (rows->form == LISTING_CSV || rows->form == LISTING_CSV_SAFE) {
        csv_head(rows);
    } else if (table && rows->n_held > 0 && !listing_layout_open(rows)) {
        return err_nomem(err, "output");
    }
    for (size_t i = 0; table && i < rows->n_held; i++) {
        listing_layout_add(rows, i * rows->n_columns);
    }
    rows->n_held = 0;
    return OK;
}

static enum status write_line(struct listing *rows, struct err *err)
{
    enum status status = buf_status(&rows->text, "output", err);
    status = THEN(status, buf_status(&rows->line, "output", err));
    if (status == OK && rows->line.size > 0 &&
        fwrite(rows->line.data, 1, rows->line.size, rows->out) != rows->line.size) {
        status = err_errno(err, errno, "writing the output");
    }
    buf_clear(&rows->line);
    if (rows->n_held == 0) {
        buf_clear(&rows->text);
        vec_clear(&rows->cells);
    }
    return status;
}

enum status listing_flush(struct listing *rows, struct err *err)
{
    enum status status = OK;
    if (rows->n_held > 0) {
        status = buf_status(&rows->text, "output", err);
        status = THEN(status, open_output(rows, err));
        rows->is_open = true;
        status = THEN(status, write_line(rows, err));
        status = status == OK && fflush(rows->out) != 0
                     ? err_errno(err, errno, "writing the output")
                     : status;
    }
    return status;
}

enum status listing_next(struct listing *rows, struct err *err)
{
    enum status status = OK;
    CHECK(rows->text.failed || rows->cells.count % rows->n_columns == 0);
    rows->count++;
    if (rows->form == LISTING_TABLE && !rows->is_open) {
        return ++rows->n_held == HELD_ROWS ? listing_flush(rows, err) : OK;
    }
    if (rows->form != LISTING_TABLE && !rows->is_open) {
        status = open_output(rows, err);
    }
    if (status != OK || rows->text.failed) {
        return THEN(status, write_line(rows, err));
    }
    if (rows->form == LISTING_TABLE) {
        listing_layout_add(rows, 0);
    } else if (is_json(rows)) {
        json_row(rows);
    } else {
        csv_row(rows);
    }
    rows->is_open = true;
    return write_line(rows, err);
}

enum status listing_end(struct listing *rows, struct err *err)
{
    enum status status = listing_flush(rows, err);
    if (status == OK && rows->form == LISTING_JSON) {
        buf_add_str(&rows->line, rows->count > 0 ? "\n]\n" : "[]\n");
    } else if (status == OK && rows->form != LISTING_TABLE && !rows->is_open) {
        status = open_output(rows, err);
    }
    return THEN(status, write_line(rows, err));
}
