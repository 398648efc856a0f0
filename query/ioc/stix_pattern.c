/* Operator precedence with a stack: '[' and '(' wait for their ends, AND binds before OR. The
 * operands are what stix_pattern.h says of a whole pattern: alternatives of parts. */
#include "query/ioc/stix_pattern.h"

#include "query/ioc/stix_path.h"
#include "schema/text/ascii.h"

static const char broken[] = "a pattern that is broken";
static const char no_memory[] = "out of memory";

/* Alternatives while they are put together; none of them are shared. */
struct alls {
    struct stix_pattern_alternative *first;
    struct stix_pattern_alternative *last;
    size_t count;
};

enum { STACK_MAX = STIX_PATTERN_DEPTH_MAX * 3 };

struct reader {
    struct span rest;
    struct arena *arena;
    const char *why;           /* why it cannot be read; NULL so far */
    bool inside;               /* of an observation */
    size_t made;               /* combinations */
    char operators[STACK_MAX]; /* [ ( & | */
    size_t n_operators;
    struct alls operands[STACK_MAX];
    size_t n_operands;
};

static void fail(struct reader *reader, const char *why)
{
    reader->why = reader->why ? reader->why : why;
}

static void skip_blanks(struct reader *reader)
{
    reader->rest = ascii_skip_blanks(reader->rest);
}

static bool in_word(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) || c == '_';
}

/* A sign, or a whole word. */
static bool accept(struct reader *reader, const char *what)
{
    skip_blanks(reader);
    size_t size = strlen(what);
    bool is = span_starts(reader->rest, what) &&
              !(in_word(what[0]) && reader->rest.size > size && in_word(reader->rest.data[size]));
    reader->rest = span_from(reader->rest, is ? size : 0);
    return is;
}

/* One alternative, which no event can answer. */
static struct alls unanswered(struct reader *reader, const char *why)
{
    struct stix_pattern_alternative *all = arena_alloc(reader->arena, sizeof *all);
    if (!all) {
        fail(reader, no_memory);
        return (struct alls){0};
    }
    *all = (struct stix_pattern_alternative){.why = why};
    return (struct alls){all, all, 1};
}

/* Alternatives of one part; without a value (NULL data): of none, which is true of every event. */
static struct alls new_alls(struct reader *reader, enum observable_kind kind, struct span value)
{
    struct stix_pattern_alternative *all = arena_alloc(reader->arena, sizeof *all);
    struct stix_pattern_part *part = arena_alloc(reader->arena, sizeof *part);
    if (!all || !part) {
        fail(reader, no_memory);
        return (struct alls){0};
    }
    *part = (struct stix_pattern_part){.kind = kind, .value = value};
    *all = (struct stix_pattern_alternative){.parts = value.data ? part : NULL,
                                             .count = value.data ? 1 : 0};
    return (struct alls){all, all, 1};
}

static struct alls either(struct alls a, struct alls b)
{
    if (!a.first || !b.first) {
        return a.first ? a : b;
    }
    a.last->next = b.first;
    return (struct alls){a.first, b.last, a.count + b.count};
}

/* The parts of a in front of those of b, which may be shared. */
static const struct stix_pattern_part *
joined(struct reader *reader, const struct stix_pattern_part *a, const struct stix_pattern_part *b)
{
    const struct stix_pattern_part *first = b;
    const struct stix_pattern_part **end = &first;
    for (; a; a = a->next) {
        struct stix_pattern_part *copy = arena_alloc(reader->arena, sizeof *copy);
        if (!copy) {
            fail(reader, no_memory);
            return b;
        }
        *copy = *a;
        copy->next = b;
        *end = copy;
        end = &copy->next;
    }
    return first;
}

