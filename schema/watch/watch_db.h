/* What is watched: watch.db in an archive's directory, beside the catalogue and apart from it, so
 * that nothing here waits for the receiver's commits or they for it. It holds the lists, how far
 * events were matched with them, the hits, and what of these is still to be delivered. A handle
 * belongs to one thread; several handles (also in several processes) may be open. Tables:
 * watch.sql.
 *
 * Each hit is there once, whatever is done again after a crash: an indicator of a list and the
 * identity of an event are a key. That identity is the first 16 bytes of the SHA-256 of the event's
 * time and its uid, type and code, or of its time and bytes where it has no uid (event_same). */
#ifndef SCHEMA_WATCH_WATCH_DB_H
#define SCHEMA_WATCH_WATCH_DB_H

#include "schema/archive/archive.h"
#include "schema/crypto/digest.h"

enum { WATCH_NAME_BYTES_MAX = 64, WATCH_LIST_BYTES_MAX = 256 * 1024 * 1024 };

struct watch_db;

enum watch_mode { WATCH_READ, WATCH_WRITE, WATCH_CREATE };

/* ERR_NOT_FOUND: nothing was ever watched here (not with WATCH_CREATE). */
MUST_USE enum status watch_open(const char *dir, enum watch_mode mode, struct watch_db **out_db,
                                struct err *err);
/* NULL is fine. */
void watch_close(struct watch_db *db);
bool watch_exists(const char *dir);

/* How far a day's blocks were matched. */
struct watch_day {
    int64_t day_us;
    int64_t block;
    int64_t newest_us; /* the newest event up to there */
};
/* By day, ascending; malloc'ed, free() it. */
MUST_USE enum status watch_days(struct watch_db *db, struct watch_day **out_days, size_t *out_count,
                                struct err *err);

/* A number that every change of a list makes greater. */
MUST_USE enum status watch_generation(struct watch_db *db, int64_t *out_generation,
                                      struct err *err);

/* Lists (watch_list.c). */

struct watch_list {
    int64_t id;
    char name[WATCH_NAME_BYTES_MAX + 1];
    struct span source; /* the file it was read from */
    int64_t bytes;
    struct digest sha256;
    int64_t indicators;
    int64_t added_us;
    int64_t updated_us;
    int64_t removed_us; /* 0: it is watched */
    /* Old events: those of days from caught_us on are hunted, the others not yet. */
    bool is_behind;
    int64_t caught_us; /* INT64_MAX: none yet */
    /* What was found. */
    int64_t hits;
    int64_t sighted; /* indicators with a hit */
    int64_t last_us; /* time of the newest event; with hits > 0 */
    int64_t waiting; /* deliveries not made yet */
    int64_t given_up;
};

/* Up to 64 of A-Z a-z 0-9 . _ - and not only dots. */
bool watch_name_is_valid(struct span name);

typedef enum status watch_list_each(void *context, const struct watch_list *list, struct err *err);
/* By name; what was removed is left out, or is there (its hits are kept). The list's span lives
 * until `each` returns; what it returns but OK ends the pass. */
MUST_USE enum status watch_lists(struct watch_db *db, bool with_removed, watch_list_each *each,
                                 void *context, struct err *err);

/* The list's bytes, and those of the list before it that its indicators are compared with; each may
 * be NULL. *out_has_base: there is one. */
MUST_USE enum status watch_list_bytes(struct watch_db *db, int64_t id, struct buf *out_bytes,
                                      struct buf *out_base, bool *out_has_base, struct err *err);

/* A list as it is given. */
struct watch_list_input {
    struct span name;
    struct span source;
    struct span bytes;
    int64_t indicators;
};
/* `days`: where the archive stands now; taken as matched when no list was there before, as all of
 * it is then hunted as old. ERR_EXISTS: the name is taken. Its own transaction. */
MUST_USE enum status watch_list_add(struct watch_db *db, const struct watch_list_input *given,
                                    const struct watch_day *days, size_t n_days, struct err *err);
