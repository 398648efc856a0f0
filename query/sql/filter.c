/* Every predicate here finds at least the events that satisfy the SQL; SQLite asks them again. What
 * that takes:
 *   - a text's words one behind the other are in every value that is that text, in any case;
 *   - a text that reads as a number may be compared with numbers (by the affinity of the other
 *     side), and 1 and 0 with booleans;
 *   - text that begins like JSON may be an array or an object, which no index has as a whole;
 *   - of comparisons with numbers only those with an upper bound leave out all texts, which SQL
 *     orders behind every number.
 * One thing is not found: a text that reads as a number only as SQLite does it (' 5', '.5', '5.'),
 * through an equation with a column that is declared numeric. */
#include "query/sql/filter.h"

#include <math.h>

#include "query/language/build.h"
#include "query/language/number.h"
#include "query/language/parse.h"
#include "query/language/pseudo.h"
#include "query/sql/time_text.h"

enum { FILTER_RANGES_MAX = 16, FILTER_ANY_MAX = 1000 };

/* The numbers a column is compared with. */
struct number_range {
    size_t column;
    bool has_low;
    bool has_high;
    double low; /* both taken as inclusive: SQLite asks again */
    double high;
};

struct filter_builder {
    const struct columns *columns;
    struct filter *filter;
    struct build tree;
    struct node *root; /* AND */
    struct number_range ranges[FILTER_RANGES_MAX];
    size_t n_ranges;
    int64_t limit; /* -1: none */
    int64_t offset;
};

static struct span text_of(sqlite3_value *value)
{
    const void *data = sqlite3_value_text(value);
    return span_of(data, data ? (size_t)sqlite3_value_bytes(value) : 0);
}

static void add_child(struct node *parent, struct node *child)
{
    child->next = parent->first;
    parent->first = child;
}

static enum status add_leaf(struct filter_builder *making, struct node *parent,
                            const struct predicate *predicate)
{
    struct node *leaf;
    enum status status = build_leaf(&making->tree, predicate, &leaf);
    if (status == OK) {
        add_child(parent, leaf);
    }
    return status;
}

/* The field's value as a word or a phrase. */
static enum status add_value(struct filter_builder *making, struct node *parent, struct span field,
                             struct span text, bool is_word)
{
    struct predicate_form form = {.kind = is_word ? PREDICATE_FORM_WORD : PREDICATE_FORM_PHRASE,
                                  .text = arena_copy(&making->tree.query->arena, text)};
    struct node *node;
    if (!form.text.data) {
        return err_nomem(making->tree.err, "SQL");
    }
    enum status status;
    if (span_is(field, "actor") || span_is(field, "uid")) {
        status = build_value(&making->tree, field, &form, &node);
    } else {
        /* Not by name: a field may be called as a pseudo-field is. */
        struct predicate predicate = {.field = field, .typed = form.text};
        status = pseudo_plain(&making->tree.query->arena, &form, &predicate, making->tree.err);
        return THEN(status, add_leaf(making, parent, &predicate));
    }
    if (status == OK) {
        add_child(parent, node);
    }
    return status;
}

static enum status add_range(struct filter_builder *making, struct node *parent, struct span field,
                             const struct number_range *range)
{
    struct predicate predicate = {.kind = PREDICATE_RANGE, .field = field};
    if (range->has_low) {
        predicate.low = (struct bound){BOUND_NUMBER, true, {0}, range->low, 0};
    }
    if (range->has_high) {
        predicate.high = (struct bound){BOUND_NUMBER, true, {0}, range->high, 0};
    }
    enum status status = add_leaf(making, parent, &predicate);
    for (int is = 0; status == OK && is < 2; is++) {
        if ((!range->has_low || is >= range->low) && (!range->has_high || is <= range->high)) {
            status = add_value(making, parent, field, span_str(is ? "true" : "false"), false);
        }
    }
    return status;
}

/* What an event's field may be to be equal to the value, as children of an OR. *out_all: anything.
 */
