/* What is exact, and so not asked again by SQLite: MATCH, and times that are compared, in the
 * collation of times, with text that stands in the statement. Everything else narrows down which
 * events are handed to SQLite, which asks them itself. */
#include "query/sql/best_index.h"

#include <strings.h>

#include "query/sql/time_text.h"

static const struct {
    const char *text;
    bool has_column;
    bool has_argument;
} ops[] = {
    [PUSH_EQUAL] = {"=?", true, true},
    [PUSH_LESS] = {"<?", true, true},
    [PUSH_LESS_EQUAL] = {"<=?", true, true},
    [PUSH_MORE] = {">?", true, true},
    [PUSH_MORE_EQUAL] = {">=?", true, true},
    [PUSH_IS] = {"=is(?)", true, true},
    [PUSH_NULL] = {"=null", true, false},
    [PUSH_ANY] = {"=any(?)", true, true},
    [PUSH_LIKE] = {"~like(?)", true, true},
    [PUSH_GLOB] = {"~glob(?)", true, true},
    [PUSH_MATCH] = {"MATCH", false, true},
    [PUSH_NEWEST] = {"newest-first", false, false},
    [PUSH_OLDEST] = {"oldest-first", false, false},
    [PUSH_LIMIT] = {"limit=?", false, true},
    [PUSH_OFFSET] = {"offset=?", false, true},
};

enum { PUSH_OPS = sizeof ops / sizeof ops[0] };

bool push_has_argument(enum push_op op)
{
    return ops[op].has_argument;
}

/* Names of other characters than these are written with %XX. */
static bool is_name_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-' || c == '/' || c == ':';
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

bool push_read(const struct table_columns *columns, const char *text, size_t *at,
               struct push_piece *out_piece)
{
    size_t size = strcspn(text + *at, " ");
    struct span piece = span_of(text + *at, size);
    if (size == 0) {
        return false;
    }
    *at += size + (text[*at + size] == ' ');
    for (size_t op = 0; op < PUSH_OPS; op++) {
        if (!ops[op].has_column && span_is(piece, ops[op].text)) {
            *out_piece = (struct push_piece){.op = (enum push_op)op};
            return true;
        }
    }
    char name[1024];
    size_t name_size = 0;
    while (name_size < piece.size &&
           (is_name_byte(piece.data[name_size]) || piece.data[name_size] == '%')) {
        name_size++;
    }
    out_piece->column = columns_find(columns, read_name(span_of(piece.data, name_size), name));
    CHECK(out_piece->column != SIZE_MAX);
    for (size_t op = 0; op < PUSH_OPS; op++) {
        if (ops[op].has_column && span_is(span_from(piece, name_size), ops[op].text)) {
            out_piece->op = (enum push_op)op;
            return true;
        }
    }
    CHECK(false && "a piece of a plan that nobody wrote");
    return false;
}

/* A plan being made. */
struct planning {
    const struct table_columns *columns;
    sqlite3_index_info *info;
    struct buf text;
    int arguments;
    bool exact;   /* so far, nothing is left for SQLite to ask */
    double share; /* of the events, about, that are handed over */
    bool from;
    bool to;
    bool uid;
};

static void add_piece(struct planning *planning, int constraint, enum push_op op, size_t column,
                      bool omit)
{
    buf_add_str(&planning->text, planning->text.size ? " " : "");
    if (ops[op].has_column) {
        add_name(&planning->text, planning->columns->items[column].name);
    }
    buf_add_str(&planning->text, ops[op].text);
    if (ops[op].has_argument) {
        planning->info->aConstraintUsage[constraint].argvIndex = ++planning->arguments;
        planning->info->aConstraintUsage[constraint].omit = omit;
    }
}

