/* Two handles of the target: its list is under way while single objects are asked about. The ledger
 * is read in pages, so that no read transaction holds back checkpoints for as long as a list takes.
 */
#include "daemon/ship/reconcile.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/object_build.h"
#include "daemon/ship/target_open.h"
#include "schema/file/file.h"

enum { PAGE_ROWS = 64 };

struct reconcile_run {
    const struct reconcile_options *options;
    struct archive *archive;
    struct target *listing;
    struct target *asking;
    struct ledger_object *rows; /* a page of the ledger */
    size_t n_rows;
    size_t at;
    bool at_end; /* of the ledger */
    struct object object;
    int64_t looked;
    struct reconcile_report report;
};

const char *reconcile_kind_name(enum reconcile_kind kind)
{
    static const char *const names[] = {"missing", "changed", "foreign", "repaired"};
    return names[kind];
}

/* Rows from that key on; with `behind`, without the key itself. */
static enum status read_rows(struct reconcile_run *run, const char *from_key, bool behind,
                             struct ledger_object *rows, size_t most, size_t *out_count,
                             struct err *err)
{
    struct archive_cursor *cursor = NULL;
    size_t count = 0;
    enum status status =
        ledger_cursor_open_keys(run->archive, run->asking->url, from_key, &cursor, err);
    while (count < most && ledger_cursor_step(cursor, &rows[count], &status, err)) {
        count += !(behind && strcmp(rows[count].key, from_key) == 0);
    }
    archive_cursor_close(cursor);
    *out_count = count;
    return status;
}

/* The ledger's next row; NULL at its end. */
static enum status next_row(struct reconcile_run *run, const struct ledger_object **out_row,
                            struct err *err)
{
    enum status status = OK;
    if (run->at == run->n_rows && !run->at_end) {
        char last[TARGET_KEY_BYTES] = "";
        if (run->n_rows > 0) {
            (void)snprintf(last, sizeof last, "%s", run->rows[run->n_rows - 1].key);
        }
        run->at = 0;
        status = read_rows(run, last, true, run->rows, PAGE_ROWS, &run->n_rows, err);
        run->at_end = status == OK && run->n_rows < PAGE_ROWS;
    }
    *out_row = status == OK && run->at < run->n_rows ? &run->rows[run->at] : NULL;
    return status;
}

static enum status tell(struct reconcile_run *run, const struct reconcile_finding *finding,
                        struct err *err)
{
    struct reconcile_report *report = &run->report;
    report->missing += finding->kind == RECONCILE_MISSING;
    report->changed += finding->kind == RECONCILE_CHANGED;
    report->repaired += finding->kind == RECONCILE_REPAIRED;
    report->foreign += finding->kind == RECONCILE_FOREIGN;
    report->foreign_ours += finding->kind == RECONCILE_FOREIGN && finding->is_named_ours;
    return run->options->each(run->options->context, finding, err);
}

static void why_is(struct reconcile_finding *finding, const char *why)
{
    (void)snprintf(finding->why, sizeof finding->why, "%.400s", why);
}

static enum status missing(struct reconcile_run *run, const struct ledger_object *row,
                           struct err *err)
{
    struct reconcile_finding finding = {
        .kind = RECONCILE_MISSING, .key = row->key, .object = row, .bytes = -1};
    struct err why;
    enum status status = object_build_row(run->options->archive_dir, row, &run->object, &why);
    if (status == ERR_NOMEM) {
        (void)err_copy(err, &why);
        return status;
    }
    if (status == ERR_NOT_FOUND) {
        why_is(&finding, "not there, and its blocks are not here any more");
    } else if (status != OK) {
        (void)snprintf(finding.why, sizeof finding.why, "not there; %.400s", why.text);
    } else if (!run->options->repair) {
        why_is(&finding, "not there; its blocks are here, --repair uploads it again");
    } else {
        const struct parcel parcel = object_parcel(&run->object, row);
        enum target_put outcome;
        struct ledger_sent sent;
        status = parcel_send(run->asking, &parcel, &outcome, &sent, err);
        if (status != OK) {
            return err_wrap(err, status, "uploading %s again", row->key);
        }
        finding.kind = RECONCILE_REPAIRED;
        finding.bytes = sent.bytes;
        why_is(&finding, "was not there; uploaded again");
    }
    return tell(run, &finding, err);
}

