/* stele seal: makes a seal now, or lists those there are. */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/seal/sealer.h"
#include "schema/seal/seal_store.h"
#include "tools/stele/cli/options.h"

static bool listing; /* --list */

static void print_seal(const struct seal_row *row, const struct seal *seal)
{
    char hex[DIGEST_HEX_BYTES];
    printf("%-8" PRId64 " %-27s %s  %6zu %7zu %7zu  %s\n", row->number,
           output_time(row->made_us).text, digest_hex(&row->sha256, hex), seal->blocks.count,
           seal->objects.count, seal->deletions.count,
           row->put_us > 0 ? output_time(row->put_us).text : "-");
}

static enum status list(struct archive *archive, int64_t *out_count, struct err *err)
{
    struct seal seal = {.head = {.number = 0}};
    struct buf text = BUF_INIT;
    int64_t last = 0;
    enum status status = seal_last(archive, &last, err);
    if (status == OK && last > 0) {
        printf("%-8s %-27s %-64s  %6s %7s %7s  %s\n", "seal", "made", "sha256", "blocks", "objects",
               "deleted", "put");
    }
    for (int64_t number = 1; number <= last && status == OK; number++) {
        struct seal_row row;
        status = seal_get(archive, number, &row, &text, err);
        status = THEN(status, seal_read(buf_span(&text), &seal, err));
        if (status == OK) {
            print_seal(&row, &seal);
        }
    }
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
    status = THEN(status, list(archive, &count, err));
    archive_close(archive);
    if (status == OK && count == 0) {
        fprintf(stderr, "nothing is sealed yet\n");
        *out_code = 1;
    }
    return status;
}

static void print_made(const struct sealer *sealer, const struct sealer_report *report, bool made)
{
    printf("seal %" PRId64 "  %s\n", report->last_number, report->last_sha256);
    printf("  %" PRId64 " new blocks, %" PRId64 " new objects, signed with key %s\n",
           report->blocks, report->objects, sealer_key_id(sealer));
    if (made) {
        fprintf(stderr, "made keys/seal.key and keys/seal.pub: keep a copy of seal.pub elsewhere; "
                        "stele verify --key takes it\n");
    }
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
        print_made(sealer, &report, made);
        (void)err_copy(err, &report.last);
        status = err->status;
    }
    sealer_close(sealer);
    archive_lock_release(lock);
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    return listing ? list_seals(options, out_code, err) : make_seal(options, err);
}

static const struct option_entry entries[] = {
    {"list", NULL, "list the seals there are", .flag = &listing},
};

const struct verb verb_seal = {
    .name = "seal",
    .summary = "sign what the archive holds now, or list the seals",
    VERB_OPTIONS(entries),
    .needs = VERB_NEEDS_ARCHIVE,
    .run = run,
};
