/* A copy against its header: tables, signature, blocks, chain, digests, each fault to the report.
 * Reads only, on one thread. */
#include "schema/copy/copy_verify.h"

#include <stdio.h>
#include <sys/stat.h>

#include "schema/block/hash_chain.h"
#include "schema/copy/copy_internal.h"
#include "schema/segment/block_proof.h"
#include "schema/verify/verify_pages.h"

enum { PAGE_FAULTS_MAX = 20 };

struct verifier {
    const struct signing_key *key;
    struct verify_report *report;
    struct copy_verdict *verdict;
    const char *path;
    struct segment *segment;
    struct copy_header header;
    struct block_lines lines;
    int64_t blocks;
    int64_t events;
    int64_t raw_bytes;
};

/* Of the file as a whole. */
#define wrong(verifier, ...) verify_say((verifier)->report, (verifier)->path, 0, __VA_ARGS__)

/* What SQLite itself finds, and what lies behind its last page. */
static enum status check_file(struct verifier *verifier, struct err *err)
{
    sqlite3 *db = segment_db(verifier->segment);
    struct stat file;
    int64_t bytes = 0;
    enum status status = db_int64(
        db, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", &bytes, err);
    if (status == OK && stat(verifier->path, &file) == 0 && file.st_size != bytes) {
        wrong(verifier, "the file has %lld bytes, and its pages %lld", (long long)file.st_size,
              (long long)bytes);
    }
    status = THEN(status, verify_pages(db, verifier->path, PAGE_FAULTS_MAX, verifier->report, err));
    if (status == ERR_CORRUPT || status == ERR_IO) {
        wrong(verifier, "SQLite: %s", err ? err->text : "damaged");
        status = OK;
    }
    return status;
}

static enum status check_rows(struct verifier *verifier, struct err *err)
{
    int64_t headers = 0;
    int64_t seals = 0;
    sqlite3 *db = segment_db(verifier->segment);
    enum status status = db_int64(db, "SELECT count(*) FROM copy_case", &headers, err);
    status = THEN(status, db_int64(db, "SELECT count(*) FROM copy_seal", &seals, err));
    if (status == OK && (headers != 1 || seals > 1)) {
        wrong(verifier, "%lld case headers and %lld signatures, instead of one each",
              (long long)headers, (long long)seals);
    }
    return status;
}

static enum copy_seal_state check_signature(struct verifier *verifier)
{
    const struct copy_header *header = &verifier->header;
    const struct signing_key *key = verifier->key;
    struct span id = header->key_id;
    if (!key) {
        return COPY_SEAL_NO_KEY;
    }
    if (!span_is(id, signing_key_id(key))) {
        wrong(verifier, "signed with key %.*s, and not with key %s", SPAN_FMT(id),
              signing_key_id(key));
        return COPY_SEAL_WRONG;
    }
    if (!signing_verify(key, header->text, header->signature)) {
        wrong(verifier, "the signature is not one of the case header by key %.*s", SPAN_FMT(id));
        return COPY_SEAL_WRONG;
    }
    return COPY_SEAL_VALID;
}

static enum status check_seal(struct verifier *verifier, struct err *err)
{
    const struct copy_header *header = &verifier->header;
    struct copy_verdict *verdict = verifier->verdict;
    if (!header->is_signed) {
        verdict->seal = COPY_SEAL_NONE;
        return OK;
    }
    (void)snprintf(verdict->key_id, sizeof verdict->key_id, "%.*s", SPAN_FMT(header->key_id));
    struct buf text = BUF_INIT;
    copy_case_text(&header->facts, &text);
    enum status status = buf_status(&text, "copy", err);
    verdict->seal = check_signature(verifier);
    if (status == OK && !span_equal(buf_span(&text), header->text)) {
        wrong(verifier, "the case header is not the one that was signed");
        verdict->seal = COPY_SEAL_WRONG;
    }
    buf_fini(&text);
    return status;
}

/* What of the block besides its events was changed. */
static enum status check_stored(struct verifier *verifier, const struct block_info *info,
                                const struct block_proof *proof, struct err *err)
{
    struct digest sha256;
    enum status status = block_proof_stored_digest(verifier->segment, info->id, &sha256, err);
    if (status == ERR_CORRUPT || status == ERR_IO) {
        verify_say(verifier->report, verifier->path, info->id,
                   "what is stored of it cannot be read");
        return OK;
    }
    if (status == OK && !digest_equal(&sha256, &proof->stored_sha256)) {
        verify_say(verifier->report, verifier->path, info->id,
                   "what is stored of it is not what was written");
    }
    return status;
}

static enum status check_block(struct verifier *verifier, const struct block_info *info,
                               struct err *err)
{
    struct span ndjson;
    struct block_proof proof = {.line_sums = {NULL, 0}};
    enum status status =
        segment_ndjson(verifier->segment, info->id, &verifier->lines, &ndjson, err);
    if (status == ERR_CORRUPT || status == ERR_IO) {
        verify_say(verifier->report, verifier->path, info->id, "its events cannot be read: %s",
                   err ? err->text : "");
        return OK;
    }
    status = THEN(status, block_proof_read(verifier->segment, info->id, &proof, err));
    bool has_proof = status == OK; /* false: it is damaged, which is said here */
    if (status == ERR_CORRUPT) {
        verify_say(verifier->report, verifier->path, info->id, "its proof cannot be read");
    } else if (status != OK) {
        return status;
    }
    struct digest sha256 = digest_sha256(ndjson);
    if (!digest_equal(&sha256, &info->sha256)) {
        verify_say_lines(verifier->report, verifier->path, info->id,
                         "its events do not have the digest that is kept with it", ndjson,
                         proof.line_sums, info->n_events);
    }
    verifier->blocks++;
    verifier->events += info->n_events;
    verifier->raw_bytes += (int64_t)ndjson.size;
    return has_proof ? check_stored(verifier, info, &proof, err) : OK;
}

static enum status check_blocks(struct verifier *verifier, struct err *err)
{
    size_t n_blocks;
    const struct block_info *blocks = segment_blocks(verifier->segment, &n_blocks);
    const struct copy_case *facts = &verifier->header.facts;
    struct digest chain = hash_chain_start(segment_day_us(verifier->segment));
    struct verify_report *report = verifier->report;
    enum status status = OK;
    for (size_t i = 0; status == OK && i < n_blocks; i++) {
        status = check_block(verifier, &blocks[i], err);
        chain = hash_chain_add(&chain, &blocks[i]);
        if (report->progress) {
            report->progress(report->context, (int64_t)(i + 1) * 1000 / (int64_t)n_blocks,
                             report->events + verifier->events);
        }
    }
    report->blocks += verifier->blocks;
    report->events += verifier->events;
    report->raw_bytes += verifier->raw_bytes;
    if (status != OK) {
        return status;
    }
    if (verifier->blocks != facts->blocks || verifier->events != facts->events ||
        verifier->raw_bytes != facts->raw_bytes) {
        wrong(verifier,
              "%lld events in %lld blocks, %lld bytes; the case header says %lld in %lld, %lld",
              (long long)verifier->events, (long long)verifier->blocks,
              (long long)verifier->raw_bytes, (long long)facts->events, (long long)facts->blocks,
              (long long)facts->raw_bytes);
    }
    if (!digest_equal(&chain, &facts->chain)) {
        wrong(verifier, "the chain of the blocks is not the one in the case header");
    }
    return OK;
}

/* The tables as copy_table has them. */
static enum status take_table(void *context, sqlite3_stmt *row, struct err *err)
{
    struct copy_table table = {.name = db_column_span(row, 0),
                               .rows = sqlite3_column_int64(row, 1)};
    table.unreadable = !digest_read_hex(db_column_span(row, 2), &table.sha256);
    return copy_content_add(context, &table, err);
}

static const struct copy_table *find(const struct copy_content *content, struct span name)
{
    for (size_t i = 0; i < content->tables.count; i++) {
        if (span_equal(content->tables.items[i].name, name)) {
            return &content->tables.items[i];
        }
    }
    return NULL;
}

/* Table by table, so that it can be said where. */
static void compare_tables(struct verifier *verifier, const struct copy_content *is,
                           const struct copy_content *was)
{
    for (size_t i = 0; i < is->tables.count; i++) {
        const struct copy_table *table = &is->tables.items[i];
        const struct copy_table *before = find(was, table->name);
        if (table->unreadable) {
            wrong(verifier, "table %.*s cannot be read to its end", SPAN_FMT(table->name));
        } else if (!before) {
            wrong(verifier, "table %.*s was not there when the copy was made",
                  SPAN_FMT(table->name));
        } else if (before->rows != table->rows) {
            wrong(verifier, "table %.*s has %lld rows, and had %lld", SPAN_FMT(table->name),
                  (long long)table->rows, (long long)before->rows);
        } else if (!digest_equal(&before->sha256, &table->sha256)) {
            wrong(verifier, "table %.*s was changed", SPAN_FMT(table->name));
        }
    }
    for (size_t i = 0; i < was->tables.count; i++) {
        struct span name = was->tables.items[i].name;
        if (!find(is, name)) {
            wrong(verifier, "table %.*s is gone", SPAN_FMT(name));
        }
    }
}

static enum status check_content(struct verifier *verifier, struct err *err)
{
    struct copy_content is = {0};
    struct copy_content was = {0};
    struct digest sha256 = {{0}};
    enum status status = copy_content_read(segment_db(verifier->segment), &is, err);
    status = THEN(status, db_each(segment_db(verifier->segment),
                                  "SELECT name, rows, sha256 FROM copy_table", DB_NO_VALUES,
                                  take_table, &was, err));
    status = THEN(status, copy_content_digest(&was, &sha256, err));
    if (status == OK) {
        if (!digest_equal(&sha256, &verifier->header.facts.content)) {
            wrong(verifier, "copy_table does not have the digest that is in the case header");
        }
        compare_tables(verifier, &is, &was);
    }
    copy_content_fini(&is);
    copy_content_fini(&was);
    return status;
}

static enum status check_all(struct verifier *verifier, struct err *err)
{
    enum status status = check_file(verifier, err);
    status = THEN(status, check_rows(verifier, err));
    status = THEN(status, check_seal(verifier, err));
    status = THEN(status, check_blocks(verifier, err));
    return THEN(status, check_content(verifier, err));
}

enum status copy_verify(const char *path, const struct signing_key *key,
                        struct verify_report *report, struct copy_verdict *out_verdict,
                        struct err *err)
{
    struct verifier verifier = {.key = key,
                                .report = report,
                                .verdict = out_verdict,
                                .path = path,
                                .lines = BLOCK_LINES_INIT};
    *out_verdict = (struct copy_verdict){0};
    enum status status = segment_open(path, &verifier.segment, err);
    status =
        THEN(status, copy_header_read(segment_db(verifier.segment), path, &verifier.header, err));
    status = THEN(status, check_all(&verifier, err));
    block_lines_fini(&verifier.lines);
    copy_header_fini(&verifier.header);
    segment_close(verifier.segment);
    return status;
}
