#include "schema/verify/verify_beside.h"

void verify_beside_fini(struct verify_beside *beside)
{
    block_observables_fini(&beside->memory);
    observable_index_fini(&beside->index);
}

static void say(const struct verify_segment *verify, const struct block_info *info,
                const char *what)
{
    verify_say(verify->report, verify->where, info->number, "%s", what);
}

static enum status check_times(const struct verify_segment *verify, struct segment *segment,
                               const struct block_info *info, struct err *err)
{
    int64_t times_us[BLOCK_EVENTS_MAX];
    int64_t min_us = INT64_MAX;
    int64_t max_us = INT64_MIN;
    enum status status = segment_times(segment, info->id, times_us, err);
    for (size_t i = 0; status == OK && i < info->n_events; i++) {
        min_us = times_us[i] < min_us ? times_us[i] : min_us;
        max_us = times_us[i] > max_us ? times_us[i] : max_us;
    }
    if (status == OK && (min_us != info->time_min_us || max_us != info->time_max_us)) {
        say(verify, info, "the times in its row are not those of its events");
    }
    return status;
}

static enum status check_whole_lines(const struct verify_segment *verify,
                                     const struct block_columns *columns,
                                     const struct block_info *info, struct err *err)
{
    const struct columnar_column *column = NULL;
    uint32_t path = 1;
    enum status status = OK;
    if (columnar_column_count(columns->reader) > 0) {
        (void)columnar_column_way(columns->reader, 0, &path); /* paths ascend */
    }
    if (path == SEGMENT_PATH_LINE) {
        status = columnar_column(columns->reader, 0, &column, err);
    }
    if (status == OK && (column ? column->n_values : 0) != info->whole_lines) {
        say(verify, info, "the number of whole lines in its row is not that of its events");
    }
    return status;
}

static enum status check_observables(struct verify_beside *beside, struct segment *segment,
                                     const struct block_columns *columns,
                                     const struct block_info *info, struct verify_beside_list *list,
                                     struct err *err)
{
    struct observable_index *index = &beside->index;
    enum status status = segment_observable_read(segment, info->id, index, &list->is_there, err);
    if (status != OK || !list->is_there) {
        return status;
    }
    uint32_t all = columns->vocabulary->values.count;
    list->first = index->first;
    list->count = index->count;
    if (index->first <= all && index->count <= all - index->first) {
        status = block_observables_make(segment, &beside->memory, columns, index->first,
                                        index->first + index->count, err);
        list->fits = span_equal(buf_span(&beside->memory.list), buf_span(&index->bytes));
    }
    return status;
}

enum status verify_beside_block(struct verify_beside *beside, const struct verify_segment *verify,
                                struct segment *segment, const struct block_info *info,
                                struct verify_beside_list *out_list, struct err *err)
{
    struct block_columns columns;
    struct err why;
    struct verify_beside_list list = {.is_there = false};
    enum status status = check_times(verify, segment, info, &why);
    status =
        THEN(status, segment_open_columns(segment, SEGMENT_DATA_EVENTS, info->id, &columns, &why));
    status = THEN(status, check_whole_lines(verify, &columns, info, &why));
    status = THEN(status, check_observables(beside, segment, &columns, info, &list, &why));
    *out_list = status == OK ? list : (struct verify_beside_list){.is_there = false};
    return verify_outcome(verify->report, verify->where, info->number,
                          "what is beside its events cannot be read", status, &why, err);
}

void verify_beside_follow(struct verify_beside_row *row, const struct verify_segment *verify,
                          const struct block_info *info, const struct verify_beside_list *list)
{
    bool was_gap = row->is_gap || info->id != row->last_id + 1;
    row->last_id = info->id;
    row->is_gap = !list || !list->is_there;
    if (row->is_gap) {
        return;
    }
    if (!list->fits || (!was_gap && list->first != row->next_value)) {
        say(verify, info, "its observables are not those of its events");
    }
    row->next_value = list->first + list->count;
}

enum status verify_beside_end(const struct verify_beside_row *row,
                              const struct verify_segment *verify, struct segment *segment,
                              struct err *err)
{
    const struct vocabulary *vocabulary = NULL;
    struct err why;
    enum status status = segment_vocabulary(segment, &vocabulary, &why);
    if (status == OK && !row->is_gap && !segment_is_merged(segment) &&
        row->next_value != vocabulary->values.count) {
        verify_say(verify->report, verify->where, 0,
                   "its observables are not those of all its vocabulary");
    }
    return verify_outcome(verify->report, verify->where, 0, NULL, status, &why, err);
}
