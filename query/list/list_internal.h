/* What the readers of list forms share. */
#ifndef QUERY_LIST_LIST_INTERNAL_H
#define QUERY_LIST_LIST_INTERNAL_H

#include "query/ioc/text_has.h"
#include "query/list/list.h"
#include "schema/base/intern.h"

/* What a name says of the value that stands with it: of a column, a key, an element, a label in
 * front of it, or a type beside it (list_names.c). */
enum list_role {
    LIST_ROLE_UNKNOWN,
    LIST_ROLE_VALUE, /* an indicator of any kind */
    LIST_ROLE_KIND,  /* one of a kind */
    LIST_ROLE_TYPE,  /* which kind the value beside it is of */
    LIST_ROLE_CONFIDENCE,
    LIST_ROLE_ABOUT,
    LIST_ROLE_REFERENCE, /* where it was read, who said so: what is there is no indicator */
    LIST_ROLE_NONE,      /* times, numbers, digests that no event has */
    LIST_ROLE_START,     /* the first address of a range */
    LIST_ROLE_END,       /* the last one */
    LIST_ROLE_UNTIL,     /* valid until then */
    LIST_ROLE_TO_IDS,    /* meant for detection */
};

struct list_name {
    enum list_role role;
    enum observable_kind kind; /* with LIST_ROLE_KIND; OBSERVABLE_KINDS: its shape tells */
    bool is_exact;             /* the whole name says so, not a word in it */
};

/* Letter case and what stands between the words do not matter: SHA-256, sha256_hash. */
struct list_name list_name_of(struct span name);

/* The names that were asked last, by their hash. */
enum { LIST_NAMES_KEPT = 64, LIST_NAME_KEPT_BYTES = 31 };
struct list_kept_name {
    unsigned char size;
    char text[LIST_NAME_KEPT_BYTES];
    struct list_name says;
};

/* "N/A", "-", "none", "unknown", ...: a cell that says nothing. */
bool list_is_placeholder(struct span text);

/* What names values in a list: the columns of a table, the keys of JSON and YAML, the elements of
 * XML. What each is good for is told by its name and by a sample of what it holds (list_fields.c).
 */
enum { LIST_FIELDS_MAX = 4096, LIST_SAMPLE_CELLS = 256 };

/* What the cells of a field are used as. */
enum list_use { LIST_USE_NOTHING, LIST_USE_VALUE, LIST_USE_TYPE, LIST_USE_SAID };

struct list_field {
    struct list_name says;
    enum list_use use;
    int64_t cells;  /* looked at, that are not empty */
    int64_t plain;  /* of them, indicators by their shape */
    int64_t types;  /* of them, names of types */
    unsigned looks; /* bit 1 << kind: what the plain ones are */
    unsigned kinds; /* of what was taken */
    int64_t taken;
};

struct list_fields {
    struct intern names;
    VEC(struct list_field) items; /* by number of the name */
    bool is_ready;
};

void list_fields_init(struct list_fields *fields);
void list_fields_fini(struct list_fields *fields);
/* The field's number; INTERN_NONE: too many, or out of memory. */
uint32_t list_fields_add(struct list_fields *fields, struct span name);
struct list_field *list_fields_at(struct list_fields *fields, uint32_t number);

/* Looks at a cell of the sample. `normal` is scratch. */
void list_field_see(struct list_field *field, struct span cell, struct buf *normal);
/* What the field is good for, after the sample. */
void list_field_judge(struct list_field *field);
/* In a table: what the columns are beside each other. */
void list_fields_judge_table(struct list_fields *fields);
/* Fills the report's columns. */
void list_fields_report(struct list_fields *fields, struct list_report *report);

/* Is the text one of the kinds that nothing else looks like? */
static inline bool list_is_sure(const struct indicator *indicator)
{
    return indicator->kind == OBSERVABLE_IP || indicator->kind == OBSERVABLE_URL ||
           indicator->kind == OBSERVABLE_DOMAIN || indicator->kind == OBSERVABLE_EMAIL ||
           indicator->kind == OBSERVABLE_HASH;
}

