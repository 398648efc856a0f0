#include "schema/inbox.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/archive_internal.h"
#include "schema/base/digest.h"

/* Sources kept apart; the ones that come later are one for each way in ("other"). */
enum { SOURCES_MAX = 10000 };

static bool is_sid(struct span text)
{
    if (text.size == 0) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    c == '-' || c == '_';
        if (!fine) {
            return false;
        }
    }
    return true;
}

/* The start of "<sid>.log" in a path that ends in ".<sid>.log", or 0. A sid is a UUID in general,
 * but "0" and "test-session" have been seen; "test.log" alone has no sid. */
static size_t session_suffix(struct span path)
{
    if (!span_ends(path, ".log")) {
        return 0;
    }
    size_t end = path.size - 4;
    size_t dot = end;
    while (dot > 0 && path.data[dot - 1] != '.' && path.data[dot - 1] != '/') {
        dot--;
    }
    bool found =
        dot > 0 && path.data[dot - 1] == '.' && is_sid(span_of(path.data + dot, end - dot));
    return found ? dot : 0;
}

void source_from_path(struct span path, char *text, size_t text_bytes, struct source *out_source)
{
    CHECK(text_bytes > 0);
    size_t suffix = session_suffix(path);
    out_source->session_stream = suffix > 0;
    struct span head = path;
    if (suffix > 0) {
        head.size = suffix - 1;
    }
    const char *question = memchr(head.data, '?', head.size);
    if (question) {
        head.size = (size_t)(question - head.data);
    }
    while (head.size > 0 && head.data[0] == '/') {
        head = span_from(head, 1);
    }
    size_t used = 0;
    for (size_t i = 0; i < head.size && used + 1 < text_bytes; i++) {
        unsigned char c = (unsigned char)head.data[i];
        text[used++] = c == '/' ? '.' : c < 0x21 || c > 0x7e ? '_' : (char)c;
    }
    if (suffix > 0 && used + 5 < text_bytes) {
        memcpy(text + used, used ? ".log" : "log", used ? 4 : 3);
        used += used ? 4 : 3;
    }
    text[used] = '\0';
    out_source->tag = span_of(text, used);
}

/* A UUID, or what follows "session.". */
static bool is_session_tag(struct span tag)
{
    size_t sid = session_suffix(tag);
    if (sid == 0) {
        return false;
    }
    struct span head = span_of(tag.data, sid - 1);
    struct span name = span_of(tag.data + sid, tag.size - 4 - sid);
    bool uuid = name.size == 36 && name.data[8] == '-' && name.data[13] == '-' &&
                name.data[18] == '-' && name.data[23] == '-';
    return uuid || span_is(head, "session") || span_ends(head, ".session");
}

void source_from_tag(struct span tag, char *text, size_t text_bytes, struct source *out_source)
{
    source_from_path(tag, text, text_bytes, out_source);
    if (out_source->session_stream && !is_session_tag(tag)) {
        out_source->session_stream = false;
        size_t size = tag.size < text_bytes ? tag.size : text_bytes - 1;
        for (size_t i = 0; i < size; i++) {
            unsigned char c = (unsigned char)tag.data[i];
            text[i] = c < 0x21 || c > 0x7e ? '_' : (char)c;
        }
        text[size] = '\0';
        out_source->tag = span_of(text, size);
    }
}

static uint64_t source_hash(const struct source *source, uint64_t seed)
{
    uint64_t hash = hash64(source->via, seed + source->session_stream);
    hash = hash64(source->peer, hash);
    hash = hash64(source->certificate, hash);
    return hash64(source->tag, hash);
}

static void bind_source(sqlite3_stmt *stmt, const struct source *source)
{
    db_bind_span(stmt, 1, source->via);
    db_bind_span(stmt, 2, source->peer);
    db_bind_span(stmt, 3, source->certificate);
    db_bind_span(stmt, 4, source->tag);
    (void)sqlite3_bind_int(stmt, 5, source->session_stream);
}

