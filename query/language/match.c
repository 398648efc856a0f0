/* The meaning of every predicate, on a value, on an integer, on an observable, on a whole event.
 * Slow and plain on purpose: indexes and columns must give what this gives
 * (tests/unit/query/test_search_random.c). Pure but for the stack and short-lived memory; when
 * that is out a value does not match. Any thread. */
#include "query/language/match.h"

#include <stdio.h>
#include <stdlib.h>

#include "query/language/glob.h"
#include "query/language/number.h"
#include "schema/base/utf8.h"
#include "schema/event/source.h"
#include "schema/event/term.h"
#include "schema/segment/segment.h"
#include "schema/text/ascii.h"

static int same_term(void *context, struct span term, enum term_level level, uint32_t first_word,
                     uint32_t last_word)
{
    (void)level;
    (void)first_word;
    (void)last_word;
    const struct predicate *predicate = context;
    return span_equal(term, predicate->text);
}

static int begins_term(void *context, struct span term, enum term_level level, uint32_t first_word,
                       uint32_t last_word)
{
    (void)level;
    (void)first_word;
    (void)last_word;
    const struct predicate *predicate = context;
    return term.size >= predicate->text.size &&
           memcmp(term.data, predicate->text.data, predicate->text.size) == 0;
}

static int glob_term(void *context, struct span term, enum term_level level, uint32_t first_word,
                     uint32_t last_word)
{
    (void)level;
    (void)first_word;
    (void)last_word;
    const struct predicate *predicate = context;
    return glob_match(predicate->text, term);
}

/* text: an address as it stands in terms. */
static bool in_address_range(const struct predicate *predicate, struct span text)
{
    unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES];
    return term_address_bytes(text, address) &&
           memcmp(address, predicate->address_low, sizeof address) >= 0 &&
           memcmp(address, predicate->address_high, sizeof address) <= 0;
}

static int address_term(void *context, struct span term, enum term_level level, uint32_t first_word,
                        uint32_t last_word)
{
    (void)level;
    (void)first_word;
    (void)last_word;
    return in_address_range(context, term);
}

bool match_observable(const struct predicate *predicate, const struct observable *observable)
{
    struct span text = observable->normal;
    struct span wanted = predicate->text;
    if (observable->kind != predicate->observable) {
        return false;
    }
    if (observable->kind == OBSERVABLE_IP) {
        return in_address_range(predicate, text);
    }
    if (observable->kind == OBSERVABLE_DOMAIN && text.size > wanted.size &&
        text.data[text.size - wanted.size - 1] == '.') {
        text = span_from(text, text.size - wanted.size);
    }
    if (observable->kind == OBSERVABLE_URL && !memmem(wanted.data, wanted.size, "://", 3)) {
        text = observable_url_bare(text);
    }
    return span_equal(text, wanted);
}

/* The phrase's words against those of a value, as they come: state[i] says that the first i words
 * ended at the word before. */
struct phrase_match {
    const struct predicate *predicate;
    bool *state;
};

static bool is_phrase_word(const struct predicate *predicate, size_t i, struct span word)
{
    struct span wanted = predicate->words[i];
    if (predicate->last_is_prefix && i + 1 == predicate->n_words) {
        return word.size >= wanted.size && memcmp(word.data, wanted.data, wanted.size) == 0;
    }
    return span_equal(word, wanted);
}

static int phrase_term(void *context, struct span term, enum term_level level, uint32_t first_word,
                       uint32_t last_word)
{
    (void)level;
    if (first_word != last_word) {
        return 0;
    }
    struct phrase_match *phrase = context;
    for (size_t i = phrase->predicate->n_words; i-- > 0;) {
        bool before = i == 0 || phrase->state[i];
        phrase->state[i + 1] = before && is_phrase_word(phrase->predicate, i, term);
    }
    return phrase->state[phrase->predicate->n_words];
}

static bool match_phrase(const struct predicate *predicate, struct span value)
{
    bool few[64] = {false};
    bool *state = few;
    if (predicate->n_words >= sizeof few) {
        state = calloc(predicate->n_words + 1, sizeof *state);
        if (!state) {
            return false;
        }
    }
    struct phrase_match phrase = {.predicate = predicate, .state = state};
    bool found = term_split(value, phrase_term, &phrase) != 0;
    if (state != few) {
        free(state);
    }
    return found;
}

