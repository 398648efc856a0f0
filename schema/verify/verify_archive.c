/* The catalogue first (seals, deletions, ledger), then day by day its files against the seals.
 * Reads only; archive.db is closed before the days, so as not to hold back
 * checkpoints. */
#include "schema/verify/verify_archive.h"

#include <stdlib.h>

#include "schema/archive/archive.h"
#include "schema/db/db_query.h"
#include "schema/index/deletion.h"
#include "schema/seal/seal_store.h"
#include "schema/segment/segment_map.h"
#include "schema/verify/verify_days.h"
#include "schema/verify/verify_pages.h"

enum { PAGE_FAULTS_MAX = 3, GAP_LINES_MAX = 1000 };

/* A line for each that is missing; for the most part of very many, none more. */
static void tell_gap(struct seal_set *set, int64_t from, int64_t to, struct verify_report *report)
{
    for (int64_t number = from; number < to && number - from < GAP_LINES_MAX; number++) {
        seal_set_gap(set, number, report);
    }
    set->last_number = to - 1;
}

static enum status check_seal(struct archive *archive, int64_t number, struct buf *text,
                              struct verify_report *report, struct seal_set *set, struct err *err)
{
    struct seal_row row;
    struct err why;
    enum status status = seal_get(archive, number, &row, text, &why);
    if (status == OK) {
        status = seal_set_add(set, number, buf_span(text),
                              span_of(row.signature, sizeof row.signature), report, err);
        if (!digest_equal(&row.sha256, &set->last_sha256)) {
            verify_say(report, "archive.db", 0,
                       "seal %lld: the digest in its row is not that of its text",
                       (long long)number);
        }
        return status;
    }
    status = verify_outcome(report, "archive.db", 0, NULL, status, &why, err);
    set->broken = true;
    set->last_number = number;
    return status;
}

static enum status check_seals(struct archive *archive, struct verify_report *report,
                               struct seal_set *set, struct err *err)
{
    struct buf text = BUF_INIT;
    int64_t number = 0;
    int64_t next = 0;
    enum status status = seal_next(archive, 0, &next, err);
    while (status == OK && next > number) {
        tell_gap(set, number + 1, next, report);
        number = next;
        status = check_seal(archive, number, &text, report, set, err);
        status = THEN(status, seal_next(archive, number, &next, err));
    }
    buf_fini(&text);
    seal_set_finish(set);
    if (status == OK && set->archive[0] && strcmp(set->archive, archive_id(archive)) != 0) {
        verify_say(report, "archive.db", 0, "its id is %s, and its seals are of archive %s",
                   archive_id(archive), set->archive);
    }
    return status;
}

/* The seal of the same number must be the same. */
enum status verify_same_seals(struct archive *archive, const struct seal_set *elsewhere,
                              const char *where, struct verify_report *report, struct err *err)
{
    struct seal_row row;
    struct buf text = BUF_INIT;
    struct err why;
    int64_t number = elsewhere->last_number;
    if (number == 0) {
        return OK;
    }
    int64_t last = 0;
    enum status status = seal_last(archive, &last, err);
    if (status == OK && last < number) {
        verify_say(report, "archive.db", 0,
                   "ends with seal %lld, and %s has seal %lld: the archive is an older one",
                   (long long)last, where, (long long)number);
    } else if (status == OK) {
        status = seal_get(archive, number, &row, &text, &why);
        struct digest sha256 = digest_sha256(buf_span(&text));
        bool same =
            status == OK && !elsewhere->broken && digest_equal(&sha256, &elsewhere->last_sha256);
        if (!same && (status == OK || status == ERR_CORRUPT || status == ERR_NOT_FOUND)) {
            verify_say(report, "archive.db", 0, "its seal %lld is not the one that %s has",
                       (long long)number, where);
            status = OK;
        } else if (status != OK) {
            (void)err_copy(err, &why);
        }
    }
    buf_fini(&text);
    return status;
}

/* Deletions that are in no seal yet. */
static enum status take_deletions(struct archive *archive, struct verify_report *report,
                                  struct seal_set *set, struct err *err)
{
    struct deletion *rows = NULL;
    size_t count = 0;
    enum status status = deletion_list(archive, 0, &rows, &count, err);
    for (size_t i = 0; i < count && status == OK; i++) {
        const struct seal_deletion deletion = {
            .id = rows[i].id,
            .day_us = rows[i].day_us,
            .deleted_us = rows[i].deleted_us,
            .why = span_of("", 0),
            .events = rows[i].events,
            .blocks = rows[i].blocks,
            .last_block = rows[i].last_block,
        };
        if (rows[i].seal == 0) {
            report->unsealed_deletions++;
            status = seal_set_unsealed_deletion(set, &deletion, err);
        }
    }
    free(rows);
    return status;
}

