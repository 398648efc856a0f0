/* Lists of indicators, in whatever shape they are published. */
#ifndef QUERY_LIST_LIST_H
#define QUERY_LIST_LIST_H

#include "query/ioc/indicator_set.h"

enum list_form { LIST_LINES, LIST_TABLE, LIST_JSON, LIST_XML, LIST_YAML };

enum {
    LIST_JSON_BYTES_MAX = 64 * 1024 * 1024, /* of XML and YAML, too */
    LIST_JSON_VALUES_MAX = 4 * 1000 * 1000,
    LIST_COLUMNS_MAX = 32,
    LIST_REASONS_MAX = 24,
    LIST_EXAMPLES_MAX = 3,
    LIST_TEXT_BYTES_MAX = 80
};

/* A text of a list, cut to a length that fits on a line. */
struct list_text {
    unsigned char size;
    char bytes[LIST_TEXT_BYTES_MAX];
};

struct list_example {
    int64_t line;
    struct list_text text;
};

/* What was not read, by reason. */
struct list_reason {
    const char *why; /* a few words for people */
    int64_t count;
    struct list_example examples[LIST_EXAMPLES_MAX];
};

/* A column of a table; or a key, an element, a label: whatever names values. */
struct list_column {
    struct list_text name;
    bool is_taken;
    unsigned kinds; /* bit 1 << kind: what was taken from it; or what it looks like */
    int64_t taken;  /* values */
};

/* Indicators whose validity has ended: matched with events of before that; with all; left out. */
enum list_expired { LIST_EXPIRED_UNTIL, LIST_EXPIRED_ALL, LIST_EXPIRED_NONE };

struct list_report {
    enum list_form form;
    const char *shape;  /* "hosts file", "table, comma between columns", ...: static */
    int64_t header;     /* the line of the table's header; 0: it has none */
    int64_t read;       /* indicators that are new in the set */
    int64_t duplicates; /* those that are in it already */
    int64_t unsure;     /* left out: of a lower confidence than the set demands */
    int64_t expired;    /* of those read: with an end of their validity that is past */
    enum list_expired expired_as;
    int64_t refused;                     /* the sum of the reasons' counts */
    int64_t kinds[OBSERVABLE_KINDS + 1]; /* of those read; patterns are the last */
    struct list_reason reasons[LIST_REASONS_MAX];
    size_t n_reasons;
    struct list_column columns[LIST_COLUMNS_MAX];
    size_t n_columns;
};

struct list_options {
    int64_t now_us;
    enum list_expired expired;
    bool any_to_ids; /* what MISP does not mean for detection, too */
};

/* Adds what the bytes hold, as list number `list`. The container is told by looking: UTF-8, or
 * UTF-16 with a BOM; JSON (documents one behind the other); XML; YAML; else text. Of text, a table
 * is what has a delimiter (tab, comma, semicolon, |) and a header, or as many cells in each row;
 * all other text is read line by line. Cells and lines are cut into words, and each word is asked
 * what it can be; what stands with it (labels, types, remarks, headings) is heeded. Columns, keys
 * and elements count by their names, or when half of what they hold is plainly an indicator.
 *
 * STIX (patterns: query/ioc/stix_pattern.h), MISP events and OpenIOC mean what they say: what is
 * revoked, deleted, not valid yet or not meant for detection is refused. What lists say of
 * confidence, validity and name is kept as the indicator's note.
 *
 * ERR_FORMAT: JSON, XML or YAML that is broken (what stood before the break is read), or a
 * container without an indicator. ERR_LIMIT, ERR_NOMEM. The report is filled in any case. One
 * thread. */
MUST_USE enum status list_read(struct indicator_set *set, uint32_t list, struct span bytes,
                               const struct list_options *options, struct list_report *out_report,
                               struct err *err);

/* Whether JSON is small enough to be read whole: LIST_JSON_BYTES_MAX, and LIST_JSON_VALUES_MAX
 * values, counted by what is between them, as each takes some 100 bytes. ERR_LIMIT. */
MUST_USE enum status list_json_fits(struct span text, struct err *err);

/* The kind that a type of MISP (core format), ThreatFox, or a column of that name holds, in any
 * case; OBSERVABLE_KINDS: the shape of the value tells. False: no type that is known. */
bool list_type_find(struct span type, enum observable_kind *out_kind);

static inline struct span list_text_span(const struct list_text *text)
{
    return span_of(text->bytes, text->size);
}

#endif
