/* Observables: what in an event an indicator of compromise can name. They come from fields whose
 * meaning is known (user, sid, serial_number, user_agent) and, by shape, from the text of every
 * field: addresses, host names, URLs, e-mail addresses, hashes and files, also where a command
 * hides them in base64, percent-encoded or behind escaped slashes. A file has a slash or a dot in
 * its name, or stands in a field of files, or is a word of a command that is not an option. The uid
 * of an event and a value that is a time are no observables.
 *
 * Normal forms, the same for an indicator and for what is observed:
 *   ip       as a term (schema/event/term.h): dotted IPv4, or IPv6 in full; mapped IPv4 is IPv4
 *   domain   lower case, A-labels (IDNA 2008, RFC 5891), no trailing dot
 *   url      scheme and host in lower case, no user, no default port, no fragment
 *   email    lower case
 *   hash     lower-case hex of 32, 40, 64 or 128 digits (MD5, SHA-1, SHA-256, SHA-512)
 *   user, agent  as they stand
 *   file     as it stands; with a backslash or an ending of Windows (.exe, .dll, ...) lower case
 *   session  lower case;  serial  lower-case hex without colons, or the decimal digits
 *
 * A domain is observed as such, in a URL, and behind the @ of an e-mail address. A name behind a
 * slash is part of a path and no domain. A URL is observed with all that follows it without a
 * blank, and up to the first ; or , or && in it; one within the query of another, too. A hash is
 * observed within a longer name where no letter or digit goes on. A file of Windows is observed as
 * it stands and in its normal form; a command as a whole is a file, too. */
#ifndef SCHEMA_EVENT_OBSERVABLE_H
#define SCHEMA_EVENT_OBSERVABLE_H

#include "schema/base/buf.h"
#include "schema/event/event.h"

enum observable_kind {
#define X(id, name) OBSERVABLE_##id,
#include "schema/event/observable.def"
#undef X
    OBSERVABLE_KINDS
};

const char *observable_kind_name(enum observable_kind kind);
/* False when there is no kind of that name. */
bool observable_kind_find(struct span name, enum observable_kind *out_kind);

/* Normal forms: append to out and return true, or leave it and return false when the text is none
 * of that kind. Any thread. */
bool observable_ip(struct span text, struct buf *out); /* with brackets, port or zone, or without */
bool observable_domain(struct span text, struct buf *out); /* at least two labels */
bool observable_url(struct span text, struct buf *out);
bool observable_url_any(struct span text,
                        struct buf *out); /* also host and path alone, for any scheme */
bool observable_email(struct span text, struct buf *out);
bool observable_hash(struct span text, struct buf *out);
bool observable_file(struct span text, struct buf *out); /* anything but the empty text */
bool observable_serial(struct span text, struct buf *out);
bool observable_session(struct span text, struct buf *out); /* anything but the empty text */
/* The "://" of a URL; NULL: it has none. */
const char *observable_url_mark(struct span text);
/* Of a normal URL: its host, and the whole without its scheme. */
struct span observable_url_host(struct span url);
struct span observable_url_bare(struct span url);

struct observable {
    enum observable_kind kind;
    struct span normal; /* lives until the callback returns */
    struct span field;
    struct span value; /* the field's whole value */
    bool decoded;      /* found inside of base64, or by undoing escapes */
};

typedef void observable_each(void *context, const struct observable *observable);

/* What a field of that path holds by its name. */
enum { OBSERVABLE_FIELD_NOTHING = -2, OBSERVABLE_FIELD_SHAPES = -1 };
struct observable_field {
    int kind; /* enum observable_kind of the whole value; or one of the above */
    bool words_are_files;
};
struct observable_field observable_field(struct span path);

/* Memory of an extraction, kept from event to event. One thread. */
struct observable_scanner {
    struct buf normal;
    struct buf decoded;
};
#define OBSERVABLE_SCANNER_INIT                                                                    \
    {                                                                                              \
        BUF_INIT, BUF_INIT                                                                         \
    }
void observable_scanner_fini(struct observable_scanner *observer);

/* Calls `each` with every observable of the event, some more than once. False: out of memory. */
MUST_USE bool observable_scan_event(struct observable_scanner *observer, const struct event *event,
                                    observable_each *each, void *context);
/* The same for one field's value. */
MUST_USE bool observable_scan_value(struct observable_scanner *observer,
                                    const struct observable_field *field,
                                    const struct event_field *value, observable_each *each,
                                    void *context);

#endif
