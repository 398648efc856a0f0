#include "query/language/predicate.h"

#include "query/language/number.h"
#include "query/language/pseudo.h"
#include "schema/base/utf8.h"
#include "schema/event/term.h"

enum status pseudo_lower(struct arena *arena, struct span text, struct span *out_text,
                         struct err *err)
{
    char *lower = arena_alloc(arena, text.size + 1);
    if (!lower) {
        return err_nomem(err, "query");
    }
    *out_text = span_of(lower, utf8_lower_copy(text, lower));
    lower[out_text->size] = '\0';
    return OK;
}

enum status pseudo_words(struct arena *arena, struct span text, struct predicate *out,
                         struct err *err)
{
    struct buf buf = BUF_INIT;
    size_t count = term_words(text, &buf);
    struct span copy = arena_copy(arena, buf_span(&buf));
    struct span *words = arena_alloc(arena, (count + 1) * sizeof *words);
    bool ok = buf_ok(&buf) && words && copy.data;
    buf_fini(&buf);
    if (!ok) {
        return err_nomem(err, "query");
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

enum status pseudo_term(struct arena *arena, struct span text, struct predicate *out, bool *out_one,
                        struct err *err)
{
    struct buf term = BUF_INIT;
    *out_one = term_single(text, &term);
    struct span copy = arena_copy(arena, buf_span(&term));
    bool ok = buf_ok(&term) && copy.data;
    buf_fini(&term);
    if (!ok) {
        return err_nomem(err, "query");
    }
    if (*out_one) {
        out->kind = PREDICATE_TERM;
        out->text = copy;
    }
    return OK;
}

/* Text without a word in it (only punctuation) is looked for as it stands. */
static enum status build_literal(struct arena *arena, struct span text, struct predicate *out,
                                 struct err *err)
{
    out->kind = PREDICATE_SUBSTRING;
    return pseudo_lower(arena, text, &out->text, err);
}

static enum status build_phrase(struct arena *arena, struct span text, struct predicate *out,
                                struct err *err)
{
    if (text.size == 0) {
        return err_set(err, ERR_USAGE, "nothing stands between the quotation marks");
    }
    enum status status = pseudo_words(arena, text, out, err);
    if (status != OK) {
        return status;
    }
    if (out->n_words == 0) {
        return build_literal(arena, text, out, err);
    }
    out->kind = out->n_words == 1 ? PREDICATE_TERM : PREDICATE_PHRASE;
    out->text = out->words[0];
    return OK;
}

static bool is_word_start(char c)
{
    return c == '*' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
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
static enum status build_prefix(struct arena *arena, struct span text, struct predicate *out,
                                struct err *err)
{
    struct span prefix = skip_punctuation(text);
    if (prefix.size == 0) {
        return build_literal(arena, text, out, err);
    }
    enum status status = pseudo_lower(arena, prefix, &out->text, err);
    if (status != OK) {
        return status;
    }
    out->kind = PREDICATE_PREFIX;
    out->text.size = out->text.size < TERM_BYTES_MAX ? out->text.size : TERM_BYTES_MAX;
    struct buf term = BUF_INIT;
    bool one = term_single(prefix, &term);
    buf_fini(&term);
    if (!one) {
        status = pseudo_words(arena, prefix, out, err);
        if (status == OK && out->n_words > 1) {
            out->kind = PREDICATE_PHRASE;
            out->last_is_prefix = true;
        }
    }
    return status;
}

static enum status build_stars(struct arena *arena, struct span text, struct predicate *out,
                               struct err *err)
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
        return build_prefix(arena, span_of(text.data, text.size - 1), out, err);
    }
    if (stars == 2 && first && last) {
        return build_literal(arena, span_of(text.data + 1, text.size - 2), out, err);
    }
    out->kind = PREDICATE_GLOB;
    return pseudo_lower(arena, skip_punctuation(text), &out->text, err);
}

static enum status build_word(struct arena *arena, struct span text, struct predicate *out,
                              struct err *err)
{
    if (memchr(text.data, '*', text.size)) {
        return build_stars(arena, text, out, err);
    }
    bool one;
    enum status status = pseudo_term(arena, text, out, &one, err);
    if (status != OK || !one) {
        return THEN(status, build_phrase(arena, text, out, err));
    }
    out->is_number = number_read(text, &out->number);
    return OK;
}

static enum status build_bound(struct arena *arena, const struct predicate_bound *end,
                               struct bound *out, struct err *err)
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
    return pseudo_lower(arena, end->text, &out->text, err);
}

static enum status build_range(struct arena *arena, const struct predicate_form *form,
                               struct predicate *out, struct err *err)
{
    out->kind = PREDICATE_RANGE;
    enum status status = build_bound(arena, &form->low, &out->low, err);
    status = THEN(status, build_bound(arena, &form->high, &out->high, err));
    if (status == OK && out->low.kind == BOUND_NONE && out->high.kind == BOUND_NONE) {
        out->kind = out->field.size > 0 ? PREDICATE_EXISTS : PREDICATE_ALL;
    }
    return status;
}

enum status pseudo_plain(struct arena *arena, const struct predicate_form *form,
                         struct predicate *out, struct err *err)
{
    switch (form->kind) {
    case PREDICATE_FORM_WORD:
        return build_word(arena, form->text, out, err);
    case PREDICATE_FORM_PHRASE:
        return build_phrase(arena, form->text, out, err);
    case PREDICATE_FORM_RANGE:
        return build_range(arena, form, out, err);
    }
    return OK;
}

enum status predicate_build(struct arena *arena, int64_t now_us, struct span field,
                            const struct predicate_form *form, struct predicate *out,
                            struct err *err)
{
    struct predicate predicate = {.field = field, .typed = form->text};
    const struct pseudo *pseudo = pseudo_find(field);
    enum status status;
    if (pseudo) {
        predicate.field = span_str(pseudo->of_field);
        status = pseudo->build(arena, now_us, form, &predicate, err);
    } else {
        status = pseudo_plain(arena, form, &predicate, err);
    }
    if (status == OK) {
        *out = predicate;
    }
    return status;
}

void predicate_exists(struct span field, struct predicate *out)
{
    *out = (struct predicate){.kind = PREDICATE_EXISTS, .field = field};
}
