/* The statements around the view: how an engine is told where the objects lie and what their
 * columns are. Tested with DuckDB. Pure. */
#include "query/lake/lake_table.h"

#include "query/lake/lake_view.h"
#include "schema/text/ascii.h"

enum status lake_table_name_check(const char *name, struct err *err)
{
    bool start = true;
    bool good = *name != '\0' && strlen(name) <= LAKE_TABLE_NAME_BYTES_MAX;
    for (const char *at = name; good && *at; at++) {
        bool letter = ascii_is_letter(*at) || *at == '_';
        good = start ? letter : letter || ascii_is_digit(*at) || *at == '.';
        start = *at == '.';
    }
    if (!good || start) {
        return err_set(err, ERR_USAGE,
                       "a table's name is of letters, digits and _, with dots between catalogue, "
                       "schema and table, at most %d characters",
                       LAKE_TABLE_NAME_BYTES_MAX);
    }
    return OK;
}

/* What is behind the last dot, for statements that take schema and table apart. */
static struct span last_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    return span_str(dot ? dot + 1 : name);
}

/* "schema" of catalogue.schema.table; "default" when there is none. */
static struct span schema_part(const char *name)
{
    const char *last = strrchr(name, '.');
    if (!last) {
        return span_str("default");
    }
    const char *start = last;
    while (start > name && start[-1] != '.') {
        start--;
    }
    return span_of(start, (size_t)(last - start));
}

struct table_writer {
    enum lake_engine engine;
    const char *name;
    const struct lake_table_location *location;
    struct buf *out;
};

/* url and what follows it as a literal of the engine. */
static void add_url(const struct table_writer *writer, const char *url, const char *behind)
{
    struct buf whole = BUF_INIT;
    struct buf plain = BUF_INIT;
    buf_add_str(&whole, url);
    buf_add_str(&whole, behind);
    lake_engine_literal(buf_span(&whole), &plain);
    lake_engine_write(writer->engine, buf_span(&plain), writer->out);
    buf_fini(&plain);
    buf_fini(&whole);
}

static bool is_file(const struct table_writer *writer)
{
    return strncmp(writer->location->url, "file://", 7) == 0;
}

/* The text as it stands with NAME for the table's name. */
static void add_named(const struct table_writer *writer, const char *text)
{
    for (const char *at = text; *at;) {
        if (strncmp(at, "NAME", 4) == 0) {
            buf_add_str(writer->out, writer->name);
            at += 4;
        } else {
            buf_add_char(writer->out, *at++);
        }
    }
}

/* The view, behind the relation of its lines. */
static void add_view(const struct table_writer *writer)
{
    struct buf plain = BUF_INIT;
    lake_view_plain(&plain);
    writer->out->failed = writer->out->failed || !buf_ok(&plain);
    lake_engine_write(writer->engine, buf_span(&plain), writer->out);
    buf_add_str(writer->out, ";\n");
    buf_fini(&plain);
}

static void write_duckdb(const struct table_writer *writer)
{
    add_named(writer,
              "-- DuckDB 1.3 or newer (tested with 1.5). For a bucket, once a session:\n"
              "--   INSTALL httpfs; LOAD httpfs; CREATE SECRET (TYPE s3, PROVIDER "
              "credential_chain);\n"
              "-- for a store other than AWS with its ENDPOINT, URL_STYLE 'path' and REGION.\n");
    add_named(writer, "CREATE OR REPLACE VIEW NAME AS\n"
                      "WITH lines AS (SELECT dt, raw FROM read_csv(");
    add_url(writer, writer->location->url + (is_file(writer) ? 7 : 0), "/dt=*/*.ndjson.*");
    add_named(writer, ",\n    columns = {'raw': 'VARCHAR'}, auto_detect = false, header = false, "
                      "delim = chr(1), quote = '', escape = '', comment = '', new_line = '\\n', "
                      "strict_mode = false, null_padding = false, nullstr = chr(2), "
                      "max_line_size = 67108864, buffer_size = 134217728, parallel = false, "
                      "hive_partitioning = true, hive_types = {'dt': VARCHAR}, "
                      "hive_types_autocast = false)),\n");
}

static void write_clickhouse(const struct table_writer *writer)
{
    add_named(
        writer,
        "-- ClickHouse 25.3 or newer. Keys of the bucket come from the server's configuration "
        "(<s3> or a named\n-- collection) or its environment; none are written here. A "
        "directory must lie below user_files_path.\n");
    add_named(writer, "CREATE OR REPLACE VIEW NAME AS\n"
                      "WITH lines AS (SELECT extract(_path, 'dt=([0-9]{4}-[0-9]{2}-[0-9]{2})/[^/]*"
                      "$') AS dt, line AS raw FROM ");
    buf_add_str(writer->out, is_file(writer) ? "file(" : "s3(");
    add_url(writer, is_file(writer) ? writer->location->url + 7 : writer->location->https,
            "/dt=*/*.ndjson.*");
    add_named(writer, ", 'LineAsString', 'line String')),\n");
}

