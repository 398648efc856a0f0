/* The nodes of a query's tree, as the parser puts it together. */
#ifndef QUERY_LANGUAGE_BUILD_H
#define QUERY_LANGUAGE_BUILD_H

#include "query/language/predicate.h"

struct tree {
    struct query *query;
    int64_t now_us;
    size_t n_nodes;
    struct err *err;
};

/* An empty query; query_free ends it. */
MUST_USE enum status tree_query_new(struct query **out_query, struct err *err);

/* ERR_USAGE: over QUERY_NODES_MAX. */
MUST_USE enum status tree_node(struct tree *tree, enum node_kind kind, struct node **out_node);
MUST_USE enum status tree_leaf(struct tree *tree, const struct predicate *predicate,
                               struct node **out_node);
/* field:value as a leaf, or as several (actor:). */
MUST_USE enum status tree_value(struct tree *tree, struct span field, const struct value_form *form,
                                struct node **out_node);

#endif
