/* Digests of every table of a copy, row by row in the order of keys. Reads only, on one thread. */
#include "schema/copy/copy_content.h"

#include <stdlib.h>

#include "schema/db/db_query.h"

void copy_content_fini(struct copy_content *content)
{
    arena_fini(&content->arena);
    vec_fini(&content->tables);
}

enum status copy_content_add(struct copy_content *content, const struct copy_table *table,
                             struct err *err)
{
    struct copy_table added = *table;
    added.name = arena_copy(&content->arena, table->name);
    return added.name.data && vec_push(&content->tables, added) ? OK : err_nomem(err, "copy");
}

static void put_be(unsigned char *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (unsigned char)(value >> 8 * (bytes - 1 - i));
    }
}

static void add_value(struct digest_stream *stream, char letter, struct span bytes)
{
    unsigned char head[9];
    head[0] = (unsigned char)letter;
    put_be(head + 1, bytes.size, 8);
    digest_stream_add(stream, span_of(head, sizeof head));
    digest_stream_add(stream, bytes);
}

static void add_column(struct digest_stream *stream, sqlite3_stmt *stmt, int at)
{
    unsigned char bytes[8];
    uint64_t word;
    double real;
    switch (sqlite3_column_type(stmt, at)) {
    case SQLITE_INTEGER:
        put_be(bytes, (uint64_t)sqlite3_column_int64(stmt, at), 8);
        add_value(stream, 'i', span_of(bytes, 8));
        break;
    case SQLITE_FLOAT:
        real = sqlite3_column_double(stmt, at);
        memcpy(&word, &real, sizeof word);
        put_be(bytes, word, 8);
        add_value(stream, 'r', span_of(bytes, 8));
        break;
    case SQLITE_TEXT:
        add_value(stream, 't', db_column_span(stmt, at));
        break;
    case SQLITE_BLOB:
        add_value(stream, 'b', db_column_span(stmt, at));
        break;
    default:
        add_value(stream, 'n', span_of(NULL, 0));
        break;
    }
}

/* Digest and count of the rows of a statement. */
static enum status digest_rows(sqlite3 *db, const char *sql, struct copy_table *out,
                               struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    struct digest_stream *stream = digest_stream_new();
    if (!stream) {
        return err_nomem(err, "copy");
    }
    enum status status = db_prepare(db, sql, &stmt, err);
    bool row = false;
    while (status == OK && (status = db_step(stmt, &row, err)) == OK && row) {
        unsigned char count[4];
        put_be(count, (uint64_t)sqlite3_column_count(stmt), sizeof count);
        digest_stream_add(stream, span_of(count, sizeof count));
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            add_column(stream, stmt, i);
        }
        out->rows++;
    }
    out->sha256 = digest_stream_finish(stream);
    (void)sqlite3_finalize(stmt);
    return status;
}

/* The columns of the primary key, in its order and quoted. */
static enum status add_key(sqlite3 *db, struct span table, struct buf *sql, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum status status =
        db_prepare_with(db, "SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk",
                        DB_WITH(DB_TEXT(table)), &stmt, err);
    bool row = false;
    const char *comma = "";
    while (status == OK && (status = db_step(stmt, &row, err)) == OK && row) {
        char *name = sqlite3_mprintf("%s\"%w\"", comma, sqlite3_column_text(stmt, 0));
        buf_add_str(sql, name ? name : "");
        sqlite3_free(name);
        comma = ", ";
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

static enum status digest_table(sqlite3 *db, struct copy_table *table, bool has_rowid,
                                struct err *err)
{
    struct buf sql = BUF_INIT;
    char *name = sqlite3_mprintf("%.*s", SPAN_FMT(table->name));
    char *quoted = name ? sqlite3_mprintf("%w", name) : NULL;
    enum status status = quoted ? OK : err_nomem(err, "copy");
    if (status == OK) {
        buf_printf(&sql, "SELECT %s* FROM main.\"%s\" ORDER BY %s", has_rowid ? "rowid, " : "",
                   quoted, has_rowid ? "rowid" : "");
    }
    if (status == OK && !has_rowid) {
        status = add_key(db, table->name, &sql, err);
    }
    buf_add_char(&sql, '\0');
    status = THEN(status, buf_status(&sql, "copy", err));
    status = THEN(status, digest_rows(db, sql.data, table, err));
    sqlite3_free(name);
    sqlite3_free(quoted);
    buf_fini(&sql);
    return status;
}

static enum status add_schema(sqlite3 *db, struct copy_content *content, struct err *err)
{
    struct copy_table schema = {.name = span_str("sqlite_schema")};
    enum status status =
        digest_rows(db,
                    "SELECT a.application_id, v.user_version, p.page_size, NULL"
                    " FROM pragma_application_id a, pragma_user_version v, pragma_page_size p"
                    " UNION ALL SELECT * FROM (SELECT type, name, tbl_name, sql FROM sqlite_schema"
                    " ORDER BY type, name)",
                    &schema, err);
    return THEN(status, copy_content_add(content, &schema, err));
}

enum status copy_content_read(sqlite3 *db, struct copy_content *content, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum status status = add_schema(db, content, err);
    status =
        THEN(status, db_prepare(db,
                                "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND"
                                " type IN ('table', 'shadow') AND name NOT IN ('sqlite_schema',"
                                " 'copy_case', 'copy_table', 'copy_seal') ORDER BY name",
                                &stmt, err));
    bool row = false;
    while (status == OK && (status = db_step(stmt, &row, err)) == OK && row) {
        struct err failure;
        struct copy_table table = {.name = db_column_span(stmt, 0)};
        enum status of_table = digest_table(db, &table, sqlite3_column_int(stmt, 1) == 0, &failure);
        if (of_table == ERR_NOMEM) {
            status = err_nomem(err, "copy");
            break;
        }
        table.unreadable = of_table != OK;
        status = copy_content_add(content, &table, err);
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

static int by_name(const void *a, const void *b)
{
    struct span x = ((const struct copy_table *)a)->name;
    struct span y = ((const struct copy_table *)b)->name;
    int order = memcmp(x.data, y.data, x.size < y.size ? x.size : y.size);
    return order ? order : (x.size > y.size) - (x.size < y.size);
}

enum status copy_content_digest(struct copy_content *content, struct digest *out_sha256,
                                struct err *err)
{
    struct buf text = BUF_INIT;
    char hex[DIGEST_HEX_BYTES];
    vec_sort(&content->tables, by_name);
    for (size_t i = 0; i < content->tables.count; i++) {
        const struct copy_table *table = &content->tables.items[i];
        buf_printf(&text, "%.*s %lld %s\n", SPAN_FMT(table->name), (long long)table->rows,
                   digest_hex(&table->sha256, hex));
    }
    enum status status = buf_status(&text, "copy", err);
    if (status == OK) {
        *out_sha256 = digest_sha256(buf_span(&text));
    }
    buf_fini(&text);
    return status;
}
