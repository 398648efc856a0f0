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
    struct build build;
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

static enum status add_leaf(struct filter_builder *builder, struct node *parent,
                            const struct predicate *predicate)
{
    struct node *leaf;
    enum status status = build_leaf(&builder->build, predicate, &leaf);
    if (status == OK) {
        add_child(parent, leaf);
    }
    return status;
}

/* The field's value as a word or a phrase. */
static enum status add_value(struct filter_builder *builder, struct node *parent, struct span field,
                             struct span text, bool is_word)
{
    struct predicate_form form = {.kind = is_word ? PREDICATE_FORM_WORD : PREDICATE_FORM_PHRASE,
                                  .text = arena_copy(&builder->build.query->arena, text)};
    if (!form.text.data) {
        return err_nomem(builder->build.maker.err, "SQL");
    }
    struct node *node = NULL;
    enum status status;
    if (span_is(field, "actor") || span_is(field, "uid")) {
        status = build_value(&builder->build, field, &form, &node);
    } else {
        /* Not by name: a field may be called as a pseudo-field is. */
        struct predicate predicate = {.field = field, .typed = form.text};
        status = predicate_plain(&builder->build.maker, &form, &predicate);
        status = THEN(status, build_leaf(&builder->build, &predicate, &node));
    }
    if (status == OK) {
        add_child(parent, node);
    }
    return status;
}

static enum status add_range(struct filter_builder *builder, struct node *parent, struct span field,
                             const struct number_range *range)
{
    struct predicate predicate = {.kind = PREDICATE_RANGE, .field = field};
    if (range->has_low) {
        predicate.low = (struct bound){BOUND_NUMBER, true, {0}, range->low, 0};
    }
    if (range->has_high) {
        predicate.high = (struct bound){BOUND_NUMBER, true, {0}, range->high, 0};
    }
    enum status status = add_leaf(builder, parent, &predicate);
    for (int is = 0; is < 2; is++) {
        if ((!range->has_low || is >= range->low) && (!range->has_high || is <= range->high)) {
            struct span text = span_str(is ? "true" : "false");
            status = THEN(status, add_value(builder, parent, field, text, false));
        }
    }
    return status;
}

static enum status add_equal_text(struct filter_builder *builder, struct node *either,
                                  const struct column_info *column, struct span text, bool *out_all)
{
    struct span field = span_str(column->name);
    double number = 0;
    bool is_number = number_read(text, &number);
    if (text.size == 0) {
        return OK;
    }
    if ((is_number && column->kind != COLUMNS_FIELD) || text.data[0] == '[' ||
        text.data[0] == '{') {
        *out_all = true;
        return OK;
    }
    enum status status = add_value(builder, either, field, text, is_number);
    if (is_number && (number == 0 || number == 1)) {
        struct number_range range = {0, true, true, number, number};
        status = THEN(status, add_range(builder, either, field, &range));
    }
    return status;
}

/* What an event's field may be to be equal to the value, as children of an OR. *out_all: anything.
 */
static enum status add_equal_value(struct filter_builder *builder, struct node *either,
                                   size_t column, sqlite3_value *value, bool *out_all)
{
    const struct column_info *info = &builder->columns->items[column];
    int type = sqlite3_value_type(value);
    if (type == SQLITE_TEXT) {
        return add_equal_text(builder, either, info, text_of(value), out_all);
    }
    if (type == SQLITE_NULL || type == SQLITE_BLOB) {
        return OK;
    }
    if (info->kind != COLUMNS_FIELD) {
        *out_all = true;
        return OK;
    }
    double number = sqlite3_value_double(value);
    struct number_range range = {column, true, true, number, number};
    return add_range(builder, either, span_str(info->name), &range);
}

