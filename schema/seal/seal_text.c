#include "schema/seal/seal_text.h"

#include "schema/crypto/base64.h"
#include "schema/text/json_writer.h"

void seal_fini(struct seal *seal)
{
    vec_fini(&seal->blocks);
    vec_fini(&seal->days);
    vec_fini(&seal->objects);
    vec_fini(&seal->deletions);
    arena_fini(&seal->arena);
}

void seal_clear(struct seal *seal)
{
    seal->head = (struct seal_head){.number = 0};
    vec_clear(&seal->blocks);
    vec_clear(&seal->days);
    vec_clear(&seal->objects);
    vec_clear(&seal->deletions);
    arena_reset(&seal->arena);
}

static void write_digest_if(struct json_writer *json, const char *name, bool is_there,
                            const struct digest *digest)
{
    if (is_there) {
        digest_json(json, name, digest);
    } else {
        json_text(json, name, "");
    }
}

static void write_head(struct json_writer *json, const struct seal_head *head)
{
    json_text(json, "format", SEAL_FORMAT);
    json_text(json, "archive", head->archive);
    json_int(json, "number", head->number);
    json_time(json, "made", head->made_us);
    write_digest_if(json, "previous", head->has_previous, &head->previous);
    json_text(json, "key", head->key_id);
}

static void write_block(struct json_writer *json, const struct seal_block *block)
{
    json_newline(json);
    json_object(json, NULL);
    json_int(json, "block", block->block);
    json_int(json, "events", block->events);
    json_int(json, "bytes", block->raw_bytes);
    digest_json(json, "sha256", &block->sha256);
    digest_json(json, "arrivals", &block->arrivals_sha256);
    json_name(json, "lines");
    buf_add_char(json->out, '"');
    base64_encode(json->out, block->line_sums);
    buf_add_char(json->out, '"');
    json_end(json);
}

static void write_day(struct json_writer *json, const struct seal *seal, const struct seal_day *day)
{
    json_newline(json);
    json_object(json, NULL);
    json_day(json, "day", day->day_us);
    json_array(json, "blocks");
    for (size_t b = 0; b < day->count; b++) {
        write_block(json, vec_at(&seal->blocks, day->first + b));
    }
    json_end(json);
    digest_json(json, "chain", &day->chain);
    json_end(json);
}

static void write_object(struct json_writer *json, const struct seal_object *object)
{
    json_newline(json);
    json_object(json, NULL);
    json_span(json, "target", object->target);
    json_span(json, "key", object->key);
    json_int(json, "bytes", object->bytes);
    digest_json(json, "sha256", &object->sha256);
    json_day(json, "day", object->day_us);
    json_int(json, "first", object->first_block);
    json_int(json, "last", object->last_block);
    json_int(json, "events", object->events);
    json_text(json, "codec", object->codec == LEDGER_GZIP ? "gzip" : "zstd");
    json_object(json, "sent");
    json_int(json, "bytes", object->sent.bytes);
    digest_json(json, "sha256", &object->sent.sha256);
    json_text(json, "by", object->sent.library);
    json_end(json);
    json_time(json, "shipped", object->shipped_us);
    json_end(json);
}

static void write_deletion(struct json_writer *json, const struct seal_deletion *deletion)
{
    json_newline(json);
    json_object(json, NULL);
    json_int(json, "id", deletion->id);
    json_day(json, "day", deletion->day_us);
    json_time(json, "at", deletion->deleted_us);
    json_span(json, "why", deletion->why);
    json_int(json, "events", deletion->events);
    json_int(json, "blocks", deletion->blocks);
    json_int(json, "last", deletion->last_block);
    write_digest_if(json, "chain", deletion->has_chain, &deletion->chain);
    json_end(json);
}

enum status seal_write(const struct seal *seal, struct buf *out, struct err *err)
{
    struct json_writer json = {.out = out};
    json_object(&json, NULL);
    write_head(&json, &seal->head);
    json_newline(&json);
    json_array(&json, "days");
    for (size_t i = 0; i < seal->days.count; i++) {
        write_day(&json, seal, &seal->days.items[i]);
    }
    json_end(&json);
    json_newline(&json);
    json_array(&json, "objects");
    for (size_t i = 0; i < seal->objects.count; i++) {
        write_object(&json, &seal->objects.items[i]);
    }
    json_end(&json);
    json_newline(&json);
    json_array(&json, "deleted");
    for (size_t i = 0; i < seal->deletions.count; i++) {
        write_deletion(&json, &seal->deletions.items[i]);
    }
    json_end(&json);
    json_end(&json);
    buf_add_char(out, '\n');
    return buf_status(out, "seal", err);
}
