/* Making a predicate ready for a segment: its field, the questions to the text index (probes), the
 * values of the dictionary that satisfy it, and a cost by which plan.c orders the parts of a
 * query. How a block is then evaluated is in predicate_eval_block.c. One thread. */
#include "query/eval/predicate_eval.h"

#include <stdlib.h>

#include "query/language/match.h"
#include "query/language/number.h"
#include "schema/base/utf8.h"
#include "schema/event/term.h"

enum { COST_ALL, COST_TIME, COST_COLUMN, COST_COLUMNS, COST_UID, COST_TEXT, COST_SCAN };
/* Among leaves of one rank those with fewer columns to read go first. */
enum { COST_STEP = 4096 };

static struct predicate_eval_probe *probe_one(struct predicate_eval *eval, struct span term,
                                              bool prefix)
{
    struct predicate_eval_probe *probe = &eval->probes[eval->n_probes++];
    *probe = (struct predicate_eval_probe){.own = term};
    probe->question =
        (struct segment_term_query){.terms = &probe->own, .n_terms = 1, .last_is_prefix = prefix};
    return probe;
}

static void probe_words(struct predicate_eval *eval, const struct predicate *predicate)
{
    eval->probes[eval->n_probes++].question =
        (struct segment_term_query){.terms = predicate->words,
                                    .n_terms = predicate->n_words,
                                    .last_is_prefix = predicate->last_is_prefix,
                                    .are_words = true};
}

/* A time or an IPv6 address is most often a word of the text, which then needs no look at the
 * bytes; where it is the start of a longer run of characters it is not. */
static void probe_term(struct predicate_eval *eval, struct span term)
{
    bool exact = segment_text_is_exact(term, false);
    if (!exact && eval->field == PREDICATE_EVAL_ANY_FIELD && term_is_word(term)) {
        struct predicate_eval_probe *probe = probe_one(eval, term, false);
        probe->question.are_words = true;
        probe->of_text = true;
        probe->is_answer = true;
    }
    probe_one(eval, term, false)->is_answer = exact;
}

/* A number that was typed in another form than values have: its plain form's term, too. */
static void probe_number(struct predicate_eval *eval, const struct predicate *predicate)
{
    char text[NUMBER_TEXT_BYTES];
    struct buf term = BUF_INIT;
    bool one = term_single(number_text_of(predicate->number, text), &term);
    if (one && term.size < sizeof eval->number && !span_equal(buf_span(&term), predicate->text)) {
        memcpy(eval->number, term.data, term.size);
        (void)probe_one(eval, span_of(eval->number, term.size), false);
    }
    buf_fini(&term);
}

static void find_probes(struct predicate_eval *eval)
{
    const struct predicate *predicate = eval->predicate;
    switch (predicate->kind) {
    case PREDICATE_TERM:
        probe_term(eval, predicate->text);
        if (predicate->is_number) {
            probe_number(eval, predicate);
        }
        break;
    case PREDICATE_PREFIX:
        probe_one(eval, predicate->text, true)->is_answer =
            segment_text_is_exact(predicate->text, true);
        break;
    case PREDICATE_PHRASE:
        probe_words(eval, predicate);
        break;
    case PREDICATE_ALL:
    case PREDICATE_SUBSTRING:
    case PREDICATE_GLOB:
    case PREDICATE_RANGE:
    case PREDICATE_EXISTS:
    case PREDICATE_SEVERITY:
    case PREDICATE_TIME:
    case PREDICATE_UID:
    case PREDICATE_OBSERVABLE:
        break;
    }
}

static bool grow(uint64_t **words, size_t before, size_t count)
{
    uint64_t *grown = realloc(*words, count * sizeof *grown);
    if (grown) {
        memset(grown + before, 0, (count - before) * sizeof *grown);
        *words = grown;
    }
    return grown != NULL;
}

static bool values_reserve(struct predicate_eval *eval, uint32_t value)
{
    size_t wanted = value / 64 + 1;
    if (wanted > eval->n_value_words) {
        size_t count = wanted * 2 + 16;
        if (!grow(&eval->values, eval->n_value_words, count) ||
            !grow(&eval->whatever_port, eval->n_value_words, count)) {
            return false;
        }
        eval->n_value_words = count;
    }
    return true;
}

static bool add_value(void *context, uint32_t value, uint32_t field, struct span text)
{
    struct predicate_eval *eval = context;
    if (field >= segment_field_count(eval->segment) ||
        (eval->field >= 0 && (uint32_t)eval->field != field)) {
        return true;
    }
    struct span name = span_str(segment_field_name(eval->segment, field));
    if ((eval->field < 0 && match_is_reserved(name)) || !match_value(eval->predicate, name, text)) {
        return true;
    }
    if (!values_reserve(eval, value)) {
        eval->nomem = true;
        return false;
    }
    uint64_t bit = UINT64_C(1) << (value % 64);
    eval->values[value / 64] |= bit;
    eval->whatever_port[value / 64] |= predicate_eval_any_port(eval->predicate, text) ? bit : 0;
    if (!eval->has_field[field]) {
        eval->has_field[field] = 1;
        eval->fields[eval->n_fields++] = field;
    }
    return true;
}

