#include "query/language/build.h"

#include <stdlib.h>

#include "query/language/parse.h"

enum status build_query(struct query **out_query, struct err *err)
{
    struct query *query = calloc(1, sizeof *query);
    if (query) {
        query->leaves = arena_alloc(&query->arena, QUERY_NODES_MAX * sizeof(struct predicate *));
    }
    if (!query || !query->leaves) {
        parse_query_free(query);
        return err_nomem(err, "query");
    }
    *out_query = query;
    return OK;
}

enum status build_node(struct build *tree, enum node_kind kind, struct node **out_node)
{
    if (tree->n_nodes >= QUERY_NODES_MAX) {
        return err_set(tree->err, ERR_USAGE, "the query has too many parts");
    }
    struct node *node = arena_alloc(&tree->query->arena, sizeof *node);
    if (!node) {
        return err_nomem(tree->err, "query");
    }
    tree->n_nodes++;
    *node = (struct node){.kind = kind};
    *out_node = node;
    return OK;
}

enum status build_leaf(struct build *tree, const struct predicate *predicate,
                       struct node **out_node)
{
    struct node *node;
    enum status status = build_node(tree, NODE_LEAF, &node);
    if (status != OK) {
        return status;
    }
    node->predicate = arena_alloc(&tree->query->arena, sizeof *node->predicate);
    if (!node->predicate) {
        return err_nomem(tree->err, "query");
    }
    *node->predicate = *predicate;
    node->predicate->leaf = (uint32_t)tree->query->n_leaves;
    tree->query->leaves[tree->query->n_leaves++] = node->predicate;
    *out_node = node;
    return OK;
}

/* Who did it is in the first of some fields that the event has: f1:X OR (NOT f1:* (f2:X OR ...)),
 * built from the last one up. */
static enum status actor_new(struct build *tree, const struct predicate_form *form,
                             struct node **out_node)
{
    size_t count = 0;
    while (event_actor_fields[count]) {
        count++;
    }
    struct node *rest = NULL;
    enum status status = OK;
    while (status == OK && count > 0) {
        struct span field = span_str(event_actor_fields[--count]);
        struct predicate predicate;
        status =
            predicate_build(&tree->query->arena, tree->now_us, field, form, &predicate, tree->err);
        if (status != OK) {
            return status;
        }
        struct node *here = NULL;
        status = build_leaf(tree, &predicate, &here);
        if (status == OK && rest) {
            struct node *absent;
            struct node *absence;
            struct node *both;
            struct node *either;
            struct predicate exists;
            predicate_exists(field, &exists);
            if ((status = build_leaf(tree, &exists, &absent)) != OK ||
                (status = build_node(tree, NODE_NOT, &absence)) != OK ||
                (status = build_node(tree, NODE_AND, &both)) != OK ||
                (status = build_node(tree, NODE_OR, &either)) != OK) {
                return status;
            }
            absence->first = absent;
            absence->next = rest;
            both->first = absence;
            here->next = both;
            either->first = here;
            here = either;
        }
        rest = here;
    }
    *out_node = rest;
    return status;
}

enum status build_value(struct build *tree, struct span field, const struct predicate_form *form,
                        struct node **out_node)
{
    if (span_is(field, "actor")) {
        return actor_new(tree, form, out_node);
    }
    struct predicate predicate;
    enum status status =
        predicate_build(&tree->query->arena, tree->now_us, field, form, &predicate, tree->err);
    if (status != OK) {
        return status;
    }
    return build_leaf(tree, &predicate, out_node);
}

enum status parse_query_of_value(struct span field, struct span value, struct query **out_query,
                                 struct err *err)
{
    struct query *query;
    enum status status = build_query(&query, err);
    if (status != OK) {
        return status;
    }
    struct build tree = {.query = query, .err = err};
    struct predicate_form form = {.kind = PREDICATE_FORM_PHRASE,
                                  .text = arena_copy(&query->arena, value)};
    struct span name = arena_copy(&query->arena, field);
    status = form.text.data && name.data ? build_value(&tree, name, &form, &query->root)
                                         : err_nomem(tree.err, "query");
    if (status != OK) {
        parse_query_free(query);
        return status;
    }
    *out_query = query;
    return OK;
}

void parse_query_free(struct query *query)
{
    if (query) {
        arena_fini(&query->arena);
        free(query);
    }
}