static struct alls both(struct reader *reader, struct alls a, struct alls b)
{
    struct alls out = {0};
    reader->made += a.count * b.count;
    if (reader->made > STIX_PATTERN_PRODUCT_MAX) {
        fail(reader, "a pattern with over 1,024 combinations of AND");
    }
    for (const struct stix_pattern_alternative *x = a.first; x && !reader->why; x = x->next) {
        for (const struct stix_pattern_alternative *y = b.first; y && !reader->why; y = y->next) {
            struct stix_pattern_alternative *all = arena_alloc(reader->arena, sizeof *all);
            if (!all || x->count + y->count > STIX_PATTERN_PARTS_MAX) {
                fail(reader, all ? "a pattern with over 32 parts in an AND" : no_memory);
                return out;
            }
            *all = (struct stix_pattern_alternative){.parts = joined(reader, x->parts, y->parts),
                                                     .count = x->count + y->count,
                                                     .why = x->why ? x->why : y->why};
            out = either(out, (struct alls){all, all, 1});
        }
    }
    return out;
}

static char top_of_stack(const struct reader *reader)
{
    return reader->n_operators ? reader->operators[reader->n_operators - 1] : '\0';
}

static void push(struct reader *reader, char operator)
{
    if (reader->n_operators == STACK_MAX) {
        fail(reader, "a pattern that is nested too deep");
        return;
    }
    reader->operators[reader->n_operators++] = operator;
}

static void push_operand(struct reader *reader, struct alls alls)
{
    if (reader->n_operands == STACK_MAX) {
        fail(reader, "a pattern that is nested too deep");
        return;
    }
    reader->operands[reader->n_operands++] = alls;
}

/* Applies what waits and binds at least as strongly as `operator` ('\0': all up to a bracket). */
static void reduce(struct reader *reader, char operator)
{
    while (!reader->why &&
           (top_of_stack(reader) == '&' || (top_of_stack(reader) == '|' && operator!= '&'))) {
        CHECK(reader->n_operands >= 2);
        struct alls b = reader->operands[--reader->n_operands];
        struct alls *a = &reader->operands[reader->n_operands - 1];
        *a = top_of_stack(reader) == '&' ? both(reader, *a, b) : either(*a, b);
        reader->n_operators--;
    }
}

static void close_bracket(struct reader *reader, char open)
{
    reduce(reader, '\0');
    if (top_of_stack(reader) != open) {
        fail(reader, broken);
        return;
    }
    reader->n_operators--;
}

/* 'text', with \' and \\ as they are meant. */
static struct span read_literal(struct reader *reader)
{
    if (!accept(reader, "'")) {
        fail(reader, "a pattern that is broken, or compares with no text");
        return span_of("", 0);
    }
    struct span rest = reader->rest;
    size_t end = 0;
    while (end < rest.size && rest.data[end] != '\'') {
        end += rest.data[end] == '\\' ? 2 : 1;
    }
    if (end >= rest.size) {
        fail(reader, broken);
        return span_of("", 0);
    }
    char *text = arena_alloc(reader->arena, end + 1);
    size_t size = 0;
    for (size_t i = 0; text && i < end; i++) {
        i += rest.data[i] == '\\';
        text[size++] = rest.data[i];
    }
    fail(reader, text ? NULL : no_memory);
    reader->rest = span_from(rest, end + 1);
    return span_of(text, size);
}

/* An object path; quoted steps may hold blanks. */
static struct span read_path(struct reader *reader)
{
    skip_blanks(reader);
    struct span rest = reader->rest;
    size_t end = 0;
    bool quoted = false;
    while (end < rest.size && (quoted || !memchr(" \t\r\n=!<>[]()", rest.data[end], 12))) {
        quoted = quoted != (rest.data[end] == '\'');
        end++;
    }
    reader->rest = span_from(rest, end);
    return span_of(rest.data, end);
}

/* A number, of which nothing is asked. */
static bool skip_number(struct reader *reader)
{
    skip_blanks(reader);
    size_t size = 0;
    while (size < reader->rest.size && memchr("0123456789.-+", reader->rest.data[size], 13)) {
        size++;
    }
    reader->rest = span_from(reader->rest, size);
    return size > 0;
}

