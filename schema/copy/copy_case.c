#include "schema/copy/copy_case.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "schema/copy/copy_internal.h"
#include "schema/text/json_writer.h"

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
    digest_json(&json, "chain", &facts->chain);
    digest_json(&json, "content", &facts->content);
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

static enum status take_case(void *context, sqlite3_stmt *row, struct err *err)
{
    struct copy_header *header = context;
    struct copy_case *facts = &header->facts;
    facts->made_us = sqlite3_column_int64(row, 1);
    facts->who = keep(header, row, 2);
    facts->why = keep(header, row, 3);
    facts->archive_id = keep(header, row, 4);
    facts->archive_dir = keep(header, row, 5);
    facts->from_us = db_column_int_or(row, 6, INT64_MIN);
    facts->to_us = db_column_int_or(row, 7, INT64_MAX);
    facts->query = keep(header, row, 8);
    facts->session = keep(header, row, 9);
    facts->events = sqlite3_column_int64(row, 10);
    facts->raw_bytes = sqlite3_column_int64(row, 11);
    facts->first_us = sqlite3_column_int64(row, 12);
    facts->last_us = sqlite3_column_int64(row, 13);
    facts->blocks = sqlite3_column_int64(row, 14);
    facts->program = keep(header, row, 17);
    return span_is(db_column_span(row, 0), COPY_FORMAT) &&
                   digest_read_hex(db_column_span(row, 15), &facts->chain) &&
                   digest_read_hex(db_column_span(row, 16), &facts->content)
               ? OK
               : err_set(err, ERR_CORRUPT, "the case header is not in the form " COPY_FORMAT);
}

static enum status take_seal(void *context, sqlite3_stmt *row, struct err *err)
{
    (void)err;
    struct copy_header *header = context;
    header->is_signed = true;
    header->text = keep(header, row, 0);
    header->signature = keep(header, row, 1);
    header->key_id = keep(header, row, 2);
    return OK;
}

enum status copy_header_read(sqlite3 *db, const char *path, struct copy_header *out_header,
                             struct err *err)
{
    int64_t is_copy = 0;
    bool found = false;
    bool is_signed;
    *out_header = (struct copy_header){0};
    enum status status = db_int64(
        db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'copy_case'",
        &is_copy, err);
    if (status == OK && !is_copy) {
        return err_set(err, ERR_FORMAT, "%s is a segment, and not a copy: it has no case header",
                       path);
    }
    status = THEN(status,
                  db_first(db, COPY_CASE_SELECT, DB_NO_VALUES, take_case, out_header, &found, err));
    if (status == OK && !found) {
        status = err_set(err, ERR_CORRUPT, "the case header is gone");
    }
    if (status == ERR_CORRUPT) {
        status = err_wrap(err, status, "%s", path);
    }
    status = THEN(status, db_first(db, "SELECT text, signature, key_id FROM copy_seal",
                                   DB_NO_VALUES, take_seal, out_header, &is_signed, err));
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