static enum status source_find(struct archive *archive, const struct source *source,
                               int64_t *out_id, struct err *err)
{
    sqlite3_stmt *stmt = archive->statements[STATEMENT_SOURCE_FIND];
    bind_source(stmt, source);
    bool row = false;
    enum status status = db_step(stmt, &row, err);
    if (status == OK) {
        *out_id = row ? sqlite3_column_int64(stmt, 0) : 0;
        (void)sqlite3_reset(stmt);
    }
    return status;
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
    if (status == OK) {
        sqlite3_stmt *stmt = archive->statements[STATEMENT_SOURCE_ADD];
        bind_source(stmt, &kept);
        status = db_run(stmt, err);
    }
    if (status == OK) {
        *out_id = sqlite3_last_insert_rowid(archive->db);
    }
    return status;
}

static enum status source_intern(struct archive *archive, const struct source *source,
                                 int64_t *out_id, struct err *err)
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

static enum status inbox_add(struct archive *archive, const struct inbox_item *item,
                             struct err *err)
{
    if (item->fault != EVENT_FAULT_NONE) {
        enum status status = quarantine_add(archive, &item->source, item->received_us, item->fault,
                                            0, item->body, err);
        return status == OK ? archive_counter_add(archive, ARCHIVE_COUNTER_quarantined, 1, err)
                            : status;
    }
    int64_t source;
    enum status status = source_intern(archive, &item->source, &source, err);
    if (status != OK) {
        return status;
    }
    sqlite3_stmt *stmt = archive->statements[STATEMENT_INBOX_ADD];
    (void)sqlite3_bind_int64(stmt, 1, item->received_us);
    (void)sqlite3_bind_int64(stmt, 2, source);
    db_bind_blob(stmt, 3, item->body);
    return db_run(stmt, err);
}

enum status inbox_append(struct archive *archive, const struct inbox_item *items, size_t count,
                         struct err *err)
{
    enum status status = archive_begin(archive, err);
    for (size_t i = 0; status == OK && i < count; i++) {
        status = inbox_add(archive, &items[i], err);
    }
    if (status == OK) {
        status = archive_commit(archive, err);
    }
    if (status != OK) {
        archive_rollback(archive);
    }
    return status;
}

/* The source of a row whose columns from `at` on are SOURCE_COLUMNS. */
#define SOURCE_COLUMNS "s.via, s.peer, s.certificate, s.tag, s.session_stream"
static struct source source_columns(sqlite3_stmt *stmt, int at)
{
    return (struct source){.via = db_column_span(stmt, at),
                           .peer = db_column_span(stmt, at + 1),
                           .certificate = db_column_span(stmt, at + 2),
                           .tag = db_column_span(stmt, at + 3),
                           .session_stream = sqlite3_column_int(stmt, at + 4) != 0};
}

struct inbox_cursor {
    sqlite3_stmt *stmt;
};

enum status inbox_cursor_open(struct archive *archive, int64_t after_id,
                              struct inbox_cursor **out_cursor, struct err *err)
{
    struct inbox_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor) {
        return err_set(err, ERR_NOMEM, "inbox: out of memory");
    }
    enum status status =
        db_prepare(archive->db,
                   "SELECT i.id, i.received_us, i.body, " SOURCE_COLUMNS
                   " FROM inbox i JOIN source s ON s.id = i.source WHERE i.id > max(?1,"
                   " (SELECT coalesce(max(value), 0) FROM counter WHERE name = 'inbox_deleted'))"
                   " ORDER BY i.id",
                   &cursor->stmt, err);
    if (status != OK) {
        free(cursor);
        return status;
    }
    (void)sqlite3_bind_int64(cursor->stmt, 1, after_id);
    *out_cursor = cursor;
    return OK;
}

enum status inbox_cursor_next(struct inbox_cursor *cursor, struct inbox_row *out_row, bool *out_end,
                              struct err *err)
{
    bool row = false;
    enum status status = db_step(cursor->stmt, &row, err);
    if (status != OK) {
        return status;
    }
    *out_end = !row;
    if (row) {
        sqlite3_stmt *stmt = cursor->stmt;
        *out_row = (struct inbox_row){
            .id = sqlite3_column_int64(stmt, 0),
            .received_us = sqlite3_column_int64(stmt, 1),
            .body = db_column_span(stmt, 2),
            .source = source_columns(stmt, 3),
        };
    }
    return OK;
}

