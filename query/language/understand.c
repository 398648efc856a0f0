/* Each reading is a further branch of an OR whose first branch is the text as it stands: a value
 * that holds "10.0.0.0/8" or "user=alice" literally is found as ever. The exception is name!=value,
 * whose negation has no such superset. Any thread. */
#include "query/language/understand.h"

#include "query/language/address.h"
#include "query/language/lex.h"
#include "query/language/pseudo.h"
#include "schema/text/refang.h"

bool understand_is_network(struct span text)
{
    unsigned char low[16];
    unsigned char high[16];
    return text.size > 0 && memchr(text.data, '/', text.size) &&
           address_read_range(text, low, high);
}

static bool is_scheme_defanged(struct span text)
{
    return text.size > 3 &&
           (strncasecmp(text.data, "hxxp", 4) == 0 || strncasecmp(text.data, "fxp:", 4) == 0);
}

static bool has_bracket(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (strchr("[](){}", text.data[i]) && text.data[i] != '\0') {
            return true;
        }
    }
    return false;
}

enum status understand_refang(struct arena *arena, struct span text, struct span *out,
                              struct err *err)
{
    *out = text;
    if (refang_is_plain(text) || (!has_bracket(text) && !is_scheme_defanged(text))) {
        return OK;
    }
    struct buf clear = BUF_INIT;
    refang(text, &clear);
    enum status status = buf_status(&clear, "query", err);
    if (status == OK && clear.size > 0 && !span_equal(buf_span(&clear), text)) {
        *out = arena_copy(arena, buf_span(&clear));
        status = out->data ? OK : err_nomem(err, "query");
    }
    buf_fini(&clear);
    return status;
}

/* The branches of one value, and how it is spelled to say what it was read as. */
struct readings {
    struct build *build;
    struct node *first;
    struct node **tail;
};

static enum status add_value(struct readings *readings, struct span field,
                             const struct predicate_form *form)
{
    enum status status = build_value(readings->build, field, form, readings->tail);
    if (status == OK) {
        readings->tail = &(*readings->tail)->next;
    }
    return status;
}

/* A network: in any value, or in the field's. */
static enum status add_network(struct readings *readings, struct span field, struct span text)
{
    if (field.size == 0) {
        struct predicate_form form = {.kind = PREDICATE_FORM_WORD, .text = text};
        return add_value(readings, span_str("ip"), &form);
    }
    struct predicate predicate = {.kind = PREDICATE_ADDRESS, .field = field, .typed = text};
    CHECK(address_read_range(text, predicate.address_low, predicate.address_high));
    enum status status = build_leaf(readings->build, &predicate, readings->tail);
    if (status == OK) {
        readings->tail = &(*readings->tail)->next;
    }
    return status;
}

static enum status end_readings(struct readings *readings, struct node **out_node)
{
    if (!readings->first->next) {
        *out_node = readings->first;
        return OK;
    }
    return build_node(readings->build, NODE_OR, readings->first, out_node);
}

enum status understand_value(struct build *build, struct span field,
                             const struct predicate_form *form, struct node **out_node)
{
    if (form->kind != PREDICATE_FORM_WORD) {
        return build_value(build, field, form, out_node);
    }
    struct readings readings = {.build = build};
    struct predicate_form clear = *form;
    readings.tail = &readings.first;
    bool is_special = pseudo_find(field) != NULL;
    enum status status =
        understand_refang(build->maker.arena, form->text, &clear.text, build->maker.err);
    bool is_defanged = status == OK && !span_equal(clear.text, form->text);
    bool is_network = status == OK && !is_special && !span_is(field, "actor") &&
                      understand_is_network(clear.text);
    if (!is_defanged || !is_special) { /* ip:10[.]0.0.1 as it stands is no address */
        status = THEN(status, add_value(&readings, field, form));
    }
    if (is_defanged && !(is_network && field.size == 0)) {
        status = THEN(status, add_value(&readings, field, &clear));
    }
    if (is_network) {
        status = THEN(status, add_network(&readings, field, clear.text));
    }
    if (is_network && field.size > 0) {
        status = THEN(
            status, build_note(build, "\"%.*s\" was read as a network: any address in it, in %.*s",
                               SPAN_FMT(form->text), SPAN_FMT(field)));
    } else if (is_network) {
        status = THEN(status, build_note(build, "\"%.*s\" was read as the network ip:%.*s",
                                         SPAN_FMT(form->text), SPAN_FMT(clear.text)));
    } else if (is_defanged) {
        status = THEN(status, build_note(build, "\"%.*s\" was read as %.*s, too",
                                         SPAN_FMT(form->text), SPAN_FMT(clear.text)));
    }
    return THEN(status, end_readings(&readings, out_node));
}

bool understand_equality_read(struct span word, struct understand_equality *out)
{
    const char *sign = word.size ? memchr(word.data, '=', word.size) : NULL;
    if (!sign) {
        return false;
    }
    struct span name = span_of(word.data, (size_t)(sign - word.data));
    struct span value = span_from(word, name.size + 1);
    out->unequal = span_ends(name, "!");
    name.size -= out->unequal;
    if (!out->unequal && span_starts(value, "=")) {
        value = span_from(value, 1);
    }
    out->name = name;
    out->value = value;
    return lex_is_field_name(name);
}

/* name="a value" as it stands: these words, one behind the other. */
static enum status words_as_typed(struct build *build, struct span typed, struct node **out_node)
{
    struct predicate_form form = {.kind = PREDICATE_FORM_WORD, .text = typed};
    if (memchr(typed.data, '"', typed.size)) {
        form.kind = PREDICATE_FORM_PHRASE;
    }
    return build_value(build, (struct span){0}, &form, out_node);
}

enum status understand_equality(struct build *build, struct span typed,
                                const struct understand_equality *equality,
                                const struct predicate_form *value, struct node **out_node)
{
    struct node *words = NULL;
    struct node *of_field = NULL;
    const char *quote = value->kind == PREDICATE_FORM_PHRASE ? "\"" : "";
    enum status status = equality->unequal ? OK : words_as_typed(build, typed, &words);
    status = THEN(status, understand_value(build, equality->name, value, &of_field));
    status =
        THEN(status, build_note(build, "\"%.*s\" was read as %s%.*s:%s%.*s%s%s", SPAN_FMT(typed),
                                equality->unequal ? "NOT " : "", SPAN_FMT(equality->name), quote,
                                SPAN_FMT(value->text), quote,
                                equality->unequal
                                    ? "; quote it to search for the words"
                                    : ", or these words; quote it to search only for the words"));
    if (status != OK) {
        return status;
    }
    if (equality->unequal) {
        return build_node(build, NODE_NOT, of_field, out_node);
    }
    words->next = of_field;
    return build_node(build, NODE_OR, words, out_node);
}

enum status understand_operator(struct build *build, struct span word, const char *operator)
{
    return build_note(build, "\"%.*s\" was read as %s; quote it to search for the word",
                      SPAN_FMT(word), operator);
}
