#include "query/lake/lake_select.h"

#include "query/lake/lake_predicate.h"

/* Depth is bounded by the parser (QUERY_DEPTH_MAX). */
static enum status write_node(const struct lake_select *select, const struct node *node,
                              struct buf *out, struct err *err)
{
    if (node->kind == NODE_LEAF) {
        return lake_predicate_write(select->engine, node->predicate, out, err);
    }
    enum status status = OK;
    buf_add_str(out, node->kind == NODE_NOT ? "(NOT " : "(");
    for (const struct node *child = node->first; child && status == OK; child = child->next) {
        if (child != node->first) {
            buf_add_str(out, node->kind == NODE_AND ? "\n AND " : "\n OR ");
        }
        status = write_node(select, child, out, err);
    }
    buf_add_char(out, ')');
    return status;
}

static enum status write_plain(const struct lake_select *select, struct buf *out, struct err *err)
{
    bool timed = select->from_us != INT64_MIN || select->to_us != INT64_MAX;
    const char *order = select->oldest_first ? "ASC" : "DESC";
    buf_add_str(out, select->count ? "SELECT count(*) AS events"
                                   : "SELECT dt, \"time\", event, \"user\", raw");
    buf_printf(out, "\nFROM %s\nWHERE ", select->table);
    if (timed) {
        lake_predicate_write_time(select->from_us, select->to_us, out);
        buf_add_str(out, "\n AND ");
    }
    enum status status = write_node(select, select->query->root, out, err);
    if (!select->count) {
        buf_printf(out, "\nORDER BY dt %s, time_us %s", order, order);
        if (select->limit > 0) {
            buf_printf(out, "\nLIMIT %lld", (long long)select->limit);
        }
    }
    return status;
}

enum status lake_select_write(const struct lake_select *select, struct buf *out, struct err *err)
{
    struct buf plain = BUF_INIT;
    enum status status = write_plain(select, &plain, err);
    status = THEN(status, buf_status(&plain, "search", err));
    if (status == OK) {
        lake_engine_write(select->engine, buf_span(&plain), out);
        /* its quick way of reading numbers is off by a bit now and then */
        buf_add_str(out, select->engine == LAKE_ENGINE_CLICKHOUSE
                             ? "\nSETTINGS precise_float_parsing = 1;\n"
                             : ";\n");
        status = buf_status(out, "search", err);
    }
    buf_fini(&plain);
    return status;
}
