/* By the way that the column is kept: ids by what is known of each, which mostly needs no look at
 * the events; numbers by a pass over them; text by a search for the bytes that a value must have,
 * over all values at once. Events that are in the map already are not asked again. */
#include "query/eval/column_match.h"

#include "query/eval/form_match.h"

/* The column at hand. */
struct column_work {
    const struct column_match *of;
    size_t number; /* among the block's columns */
    const struct columnar_column *column;
    bool has_slots; /* most columns have no value that satisfies it, and are not asked for them */
    const uint16_t *slots;
};

static bool find_slots(struct column_work *work)
{
    if (!work->has_slots) {
        work->has_slots = columnar_column_slots(work->of->columns->reader, work->number,
                                                &work->slots, NULL) == OK;
        work->of->reader->failed |= !work->has_slots;
    }
    return work->has_slots;
}

static inline size_t slot_of(const struct column_work *work, size_t value)
{
    return work->slots ? work->slots[value] : value;
}

static inline void add(const struct column_work *work, size_t value)
{
    size_t slot = slot_of(work, value);
    if (bitmap_get(work->of->mask, slot)) {
        bitmap_set(work->of->map, slot);
    }
}

static void add_all(struct column_work *work, size_t n_values)
{
    for (size_t i = 0; find_slots(work) && i < n_values; i++) {
        add(work, i);
    }
}

/* Events that are not asked for, or in the map already, need no answer. */
static void ask(struct column_work *work, size_t i, struct columnar_value value)
{
    if (!find_slots(work)) {
        return;
    }
    size_t slot = slot_of(work, i);
    if (bitmap_get(work->of->mask, slot) && !bitmap_get(work->of->map, slot) &&
        value_match_spelling(work->of->match, work->of->reader, work->column->path, value)) {
        bitmap_set(work->of->map, slot);
    }
}

/* hits: of each of the n ids, whether it satisfies the predicate. */
static enum status add_places(struct column_work *work, const uint8_t *hits, struct err *err)
{
    enum status status =
        columnar_column(work->of->columns->reader, work->number, &work->column, err);
    for (size_t k = 0; status == OK && find_slots(work) && k < work->column->n_values; k++) {
        if (hits[work->column->places ? work->column->places[k] : 0]) {
            add(work, k);
        }
    }
    return status;
}

static enum status match_ids(struct column_work *work, uint32_t path, struct err *err)
{
    const uint64_t *ids = NULL;
    if (!work->of->match->paths[path].has_hits) {
        return OK;
    }
    size_t n_ids = 0;
    enum status status =
        columnar_column_ids(work->of->columns->reader, work->number, &ids, &n_ids, err);
    if (status != OK) {
        return status;
    }
    uint8_t hits[COLUMNAR_LINES_MAX];
    size_t n_hits = 0;
    CHECK(n_ids <= sizeof hits);
    for (size_t k = 0; k < n_ids; k++) {
        hits[k] = value_match_id(work->of->match, ids[k]);
        n_hits += hits[k];
    }
    return n_hits > 0 ? add_places(work, hits, err) : OK;
}

/* Values one behind the other: value i is text[start[i]] to text[start[i + 1]]. */
struct texts {
    const char *text;
    const uint64_t *start;
    size_t count;
    bool has_quotes; /* strings stand with theirs */
    bool is_string;  /* without quotes: all of them are */
};

static struct columnar_value text_at(const struct texts *texts, size_t i)
{
    struct span text =
        span_of(texts->text + texts->start[i], (size_t)(texts->start[i + 1] - texts->start[i]));
    return texts->has_quotes ? columnar_value_of(text)
                             : (struct columnar_value){text, texts->is_string};
}

/* The value that the byte at `offset` belongs to, of those from `low` on. */
static size_t value_at(const struct texts *texts, size_t low, uint64_t offset)
{
    size_t high = texts->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(texts->start[middle] <= offset ? &low : &high) = middle;
    }
    return low;
}

