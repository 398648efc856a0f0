/* Reading a seal's text with cJSON. Everything that is said must be there and of the right kind:
 * a seal that was signed by us has it. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>

#include "schema/crypto/base64.h"
#include "schema/seal/seal_text.h"

/* What was wrong first; the rest is then not looked at. */
struct reader {
    struct seal *seal;
    const char *fault; /* name of the member; NULL: none yet */
    bool nomem;
};

static void fault(struct reader *reader, const char *name)
{
    reader->fault = reader->fault ? reader->fault : name;
}

static struct span read_text(struct reader *reader, const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsString(item)) {
        fault(reader, name);
        return span_of("", 0);
    }
    return span_str(item->valuestring);
}

static struct span keep_text(struct reader *reader, const cJSON *object, const char *name)
{
    struct span copy = arena_copy(&reader->seal->arena, read_text(reader, object, name));
    if (!copy.data) {
        fault(reader, name);
    }
    return copy;
}

/* Whole numbers up to 2^53 are exact as a double. */
static int64_t read_number(struct reader *reader, const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    double value = cJSON_IsNumber(item) ? item->valuedouble : -1;
    if (!(value >= 0) || value > 9007199254740992.0 || floor(value) != value) {
        fault(reader, name);
        return 0;
    }
    return (int64_t)value;
}

static struct digest read_digest(struct reader *reader, const cJSON *object, const char *name)
{
    struct digest digest = {{0}};
    if (!digest_read_hex(read_text(reader, object, name), &digest)) {
        fault(reader, name);
    }
    return digest;
}

static int64_t read_day(struct reader *reader, const cJSON *object)
{
    int64_t day_us = 0;
    if (!clock_parse_day(read_text(reader, object, "day"), &day_us)) {
        fault(reader, "day");
    }
    return day_us;
}

static int64_t read_time(struct reader *reader, const cJSON *object, const char *name)
{
    int64_t time_us = 0;
    if (!clock_parse_rfc3339(read_text(reader, object, name), &time_us)) {
        fault(reader, name);
    }
    return time_us;
}

static const cJSON *read_array(struct reader *reader, const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsArray(item)) {
        fault(reader, name);
        return NULL;
    }
    return item;
}

static struct span read_sums(struct reader *reader, const cJSON *object)
{
    struct buf sums = BUF_INIT;
    struct span copy = span_of("", 0);
    if (!base64_decode(&sums, read_text(reader, object, "lines"))) {
        fault(reader, "lines");
    } else {
        copy = arena_keep(&reader->seal->arena, buf_span(&sums));
    }
    buf_fini(&sums);
    return copy;
}

static void read_block(struct reader *reader, const cJSON *item, int64_t day_us)
{
    struct seal_block block = {
        .day_us = day_us,
        .block = read_number(reader, item, "block"),
        .events = read_number(reader, item, "events"),
        .raw_bytes = read_number(reader, item, "bytes"),
        .sha256 = read_digest(reader, item, "sha256"),
        .arrivals_sha256 = read_digest(reader, item, "arrivals"),
        .line_sums = read_sums(reader, item),
    };
    reader->nomem |= !vec_push(&reader->seal->blocks, block);
}

static void read_days(struct reader *reader, const cJSON *root)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, read_array(reader, root, "days"))
    {
        struct seal_day day = {.day_us = read_day(reader, item),
                               .first = reader->seal->blocks.count,
                               .chain = read_digest(reader, item, "chain")};
        const cJSON *block;
        cJSON_ArrayForEach(block, read_array(reader, item, "blocks"))
        {
            read_block(reader, block, day.day_us);
            day.count++;
        }
        reader->nomem |= !vec_push(&reader->seal->days, day);
    }
}

static void copy_text(struct reader *reader, const cJSON *root, const char *name, char *out,
                      size_t out_bytes)
{
    struct span text = read_text(reader, root, name);
    int n = snprintf(out, out_bytes, "%.*s", SPAN_FMT(text));
    if (n < 0 || (size_t)n >= out_bytes) {
        fault(reader, name);
    }
}

static struct ledger_sent read_sent(struct reader *reader, const cJSON *object)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "sent");
    struct ledger_sent sent = {.bytes = read_number(reader, item, "bytes"),
                               .sha256 = read_digest(reader, item, "sha256")};
    copy_text(reader, item, "by", sent.library, sizeof sent.library);
    return sent;
}

static void read_objects(struct reader *reader, const cJSON *root)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, read_array(reader, root, "objects"))
    {
        struct seal_object object = {
            .target = keep_text(reader, item, "target"),
            .key = keep_text(reader, item, "key"),
            .bytes = read_number(reader, item, "bytes"),
            .sha256 = read_digest(reader, item, "sha256"),
            .day_us = read_day(reader, item),
            .first_block = read_number(reader, item, "first"),
            .last_block = read_number(reader, item, "last"),
            .events = read_number(reader, item, "events"),
            .codec = span_is(read_text(reader, item, "codec"), "gzip") ? LEDGER_GZIP : LEDGER_ZSTD,
            .sent = read_sent(reader, item),
            .shipped_us = read_time(reader, item, "shipped"),
        };
        reader->nomem |= !vec_push(&reader->seal->objects, object);
    }
}

static void read_deletions(struct reader *reader, const cJSON *root)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, read_array(reader, root, "deleted"))
    {
        struct span chain = read_text(reader, item, "chain");
        struct seal_deletion deletion = {
            .id = read_number(reader, item, "id"),
            .day_us = read_day(reader, item),
            .deleted_us = read_time(reader, item, "at"),
            .why = keep_text(reader, item, "why"),
            .events = read_number(reader, item, "events"),
            .blocks = read_number(reader, item, "blocks"),
            .last_block = read_number(reader, item, "last"),
            .has_chain = chain.size > 0,
        };
        if (deletion.has_chain) {
            deletion.chain = read_digest(reader, item, "chain");
        }
        reader->nomem |= !vec_push(&reader->seal->deletions, deletion);
    }
}

static void read_head(struct reader *reader, const cJSON *root)
{
    struct seal_head *head = &reader->seal->head;
    if (!span_is(read_text(reader, root, "format"), SEAL_FORMAT)) {
        fault(reader, "format");
    }
    copy_text(reader, root, "archive", head->archive, sizeof head->archive);
    copy_text(reader, root, "key", head->key_id, sizeof head->key_id);
    head->number = read_number(reader, root, "number");
    head->made_us = read_time(reader, root, "made");
    head->has_previous = read_text(reader, root, "previous").size > 0;
    if (head->has_previous) {
        head->previous = read_digest(reader, root, "previous");
    }
}

enum status seal_read(struct span text, struct seal *seal, struct err *err)
{
    seal_clear(seal);
    event_json_ready();
    cJSON *root =
        text.size <= SEAL_TEXT_BYTES_MAX ? cJSON_ParseWithLength(text.data, text.size) : NULL;
    if (!cJSON_IsObject(root)) {
        cJSON_Delete(root);
        return err_set(err, ERR_FORMAT, "not a seal: it is not a JSON object");
    }
    struct reader reader = {.seal = seal};
    read_head(&reader, root);
    read_days(&reader, root);
    read_objects(&reader, root);
    read_deletions(&reader, root);
    cJSON_Delete(root);
    if (reader.fault) {
        return err_set(err, ERR_FORMAT, "not a seal: \"%s\" is missing or malformed", reader.fault);
    }
    return reader.nomem ? err_nomem(err, "seal") : OK;
}
