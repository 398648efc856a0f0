#include "schema/seal/seal_text.h"

#include <inttypes.h>

void seal_fini(struct seal *seal)
{
    buf_fini(&seal->blocks);
    buf_fini(&seal->days);
    buf_fini(&seal->objects);
    buf_fini(&seal->deletions);
    arena_fini(&seal->arena);
}

void seal_clear(struct seal *seal)
{
    seal->head = (struct seal_head){.number = 0};
    buf_clear(&seal->blocks);
    buf_clear(&seal->days);
    buf_clear(&seal->objects);
    buf_clear(&seal->deletions);
    arena_reset(&seal->arena);
}

const struct seal_block *seal_blocks(const struct seal *seal, size_t *out_count)
{
    *out_count = seal->blocks.size / sizeof(struct seal_block);
    return (const struct seal_block *)(const void *)seal->blocks.data;
}

const struct seal_day *seal_days(const struct seal *seal, size_t *out_count)
{
    *out_count = seal->days.size / sizeof(struct seal_day);
    return (const struct seal_day *)(const void *)seal->days.data;
}

const struct seal_object *seal_objects(const struct seal *seal, size_t *out_count)
{
    *out_count = seal->objects.size / sizeof(struct seal_object);
    return (const struct seal_object *)(const void *)seal->objects.data;
}

const struct seal_deletion *seal_deletions(const struct seal *seal, size_t *out_count)
{
    *out_count = seal->deletions.size / sizeof(struct seal_deletion);
    return (const struct seal_deletion *)(const void *)seal->deletions.data;
}

static void write_digest(struct buf *out, const char *name, const struct digest *digest)
{
    char hex[DIGEST_HEX_BYTES];
    buf_printf(out, ",\"%s\":\"%s\"", name, digest_hex(digest, hex));
}

static void write_head(struct buf *out, const struct seal_head *head)
{
    char time[CLOCK_TEXT_BYTES];
    char hex[DIGEST_HEX_BYTES] = "";
    if (head->has_previous) {
        (void)digest_hex(&head->previous, hex);
    }
    buf_printf(out,
               "{\"format\":\"" SEAL_FORMAT "\",\"archive\":\"%s\",\"number\":%" PRId64
               ",\"made\":\"%s\",\"previous\":\"%s\",\"key\":\"%s\"",
               head->archive, head->number, clock_format(head->made_us, time), hex, head->key_id);
}

static void write_block(struct buf *out, const struct seal_block *block)
{
    buf_printf(out, "{\"block\":%" PRId64 ",\"events\":%" PRId64 ",\"bytes\":%" PRId64,
               block->block, block->events, block->raw_bytes);
    write_digest(out, "sha256", &block->sha256);
    write_digest(out, "frame", &block->frame_sha256);
    write_digest(out, "index", &block->index_sha256);
    buf_add_str(out, ",\"lines\":\"");
    base64_encode(out, block->line_sums);
    buf_add_str(out, "\"}");
}

static void write_days(struct buf *out, const struct seal *seal)
{
    size_t n_days;
    size_t n_blocks;
    const struct seal_day *days = seal_days(seal, &n_days);
    const struct seal_block *blocks = seal_blocks(seal, &n_blocks);
    for (size_t i = 0; i < n_days; i++) {
        char day[CLOCK_TEXT_BYTES];
        buf_printf(out, "%s\n{\"day\":\"%s\",\"blocks\":[", i ? "," : "",
                   clock_format_day(days[i].day_us, day));
        CHECK(days[i].first + days[i].count <= n_blocks);
        for (size_t b = 0; b < days[i].count; b++) {
            buf_add_str(out, b ? ",\n " : "\n ");
            write_block(out, &blocks[days[i].first + b]);
        }
        buf_add_char(out, ']');
        write_digest(out, "chain", &days[i].chain);
        buf_add_char(out, '}');
    }
}

static void write_objects(struct buf *out, const struct seal *seal)
{
    size_t count;
    const struct seal_object *objects = seal_objects(seal, &count);
    for (size_t i = 0; i < count; i++) {
        const struct seal_object *object = &objects[i];
        char day[CLOCK_TEXT_BYTES];
        char time[CLOCK_TEXT_BYTES];
        buf_add_str(out, i ? ",\n{\"target\":" : "\n{\"target\":");
        buf_add_json(out, object->target);
        buf_add_str(out, ",\"key\":");
        buf_add_json(out, object->key);
        buf_printf(out, ",\"bytes\":%" PRId64, object->bytes);
        write_digest(out, "sha256", &object->sha256);
        buf_printf(out,
                   ",\"day\":\"%s\",\"first\":%" PRId64 ",\"last\":%" PRId64 ",\"events\":%" PRId64
                   ",\"codec\":\"%s\",\"shipped\":\"%s\"}",
                   clock_format_day(object->day_us, day), object->first_block, object->last_block,
                   object->events, object->codec == LEDGER_GZIP ? "gzip" : "zstd",
                   clock_format(object->shipped_us, time));
    }
}

static void write_deletions(struct buf *out, const struct seal *seal)
{
    size_t count;
    const struct seal_deletion *deletions = seal_deletions(seal, &count);
    for (size_t i = 0; i < count; i++) {
        const struct seal_deletion *deletion = &deletions[i];
        char day[CLOCK_TEXT_BYTES];
        char time[CLOCK_TEXT_BYTES];
        char hex[DIGEST_HEX_BYTES] = "";
        if (deletion->has_chain) {
            (void)digest_hex(&deletion->chain, hex);
        }
        buf_printf(out,
                   "%s\n{\"id\":%" PRId64 ",\"day\":\"%s\",\"at\":\"%s\",\"why\":", i ? "," : "",
                   deletion->id, clock_format_day(deletion->day_us, day),
                   clock_format(deletion->deleted_us, time));
        buf_add_json(out, deletion->why);
        buf_printf(out,
                   ",\"events\":%" PRId64 ",\"blocks\":%" PRId64 ",\"last\":%" PRId64
                   ",\"chain\":\"%s\"}",
                   deletion->events, deletion->blocks, deletion->last_block, hex);
    }
}

enum status seal_write(const struct seal *seal, struct buf *out, struct err *err)
{
    write_head(out, &seal->head);
    buf_add_str(out, ",\n\"days\":[");
    write_days(out, seal);
    buf_add_str(out, "],\n\"objects\":[");
    write_objects(out, seal);
    buf_add_str(out, "],\n\"deleted\":[");
    write_deletions(out, seal);
    buf_add_str(out, "]}\n");
    return buf_status(out, "seal", err);
}
