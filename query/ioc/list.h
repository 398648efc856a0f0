/* Lists of indicators: a line each, CSV, or JSON. */
#ifndef QUERY_IOC_LIST_H
#define QUERY_IOC_LIST_H

#include "query/ioc/indicator_set.h"

enum list_form { LIST_LINES, LIST_CSV, LIST_JSON };
enum { LIST_JSON_BYTES_MAX = 64 * 1024 * 1024, LIST_JSON_VALUES_MAX = 4 * 1000 * 1000 };

struct list_report {
    enum list_form form;
    int64_t read;       /* indicators that are new in the set */
    int64_t duplicates; /* those that are in it already */
    int64_t unsure;     /* left out: of a lower confidence than the set demands */
    int64_t refused;    /* each was reported to list_refused */
};

/* What could not be read, once for each; `why` is a few words for people. */
typedef void list_refused(void *context, int64_t line, struct span text, const char *why);

/* A list to be read. */
struct list_source {
    struct span bytes;
    uint32_t list;  /* its number, which its indicators get */
    int64_t now_us; /* what is valid at this time counts */
    list_refused *refused;
    void *context; /* of refused */
};

/* Adds what the bytes hold, The form is recognized by its content: lines
 * have an indicator each (indicator_parse.h; empty ones and what follows " #" or begins with # are
 * passed over); in CSV (RFC 4180; comma, semicolon or tab) columns with a known name are taken
 * (value, ioc, indicator, ip, domain, url, sha256, ..., and their kind from one named type), or,
 * when no name is known, every cell that is an indicator by its shape. UTF-8 or UTF-16, with or
 * without BOM (UTF-16: with). JSON: STIX 2.1 bundles (patterns: query/ioc/stix_pattern.h; not what
 * is revoked or, at now_us, not yet or no longer valid), MISP events (what is meant for detection),
 * ThreatFox and URLhaus exports; a line's number is then the indicator's. What they say of
 * confidence, validity and name is kept as the indicator's note.
 * ERR_FORMAT: JSON that is broken or holds none of these. ERR_LIMIT, ERR_NOMEM. One thread. */
MUST_USE enum status list_read(struct indicator_set *set, const struct list_source *source,
                               struct list_report *out_report, struct err *err);

/* Whether JSON is small enough to be read whole: LIST_JSON_BYTES_MAX, and LIST_JSON_VALUES_MAX
 * values, counted by what is between them, as each takes some 100 bytes. ERR_LIMIT. */
MUST_USE enum status list_json_fits(struct span text, struct err *err);

/* The kind that a type of MISP (core format), ThreatFox, or a column of that name holds, in any
 * case; OBSERVABLE_KINDS: the shape of the value tells. False: no type that is known. */
bool list_type_find(struct span type, enum observable_kind *out_kind);

#endif
