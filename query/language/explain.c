#include "query/language/explain.h"

#include "query/language/parse.h"

struct explanation {
    const char *what; /* before the text */
    const char *how;
};

/* By predicate kind. */
static const struct explanation explanations[] = {
    [PREDICATE_ALL] = {"every event", "nothing is read"},
    [PREDICATE_TERM] = {"the whole word", "values once each, text where the index has it"},
    [PREDICATE_PHRASE] = {"the words", "values once each, text where the index has them"},
    [PREDICATE_PREFIX] = {"a word that begins with",
                          "values once each, text where the index has it"},
    [PREDICATE_SUBSTRING] = {"the part", "values once each, and all text"},
    [PREDICATE_GLOB] = {"a word like", "values once each, and all text"},
    [PREDICATE_RANGE] = {"in the range", "the columns of the field"},
    [PREDICATE_EXISTS] = {"present", "the columns of the field"},
    [PREDICATE_OBSERVABLE] = {"an", "observables of each block, then its values"},
    [PREDICATE_ADDRESS] = {"an address of", "the columns of the field"},
    [PREDICATE_SEVERITY] = {"the severity", "the column of code"},
    [PREDICATE_TIME] = {"the time", "block times"},
    [PREDICATE_UID] = {"the uid", "the column of uid"},
};

static void explain_text(const struct predicate *predicate, struct buf *out)
{
    bool named = predicate->kind == PREDICATE_ALL || predicate->kind == PREDICATE_EXISTS;
    struct span text = predicate->typed.size > 0 ? predicate->typed : predicate->text;
    if (predicate->kind == PREDICATE_SEVERITY) {
        text = span_str(event_severity_text(predicate->severity));
    }
    if (predicate->kind == PREDICATE_OBSERVABLE) {
        buf_printf(out, " observable, %s", observable_kind_name(predicate->observable));
    }
    if (!named && text.size > 0) {
        buf_printf(out, " %.*s", SPAN_FMT(text));
    }
}

static void explain_leaf(const struct predicate *predicate, struct buf *out)
{
    const struct explanation *explanation = &explanations[predicate->kind];
    if (predicate->field.size > 0) {
        buf_printf(out, "%.*s: ", SPAN_FMT(predicate->field));
    }
    buf_add_str(out, explanation->what);
    explain_text(predicate, out);
    buf_printf(out, "  [%s]\n", explanation->how);
}

static void indent(size_t depth, struct buf *out)
{
    for (size_t i = 0; i < depth; i++) {
        buf_add_str(out, "  ");
    }
}

/* Depth first without recursion: for each level the node whose turn it is. */
void explain_query(const struct query *query, struct buf *out)
{
    static const char *const names[] = {"", "all of", "any of", "not"};
    const struct node *levels[QUERY_DEPTH_MAX * 4];
    size_t depth = 0;
    levels[depth++] = query->root;
    while (depth > 0) {
        const struct node *node = levels[depth - 1];
        if (!node) {
            depth--;
            continue;
        }
        levels[depth - 1] = depth > 1 ? node->next : NULL;
        indent(depth - 1, out);
        if (node->kind == NODE_LEAF) {
            explain_leaf(node->predicate, out);
            continue;
        }
        buf_printf(out, "%s\n", names[node->kind]);
        if (depth < sizeof levels / sizeof levels[0]) {
            levels[depth++] = node->first;
        }
    }
}
