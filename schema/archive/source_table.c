#include "schema/archive/source_table.h"

#include "schema/archive/archive_internal.h"
#include "schema/base/hash64.h"
#include "schema/db/db_query.h"

/* Sources kept apart; the ones that come later are one for each way in ("other"). */
enum { SOURCES_MAX = 10000 };

static uint64_t source_hash(const struct source *source, uint64_t seed)
{
    uint64_t hash = hash64(source->via, seed + source->session_stream);
    hash = hash64(source->peer, hash);
    hash = hash64(source->certificate, hash);
    return hash64(source->tag, hash);
}

/* The values of SOURCE_FIND and SOURCE_ADD. */
#define SOURCE_VALUES(s)                                                                           \
    DB_WITH(DB_TEXT((s)->via), DB_TEXT((s)->peer), DB_TEXT((s)->certificate), DB_TEXT((s)->tag),   \
            DB_INT((s)->session_stream))

static enum status source_find(struct archive *archive, const struct source *source,
                               int64_t *out_id, struct err *err)
{
    return db_int_with(archive->statements[STATEMENT_SOURCE_FIND], SOURCE_VALUES(source), out_id,
                       err);
}

static enum status source_add(struct archive *archive, const struct source *source, int64_t *out_id,
                              struct err *err)
{
    int64_t count;
    enum status status = db_int64(archive->db, "SELECT count(*) FROM source", &count, err);
    struct source kept = *source;
    if (status == OK && count >= SOURCES_MAX) {
        kept.peer = kept.certificate = kept.tag = span_str("other");
        status = source_find(archive, &kept, out_id, err);
        if (status != OK || *out_id > 0) {
            return status;
        }
    }
    status = THEN(
        status, db_run_with(archive->statements[STATEMENT_SOURCE_ADD], SOURCE_VALUES(&kept), err));
    if (status == OK) {
        *out_id = sqlite3_last_insert_rowid(archive->db);
    }
    return status;
}

enum status source_intern(struct archive *archive, const struct source *source, int64_t *out_id,
                          struct err *err)
{
    uint64_t hash = source_hash(source, archive->source_seed);
    for (size_t i = 0; i < archive->n_cached_sources; i++) {
        if (archive->cached_sources[i].hash == hash) {
            *out_id = archive->cached_sources[i].id;
            return OK;
        }
    }
    int64_t id = 0;
    enum status status = source_find(archive, source, &id, err);
    if (status == OK && id == 0) {
        status = source_add(archive, source, &id, err);
    }
    if (status != OK) {
        return status;
    }
    size_t slot = archive->n_cached_sources < ARCHIVE_SOURCES_CACHED
                      ? archive->n_cached_sources++
                      : hash % ARCHIVE_SOURCES_CACHED;
    archive->cached_sources[slot].hash = hash;
    archive->cached_sources[slot].id = id;
    *out_id = id;
    return OK;
}

/* The source of a row whose columns from `at` on are SOURCE_COLUMNS. */
struct source source_columns(sqlite3_stmt *stmt, int at)
{
    return (struct source){.via = db_column_span(stmt, at),
                           .peer = db_column_span(stmt, at + 1),
                           .certificate = db_column_span(stmt, at + 2),
                           .tag = db_column_span(stmt, at + 3),
                           .session_stream = sqlite3_column_int(stmt, at + 4) != 0};
}
