#include "query/eval/predicate_eval.h"

#include <stdlib.h>

#include "query/language/match.h"
#include "query/language/number.h"
#include "schema/base/utf8.h"
#include "schema/event/term.h"

enum { COST_ALL, COST_TIME, COST_COLUMN, COST_COLUMNS, COST_UID, COST_TEXT, COST_SCAN };
/* Among leaves of one rank those with fewer columns to read go first. */
enum { COST_STEP = 4096 };

static struct probe *probe_one(struct leaf *leaf, struct span term, bool prefix)
{
    struct probe *probe = &leaf->probes[leaf->n_probes++];
    *probe = (struct probe){.own = term};
    probe->question =
        (struct term_question){.terms = &probe->own, .n_terms = 1, .last_is_prefix = prefix};
    return probe;
}

static void probe_words(struct leaf *leaf, const struct predicate *predicate)
{
    leaf->probes[leaf->n_probes++].question =
        (struct term_question){.terms = predicate->words,
                               .n_terms = predicate->n_words,
                               .last_is_prefix = predicate->last_is_prefix,
                               .are_words = true};
}

/* A time or an IPv6 address is most often a word of the text, which then needs no look at the
 * bytes; where it is the start of a longer run of characters it is not. */
static void probe_term(struct leaf *leaf, struct span term)
{
    bool exact = segment_text_is_exact(term, false);
    if (!exact && leaf->field == LEAF_ANY_FIELD && term_is_word(term)) {
        struct probe *probe = probe_one(leaf, term, false);
        probe->question.are_words = true;
        probe->of_text = true;
        probe->is_answer = true;
    }
    probe_one(leaf, term, false)->is_answer = exact;
}

/* A number that was typed in another form than values have: its plain form's term, too. */
static void probe_number(struct leaf *leaf, const struct predicate *predicate)
{
    char text[NUMBER_TEXT_BYTES];
    struct buf term = BUF_INIT;
    bool one = term_single(number_text_of(predicate->number, text), &term);
    if (one && term.size < sizeof leaf->number && !span_equal(buf_span(&term), predicate->text)) {
        memcpy(leaf->number, term.data, term.size);
        (void)probe_one(leaf, span_of(leaf->number, term.size), false);
    }
    buf_fini(&term);
}