static enum status add_equal(struct filter_builder *making, struct node *either, size_t column,
                             sqlite3_value *value, bool *out_all)
{
    const struct columns_item *info = &making->columns->items[column];
    struct span field = span_str(info->name);
    int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL || type == SQLITE_BLOB) {
        return OK;
    }
    double number = type == SQLITE_TEXT ? 0 : sqlite3_value_double(value);
    struct span text = type == SQLITE_TEXT ? text_of(value) : span_of("", 0);
    bool is_number = type != SQLITE_TEXT || number_read(text, &number);
    if (info->kind != COLUMNS_FIELD && (type != SQLITE_TEXT || is_number)) {
        *out_all = true;
        return OK;
    }
    if (type == SQLITE_TEXT && text.size == 0) {
        return OK;
    }
    if (type == SQLITE_TEXT && (text.data[0] == '[' || text.data[0] == '{')) {
        *out_all = true;
        return OK;
    }
    enum status status = OK;
    if (type == SQLITE_TEXT) {
        status = add_value(making, either, field, text, is_number);
    }
    if (status == OK && is_number) {
        struct number_range range = {column, true, true, number, number};
        status = type == SQLITE_TEXT && number != 0 && number != 1
                     ? OK
                     : add_range(making, either, field, &range);
    }
    return status;
}

static enum status push_equal(struct filter_builder *making, size_t column, sqlite3_value *value)
{
    struct node *either;
    bool all = false;
    enum status status = build_node(&making->tree, NODE_OR, &either);
    status = THEN(status, add_equal(making, either, column, value, &all));
    if (status == OK && !all) {
        making->filter->none = making->filter->none || !either->first;
        add_child(making->root, either);
    }
    return status;
}

static enum status push_any(struct filter_builder *making, size_t column, sqlite3_value *list)
{
    struct node *either;
    bool all = false;
    size_t count = 0;
    sqlite3_value *value = NULL;
    enum status status = build_node(&making->tree, NODE_OR, &either);
    int rc = SQLITE_OK;
    for (rc = sqlite3_vtab_in_first(list, &value); status == OK && rc == SQLITE_OK && !all;
         rc = sqlite3_vtab_in_next(list, &value)) {
        all = ++count > FILTER_ANY_MAX;
        status = all ? OK : add_equal(making, either, column, value, &all);
    }
    if (status == OK && rc != SQLITE_OK && rc != SQLITE_DONE) {
        return err_nomem(making->tree.err, "SQL");
    }
    if (status == OK && !all) {
        making->filter->none = making->filter->none || !either->first;
        add_child(making->root, either);
    }
    return status;
}

static enum status push_null(struct filter_builder *making, size_t column)
{
    struct node * not ;
    struct predicate predicate;
    if (making->columns->items[column].kind != COLUMNS_FIELD) {
        return OK;
    }
    predicate_exists(span_str(making->columns->items[column].name), &predicate);
    enum status status = build_node(&making->tree, NODE_NOT, &not );
    status = THEN(status, add_leaf(making, not, &predicate));
    if (status == OK) {
        add_child(making->root, not );
    }
    return status;
}

/* What is written in front of the first wildcard, if only a string can begin so. */
static enum status push_pattern(struct filter_builder *making, size_t column, enum best_index_op op,
                                sqlite3_value *value)
{
    if (sqlite3_value_type(value) != SQLITE_TEXT ||
        making->columns->items[column].kind != COLUMNS_FIELD) {
        return OK;
    }
    struct span text = text_of(value);
    const char *wild = op == BEST_INDEX_LIKE ? "%_" : "*?[";
    size_t size = 0;
    while (size < text.size && text.data[size] && !strchr(wild, text.data[size])) {
        size++;
    }
    if (size == 0 || memchr("0123456789+-.iI[{", text.data[0], 17)) {
        return OK;
    }
    struct predicate predicate = {.kind = PREDICATE_SUBSTRING,
                                  .field = span_str(making->columns->items[column].name)};
    enum status status = pseudo_lower(&making->tree.query->arena, span_of(text.data, size),
                                      &predicate.text, making->tree.err);
    return THEN(status, add_leaf(making, making->root, &predicate));
}

