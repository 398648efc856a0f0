#include "schema/copy/copy_case.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "schema/base/json_writer.h"
#include "schema/copy/copy_internal.h"

void copy_case_text(const struct copy_case *facts, struct buf *out)
{
    struct json_writer json = {.out = out};
    json_object(&json, NULL);
    json_text(&json, "format", COPY_FORMAT);
    json_time(&json, "made", facts->made_us);
    json_span(&json, "who", facts->who);
    json_span(&json, "why", facts->why);
    json_span(&json, "archive_id", facts->archive_id);
    json_span(&json, "archive_dir", facts->archive_dir);
    json_time(&json, "from", facts->from_us);
    json_time(&json, "to", facts->to_us);
    json_span(&json, "query", facts->query);
    json_span(&json, "session", facts->session);
    json_int(&json, "events", facts->events);
    json_int(&json, "raw_bytes", facts->raw_bytes);
    json_time(&json, "first", facts->first_us);
    json_time(&json, "last", facts->last_us);
    json_int(&json, "blocks", facts->blocks);
    json_digest(&json, "chain", &facts->chain);
    json_digest(&json, "content", &facts->content);
    json_span(&json, "program", facts->program);
    json_end(&json);
}

void copy_header_fini(struct copy_header *header)
{
    arena_fini(&header->arena);
    *header = (struct copy_header){0};
}

static struct span keep(struct copy_header *header, sqlite3_stmt *stmt, int at)
{
    struct span text = arena_copy(&header->arena, db_column_span(stmt, at));
    return text.data ? text : span_str("");
}

static bool take_case(struct copy_header *header, sqlite3_stmt *stmt)
{
    struct copy_case *facts = &header->facts;
    bool open_from = sqlite3_column_type(stmt, 6) == SQLITE_NULL;
    bool open_to = sqlite3_column_type(stmt, 7) == SQLITE_NULL;
    facts->made_us = sqlite3_column_int64(stmt, 1);
    facts->who = keep(header, stmt, 2);
    facts->why = keep(header, stmt, 3);
    facts->archive_id = keep(header, stmt, 4);
    facts->archive_dir = keep(header, stmt, 5);
    facts->from_us = open_from ? INT64_MIN : sqlite3_column_int64(stmt, 6);
    facts->to_us = open_to ? INT64_MAX : sqlite3_column_int64(stmt, 7);
    facts->query = keep(header, stmt, 8);
    facts->session = keep(header, stmt, 9);
    facts->events = sqlite3_column_int64(stmt, 10);
    facts->raw_bytes = sqlite3_column_int64(stmt, 11);
    facts->first_us = sqlite3_column_int64(stmt, 12);
    facts->last_us = sqlite3_column_int64(stmt, 13);
    facts->blocks = sqlite3_column_int64(stmt, 14);
    facts->program = keep(header, stmt, 17);
    return span_is(db_column_span(stmt, 0), COPY_FORMAT) &&
           digest_read_hex(db_column_span(stmt, 15), &facts->chain) &&
           digest_read_hex(db_column_span(stmt, 16), &facts->content);
}

static enum status read_seal(sqlite3 *db, struct copy_header *header, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum status status =
        db_prepare(db, "SELECT text, signature, key_id FROM copy_seal", &stmt, err);
    status = THEN(status, db_step(stmt, &row, err));
    if (status == OK && row) {
        header->is_signed = true;
        header->text = keep(header, stmt, 0);
        header->signature = keep(header, stmt, 1);
        header->key_id = keep(header, stmt, 2);
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

enum status copy_header_read(sqlite3 *db, const char *path, struct copy_header *out_header,
                             struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    int64_t is_copy = 0;
    *out_header = (struct copy_header){0};
    enum status status = db_int64(
        db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'copy_case'",
        &is_copy, err);
    if (status == OK && !is_copy) {
        return err_set(err, ERR_FORMAT, "%s is a segment, and not a copy: it has no case header",
                       path);
    }
    status = THEN(status, db_prepare(db, COPY_CASE_SELECT, &stmt, err));
    status = THEN(status, db_step(stmt, &row, err));
    if (status == OK && (!row || !take_case(out_header, stmt))) {
        status = err_set(err, ERR_CORRUPT, "%s: the case header is %s", path,
                         row ? "not in the form " COPY_FORMAT : "gone");
    }
    (void)sqlite3_finalize(stmt);
    status = THEN(status, read_seal(db, out_header, err));
    if (status != OK) {
        copy_header_fini(out_header);
    }
    return status;
}

enum status copy_header_open(const char *path, struct copy_header *out_header, struct err *err)
{
    struct segment *segment = NULL;
    enum status status = segment_open(path, &segment, err);
    status = THEN(status, copy_header_read(segment_db(segment), path, out_header, err));
    segment_close(segment);
    return status;
}
