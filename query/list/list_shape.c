#include "query/list/list_internal.h"
#include "query/list/list_rows.h"
#include "schema/text/ascii.h"

#include "query/ioc/indicator_parse.h"

enum { SAMPLE_LINES = 200, HEADER_LINES = 80, HEADER_CELL_BYTES = 60 };

static const char delimiters[] = {'\t', ',', ';', '|'};

struct sample {
    struct span text;                /* all of it */
    struct span lines[SAMPLE_LINES]; /* without empty ones */
    int64_t numbers[SAMPLE_LINES];
    size_t count;
};

static void take_sample(struct span text, struct sample *out)
{
    out->count = 0;
    out->text = text;
    for (int64_t number = 1; text.size > 0 && out->count < SAMPLE_LINES; number++) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        struct span line = list_trim(span_of(text.data, size));
        if (line.size > 0) {
            out->lines[out->count] = line;
            out->numbers[out->count++] = number;
        }
        text = span_from(text, size + 1);
    }
}

struct span list_bare_header(struct span line)
{
    line = list_trim(line);
    while (line.size > 0 && memchr("#; ", line.data[0], 3)) {
        line = span_from(line, 1);
    }
    if (span_starts(line, "fields\t")) {
        line = span_from(line, 7);
    }
    return line;
}

bool list_is_remark_line(struct span line, char delimiter)
{
    return line.size > 0 &&
           (line.data[0] == '#' ||
            (line.data[0] == ';' && (delimiter != ';' || span_starts(line, "; "))) ||
            span_starts(line, "//"));
}

/* |---|:--| below a header, |=== around a table. */
static bool is_rule(struct span line)
{
    for (size_t i = 0; i < line.size; i++) {
        if (!memchr("-=|:+ ", line.data[i], 6)) {
            return false;
        }
    }
    return true;
}

/* Letters, digits and what stands between the words of a name. */
static bool is_name(struct span cell)
{
    for (size_t i = 0; i < cell.size; i++) {
        if (memchr(".=\\@'\"[]{}", cell.data[i], 9) && !span_starts(cell, "meta.")) {
            return false;
        }
    }
    return cell.size <= HEADER_CELL_BYTES;
}

static bool has_value(struct list_reader *reader, struct span cell)
{
    struct list_word word;
    struct indicator indicator;
    for (size_t at = 0; list_word_next(cell, &at, &word);) {
        if (!indicator_parse(word.text, &reader->normal, &indicator) && list_is_sure(&indicator)) {
            return true;
        }
    }
    return false;
}

size_t list_header_names(struct list_reader *reader, const struct list_rows *row, size_t *out_known)
{
    size_t named = 0;
    *out_known = 0;
    for (size_t i = 0; i < row->count; i++) {
        struct span cell = row->cells[i];
        if (cell.size == 0) {
            continue;
        }
        if (ascii_is_digit(cell.data[0]) || !is_name(cell) || has_value(reader, cell)) {
            return 0;
        }
        struct list_name name = list_name_of(cell);
        named++;
        *out_known += name.role == LIST_ROLE_VALUE || name.role == LIST_ROLE_KIND ||
                      name.role == LIST_ROLE_TYPE || name.role == LIST_ROLE_START;
    }
    return named;
}

static bool is_header(struct list_reader *reader, const struct list_rows *row)
{
    size_t known = 0;
    return list_header_names(reader, row, &known) >= 2 && known > 0;
}

static size_t cells_of(struct span line, char delimiter, struct list_rows *rows)
{
    list_rows_init(rows, line, delimiter);
    return list_rows_next(rows) ? rows->count : 0;
}

/* Has the first row behind the header about as many cells? */
static bool has_rows(const struct sample *sample, size_t header, size_t columns, char delimiter,
                     struct list_rows *rows)
{
    struct span line = sample->lines[header];
    size_t behind = (size_t)(line.data + line.size - sample->text.data);
    list_rows_init(rows, span_from(sample->text, behind), delimiter);
    bool is = false;
    for (bool found = false; !found && list_rows_next(rows);) {
        found = rows->text.size > 0 && !list_is_remark_line(rows->text, delimiter) &&
                !is_rule(rows->text);
        is = found && rows->count >= 2 && rows->count + 1 >= columns / 2;
    }
    list_rows_fini(rows);
    return is;
}

static bool find_header(struct list_reader *reader, const struct sample *sample, char delimiter,
                        int64_t *out_line)
{
    struct list_rows rows;
    for (size_t i = 0; i < sample->count && i < HEADER_LINES; i++) {
        struct span line = list_bare_header(sample->lines[i]);
        size_t count = cells_of(line, delimiter, &rows);
        bool is = count >= 2 && is_header(reader, &rows);
        list_rows_fini(&rows);
        if (is && has_rows(sample, i, count, delimiter, &rows)) {
            *out_line = sample->numbers[i];
            return true;
        }
    }
    return false;
}

