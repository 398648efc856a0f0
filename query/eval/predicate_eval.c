/* A block's columns are asked cheapest first: ids, then numbers, then text. Each is asked only
 * about events that none before it had. Text is left out where the words' index has none of the
 * words. */
#include "query/eval/predicate_eval.h"

#include "query/eval/column_match.h"
#include "query/eval/form_match.h"
#include "query/language/match.h"
#include "query/language/number.h"
#include "schema/event/term.h"

/* Ranks: among the parts of a query those of a lower one are asked first. */
enum { COST_ALL, COST_TIME, COST_FIELD, COST_WORD, COST_OBSERVABLE, COST_ANY, COST_SCAN };

/* Blocks whose text has the words; a question that is not asked would be true of all of them. */
static enum status ask_index(struct predicate_eval *eval, struct segment *segment,
                             const struct segment_term_query *question, struct err *err)
{
    eval->asks_text_index = true;
    return segment_text_blocks(segment, question, &eval->with_words, err);
}

static enum status ask_for_term(struct predicate_eval *eval, struct segment *segment,
                                struct span term, bool is_prefix, struct err *err)
{
    const struct segment_term_query question = {
        .terms = &term, .n_terms = 1, .last_is_prefix = is_prefix};
    return ask_index(eval, segment, &question, err);
}

/* A number that was typed in another form than values have: its plain form's term, too. */
static enum status ask_for_number(struct predicate_eval *eval, struct segment *segment,
                                  struct err *err)
{
    char text[NUMBER_TEXT_BYTES];
    struct buf term = BUF_INIT;
    enum status status = OK;
    if (term_single(number_text_of(eval->predicate->number, text), &term)) {
        status = ask_for_term(eval, segment, buf_span(&term), false, err);
    }
    status = THEN(status, buf_status(&term, "search", err));
    buf_fini(&term);
    return status;
}

static enum status find_blocks(struct predicate_eval *eval, struct segment *segment,
                               struct err *err)
{
    const struct predicate *predicate = eval->predicate;
    enum status status = OK;
    switch (predicate->kind) {
    case PREDICATE_TERM:
        status = ask_for_term(eval, segment, predicate->text, false, err);
        return status == OK && predicate->is_number ? ask_for_number(eval, segment, err) : status;
    case PREDICATE_PREFIX:
        return ask_for_term(eval, segment, predicate->text, true, err);
    case PREDICATE_PHRASE: {
        const struct segment_term_query question = {.terms = predicate->words,
                                                    .n_terms = predicate->n_words,
                                                    .last_is_prefix = predicate->last_is_prefix,
                                                    .are_words = true};
        return ask_index(eval, segment, &question, err);
    }
    case PREDICATE_ALL:
    case PREDICATE_SUBSTRING:
    case PREDICATE_GLOB:
    case PREDICATE_RANGE:
    case PREDICATE_EXISTS:
    case PREDICATE_ADDRESS:
    case PREDICATE_SEVERITY:
    case PREDICATE_TIME:
    case PREDICATE_UID:
    case PREDICATE_OBSERVABLE:
        break;
    }
    return OK;
}

static unsigned cost_of(const struct predicate_eval *eval)
{
    switch (eval->predicate->kind) {
    case PREDICATE_ALL:
        return COST_ALL;
    case PREDICATE_TIME:
        return COST_TIME;
    case PREDICATE_OBSERVABLE:
        return COST_OBSERVABLE;
    case PREDICATE_TERM:
    case PREDICATE_PREFIX:
    case PREDICATE_PHRASE:
        return eval->match.field.size > 0 ? COST_FIELD : COST_WORD;
    case PREDICATE_EXISTS:
    case PREDICATE_ADDRESS:
    case PREDICATE_RANGE:
    case PREDICATE_SEVERITY:
    case PREDICATE_UID:
    case PREDICATE_SUBSTRING:
    case PREDICATE_GLOB:
        break;
    }
    return eval->match.field.size > 0            ? COST_FIELD
           : eval->match.needle.literal.size > 0 ? COST_ANY
                                                 : COST_SCAN;
}

enum status predicate_eval_init(struct predicate_eval *eval, const struct predicate *predicate,
                                struct segment *segment, struct err *err)
{
    *eval = (struct predicate_eval){.predicate = predicate, .knows_field = true};
    enum predicate_kind kind = predicate->kind;
    if (kind == PREDICATE_ALL || kind == PREDICATE_TIME || kind == PREDICATE_OBSERVABLE) {
        eval->cost = cost_of(eval);
        return OK;
    }
    eval->data = match_is_reserved(predicate->field) ? SEGMENT_DATA_ARRIVALS : SEGMENT_DATA_EVENTS;
    enum status status = value_match_init(&eval->match, predicate, segment, err);
    if (status == OK) {
        eval->cost = cost_of(eval);
        eval->asks_forms = form_match_any(predicate, &eval->match.needle);
    }
    if (status == OK && eval->match.field.size > 0) {
        status = segment_knows_field(segment, eval->match.field, &eval->knows_field, err);
    }
    /* what arrivals have is in no index of words */
    return status == OK && eval->data == SEGMENT_DATA_EVENTS ? find_blocks(eval, segment, err)
                                                             : status;
}

