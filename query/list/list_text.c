/* Texts: tables and lines. */
#include "query/list/list_internal.h"
#include "query/list/list_rows.h"

enum { SAMPLE_ROWS = 256, MD5_DIGITS = 32 };

struct table {
    struct list_reader *reader;
    struct list_rows rows;
    struct list_shape shape;
    unsigned said; /* bit 1 << role: a column says that of its row */
};

static bool is_rule_row(const struct list_rows *rows)
{
    for (size_t i = 0; i < rows->text.size; i++) {
        if (!memchr("-=|:+ ", rows->text.data[i], 6)) {
            return false;
        }
    }
    return true;
}

/* The columns get the names of the row, or numbers. */
static bool name_columns(struct table *table, const struct list_rows *header, size_t count)
{
    struct list_fields *fields = &table->reader->fields;
    list_fields_fini(fields);
    list_fields_init(fields);
    for (size_t i = 0; i < count; i++) {
        struct buf name = BUF_INIT;
        if (header && header->cells[i].size > 0) {
            buf_add_span(&name, header->cells[i]);
        }
        uint32_t number = INTERN_NONE;
        bool there = name.size > 0 && intern_find(&fields->names, buf_span(&name)) != INTERN_NONE;
        if (name.size == 0 || there) {
            buf_printf(&name, "%scolumn %zu", there ? " " : "", i + 1);
        }
        number = buf_ok(&name) ? list_fields_add(fields, buf_span(&name)) : INTERN_NONE;
        if (number != INTERN_NONE && there) {
            fields->items.items[number].says = list_name_of(header->cells[i]);
        } else if (number != INTERN_NONE && !(header && header->cells[i].size > 0)) {
            fields->items.items[number].says = (struct list_name){.kind = OBSERVABLE_KINDS};
        }
        buf_fini(&name);
        if (number == INTERN_NONE) {
            return false;
        }
    }
    return true;
}

/* What the columns hold, from the rows that come next. */
static bool judge_columns(struct table *table)
{
    struct list_fields *fields = &table->reader->fields;
    struct list_rows ahead;
    bool ok = true;
    list_rows_init(&ahead, table->rows.rest, table->rows.delimiter);
    for (size_t row = 0; ok && row < SAMPLE_ROWS && list_rows_next(&ahead); row++) {
        bool remark = list_is_remark_line(ahead.text, ahead.delimiter);
        if (fields->items.count < ahead.count && !remark && table->shape.header == 0) {
            ok = name_columns(table, NULL, ahead.count);
        }
        for (size_t i = 0; i < ahead.count && i < fields->items.count && !remark; i++) {
            list_field_see(list_fields_at(fields, (uint32_t)i), ahead.cells[i],
                           &table->reader->normal);
        }
    }
    list_rows_fini(&ahead);
    list_fields_judge_table(fields);
    table->said = 0;
    for (size_t i = 0; i < fields->items.count; i++) {
        const struct list_field *field = &fields->items.items[i];
        table->said |= field->use == LIST_USE_TYPE   ? 1u << LIST_ROLE_TYPE
                       : field->use == LIST_USE_SAID ? 1u << field->says.role
                                                     : 0;
    }
    return ok;
}

/* The first cell whose column says that; empty: none. */
static struct span cell_that_says(const struct table *table, enum list_role role)
{
    const struct list_fields *fields = &table->reader->fields;
    bool any = table->said >> role & 1;
    for (size_t i = 0; any && i < table->rows.count && i < fields->items.count; i++) {
        const struct list_field *field = &fields->items.items[i];
        bool is = role == LIST_ROLE_TYPE ? field->use == LIST_USE_TYPE
                                         : field->use == LIST_USE_SAID && field->says.role == role;
        if (is && table->rows.cells[i].size > 0) {
            return table->rows.cells[i];
        }
    }
    return span_of("", 0);
}

/* The note of the row; why it is not to be taken, or NULL. */
static const char *read_note(struct table *table)
{
    struct list_reader *reader = table->reader;
    struct span to_ids = cell_that_says(table, LIST_ROLE_TO_IDS);
    reader->note = INDICATOR_NOTE_NONE;
    reader->note.confidence = list_read_confidence(cell_that_says(table, LIST_ROLE_CONFIDENCE));
    reader->note.about = cell_that_says(table, LIST_ROLE_ABOUT);
    if (to_ids.size > 0 && !list_is_true(to_ids) && !reader->options->any_to_ids) {
        return "not meant for detection (to_ids): see --to-ids";
    }
    return list_note_until(reader, cell_that_says(table, LIST_ROLE_UNTIL));
}

static enum status take_column(struct table *table, struct list_field *field, struct span cell)
{
    struct list_reader *reader = table->reader;
    const struct list_report before = {.read = reader->report->read,
                                       .duplicates = reader->report->duplicates};
    bool kind = field->says.role == LIST_ROLE_KIND && field->says.kind != OBSERVABLE_KINDS;
    int64_t kinds[OBSERVABLE_KINDS + 1];
    memcpy(kinds, reader->report->kinds, sizeof kinds);
    enum status status =
        list_take_cell(reader, table->rows.line, cell, kind ? field->says.kind : OBSERVABLE_KINDS,
                       kind ? span_of("", 0) : cell_that_says(table, LIST_ROLE_TYPE));
    field->taken += reader->report->read - before.read;
    field->taken += reader->report->duplicates - before.duplicates;
    for (int i = 0; i <= OBSERVABLE_KINDS; i++) {
        field->kinds |= kinds[i] != reader->report->kinds[i] ? 1u << i : 0;
    }
    return status;
}

