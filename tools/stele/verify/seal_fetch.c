#include "tools/stele/verify/seal_fetch.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/seal/seal_location.h"

/* A text that is there. */
struct place {
    char archive[9];
    int64_t number;
    bool has_text;
    bool has_signature;
};

struct reading {
    struct seal_shelf *shelf;
    struct target *digests;
    const struct signing_key *key;
    struct verify_report *report;
    struct buf places; /* struct place, in order of keys: by archive and number */
    struct buf text;
    struct buf signature;
};

void seal_shelf_fini(struct seal_shelf *shelf)
{
    for (size_t i = 0; i < shelf->count; i++) {
        seal_book_fini(&shelf->books[i]);
    }
    free(shelf->books);
    *shelf = (struct seal_shelf){0};
}

/* "0123abcd/000000000012.json" */
static bool read_key(const char *key, struct place *out, bool *out_is_text)
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
    *out = (struct place){.number = 0};
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
    struct reading *reading = context;
    struct place place;
    bool is_text;
    if (!read_key(item->key, &place, &is_text)) {
        return OK; /* others may keep things there */
    }
    struct place *last =
        reading->places.size > 0
            ? (struct place *)(void *)(reading->places.data + reading->places.size - sizeof place)
            : NULL;
    if (!last || strcmp(last->archive, place.archive) != 0 || last->number != place.number) {
        buf_add(&reading->places, &place, sizeof place);
        if (!buf_ok(&reading->places)) {
            return buf_status(&reading->places, "verify", err);
        }
        last = (struct place *)(void *)(reading->places.data + reading->places.size - sizeof place);
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
static enum status fetch(struct reading *reading, const struct place *place, const char *suffix,
                         struct buf *out, struct err *err)
{
    char key[SEAL_OBJECT_KEY_BYTES];
    buf_clear(out);
    seal_object_key(place->archive, place->number, suffix, key);
    enum status status = target_get(reading->digests, key, on_bytes, out, NULL, err);
    return status == ERR_CORRUPT ? OK : status;
}

/* The book that the archive's seals go into; a new one for the first of them. */
static enum status book_of(struct reading *reading, bool is_new, struct seal_book **out,
                           struct err *err)
{
    struct seal_shelf *shelf = reading->shelf;
    if (is_new) {
        if (shelf->count == SEAL_SHELF_BOOKS_MAX) {
            return err_set(err, ERR_LIMIT, "seals of more than %d archives lie at one place",
                           SEAL_SHELF_BOOKS_MAX);
        }
        struct seal_book *books = realloc(shelf->books, (shelf->count + 1) * sizeof *books);
        if (!books) {
            return err_nomem(err, "verify");
        }
        shelf->books = books;
        shelf->books[shelf->count++] = (struct seal_book){.key = reading->key};
    }
    *out = &shelf->books[shelf->count - 1];
    return OK;
}

static enum status read_place(struct reading *reading, const struct place *place, bool is_new,
                              struct err *err)
{
    struct seal_book *book = NULL;
    char where[64];
    enum status status = book_of(reading, is_new, &book, err);
    for (int64_t n = book ? book->last_number + 1 : 0; status == OK && n < place->number; n++) {
        seal_book_gap(book, n, reading->report);
        if (place->number - n > 1000) { /* one line for many */
            book->last_number = place->number - 1;
            break;
        }
    }
    (void)snprintf(where, sizeof where, "%s/%012lld", place->archive, (long long)place->number);
    if (status == OK && !place->has_text) {
        seal_book_gap(book, place->number, reading->report);
        return OK;
    }
    if (status == OK && !place->has_signature) {
        verify_say(reading->report, where, 0, "has no signature (.sig) beside it");
    }
    buf_clear(&reading->signature);
    if (status == OK && place->has_signature) {
        status = fetch(reading, place, "sig", &reading->signature, err);
    }
    status = THEN(status, fetch(reading, place, "json", &reading->text, err));
    return THEN(status, seal_book_add(book, place->number, buf_span(&reading->text),
                                      buf_span(&reading->signature), reading->report, err));
}

enum status seal_shelf_read(struct seal_shelf *shelf, struct target *digests,
                            const struct signing_key *key, struct verify_report *report,
                            struct err *err)
{
    struct reading reading = {.shelf = shelf, .digests = digests, .key = key, .report = report};
    const struct target_list list = {.prefix = "", .each = on_item, .context = &reading};
    enum status status = target_list(digests, &list, NULL, err);
    const struct place *places = (const struct place *)(const void *)reading.places.data;
    size_t count = reading.places.size / sizeof *places;
    for (size_t i = 0; i < count && status == OK; i++) {
        bool is_new = i == 0 || strcmp(places[i - 1].archive, places[i].archive) != 0;
        status = read_place(&reading, &places[i], is_new, err);
    }
    for (size_t i = 0; i < shelf->count; i++) {
        seal_book_finish(&shelf->books[i]);
    }
    buf_fini(&reading.places);
    buf_fini(&reading.text);
    buf_fini(&reading.signature);
    return status;
}
