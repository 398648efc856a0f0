/* What the readers of list forms share. */
#ifndef QUERY_IOC_LIST_INTERNAL_H
#define QUERY_IOC_LIST_INTERNAL_H

#include "query/ioc/list.h"

struct list_reader {
    struct indicator_set *set;
    uint32_t list;
    list_refused *refused;
    void *context;
    struct list_report *report;
    int64_t line; /* of what is read now, from 1 */
    struct buf normal;
    struct indicator_note note; /* of what is taken */
    struct err *err;
};

/* Adds what indicator_parse made, or reports why it is not one. */
MUST_USE enum status list_add(struct list_reader *reader, struct span text, const char *why,
                              struct indicator *indicator);
/* A value whose kind is known, or (OBSERVABLE_KINDS) told by its shape. */
MUST_USE enum status list_add_value(struct list_reader *reader, struct span text,
                                    enum observable_kind kind);

/* "0" to "100", or INDICATOR_CONFIDENCE_UNKNOWN. */
int list_read_confidence(struct span text);

/* A value of such a type (found: `kind`). Composite types have their parts with | between: of
 * name|hash the hash is taken, of domain|ip both, of address|port the address. */
MUST_USE enum status list_add_typed(struct list_reader *reader, struct span type,
                                    enum observable_kind kind, struct span value);
/* A pattern of STIX: with OR each value is an indicator; with AND the whole is one. */
MUST_USE enum status list_add_pattern(struct list_reader *reader, struct span text);

/* True when the text, read as lines, looks like CSV. */
bool list_is_csv(struct span text);
MUST_USE enum status list_read_csv(struct list_reader *reader, struct span text);
MUST_USE enum status list_read_json(struct list_reader *reader, struct span text, int64_t now_us);

#endif
