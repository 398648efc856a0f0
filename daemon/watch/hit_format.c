#include "daemon/watch/hit_format.h"

#include <stdio.h>

#include "query/render/terminal_text.h"

enum { LINE_TEXT_COLUMNS = 200 };

void hit_format_add_members(struct json_writer *json, const struct watch_hit *hit)
{
    json_span(json, "list", hit->list);
    json_span(json, "indicator", hit->indicator);
    json_span(json, "kind", hit->kind);
    json_span(json, "field", hit->field);
    json_span(json, "value", hit->value);
    json_bool(json, "decoded", hit->decoded);
    json_span(json, "uid", hit->uid);
    json_time(json, "time", hit->time_us);
    json_time(json, "seen", hit->seen_us);
}

void hit_format_add_event(struct json_writer *json, struct span event)
{
    json_name(json, "event");
    for (size_t i = 0; i < event.size; i++) {
        char c = event.data[i];
        buf_add_char(json->out, c == '\n' || c == '\r' ? ' ' : c);
    }
}

void hit_format_add_json(struct buf *out, const char *archive_id, const struct watch_hit *hit)
{
    struct json_writer json = {.out = out};
    char id[HIT_FORMAT_ID_BYTES];
    json_object(&json, NULL);
    json_text(&json, "id", hit_format_id(archive_id, hit->id, id));
    hit_format_add_members(&json, hit);
    hit_format_add_event(&json, hit->event);
    json_end(&json);
}

const char *hit_format_id(const char *archive_id, int64_t hit, char out[HIT_FORMAT_ID_BYTES])
{
    (void)snprintf(out, HIT_FORMAT_ID_BYTES, "%s-%lld", archive_id, (long long)hit);
    return out;
}

static void add_quoted(struct buf *out, const char *key, struct span text)
{
    struct buf shown = BUF_INIT;
    (void)terminal_text_add(&shown, text, LINE_TEXT_COLUMNS);
    buf_printf(out, " %s=\"", key);
    for (size_t i = 0; i < shown.size; i++) {
        buf_add_str(out, shown.data[i] == '"' || shown.data[i] == '\\' ? "\\" : "");
        buf_add_char(out, shown.data[i]);
    }
    buf_add_char(out, '"');
    buf_fini(&shown);
}

void hit_format_line(const char *archive_id, const struct watch_hit *hit,
                     char out[HIT_FORMAT_LINE_BYTES])
{
    char time[CLOCK_TEXT_BYTES];
    struct buf line = BUF_INIT;
    buf_printf(&line, "watch hit list=%.*s kind=%.*s id=%s-%lld time=%s", SPAN_FMT(hit->list),
               SPAN_FMT(hit->kind), archive_id, (long long)hit->id,
               clock_format(hit->time_us, time));
    add_quoted(&line, "uid", hit->uid);
    add_quoted(&line, "indicator", hit->indicator);
    add_quoted(&line, "field", hit->field);
    add_quoted(&line, "value", hit->value);
    (void)snprintf(out, HIT_FORMAT_LINE_BYTES, "%.*s", SPAN_FMT(buf_span(&line)));
    buf_fini(&line);
}