static enum status changed(struct reconcile_run *run, const struct ledger_object *row,
                           int64_t bytes, const char *what, struct err *err)
{
    struct reconcile_finding finding = {
        .kind = RECONCILE_CHANGED, .key = row->key, .object = row, .bytes = bytes};
    why_is(&finding, what);
    return tell(run, &finding, err);
}

static enum status swallow(void *context, struct span bytes, struct err *err)
{
    (void)context;
    (void)bytes;
    (void)err;
    return OK;
}

static void equal(struct reconcile_run *run, int64_t bytes)
{
    run->report.equal++;
    run->report.equal_bytes += bytes;
}

/* Other bytes than were sent (`what`) are there: does it hold the same? */
static enum status unpack(struct reconcile_run *run, const struct ledger_object *row, int64_t bytes,
                          const char *what, struct err *err)
{
    char text[ERR_TEXT_BYTES];
    struct ledger_sent sent;
    struct err why;
    enum status status =
        parcel_find(run->asking, row->key, object_codec_of(row->codec), &row->content, &sent, &why);
    if (status == OK) {
        equal(run, sent.bytes);
        run->report.repacked++;
    } else if (status == ERR_NOT_FOUND) {
        status = missing(run, row, err);
    } else if (status == ERR_EXISTS) {
        (void)snprintf(text, sizeof text, "%.150s; %.150s", what, why.text);
        status = changed(run, row, bytes, text, err);
    } else {
        (void)err_copy(err, &why);
    }
    return status;
}

/* An object that the ledger calls shipped, and that is there with so many bytes. */
static enum status compare(struct reconcile_run *run, const struct ledger_object *row,
                           int64_t bytes, struct err *err)
{
    char text[160];
    char hex[DIGEST_HEX_BYTES];
    struct err why;
    struct target_head head = {0};
    const struct ledger_sent *sent = &row->sent;
    if (row->state != LEDGER_SHIPPED) {
        run->report.planned += !row->is_gone;
        return OK;
    }
    if (bytes != sent->bytes) {
        (void)snprintf(text, sizeof text, "%lld bytes, sent were %lld", (long long)bytes,
                       (long long)sent->bytes);
        return unpack(run, row, bytes, text, err);
    }
    enum status status = run->options->deep
                             ? target_get(run->asking, row->key, swallow, NULL, &head, &why)
                             : target_head(run->asking, row->key, &head, &why);
    if (status == ERR_NOT_FOUND) {
        return missing(run, row, err);
    }
    if (status == ERR_CORRUPT) {
        return unpack(run, row, bytes, why.text, err);
    }
    if (status == ERR_EXISTS) {
        return changed(run, row, bytes, why.text, err);
    }
    if (status != OK) {
        (void)err_copy(err, &why);
        return status;
    }
    if (head.bytes != sent->bytes ||
        (head.has_sha256 && !digest_equal(&head.sha256, &sent->sha256))) {
        (void)snprintf(text, sizeof text, "sha256 %s, sent was another",
                       head.has_sha256 ? digest_hex(&head.sha256, hex) : "unknown");
        return unpack(run, row, head.bytes, text, err);
    }
    equal(run, sent->bytes);
    run->report.size_only += !head.has_sha256;
    return OK;
}

/* In the ledger, and not in the list: it may have been put after the list passed its key. */
static enum status not_listed(struct reconcile_run *run, const struct ledger_object *row,
                              struct err *err)
{
    struct target_head head;
    if (row->state != LEDGER_SHIPPED) {
        run->report.planned += !row->is_gone;
        return OK;
    }
    enum status status = target_head(run->asking, row->key, &head, err);
    return status == ERR_NOT_FOUND ? missing(run, row, err)
                                   : THEN(status, compare(run, row, head.bytes, err));
}

