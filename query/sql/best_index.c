/* What is exact, and so not asked again by SQLite: MATCH, and times that are compared, in the
 * collation of times, with text that stands in the statement. Everything else narrows down which
 * events are handed to SQLite, which asks them itself. */
#include "query/sql/best_index.h"

#include <strings.h>

#include "query/sql/time_text.h"
#include "schema/text/ascii.h"

static const struct {
    const char *text;
    bool has_column;
    bool has_argument;
    int sqlite_op; /* 0: none */
} ops[] = {
    [BEST_INDEX_EQUAL] = {"=?", true, true, SQLITE_INDEX_CONSTRAINT_EQ},
    [BEST_INDEX_LESS] = {"<?", true, true, SQLITE_INDEX_CONSTRAINT_LT},
    [BEST_INDEX_LESS_EQUAL] = {"<=?", true, true, SQLITE_INDEX_CONSTRAINT_LE},
    [BEST_INDEX_GREATER] = {">?", true, true, SQLITE_INDEX_CONSTRAINT_GT},
    [BEST_INDEX_GREATER_EQUAL] = {">=?", true, true, SQLITE_INDEX_CONSTRAINT_GE},
    [BEST_INDEX_IS] = {"=is(?)", true, true, SQLITE_INDEX_CONSTRAINT_IS},
    [BEST_INDEX_NULL] = {"=null", true, false, SQLITE_INDEX_CONSTRAINT_ISNULL},
    [BEST_INDEX_ANY] = {"=any(?)", true, true, 0},
    [BEST_INDEX_LIKE] = {"~like(?)", true, true, SQLITE_INDEX_CONSTRAINT_LIKE},
    [BEST_INDEX_GLOB] = {"~glob(?)", true, true, SQLITE_INDEX_CONSTRAINT_GLOB},
    [BEST_INDEX_ASCENDING] = {"~ascending", true, false, 0},
    [BEST_INDEX_DESCENDING] = {"~descending", true, false, 0},
    [BEST_INDEX_MATCH] = {"MATCH", false, true, SQLITE_INDEX_CONSTRAINT_MATCH},
    [BEST_INDEX_NEWEST] = {"newest-first", false, false, 0},
    [BEST_INDEX_OLDEST] = {"oldest-first", false, false, 0},
    [BEST_INDEX_LIMIT] = {"limit=?", false, true, SQLITE_INDEX_CONSTRAINT_LIMIT},
    [BEST_INDEX_OFFSET] = {"offset=?", false, true, SQLITE_INDEX_CONSTRAINT_OFFSET},
};

enum { OPS = sizeof ops / sizeof ops[0] };

bool best_index_has_argument(enum best_index_op op)
{
    return ops[op].has_argument;
}

/* Names of other characters than these are written with %XX. */
static bool is_name_byte(char c)
{
    return ascii_is_digit(c) || ascii_is_letter(c) || (c != '\0' && strchr("._-/:", c));
}

static void add_name(struct buf *out, const char *name)
{
    for (; *name; name++) {
        if (is_name_byte(*name)) {
            buf_add_char(out, *name);
        } else {
            buf_printf(out, "%%%02X", (unsigned char)*name);
        }
    }
}

static struct span read_name(struct span text, char out[1024])
{
    size_t size = 0;
    for (size_t i = 0; i < text.size && size < 1024; i++) {
        unsigned byte = (unsigned char)text.data[i];
        if (text.data[i] == '%' && i + 2 < text.size) {
            static const char digits[] = "0123456789ABCDEF";
            const char *high = memchr(digits, text.data[i + 1], 16);
            const char *low = memchr(digits, text.data[i + 2], 16);
            byte = high && low ? (unsigned)(high - digits) * 16 + (unsigned)(low - digits) : 0;
            i += 2;
        }
        out[size++] = (char)byte;
    }
    return span_of(out, size);
}

bool best_index_next(const struct columns *columns, const char *text, size_t *at,
                     struct best_index_term *out_term)
{
    size_t size = strcspn(text + *at, " ");
    struct span term = span_of(text + *at, size);
    if (size == 0) {
        return false;
    }
    *at += size + (text[*at + size] == ' ');
    for (size_t op = 0; op < OPS; op++) {
        if (!ops[op].has_column && span_is(term, ops[op].text)) {
            *out_term = (struct best_index_term){.op = (enum best_index_op)op};
            return true;
        }
    }
    char name[1024];
    size_t name_size = 0;
    while (name_size < term.size &&
           (is_name_byte(term.data[name_size]) || term.data[name_size] == '%')) {
        name_size++;
    }
    out_term->column = columns_find(columns, read_name(span_of(term.data, name_size), name));
    CHECK(out_term->column != SIZE_MAX);
    for (size_t op = 0; op < OPS; op++) {
        if (ops[op].has_column && span_is(span_from(term, name_size), ops[op].text)) {
            out_term->op = (enum best_index_op)op;
            return true;
        }
    }
    CHECK(false && "a plan that best_index_choose did not write");
    return false;
}

