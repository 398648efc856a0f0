/* The engines that can read what was shipped, and how SQL is written for each of them. The rest of
 * this folder writes one SQL, called plain, which is put into the words of an engine at the end:
 *
 *   'text'        a literal, quotes doubled; written as the engine reads literals
 *   "name"        an identifier
 *   $name(a, b)   a phrase of phrasebook.def
 *
 * Everything else stands for itself. Plain SQL is made here alone; what a user typed gets into it
 * by engine_literal and in no other way. */
#ifndef QUERY_LAKE_LAKE_ENGINE_H
#define QUERY_LAKE_LAKE_ENGINE_H

#include "schema/base/buf.h"

enum engine {
    ENGINE_DUCKDB,
    ENGINE_CLICKHOUSE,
    ENGINE_TRINO,
    ENGINE_ATHENA,
    ENGINE_SPARK,
    ENGINES
};

const char *engine_name(enum engine engine);
/* ERR_USAGE names those there are. */
MUST_USE enum status engine_find(const char *name, enum engine *out_engine, struct err *err);

/* Any bytes as a literal of plain SQL, appended to out. */
void engine_literal(struct span text, struct buf *out);

/* Plain SQL in the words of the engine, appended to out. A mistake in plain SQL is a bug and ends
 * the program. */
void engine_write(enum engine engine, struct span plain, struct buf *out);

#endif