static void push_number(struct filter_builder *making, size_t column, enum best_index_op op,
                        sqlite3_value *value)
{
    int type = sqlite3_value_type(value);
    size_t at = 0;
    if (making->columns->items[column].kind != COLUMNS_FIELD ||
        (type != SQLITE_INTEGER && type != SQLITE_FLOAT)) {
        making->filter->none = making->filter->none || type == SQLITE_NULL;
        return;
    }
    while (at < making->n_ranges && making->ranges[at].column != column) {
        at++;
    }
    if (at == FILTER_RANGES_MAX) {
        return;
    }
    struct number_range *range = &making->ranges[at];
    if (at == making->n_ranges) {
        *range = (struct number_range){.column = column};
        making->n_ranges++;
    }
    double number = sqlite3_value_double(value);
    if (op == BEST_INDEX_LESS || op == BEST_INDEX_LESS_EQUAL) {
        range->high = range->has_high && range->high < number ? range->high : number;
        range->has_high = true;
    } else {
        range->low = range->has_low && range->low > number ? range->low : number;
        range->has_low = true;
    }
}

static enum status add_ranges(struct filter_builder *making)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < making->n_ranges; i++) {
        const struct number_range *range = &making->ranges[i];
        struct node *either;
        if (!range->has_high) {
            continue;
        }
        status = build_node(&making->tree, NODE_OR, &either);
        status =
            THEN(status, add_range(making, either,
                                   span_str(making->columns->items[range->column].name), range));
        if (status == OK) {
            add_child(making->root, either);
        }
    }
    return status;
}

/* By the collation: a text that is no time stands behind all times. */
static void push_time(struct filter_builder *making, enum best_index_op op, sqlite3_value *value)
{
    struct scan_wish *wish = &making->filter->wish;
    int64_t time_us;
    if (sqlite3_value_type(value) != SQLITE_TEXT) {
        making->filter->none = making->filter->none || sqlite3_value_type(value) == SQLITE_NULL;
        return;
    }
    if (!time_text_read(text_of(value), &time_us)) {
        making->filter->none =
            making->filter->none || (op != BEST_INDEX_LESS && op != BEST_INDEX_LESS_EQUAL);
        return;
    }
    int64_t next_us = time_us + 1;
    if (op == BEST_INDEX_EQUAL || op == BEST_INDEX_GREATER || op == BEST_INDEX_GREATER_EQUAL) {
        int64_t from_us = op == BEST_INDEX_GREATER ? next_us : time_us;
        wish->from_us = from_us > wish->from_us ? from_us : wish->from_us;
    }
    if (op == BEST_INDEX_EQUAL || op == BEST_INDEX_LESS || op == BEST_INDEX_LESS_EQUAL) {
        int64_t to_us = op == BEST_INDEX_LESS ? time_us : next_us;
        wish->to_us = to_us < wish->to_us ? to_us : wish->to_us;
    }
}

/* The user's query becomes a part of the tree; its leaves are numbered on. */
static enum status push_match(struct filter_builder *making, sqlite3_value *value)
{
    struct filter *filter = making->filter;
    struct query *query;
    if (filter->n_matches == FILTER_MATCHES_MAX) {
        return err_set(making->tree.err, ERR_USAGE, "MATCH more than %d times", FILTER_MATCHES_MAX);
    }
    if (sqlite3_value_type(value) == SQLITE_NULL) {
        filter->none = true;
        return OK;
    }
    enum status status =
        parse_query(text_of(value), clock_now_us(), &query, NULL, making->tree.err);
    if (status != OK) {
        return status;
    }
    filter->matches[filter->n_matches++] = query;
    struct query *whole = making->tree.query;
    if (whole->n_leaves + query->n_leaves > QUERY_NODES_MAX) {
        return err_set(making->tree.err, ERR_USAGE, "the query has too many parts");
    }
    for (size_t i = 0; i < query->n_leaves; i++) {
        query->leaves[i]->leaf = (uint32_t)whole->n_leaves;
        whole->leaves[whole->n_leaves++] = query->leaves[i];
    }
    add_child(making->root, query->root);
    return OK;
}

static void push_count(struct filter_builder *making, enum best_index_op op, sqlite3_value *value)
{
    int64_t count = sqlite3_value_int64(value);
    if (sqlite3_value_type(value) != SQLITE_INTEGER) {
        making->limit = op == BEST_INDEX_LIMIT ? -1 : making->limit;
        making->offset = op == BEST_INDEX_OFFSET ? INT64_MAX : making->offset;
    } else if (op == BEST_INDEX_LIMIT) {
        making->limit = count;
    } else {
        making->offset = count > 0 ? count : 0;
    }
}