/* What SQLite's operator is here; false when it is not pushed down. */
static bool op_of(int sqlite_op, enum push_op *out_op)
{
    static const struct {
        int sqlite_op;
        enum push_op op;
    } known[] = {
        {SQLITE_INDEX_CONSTRAINT_EQ, PUSH_EQUAL},      {SQLITE_INDEX_CONSTRAINT_LT, PUSH_LESS},
        {SQLITE_INDEX_CONSTRAINT_LE, PUSH_LESS_EQUAL}, {SQLITE_INDEX_CONSTRAINT_GT, PUSH_MORE},
        {SQLITE_INDEX_CONSTRAINT_GE, PUSH_MORE_EQUAL}, {SQLITE_INDEX_CONSTRAINT_IS, PUSH_IS},
        {SQLITE_INDEX_CONSTRAINT_ISNULL, PUSH_NULL},   {SQLITE_INDEX_CONSTRAINT_LIKE, PUSH_LIKE},
        {SQLITE_INDEX_CONSTRAINT_GLOB, PUSH_GLOB},     {SQLITE_INDEX_CONSTRAINT_MATCH, PUSH_MATCH},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].sqlite_op == sqlite_op) {
            *out_op = known[i].op;
            return true;
        }
    }
    return false;
}

static bool is_match(const struct table_column *column, int sqlite_op)
{
    if (column->kind == TABLE_MATCH) {
        return sqlite_op == SQLITE_INDEX_CONSTRAINT_MATCH ||
               sqlite_op == SQLITE_INDEX_CONSTRAINT_EQ;
    }
    return sqlite_op == SQLITE_INDEX_CONSTRAINT_MATCH && strcasecmp(column->name, "query") == 0;
}

static void push_time(struct planning *planning, int i, enum push_op op, size_t column)
{
    sqlite3_value *value = NULL;
    const char *collation = sqlite3_vtab_collation(planning->info, i);
    int known = sqlite3_vtab_rhs_value(planning->info, i, &value);
    bool is_text = known == SQLITE_OK && value && sqlite3_value_type(value) == SQLITE_TEXT;
    if (op > PUSH_MORE_EQUAL || strcasecmp(collation, MOMENT_COLLATION) != 0 ||
        (known == SQLITE_OK && !is_text) || sqlite3_vtab_in(planning->info, i, -1)) {
        planning->exact = false;
        return;
    }
    add_piece(planning, i, op, column, is_text);
    planning->exact = planning->exact && is_text;
    planning->from = planning->from || op == PUSH_MORE || op == PUSH_MORE_EQUAL || op == PUSH_EQUAL;
    planning->to = planning->to || op == PUSH_LESS || op == PUSH_LESS_EQUAL || op == PUSH_EQUAL;
}

static bool compares_bytes(struct planning *planning, int i)
{
    const char *collation = sqlite3_vtab_collation(planning->info, i);
    return strcasecmp(collation, "BINARY") == 0 || strcasecmp(collation, "NOCASE") == 0;
}

/* A share that is smaller than most turn out to be makes SQLite put the table innermost in joins.
 */
