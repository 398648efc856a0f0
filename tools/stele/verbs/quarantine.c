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
#include "tools/stele/cli/row_output.h"

enum { FIRST_BYTES = 40 };

static const char *export_path; /* --export */

static const struct listing_column columns[] = {
    {LISTING_NAME("id"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("received"), LISTING_WHOLE},
    {LISTING_NAME("reason"), 0},
    {LISTING_NAME("source"), 0},
    {LISTING_NAME("position"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("bytes"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("begins"), 0},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* Where records go: rows of a list, or a file as lines of JSON. */
struct quarantine_output {
    struct listing rows;
    FILE *file; /* NULL: the list */
    int64_t count;
};

static enum status write_listed(struct listing *rows, const struct quarantine_row *row,
                                struct err *err)
{
    struct buf source = BUF_INIT;
    source_text(&row->source, &source);
    listing_int(rows, row->id);
    listing_time(rows, row->received_us);
    listing_text(rows, row->fault);
    listing_text(rows, buf_span(&source));
    listing_int(rows, row->position);
    listing_int(rows, (int64_t)row->body.size);
    listing_text(
        rows, span_of(row->body.data, row->body.size < FIRST_BYTES ? row->body.size : FIRST_BYTES));
    enum status status = buf_status(&source, "quarantine", err);
    buf_fini(&source);
    return THEN(status, listing_next(rows, err));
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

static enum status write_all(struct archive *archive, struct quarantine_output *output,
                             struct err *err)
{
    struct archive_cursor *cursor = NULL;
    enum status status = quarantine_cursor_open(archive, &cursor, err);
    for (bool end = false; status == OK && !end;) {
        struct quarantine_row row;
        status = quarantine_cursor_next(cursor, &row, &end, err);
        if (status == OK && !end) {
            status = output->file ? write_json(output->file, &row, err)
                                  : write_listed(&output->rows, &row, err);
            output->count++;
        }
    }
    archive_cursor_close(cursor);
    return status;
}

static enum status export_to(struct archive *archive, const char *path,
                             struct quarantine_output *output, struct err *err)
{
    output->file = stdout;
    if (strcmp(path, "-") == 0) {
        return write_all(archive, output, err);
    }
    output->file = fopen(path, "wxe");
    if (!output->file) {
        return errno == EEXIST
                   ? err_set(err, ERR_EXISTS, "%s is there already and is not written over", path)
                   : err_errno(err, errno, "%s", path);
    }
    enum status status = write_all(archive, output, err);
    if (fclose(output->file) != 0 && status == OK) {
        status = err_errno(err, errno, "%s", path);
    }
    return status;
}

static enum status list(const struct options *options, struct archive *archive,
                        struct quarantine_output *output, struct err *err)
{
    enum status status = row_output_begin(options, columns, COLUMNS, &output->rows, err);
    status = THEN(status, write_all(archive, output, err));
    status = THEN(status, listing_end(&output->rows, err));
    listing_fini(&output->rows);
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct archive *archive = NULL;
    struct quarantine_output output = {.count = 0};
    enum status status = archive_open(options->archive, ARCHIVE_READ, &archive, err);
    status = THEN(status, export_path ? export_to(archive, export_path, &output, err)
                                      : list(options, archive, &output, err));
    archive_close(archive);
    if (status == OK && output.count == 0) {
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
    .forms = OUTPUT_ROWS,
    .rules = (const struct verb_rule[]){{VERB_NOT_WITH, "export", "output columns"}, {0}},
    .needs = VERB_NEEDS_ARCHIVE,
    .run = run,
};