/* What is left of a comparison, up to AND, OR or the bracket that ends it. */
static void skip_comparison(struct reader *reader)
{
    size_t open = 0;
    while (!reader->why && reader->rest.size > 0) {
        char c = reader->rest.data[0];
        bool closes = c == ')' || c == ']';
        struct reader ahead = *reader;
        if (open == 0 &&
            (closes || (c == ' ' && (accept(&ahead, "AND") || accept(&ahead, "OR"))))) {
            return;
        }
        if (c == '\'') {
            (void)read_literal(reader);
            continue;
        }
        open += c == '(' || c == '[';
        open -= closes;
        reader->rest = span_from(reader->rest, 1);
    }
}

/* path = 'v', path ISSUBSET 'v', path IN ('v', 'w'). */
static void read_comparison(struct reader *reader)
{
    enum observable_kind kind = OBSERVABLE_KINDS;
    struct span path = read_path(reader);
    struct alls alls = {0};
    bool beside = stix_path_is_beside(path);
    const char *why = NULL;
    if (path.size == 0) {
        fail(reader, broken);
    } else if (!beside && !stix_path_kind(path, &kind)) {
        why = "a pattern over something that no event has";
    }
    bool many = !why && accept(reader, "IN");
    if (!why &&
        (many ? !accept(reader, "(")
              : !accept(reader, "ISSUBSET") && !accept(reader, "==") && !accept(reader, "="))) {
        why = "a pattern with another operator than =, IN and ISSUBSET";
    }
    if (why) {
        skip_comparison(reader);
        push_operand(reader, unanswered(reader, why));
        return;
    }
    do {
        struct span value = beside && skip_number(reader) ? span_of(NULL, 0) : read_literal(reader);
        if (!reader->why) {
            alls = either(alls, new_alls(reader, kind, beside ? span_of(NULL, 0) : value));
        }
    } while (!reader->why && many && accept(reader, ","));
    if (many && !reader->why && !accept(reader, ")")) {
        fail(reader, broken);
    }
    push_operand(reader, alls);
}

static void read_operand(struct reader *reader)
{
    while (!reader->why) {
        if (!reader->inside && accept(reader, "[")) {
            reader->inside = true;
            push(reader, '[');
        } else if (accept(reader, "(")) {
            push(reader, '(');
        } else {
            break;
        }
    }
    if (!reader->why && !reader->inside) {
        fail(reader, broken);
    } else if (!reader->why) {
        read_comparison(reader);
    }
}

