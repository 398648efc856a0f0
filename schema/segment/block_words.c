#include "schema/segment/block_words.h"

#include "schema/db/db.h"

void block_words_fini(struct block_words *words)
{
    event_value_reader_fini(&words->reader);
    buf_fini(&words->text);
    arena_fini(&words->arena);
}

static bool add_field(void *context, const struct event_field *field)
{
    struct buf *text = context;
    buf_add_span(text, field->value);
    buf_add_char(text, DB_RECORD_SEPARATOR);
    return true;
}

static bool add_line(struct block_words *words, struct span line)
{
    struct event event;
    arena_reset(&words->arena);
    if (!event_parse(line, 0, &words->arena, &event)) {
        return false;
    }
    for (size_t i = 0; i < event.n_fields; i++) {
        (void)add_field(&words->text, &event.fields[i]);
    }
    return true;
}

static bool add_value(struct block_words *words, uint32_t path, struct columnar_value value)
{
    if (path == SEGMENT_PATH_LINE) {
        return add_line(words, value.text);
    }
    if (value.is_string && span_find(value.text, '\\') == value.text.size) {
        const struct event_field field = {.value = value.text};
        return add_field(&words->text, &field);
    }
    return event_value_fields(&words->reader, span_of("", 0), value.text, value.is_string,
                              add_field, &words->text);
}

/* The values of a text column, or the odd ones of a column with a form. */
static bool add_column(struct block_words *words, const struct block_columns *columns,
                       const struct columnar_column *column)
{
    bool ok = true;
    for (size_t k = 0; ok && k < column->n_odd; k++) {
        ok = add_value(words, column->path, columnar_value_of(column->odd_texts[k]));
    }
    struct columnar_walk walk = columnar_walk(columns->vocabulary, column);
    memset(&words->recents, 0, sizeof words->recents);
    for (size_t k = 0; ok && column->way == COLUMNAR_TEXT && k < column->n_values; k++) {
        struct columnar_value value = columnar_walk_next(&walk);
        ok = columnar_recents_had(&words->recents, value) || add_value(words, column->path, value);
    }
    return ok;
}

static bool has_text(const struct columnar_reader *reader, size_t i)
{
    uint32_t path;
    bool has_odd = false;
    enum columnar_way way = columnar_column_way(reader, i, &path);
    if (way == COLUMNAR_FORM) {
        (void)columnar_column_form(reader, i, &has_odd);
    }
    return way == COLUMNAR_TEXT || has_odd;
}

enum status block_words_gather(struct block_words *words, const struct block_columns *columns,
                               struct err *err)
{
    buf_clear(&words->text);
    for (size_t i = 0; i < columnar_column_count(columns->reader); i++) {
        const struct columnar_column *column = NULL;
        if (!has_text(columns->reader, i)) {
            continue;
        }
        enum status status = columnar_column(columns->reader, i, &column, err);
        if (status == OK && !add_column(words, columns, column)) {
            status = err_nomem(err, "words");
        }
        if (status != OK) {
            return status;
        }
    }
    return buf_status(&words->text, "words", err);
}
