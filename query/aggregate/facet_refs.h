/* Which texts a value stands for, as numbers: none (null), one, or several (an array). A single
 * number, the value's ref, tells it. Each distinct value is read once: of the dictionary once a
 * segment, of a form once a search. One thread. Part of query/aggregate/top.c. */
#ifndef QUERY_AGGREGATE_FACET_REFS_H
#define QUERY_AGGREGATE_FACET_REFS_H

#include "query/aggregate/tuple_count.h"
#include "schema/columnar/columnar_walk.h"
#include "schema/event/event_value.h"

/* FIRST + the number, when there is one; SEVERAL + where in `lists` they stand. */
enum { FACET_REF_UNKNOWN = 0, FACET_REF_NOTHING = 1, FACET_REF_FIRST = 2 };
#define FACET_REF_SEVERAL (UINT32_C(1) << 31)

struct facet_refs_number {
    uint64_t number;
    uint32_t ref;
};

struct facet_refs {
    /* fixed */
    struct span field;
    bool is_severity;     /* the severity that the field's text has is wanted */
    struct intern *texts; /* the caller's */
    /* of the segment at hand */
    const struct vocabulary *vocabulary; /* NULL: none */
    VEC(uint32_t) by_value;
    VEC(uint32_t) lists; /* how many there are of a ref, and then these */
    /* of all segments */
    struct value_form form; /* of the numbers */
    VEC(struct facet_refs_number) numbers;
    struct index_table by_number;
    uint64_t seed;
    struct event_value_reader reader;
};

/* Both the field and the texts must outlive it. */
void facet_refs_init(struct facet_refs *refs, struct span field, bool is_severity,
                     struct intern *texts);
void facet_refs_fini(struct facet_refs *refs);
/* The vocabulary must not grow, and stay until the segment is left. */
MUST_USE enum status facet_refs_begin(struct facet_refs *refs, const struct vocabulary *vocabulary,
                                      struct err *err);
/* Refs of the segment are of no more use. */
void facet_refs_leave(struct facet_refs *refs);

/* Of one of the field's values as event.h reads it. */
MUST_USE enum status facet_refs_field(struct facet_refs *refs, const struct event_field *field,
                                      uint32_t *out_ref, struct err *err);
/* Of a value that an event has at the path that is called `path`, the field's or one above it. */
MUST_USE enum status facet_refs_value(struct facet_refs *refs, struct span path,
                                      struct columnar_value value, uint32_t *out_ref,
                                      struct err *err);
/* Of the vocabulary's value `id`, the same. */
MUST_USE enum status facet_refs_id(struct facet_refs *refs, struct span path, uint32_t id,
                                   uint32_t *out_ref, struct err *err);
/* Of a value of the field that has a form. */
MUST_USE enum status facet_refs_form(struct facet_refs *refs, struct value_form form,
                                     const struct value_form_bits *bits, uint32_t *out_ref,
                                     struct err *err);

#endif
