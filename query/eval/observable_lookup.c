/* Two steps. Once a segment, by the lists of its blocks: which values of its vocabulary match, and
 * which paths of which blocks may have something that is in no vocabulary. Where a block has no
 * list, all its values and paths are looked at. Then block by block, its columns: those that have
 * such values, those of such paths, and addresses and whatever else has a form, by its numbers. A
 * key is a reason to look; what matches is decided by the value itself. By the lookup's thread. */
#include "query/eval/observable_lookup.h"
#include "schema/block/bitmap.h"

void observable_lookup_fini(struct observable_lookup *lookup)
{
    vec_fini(&lookup->paths);
    buf_fini(&lookup->values);
    vec_fini(&lookup->places);
    observable_index_fini(&lookup->index);
    segment_observable_scanner_fini(&lookup->scanner);
}

static void match_one(void *context, const struct observable *observable)
{
    struct observable_lookup *lookup = context;
    lookup->found = lookup->found || lookup->ops.matches(lookup->ops.context, observable);
}

static enum status match_value(struct observable_lookup *lookup,
                               const struct segment_observable_path *path,
                               struct columnar_value value, bool *out_matches, struct err *err)
{
    lookup->found = false;
    if (!segment_observable_scan(&lookup->scanner, path, value, match_one, lookup)) {
        return err_nomem(err, "search");
    }
    *out_matches = lookup->found;
    return OK;
}

/* A UUID is what its field names. */
static bool is_asked_for(const struct observable_lookup *lookup,
                         const struct segment_observable_path *path, struct span uuid)
{
    const struct observable observable = {.kind = (enum observable_kind)path->field.kind,
                                          .normal = uuid};
    return lookup->ops.matches(lookup->ops.context, &observable);
}

static bool has_value(const struct observable_lookup *lookup, uint64_t value)
{
    return (lookup->values.data[value / 8] >> value % 8 & 1) != 0;
}

static void add_value(struct observable_lookup *lookup, uint32_t id)
{
    lookup->values.data[id / 8] |= (char)(1 << id % 8);
    vec_at(&lookup->paths, lookup->vocabulary->values.values[id].field)->has_values = true;
}

/* Looks at the vocabulary's values from `from` on, of one path or of any. */
static enum status match_values(struct observable_lookup *lookup, uint32_t path, uint32_t from,
                                uint32_t to, struct err *err)
{
    enum status status = OK;
    for (uint32_t id = from; status == OK && id < to; id++) {
        uint32_t its = lookup->vocabulary->values.values[id].field;
        if ((path != OBSERVABLE_LOOKUP_ANY && its != path) || has_value(lookup, id)) {
            continue;
        }
        bool matches = false;
        status =
            match_value(lookup, &vec_at(&lookup->paths, its)->observed,
                        columnar_value_of(vocabulary_value(lookup->vocabulary, id)), &matches, err);
        if (matches) {
            add_value(lookup, id);
        }
    }
    return status;
}

static enum status add_place(struct observable_lookup *lookup, int64_t block, uint32_t path,
                             struct err *err)
{
    return vec_push(&lookup->places, (struct observable_lookup_place){block, path})
               ? OK
               : err_nomem(err, "search");
}

static enum status add_group(struct observable_lookup *lookup, int64_t block,
                             const struct observable_index_group *group, struct err *err)
{
    const struct observable_index *index = &lookup->index;
    enum status status = OK;
    for (uint32_t i = 0; status == OK && i < group->n_paths; i++) {
        status = add_place(lookup, block, group->paths[i], err);
        status = THEN(status, match_values(lookup, group->paths[i], index->first,
                                           index->first + index->count, err));
    }
    return status;
}