/* A plan being made. */
struct index_plan {
    const struct columns *columns;
    int64_t events;
    sqlite3_index_info *info;
    struct buf text;
    int arguments;
    bool exact;   /* so far, nothing is left for SQLite to ask */
    double share; /* of the events, about, that are handed over */
    bool from;
    bool to;
    bool uid;
};

static void add_term(struct index_plan *plan, int constraint, enum best_index_op op, size_t column,
                     bool omit)
{
    buf_add_str(&plan->text, plan->text.size ? " " : "");
    if (ops[op].has_column) {
        add_name(&plan->text, plan->columns->items[column].name);
    }
    buf_add_str(&plan->text, ops[op].text);
    if (ops[op].has_argument) {
        plan->info->aConstraintUsage[constraint].argvIndex = ++plan->arguments;
        plan->info->aConstraintUsage[constraint].omit = omit;
    }
}

/* What SQLite's operator is here; false when it is not pushed down. */
static bool op_of(int sqlite_op, enum best_index_op *out_op)
{
    for (size_t op = 0; op < OPS; op++) {
        if (ops[op].sqlite_op == sqlite_op) {
            *out_op = (enum best_index_op)op;
            return true;
        }
    }
    return false;
}

static bool is_match(const struct column_info *column, int sqlite_op)
{
    if (column->kind == COLUMNS_MATCH) {
        return sqlite_op == SQLITE_INDEX_CONSTRAINT_MATCH ||
               sqlite_op == SQLITE_INDEX_CONSTRAINT_EQ;
    }
    return sqlite_op == SQLITE_INDEX_CONSTRAINT_MATCH && strcasecmp(column->name, "query") == 0;
}

static void push_time(struct index_plan *plan, int i, enum best_index_op op, size_t column)
{
    sqlite3_value *value = NULL;
    const char *collation = sqlite3_vtab_collation(plan->info, i);
    int known = sqlite3_vtab_rhs_value(plan->info, i, &value);
    bool is_text = known == SQLITE_OK && value && sqlite3_value_type(value) == SQLITE_TEXT;
    if (op > BEST_INDEX_GREATER_EQUAL || strcasecmp(collation, TIME_TEXT_COLLATION) != 0 ||
        (known == SQLITE_OK && !is_text) || sqlite3_vtab_in(plan->info, i, -1)) {
        plan->exact = false;
        return;
    }
    add_term(plan, i, op, column, is_text);
    plan->exact = plan->exact && is_text;
    plan->from = plan->from || op == BEST_INDEX_GREATER || op == BEST_INDEX_GREATER_EQUAL ||
                 op == BEST_INDEX_EQUAL;
    plan->to =
        plan->to || op == BEST_INDEX_LESS || op == BEST_INDEX_LESS_EQUAL || op == BEST_INDEX_EQUAL;
}

static bool compares_bytes(struct index_plan *plan, int i)
{
    const char *collation = sqlite3_vtab_collation(plan->info, i);
    return strcasecmp(collation, "BINARY") == 0 || strcasecmp(collation, "NOCASE") == 0;
}

/* A share that is smaller than most turn out to be makes SQLite put the table innermost in joins.
 */
static double share_of(const struct column_info *column, enum best_index_op op)
{
    if (op != BEST_INDEX_EQUAL && op != BEST_INDEX_IS && op != BEST_INDEX_ANY) {
        return op == BEST_INDEX_LIKE || op == BEST_INDEX_GLOB ? 0.05 : 0.3;
    }
    static const char *const wide[] = {"event",     "code",    "cluster_name", "login",
                                       "namespace", "success", "proto"};
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        if (strcmp(column->name, wide[i]) == 0) {
            return 0.1;
        }
    }
    return 0.002;
}

static void push_field(struct index_plan *plan, int i, enum best_index_op op, size_t column)
{
    const struct column_info *info = &plan->columns->items[column];
    bool equal = op == BEST_INDEX_EQUAL || op == BEST_INDEX_IS;
    plan->exact = false;
    if ((op == BEST_INDEX_EQUAL && !compares_bytes(plan, i)) || op == BEST_INDEX_MATCH ||
        (info->kind == COLUMNS_UID && !equal) ||
        (info->kind == COLUMNS_ACTOR && op != BEST_INDEX_EQUAL)) {
        return;
    }
    if (op == BEST_INDEX_EQUAL && sqlite3_vtab_in(plan->info, i, -1)) {
        (void)sqlite3_vtab_in(plan->info, i, 1);
        op = BEST_INDEX_ANY;
    }
    add_term(plan, i, op, column, false);
    plan->share *= share_of(info, op);
    plan->uid = plan->uid || info->kind == COLUMNS_UID;
}