/* By the collation: a text that is not a time stands behind all times. */
static void add_time(struct filter_builder *builder, enum best_index_op op, sqlite3_value *value)
{
    struct scan_wish *wish = &builder->filter->wish;
    int64_t time_us;
    if (sqlite3_value_type(value) != SQLITE_TEXT) {
        builder->filter->none = builder->filter->none || sqlite3_value_type(value) == SQLITE_NULL;
        return;
    }
    if (!time_text_read(text_of(value), &time_us)) {
        builder->filter->none =
            builder->filter->none || (op != BEST_INDEX_LESS && op != BEST_INDEX_LESS_EQUAL);
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

static void add_either(struct filter_builder *builder, struct node *either)
{
    builder->filter->none = builder->filter->none || !either->first;
    add_child(builder->root, either);
}

static enum status add_equal(struct filter_builder *builder, const struct best_index_term *term,
                             sqlite3_value *value)
{
    struct node *either;
    bool all = false;
    if (term->op == BEST_INDEX_EQUAL &&
        builder->columns->items[term->column].kind == COLUMNS_TIME) {
        add_time(builder, term->op, value);
        return OK;
    }
    enum status status = build_node(&builder->build, NODE_OR, NULL, &either);
    status = THEN(status, add_equal_value(builder, either, term->column, value, &all));
    if (status == OK && !all) {
        add_either(builder, either);
    }
    return status;
}

static enum status add_any(struct filter_builder *builder, const struct best_index_term *term,
                           sqlite3_value *list)
{
    struct node *either;
    bool all = false;
    size_t count = 0;
    sqlite3_value *value = NULL;
    enum status status = build_node(&builder->build, NODE_OR, NULL, &either);
    int rc = SQLITE_OK;
    for (rc = sqlite3_vtab_in_first(list, &value); status == OK && rc == SQLITE_OK && !all;
         rc = sqlite3_vtab_in_next(list, &value)) {
        all = ++count > FILTER_ANY_MAX;
        status = all ? OK : add_equal_value(builder, either, term->column, value, &all);
    }
    if (status == OK && rc != SQLITE_OK && rc != SQLITE_DONE) {
        return err_nomem(builder->build.maker.err, "SQL");
    }
    if (status == OK && !all) {
        add_either(builder, either);
    }
    return status;
}

static enum status add_null(struct filter_builder *builder, const struct best_index_term *term,
                            sqlite3_value *value)
{
    (void)value;
    const struct column_info *column = &builder->columns->items[term->column];
    struct node *node = NULL;
    if (column->kind != COLUMNS_FIELD) {
        return OK;
    }
    enum status status = build_exists(&builder->build, span_str(column->name), &node);
    status = THEN(status, build_node(&builder->build, NODE_NOT, node, &node));
    if (status == OK) {
        add_child(builder->root, node);
    }
    return status;
}

static enum status add_is(struct filter_builder *builder, const struct best_index_term *term,
                          sqlite3_value *value)
{
    return sqlite3_value_type(value) == SQLITE_NULL ? add_null(builder, term, value)
                                                    : add_equal(builder, term, value);
}

/* What is written in front of the first wildcard, if only a string can begin so. */
static enum status add_pattern(struct filter_builder *builder, const struct best_index_term *term,
                               sqlite3_value *value)
{
    const struct column_info *column = &builder->columns->items[term->column];
    if (sqlite3_value_type(value) != SQLITE_TEXT || column->kind != COLUMNS_FIELD) {
        return OK;
    }
    struct span text = text_of(value);
    const char *wild = term->op == BEST_INDEX_LIKE ? "%_" : "*?[";
    size_t size = 0;
    while (size < text.size && text.data[size] && !strchr(wild, text.data[size])) {
        size++;
    }
    if (size == 0 || memchr("0123456789+-.iI[{", text.data[0], 17)) {
        return OK;
    }
    struct predicate predicate = {.kind = PREDICATE_SUBSTRING, .field = span_str(column->name)};
    enum status status =
        predicate_lower(&builder->build.maker, span_of(text.data, size), &predicate.text);
    return THEN(status, add_leaf(builder, builder->root, &predicate));
}

/* Bounds are collected by column and become predicates when all are known (add_ranges). */
static void add_number(struct filter_builder *builder, const struct best_index_term *term,
                       sqlite3_value *value)
{
    enum best_index_op op = term->op;
    size_t column = term->column;
    int type = sqlite3_value_type(value);
    size_t at = 0;
    if (builder->columns->items[column].kind != COLUMNS_FIELD ||
        (type != SQLITE_INTEGER && type != SQLITE_FLOAT)) {
        builder->filter->none = builder->filter->none || type == SQLITE_NULL;
        return;
    }
    while (at < builder->n_ranges && builder->ranges[at].column != column) {
        at++;
    }
    if (at == FILTER_RANGES_MAX) {
        return;
    }
    struct number_range *range = &builder->ranges[at];
    if (at == builder->n_ranges) {
        *range = (struct number_range){.column = column};
        builder->n_ranges++;
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

static enum status add_ranges(struct filter_builder *builder)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < builder->n_ranges; i++) {
        const struct number_range *range = &builder->ranges[i];
        struct node *either;
        if (!range->has_high) {
            continue;
        }
        status = build_node(&builder->build, NODE_OR, NULL, &either);
        status =
            THEN(status, add_range(builder, either,
                                   span_str(builder->columns->items[range->column].name), range));
        if (status == OK) {
            add_child(builder->root, either);
        }
    }
    return status;
}

/* The user's query becomes a part of the tree; its leaves are numbered on. */
static enum status add_match(struct filter_builder *builder, const struct best_index_term *term,
                             sqlite3_value *value)
{
    (void)term;
    struct filter *filter = builder->filter;
    struct query *query;
    if (filter->n_matches == FILTER_MATCHES_MAX) {
        return err_set(builder->build.maker.err, ERR_USAGE, "MATCH more than %d times",
                       FILTER_MATCHES_MAX);
    }
    if (sqlite3_value_type(value) == SQLITE_NULL) {
        filter->none = true;
        return OK;
    }
    enum status status =
        parse_query(text_of(value), clock_now_us(), &query, NULL, builder->build.maker.err);
    if (status != OK) {
        return status;
    }
    filter->matches[filter->n_matches++] = query;
    struct query *whole = builder->build.query;
    if (whole->n_leaves + query->n_leaves > QUERY_NODES_MAX) {
        return err_set(builder->build.maker.err, ERR_USAGE, "the query has too many parts");
    }
    for (size_t i = 0; i < query->n_leaves; i++) {
        query->leaves[i]->leaf = (uint32_t)whole->n_leaves;
        whole->leaves[whole->n_leaves++] = query->leaves[i];
    }
    add_child(builder->root, query->root);
    return OK;
}

static enum status add_comparison(struct filter_builder *builder,
                                  const struct best_index_term *term, sqlite3_value *value)
{
    if (builder->columns->items[term->column].kind == COLUMNS_TIME) {
        add_time(builder, term->op, value);
    } else {
        add_number(builder, term, value);
    }
    return OK;
}

static enum status set_order(struct filter_builder *builder, const struct best_index_term *term,
                             sqlite3_value *value)
{
    (void)value;
    builder->filter->wish.order = term->op == BEST_INDEX_NEWEST   ? SCAN_NEWEST
                                  : term->op == BEST_INDEX_OLDEST ? SCAN_OLDEST
                                                                  : SCAN_GROUPED;
    builder->filter->wish.group = term->column;
    builder->filter->wish.descending = term->op == BEST_INDEX_DESCENDING;
    return OK;
}

static enum status set_count(struct filter_builder *builder, const struct best_index_term *term,
                             sqlite3_value *value)
{
    bool known = sqlite3_value_type(value) == SQLITE_INTEGER;
    int64_t count = sqlite3_value_int64(value);
    if (term->op == BEST_INDEX_LIMIT) {
        builder->limit = known ? count : -1;
    } else {
        builder->offset = !known ? INT64_MAX : count > 0 ? count : 0;
    }
    return OK;
}

static enum status (*const add_by_op[])(struct filter_builder *builder,
                                        const struct best_index_term *term,
                                        sqlite3_value *value) = {
    [BEST_INDEX_EQUAL] = add_equal,
    [BEST_INDEX_LESS] = add_comparison,
    [BEST_INDEX_LESS_EQUAL] = add_comparison,
    [BEST_INDEX_GREATER] = add_comparison,
    [BEST_INDEX_GREATER_EQUAL] = add_comparison,
    [BEST_INDEX_IS] = add_is,
    [BEST_INDEX_NULL] = add_null,
    [BEST_INDEX_ANY] = add_any,
    [BEST_INDEX_LIKE] = add_pattern,
    [BEST_INDEX_GLOB] = add_pattern,
    [BEST_INDEX_ASCENDING] = set_order,
    [BEST_INDEX_DESCENDING] = set_order,
    [BEST_INDEX_MATCH] = add_match,
    [BEST_INDEX_NEWEST] = set_order,
    [BEST_INDEX_OLDEST] = set_order,
    [BEST_INDEX_LIMIT] = set_count,
    [BEST_INDEX_OFFSET] = set_count,
};

/* A limit of 0 is SQLite's to keep: here it would mean all. */
static void finish(struct filter_builder *builder)
{
    struct scan_wish *wish = &builder->filter->wish;
    int64_t from_us;
    int64_t to_us;
    plan_time_bounds(builder->build.query->root, &from_us, &to_us);
    wish->from_us = from_us > wish->from_us ? from_us : wish->from_us;
    wish->to_us = to_us < wish->to_us ? to_us : wish->to_us;
    wish->query = builder->build.query;
    if (builder->limit > 0 && builder->offset < INT64_MAX - builder->limit) {
        wish->limit = builder->limit + builder->offset;
    }
    builder->filter->none = builder->filter->none || builder->limit == 0;
}

enum status filter_make(const struct columns *columns, const char *plan, sqlite3_value **values,
                        int n_values, struct filter *out_filter, struct err *err)
{
    struct filter filter = {.wish = {.from_us = INT64_MIN, .to_us = INT64_MAX}};
    struct filter_builder builder = {
        .columns = columns, .filter = &filter, .limit = -1, .build = {.maker = {.err = err}}};
    struct predicate all = {.kind = PREDICATE_ALL};
    enum status status = build_query(&filter.query, err);
    if (status == OK) {
        builder.build.query = filter.query;
        builder.build.maker.arena = &filter.query->arena;
        status = build_node(&builder.build, NODE_AND, NULL, &builder.root);
        filter.query->root = builder.root;
        status = THEN(status, add_leaf(&builder, builder.root, &all));
    }
    size_t at = 0;
    int argument = 0;
    struct best_index_term term = {0};
    while (status == OK && best_index_next(columns, plan, &at, &term)) {
        bool has = best_index_has_argument(term.op);
        CHECK(!has || argument < n_values);
        status = add_by_op[term.op](&builder, &term, has ? values[argument] : NULL);
        argument += has;
    }
    status = THEN(status, add_ranges(&builder));
    if (status != OK) {
        filter_fini(&filter);
        return status;
    }
    finish(&builder);
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
