/* Any query text: a tree, or one line that points into the text. */
#include "query/language/error_position.h"
#include "query/language/parse.h"
#include "tests/fuzz/fuzz_target.h"

enum { WALK_MAX = QUERY_NODES_MAX * 2 };

struct walk {
    unsigned nodes;
    unsigned leaves;
};

/* The parser's bound on depth is this function's bound on recursion. */
static void check_node(const struct node *node, unsigned depth, struct walk *walk)
{
    MUST_HOLD(node && depth <= QUERY_DEPTH_MAX + 2);
    MUST_HOLD(++walk->nodes <= WALK_MAX);
    if (node->kind == NODE_LEAF) {
        MUST_HOLD(node->predicate && !node->first);
        walk->leaves++;
        return;
    }
    MUST_HOLD(node->first);
    MUST_HOLD(node->kind != NODE_NOT || !node->first->next);
    for (const struct node *child = node->first; child; child = child->next) {
        check_node(child, depth + 1, walk);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct query *query = NULL;
    struct err err = {0};
    size_t character = 0;
    struct span text = span_of(data, size);
    if (parse_query(text, INT64_C(1793577600000000), &query, &character, &err) == OK) {
        struct walk walk = {0};
        check_node(query->root, 0, &walk);
        MUST_HOLD(walk.leaves == query->n_leaves);
        parse_query_free(query);
        return 0;
    }
    struct buf out = BUF_INIT;
    MUST_HOLD(!query && err.text[0] != '\0' && !strchr(err.text, '\n'));
    if (err.status == ERR_USAGE) {
        MUST_HOLD(character >= 1 && character <= size + 1);
        error_position_mark(text, character, &out);
        MUST_HOLD(buf_ok(&out));
    }
    buf_fini(&out);
    return 0;
}