/* dt=DAY/ARCHIVE-..., as object_key makes it. */
static bool is_named_ours(const struct reconcile_run *run, const char *key)
{
    const char *slash = strrchr(key, '/');
    const char *name = slash ? slash + 1 : key;
    return strncmp(name, archive_id(run->archive), 8) == 0 && name[8] == '-';
}

/* In the list, and not in the ledger: it may have been planned after its page was read. */
static enum status not_in_ledger(struct reconcile_run *run, const struct target_item *item,
                                 struct err *err)
{
    struct ledger_object row;
    size_t count = 0;
    enum status status = read_rows(run, item->key, false, &row, 1, &count, err);
    if (status == OK && count == 1 && strcmp(row.key, item->key) == 0) {
        return compare(run, &row, item->bytes, err);
    }
    if (status != OK) {
        return status;
    }
    struct reconcile_finding finding = {.kind = RECONCILE_FOREIGN,
                                        .key = item->key,
                                        .bytes = item->bytes,
                                        .is_named_ours = is_named_ours(run, item->key)};
    why_is(&finding, finding.is_named_ours ? "not in the ledger, though its name is this archive's"
                                           : "not in the ledger");
    return tell(run, &finding, err);
}

/* What the ledger has before this key (NULL: up to its end) is not in the list. *out_row: the row
 * behind that. */
static enum status pass_rows(struct reconcile_run *run, const char *key,
                             const struct ledger_object **out_row, struct err *err)
{
    enum status status = next_row(run, out_row, err);
    while (status == OK && *out_row && (!key || strcmp((*out_row)->key, key) < 0)) {
        status = not_listed(run, *out_row, err);
        run->at++;
        status = THEN(status, next_row(run, out_row, err));
    }
    return status;
}

/* Both in order. */
static enum status take_item(void *context, const struct target_item *item, struct err *err)
{
    struct reconcile_run *run = context;
    const struct ledger_object *row = NULL;
    enum status status = pass_rows(run, item->key, &row, err);
    if (status == OK && row && strcmp(row->key, item->key) == 0) {
        status = compare(run, row, item->bytes, err);
        run->at++;
    } else if (status == OK) {
        status = not_in_ledger(run, item, err);
    }
    run->looked++;
    if (status == OK && run->options->progress) {
        run->options->progress(run->options->context, run->looked);
    }
    return status;
}

static enum status open_all(struct reconcile_run *run, struct err *err)
{
    const struct reconcile_options *options = run->options;
    run->rows = calloc(PAGE_ROWS, sizeof *run->rows);
    enum status status = run->rows ? OK : err_nomem(err, "ship");
    status = THEN(status, archive_open(options->archive_dir, ARCHIVE_READ, &run->archive, err));
    status = THEN(status, target_open(options->config, &run->listing, err));
    status = THEN(status, target_open(options->config, &run->asking, err));
    if (status == OK) {
        run->listing->cancel = run->asking->cancel = options->cancel;
        (void)snprintf(run->report.target, sizeof run->report.target, "%s", run->asking->url);
    }
    return status;
}

enum status reconcile_run(const struct reconcile_options *options,
                          struct reconcile_report *out_report, struct err *err)
{
    struct reconcile_run run = {.options = options};
    struct target_passed passed = {0};
    enum status status = open_all(&run, err);
    if (status == OK) {
        const struct target_list list = {.prefix = "", .each = take_item, .context = &run};
        status = target_list(run.listing, &list, &passed, err);
    }
    const struct ledger_object *none = NULL;
    status = THEN(status, pass_rows(&run, NULL, &none, err));
    run.report.parts = passed.parts;
    object_fini(&run.object);
    target_close(run.listing);
    target_close(run.asking);
    archive_close(run.archive);
    free(run.rows);
    if (status == OK) {
        *out_report = run.report;
    }
    return status;
}