static double share_of(const struct table_column *column, enum push_op op)
{
    if (op != PUSH_EQUAL && op != PUSH_IS && op != PUSH_ANY) {
        return op == PUSH_LIKE || op == PUSH_GLOB ? 0.05 : 0.3;
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

static void push_field(struct planning *planning, int i, enum push_op op, size_t column)
{
    const struct table_column *info = &planning->columns->items[column];
    bool equal = op == PUSH_EQUAL || op == PUSH_IS;
    planning->exact = false;
    if ((op == PUSH_EQUAL && !compares_bytes(planning, i)) || op == PUSH_MATCH ||
        (info->kind == TABLE_UID && !equal) || (info->kind == TABLE_ACTOR && op != PUSH_EQUAL)) {
        return;
    }
    if (op == PUSH_EQUAL && sqlite3_vtab_in(planning->info, i, -1)) {
        (void)sqlite3_vtab_in(planning->info, i, 1);
        op = PUSH_ANY;
    }
    add_piece(planning, i, op, column, false);
    planning->share *= share_of(info, op);
    planning->uid = planning->uid || info->kind == TABLE_UID;
}

static int push_constraint(struct planning *planning, int i)
{
    const struct sqlite3_index_constraint *constraint = &planning->info->aConstraint[i];
    enum push_op op;
    if (constraint->op == SQLITE_INDEX_CONSTRAINT_LIMIT ||
        constraint->op == SQLITE_INDEX_CONSTRAINT_OFFSET) {
        return SQLITE_OK;
    }
    if (constraint->iColumn < 0 || (size_t)constraint->iColumn >= planning->columns->n_declared) {
        planning->exact = false;
        return SQLITE_OK;
    }
    size_t column = (size_t)constraint->iColumn;
    const struct table_column *info = &planning->columns->items[column];
    if (is_match(info, constraint->op)) {
        if (!constraint->usable) {
            return SQLITE_CONSTRAINT;
        }
        add_piece(planning, i, PUSH_MATCH, column, true);
        planning->share *= 0.01;
        return SQLITE_OK;
    }
    if (!constraint->usable || !op_of(constraint->op, &op)) {
        planning->exact = false;
        return SQLITE_OK;
    }
    if (info->kind == TABLE_TIME) {
        push_time(planning, i, op, column);
    } else if (info->kind == TABLE_FIELD || info->kind == TABLE_UID || info->kind == TABLE_ACTOR) {
        push_field(planning, i, op, column);
    } else {
        planning->exact = false;
    }
    return SQLITE_OK;
}

static void push_order(struct planning *planning)
{
    sqlite3_index_info *info = planning->info;
    size_t column = info->nOrderBy == 1 ? (size_t)info->aOrderBy[0].iColumn : SIZE_MAX;
    if (column >= planning->columns->n_declared ||
        planning->columns->items[column].kind != TABLE_TIME) {
        planning->exact = planning->exact && info->nOrderBy == 0;
        return;
    }
    add_piece(planning, 0, info->aOrderBy[0].desc ? PUSH_NEWEST : PUSH_OLDEST, column, false);
    info->orderByConsumed = 1;
}

/* Both or neither; SQLite still counts for itself. */
static void push_limit(struct planning *planning)
{
    for (int i = 0; planning->exact && i < planning->info->nConstraint; i++) {
        int op = planning->info->aConstraint[i].op;
        if (!planning->info->aConstraint[i].usable) {
            continue;
        }
        if (op == SQLITE_INDEX_CONSTRAINT_LIMIT || op == SQLITE_INDEX_CONSTRAINT_OFFSET) {
            add_piece(planning, i, op == SQLITE_INDEX_CONSTRAINT_LIMIT ? PUSH_LIMIT : PUSH_OFFSET,
                      0, false);
        }
    }
}

int push_plan(const struct table_columns *columns, int64_t events, size_t days,
              sqlite3_index_info *info)
{
    struct planning planning = {.columns = columns, .info = info, .exact = true, .share = 1};
    for (int i = 0; i < info->nConstraint; i++) {
        int rc = push_constraint(&planning, i);
        if (rc != SQLITE_OK) {
            buf_fini(&planning.text);
            return rc;
        }
    }
    push_order(&planning);
    push_limit(&planning);
    planning.share *= planning.from && planning.to ? 0.05 : planning.from || planning.to ? 0.3 : 1;
    double all = (double)(events > 1 ? events : 1);
    double rows = planning.uid ? 1 : all * planning.share;
    info->estimatedRows = rows > 1 ? (sqlite3_int64)rows : 1;
    /* To look is about a hundredth of handing over; a day has to be opened or found. */
    info->estimatedCost = 50 * (double)days + all * 0.01 + rows * 2;
    info->idxNum = planning.arguments;
    buf_add_char(&planning.text, '\0');
    info->idxStr = buf_ok(&planning.text) ? sqlite3_mprintf("%s", planning.text.data) : NULL;
    info->needToFreeIdxStr = 1;
    buf_fini(&planning.text);
    return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}
