/* stele seal: makes a seal now, or lists those there are. */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/seal/sealer.h"
#include "schema/seal/seal_store.h"
#include "tools/stele/cli/row_output.h"

static bool listing; /* --list */

static const struct listing_column columns[] = {
    {LISTING_NAME("seal"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("made"), LISTING_WHOLE},
    {LISTING_NAME("sha256"), 0},
    {LISTING_NAME("blocks"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("objects"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("deleted"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("put"), LISTING_WHOLE},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static enum status add_seal(struct listing *rows, const struct seal_row *row,
                            const struct seal *seal, struct err *err)
{
    char hex[DIGEST_HEX_BYTES];
    listing_int(rows, row->number);
    listing_time(rows, row->made_us);
    listing_str(rows, digest_hex(&row->sha256, hex));
    listing_int(rows, (int64_t)seal->blocks.count);
    listing_int(rows, (int64_t)seal->objects.count);
    listing_int(rows, (int64_t)seal->deletions.count);
    listing_time(rows, row->put_us > 0 ? row->put_us : INT64_MIN);
    return listing_next(rows, err);
}

static enum status list(struct archive *archive, const struct options *options, int64_t *out_count,
                        struct err *err)
{
    struct seal seal = {.head = {.number = 0}};
    struct buf text = BUF_INIT;
    struct listing rows;
    int64_t last = 0;
    enum status status = row_output_begin(options, columns, COLUMNS, &rows, err);
    status = THEN(status, seal_last(archive, &last, err));
    for (int64_t number = 1; number <= last && status == OK; number++) {
        struct seal_row row;
        status = seal_get(archive, number, &row, &text, err);
        status = THEN(status, seal_read(buf_span(&text), &seal, err));
        status = THEN(status, add_seal(&rows, &row, &seal, err));
    }
    status = THEN(status, listing_end(&rows, err));
    listing_fini(&rows);
    *out_count = last;
    seal_fini(&seal);
    buf_fini(&text);
    return status;
}

static enum status list_seals(const struct options *options, int *out_code, struct err *err)
{
    struct archive *archive = NULL;
    int64_t count = 0;
    enum status status = archive_open(options->archive, ARCHIVE_READ, &archive, err);
    status = THEN(status, list(archive, options, &count, err));
    archive_close(archive);
    if (status == OK && count == 0) {
        fprintf(stderr, "nothing is sealed yet\n");
        *out_code = 1;
    }
    return status;
}

static enum status print_made(const struct options *options, const struct sealer *sealer,
                              const struct sealer_report *report, bool made, struct err *err)
{
    struct buf out = BUF_INIT;
    struct json_writer json = {.out = &out};
    enum status status = OK;
    if (options->form == OUTPUT_JSON) {
        json_object(&json, NULL);
        json_int(&json, "seal", report->last_number);
        json_text(&json, "sha256", report->last_sha256);
        json_int(&json, "new_blocks", report->blocks);
        json_int(&json, "new_objects", report->objects);
        json_text(&json, "key", sealer_key_id(sealer));
        status = output_json_end(&json, err);
    } else {
        printf("seal %" PRId64 "  %s\n", report->last_number, report->last_sha256);
        printf("  %s, %s, signed with key %s\n", output_count(report->blocks, "new block").text,
               output_count(report->objects, "new object").text, sealer_key_id(sealer));
    }
    buf_fini(&out);
    if (made) {
        fprintf(stderr, "made keys/seal.key and keys/seal.pub: keep a copy of seal.pub elsewhere; "
                        "stele verify --key takes it\n");
    }
    return status;
}

static enum status make_seal(const struct options *options, struct err *err)
{
    struct archive_lock *lock = NULL;
    struct sealer *sealer = NULL;
    struct sealer_report report = {.last.status = OK};
    bool made = false;
    enum status status = archive_lock_take(options->archive, "stele seal", &lock, err);
    status = THEN(status, sealer_open(&options->config, options->archive, &sealer, &made, err));
    status = THEN(status, sealer_run(sealer, SEALER_ALWAYS, &report, err));
    if (status == OK) {
        status = print_made(options, sealer, &report, made, err);
    }
    if (status == OK && report.last.status != OK) {
        status = err_copy(err, &report.last);
    }
    sealer_close(sealer);
    archive_lock_release(lock);
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    if (!listing && options->form != OUTPUT_TABLE && options->form != OUTPUT_JSON) {
        return err_set(err, ERR_USAGE, "--output %s lists seals: give --list", options->output);
    }
    return listing ? list_seals(options, out_code, err) : make_seal(options, err);
}

static const struct option_entry entries[] = {
    {"list", NULL, "list the seals there are", .flag = &listing},
};

const struct verb verb_seal = {
    .name = "seal",
    .summary = "sign what the archive holds now, or list the seals",
    VERB_OPTIONS(entries),
    .forms = OUTPUT_ROWS,
    .rules = (const struct verb_rule[]){{VERB_ONLY_WITH, "columns", "list"}, {0}},
    .needs = VERB_NEEDS_ARCHIVE,
    .run = run,
};
