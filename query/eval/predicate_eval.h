/* One predicate against one segment: which values of the dictionary satisfy it is found once, what
 * text may hold it is asked of FTS5 block by block, and what no index answers is decided by the
 * bytes. One thread. */
#ifndef QUERY_EVAL_PREDICATE_EVAL_H
#define QUERY_EVAL_PREDICATE_EVAL_H

#include "query/eval/observable_lookup.h"
#include "query/eval/recheck.h"
#include "query/language/ast.h"

enum { PREDICATE_EVAL_ANY_FIELD = -1, PREDICATE_EVAL_NO_FIELD = -2, PREDICATE_EVAL_PROBES_MAX = 3 };

/* A question to the text index. */
struct predicate_eval_probe {
    struct segment_term_query question;
    bool of_text;    /* the dictionary is not asked: another probe finds all there */
    bool is_answer;  /* what it finds needs no look at the bytes (when no field is asked for) */
    struct span own; /* room for a single term */
    /* What was found in the blocks asked for last. */
    struct bitmap *maps;
    size_t maps_capacity;
    int64_t first_block;
    size_t n_blocks;
};

struct predicate_eval {
    const struct predicate *predicate;
    struct segment *segment;
    long field;
    bool is_reserved; /* a field that is not in the bytes */
    bool scan_all;    /* a field that no index has: the bytes of every event */
    bool any_integer; /* an integer of any field may match */
    bool any_port;    /* an endpoint may match for its port */
    struct predicate_eval_probe probes[PREDICATE_EVAL_PROBES_MAX];
    size_t n_probes; /* 0: text can only be scanned */
    char number[64];
    struct prefilter prefilter;
    uint32_t uid_hashes[3];
    size_t n_uid_hashes;
    /* What the dictionary holds of it. */
    uint64_t *values;        /* bit v: value v matches */
    uint64_t *whatever_port; /* and does so with any port behind it */
    size_t n_value_words;
    uint8_t *has_field; /* by field: some value of it matches */
    uint32_t *fields;   /* those fields */
    size_t n_fields;
    bool nomem;
    /* Blocks that will be asked one after the other; n_ahead 0: not known. */
    int64_t first_ahead;
    size_t n_ahead;
    struct observable_lookup lookup; /* OBSERVABLE */
    unsigned cost;                   /* rank: cheap leaves go first */
};

/* Looks the predicate up in the segment. predicate_eval_fini after OK or failure. */
MUST_USE enum status predicate_eval_init(struct predicate_eval *eval,
                                         const struct predicate *predicate, struct segment *segment,
                                         struct err *err);
void predicate_eval_fini(struct predicate_eval *eval);

/* What it asks of kept observables. (predicate_eval_observable.c) */
struct observable_lookup_ops predicate_eval_observable_ops(const struct predicate *predicate);

/* Can an endpoint satisfy it that does not by its address alone? (predicate_eval_port.c) */
bool predicate_eval_port_possible(const struct predicate *predicate);
/* The value satisfies it: does it, as the address of an endpoint, whatever the port is?
 * (predicate_eval_port.c) */
bool predicate_eval_any_port(const struct predicate *predicate, struct span address);
/* Adds the open events of a column with ports whose value, port and all, satisfies it. */
MUST_USE enum status predicate_eval_add_ports(const struct predicate_eval *eval,
                                              const struct column *column,
                                              const struct bitmap *open, struct bitmap *map,
                                              struct err *err);

/* Says that n_blocks blocks from first_block on are asked for next, so that the text index is asked
 * about all of them at once; n_blocks 0: not known. Others may be asked all the same. */
void predicate_eval_read_ahead(struct predicate_eval *eval, int64_t first_block, size_t n_blocks);

/* The events of the view's block, among those of `mask`, that satisfy the predicate. */
MUST_USE enum status predicate_eval_block(struct predicate_eval *eval, struct block_view *view,
                                          const struct bitmap *mask, struct bitmap *out_map,
                                          struct err *err);

#endif