/* Values that may satisfy it by what they are in another spelling. */
static void ask_other_spellings(struct column_work *work, const struct texts *texts)
{
    const struct needle *needle = &work->of->match->needle;
    if (needle_is_certain(needle) ||
        (!needle->addresses && !needle->numbers && !texts->has_quotes)) {
        return;
    }
    for (size_t i = 0; i < texts->count; i++) {
        struct columnar_value value = text_at(texts, i);
        if (!value.is_string || needle_other_spelling(needle, value.text)) {
            ask(work, i, value);
        }
    }
}

static void match_texts(struct column_work *work, const struct texts *texts)
{
    const struct needle *needle = &work->of->match->needle;
    struct span all = span_of(texts->text, (size_t)texts->start[texts->count]);
    if (needle->literal.size == 0) {
        for (size_t i = 0; i < texts->count; i++) {
            ask(work, i, text_at(texts, i));
        }
        return;
    }
    ask_other_spellings(work, texts);
    size_t i = 0;
    for (size_t at = 0; (at = needle_next(needle, all, at)) < all.size;) {
        i = value_at(texts, i, at);
        ask(work, i, text_at(texts, i));
        at = (size_t)texts->start[i + 1];
    }
}

static enum status spell(const struct column_work *work, struct buf *text, uint64_t *start,
                         struct err *err)
{
    const struct columnar_column *column = work->column;
    size_t quote = column->form.kind != VALUE_FORM_INTEGER;
    if (!buf_reserve(text, column->n_values * VALUE_FORM_SPELLING_MAX)) {
        return err_nomem(err, "search");
    }
    for (size_t i = 0; i < column->n_values; i++) {
        char spelling[VALUE_FORM_SPELLING_MAX];
        struct value_form_bits bits = {column->numbers[i],
                                       column->seconds ? column->seconds[i] : 0};
        size_t size = value_form_write(column->form, &bits, spelling);
        start[i] = text->size;
        buf_add(text, spelling + quote, size - 2 * quote);
    }
    start[column->n_values] = text->size;
    return OK;
}

static enum status match_spelled(struct column_work *work, struct err *err)
{
    struct buf text = BUF_INIT;
    uint64_t start[BLOCK_EVENTS_MAX + 1];
    CHECK(work->column->n_values <= BLOCK_EVENTS_MAX);
    enum status status = spell(work, &text, start, err);
    if (status == OK) {
        const struct texts texts = {.text = text.data,
                                    .start = start,
                                    .count = work->column->n_values,
                                    .is_string = work->column->form.kind != VALUE_FORM_INTEGER};
        match_texts(work, &texts);
    }
    buf_fini(&text);
    return status;
}

static void match_numbers(struct column_work *work)
{
    const struct columnar_column *column = work->column;
    uint8_t hits[BLOCK_EVENTS_MAX];
    CHECK(column->n_values <= BLOCK_EVENTS_MAX);
    form_match_numbers(work->of->match->predicate, &work->of->match->parts, column->form,
                       column->numbers, column->seconds, column->n_values, hits);
    for (size_t i = 0; i < column->n_odd; i++) {
        hits[column->odd[i]] = 0;
    }
    bool any = memchr(hits, 1, column->n_values) != NULL;
    for (size_t i = 0; any && find_slots(work) && i < column->n_values; i++) {
        if (hits[i]) {
            add(work, i);
        }
    }
}

/* In the place of an odd value stands another's number: each is asked as it is spelled. */
static void match_walk(struct column_work *work)
{
    struct columnar_walk walk = columnar_walk(work->of->match->vocabulary, work->column);
    for (size_t i = 0; i < work->column->n_values; i++) {
        ask(work, i, columnar_walk_next(&walk));
    }
}