/* What the seals say was shipped, the ledger must say, too. */
static enum status check_ledger(struct archive *archive, const struct seal_set *set,
                                struct verify_report *report, struct err *err)
{
    const struct seal_set_object *objects = set->objects.items;
    size_t count = set->objects.count;
    sqlite3_stmt *stmt = NULL;
    enum status status = db_prepare(archive_db(archive),
                                    "SELECT sha256 = ?3 AND bytes = ?4 AND state = ?5 FROM object"
                                    " WHERE target = ?1 AND key = ?2",
                                    &stmt, err);
    for (size_t i = 0; i < count && status == OK; i++) {
        const struct seal_object *object = &objects[i].object;
        bool row = false;
        db_bind(stmt,
                DB_WITH(DB_TEXT(object->target), DB_TEXT(object->key), DB_DIGEST(&object->sha256),
                        DB_INT(object->bytes), DB_INT(LEDGER_SHIPPED)));
        status = db_step(stmt, &row, err);
        if (status == OK && !row) {
            verify_say(report, "archive.db", 0, "the ledger has lost %.*s, which seal %lld has",
                       SPAN_FMT(object->key), (long long)objects[i].seal);
        } else if (status == OK && !sqlite3_column_int(stmt, 0)) {
            verify_say(report, "archive.db", 0,
                       "the ledger's row of %.*s is not what seal %lld says", SPAN_FMT(object->key),
                       (long long)objects[i].seal);
        }
        (void)sqlite3_reset(stmt);
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

/* Sealed days whose file is not there. `days` ascends. */
static void find_missing_days(const struct verify_archive *verify, const struct seal_set *set,
                              const int64_t *days, size_t count)
{
    const struct seal_set_block_row *blocks = set->blocks.items;
    size_t at = 0;
    for (size_t i = 0; i < set->blocks.count; i++) {
        int64_t day_us = blocks[i].block.day_us;
        if (i > 0 && blocks[i - 1].block.day_us == day_us) {
            continue;
        }
        while (at < count && days[at] < day_us) {
            at++;
        }
        bool there = at < count && days[at] == day_us;
        size_t kept = 0;
        (void)seal_set_day(set, day_us, &kept);
        verify->report->deleted_days += kept == 0;
        if (!there && kept > 0 && day_us < verify->to_us &&
            day_us + CLOCK_DAY_US > verify->from_us) {
            char day[CLOCK_TEXT_BYTES];
            verify_say(verify->report, clock_format_day(day_us, day), 0,
                       "the day's file is missing, with %zu sealed blocks", kept);
        }
    }
}

/* Those that touch the range. `days` ascends. */
static enum status check_days(const struct verify_archive *verify, const struct seal_set *set,
                              const int64_t *days, size_t count, struct err *err)
{
    size_t from = 0;
    while (from < count && days[from] + CLOCK_DAY_US <= verify->from_us) {
        from++;
    }
    size_t to = from;
    while (to < count && days[to] < verify->to_us) {
        to++;
    }
    if (from == to) {
        return OK;
    }
    const struct verify_days of_range = {.dir = verify->dir,
                                         .days_us = days + from,
                                         .n_days = to - from,
                                         .set = set,
                                         .quick = verify->quick,
                                         .report = verify->report};
    return verify_days(&of_range, err);
}

/* A file of merged days that cannot be read is a fault; other days are looked at all the same. */
static enum status list_days(const struct verify_archive *verify, int64_t **out_days,
                             size_t *out_count, struct err *err)
{
    enum status status = segment_days(verify->dir, out_days, out_count, err);
    if (status == ERR_CORRUPT) {
        verify_say(verify->report, "segments/merged", 0, "%s", err->text);
        status = archive_day_files(verify->dir, out_days, out_count, err);
    }
    return status;
}

enum status verify_archive(const struct verify_archive *verify, struct seal_set *set,
                           struct err *err)
{
    struct archive *archive = NULL;
    int64_t *days = NULL;
    size_t count = 0;
    set->key = verify->key;
    struct err why;
    enum status status = archive_open(verify->dir, ARCHIVE_READ, &archive, &why);
    if (status == ERR_CORRUPT) {
        verify_say(verify->report, "archive.db", 0, "%s", why.text);
        return OK;
    }
    status = status == OK ? OK : err_copy(err, &why);
    status = THEN(status, verify_pages(archive_db(archive), "archive.db", PAGE_FAULTS_MAX,
                                       verify->report, err));
    status = THEN(status, check_seals(archive, verify->report, set, err));
    status = THEN(status, take_deletions(archive, verify->report, set, err));
    status = THEN(status, check_ledger(archive, set, verify->report, err));
    archive_close(archive); /* its snapshot would hold back the daemon's checkpoints */
    status = THEN(status, list_days(verify, &days, &count, err));
    if (status == OK) {
        find_missing_days(verify, set, days, count);
        status = check_days(verify, set, days, count, err);
    }
    free(days);
    return status;
}
