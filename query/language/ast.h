/* A query as a tree: predicates joined by AND, OR and NOT. What a predicate means is said once, in
 * query/language/match.h. */
#ifndef QUERY_LANGUAGE_AST_H
#define QUERY_LANGUAGE_AST_H

#include "schema/event/observable_key.h"

enum { QUERY_BYTES_MAX = 65536, QUERY_NODES_MAX = 4096, QUERY_DEPTH_MAX = 64 };
enum { QUERY_NOTE_BYTES = 512 };

enum predicate_kind {
    PREDICATE_ALL,       /* every event */
    PREDICATE_TERM,      /* a whole word */
    PREDICATE_PHRASE,    /* words one behind the other */
    PREDICATE_PREFIX,    /* word* */
    PREDICATE_SUBSTRING, /* *part* */
    PREDICATE_GLOB,      /* any other stars */
    PREDICATE_RANGE,
    PREDICATE_EXISTS,
    PREDICATE_OBSERVABLE, /* an address from low to high, a domain or one below it, a URL, a hash */
    PREDICATE_ADDRESS,    /* an address from low to high, in one field */
    PREDICATE_SEVERITY,
    PREDICATE_TIME, /* the event's time */
    PREDICATE_UID,
};

enum bound_kind { BOUND_NONE, BOUND_TEXT, BOUND_NUMBER, BOUND_TIME };

/* One end of a range. */
struct bound {
    enum bound_kind kind; /* BOUND_NONE: open */
    bool inclusive;
    struct span text; /* lower case */
    double number;
    int64_t time_us;
};

struct predicate {
    enum predicate_kind kind;
    struct span field; /* empty: any field */
    struct span typed; /* as it was written; TERM without field and UID compare it with the uid */
    struct span text;  /* lower case: the term, prefix, part or pattern; of an OBSERVABLE
                                its normal form */
    const struct span *words; /* PHRASE; lower case */
    size_t n_words;
    bool last_is_prefix; /* PHRASE: of its last word */
    bool is_number;      /* TERM: `number` is what was typed */
    double number;
    struct bound low; /* RANGE */
    struct bound high;
    enum observable_kind observable;
    unsigned char address_low[OBSERVABLE_KEY_ADDRESS_BYTES]; /* inclusive, IPv4 mapped into IPv6 */
    unsigned char address_high[OBSERVABLE_KEY_ADDRESS_BYTES];
    enum event_severity severity;
    int64_t time_low_us; /* TIME: from low, before high */
    int64_t time_high_us;
    uint32_t leaf; /* its place among the query's leaves */
};

enum node_kind { NODE_LEAF, NODE_AND, NODE_OR, NODE_NOT };

struct node {
    enum node_kind kind;
    struct predicate *predicate; /* NODE_LEAF */
    struct node *first;          /* the others: children, linked by next; NOT has one */
    struct node *next;
};

/* One line for people: what was read otherwise than as plain words. */
struct query_note {
    struct span text;
    struct query_note *next;
};

/* The whole of it; everything lives in the arena. */
struct query {
    struct arena arena;
    struct span text; /* as it was written; empty: it was not */
    struct node *root;
    struct predicate **leaves;
    size_t n_leaves;
    const struct query_note *notes; /* in the order of the query; NULL: none */
};

#endif
