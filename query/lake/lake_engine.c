/* Plain SQL has calls such as $any(LIST, x, CONDITION); the phrasebook says how each engine writes
 * them, and this puts them in. Text becomes a literal here and nowhere else. Pure. */
#include "query/lake/lake_engine.h"

#include "schema/text/ascii.h"

enum { ARGUMENTS_MAX = 9, DEPTH_MAX = 64, PHRASINGS = 4 };

struct phrase {
    const char *name;
    const char *in[PHRASINGS];
};

static const struct phrase phrases[] = {
#define X(name, duckdb, clickhouse, trino, spark) {#name, {duckdb, clickhouse, trino, spark}},
#include "query/lake/phrasebook.def"
#undef X
};

static const struct {
    const char *name;
    unsigned phrasing; /* column of the phrasebook */
    bool backslashes;  /* a backslash in a literal begins an escape */
    bool substitutes;  /* ${name} is replaced in all of the SQL, before it is read */
    char around_names;
} engines[LAKE_ENGINES] = {
    [LAKE_ENGINE_DUCKDB] = {"duckdb", 0, false, false, '"'},
    [LAKE_ENGINE_CLICKHOUSE] = {"clickhouse", 1, true, false, '"'},
    [LAKE_ENGINE_TRINO] = {"trino", 2, false, false, '"'},
    [LAKE_ENGINE_ATHENA] = {"athena", 2, false, false, '"'},
    [LAKE_ENGINE_SPARK] = {"spark", 3, true, true, '`'},
};

const char *lake_engine_name(enum lake_engine engine)
{
    CHECK(engine < LAKE_ENGINES);
    return engines[engine].name;
}

enum status lake_engine_find(const char *name, enum lake_engine *out_engine, struct err *err)
{
    for (unsigned i = 0; i < LAKE_ENGINES; i++) {
        if (strcmp(name, engines[i].name) == 0) {
            *out_engine = (enum lake_engine)i;
            return OK;
        }
    }
    return err_set(err, ERR_USAGE,
                   "the engine is duckdb, clickhouse, trino, athena or spark, not \"%.40s\"", name);
}

void lake_engine_literal(struct span text, struct buf *out)
{
    buf_add_char(out, '\'');
    for (size_t i = 0; i < text.size; i++) {
        buf_add_str(out, text.data[i] == '\'' ? "'" : "");
        buf_add_char(out, text.data[i]);
    }
    buf_add_char(out, '\'');
}

void lake_engine_add_pieces(const char *const *pieces, struct buf *out)
{
    for (size_t i = 0; pieces[i]; i++) {
        buf_add_str(out, pieces[i]);
    }
}

/* Plain SQL as it is read, and where it goes. */
struct sql_reader {
    enum lake_engine engine;
    struct span plain;
    size_t at;
    unsigned depth;
};

/* One byte of a literal. */
static void add_byte(enum lake_engine engine, char c, struct buf *out)
{
    if (engines[engine].substitutes && c == '$') {
        buf_add_str(out, "\\u0024");
    } else if (engines[engine].backslashes && (c == '\\' || c == '\'')) {
        buf_add_char(out, '\\');
        buf_add_char(out, c);
    } else {
        buf_add_str(out, c == '\'' ? "'" : "");
        buf_add_char(out, c);
    }
}

/* From the opening quote to behind the closing one. */
static void write_literal(struct sql_reader *place, struct buf *out)
{
    struct span plain = place->plain;
    buf_add_char(out, '\'');
    for (place->at++; place->at < plain.size; place->at++) {
        char c = plain.data[place->at];
        if (c == '\'') {
            bool twice = place->at + 1 < plain.size && plain.data[place->at + 1] == '\'';
            place->at += twice ? 1 : 0;
            if (!twice) {
                break;
            }
        }
        add_byte(place->engine, c, out);
    }
    CHECK(place->at < plain.size);
    place->at++;
    buf_add_char(out, '\'');
}

/* Names are ours: no quotation marks in them. */
static void write_name(struct sql_reader *place, struct buf *out)
{
    char around = engines[place->engine].around_names;
    buf_add_char(out, around);
    for (place->at++; place->at < place->plain.size && place->plain.data[place->at] != '"';) {
        char c = place->plain.data[place->at++];
        buf_add_char(out, c == '.' && place->engine == LAKE_ENGINE_ATHENA ? '_' : c);
    }
    CHECK(place->at < place->plain.size);
    place->at++;
    buf_add_char(out, around);
}

static const struct phrase *phrase_find(struct span name)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (span_is(name, phrases[i].name)) {
            return &phrases[i];
        }
    }
    return NULL;
}

static void write_until(struct sql_reader *place, bool argument, struct buf *out);

static void fill_in(const char *form, const struct buf *arguments, size_t count, struct buf *out)
{
    for (const char *at = form; *at; at++) {
        if (*at != '#') {
            buf_add_char(out, *at);
            continue;
        }
        at++;
        for (size_t i = 0; *at == '@' && i < count; i++) {
            buf_add_str(out, i ? ", " : "");
            buf_add_span(out, ascii_trim(buf_span(&arguments[i]), " \n"));
        }
        if (*at != '@') {
            size_t i = (size_t)(*at - '1');
            CHECK(i < count);
            buf_add_span(out, ascii_trim(buf_span(&arguments[i]), " \n"));
        }
    }
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* "$name(a, b)". Arguments nest as deep as plain SQL is written here, never as a query does. */
static void write_phrase(struct sql_reader *place, struct buf *out)
{
    struct span plain = place->plain;
    size_t start = ++place->at;
    while (place->at < plain.size && is_name(plain.data[place->at])) {
        place->at++;
    }
    const struct phrase *phrase = phrase_find(span_of(plain.data + start, place->at - start));
    CHECK(phrase && place->at < plain.size && plain.data[place->at] == '(');
    CHECK(++place->depth < DEPTH_MAX);
    struct buf arguments[ARGUMENTS_MAX] = {BUF_INIT};
    size_t count = 0;
    do {
        CHECK(count < ARGUMENTS_MAX);
        place->at++;
        write_until(place, true, &arguments[count++]);
        CHECK(place->at < plain.size);
    } while (plain.data[place->at] == ',');
    place->at++;
    place->depth--;
    fill_in(phrase->in[engines[place->engine].phrasing], arguments, count, out);
    for (size_t i = 0; i < count; i++) {
        out->failed = out->failed || !buf_ok(&arguments[i]);
        buf_fini(&arguments[i]);
    }
}

/* To the end; of an argument, to the comma or parenthesis that ends it. */
static void write_until(struct sql_reader *place, bool argument, struct buf *out)
{
    unsigned open = 0;
    while (place->at < place->plain.size) {
        char c = place->plain.data[place->at];
        if (argument && open == 0 && (c == ',' || c == ')')) {
            return;
        }
        open += c == '(';
        open -= c == ')';
        if (c == '\'') {
            write_literal(place, out);
        } else if (c == '"') {
            write_name(place, out);
        } else if (c == '$') {
            write_phrase(place, out);
        } else {
            buf_add_char(out, c);
            place->at++;
        }
    }
}

void lake_engine_write(enum lake_engine engine, struct span plain, struct buf *out)
{
    CHECK(engine < LAKE_ENGINES);
    struct sql_reader place = {.engine = engine, .plain = plain};
    write_until(&place, false, out);
}
