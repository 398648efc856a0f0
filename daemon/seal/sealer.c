/* On the sealer's thread. A seal is durable when seal_make has committed text, signature and marks
 * in one transaction; then it is put at the target, and marked as put in another. Killed in
 * between, it is put again and is there already. */
#include "daemon/seal/sealer.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/seal/seal_location.h"
#include "daemon/ship/target_open.h"
#include "schema/base/vec.h"
#include "schema/file/file_stamp.h"
#include "schema/seal/seal_key.h"
#include "schema/seal/seal_store.h"
#include "schema/segment/segment_map.h"

/* What was seen of a day when all of it was sealed. */
struct sealed_day {
    int64_t day_us;
    struct file_stamp stamp;
};

struct sealed_days VEC_OF(struct sealed_day);

struct sealer {
    struct archive *archive;
    struct signing_key *key;
    struct target *target; /* NULL: nowhere */
    char target_url[CONFIG_TEXT_BYTES];
    struct sealed_days days; /* ascending */
    struct seal draft;
    struct buf text;
    atomic_bool stop; /* any thread */
};

static enum status open_target(struct sealer *sealer, const struct config *config, struct err *err)
{
    enum status status = seal_location_url(config, sealer->target_url, err);
    if (status != OK || !sealer->target_url[0]) {
        return status;
    }
    status = target_open_at(config, sealer->target_url, &sealer->target, err);
    if (status == OK) {
        sealer->target->cancel = &sealer->stop;
    }
    return status;
}

enum status sealer_open(const struct config *config, const char *archive_dir,
                        struct sealer **out_sealer, bool *out_key_made, struct err *err)
{
    struct sealer *sealer = calloc(1, sizeof *sealer);
    if (!sealer) {
        return err_nomem(err, "seal");
    }
    atomic_init(&sealer->stop, false);
    enum status status =
        seal_key_open(archive_dir, config->seal_key, &sealer->key, out_key_made, err);
    status = THEN(status, archive_open(archive_dir, ARCHIVE_WRITE, &sealer->archive, err));
    status = THEN(status, open_target(sealer, config, err));
    if (status != OK) {
        sealer_close(sealer);
        return status;
    }
    *out_sealer = sealer;
    return OK;
}

void sealer_close(struct sealer *sealer)
{
    if (sealer) {
        target_close(sealer->target);
        archive_close(sealer->archive);
        signing_key_free(sealer->key);
        seal_fini(&sealer->draft);
        vec_fini(&sealer->days);
        buf_fini(&sealer->text);
        free(sealer);
    }
}

const char *sealer_key_id(const struct sealer *sealer)
{
    return signing_key_id(sealer->key);
}

const char *sealer_target(const struct sealer *sealer)
{
    return sealer->target_url;
}

void sealer_stop(struct sealer *sealer)
{
    atomic_store(&sealer->stop, true);
}

/* What was remembered of the day; NULL when nothing was. Days come in ascending order. */
static const struct sealed_day *remembered(const struct sealed_days *days, int64_t day_us,
                                           size_t *at)
{
    while (*at < days->count && days->items[*at].day_us < day_us) {
        ++*at;
    }
    return *at < days->count && days->items[*at].day_us == day_us ? &days->items[*at] : NULL;
}

/* Blocks that are new, of days that have changed since all of them was sealed. */
static enum status gather(struct sealer *sealer, struct sealer_report *report, bool *out_more,
                          struct err *err)
{
    struct segment_map_day *days = NULL;
    size_t count = 0;
    size_t at = 0;
    struct sealed_days now = {0};
    const char *dir = archive_dir(sealer->archive);
    enum status status = segment_map_read(dir, &days, &count, err);
    for (size_t i = 0; i < count && status == OK; i++) {
        char path[FILE_PATH_BYTES];
        struct err why;
        bool more = *out_more;
        const struct sealed_day *known = remembered(&sealer->days, days[i].day_us, &at);
        status = segment_map_path(dir, &days[i], path, err);
        if (status != OK) {
            break;
        }
        struct sealed_day day = {days[i].day_us, file_stamp_read(path)};
        bool same = known && file_stamp_equal(&known->stamp, &day.stamp);
        if (!same && !more &&
            seal_add_day(sealer->archive, &sealer->draft, days[i].day_us, &more, &why) != OK) {
            report->last = why;
            more = true; /* this day is not done */
        } else {
            *out_more = more;
        }
        if ((same || !more) && !vec_push(&now, day)) {
            status = err_nomem(err, "seal");
        }
    }
    if (status == OK) {
        vec_fini(&sealer->days);
        sealer->days = now;
    } else {
        vec_fini(&now);
    }
    free(days);
    return status;
}