/* Lines of programs that block names and addresses: hosts files, Adblock, dnsmasq, Unbound, BIND,
 * response policy zones (list_forms.c). */
enum list_line_form {
    LIST_LINE_PLAIN,
    LIST_LINE_HOSTS,
    LIST_LINE_ADBLOCK,
    LIST_LINE_DNSMASQ,
    LIST_LINE_UNBOUND,
    LIST_LINE_ZONE,
};

/* Kinds whose values have no shape of their own. */
static inline bool list_is_as_it_stands(enum observable_kind kind)
{
    return kind == OBSERVABLE_USER || kind == OBSERVABLE_FILE || kind == OBSERVABLE_AGENT ||
           kind == OBSERVABLE_SESSION || kind == OBSERVABLE_SERIAL;
}

struct list_reader {
    struct indicator_set *set;
    uint32_t list;
    const struct list_options *options;
    struct list_report *report;
    struct buf normal;
    struct buf line;            /* of a line that is changed before it is read */
    struct indicator_note note; /* of what is taken */
    struct list_name section;   /* what the last heading said of what follows */
    enum list_line_form form;   /* of most lines */
    struct list_kept_name names[LIST_NAMES_KEPT];
    struct list_fields fields;
    struct err *err;
};

/* list_name_of, which most lists ask of few names many times. */
struct list_name list_known_name(struct list_reader *reader, struct span name);

extern const char list_no_type[]; /* "of a type that no event has" */

/* Notes a text that is no indicator, by its reason (static). */
void list_refuse(struct list_reader *reader, int64_t line, struct span text, const char *why);
/* Adds what indicator_parse made, or notes why it is none. */
MUST_USE enum status list_take(struct list_reader *reader, int64_t line, struct span text,
                               const char *why, struct indicator *indicator);
/* A value whose kind is known, or (OBSERVABLE_KINDS) told by its shape. */
MUST_USE enum status list_take_value(struct list_reader *reader, int64_t line, struct span text,
                                     enum observable_kind kind);
/* The addresses from the first to the last one, as ranges. */
MUST_USE enum status list_take_range(struct list_reader *reader, int64_t line, struct span text,
                                     struct span first, struct span last);
/* "first-last", also with blanks around the dash, or with an en dash. */
bool list_is_range(struct span text, struct span *out_first, struct span *out_last);
/* Worth to be asked of a text that has these bytes? */
static inline bool list_may_be_range(unsigned has)
{
    const unsigned of = TEXT_HAS_DIGIT | TEXT_HAS_HEX | TEXT_HAS_DOT | TEXT_HAS_COLON |
                        TEXT_HAS_DASH | TEXT_HAS_BLANK | TEXT_HAS_WIDE;
    return has & (TEXT_HAS_DASH | TEXT_HAS_WIDE) && has & (TEXT_HAS_DOT | TEXT_HAS_COLON) &&
           text_has_only(has, of);
}

/* "0" to "100", or INDICATOR_CONFIDENCE_UNKNOWN. */
int list_read_confidence(struct span text);
/* False for "0" and "false" in any case. */
bool list_is_true(struct span text);
/* Sets the note's end of validity; NULL, or why the indicator is not to be taken. */
const char *list_note_until(struct list_reader *reader, struct span time);

/* A value of such a type (found: `kind`). Composite types have their parts with | between: of
 * name|hash the hash is taken, of domain|ip both, of address|port the address. */
MUST_USE enum status list_take_typed(struct list_reader *reader, int64_t line, struct span type,
                                     enum observable_kind kind, struct span value);
/* A pattern of STIX: with OR each value is an indicator; with AND the whole is one. */
MUST_USE enum status list_take_pattern(struct list_reader *reader, int64_t line, struct span text);

/* Without blanks, controls and marks that nobody sees, at both ends. */
struct span list_trim(struct span text);

MUST_USE enum status list_read_text(struct list_reader *reader, struct span text);
MUST_USE enum status list_read_json(struct list_reader *reader, struct span text);
MUST_USE enum status list_read_xml(struct list_reader *reader, struct span text);
MUST_USE enum status list_read_yaml(struct list_reader *reader, struct span text);