/* Whether one of the numbers satisfies it; of which lines they are costs more. */
static enum status may_have_number(const struct column_work *work, enum value_form_kind kind,
                                   bool *out_may, struct err *err)
{
    uint8_t hits[COLUMNAR_LINES_MAX];
    struct columnar_numbers packed;
    enum status status =
        columnar_column_numbers(work->of->columns->reader, work->number, &packed, err);
    if (status == OK) {
        form_match_numbers(work->of->match->predicate, &work->of->match->parts,
                           (struct value_form){.kind = kind}, packed.numbers, packed.seconds,
                           packed.count, hits);
        *out_may = memchr(hits, 1, packed.count) != NULL;
    }
    return status;
}

/* A form whose values cannot satisfy it is not unpacked, unless there are odd ones. is_above: the
 * field may be in an array or object of the column. */
static enum status match_form(struct column_work *work, bool is_above, struct err *err)
{
    const struct value_match *match = work->of->match;
    struct columnar_reader *reader = work->of->columns->reader;
    bool has_odd = false;
    enum value_form_kind kind = columnar_column_form(reader, work->number, &has_odd);
    enum form_match_way way = form_match_way(match->predicate, &match->needle, kind);
    if (is_above) {
        way = FORM_MATCH_NONE; /* what is of a form has no fields below it */
    }
    if (way == FORM_MATCH_NONE && !has_odd) {
        return OK;
    }
    bool may = true;
    enum status status =
        way == FORM_MATCH_NUMBERS && !has_odd ? may_have_number(work, kind, &may, err) : OK;
    if (status != OK || !may) {
        return status;
    }
    status = columnar_column(reader, work->number, &work->column, err);
    if (status != OK) {
        return status;
    }
    const struct columnar_column *column = work->column;
    if (has_odd && (way == FORM_MATCH_ALL || way == FORM_MATCH_SPELLED)) {
        match_walk(work);
        return OK;
    }
    if (way == FORM_MATCH_ALL) {
        add_all(work, column->n_values);
    } else if (way == FORM_MATCH_NUMBERS) {
        match_numbers(work);
    } else if (way == FORM_MATCH_SPELLED) {
        status = match_spelled(work, err);
    }
    for (size_t i = 0; status == OK && i < column->n_odd; i++) {
        ask(work, (size_t)column->odd[i], columnar_value_of(column->odd_texts[i]));
    }
    return status;
}

/* False: none of the texts can satisfy it, as they are packed. */
static bool may_have(const struct column_work *work, const struct columnar_texts *texts)
{
    const struct needle *needle = &work->of->match->needle;
    struct span all = span_of(texts->text, (size_t)texts->start[texts->count]);
    bool decides = needle_is_certain(needle) || (texts->is_quoted && needle->literal.size > 0 &&
                                                 !needle->addresses && !needle->numbers);
    return !decides || needle_next(needle, all, 0) < all.size;
}

static enum status match_text(struct column_work *work, struct err *err)
{
    struct columnar_reader *reader = work->of->columns->reader;
    struct columnar_texts packed;
    enum status status = columnar_column_texts(reader, work->number, &packed, err);
    if (status != OK || !may_have(work, &packed)) {
        return status;
    }
    status = columnar_column(reader, work->number, &work->column, err);
    if (status == OK) {
        const struct texts texts = {.text = work->column->text,
                                    .start = work->column->start,
                                    .count = work->column->n_values,
                                    .has_quotes = !work->column->is_quoted,
                                    .is_string = work->column->is_quoted};
        match_texts(work, &texts);
    }
    return status;
}

enum status column_match_add(const struct column_match *of, size_t i, struct err *err)
{
    struct column_work work = {.of = of, .number = i};
    uint32_t path;
    enum columnar_way way = columnar_column_way(of->columns->reader, i, &path);
    enum segment_path_role role = value_match_role(of->match, path);
    if (role == SEGMENT_PATH_OTHER || (way == COLUMNAR_TEXT && of->skips_text)) {
        return OK;
    }
    enum status status = way == COLUMNAR_FORM
                             ? match_form(&work, role == SEGMENT_PATH_IS_ABOVE, err)
                         : way == COLUMNAR_TEXT ? match_text(&work, err)
                                                : match_ids(&work, path, err);
    return status == OK && of->reader->failed ? err_nomem(err, "search") : status;
}