/* ERR_NOT_FOUND: no list of that name; or_removed: nor one that was removed and left its hits. */
MUST_USE enum status watch_list_find(struct watch_db *db, struct span name, bool or_removed,
                                     int64_t *out_id, struct err *err);
/* From now on the list is this one; old events are hunted for what is new in it. */
MUST_USE enum status watch_list_update(struct watch_db *db, int64_t id,
                                       const struct watch_list_input *given, struct err *err);
/* The list, and its hits unless they are to be kept. */
MUST_USE enum status watch_list_remove(struct watch_db *db, int64_t id, bool keep_hits,
                                       struct err *err);

/* A step of matching (watch_db.c): hits, and how far it went, in one transaction. */

/* *out_begun: false when the lists are no longer of that generation; nothing is open then. */
MUST_USE enum status watch_step_begin(struct watch_db *db, int64_t generation, bool *out_begun,
                                      struct err *err);
MUST_USE enum status watch_step_day(struct watch_db *db, const struct watch_day *day,
                                    struct err *err);
/* The list's old events of the days from caught_us on are hunted; or all, and nothing is left. */
MUST_USE enum status watch_step_caught(struct watch_db *db, int64_t list, int64_t caught_us,
                                       bool all, struct err *err);
MUST_USE enum status watch_step_commit(struct watch_db *db, struct err *err);
void watch_step_rollback(struct watch_db *db);

/* Hits (watch_hit.c). */

enum watch_target { WATCH_WEBHOOK, WATCH_SYSLOG, WATCH_TARGETS };

struct watch_match {
    int64_t list;
    struct span kind; /* the indicator's */
    int bits;         /* of a range; -2: exactly that domain; else -1 */
    struct span normal;
    struct span text;
    struct span field;
    struct span value;
    bool decoded;
    const struct event *event;
};
/* Inside of a step. targets: 1 << WATCH_WEBHOOK and so on, where it goes to. *out_new: false when
 * the hit is there already, and nothing was changed. */
MUST_USE enum status watch_hit_add(struct watch_db *db, const struct watch_match *found,
                                   unsigned targets, int64_t now_us, bool *out_new,
                                   struct err *err);

struct watch_hit {
    int64_t id;
    struct span list; /* its name */
    struct span kind;
    struct span indicator;
    int64_t first_us; /* of the indicator's hits in this list */
    int64_t last_us;
    struct span field;
    struct span value;
    bool decoded;
    struct span uid;
    int64_t time_us;
    int64_t seen_us;
    struct span event; /* as it came */
    int64_t tries;     /* of a delivery (watch_outbox.c) */
};
typedef enum status watch_hit_each(void *context, const struct watch_hit *hit, struct err *err);

struct watch_hit_filter {
    struct span list; /* a name; empty: all */
    int64_t from_us;  /* of the event, inclusive */
    int64_t to_us;    /* exclusive */
};
/* By time of the event, then id. The spans live until `each` returns; what it returns but OK ends
 * the pass. */
MUST_USE enum status watch_hits(struct watch_db *db, const struct watch_hit_filter *filter,
                                watch_hit_each *each, void *context, struct err *err);

/* Deliveries (watch_outbox.c). */

/* The target's hits that are due, by id from after_hit on, at most `most` of them. */
MUST_USE enum status watch_due(struct watch_db *db, enum watch_target target, int64_t now_us,
                               int64_t after_hit, int64_t most, watch_hit_each *each, void *context,
                               struct err *err);
/* When the next one is due (INT64_MAX: none waits), and how many wait. */
MUST_USE enum status watch_pending(struct watch_db *db, enum watch_target target,
                                   int64_t *out_next_us, int64_t *out_count, struct err *err);
/* Its own transaction, each. */
MUST_USE enum status watch_delivered(struct watch_db *db, enum watch_target target, int64_t hit,
                                     struct err *err);
/* One try failed; next_us: when to try again, or give_up. */
MUST_USE enum status watch_undelivered(struct watch_db *db, enum watch_target target, int64_t hit,
                                       int64_t next_us, bool give_up, const char *error,
                                       struct err *err);

#endif
