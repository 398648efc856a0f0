/* stele lake: the table over what was shipped, for engines that read it where it is. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/s3/s3_endpoint.h"
#include "daemon/ship/target_open.h"
#include "query/lake/lake_table.h"
#include "tools/stele/cli/options.h"

static struct {
    const char *engine;
    const char *dest;
    const char *table;
} given = {.table = LAKE_TABLE_NAME};

/* The objects' place, and the memory of its parts. */
struct lake_source {
    char url[TARGET_URL_BYTES + 80];
    struct buf https;
    struct lake_table_location place;
};

/* A URL goes into a statement and its comment: it is one line. */
static bool is_one_line(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

/* Where the bucket's objects are by HTTP, for engines that ask so. */
static enum status bucket_source(const struct config *config, struct lake_source *source,
                                 struct err *err)
{
    struct s3_endpoint place;
    enum status status = s3_endpoint_read(config, &place, err);
    if (status != OK) {
        return status;
    }
    buf_printf(&source->https, "%s://%s", place.scheme, place.host);
    s3_endpoint_path(&place, *place.prefix ? "" : NULL, &source->https);
    while (source->https.size > 0 && source->https.data[source->https.size - 1] == '/') {
        source->https.size--;
    }
    buf_add_char(&source->https, '\0');
    (void)snprintf(source->url, sizeof source->url, "s3://%s%s%s", place.bucket,
                   *place.prefix ? "/" : "", place.prefix);
    source->place.https = source->https.data;
    return buf_status(&source->https, "lake ddl", err);
}

static enum status source_read(const struct config *config, struct lake_source *source,
                               struct err *err)
{
    enum status status = target_url(config, source->url, err);
    if (status == OK && (!is_one_line(source->url) || strpbrk(config->ship_target, "*?[]{}"))) {
        status = err_set(err, ERR_USAGE,
                         "the target has a control character or one of *?[]{} in it, which engines "
                         "take for a pattern");
    }
    if (status == OK && strncmp(source->url, "s3://", 5) == 0) {
        status = bucket_source(config, source, err);
    }
    source->place.url = source->url;
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    (void)out_code;
    struct config *config = &options->config;
    struct buf out = BUF_INIT;
    struct lake_source source = {.https = BUF_INIT};
    enum lake_engine engine;
    if (strcmp(options->words[0], "ddl") != 0) {
        return err_set(err, ERR_USAGE, "unknown action \"%s\": stele lake ddl prints the table",
                       options->words[0]);
    }
    if (given.dest && strlen(given.dest) >= sizeof config->ship_target) {
        return err_set(err, ERR_USAGE, "--dest is longer than %zu bytes",
                       sizeof config->ship_target - 1);
    }
    if (given.dest) {
        (void)snprintf(config->ship_target, sizeof config->ship_target, "%s", given.dest);
    }
    enum status status = lake_engine_find(given.engine, &engine, err);
    status = THEN(status, lake_table_name_check(given.table, err));
    status = THEN(status, source_read(config, &source, err));
    status = THEN(status, lake_table_write(engine, given.table, &source.place, &out, err));
    status = THEN(status, output_write(&out, err));
    buf_fini(&source.https);
    buf_fini(&out);
    return status;
}

static const struct option_entry entries[] = {
    {"engine", "ENGINE", "duckdb, clickhouse, trino, athena or spark", .text = &given.engine},
    {"dest", "URL", "where the objects are (default: ship.target)", .text = &given.dest},
    {"table", "NAME", "the table's name (default: " LAKE_TABLE_NAME ")", .text = &given.table},
};

const struct verb verb_lake = {
    .name = "lake",
    .summary = "print a table definition over shipped objects, for a query engine",
    .words = {1, 1, "ddl", "the action: stele lake ddl --engine ENGINE"},
    VERB_OPTIONS(entries),
    .rules =
        (const struct verb_rule[]){
            {VERB_REQUIRED, "engine", "duckdb, clickhouse, trino, athena or spark"}, {0}},
    .needs = VERB_NEEDS_CONFIG,
    .run = run,
};
