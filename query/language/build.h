/* The nodes of a query's tree, as the parser puts it together. */
#ifndef QUERY_LANGUAGE_BUILD_H
#define QUERY_LANGUAGE_BUILD_H

#include "query/language/predicate.h"

struct build {
    struct query *query;
    int64_t now_us;
    size_t n_nodes;
    struct err *err;
};

/* An empty query; parse_query_free ends it. */
MUST_USE enum status build_query(struct query **out_query, struct err *err);

/* ERR_USAGE: over QUERY_NODES_MAX. */
MUST_USE enum status build_node(struct build *tree, enum node_kind kind, struct node **out_node);
MUST_USE enum status build_leaf(struct build *tree, const struct predicate *predicate,
                                struct node **out_node);
/* field:value as a leaf, or as several (actor:). */
MUST_USE enum status build_value(struct build *tree, struct span field,
                                 const struct predicate_form *form, struct node **out_node);

#endif
