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

enum status block_words_gather(struct block_words *words, const struct block_columns *columns,
                               struct err *err)
{
    buf_clear(&words->text);
    for (size_t i = 0; i < columnar_column_count(columns->reader); i++) {
        uint32_t path;
        const struct columnar_column *column = NULL;
        if (columnar_column_way(columns->reader, i, &path) != COLUMNAR_TEXT) {
            continue;
        }
        enum status status = columnar_column(columns->reader, i, &column, err);
        struct columnar_walk walk = columnar_walk(columns->vocabulary, column);
        bool ok = true;
        for (size_t k = 0; status == OK && ok && k < column->n_values; k++) {
            ok = add_value(words, path, columnar_walk_next(&walk));
        }
        if (status != OK || !ok) {
            return status != OK ? status : err_nomem(err, "words");
        }
    }
    return buf_status(&words->text, "words", err);
}
