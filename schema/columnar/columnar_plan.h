/* How each column of a block is kept: decided by counting and by what it would cost. Private to the
 * room. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_PLAN_H
#define SCHEMA_COLUMNAR_COLUMNAR_PLAN_H

#include "schema/columnar/columnar_cut.h"
#include "schema/columnar/columnar_recent.h"

/* One value in so many may be otherwise than the column says. */
enum { COLUMNAR_ODD_SHARE = 32 };

/* Lists of a plan are parts of the planner's pools: where they begin. */
struct columnar_plan {
    const struct columnar_cut_column *column;
    enum columnar_way way;
    struct value_form form;
    size_t n_distinct;     /* ids, one: different values, then their numbers, ascending */
    size_t n_again;        /* of these, how many came in a block before */
    size_t first_distinct; /* in distinct, and in ids */
    size_t first_place;    /* in places: of each value */
    size_t first_number;   /* form: in numbers and seconds */
    size_t first_odd;      /* form, follows: in odd */
    size_t n_odd;
    size_t first_map;   /* follows: in map, a place for each of the leader's */
    uint32_t leader;    /* follows: a plan of ids */
    size_t first_found; /* in found: of each different value its number in the vocabulary */
    bool has_found;
    bool leads;       /* one follows it */
    bool has_numbers; /* ids: may be a form as well */
};

/* What paid in the blocks before. */
struct columnar_memory {
    struct value_form form;
    uint8_t way;          /* enum columnar_way */
    uint8_t age;          /* blocks since it was counted; 0: never, or on too few values */
    uint8_t arranged_age; /* blocks since its arrangements were tried; 0: never */
    bool is_apart;
    bool is_ordered;
    uint32_t order_path; /* by this column; INTERN_NONE: by the shapes */
};

/* Columns are counted, and their arrangements tried, again after so many blocks. */
enum { COLUMNAR_PLAN_AGAIN = 32 };

static inline bool columnar_plan_is_due(const struct columnar_memory *memory)
{
    return memory->arranged_age == 0 || memory->arranged_age >= COLUMNAR_PLAN_AGAIN;
}

struct columnar_planner {
    struct columnar_cut *cut;
    VEC(struct columnar_plan) plans; /* in ascending order of paths */
    struct columnar_memory *memory;  /* by path */
    uint32_t *seen;                  /* fingerprints of values that came in blocks before */
    VEC(struct span) distinct;
    VEC(uint64_t) ids;
    VEC(uint32_t) found; /* DICTIONARY_NONE: not there */
    VEC(uint64_t) places;
    VEC(uint64_t) numbers;
    VEC(uint64_t) seconds;
    VEC(uint64_t) odd;
    VEC(uint64_t) map;
    VEC(uint64_t) members; /* for each plan, a bit for each used shape: its lines have the column */
    size_t member_words;
    VEC(uint32_t) order;
    struct index_table table;
    struct columnar_recents recents;
    uint64_t seed;
};

MUST_USE enum status columnar_planner_init(struct columnar_planner *planner,
                                           struct columnar_cut *cut, struct err *err);
void columnar_planner_fini(struct columnar_planner *planner);

/* Plans for the columns that were cut; values that are kept as ids get their numbers in the
 * vocabulary; `as_text`: none is, and nothing is added to the vocabulary. ERR_NOMEM. */
MUST_USE enum status columnar_planner_run(struct columnar_planner *planner, bool as_text,
                                          struct err *err);

/* A part of the above: which columns follow others. */
MUST_USE enum status columnar_planner_follow(struct columnar_planner *planner, struct err *err);

#endif