static enum status add_pushed(struct filter_builder *making, const struct best_index_term *piece,
                              sqlite3_value *value)
{
    bool is_time = making->columns->items[piece->column].kind == COLUMNS_TIME;
    switch (piece->op) {
    case BEST_INDEX_EQUAL:
        if (is_time) {
            push_time(making, piece->op, value);
            return OK;
        }
        return push_equal(making, piece->column, value);
    case BEST_INDEX_IS:
        return sqlite3_value_type(value) == SQLITE_NULL ? push_null(making, piece->column)
                                                        : push_equal(making, piece->column, value);
    case BEST_INDEX_LESS:
    case BEST_INDEX_LESS_EQUAL:
    case BEST_INDEX_GREATER:
    case BEST_INDEX_GREATER_EQUAL:
        if (is_time) {
            push_time(making, piece->op, value);
        } else {
            push_number(making, piece->column, piece->op, value);
        }
        return OK;
    case BEST_INDEX_NULL:
        return push_null(making, piece->column);
    case BEST_INDEX_ANY:
        return push_any(making, piece->column, value);
    case BEST_INDEX_LIKE:
    case BEST_INDEX_GLOB:
        return push_pattern(making, piece->column, piece->op, value);
    case BEST_INDEX_MATCH:
        return push_match(making, value);
    case BEST_INDEX_NEWEST:
    case BEST_INDEX_OLDEST:
        making->filter->wish.order = piece->op == BEST_INDEX_NEWEST ? SCAN_NEWEST : SCAN_OLDEST;
        return OK;
    case BEST_INDEX_LIMIT:
    case BEST_INDEX_OFFSET:
        push_count(making, piece->op, value);
        return OK;
    }
    return OK;
}

/* A limit of 0 is SQLite's to keep: here it would mean all. */
static void finish(struct filter_builder *making)
{
    struct scan_wish *wish = &making->filter->wish;
    int64_t from_us;
    int64_t to_us;
    plan_time_bounds(making->tree.query->root, &from_us, &to_us);
    wish->from_us = from_us > wish->from_us ? from_us : wish->from_us;
    wish->to_us = to_us < wish->to_us ? to_us : wish->to_us;
    wish->query = making->tree.query;
    if (making->limit > 0 && making->offset < INT64_MAX - making->limit) {
        wish->limit = making->limit + making->offset;
    }
    making->filter->none = making->filter->none || making->limit == 0;
}

enum status filter_make(const struct columns *columns, const char *plan, sqlite3_value **values,
                        int n_values, struct filter *out_filter, struct err *err)
{
    struct filter filter = {.wish = {.from_us = INT64_MIN, .to_us = INT64_MAX}};
    struct filter_builder making = {
        .columns = columns, .filter = &filter, .limit = -1, .tree = {.err = err}};
    enum status status = build_query(&filter.query, err);
    if (status == OK) {
        making.tree.query = filter.query;
        status = build_node(&making.tree, NODE_AND, &making.root);
    }
    if (status == OK) {
        struct predicate all = {.kind = PREDICATE_ALL};
        filter.query->root = making.root;
        status = add_leaf(&making, making.root, &all);
    }
    size_t at = 0;
    int argument = 0;
    struct best_index_term piece = {0};
    while (status == OK && best_index_next(columns, plan, &at, &piece)) {
        bool has = best_index_has_argument(piece.op);
        CHECK(!has || argument < n_values);
        status = add_pushed(&making, &piece, has ? values[argument] : NULL);
        argument += has;
    }
    status = THEN(status, add_ranges(&making));
    if (status != OK) {
        filter_fini(&filter);
        return status;
    }
    finish(&making);
    *out_filter = filter;
    return OK;
}

void filter_fini(struct filter *filter)
{
    parse_query_free(filter->query);
    for (size_t i = 0; i < filter->n_matches; i++) {
        parse_query_free(filter->matches[i]);
    }
    *filter = (struct filter){0};
}