/* The groups of a block's list that may have something. */
static enum status match_groups(struct observable_lookup *lookup, int64_t block, struct err *err)
{
    for (bool more = true; more;) {
        struct observable_index_group group;
        enum status status = observable_index_next(&lookup->index, &group, &more, err);
        if (status == OK && more &&
            (group.has_more || lookup->ops.may_have(lookup->ops.context, &group))) {
            status = add_group(lookup, block, &group, err);
        }
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

/* Values between the lists, and behind them, belong to blocks that have none. */
static enum status match_block(struct observable_lookup *lookup, int64_t block, uint32_t *next,
                               struct err *err)
{
    const struct observable_index *index = &lookup->index;
    uint32_t n_values = lookup->vocabulary->values.count;
    bool is_there = false;
    enum status status =
        segment_observable_read(lookup->segment, block, &lookup->index, &is_there, err);
    if (status != OK || !is_there || index->count > n_values ||
        index->first > n_values - index->count) {
        return THEN(status, add_place(lookup, block, OBSERVABLE_LOOKUP_ANY, err));
    }
    if (index->first > *next) {
        status = match_values(lookup, OBSERVABLE_LOOKUP_ANY, *next, index->first, err);
    }
    *next = index->first + index->count;
    status = THEN(status, match_groups(lookup, block, err));
    if (status == ERR_CORRUPT) {
        status = add_place(lookup, block, OBSERVABLE_LOOKUP_ANY, err);
        status =
            THEN(status, match_values(lookup, OBSERVABLE_LOOKUP_ANY, index->first, *next, err));
    }
    return status;
}

static bool asks(const struct observable_lookup *lookup, int kind)
{
    return kind >= 0 && lookup->ops.asks(lookup->ops.context, (enum observable_kind)kind);
}

static void add_path(struct observable_lookup *lookup, struct segment_observable_path observed)
{
    bool whole = asks(lookup, observed.field.kind) ||
                 (observed.field.words_are_files && asks(lookup, OBSERVABLE_FILE));
    lookup->paths.items[lookup->paths.count++] =
        (struct observable_lookup_path){.observed = observed, .asks_whole = whole};
}

/* UUIDs are in no list. */
static void match_uuids(struct observable_lookup *lookup)
{
    const struct vocabulary *vocabulary = lookup->vocabulary;
    for (uint32_t id = 0; id < vocabulary->values.count; id++) {
        const struct observable_lookup_path *path =
            vec_at(&lookup->paths, vocabulary->values.values[id].field);
        struct span spelling = vocabulary_value(vocabulary, id);
        if (path->asks_whole && segment_observable_is_uuid(&path->observed, spelling) &&
            is_asked_for(lookup, &path->observed, columnar_value_of(spelling).text)) {
            add_value(lookup, id);
        }
    }
}

static enum status begin_segment(struct observable_lookup *lookup, struct segment *segment,
                                 struct err *err)
{
    enum status status = segment_vocabulary(segment, &lookup->vocabulary, err);
    size_t n_paths = status == OK ? intern_count(&lookup->vocabulary->paths) : 0;
    size_t n_bytes = status == OK ? lookup->vocabulary->values.count / 8 + 1 : 0;
    vec_clear(&lookup->paths);
    vec_clear(&lookup->places);
    buf_clear(&lookup->values);
    if (status == OK &&
        (!vec_reserve(&lookup->paths, n_paths) || !buf_reserve(&lookup->values, n_bytes))) {
        status = err_nomem(err, "search");
    }
    for (size_t i = 0; status == OK && i < n_paths; i++) {
        add_path(lookup, segment_observable_path(segment, (uint32_t)i));
    }
    if (status == OK) {
        memset(lookup->values.data, 0, n_bytes);
        lookup->segment = segment;
        lookup->serial = segment_serial(segment);
        match_uuids(lookup);
    }
    return status;
}

static enum status find_values(struct observable_lookup *lookup, struct segment *segment,
                               struct err *err)
{
    size_t n_blocks;
    const int64_t *blocks = segment_block_ids(segment, &n_blocks);
    uint32_t next = 0;
    enum status status = begin_segment(lookup, segment, err);
    for (size_t i = 0; status == OK && i < n_blocks; i++) {
        status = match_block(lookup, blocks[i], &next, err);
    }
    status = THEN(status, match_values(lookup, OBSERVABLE_LOOKUP_ANY, next,
                                       lookup->vocabulary->values.count, err));
    if (status != OK) {
        lookup->serial = 0;
    }
    return status;
}

/* A column of a block. */
struct column_search {
    struct observable_lookup *lookup;
    struct columnar_reader *reader;
    size_t i;
    const struct observable_lookup_path *path;
    const struct columnar_column *column; /* when it was read */
    struct bitmap hits;                   /* which of its values match */
    bool any;
};

static enum status read_column(struct column_search *search, struct err *err)
{
    return columnar_column(search->reader, search->i, &search->column, err);
}

static void add_hit(struct column_search *search, size_t value)
{
    search->any = true;
    bitmap_set(&search->hits, value);
}

/* Of the vocabulary: the ids first, and where they are only if one of them matches. */
static enum status search_ids(struct column_search *search, struct err *err)
{
    const struct observable_lookup *lookup = search->lookup;
    const uint64_t *ids = NULL;
    size_t n_ids = 0;
    enum status status = columnar_column_ids(search->reader, search->i, &ids, &n_ids, err);
    size_t id = 0;
    while (status == OK && id < n_ids && !has_value(lookup, ids[id])) {
        id++;
    }
    if (status != OK || id == n_ids) {
        return status;
    }
    status = read_column(search, err);
    const struct columnar_column *column = search->column;
    for (size_t k = 0; status == OK && k < column->n_values; k++) {
        if (has_value(lookup, column->ids[column->places ? column->places[k] : 0])) {
            add_hit(search, k);
        }
    }
    return status;
}

/* All values of the column, or the odd ones. */
static enum status search_values(struct column_search *search, bool odd, struct err *err)
{
    struct observable_lookup *lookup = search->lookup;
    const struct columnar_column *column = search->column;
    struct columnar_walk walk = columnar_walk(lookup->vocabulary, column);
    enum status status = OK;
    for (size_t i = 0; status == OK && i < (odd ? column->n_odd : column->n_values); i++) {
        bool matches = false;
        struct columnar_value value =
            odd ? columnar_value_of(column->odd_texts[i]) : columnar_walk_next(&walk);
        status = match_value(lookup, &search->path->observed, value, &matches, err);
        if (matches) {
            add_hit(search, odd ? column->odd[i] : i);
        }
    }
    return status;
}

static bool is_address(const struct observable_lookup_ops *ops, uint32_t v4)
{
    char text[VALUE_FORM_SPELLING_MAX];
    const struct value_form_bits bits = {v4, 0};
    size_t size = value_form_write((struct value_form){VALUE_FORM_IPV4, 0}, &bits, text);
    const struct observable observable = {.kind = OBSERVABLE_IP,
                                          .normal = span_of(text + 1, size - 2)};
    return ops->matches(ops->context, &observable);
}

/* An address, with a port or without, is that and no more. */
static void search_addresses(struct column_search *search)
{
    const struct observable_lookup_ops *ops = &search->lookup->ops;
    const struct columnar_column *column = search->column;
    size_t odd = 0;
    for (size_t k = 0; k < column->n_values; k++) {
        uint32_t v4 = (uint32_t)column->numbers[k];
        if (odd < column->n_odd && column->odd[odd] == k) {
            odd++;
        } else if (ops->may_have_v4(ops->context, v4) && is_address(ops, v4)) {
            add_hit(search, k);
        }
    }
}

static void search_uuids(struct column_search *search)
{
    const struct columnar_column *column = search->column;
    char text[VALUE_FORM_SPELLING_MAX];
    size_t odd = 0;
    for (size_t k = 0; k < column->n_values; k++) {
        const struct value_form_bits bits = {column->numbers[k], column->seconds[k]};
        if (odd < column->n_odd && column->odd[odd] == k) {
            odd++;
            continue;
        }
        size_t size = value_form_write(column->form, &bits, text);
        if (is_asked_for(search->lookup, &search->path->observed, span_of(text + 1, size - 2))) {
            add_hit(search, k);
        }
    }
}

/* Whether an address of the column may be asked for; in which lines it is costs more. */
static enum status may_have_address(struct column_search *search, bool *out_may, struct err *err)
{
    const struct observable_lookup_ops *ops = &search->lookup->ops;
    struct columnar_numbers packed;
    enum status status = columnar_column_numbers(search->reader, search->i, &packed, err);
    bool may = false;
    for (size_t k = 0; status == OK && !may && k < packed.count; k++) {
        may = ops->may_have_v4(ops->context, (uint32_t)packed.numbers[k]);
    }
    *out_may = may;
    return status;
}

/* Its values are UUIDs, times, numbers or addresses: nothing is in them but addresses, the whole
 * value where its field names something, and words of a command. Odd ones are listed. */
static enum status search_form(struct column_search *search, bool is_listed, struct err *err)
{
    const struct observable_field *field = &search->path->observed.field;
    bool has_odd = false;
    enum value_form_kind kind = columnar_column_form(search->reader, search->i, &has_odd);
    bool odd = is_listed && has_odd;
    bool whole = search->path->asks_whole;
    bool uuids = whole && kind == VALUE_FORM_UUID && !field->words_are_files;
    bool addresses = (kind == VALUE_FORM_IPV4 || kind == VALUE_FORM_ENDPOINT) &&
                     field->kind != OBSERVABLE_FIELD_NOTHING && asks(search->lookup, OBSERVABLE_IP);
    enum status status = OK;
    if (addresses && !odd && !whole) {
        status = may_have_address(search, &addresses, err);
    }
    if (status != OK || (!odd && !whole && !addresses)) {
        return status;
    }
    status = read_column(search, err);
    if (status != OK) {
        return status;
    }
    if (addresses) {
        search_addresses(search);
    }
    if (uuids) {
        search_uuids(search);
        whole = false;
    }
    return whole || odd ? search_values(search, !whole, err) : OK;
}

static enum status search_column(struct column_search *search, enum columnar_way way,
                                 bool is_listed, struct err *err)
{
    enum status status = OK;
    switch (way) {
    case COLUMNAR_ONE:
    case COLUMNAR_IDS:
    case COLUMNAR_FOLLOWS:
        return search->path->has_values ? search_ids(search, err) : OK;
    case COLUMNAR_FORM:
        return search_form(search, is_listed, err);
    case COLUMNAR_TEXT:
        if (is_listed) {
            status = read_column(search, err);
            status = THEN(status, search_values(search, false, err));
        }
        return status;
    }
    return OK;
}

/* The events of the values that match. */
static enum status add_events(struct column_search *search, struct bitmap *map, struct err *err)
{
    const uint16_t *slots = NULL;
    if (!search->any) {
        return OK;
    }
    enum status status = columnar_column_slots(search->reader, search->i, &slots, err);
    if (status == OK) {
        BITMAP_EACH(&search->hits, value)
        {
            bitmap_set(map, slots ? slots[value] : value);
        }
    }
    return status;
}

/* The number of the block's first place; they are in the order of blocks. */
static size_t places_of(const struct observable_lookup *lookup, int64_t block)
{
    size_t low = 0;
    size_t high = lookup->places.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lookup->places.items[middle].block < block) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* May the block have something of the path? Paths ascend, and *place with them. */
static bool may_have(const struct observable_lookup *lookup, int64_t block, uint32_t path,
                     size_t *place)
{
    const struct observable_lookup_place *places = lookup->places.items;
    size_t count = lookup->places.count;
    while (*place < count && places[*place].block == block && places[*place].path < path) {
        ++*place;
    }
    return *place < count && places[*place].block == block &&
           (places[*place].path == path || places[*place].path == OBSERVABLE_LOOKUP_ANY);
}

enum status observable_lookup_block(struct observable_lookup *lookup, struct block_view *view,
                                    struct bitmap *out_map, struct err *err)
{
    struct segment *segment = view->segment;
    struct block_columns columns;
    bitmap_clear(out_map);
    enum status status =
        lookup->serial == segment_serial(segment) ? OK : find_values(lookup, segment, err);
    status = THEN(status, block_view_columns(view, SEGMENT_DATA_EVENTS, &columns, err));
    if (status != OK) {
        return status;
    }
    size_t place = places_of(lookup, view->info->id);
    for (size_t i = 0; status == OK && i < columnar_column_count(columns.reader); i++) {
        uint32_t path;
        enum columnar_way way = columnar_column_way(columns.reader, i, &path);
        bool is_listed = may_have(lookup, view->info->id, path, &place);
        struct column_search search = {.lookup = lookup,
                                       .reader = columns.reader,
                                       .i = i,
                                       .path = vec_at(&lookup->paths, path)};
        status = search_column(&search, way, is_listed, err);
        status = THEN(status, add_events(&search, out_map, err));
    }
    return status;
}