void inbox_cursor_close(struct inbox_cursor *cursor)
{
    if (cursor) {
        (void)sqlite3_finalize(cursor->stmt);
        free(cursor);
    }
}

enum status inbox_state(struct archive *archive, struct inbox_state *out_state, struct err *err)
{
    sqlite3_stmt *stmt = archive->statements[STATEMENT_INBOX_STATE];
    bool row = false;
    enum status status = db_step(stmt, &row, err);
    if (status != OK) {
        return status;
    }
    CHECK(row);
    bool empty = sqlite3_column_type(stmt, 0) == SQLITE_NULL;
    int64_t first = sqlite3_column_int64(stmt, 0);
    int64_t last = sqlite3_column_int64(stmt, 1);
    *out_state = (struct inbox_state){
        .count = empty ? 0 : last - first + 1, /* ids are given out and deleted in order */
        .newest_id = sqlite3_column_int64(stmt, 3),
        .oldest_received_us = sqlite3_column_int64(stmt, 2),
    };
    (void)sqlite3_reset(stmt);
    return OK;
}

enum status quarantine_add(struct archive *archive, const struct source *source,
                           int64_t received_us, enum event_fault fault, int64_t position,
                           struct span body, struct err *err)
{
    int64_t source_id;
    enum status status = source_intern(archive, source, &source_id, err);
    if (status != OK) {
        return status;
    }
    sqlite3_stmt *stmt = archive->statements[STATEMENT_QUARANTINE_ADD];
    (void)sqlite3_bind_int64(stmt, 1, received_us);
    (void)sqlite3_bind_int64(stmt, 2, source_id);
    db_bind_span(stmt, 3, span_str(event_fault_text(fault)));
    (void)sqlite3_bind_int64(stmt, 4, position);
    db_bind_blob(stmt, 5, body);
    return db_run(stmt, err);
}

struct quarantine_cursor {
    sqlite3_stmt *stmt;
};

enum status quarantine_cursor_open(struct archive *archive, struct quarantine_cursor **out_cursor,
                                   struct err *err)
{
    struct quarantine_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor) {
        return err_set(err, ERR_NOMEM, "quarantine: out of memory");
    }
    enum status status =
        db_prepare(archive->db,
                   "SELECT q.id, q.received_us, q.fault, q.position, q.body, " SOURCE_COLUMNS
                   " FROM quarantine q JOIN source s ON s.id = q.source ORDER BY q.id",
                   &cursor->stmt, err);
    if (status != OK) {
        free(cursor);
        return status;
    }
    *out_cursor = cursor;
    return OK;
}

enum status quarantine_cursor_next(struct quarantine_cursor *cursor, struct quarantine_row *out_row,
                                   bool *out_end, struct err *err)
{
    bool row = false;
    enum status status = db_step(cursor->stmt, &row, err);
    if (status != OK) {
        return status;
    }
    *out_end = !row;
    if (row) {
        sqlite3_stmt *stmt = cursor->stmt;
        *out_row = (struct quarantine_row){
            .id = sqlite3_column_int64(stmt, 0),
            .received_us = sqlite3_column_int64(stmt, 1),
            .fault = db_column_span(stmt, 2),
            .position = sqlite3_column_int64(stmt, 3),
            .body = db_column_span(stmt, 4),
            .source = source_columns(stmt, 5),
        };
    }
    return OK;
}

void quarantine_cursor_close(struct quarantine_cursor *cursor)
{
    if (cursor) {
        (void)sqlite3_finalize(cursor->stmt);
        free(cursor);
    }
}

void source_text(const struct source *source, struct buf *out)
{
    buf_add_span(out, source->via);
    if (source->peer.size > 0) {
        buf_add_char(out, ' ');
        buf_add_span(out, source->peer);
    }
    if (source->certificate.size > 0) {
        buf_printf(out, " cert=%.*s", SPAN_FMT(source->certificate));
    }
    if (source->tag.size > 0) {
        buf_printf(out, " tag=%.*s", SPAN_FMT(source->tag));
    }
}
