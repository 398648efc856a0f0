#include "query/language/build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/language/parse.h"
#include "query/language/pseudo.h"

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

enum status build_node(struct build *build, enum node_kind kind, struct node *first,
                       struct node **out_node)
{
    if (build->n_nodes >= QUERY_NODES_MAX) {
        return err_set(build->maker.err, ERR_USAGE, "the query has too many parts");
    }
    struct node *node = arena_alloc(&build->query->arena, sizeof *node);
    if (!node) {
        return err_nomem(build->maker.err, "query");
    }
    build->n_nodes++;
    *node = (struct node){.kind = kind, .first = first};
    *out_node = node;
    return OK;
}

enum status build_leaf(struct build *build, const struct predicate *predicate,
                       struct node **out_node)
{
    struct node *node;
    enum status status = build_node(build, NODE_LEAF, NULL, &node);
    if (status != OK) {
        return status;
    }
    node->predicate = arena_alloc(&build->query->arena, sizeof *node->predicate);
    if (!node->predicate) {
        return err_nomem(build->maker.err, "query");
    }
    *node->predicate = *predicate;
    node->predicate->leaf = (uint32_t)build->query->n_leaves;
    build->query->leaves[build->query->n_leaves++] = node->predicate;
    *out_node = node;
    return OK;
}

enum status build_exists(struct build *build, struct span field, struct node **out_node)
{
    struct predicate exists = {.kind = PREDICATE_EXISTS, .field = field};
    return build_leaf(build, &exists, out_node);
}

enum status build_note(struct build *build, const char *format, ...)
{
    char text[QUERY_NOTE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (const struct query_note *at = build->query->notes; at; at = at->next) {
        if (span_is(at->text, text)) {
            return OK;
        }
    }
    struct query_note *note = arena_alloc(&build->query->arena, sizeof *note);
    struct span copy = arena_copy(&build->query->arena, span_str(text));
    if (!note || !copy.data) {
        return err_nomem(build->maker.err, "query");
    }
    *note = (struct query_note){.text = copy};
    if (build->last_note) {
        build->last_note->next = note;
    } else {
        build->query->notes = note;
    }
    build->last_note = note;
    return OK;
}

static enum status build_field(struct build *build, struct span field,
                               const struct predicate_form *form, struct node **out_node)
{
    struct predicate predicate = {.field = field, .typed = form->text};
    const struct pseudo *pseudo = pseudo_find(field);
    if (pseudo) {
        predicate.field = span_str(pseudo->of_field);
    }
    enum status status = pseudo ? pseudo->build(&build->maker, form, &predicate)
                                : predicate_plain(&build->maker, form, &predicate);
    return THEN(status, build_leaf(build, &predicate, out_node));
}

static enum status build_pair(struct build *build, enum node_kind kind, struct node *first,
                              struct node *second, struct node **out_node)
{
    first->next = second;
    return build_node(build, kind, first, out_node);
}

/* Who did it is in the first of some fields that the event has: f1:X OR (NOT f1:* (f2:X OR ...)),
 * built from the last one up. */
static enum status build_actor(struct build *build, const struct predicate_form *form,
                               struct node **out_node)
{
    size_t count = 0;
    while (event_actor_fields[count]) {
        count++;
    }
    struct node *rest = NULL;
    enum status status = OK;
    while (status == OK && count-- > 0) {
        struct span field = span_str(event_actor_fields[count]);
        struct node *here = NULL;
        struct node *without = NULL;
        status = build_field(build, field, form, &here);
        if (rest) {
            status = THEN(status, build_exists(build, field, &without));
            status = THEN(status, build_node(build, NODE_NOT, without, &without));
            status = THEN(status, build_pair(build, NODE_AND, without, rest, &rest));
            status = THEN(status, build_pair(build, NODE_OR, here, rest, &here));
        }
        rest = here;
    }
    if (status == OK) {
        *out_node = rest;
    }
    return status;
}

enum status build_value(struct build *build, struct span field, const struct predicate_form *form,
                        struct node **out_node)
{
    return span_is(field, "actor") ? build_actor(build, form, out_node)
                                   : build_field(build, field, form, out_node);
}

enum status parse_query_of_value(struct span field, struct span value, struct query **out_query,
                                 struct err *err)
{
    struct query *query;
    enum status status = build_query(&query, err);
    if (status != OK) {
        return status;
    }
    struct build build = {.query = query, .maker = {.arena = &query->arena, .err = err}};
    struct predicate_form form = {.kind = PREDICATE_FORM_PHRASE,
                                  .text = arena_copy(&query->arena, value)};
    struct span name = arena_copy(&query->arena, field);
    status = form.text.data && name.data ? build_value(&build, name, &form, &query->root)
                                         : err_nomem(err, "query");
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
