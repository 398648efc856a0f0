#include "schema/segment/segment_observable.h"

#include "schema/segment/segment_internal.h"

enum status segment_observable_read(struct segment *segment, int64_t block,
                                    struct observable_index *index, bool *out_is_there,
                                    struct err *err)
{
    sqlite3_stmt *stmt;
    struct span list;
    enum status status =
        segment_blob(segment, SEGMENT_OBSERVABLES, DB_WITH(DB_INT(block)), &stmt, &list, err);
    *out_is_there = false;
    if (status != OK) {
        return status == ERR_CORRUPT ? OK : status;
    }
    buf_clear(&index->bytes);
    buf_add_span(&index->bytes, list);
    (void)sqlite3_reset(stmt);
    status = buf_status(&index->bytes, segment->path, err);
    if (status == OK) {
        *out_is_there = observable_index_open(index, NULL) == OK;
    }
    return status;
}

struct segment_observable_path segment_observable_path(const struct segment *segment, uint32_t path)
{
    struct span name = segment_path_field(segment, path);
    return (struct segment_observable_path){path, name, observable_field(name)};
}

bool segment_observable_is_uuid(const struct segment_observable_path *path, struct span spelling)
{
    struct value_form_bits bits;
    return !path->field.words_are_files &&
           value_form_read((struct value_form){VALUE_FORM_UUID, 0}, spelling, &bits);
}

void segment_observable_scanner_fini(struct segment_observable_scanner *scanner)
{
    observable_scanner_fini(&scanner->scanner);
    event_value_reader_fini(&scanner->reader);
    arena_fini(&scanner->arena);
}

struct value_scan {
    struct segment_observable_scanner *scanner;
    const struct segment_observable_path *path;
    observable_each *each;
    void *context;
    bool failed;
};

static bool scan_field(void *context, const struct event_field *value)
{
    struct value_scan *scan = context;
    struct observable_field field = value->path.data == scan->path->name.data
                                        ? scan->path->field
                                        : observable_field(value->path);
    scan->failed =
        !observable_scan_value(&scan->scanner->scanner, &field, value, scan->each, scan->context);
    return !scan->failed;
}

static bool scan_line(struct segment_observable_scanner *scanner, struct span line,
                      observable_each *each, void *context)
{
    struct event event;
    arena_reset(&scanner->arena);
    return event_parse(line, 0, &scanner->arena, &event) &&
           observable_scan_event(&scanner->scanner, &event, each, context);
}

bool segment_observable_scan(struct segment_observable_scanner *scanner,
                             const struct segment_observable_path *path,
                             struct columnar_value value, observable_each *each, void *context)
{
    struct value_scan scan = {scanner, path, each, context, false};
    if (path->path == SEGMENT_PATH_LINE) {
        return scan_line(scanner, value.text, each, context);
    }
    return event_value_fields(&scanner->reader, path->name, value.text, value.is_string, scan_field,
                              &scan) &&
           !scan.failed;
}
