/* Path by path: the values that are new in the vocabulary, then the column of the block's events.
 * On the thread that writes the block. */
#include "schema/segment/block_observables.h"

void block_observables_fini(struct block_observables *memory)
{
    observable_index_builder_fini(&memory->draft);
    segment_observable_scanner_fini(&memory->scanner);
    vec_fini(&memory->values);
    buf_fini(&memory->list);
}

static int compare_values(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The new values by path. */
static bool sort_values(struct block_observables *memory, const struct vocabulary *vocabulary,
                        uint32_t from, uint32_t to)
{
    vec_clear(&memory->values);
    if (!vec_reserve(&memory->values, to - from)) {
        return false;
    }
    for (uint32_t id = from; id < to; id++) {
        uint64_t path = vocabulary->values.values[id].field;
        memory->values.items[memory->values.count++] = path << 32 | id;
    }
    vec_sort(&memory->values, compare_values);
    return true;
}

static void take(void *context, const struct observable *observable)
{
    observable_index_add(context, observable);
}

static bool add_value(struct block_observables *memory, const struct segment_observable_path *path,
                      struct columnar_value value)
{
    return memory->draft.has_more ||
           segment_observable_scan(&memory->scanner, path, value, take, &memory->draft);
}

/* What reading finds by its numbers is not listed. */
static bool add_column(struct block_observables *memory, const struct segment_observable_path *path,
                       const struct vocabulary *vocabulary, const struct columnar_column *column)
{
    bool ok = true;
    struct columnar_walk walk = columnar_walk(vocabulary, column);
    memset(&memory->recents, 0, sizeof memory->recents);
    for (size_t i = 0; ok && column->way == COLUMNAR_TEXT && i < column->n_values; i++) {
        struct columnar_value value = columnar_walk_next(&walk);
        ok = columnar_recents_had(&memory->recents, value) || add_value(memory, path, value);
    }
    for (size_t i = 0; ok && column->way == COLUMNAR_FORM && i < column->n_odd; i++) {
        ok = add_value(memory, path, columnar_value_of(column->odd_texts[i]));
    }
    return ok;
}

/* The new values of the path, from *at on, and its column, if it has one. */
static bool add_path(struct segment *segment, struct block_observables *memory, uint32_t path,
                     size_t *at, const struct vocabulary *vocabulary,
                     const struct columnar_column *column)
{
    const struct segment_observable_path observed = segment_observable_path(segment, path);
    bool ok = true;
    observable_index_path(&memory->draft, path);
    for (; ok && *at < memory->values.count && memory->values.items[*at] >> 32 == path; (*at)++) {
        struct span spelling = vocabulary_value(vocabulary, (uint32_t)memory->values.items[*at]);
        ok = segment_observable_is_uuid(&observed, spelling) ||
             add_value(memory, &observed, columnar_value_of(spelling));
    }
    return ok && (!column || add_column(memory, &observed, vocabulary, column));
}

static enum status add_paths(struct segment *segment, struct block_observables *memory,
                             const struct block_columns *columns, struct err *err)
{
    size_t at = 0;
    size_t n_columns = columnar_column_count(columns->reader);
    for (size_t i = 0; i < n_columns || at < memory->values.count;) {
        uint32_t path = UINT32_MAX;
        const struct columnar_column *column = NULL;
        enum columnar_way way =
            i < n_columns ? columnar_column_way(columns->reader, i, &path) : COLUMNAR_ONE;
        uint64_t next = at < memory->values.count ? memory->values.items[at] >> 32 : UINT32_MAX;
        if (path <= next) {
            bool is_read = way == COLUMNAR_TEXT || way == COLUMNAR_FORM;
            enum status status = is_read ? columnar_column(columns->reader, i, &column, err) : OK;
            if (status != OK) {
                return status;
            }
            i++;
        }
        path = path <= next ? path : (uint32_t)next;
        if (!add_path(segment, memory, path, &at, columns->vocabulary, column)) {
            return err_nomem(err, "observables");
        }
    }
    return OK;
}

enum status block_observables_make(struct segment *segment, struct block_observables *memory,
                                   const struct block_columns *columns, uint32_t value_from,
                                   uint32_t value_to, struct err *err)
{
    const struct vocabulary *vocabulary; /* the same; its paths get their names */
    enum status status = segment_vocabulary(segment, &vocabulary, err);
    if (status == OK && !sort_values(memory, columns->vocabulary, value_from, value_to)) {
        status = err_nomem(err, "observables");
    }
    observable_index_builder_clear(&memory->draft);
    buf_clear(&memory->list);
    status = THEN(status, add_paths(segment, memory, columns, err));
    return THEN(status, observable_index_encode(&memory->draft, value_from, value_to - value_from,
                                                &memory->list, err));
}