/* Whole lines that are values, or of a program's form: then it is no table. */
static bool is_of_lines(struct list_reader *reader, const struct sample *sample,
                        enum list_line_form *out_form)
{
    size_t values = 0;
    size_t lines = 0;
    size_t forms[LIST_LINE_ZONE + 1] = {0};
    for (size_t i = 0; i < sample->count; i++) {
        struct indicator indicator;
        struct span line = sample->lines[i];
        if (list_is_remark_line(line, '\0')) {
            continue;
        }
        lines++;
        forms[list_line_form_of(line, text_has(line))]++;
        values += !indicator_parse(line, &reader->normal, &indicator);
    }
    *out_form = LIST_LINE_PLAIN;
    for (int form = LIST_LINE_HOSTS; form <= LIST_LINE_ZONE; form++) {
        if (forms[form] * 2 >= lines && forms[form] > 0) {
            *out_form = (enum list_line_form)form;
        }
    }
    return *out_form != LIST_LINE_PLAIN || (values * 2 > lines);
}

/* Have nine of ten lines as many cells, of which one column at least holds indicators? */
static bool is_even(struct list_reader *reader, const struct sample *sample, char delimiter)
{
    size_t counts[LIST_ROW_CELLS_MAX + 1] = {0};
    size_t plain[LIST_ROW_CELLS_MAX] = {0};
    size_t lines = 0;
    struct list_rows rows;
    list_rows_init(&rows, sample->text, delimiter);
    while (lines < SAMPLE_LINES && list_rows_next(&rows)) {
        if (rows.text.size == 0 || list_is_remark_line(rows.text, delimiter) ||
            is_rule(rows.text)) {
            continue;
        }
        counts[rows.count]++;
        lines++;
        for (size_t c = 0; c < rows.count; c++) {
            struct indicator indicator;
            plain[c] += !indicator_parse(rows.cells[c], &reader->normal, &indicator) &&
                        list_is_sure(&indicator);
        }
    }
    list_rows_fini(&rows);
    size_t most = 0;
    size_t column = 0;
    for (size_t i = 2; i <= LIST_ROW_CELLS_MAX; i++) {
        most = counts[i] > most ? counts[i] : most;
        column = plain[i - 1] > column ? plain[i - 1] : column;
    }
    column = plain[0] > column ? plain[0] : column;
    return most * 10 >= lines * 9 && most > 0 && column * 3 >= lines;
}

/* A first row of names, none of which is known: no value is in it, as there is in the others. */
static int64_t unknown_header(struct list_reader *reader, const struct sample *sample,
                              char delimiter)
{
    struct list_rows rows;
    size_t known = 0;
    size_t first = 0;
    while (first < sample->count && list_is_remark_line(sample->lines[first], delimiter)) {
        first++;
    }
    if (first + 1 >= sample->count) {
        return 0;
    }
    size_t count = cells_of(sample->lines[first], delimiter, &rows);
    bool is = count >= 2 && list_header_names(reader, &rows, &known) >= 2;
    list_rows_fini(&rows);
    return is ? sample->numbers[first] : 0;
}

static const char *table_name(char delimiter, bool header)
{
    switch (delimiter) {
    case '\t':
        return header ? "table with tabs and a header" : "table with tabs, without a header";
    case ',':
        return header ? "table with commas and a header" : "table with commas, without a header";
    case ';':
        return header ? "table with semicolons and a header"
                      : "table with semicolons, without a header";
    default:
        return header ? "table with | and a header" : "table with |, without a header";
    }
}

struct list_shape list_shape_of(struct list_reader *reader, struct span text)
{
    struct sample sample;
    enum list_line_form form;
    take_sample(text, &sample);
    for (size_t i = 0; i < sizeof delimiters; i++) {
        int64_t header = 0;
        if (find_header(reader, &sample, delimiters[i], &header)) {
            return (struct list_shape){.is_table = true,
                                       .delimiter = delimiters[i],
                                       .header = header,
                                       .name = table_name(delimiters[i], true)};
        }
    }
    if (is_of_lines(reader, &sample, &form)) {
        const char *name = list_line_form_name(form);
        return (struct list_shape){.name = name ? name : "lines", .form = form};
    }
    for (size_t i = 0; i < sizeof delimiters; i++) {
        if (is_even(reader, &sample, delimiters[i])) {
            int64_t header = unknown_header(reader, &sample, delimiters[i]);
            return (struct list_shape){.is_table = true,
                                       .delimiter = delimiters[i],
                                       .header = header,
                                       .name = table_name(delimiters[i], header > 0)};
        }
    }
    return (struct list_shape){.name = "lines"};
}
