/* Lists the place of digests, reads each seal with its signature, checks it with the key, and keeps
 * the seals of each archive in order of their numbers. */
#include "tools/stele/verify/seal_fetch.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/seal/seal_location.h"

/* A text that is there. */
struct seal_key_entry {
    char archive[9];
    int64_t number;
    bool has_text;
    bool has_signature;
};

struct seal_reader {
    struct seal_fetch *fetched;
    struct target *digests;
    const struct signing_key *key;
    struct verify_report *report;
    VEC(struct seal_key_entry) places; /* in order of keys: by archive and number */
    struct buf text;
    struct buf signature;
};

void seal_fetch_fini(struct seal_fetch *fetched)
{
    for (size_t i = 0; i < fetched->count; i++) {
        seal_set_fini(&fetched->items[i]);
    }
    vec_fini(fetched);
}

/* "0123abcd/000000000012.json" */
static bool read_key(const char *key, struct seal_key_entry *out, bool *out_is_text)
{
    struct span text = span_str(key);
    if (text.size < 8 + 1 + 12 + 4 || text.data[8] != '/') {
        return false;
    }
    struct span suffix = span_from(text, 8 + 1 + 12);
    *out_is_text = span_is(suffix, ".json");
    if (!*out_is_text && !span_is(suffix, ".sig")) {
        return false;
    }
    *out = (struct seal_key_entry){.number = 0};
    memcpy(out->archive, text.data, 8);
    for (size_t i = 9; i < 9 + 12; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        out->number = out->number * 10 + (text.data[i] - '0');
    }
    return out->number > 0;
}

static enum status on_item(void *context, const struct target_item *item, struct err *err)
{
    struct seal_reader *reading = context;
    struct seal_key_entry place;
    bool is_text;
    if (!read_key(item->key, &place, &is_text)) {
        return OK; /* others may keep things there */
    }
    struct seal_key_entry *last = reading->places.count > 0 ? vec_last(&reading->places) : NULL;
    if (!last || strcmp(last->archive, place.archive) != 0 || last->number != place.number) {
        if (!vec_push(&reading->places, place)) {
            return err_nomem(err, "verify");
        }
        last = vec_last(&reading->places);
    }
    *(is_text ? &last->has_text : &last->has_signature) = true;
    return OK;
}

static enum status on_bytes(void *context, struct span bytes, struct err *err)
{
    struct buf *out = context;
    if (out->size + bytes.size > SEAL_TEXT_BYTES_MAX) {
        return err_set(err, ERR_CORRUPT, "is longer than any seal");
    }
    buf_add_span(out, bytes);
    return buf_status(out, "verify", err);
}

/* An object that came is looked at whatever its own digest says. */
static enum status fetch(struct seal_reader *reading, const struct seal_key_entry *place,
                         const char *suffix, struct buf *out, struct err *err)
{
    char key[SEAL_LOCATION_KEY_BYTES];
    buf_clear(out);
    seal_location_key(place->archive, place->number, suffix, key);
    enum status status = target_get(reading->digests, key, on_bytes, out, NULL, err);
    return status == ERR_CORRUPT ? OK : status;
}

/* The book that the archive's seals go into; a new one for the first of them. */
static enum status book_of(struct seal_reader *reading, bool is_new, struct seal_set **out,
                           struct err *err)
{
    struct seal_fetch *fetched = reading->fetched;
    if (is_new) {
        if (fetched->count == SEAL_FETCH_SETS_MAX) {
            return err_set(err, ERR_LIMIT, "seals of more than %d archives lie at one place",
                           SEAL_FETCH_SETS_MAX);
        }
        if (!vec_push(fetched, (struct seal_set){.key = reading->key})) {
            return err_nomem(err, "verify");
        }
    }
    *out = vec_last(fetched);
    return OK;
}

static enum status read_place(struct seal_reader *reading, const struct seal_key_entry *place,
                              bool is_new, struct err *err)
{
    struct seal_set *set = NULL;
    char where[64];
    enum status status = book_of(reading, is_new, &set, err);
    for (int64_t n = set ? set->last_number + 1 : 0; status == OK && n < place->number; n++) {
        seal_set_gap(set, n, reading->report);
        if (place->number - n > 1000) { /* one line for many */
            set->last_number = place->number - 1;
            break;
        }
    }
    (void)snprintf(where, sizeof where, "%s/%012lld", place->archive, (long long)place->number);
    if (status == OK && !place->has_text) {
        seal_set_gap(set, place->number, reading->report);
        return OK;
    }
    if (status == OK && !place->has_signature) {
        verify_say(reading->report, where, 0, "has no signature (.sig) beside it");
    }
    buf_clear(&reading->signature);
    status = THEN(
        status, place->has_signature ? fetch(reading, place, "sig", &reading->signature, err) : OK);
    status = THEN(status, fetch(reading, place, "json", &reading->text, err));
    return THEN(status, seal_set_add(set, place->number, buf_span(&reading->text),
                                     buf_span(&reading->signature), reading->report, err));
}

enum status seal_fetch_read(struct seal_fetch *fetched, struct target *digests,
                            const struct signing_key *key, struct verify_report *report,
                            struct err *err)
{
    struct seal_reader reading = {
        .fetched = fetched, .digests = digests, .key = key, .report = report};
    const struct target_list list = {.prefix = "", .each = on_item, .context = &reading};
    enum status status = target_list(digests, &list, NULL, err);
    const struct seal_key_entry *places = reading.places.items;
    for (size_t i = 0; i < reading.places.count && status == OK; i++) {
        bool is_new = i == 0 || strcmp(places[i - 1].archive, places[i].archive) != 0;
        status = read_place(&reading, &places[i], is_new, err);
    }
    for (size_t i = 0; i < fetched->count; i++) {
        seal_set_finish(&fetched->items[i]);
    }
    vec_fini(&reading.places);
    buf_fini(&reading.text);
    buf_fini(&reading.signature);
    return status;
}
