/* stele quarantine: what arrived and is no event: a list for people, or all of it as NDJSON. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/archive/inbox.h"
#include "schema/archive/quarantine_table.h"
#include "schema/base/base64.h"
#include "schema/base/utf8.h"
#include "schema/event/source.h"
#include "tools/stele/cli/options.h"

enum { FIRST_BYTES = 40 };

/* Writes one row; ERR_IO when the output fails. */
typedef enum status write_row(FILE *out, const struct quarantine_row *row, struct err *err);

static enum status write_listed(FILE *out, const struct quarantine_row *row, struct err *err)
{
    char when[CLOCK_TEXT_BYTES];
    char first[FIRST_BYTES + 1];
    size_t size = row->body.size < FIRST_BYTES ? row->body.size : FIRST_BYTES;
    for (size_t i = 0; i < size; i++) {
        char c = row->body.data[i];
        first[i] = '?';
        if (c >= ' ' && c <= '~') {
            first[i] = c;
        }
    }
    first[size] = '\0';
    struct buf source = BUF_INIT;
    source_text(&row->source, &source);
    fprintf(out, "%-6lld %-27s %.*s  %.*s at %lld  %zu bytes: %s%s\n", (long long)row->id,
            clock_format(row->received_us, when), SPAN_FMT(row->fault), SPAN_FMT(buf_span(&source)),
            (long long)row->position, row->body.size, first, size < row->body.size ? "..." : "");
    enum status status = buf_status(&source, "quarantine", err);
    buf_fini(&source);
    return status;
}

static void add_member(struct buf *line, const char *key, struct span value)
{
    buf_add_json(line, span_str(key));
    buf_add_char(line, ':');
    buf_add_json(line, value);
    buf_add_char(line, ',');
}

/* {"id","received","source","reason","position", and "text" or, where it is no UTF-8, "base64"} */
static enum status write_json(FILE *out, const struct quarantine_row *row, struct err *err)
{
    char when[CLOCK_TEXT_BYTES];
    struct buf source = BUF_INIT;
    struct buf line = BUF_INIT;
    source_text(&row->source, &source);
    buf_printf(&line, "{\"id\":%lld,", (long long)row->id);
    add_member(&line, "received", span_str(clock_format(row->received_us, when)));
    add_member(&line, "source", buf_span(&source));
    add_member(&line, "reason", row->fault);
    buf_printf(&line, "\"position\":%lld,", (long long)row->position);
    if (utf8_valid(row->body, NULL)) {
        buf_add_str(&line, "\"text\":");
        buf_add_json(&line, row->body);
    } else {
        buf_add_str(&line, "\"base64\":\"");
        base64_encode(&line, row->body);
        buf_add_char(&line, '"');
    }
    buf_add_str(&line, "}\n");
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
    struct quarantine_cursor *cursor = NULL;
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
    quarantine_cursor_close(cursor);
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

static int quarantine_run(int argc, char **argv)
{
    const char *export = NULL;
    const struct option_entry entries[] = {
        {.name = "export",
         .argument = "FILE|-",
         .help = "write all of it as NDJSON: when, from where, why, and the bytes",
         .text = &export},
    };
    struct options options;
    int code = options_read(&options, &verb_quarantine, entries, 1, argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (options.n_words > 0) {
        return options_misuse(&verb_quarantine, "%s is one word too many", options.words[0]);
    }
    const char *dir = options_archive(&options);
    if (!dir) {
        return status_exit_code(ERR_USAGE);
    }
    struct archive *archive = NULL;
    struct err err;
    int64_t count = 0;
    enum status status = archive_open(dir, ARCHIVE_READ, &archive, &err);
    if (status == OK && export) {
        status = export_to(archive, export, &count, &err);
    } else if (status == OK) {
        status = write_all(archive, stdout, write_listed, &count, &err);
    }
    archive_close(archive);
    if (status != OK) {
        return options_fail(&verb_quarantine, &err);
    }
    if (count == 0) {
        fprintf(stderr, "nothing is in quarantine\n");
    }
    return count > 0 ? 0 : 1;
}

const struct verb verb_quarantine = {
    .name = "quarantine",
    .usage = "[--export FILE|-]",
    .summary = "list or export received records that are not events",
    .run = quarantine_run,
};
