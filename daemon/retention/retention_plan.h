/* Which days go, which stay and why, and the going. Whole days only, by age and by the size of all
 * of them; never today, never what is held, never, unless forced, what is not shipped or cannot be
 * read. README.md of this folder has the order of things.
 *
 * The caller holds the archive's lock for retention_carry_out, and no segment is open for writing
 * meanwhile (in steled: on the indexer's thread, between its runs). A plan is read by anybody. */
#ifndef DAEMON_RETENTION_RETENTION_PLAN_H
#define DAEMON_RETENTION_RETENTION_PLAN_H

#include "daemon/config/config.h"
#include "schema/archive/legal_hold.h"
#include "schema/index/deletion.h"

struct retention_rules {
    int64_t keep_us;    /* events are kept at least so long; 0: for ever */
    int64_t size_max;   /* bytes of all days' files together; 0: no bound */
    const char *target; /* canonical URL of the target that must have a day; NULL: none has to */
    bool force;         /* also what is not shipped, or cannot be read */
};

/* True when one of the bounds is set. */
bool retention_is_on(const struct config *config);
/* The rules of a configuration; url keeps the target's name as long as the rules live. ERR_CONFIG:
 * ship.target has no known form. */
MUST_USE enum status retention_rules_of(const struct config *config, char url[CONFIG_TEXT_BYTES],
                                        struct retention_rules *out_rules, struct err *err);

enum retention_verdict {
    RETENTION_STAYS, /* no bound asks for it */
    RETENTION_GOES,
    RETENTION_HELD,
    RETENTION_UNSHIPPED,
    RETENTION_UNREADABLE,
};
const char *retention_verdict_name(enum retention_verdict verdict);

/* A day, and what was found about it when a bound asked for it. */
struct retention_day {
    struct deletion row; /* as it would be written: day, why, forced, events, ... */
    enum retention_verdict verdict;
    int64_t hold;    /* HELD: the first hold that has it */
    char wrong[200]; /* UNREADABLE, and a forced one: what is wrong with it; else empty */
};

struct retention_plan {
    struct retention_day *days; /* all, oldest first */
    size_t count;
    size_t goes;        /* how many of them go */
    int64_t bytes;      /* of all days' files, their logs too */
    int64_t left_bytes; /* of those that stay */
    int64_t stamp;      /* legal_hold_stamp of the moment it was made */
};

MUST_USE enum status retention_plan_make(struct archive *archive,
                                         const struct retention_rules *rules,
                                         struct retention_plan *out_plan, struct err *err);
void retention_plan_fini(struct retention_plan *plan);

/* Called after each day that went. */
typedef void retention_each(void *context, const struct deletion *deletion);

struct retention_order {
    const char *who;      /* is written down */
    retention_each *each; /* NULL: nothing */
    void *context;
};

/* Deletes what the plan says, oldest day first. *out_again: holds were made or released since the
 * plan: the rest was not touched, make another plan. */
MUST_USE enum status retention_carry_out(struct archive *archive, struct retention_plan *plan,
                                         const struct retention_order *order, bool *out_again,
                                         struct err *err);

/* Plans and carries out, again while holds change; finishes first what a crash has left. *out_plan
 * is the last plan, to be freed, with what stays and why. */
MUST_USE enum status retention_run(struct archive *archive, const struct retention_rules *rules,
                                   const struct retention_order *order,
                                   struct retention_plan *out_plan, struct err *err);

#endif