/* The columns of ranges are taken, too. */
static void count_range(struct list_fields *fields)
{
    for (size_t i = 0; i < fields->items.count; i++) {
        struct list_field *field = &fields->items.items[i];
        bool is = field->says.role == LIST_ROLE_START || field->says.role == LIST_ROLE_END;
        field->taken += is;
        field->kinds |= is ? 1u << OBSERVABLE_IP : 0;
    }
}

static enum status take_row(struct table *table)
{
    struct list_reader *reader = table->reader;
    struct list_rows *rows = &table->rows;
    struct span first = cell_that_says(table, LIST_ROLE_START);
    struct span last = cell_that_says(table, LIST_ROLE_END);
    const char *why = read_note(table);
    enum status status = OK;
    bool any = first.size > 0 && last.size > 0;
    if (why) {
        list_refuse(reader, rows->line, rows->text, why);
        return OK;
    }
    if (any) {
        struct buf *text = &reader->line;
        buf_clear(text);
        buf_printf(text, "%.*s-%.*s", SPAN_FMT(first), SPAN_FMT(last));
        status = buf_status(text, "list", reader->err);
        status = THEN(status, list_take_range(reader, rows->line, buf_span(text), first, last));
        count_range(&reader->fields);
    }
    for (size_t i = 0; status == OK && i < rows->count && i < reader->fields.items.count; i++) {
        struct list_field *field = list_fields_at(&reader->fields, (uint32_t)i);
        if (field->use == LIST_USE_VALUE && rows->cells[i].size > 0) {
            any = true;
            status = take_column(table, field, rows->cells[i]);
        }
    }
    if (status == OK && !any) {
        list_refuse(reader, rows->line, rows->text, "no indicator in this row");
    }
    return status;
}

/* hashes.csv of a MISP feed: MD5 of values, each with the UUID of its event. */
static bool is_misp_hashes(const struct list_rows *rows)
{
    bool is = rows->count == 2 && rows->cells[0].size == MD5_DIGITS && rows->cells[1].size == 36;
    for (size_t i = 0; is && i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        is = dash == (rows->cells[1].data[i] == '-');
    }
    return is;
}

/* A row of the table, or a line around it. */
static enum status take_table_line(struct table *table)
{
    struct list_reader *reader = table->reader;
    struct list_rows *rows = &table->rows;
    bool header = rows->line == table->shape.header;
    if (header) {
        struct list_rows names;
        list_rows_init(&names, list_bare_header(rows->text), rows->delimiter);
        bool ok = list_rows_next(&names) && name_columns(table, &names, names.count) &&
                  judge_columns(table);
        list_rows_fini(&names);
        return ok ? OK : err_nomem(reader->err, "list");
    }
    if (list_is_remark_line(rows->text, rows->delimiter) || is_rule_row(rows)) {
        return OK;
    }
    if (rows->count < 2 || rows->line < table->shape.header) {
        reader->note = INDICATOR_NOTE_NONE;
        return list_take_line(reader, rows->line, rows->text);
    }
    size_t known = 0;
    if (table->shape.header > 0 && list_header_names(reader, rows, &known) >= 2 && known >= 2) {
        list_fields_report(&reader->fields, reader->report);
        bool ok = name_columns(table, rows, rows->count) && judge_columns(table);
        return ok ? OK : err_nomem(reader->err, "list");
    }
    return take_row(table);
}

static enum status read_table(struct list_reader *reader, struct span text, struct list_shape shape)
{
    struct table table = {.reader = reader, .shape = shape};
    enum status status = OK;
    list_rows_init(&table.rows, text, shape.delimiter);
    reader->report->header = shape.header;
    if (shape.header == 0 && !(name_columns(&table, NULL, 0) && judge_columns(&table))) {
        status = err_nomem(reader->err, "list");
    }
    while (status == OK && list_rows_next(&table.rows)) {
        if (table.rows.line == 1 && is_misp_hashes(&table.rows)) {
            status = err_set(reader->err, ERR_FORMAT,
                             "a MISP feed's hashes.csv has digests of values: give the feed's "
                             "events");
        } else if (table.rows.text.size > 0) {
            status = take_table_line(&table);
        }
    }
    list_rows_fini(&table.rows);
    return status;
}

static enum status read_lines(struct list_reader *reader, struct span text)
{
    enum status status = OK;
    for (int64_t number = 1; status == OK && text.size > 0; number++) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        status = list_take_line(reader, number, span_of(text.data, size));
        text = span_from(text, size + 1);
    }
    return status;
}

/* Line ends of old Macs: a carriage return alone becomes one. */
static bool with_line_ends(struct span *text, struct buf *out)
{
    const char *end = text->size > 0 ? memchr(text->data, '\r', text->size) : NULL;
    while (end && end + 1 < text->data + text->size && end[1] == '\n') {
        end = memchr(end + 1, '\r', (size_t)(text->data + text->size - end) - 1);
    }
    if (!end) {
        return true;
    }
    buf_add_span(out, *text);
    for (size_t i = 0; buf_ok(out) && i < out->size; i++) {
        bool alone = out->data[i] == '\r' && (i + 1 == out->size || out->data[i + 1] != '\n');
        out->data[i] = alone ? '\n' : out->data[i];
    }
    *text = buf_span(out);
    return buf_ok(out);
}

enum status list_read_text(struct list_reader *reader, struct span text)
{
    struct buf copy = BUF_INIT;
    if (!with_line_ends(&text, &copy)) {
        buf_fini(&copy);
        return err_nomem(reader->err, "list");
    }
    struct list_shape shape = list_shape_of(reader, text);
    reader->report->form = shape.is_table ? LIST_TABLE : LIST_LINES;
    reader->report->shape = shape.name;
    reader->form = shape.form;
    enum status status =
        shape.is_table ? read_table(reader, text, shape) : read_lines(reader, text);
    list_fields_report(&reader->fields, reader->report);
    buf_fini(&copy);
    return status;
}