/* Hands the value in lower case to `test`. */
static bool in_lower(struct span value, struct span wanted,
                     bool (*test)(struct span wanted, struct span value))
{
    char few[512];
    char *lower = value.size <= sizeof few ? few : malloc(value.size);
    if (!lower) {
        return false;
    }
    bool found = test(wanted, span_of(lower, utf8_lower_copy(value, lower)));
    if (lower != few) {
        free(lower);
    }
    return found;
}

static bool holds(struct span wanted, struct span value)
{
    return memmem(value.data, value.size, wanted.data, wanted.size) != NULL;
}

/* How the value stands to the bound: -1, 0, 1; 2 when they cannot be compared. */
static int compare_bound(const struct bound *bound, struct span value, struct span lower)
{
    double number;
    int64_t time_us;
    switch (bound->kind) {
    case BOUND_NUMBER:
        return number_read(value, &number) ? (number > bound->number) - (number < bound->number)
                                           : 2;
    case BOUND_TIME:
        if (!clock_parse_rfc3339(value, &time_us) && !clock_parse_day(value, &time_us)) {
            return 2;
        }
        return (time_us > bound->time_us) - (time_us < bound->time_us);
    case BOUND_TEXT: {
        int order = span_compare(lower, bound->text);
        return (order > 0) - (order < 0);
    }
    case BOUND_NONE:
        break;
    }
    return 2;
}

static bool match_range(const struct predicate *predicate, struct span value)
{
    struct span lower = {0};
    char few[512];
    char *memory = NULL;
    if (predicate->low.kind == BOUND_TEXT || predicate->high.kind == BOUND_TEXT) {
        memory = value.size <= sizeof few ? few : malloc(value.size);
        if (!memory) {
            return false;
        }
        lower = span_of(memory, utf8_lower_copy(value, memory));
    }
    bool in = true;
    if (predicate->low.kind != BOUND_NONE) {
        int order = compare_bound(&predicate->low, value, lower);
        in = order == 1 || (order == 0 && predicate->low.inclusive);
    }
    if (in && predicate->high.kind != BOUND_NONE) {
        int order = compare_bound(&predicate->high, value, lower);
        in = order == -1 || (order == 0 && predicate->high.inclusive);
    }
    if (memory != few) {
        free(memory);
    }
    return in;
}

static bool match_term(const struct predicate *predicate, struct span value)
{
    double number;
    return term_split(value, same_term, (void *)(uintptr_t)predicate) != 0 ||
           (predicate->is_number && number_is_plain(value, &number) && number == predicate->number);
}

static bool split(struct span value, term_each *each, const struct predicate *predicate)
{
    return term_split(value, each, (void *)(uintptr_t)predicate) != 0;
}

bool match_value(const struct predicate *predicate, struct span path, struct span value)
{
    if (predicate->field.size > 0 && !span_equal(predicate->field, path)) {
        return false;
    }
    switch (predicate->kind) {
    case PREDICATE_TERM:
        return match_term(predicate, value);
    case PREDICATE_PHRASE:
        return match_phrase(predicate, value);
    case PREDICATE_PREFIX:
        return split(value, begins_term, predicate);
    case PREDICATE_SUBSTRING:
        return in_lower(value, predicate->text, holds);
    case PREDICATE_GLOB:
        return split(value, glob_term, predicate) || in_lower(value, predicate->text, glob_match);
    case PREDICATE_RANGE:
        return match_range(predicate, value);
    case PREDICATE_EXISTS:
        return true;
    case PREDICATE_ADDRESS:
        return split(value, address_term, predicate);
    case PREDICATE_SEVERITY:
        return event_code_severity(value) == predicate->severity;
    case PREDICATE_ALL:
    case PREDICATE_TIME:
    case PREDICATE_UID:
    case PREDICATE_OBSERVABLE:
        break;
    }
    return false;
}

bool match_integer_possible(const struct predicate *predicate)
{
    switch (predicate->kind) {
    case PREDICATE_TERM:
        return predicate->is_number || ascii_all_digits(predicate->text);
    case PREDICATE_PREFIX:
        return ascii_all_digits(predicate->text);
    case PREDICATE_SUBSTRING:
        return strspn(predicate->text.data, "-0123456789") >= predicate->text.size;
    case PREDICATE_RANGE:
        return predicate->low.kind != BOUND_TIME && predicate->high.kind != BOUND_TIME;
    case PREDICATE_GLOB:
    case PREDICATE_EXISTS:
        return true;
    case PREDICATE_ALL:
    case PREDICATE_PHRASE:
    case PREDICATE_OBSERVABLE:
    case PREDICATE_ADDRESS:
    case PREDICATE_SEVERITY:
    case PREDICATE_TIME:
    case PREDICATE_UID:
        break;
    }
    return false;
}

