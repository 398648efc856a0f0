/* The lists that are watched, as sets that can be asked. */
#ifndef DAEMON_WATCH_WATCH_INDICATORS_H
#define DAEMON_WATCH_WATCH_INDICATORS_H

#include "query/ioc/indicator_set.h"
#include "schema/base/vec.h"
#include "schema/watch/watch_db.h"

struct watch_indicators_list {
    int64_t id;
    bool is_behind; /* old events are still to be hunted */
    int64_t caught_us;
};

/* Every indicator of every list is in exactly one of the sets, with its list's place in `lists` as
 * `list`: in the first one that does not have the same indicator of another list. So there are as
 * many sets as the most lists that have the same indicator, which is one or two; and one more for
 * each list that has patterns with AND, as their parts belong together. */
struct watch_indicators {
    int64_t generation; /* of the lists when they were read */
    VEC(struct watch_indicators_list) lists;
    VEC(struct indicator_set *) sets;
    int64_t indicators; /* of all lists */
};

/* now_us: indicators that are out of date then are left out. Filled on success. */
MUST_USE enum status watch_indicators_read(struct watch_db *db, int64_t now_us,
                                           struct watch_indicators *out, struct err *err);
void watch_indicators_fini(struct watch_indicators *sets);

/* What a list has and the one before it has not; all of it when there was none. With a pattern that
 * is new it is the whole list, as a pattern's parts are not taken apart. *out_count: how many are
 * new. */
MUST_USE enum status watch_indicators_new_in(struct span bytes, const struct span *before,
                                             int64_t now_us, struct indicator_set **out_set,
                                             int64_t *out_count, struct err *err);
/* The same for a list that is behind (watch_db.h), from its rows. */
MUST_USE enum status watch_indicators_pending(struct watch_db *db, int64_t id, int64_t now_us,
                                              struct indicator_set **out_set, struct err *err);

#endif