static void find_probes(struct leaf *leaf)
{
    const struct predicate *predicate = leaf->predicate;
    switch (predicate->kind) {
    case PREDICATE_TERM:
        probe_term(leaf, predicate->text);
        if (predicate->is_number) {
            probe_number(leaf, predicate);
        }
        break;
    case PREDICATE_PREFIX:
        probe_one(leaf, predicate->text, true)->is_answer =
            segment_text_is_exact(predicate->text, true);
        break;
    case PREDICATE_PHRASE:
        probe_words(leaf, predicate);
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

static bool values_reserve(struct leaf *leaf, uint32_t value)
{
    size_t wanted = value / 64 + 1;
    if (wanted > leaf->n_value_words) {
        size_t count = wanted * 2 + 16;
        if (!grow(&leaf->values, leaf->n_value_words, count) ||
            !grow(&leaf->whatever_port, leaf->n_value_words, count)) {
            return false;
        }
        leaf->n_value_words = count;
    }
    return true;
}

static bool add_value(void *context, uint32_t value, uint32_t field, struct span text)
{
    struct leaf *leaf = context;
    if (field >= segment_field_count(leaf->segment) ||
        (leaf->field >= 0 && (uint32_t)leaf->field != field)) {
        return true;
    }
    struct span name = span_str(segment_field_name(leaf->segment, field));
    if ((leaf->field < 0 && match_is_reserved(name)) || !match_value(leaf->predicate, name, text)) {
        return true;
    }
    if (!values_reserve(leaf, value)) {
        leaf->nomem = true;
        return false;
    }
    uint64_t bit = UINT64_C(1) << (value % 64);
    leaf->values[value / 64] |= bit;
    leaf->whatever_port[value / 64] |= leaf_whatever_port(leaf->predicate, text) ? bit : 0;
    if (!leaf->has_field[field]) {
        leaf->has_field[field] = 1;
        leaf->fields[leaf->n_fields++] = field;
    }
    return true;
}

static enum status find_values(struct leaf *leaf, struct err *err)
{
    size_t count = segment_field_count(leaf->segment) + 1;
    leaf->has_field = calloc(count, 1);
    leaf->fields = malloc(count * sizeof *leaf->fields);
    if (!leaf->has_field || !leaf->fields) {
        return err_nomem(err, "search");
    }
    enum status status = OK;
    if (leaf->n_probes == 0) {
        status = segment_values(leaf->segment, leaf->field, add_value, leaf, err);
    }
    for (size_t i = 0; status == OK && i < leaf->n_probes; i++) {
        const struct probe *probe = &leaf->probes[i];
        if (!probe->of_text) {
            status = segment_values_with(leaf->segment, &probe->question, add_value, leaf, err);
        }
    }
    return status == OK && leaf->nomem ? err_nomem(err, "search") : status;
}

static uint32_t uid_hash(struct span uid)
{
    struct event event = {.uid = uid};
    return event_identity_hash(&event);
}

static void add_uid_hash(struct leaf *leaf, struct span uid)
{
    uint32_t hash = uid_hash(uid);
    for (size_t i = 0; i < leaf->n_uid_hashes; i++) {
        if (leaf->uid_hashes[i] == hash) {
            return;
        }
    }
    leaf->uid_hashes[leaf->n_uid_hashes++] = hash;
}

/* As typed, and for a word in lower and upper case. */
static void find_uid_hashes(struct leaf *leaf)
{
    struct span typed = leaf->predicate->typed;
    add_uid_hash(leaf, typed);
    char text[256];
    if (leaf->predicate->kind != PREDICATE_TERM || typed.size > sizeof text) {
        return;
    }
    for (int upper = 0; upper < 2; upper++) {
        for (size_t i = 0; i < typed.size; i++) {
            char c = typed.data[i];
            char from = upper ? 'a' : 'A';
            bool turn = c >= from && c <= from + 25;
            text[i] = turn ? (char)(c ^ 0x20) : c;
        }
        add_uid_hash(leaf, span_of(text, typed.size));
    }
}

static unsigned rank_of(const struct leaf *leaf)
{
    switch (leaf->predicate->kind) {
    case PREDICATE_ALL:
        return COST_ALL;
    case PREDICATE_TIME:
        return COST_TIME;
    case PREDICATE_UID:
        return COST_UID;
    case PREDICATE_TERM:
    case PREDICATE_PREFIX:
        return leaf->field >= 0 ? COST_COLUMN : COST_COLUMNS;
    case PREDICATE_EXISTS:
    case PREDICATE_RANGE:
    case PREDICATE_SEVERITY:
        return leaf->field >= 0 ? COST_COLUMN : COST_SCAN;
    case PREDICATE_PHRASE:
    case PREDICATE_OBSERVABLE:
        return COST_TEXT;
    case PREDICATE_SUBSTRING:
    case PREDICATE_GLOB:
        break;
    }
    return COST_SCAN;
}

enum status leaf_init(struct leaf *leaf, const struct predicate *predicate, struct segment *segment,
                      struct err *err)
{
    *leaf = (struct leaf){.predicate = predicate, .segment = segment, .field = LEAF_ANY_FIELD};
    enum predicate_kind kind = predicate->kind;
    leaf->cost = COST_ALL;
    if (kind == PREDICATE_UID || (kind == PREDICATE_TERM && predicate->field.size == 0)) {
        find_uid_hashes(leaf);
    }
    leaf->kept.asker = leaf_observable_asker(predicate);
    if (kind == PREDICATE_ALL || kind == PREDICATE_TIME || kind == PREDICATE_UID ||
        kind == PREDICATE_OBSERVABLE) {
        leaf->cost = rank_of(leaf) * COST_STEP;
        return OK;
    }
    if (predicate->field.size > 0) {
        leaf->field = segment_field_find(segment, predicate->field);
        leaf->field = leaf->field < 0 ? LEAF_NO_FIELD : leaf->field;
        leaf->is_reserved = match_is_reserved(predicate->field);
        leaf->scan_all = span_is(predicate->field, "uid") || span_is(predicate->field, "time");
    }
    leaf->needle = needle_of(predicate);
    leaf->any_integer = match_integer_possible(predicate);
    leaf->any_port = leaf_port_possible(predicate);
    leaf->cost = (leaf->scan_all ? (unsigned)COST_SCAN : rank_of(leaf)) * COST_STEP;
    if (leaf->field == LEAF_NO_FIELD) {
        return OK;
    }
    find_probes(leaf);
    enum status status = kind == PREDICATE_EXISTS ? OK : find_values(leaf, err);
    leaf->cost += leaf->n_fields < COST_STEP ? (unsigned)leaf->n_fields : COST_STEP - 1;
    return status;
}

void leaf_ahead(struct leaf *leaf, int64_t first_block, size_t n_blocks)
{
    leaf->first_ahead = first_block;
    leaf->n_ahead = n_blocks;
}

void leaf_fini(struct leaf *leaf)
{
    for (size_t i = 0; i < leaf->n_probes; i++) {
        free(leaf->probes[i].maps);
    }
    kept_fini(&leaf->kept);
    free(leaf->values);
    free(leaf->whatever_port);
    free(leaf->has_field);
    free(leaf->fields);
    *leaf = (struct leaf){0};
}