static enum status find_values(struct predicate_eval *eval, struct err *err)
{
    size_t count = segment_field_count(eval->segment) + 1;
    eval->has_field = calloc(count, 1);
    eval->fields = malloc(count * sizeof *eval->fields);
    if (!eval->has_field || !eval->fields) {
        return err_nomem(err, "search");
    }
    enum status status = OK;
    if (eval->n_probes == 0) {
        status = segment_values(eval->segment, eval->field, add_value, eval, err);
    }
    for (size_t i = 0; status == OK && i < eval->n_probes; i++) {
        const struct predicate_eval_probe *probe = &eval->probes[i];
        if (!probe->of_text) {
            status = segment_values_with(eval->segment, &probe->question, add_value, eval, err);
        }
    }
    return status == OK && eval->nomem ? err_nomem(err, "search") : status;
}

static uint32_t uid_hash(struct span uid)
{
    struct event event = {.uid = uid};
    return event_identity_hash(&event);
}

static void add_uid_hash(struct predicate_eval *eval, struct span uid)
{
    uint32_t hash = uid_hash(uid);
    for (size_t i = 0; i < eval->n_uid_hashes; i++) {
        if (eval->uid_hashes[i] == hash) {
            return;
        }
    }
    eval->uid_hashes[eval->n_uid_hashes++] = hash;
}

/* As typed, and for a word in lower and upper case. */
static void find_uid_hashes(struct predicate_eval *eval)
{
    struct span typed = eval->predicate->typed;
    add_uid_hash(eval, typed);
    char text[256];
    if (eval->predicate->kind != PREDICATE_TERM || typed.size > sizeof text) {
        return;
    }
    for (int upper = 0; upper < 2; upper++) {
        for (size_t i = 0; i < typed.size; i++) {
            char c = typed.data[i];
            char from = upper ? 'a' : 'A';
            bool turn = c >= from && c <= from + 25;
            text[i] = turn ? (char)(c ^ 0x20) : c;
        }
        add_uid_hash(eval, span_of(text, typed.size));
    }
}

static unsigned rank_of(const struct predicate_eval *eval)
{
    switch (eval->predicate->kind) {
    case PREDICATE_ALL:
        return COST_ALL;
    case PREDICATE_TIME:
        return COST_TIME;
    case PREDICATE_UID:
        return COST_UID;
    case PREDICATE_TERM:
    case PREDICATE_PREFIX:
        return eval->field >= 0 ? COST_COLUMN : COST_COLUMNS;
    case PREDICATE_EXISTS:
    case PREDICATE_RANGE:
    case PREDICATE_SEVERITY:
        return eval->field >= 0 ? COST_COLUMN : COST_SCAN;
    case PREDICATE_PHRASE:
    case PREDICATE_OBSERVABLE:
        return COST_TEXT;
    case PREDICATE_SUBSTRING:
    case PREDICATE_GLOB:
        break;
    }
    return COST_SCAN;
}

enum status predicate_eval_init(struct predicate_eval *eval, const struct predicate *predicate,
                                struct segment *segment, struct err *err)
{
    *eval = (struct predicate_eval){
        .predicate = predicate, .segment = segment, .field = PREDICATE_EVAL_ANY_FIELD};
    enum predicate_kind kind = predicate->kind;
    eval->cost = COST_ALL;
    if (kind == PREDICATE_UID || (kind == PREDICATE_TERM && predicate->field.size == 0)) {
        find_uid_hashes(eval);
    }
    eval->lookup.ops = predicate_eval_observable_ops(predicate);
    if (kind == PREDICATE_ALL || kind == PREDICATE_TIME || kind == PREDICATE_UID ||
        kind == PREDICATE_OBSERVABLE) {
        eval->cost = rank_of(eval) * COST_STEP;
        return OK;
    }
    if (predicate->field.size > 0) {
        eval->field = segment_field_find(segment, predicate->field);
        eval->field = eval->field < 0 ? PREDICATE_EVAL_NO_FIELD : eval->field;
        eval->is_reserved = match_is_reserved(predicate->field);
        eval->scan_all = span_is(predicate->field, "uid") || span_is(predicate->field, "time");
    }
    eval->prefilter = prefilter_of(predicate);
    eval->any_integer = match_integer_possible(predicate);
    eval->any_port = predicate_eval_port_possible(predicate);
    eval->cost = (eval->scan_all ? (unsigned)COST_SCAN : rank_of(eval)) * COST_STEP;
    if (eval->field == PREDICATE_EVAL_NO_FIELD) {
        return OK;
    }
    find_probes(eval);
    enum status status = kind == PREDICATE_EXISTS ? OK : find_values(eval, err);
    eval->cost += eval->n_fields < COST_STEP ? (unsigned)eval->n_fields : COST_STEP - 1;
    return status;
}

void predicate_eval_read_ahead(struct predicate_eval *eval, int64_t first_block, size_t n_blocks)
{
    eval->first_ahead = first_block;
    eval->n_ahead = n_blocks;
}

void predicate_eval_fini(struct predicate_eval *eval)
{
    for (size_t i = 0; i < eval->n_probes; i++) {
        free(eval->probes[i].maps);
    }
    observable_lookup_fini(&eval->lookup);
    free(eval->values);
    free(eval->whatever_port);
    free(eval->has_field);
    free(eval->fields);
    *eval = (struct predicate_eval){0};
}
