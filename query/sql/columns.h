/* The columns of the table: those that everybody asks for, then the fields of the newest events by
 * name, raw, and the hidden ones. One list, made when the table is opened. */
#ifndef QUERY_SQL_COLUMNS_H
#define QUERY_SQL_COLUMNS_H

#include "query/sql/names.h"
#include "schema/base/buf.h"

enum { COLUMNS_FIELDS_MAX = 1000 };

enum column_kind {
    COLUMNS_TIME,
    COLUMNS_FIELD, /* by its name */
    COLUMNS_UID,   /* a field, found by identity */
    COLUMNS_RAW,
    COLUMNS_ACTOR,
    COLUMNS_RECEIVED,
    COLUMNS_SEGMENT, /* the day: 2026-11-23; NULL in the inbox */
    COLUMNS_BLOCK,
    COLUMNS_SLOT,
    COLUMNS_MATCH, /* named as the table: the query language */
};

struct column_info {
    enum column_kind kind;
    const char *name;
    bool hidden;
    bool repeats; /* as names.h has it */
};

/* Those from n_declared on are not columns of the table, but fields that actor is made of. */
struct columns {
    struct arena arena;
    struct column_info *items; /* with count and capacity a vector (schema/base/vec.h) */
    size_t count;
    size_t capacity;
    size_t n_declared;
    size_t actors[8]; /* where the fields of event_actor_fields are */
    size_t n_actors;
};

/* The fields that everybody asks for, NULL-terminated; time stands before them. */
extern const char *const columns_usual[];

/* The list for a table of that name, with these fields beside the usual ones (copied; the archive's
 * own fields and what cannot name a column are left out). */
MUST_USE enum status columns_make(struct columns *columns, const char *table,
                                  const struct names *fields, struct err *err);
void columns_fini(struct columns *columns);

/* SIZE_MAX when there is none. */
size_t columns_find(const struct columns *columns, struct span name);

/* CREATE TABLE for sqlite3_declare_vtab, appended to out. */
void columns_declare(const struct columns *columns, struct buf *out);

#endif