static void write_trino(const struct table_writer *writer)
{
    struct span schema = schema_part(writer->name);
    struct span table = last_part(writer->name);
    add_named(
        writer,
        "-- Trino 470 or newer, Hive connector. New days are seen after the CALL: run it once "
        "a day.\n"
        "-- No event may have a carriage return between its tokens (Teleport writes none).\n"
        "CREATE TABLE IF NOT EXISTS NAME_lines (raw VARCHAR, dt VARCHAR)\n"
        "WITH (format = 'TEXTFILE', partitioned_by = ARRAY['dt'], external_location = ");
    add_url(writer, writer->location->url, "/");
    buf_printf(writer->out,
               ");\nCALL system.sync_partition_metadata('%.*s', '%.*s_lines', 'FULL');\n",
               SPAN_FMT(schema), SPAN_FMT(table));
    add_named(writer, "CREATE OR REPLACE VIEW NAME AS\n"
                      "WITH lines AS (SELECT dt, raw FROM NAME_lines),\n");
}

static void write_athena(const struct table_writer *writer)
{
    add_named(
        writer,
        "-- Athena, engine version 3 (zstd and gzip by the names of the files). Dots in names "
        "of columns are _ here.\n"
        "-- No event may have a carriage return between its tokens (Teleport writes none). "
        "Run each statement by itself.\n"
        "CREATE EXTERNAL TABLE IF NOT EXISTS NAME_lines (raw string)\n"
        "PARTITIONED BY (dt string)\nSTORED AS TEXTFILE\nLOCATION ");
    add_url(writer, writer->location->url, "/");
    add_named(writer, "\nTBLPROPERTIES ('projection.enabled' = 'true', 'projection.dt.type' = "
                      "'date', 'projection.dt.format' = 'yyyy-MM-dd',\n"
                      "    'projection.dt.range' = '2015-01-01,NOW+2DAYS', "
                      "'projection.dt.interval' = '1', 'projection.dt.interval.unit' = 'DAYS',\n"
                      "    'storage.location.template' = ");
    add_url(writer, writer->location->url, "/dt=${dt}/");
    add_named(writer, ");\nCREATE OR REPLACE VIEW NAME AS\n"
                      "WITH lines AS (SELECT dt, raw FROM NAME_lines),\n");
}

static void write_spark(const struct table_writer *writer)
{
    add_named(writer,
              "-- Spark 3.5 or newer, with Hadoop's native zstd for objects in .zst (gzip needs "
              "nothing). Paths of a\n-- bucket are s3a:// with Hadoop, s3:// on EMR. New days are "
              "seen after MSCK REPAIR TABLE: run it once a day.\n"
              "CREATE TABLE IF NOT EXISTS NAME_lines (value STRING, dt STRING) USING text\n"
              "OPTIONS ('lineSep' = '\\n', 'path' = ");
    bool s3 = strncmp(writer->location->url, "s3://", 5) == 0;
    struct buf s3a = BUF_INIT;
    buf_printf(&s3a, "s3a%s%c", s3 ? writer->location->url + 2 : "", '\0');
    add_url(writer, s3 && buf_ok(&s3a) ? s3a.data : writer->location->url, "/");
    writer->out->failed = writer->out->failed || !buf_ok(&s3a);
    buf_fini(&s3a);
    add_named(writer, ")\nPARTITIONED BY (dt);\nMSCK REPAIR TABLE NAME_lines;\n"
                      "CREATE OR REPLACE VIEW NAME AS\n"
                      "WITH lines AS (SELECT dt, value AS raw FROM NAME_lines),\n");
}

static void (*const write_by_engine[LAKE_ENGINES])(const struct table_writer *writer) = {
    [LAKE_ENGINE_DUCKDB] = write_duckdb, [LAKE_ENGINE_CLICKHOUSE] = write_clickhouse,
    [LAKE_ENGINE_TRINO] = write_trino,   [LAKE_ENGINE_ATHENA] = write_athena,
    [LAKE_ENGINE_SPARK] = write_spark,
};

enum status lake_table_write(enum lake_engine engine, const char *name,
                             const struct lake_table_location *location, struct buf *out,
                             struct err *err)
{
    const struct table_writer writer = {
        .engine = engine, .name = name, .location = location, .out = out};
    CHECK(engine < LAKE_ENGINES);
    if (engine == LAKE_ENGINE_ATHENA && is_file(&writer)) {
        return err_set(err, ERR_USAGE, "athena reads buckets only (s3://), no directory");
    }
    if (engine == LAKE_ENGINE_CLICKHOUSE && !is_file(&writer) && !location->https) {
        return err_set(err, ERR_USAGE, "clickhouse reads file:// and s3:// only");
    }
    write_by_engine[engine](&writer);
    add_view(&writer);
    return buf_status(out, "lake ddl", err);
}
