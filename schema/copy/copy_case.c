#include "schema/copy/copy_case.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "schema/copy/copy_internal.h"

static void add_text(struct buf *out, const char *name, struct span text)
{
    buf_printf(out, ",\"%s\":", name);
    buf_add_json(out, text);
}

static void add_time(struct buf *out, const char *name, int64_t time_us)
{
    char text[CLOCK_TEXT_BYTES];
    if (time_us == INT64_MIN || time_us == INT64_MAX) {
        buf_printf(out, ",\"%s\":null", name);
    } else {
        buf_printf(out, ",\"%s\":\"%s\"", name, clock_format(time_us, text));
    }
}

static void add_number(struct buf *out, const char *name, int64_t number)
{
    buf_printf(out, ",\"%s\":%lld", name, (long long)number);
}

static void add_digest(struct buf *out, const char *name, const struct digest *digest)
{
    char hex[DIGEST_HEX_BYTES];
    buf_printf(out, ",\"%s\":\"%s\"", name, digest_hex(digest, hex));
}

void copy_case_text(const struct copy_case *facts, struct buf *out)
{
    buf_add_str(out, "{\"format\":\"" COPY_FORMAT "\"");
    add_time(out, "made", facts->made_us);
    add_text(out, "who", facts->who);
    add_text(out, "why", facts->why);
    add_text(out, "archive_id", facts->archive_id);
    add_text(out, "archive_dir", facts->archive_dir);
    add_time(out, "from", facts->from_us);
    add_time(out, "to", facts->to_us);
    add_text(out, "query", facts->query);
    add_text(out, "session", facts->session);
    add_number(out, "events", facts->events);
    add_number(out, "raw_bytes", facts->raw_bytes);
    add_time(out, "first", facts->first_us);
    add_time(out, "last", facts->last_us);
    add_number(out, "blocks", facts->blocks);
    add_digest(out, "chain", &facts->chain);
    add_digest(out, "content", &facts->content);
    add_text(out, "program", facts->program);
    buf_add_str(out, "}");
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

bool copy_digest_read(struct span hex, struct digest *out)
{
    if (hex.size != (size_t)2 * DIGEST_SHA256_BYTES) {
        return false;
    }
    for (size_t i = 0; i < hex.size; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = hex.data[i] ? strchr(digits, hex.data[i]) : NULL;
        if (!digit) {
            return false;
        }
        unsigned char value = (unsigned char)(digit - digits);
        out->bytes[i / 2] = (unsigned char)(i % 2 ? out->bytes[i / 2] | value : value << 4);
    }
    return true;
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
           copy_digest_read(db_column_span(stmt, 15), &facts->chain) &&
           copy_digest_read(db_column_span(stmt, 16), &facts->content);
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
    status = THEN(status, copy_header_read(segment->db, path, out_header, err));
    segment_close(segment);
    return status;
}
