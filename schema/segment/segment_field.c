/* Whether a segment is known to have a field. */
#include "schema/segment/segment_internal.h"

static bool has_lists(const struct vocabulary *vocabulary, uint32_t path)
{
    for (uint32_t i = 0; i < vocabulary->values.count; i++) {
        const struct dictionary_value *value = &vocabulary->values.values[i];
        if (value->field == path && (value->text[0] == '[' || value->text[0] == '{')) {
            return true;
        }
    }
    return false;
}

/* Whether a line that was not cut has the text: a key, as it is mostly spelled. */
static enum status lines_have(struct segment *segment, int64_t block, struct span text,
                              bool *out_have, struct err *err)
{
    struct block_columns columns;
    const struct columnar_column *column = NULL;
    enum status status = segment_open_columns(segment, SEGMENT_DATA_EVENTS, block, &columns, err);
    for (size_t i = 0; status == OK && i < columnar_column_count(columns.reader); i++) {
        uint32_t path;
        (void)columnar_column_way(columns.reader, i, &path);
        if (path == SEGMENT_PATH_LINE) {
            status = columnar_column(columns.reader, i, &column, err);
            break;
        }
    }
    struct columnar_walk walk = columnar_walk(segment->vocabulary, column);
    for (size_t i = 0; status == OK && column && !*out_have && i < column->n_values; i++) {
        struct span line = columnar_walk_next(&walk).text;
        *out_have = memmem(line.data, line.size, text.data, text.size) != NULL;
    }
    return status;
}

static struct span last_key(struct span field)
{
    for (size_t i = field.size; i > 0; i--) {
        if (field.data[i - 1] == '.') {
            return span_from(field, i);
        }
    }
    return field;
}

enum status segment_knows_field(struct segment *segment, struct span field, bool *out_knows,
                                struct err *err)
{
    const struct vocabulary *vocabulary;
    enum status status = segment_vocabulary(segment, &vocabulary, err);
    bool knows = false;
    for (uint32_t path = 1; status == OK && !knows && path < intern_count(&vocabulary->paths);
         path++) {
        enum segment_path_role role = segment_path_role(segment, path, field);
        knows = role == SEGMENT_PATH_IS_FIELD ||
                (role == SEGMENT_PATH_IS_ABOVE && has_lists(vocabulary, path));
    }
    for (size_t i = 0; status == OK && !knows && i < segment->blocks.count; i++) {
        const struct block_info *info = &segment->blocks.items[i];
        if (info->whole_lines > 0) {
            status = lines_have(segment, info->id, last_key(field), &knows, err);
        }
    }
    if (status == OK) {
        *out_knows = knows;
    }
    return status;
}
