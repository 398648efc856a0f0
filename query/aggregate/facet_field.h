/* What the events of a block have in one field. One thread. Part of query/aggregate/top.c. */
#ifndef QUERY_AGGREGATE_FACET_FIELD_H
#define QUERY_AGGREGATE_FACET_FIELD_H

#include "query/aggregate/facet_cells.h"
#include "query/aggregate/facet_refs.h"
#include "query/eval/plan.h"

/* A column of the block at hand that may have the field. */
struct facet_field_column {
    struct columnar_reader *reader;
    size_t at;
    uint32_t path;
    bool is_above;
};

struct facet_field {
    struct facet_refs refs;
    VEC(uint8_t) roles; /* by path of the segment at hand */
    VEC(struct facet_field_column) columns;
    struct arena arena; /* of the whole line that was read last */
};

/* Where numbers go. */
struct facet_field_sink {
    struct facet_cells *cells;
    struct tuple_count *tuples; /* NULL, or numbers may be counted in it, so many at once */
    struct bitmap *found;       /* NULL, or the events that have the field are set in it */
};

/* `texts` get the field's values; with is_severity it is the severity of each that counts. */
void facet_field_init(struct facet_field *field, struct span name, bool is_severity,
                      struct intern *texts);
void facet_field_fini(struct facet_field *field);

/* The view's events that are open. Until facet_field_leave all views are of one segment. */
MUST_USE enum status facet_field_block(struct facet_field *field, struct block_view *view,
                                       const struct bitmap *open,
                                       const struct facet_field_sink *sink, struct err *err);
/* A single event, as `slot` of the cells. */
MUST_USE enum status facet_field_event(struct facet_field *field, const struct event *event,
                                       size_t slot, const struct facet_field_sink *sink,
                                       struct err *err);
void facet_field_leave(struct facet_field *field);

#endif
