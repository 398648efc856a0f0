/* stele quarantine: records that arrived and are not events: a list for people, or all of it as
 * NDJSON. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/archive/inbox.h"
#include "schema/archive/quarantine_table.h"
#include "schema/base/utf8.h"
#include "schema/crypto/base64.h"
#include "schema/event/source.h"
#include "schema/text/json_writer.h"
#include "tools/stele/cli/options.h"

enum { FIRST_BYTES = 40 };

static const char *export_path; /* --export */

/* Writes one row; ERR_IO when the output fails. */
typedef enum status write_row(FILE *out, const struct quarantine_row *row, struct err *err);

static enum status write_listed(FILE *out, const struct quarantine_row *row, struct err *err)
{
    char first[FIRST_BYTES + 1];
    size_t size = row->body.size < FIRST_BYTES ? row->body.size : FIRST_BYTES;
    for (size_t i = 0; i < size; i++) {
        char c = row->body.data[i];
        first[i] = c >= ' ' && c <= '~' ? c : '?';
    }
    first[size] = '\0';
    struct buf source = BUF_INIT;
    source_text(&row->source, &source);
    fprintf(out, "%-6lld %-27s %.*s  %.*s at %lld  %zu bytes: %s%s\n", (long long)row->id,
            output_time(row->received_us).text, SPAN_FMT(row->fault), SPAN_FMT(buf_span(&source)),
            (long long)row->position, row->body.size, first, size < row->body.size ? "..." : "");
    enum status status = buf_status(&source, "quarantine", err);
    buf_fini(&source);
    return status;
}

/* {"id","received","source","reason","position", and "text" or, where it is not UTF-8, "base64"} */
static enum status write_json(FILE *out, const struct quarantine_row *row, struct err *err)
{
    struct buf source = BUF_INIT;
    struct buf line = BUF_INIT;
    struct json_writer json = {.out = &line};
    source_text(&row->source, &source);
    json_object(&json, NULL);
    json_int(&json, "id", row->id);
    json_time(&json, "received", row->received_us);
    json_span(&json, "source", buf_span(&source));
    json_span(&json, "reason", row->fault);
    json_int(&json, "position", row->position);
    if (utf8_valid(row->body, NULL)) {
        json_span(&json, "text", row->body);
    } else {
        json_name(&json, "base64");
        buf_add_char(&line, '"');
        base64_encode(&line, row->body);
        buf_add_char(&line, '"');
    }
    json_end(&json);
    buf_add_char(&line, '\n');
    enum status status = buf_status(&line, "quarantine", err);
    if (status == OK && fwrite(line.data, 1, line.size, out) != line.size) {
        status = err_errno(err, errno, "writing the export");
    }
    buf_fini(&line);
    buf_fini(&source);
    return status;
}

static enum status write_all(struct archive *archive, FILE *out, write_row *write,
                             int64_t *out_count, struct err *err)
{
    struct archive_cursor *cursor = NULL;
    enum status status = quarantine_cursor_open(archive, &cursor, err);
    int64_t count = 0;
    for (bool end = false; status == OK && !end;) {
        struct quarantine_row row;
        status = quarantine_cursor_next(cursor, &row, &end, err);
        if (status == OK && !end) {
            status = write(out, &row, err);
            count++;
        }
    }
    archive_cursor_close(cursor);
    *out_count = count;
    return status;
}

static enum status export_to(struct archive *archive, const char *path, int64_t *out_count,
                             struct err *err)
{
    if (strcmp(path, "-") == 0) {
        return write_all(archive, stdout, write_json, out_count, err);
    }
    FILE *out = fopen(path, "wxe");
    if (!out) {
        return errno == EEXIST
                   ? err_set(err, ERR_EXISTS, "%s is there already and is not written over", path)
                   : err_errno(err, errno, "%s", path);
    }
    enum status status = write_all(archive, out, write_json, out_count, err);
    if (fclose(out) != 0 && status == OK) {
        status = err_errno(err, errno, "%s", path);
    }
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct archive *archive = NULL;
    int64_t count = 0;
    enum status status = archive_open(options->archive, ARCHIVE_READ, &archive, err);
    status = THEN(status, export_path ? export_to(archive, export_path, &count, err)
                                      : write_all(archive, stdout, write_listed, &count, err));
    archive_close(archive);
    if (status == OK && count == 0) {
        fprintf(stderr, "nothing is in quarantine\n");
        *out_code = 1;
    }
    return status;
}

static const struct option_entry entries[] = {
    {"export", "FILE|-", "write all of it as NDJSON: when, from where, why, and the bytes",
     .text = &export_path},
};

const struct verb verb_quarantine = {
    .name = "quarantine",
    .summary = "list or export received records that are not events",
    VERB_OPTIONS(entries),
    .needs = VERB_NEEDS_ARCHIVE,
    .run = run,
};