void predicate_eval_fini(struct predicate_eval *eval)
{
    segment_block_set_fini(&eval->with_words);
    value_match_fini(&eval->match);
    *eval = (struct predicate_eval){0};
}

struct predicate_eval_work predicate_eval_work(const struct predicate_eval *eval,
                                               const struct segment *segment)
{
    return (struct predicate_eval_work){
        .reader.segment = segment, .lookup.ops = predicate_eval_observable_ops(eval->predicate)};
}

void predicate_eval_work_fini(struct predicate_eval_work *work)
{
    value_match_reader_fini(&work->reader);
    observable_lookup_fini(&work->lookup);
}

static enum status eval_time(const struct predicate *predicate, struct block_view *view,
                             const struct bitmap *mask, struct bitmap *map, struct err *err)
{
    const struct block_info *info = view->info;
    if (info->time_max_us < predicate->time_low_us ||
        info->time_min_us >= predicate->time_high_us) {
        return OK;
    }
    if (info->time_min_us >= predicate->time_low_us &&
        info->time_max_us < predicate->time_high_us) {
        *map = *mask;
        return OK;
    }
    const int64_t *times_us;
    enum status status = block_view_times(view, &times_us, err);
    if (status == OK) {
        BITMAP_EACH(mask, slot)
        {
            if (times_us[slot] >= predicate->time_low_us &&
                times_us[slot] < predicate->time_high_us) {
                bitmap_set(map, slot);
            }
        }
    }
    return status;
}

/* 0: ids, 1: numbers, 2: text. */
static unsigned turn_of(enum columnar_way way)
{
    return way == COLUMNAR_FORM ? 1 : way == COLUMNAR_TEXT ? 2 : 0;
}

/* What of a block's events satisfies it is of the vocabulary, has a form, or is text whose words
 * the index has. */
static bool can_skip(const struct predicate_eval *eval, int64_t block)
{
    return eval->asks_text_index && !segment_block_set_has(&eval->with_words, block) &&
           !eval->match.any_hits && !eval->asks_forms;
}

static enum status eval_columns(const struct predicate_eval *eval, struct predicate_eval_work *of,
                                struct block_view *view, const struct bitmap *mask,
                                struct bitmap *map, struct err *err)
{
    struct block_columns columns;
    struct bitmap open = *mask;
    if (can_skip(eval, view->info->id)) {
        return OK;
    }
    enum status status = block_view_columns(view, eval->data, &columns, err);
    if (status != OK) {
        return status;
    }
    struct column_match work = {.match = &eval->match,
                                .reader = &of->reader,
                                .columns = &columns,
                                .mask = mask,
                                .map = map,
                                .skips_text =
                                    eval->asks_text_index &&
                                    !segment_block_set_has(&eval->with_words, view->info->id)};
    size_t count = columnar_column_count(columns.reader);
    for (unsigned turn = 0; turn < 3 && !bitmap_is_empty(&open); turn++) {
        for (size_t i = 0; status == OK && i < count; i++) {
            uint32_t path;
            enum columnar_way way = columnar_column_way(columns.reader, i, &path);
            if (turn_of(way) == turn) {
                status = column_match_add(&work, i, err);
            }
        }
        bitmap_without(&open, map);
    }
    return status;
}

enum status predicate_eval_block(const struct predicate_eval *eval,
                                 struct predicate_eval_work *work, struct block_view *view,
                                 const struct bitmap *mask, struct bitmap *out_map, struct err *err)
{
    struct bitmap map = {0};
    enum predicate_kind kind = eval->predicate->kind;
    enum status status = OK;
    if (kind == PREDICATE_ALL) {
        map = *mask;
    } else if (kind == PREDICATE_TIME) {
        status = eval_time(eval->predicate, view, mask, &map, err);
    } else if (kind == PREDICATE_OBSERVABLE) {
        status = observable_lookup_block(&work->lookup, view, &map, err);
        bitmap_and(&map, mask);
    } else {
        status = eval_columns(eval, work, view, mask, &map, err);
    }
    if (status == OK) {
        *out_map = map;
    }
    return status;
}