static int push_constraint(struct index_plan *plan, int i)
{
    const struct sqlite3_index_constraint *constraint = &plan->info->aConstraint[i];
    enum best_index_op op;
    if (constraint->op == SQLITE_INDEX_CONSTRAINT_LIMIT ||
        constraint->op == SQLITE_INDEX_CONSTRAINT_OFFSET) {
        return SQLITE_OK;
    }
    if (constraint->iColumn < 0 || (size_t)constraint->iColumn >= plan->columns->n_declared) {
        plan->exact = false;
        return SQLITE_OK;
    }
    size_t column = (size_t)constraint->iColumn;
    const struct column_info *info = &plan->columns->items[column];
    if (is_match(info, constraint->op)) {
        if (!constraint->usable) {
            return SQLITE_CONSTRAINT;
        }
        add_term(plan, i, BEST_INDEX_MATCH, column, true);
        plan->share *= 0.01;
        return SQLITE_OK;
    }
    if (!constraint->usable || !op_of(constraint->op, &op)) {
        plan->exact = false;
        return SQLITE_OK;
    }
    if (info->kind == COLUMNS_TIME) {
        push_time(plan, i, op, column);
    } else if (info->kind == COLUMNS_FIELD || info->kind == COLUMNS_UID ||
               info->kind == COLUMNS_ACTOR) {
        push_field(plan, i, op, column);
    } else {
        plan->exact = false;
    }
    return SQLITE_OK;
}

/* GROUP BY, DISTINCT or ORDER BY of one column, of few values, and nothing but this column is read:
 * other columns would be read again for each value. (SQLite takes an order for granted even where
 * it says that groups will do: GROUP BY x ORDER BY x.) */
static bool can_group(const struct index_plan *plan, size_t column)
{
    enum { COLUMN_BITS = 63 }; /* those behind share a bit */
    return column < COLUMN_BITS && plan->columns->items[column].repeats &&
           plan->events <= BEST_INDEX_GROUPED_EVENTS_MAX &&
           (plan->info->colUsed & ~(UINT64_C(1) << column)) == 0;
}

static void push_order(struct index_plan *plan)
{
    sqlite3_index_info *info = plan->info;
    size_t column = info->nOrderBy == 1 ? (size_t)info->aOrderBy[0].iColumn : SIZE_MAX;
    if (column < plan->columns->n_declared && can_group(plan, column)) {
        add_term(plan, 0, info->aOrderBy[0].desc ? BEST_INDEX_DESCENDING : BEST_INDEX_ASCENDING,
                 column, false);
        info->orderByConsumed = 1;
        plan->exact = false;
        return;
    }
    if (column >= plan->columns->n_declared || plan->columns->items[column].kind != COLUMNS_TIME) {
        plan->exact = plan->exact && info->nOrderBy == 0;
        return;
    }
    add_term(plan, 0, info->aOrderBy[0].desc ? BEST_INDEX_NEWEST : BEST_INDEX_OLDEST, column,
             false);
    info->orderByConsumed = 1;
}

/* Both or neither; SQLite still counts for itself. */
static void push_limit(struct index_plan *plan)
{
    for (int i = 0; plan->exact && i < plan->info->nConstraint; i++) {
        const struct sqlite3_index_constraint *constraint = &plan->info->aConstraint[i];
        enum best_index_op op;
        if (constraint->usable && op_of(constraint->op, &op) &&
            (op == BEST_INDEX_LIMIT || op == BEST_INDEX_OFFSET)) {
            add_term(plan, i, op, 0, false);
        }
    }
}

int best_index_choose(const struct columns *columns, int64_t events, size_t days,
                      sqlite3_index_info *info)
{
    struct index_plan plan = {
        .columns = columns, .events = events, .info = info, .exact = true, .share = 1};
    for (int i = 0; i < info->nConstraint; i++) {
        int rc = push_constraint(&plan, i);
        if (rc != SQLITE_OK) {
            buf_fini(&plan.text);
            return rc;
        }
    }
    push_order(&plan);
    push_limit(&plan);
    plan.share *= plan.from && plan.to ? 0.05 : plan.from || plan.to ? 0.3 : 1;
    double all = (double)(events > 1 ? events : 1);
    double rows = plan.uid ? 1 : all * plan.share;
    info->estimatedRows = rows > 1 ? (sqlite3_int64)rows : 1;
    /* To look is about a hundredth of handing over; a day has to be opened or found. */
    info->estimatedCost = 50 * (double)days + all * 0.01 + rows * 2;
    info->idxNum = plan.arguments;
    buf_add_char(&plan.text, '\0');
    info->idxStr = buf_ok(&plan.text) ? sqlite3_mprintf("%s", plan.text.data) : NULL;
    info->needToFreeIdxStr = 1;
    buf_fini(&plan.text);
    return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}
