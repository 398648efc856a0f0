/* The nodes of a query's tree, as the parser puts it together; and what a field's name makes of a
 * value: an ordinary field, a pseudo-field (pseudo.h), or actor:, which becomes several leaves. */
#ifndef QUERY_LANGUAGE_BUILD_H
#define QUERY_LANGUAGE_BUILD_H

#include "query/language/predicate.h"

struct build {
    struct query *query;
    struct predicate_maker maker; /* with the query's arena */
    size_t n_nodes;
    struct query_note *last_note;
};

/* An empty query; parse_query_free ends it. */
MUST_USE enum status build_query(struct query **out_query, struct err *err);

/* A node above `first` and those linked to it. ERR_USAGE: over QUERY_NODES_MAX. */
MUST_USE enum status build_node(struct build *build, enum node_kind kind, struct node *first,
                                struct node **out_node);
MUST_USE enum status build_leaf(struct build *build, const struct predicate *predicate,
                                struct node **out_node);
/* A leaf: the event has the field. */
MUST_USE enum status build_exists(struct build *build, struct span field, struct node **out_node);
/* Adds a note to the query, unless it has the same one. */
MUST_USE enum status build_note(struct build *build, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* field:value as a leaf, or as several (actor:). */
MUST_USE enum status build_value(struct build *build, struct span field,
                                 const struct predicate_form *form, struct node **out_node);

#endif