static bool in_number_bound(const struct bound *bound, double number, bool low)
{
    if (bound->kind == BOUND_NONE || (bound->inclusive && number == bound->number)) {
        return true;
    }
    return low ? number > bound->number : number < bound->number;
}

bool match_integer(const struct predicate *predicate, int64_t number)
{
    if (predicate->kind == PREDICATE_EXISTS) {
        return true;
    }
    if (predicate->kind == PREDICATE_RANGE && predicate->low.kind != BOUND_TEXT &&
        predicate->high.kind != BOUND_TEXT) {
        return in_number_bound(&predicate->low, (double)number, true) &&
               in_number_bound(&predicate->high, (double)number, false);
    }
    char text[NUMBER_TEXT_BYTES];
    int n = snprintf(text, sizeof text, "%lld", (long long)number);
    return match_value(predicate, predicate->field, span_of(text, (size_t)n));
}

bool match_is_reserved(struct span path)
{
    return span_is(path, SOURCE_FIELD) || span_is(path, SOURCE_MARK_FIELD);
}

static bool match_uid(const struct predicate *predicate, struct span uid)
{
    struct span typed = predicate->typed;
    if (uid.size == 0 || uid.size != typed.size) {
        return false;
    }
    if (span_equal(uid, typed)) {
        return true;
    }
    bool lower = predicate->kind == PREDICATE_TERM;
    bool upper = lower;
    for (size_t i = 0; i < uid.size && (lower || upper); i++) {
        char c = typed.data[i];
        lower = lower && uid.data[i] == ascii_lower(c);
        upper = upper && uid.data[i] == (c >= 'a' && c <= 'z' ? c - 32 : c);
    }
    return lower || upper;
}

struct observable_match {
    const struct predicate *predicate;
    bool found;
};

static void compare_observable(void *context, const struct observable *observable)
{
    struct observable_match *match = context;
    match->found = match->found || match_observable(match->predicate, observable);
}

static bool has_observable(const struct predicate *predicate, const struct event *event)
{
    struct observable_match match = {.predicate = predicate};
    struct observable_scanner scanner = OBSERVABLE_SCANNER_INIT;
    bool ok = observable_scan_event(&scanner, event, compare_observable, &match);
    observable_scanner_fini(&scanner);
    return ok && match.found;
}

struct span match_field(const struct predicate *predicate)
{
    return predicate->kind == PREDICATE_UID ? span_str("uid") : predicate->field;
}

bool match_event_field(const struct predicate *predicate, const struct event_field *field)
{
    if (predicate->kind == PREDICATE_UID) {
        return span_is(field->path, "uid") && match_uid(predicate, field->value);
    }
    if (predicate->field.size == 0) {
        if (match_is_reserved(field->path)) {
            return false;
        }
        if (predicate->kind == PREDICATE_TERM && span_is(field->path, "uid") &&
            match_uid(predicate, field->value)) {
            return true;
        }
    }
    return match_value(predicate, field->path, field->value);
}

bool match_predicate(const struct predicate *predicate, const struct event *event)
{
    if (predicate->kind == PREDICATE_OBSERVABLE) {
        return has_observable(predicate, event);
    }
    if (predicate->kind == PREDICATE_ALL) {
        return true;
    }
    if (predicate->kind == PREDICATE_TIME) {
        return event->time_us >= predicate->time_low_us && event->time_us < predicate->time_high_us;
    }
    for (size_t i = 0; i < event->n_fields; i++) {
        if (match_event_field(predicate, &event->fields[i])) {
            return true;
        }
    }
    return false;
}

/* Depth is bounded by the parser (QUERY_DEPTH_MAX). */
bool match_event(const struct node *node, const struct event *event)
{
    if (node->kind == NODE_LEAF) {
        return match_predicate(node->predicate, event);
    }
    if (node->kind == NODE_NOT) {
        return !match_event(node->first, event);
    }
    bool stop_at = node->kind == NODE_OR;
    for (const struct node *child = node->first; child; child = child->next) {
        if (match_event(child, event) == stop_at) {
            return stop_at;
        }
    }
    return !stop_at;
}