/* A cell or a line as words, and what of them is an indicator (list_words.c, list_cell.c,
 * list_line.c). */
struct list_word {
    struct span text;   /* empty: only a mark was there */
    unsigned has;       /* what text_has says of it */
    bool in_brackets;   /* it stands in () or [] */
    bool is_link;       /* the target of a link: [text](target), target[text] */
    bool is_dash;       /* - or the like, alone */
    bool commas_around; /* nothing but commas, pipes, semicolons or line ends beside it */
};

/* The next word at *at; false at the end. Words end at blanks, quotes, brackets, <>, commas,
 * semicolons and pipes, but not within a defanged dot, an address in brackets, or a URL that goes
 * on behind a comma. */
bool list_word_next(struct span text, size_t *at, struct list_word *out);

/* Takes the indicators among the words. What stands in a remark behind a value counts when it is
 * defanged or a hash, or when there is nothing else in the remark; a name behind a hash is that of
 * the file. *out_taken: how many were taken; of those that were not, list_refuse was told. */
MUST_USE enum status list_take_words(struct list_reader *reader, int64_t line, struct span text,
                                     enum observable_kind kind, bool defanged, int64_t *out_taken);

/* A cell of a column, the value of a key: of that kind, or (OBSERVABLE_KINDS) of the type beside
 * it, or by its shape. */
MUST_USE enum status list_take_cell(struct list_reader *reader, int64_t line, struct span text,
                                    enum observable_kind kind, struct span type);

/* A whole line of text. */
MUST_USE enum status list_take_line(struct list_reader *reader, int64_t line, struct span text);

/* What a text is, by its first lines: a table, and which, or lines (list_shape.c). */
struct list_rows;
struct list_shape {
    bool is_table;
    char delimiter;
    int64_t header;   /* its line; 0: none */
    const char *name; /* for people */
    enum list_line_form form;
};

struct list_shape list_shape_of(struct list_reader *reader, struct span text);

/* A line in front of which a remark's mark may stand, as of a header; without it. */
struct span list_bare_header(struct span line);
/* How many cells are names, as of columns; 0 when one of them holds a value. *out_known: of how
 * many it is known what they mean. */
size_t list_header_names(struct list_reader *reader, const struct list_rows *row,
                         size_t *out_known);
/* A line that is only a remark. */
bool list_is_remark_line(struct span line, char delimiter);

/* Which form the line (trimmed, no remark) has; `has`: what text_has says of it. */
enum list_line_form list_line_form_of(struct span line, unsigned has);
/* For people; NULL of LIST_LINE_PLAIN. */
const char *list_line_form_name(enum list_line_form form);
/* Takes what a line of that form blocks. */
MUST_USE enum status list_take_form(struct list_reader *reader, int64_t number, struct span line,
                                    enum list_line_form form);

/* JSON, XML and YAML as one kind of tree: cJSON's, with the line of each item as its valueint.
 * Elements of XML are objects, or strings when there is text in them; attributes are strings
 * (list_tree.c, list_object.c). */
struct cJSON;
enum { LIST_TREE_DEPTH_MAX = 512 };

/* Takes the indicators of the tree: objects that are known (STIX, MISP, ThreatFox, URLhaus,
 * OpenIOC), then what its keys name. ERR_FORMAT: there is nothing in it that looks like one. */
MUST_USE enum status list_take_tree(struct list_reader *reader, const struct cJSON *root);

/* The string of that key, or the empty text. */
struct span list_tree_text(const struct cJSON *object, const char *key);

enum list_object {
    LIST_OBJECT_ANY,   /* its keys say what is in it */
    LIST_OBJECT_KNOWN, /* it is of a known form: what it means was taken */
    LIST_OBJECT_FRAME, /* of a known form that holds others: only known ones in it count */
};
/* Looks at an object; takes it if it is of a known form, and `take`. */
enum list_object list_take_object(struct list_reader *reader, const struct cJSON *object, bool take,
                                  enum status *status);

#endif