static enum status make_one(struct sealer *sealer, enum sealer_when when,
                            struct sealer_report *report, bool *out_more, struct err *err)
{
    *out_more = false;
    seal_clear(&sealer->draft);
    enum status status = gather(sealer, report, out_more, err);
    bool news = sealer->draft.blocks.count > 0;
    if (status == OK && !news) {
        status = seal_has_changes(sealer->archive, &news, err);
    }
    if (status != OK || (!news && when == SEALER_IF_CHANGED)) {
        return status;
    }
    bool more_rows = false;
    status =
        seal_make(sealer->archive, sealer->key, &sealer->draft, clock_now_us(), &more_rows, err);
    if (status == OK) {
        *out_more = *out_more || more_rows;
        report->seals++;
        report->blocks += (int64_t)sealer->draft.blocks.count;
        report->objects += (int64_t)sealer->draft.objects.count;
    }
    return status;
}

static enum status put_piece(struct sealer *sealer, const struct seal_row *row, const char *suffix,
                             struct span bytes, struct err *err)
{
    char key[SEAL_LOCATION_KEY_BYTES];
    struct digest sha256 = digest_sha256(bytes);
    seal_location_key(archive_id(sealer->archive), row->number, suffix, key);
    const struct target_object object = {
        .key = key,
        .bytes = bytes,
        .sha256 = &sha256,
        .content_type =
            strcmp(suffix, "json") == 0 ? "application/json" : "application/octet-stream",
    };
    enum target_put outcome;
    return target_put(sealer->target, &object, &outcome, err);
}

/* The signature first: where there is a text, its signature is there, too. */
static enum status put_one(struct sealer *sealer, int64_t number, struct err *err)
{
    struct seal_row row;
    enum status status = seal_get(sealer->archive, number, &row, &sealer->text, err);
    status = THEN(
        status, put_piece(sealer, &row, "sig", span_of(row.signature, sizeof row.signature), err));
    status = THEN(status, put_piece(sealer, &row, "json", buf_span(&sealer->text), err));
    return THEN(status, seal_mark_put(sealer->archive, number, clock_now_us(), err));
}

static void put_all(struct sealer *sealer, struct sealer_report *report)
{
    int64_t number = 0;
    struct err why;
    enum status status = OK;
    while (sealer->target && status == OK && !atomic_load(&sealer->stop)) {
        status = seal_next_to_put(sealer->archive, &number, &why);
        if (status == OK && number == 0) {
            break;
        }
        status = THEN(status, put_one(sealer, number, &why));
        report->put += status == OK;
    }
    if (status != OK && status != ERR_STOPPED) {
        (void)err_wrap(&why, status, "seal %lld", (long long)number);
        report->last = why;
    }
}

enum status sealer_run(struct sealer *sealer, enum sealer_when when,
                       struct sealer_report *out_report, struct err *err)
{
    struct sealer_report report = {.last.status = OK};
    enum status status = OK;
    for (bool more = true; more && status == OK && !atomic_load(&sealer->stop);) {
        status = make_one(sealer, when, &report, &more, err);
        when = SEALER_IF_CHANGED;
    }
    status = THEN(status, seal_last(sealer->archive, &report.last_number, err));
    if (status == OK && report.seals > 0) {
        struct seal_row row;
        status = seal_get(sealer->archive, report.last_number, &row, &sealer->text, err);
        if (status == OK) {
            (void)digest_hex(&row.sha256, report.last_sha256);
        }
    }
    if (status == OK) {
        put_all(sealer, &report);
        *out_report = report;
    }
    return status;
}
