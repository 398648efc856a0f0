/* Parts of spellings, as *9f3a1* and *10.0.* ask for, looked for in the numbers of UUIDs and
 * addresses without spelling them. */
#ifndef QUERY_EVAL_FORM_PARTS_H
#define QUERY_EVAL_FORM_PARTS_H

#include "schema/columnar/value_form.h"

enum { FORM_PARTS_FIELDS = 5 }; /* of an address: four octets and a port */

/* A part made ready. Then it does not change: any thread. */
struct form_parts {
    struct span part;
    size_t n_fields; /* what stands between the marks of an address in it; 0: it is of none */
    struct span fields[FORM_PARTS_FIELDS];
    char marks[FORM_PARTS_FIELDS];
    bool octets[FORM_PARTS_FIELDS][256]; /* which octets satisfy each of the fields */
};

/* The part is in lower case, and must outlive it. */
void form_parts_init(struct form_parts *parts, struct span part);

/* Of values of a UUID, an address or an endpoint: out_hits[i] 1 when the part stands in its
 * spelling, else 0. */
void form_parts_match(const struct form_parts *parts, enum value_form_kind kind,
                      const uint64_t *numbers, const uint64_t *seconds, size_t count,
                      uint8_t *out_hits);

#endif
