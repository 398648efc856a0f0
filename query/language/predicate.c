/* What was typed is a term if it is one (schema/event/term.h), else a phrase of its words, else,
 * with no word in it, a part to be looked for as it stands. Stars make prefixes, parts and
 * patterns of it. All text goes into the arena in lower case. Any thread. */
#include "query/language/predicate.h"

#include <math.h>

#include "query/language/number.h"
#include "schema/base/utf8.h"
#include "schema/event/term.h"
#include "schema/text/ascii.h"

enum status predicate_lower(const struct predicate_maker *maker, struct span text,
                            struct span *out_text)
{
    char *lower = arena_alloc(maker->arena, text.size + 1);
    if (!lower) {
        return err_nomem(maker->err, "query");
    }
    *out_text = span_of(lower, utf8_lower_copy(text, lower));
    lower[out_text->size] = '\0';
    return OK;
}

static enum status read_words(const struct predicate_maker *maker, struct span text,
                              struct predicate *out)
{
    struct buf buf = BUF_INIT;
    size_t count = term_words(text, &buf);
    struct span copy = arena_copy(maker->arena, buf_span(&buf));
    struct span *words = arena_alloc(maker->arena, (count + 1) * sizeof *words);
    bool ok = buf_ok(&buf) && words && copy.data;
    buf_fini(&buf);
    if (!ok) {
        return err_nomem(maker->err, "query");
    }
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        words[i] = span_str(copy.data + at);
        at += words[i].size + 1;
    }
    out->words = words;
    out->n_words = count;
    return OK;
}

enum status predicate_term(const struct predicate_maker *maker, struct span text,
                           struct predicate *out, bool *out_one)
{
    struct buf term = BUF_INIT;
    *out_one = term_single(text, &term);
    struct span copy = arena_copy(maker->arena, buf_span(&term));
    bool ok = buf_ok(&term) && copy.data;
    buf_fini(&term);
    if (!ok) {
        return err_nomem(maker->err, "query");
    }
    if (*out_one) {
        out->kind = PREDICATE_TERM;
        out->text = copy;
    }
    return OK;
}

/* Text without a word in it (only punctuation) is looked for as it stands. */
static enum status build_literal(const struct predicate_maker *maker, struct span text,
                                 struct predicate *out)
{
    out->kind = PREDICATE_SUBSTRING;
    return predicate_lower(maker, text, &out->text);
}

static enum status build_phrase(const struct predicate_maker *maker, struct span text,
                                struct predicate *out)
{
    if (text.size == 0) {
        return err_set(maker->err, ERR_USAGE, "the quotation marks are empty");
    }
    enum status status = read_words(maker, text, out);
    if (status != OK) {
        return status;
    }
    if (out->n_words == 0) {
        return build_literal(maker, text, out);
    }
    out->kind = out->n_words == 1 ? PREDICATE_TERM : PREDICATE_PHRASE;
    out->text = out->words[0];
    return OK;
}

static bool is_word_start(char c)
{
    return c == '*' || c == '_' || ascii_is_digit(c) || ascii_is_letter(c) ||
           (unsigned char)c >= 0x80;
}

/* Terms have no punctuation in front: neither has what looks for their beginning. */
static struct span skip_punctuation(struct span text)
{
    while (text.size > 0 && !is_word_start(text.data[0])) {
        text = span_from(text, 1);
    }
    return text;
}

/* "word*"; with white space or other separators in it, words of which the last is a prefix. */
static enum status build_prefix(const struct predicate_maker *maker, struct span text,
                                struct predicate *out)
{
    struct span prefix = skip_punctuation(text);
    if (prefix.size == 0) {
        return build_literal(maker, text, out);
    }
    enum status status = predicate_lower(maker, prefix, &out->text);
    if (status != OK) {
        return status;
    }
    out->kind = PREDICATE_PREFIX;
    out->text.size = out->text.size < TERM_BYTES_MAX ? out->text.size : TERM_BYTES_MAX;
    struct buf term = BUF_INIT;
    bool one = term_single(prefix, &term);
    buf_fini(&term);
    if (!one) {
        status = read_words(maker, prefix, out);
        if (status == OK && out->n_words > 1) {
            out->kind = PREDICATE_PHRASE;
            out->last_is_prefix = true;
        }
    }
    return status;
}

static enum status build_stars(const struct predicate_maker *maker, struct span text,
                               struct predicate *out)
{
    size_t stars = 0;
    for (size_t i = 0; i < text.size; i++) {
        stars += text.data[i] == '*';
    }
    bool first = text.data[0] == '*';
    bool last = text.data[text.size - 1] == '*';
    if (stars == text.size) {
        out->kind = out->field.size > 0 ? PREDICATE_EXISTS : PREDICATE_ALL;
        return OK;
    }
    if (stars == 1 && last) {
        return build_prefix(maker, span_of(text.data, text.size - 1), out);
    }
    if (stars == 2 && first && last) {
        return build_literal(maker, span_of(text.data + 1, text.size - 2), out);
    }
    out->kind = PREDICATE_GLOB;
    return predicate_lower(maker, skip_punctuation(text), &out->text);
}

static enum status build_word(const struct predicate_maker *maker, struct span text,
                              struct predicate *out)
{
    if (memchr(text.data, '*', text.size)) {
        return build_stars(maker, text, out);
    }
    bool one;
    enum status status = predicate_term(maker, text, out, &one);
    if (status != OK || !one) {
        return THEN(status, build_phrase(maker, text, out));
    }
    /* one that no double holds is text: it equals no other such number */
    out->is_number = number_read(text, &out->number) && isfinite(out->number);
    return OK;
}

static enum status build_bound(const struct predicate_maker *maker,
                               const struct predicate_bound *end, struct bound *out)
{
    *out = (struct bound){.inclusive = end->inclusive};
    if (!end->set) {
        return OK;
    }
    if (number_read(end->text, &out->number)) {
        out->kind = BOUND_NUMBER;
    } else if (clock_parse_rfc3339(end->text, &out->time_us) ||
               clock_parse_day(end->text, &out->time_us)) {
        out->kind = BOUND_TIME;
    } else {
        out->kind = BOUND_TEXT;
    }
    return predicate_lower(maker, end->text, &out->text);
}

static enum status build_range(const struct predicate_maker *maker,
                               const struct predicate_form *form, struct predicate *out)
{
    out->kind = PREDICATE_RANGE;
    enum status status = build_bound(maker, &form->low, &out->low);
    status = THEN(status, build_bound(maker, &form->high, &out->high));
    if (status == OK && out->low.kind == BOUND_NONE && out->high.kind == BOUND_NONE) {
        out->kind = out->field.size > 0 ? PREDICATE_EXISTS : PREDICATE_ALL;
    }
    return status;
}

enum status predicate_plain(const struct predicate_maker *maker, const struct predicate_form *form,
                            struct predicate *out)
{
    switch (form->kind) {
    case PREDICATE_FORM_WORD:
        return build_word(maker, form->text, out);
    case PREDICATE_FORM_PHRASE:
        return build_phrase(maker, form->text, out);
    case PREDICATE_FORM_RANGE:
        return build_range(maker, form, out);
    }
    return OK;
}