/* What stands where an operator would, and cannot be answered. */
static const char *why_not(struct reader *reader)
{
    static const struct {
        const char *word;
        const char *why;
    } words[] = {
        {"AND", "a pattern with AND between observations, which may be several events"},
        {"FOLLOWEDBY", "a pattern with FOLLOWEDBY, which no single event answers"},
        {"WITHIN", "a pattern with WITHIN, which no single event answers"},
        {"REPEATS", "a pattern with REPEATS, which no single event answers"},
        {"START", "a pattern with START and STOP, which is not understood"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (accept(reader, words[i].word)) {
            return words[i].why;
        }
    }
    return broken;
}

/* What follows an operand. True when another operand must come; false at the end. */
static bool read_operator(struct reader *reader)
{
    while (!reader->why) {
        if (reader->inside && accept(reader, "]")) {
            close_bracket(reader, '[');
            reader->inside = false;
        } else if (accept(reader, ")")) {
            close_bracket(reader, '(');
        } else {
            break;
        }
    }
    skip_blanks(reader);
    if (reader->why || reader->rest.size == 0) {
        return false;
    }
    bool is_and = reader->inside && accept(reader, "AND");
    if (!is_and && !accept(reader, "OR")) {
        fail(reader, why_not(reader));
        return false;
    }
    reduce(reader, is_and ? '&' : '|');
    push(reader, is_and ? '&' : '|');
    return true;
}

/* Is there a part of that kind among them? */
static size_t count_kind(const struct stix_pattern_alternative *all, enum observable_kind kind)
{
    size_t count = 0;
    for (const struct stix_pattern_part *part = all->parts; part; part = part->next) {
        count += part->kind == kind;
    }
    return count;
}

/* The alternative with this hash alone of its hashes, and without names of the file. */
static struct stix_pattern_alternative *with_hash(struct reader *reader,
                                                  const struct stix_pattern_alternative *all,
                                                  const struct stix_pattern_part *hash)
{
    struct stix_pattern_alternative *out = arena_alloc(reader->arena, sizeof *out);
    const struct stix_pattern_part **end = out ? &out->parts : NULL;
    size_t count = 0;
    for (const struct stix_pattern_part *part = all->parts; part && end; part = part->next) {
        if (part != hash && (part->kind == OBSERVABLE_HASH || part->kind == OBSERVABLE_FILE)) {
            continue;
        }
        struct stix_pattern_part *copy = arena_alloc(reader->arena, sizeof *copy);
        if (!copy) {
            return NULL;
        }
        *copy = (struct stix_pattern_part){.kind = part->kind, .value = part->value};
        *end = copy;
        end = &copy->next;
        count++;
    }
    if (out) {
        *end = NULL;
        out->count = count;
        out->next = NULL;
        out->why = NULL;
    }
    return out;
}

/* Several hashes of one file are written with AND, and no event has more than one of them: each is
 * an alternative, and says enough without what else is said of the file. */
static struct alls split_hashes(struct reader *reader, struct alls alls)
{
    struct alls out = {0};
    for (struct stix_pattern_alternative *all = alls.first; all && !reader->why;) {
        struct stix_pattern_alternative *next = all->next;
        size_t hashes = count_kind(all, OBSERVABLE_HASH);
        bool whole =
            hashes == 0 || (hashes + count_kind(all, OBSERVABLE_FILE) == 1 && all->why == NULL);
        all->next = NULL;
        if (whole) {
            out = either(out, (struct alls){all, all, 1});
        }
        for (const struct stix_pattern_part *part = all->parts; part && !whole; part = part->next) {
            if (part->kind == OBSERVABLE_HASH) {
                struct stix_pattern_alternative *one = with_hash(reader, all, part);
                fail(reader, one ? NULL : no_memory);
                out = one ? either(out, (struct alls){one, one, 1}) : out;
            }
        }
        all = next;
    }
    return out;
}

/* Those that an event can answer; *out_why is why others cannot be, or NULL. */
static struct alls answerable(struct alls alls, const char **out_why)
{
    struct alls out = {0};
    *out_why = NULL;
    for (struct stix_pattern_alternative *all = alls.first; all;) {
        struct stix_pattern_alternative *next = all->next;
        const char *why = all->why          ? all->why
                          : all->count == 0 ? "a pattern that names no value"
                                            : NULL;
        all->next = NULL;
        out = why ? out : either(out, (struct alls){all, all, 1});
        *out_why = *out_why ? *out_why : why;
        all = next;
    }
    return out;
}

const char *stix_pattern_parse(struct span text, struct arena *arena, struct stix_pattern *out)
{
    struct reader reader = {.rest = text, .arena = arena};
    do {
        read_operand(&reader);
    } while (!reader.why && read_operator(&reader));
    reduce(&reader, '\0');
    if (!reader.why && reader.n_operators > 0) {
        fail(&reader, broken);
    }
    if (reader.why) {
        return reader.why;
    }
    CHECK(reader.n_operands == 1);
    struct alls alls = split_hashes(&reader, reader.operands[0]);
    if (reader.why) {
        return reader.why;
    }
    struct stix_pattern pattern = {0};
    pattern.alls = answerable(alls, &pattern.why_not_all).first;
    for (const struct stix_pattern_alternative *all = pattern.alls; all; all = all->next) {
        pattern.has_and |= all->count > 1;
    }
    if (!pattern.alls) {
        return pattern.why_not_all;
    }
    *out = pattern;
    return NULL;
}
