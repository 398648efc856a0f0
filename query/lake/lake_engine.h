/* The engines that can read what was shipped, and how SQL is written for each of them. The rest of
 * this folder writes one SQL, called plain, which is put into the words of an engine at the end:
 *
 *   'text'        a literal, quotes doubled; written as the engine reads literals
 *   "name"        an identifier
 *   $name(a, b)   a phrase of phrasebook.def
 *
 * Everything else stands for itself. Plain SQL is made here alone; what a user typed gets into it
 * by lake_engine_literal and in no other way. */
#ifndef QUERY_LAKE_LAKE_ENGINE_H
#define QUERY_LAKE_LAKE_ENGINE_H

#include "schema/base/buf.h"

enum lake_engine {
    LAKE_ENGINE_DUCKDB,
    LAKE_ENGINE_CLICKHOUSE,
    LAKE_ENGINE_TRINO,
    LAKE_ENGINE_ATHENA,
    LAKE_ENGINE_SPARK,
    LAKE_ENGINES
};

const char *lake_engine_name(enum lake_engine engine);
/* ERR_USAGE names those there are. */
MUST_USE enum status lake_engine_find(const char *name, enum lake_engine *out_engine,
                                      struct err *err);

/* Any bytes as a literal of plain SQL, appended to out. */
void lake_engine_literal(struct span text, struct buf *out);

/* The pieces up to a NULL, one behind the other: plain SQL longer than a string may be. */
void lake_engine_add_pieces(const char *const *pieces, struct buf *out);

/* Plain SQL in the words of the engine, appended to out. A mistake in plain SQL is a bug and ends
 * the program. */
void lake_engine_write(enum lake_engine engine, struct span plain, struct buf *out);

#endif
