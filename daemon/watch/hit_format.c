#include "daemon/watch/hit_format.h"

#include <stdio.h>

#include "query/render/terminal_text.h"

enum { LINE_TEXT_COLUMNS = 200 };

static void add_text(struct buf *out, const char *key, struct span text)
{
    buf_printf(out, ",\"%s\":", key);
    buf_add_json(out, text);
}

static void add_time(struct buf *out, const char *key, int64_t time_us)
{
    char time[CLOCK_TEXT_BYTES];
    buf_printf(out, ",\"%s\":\"%s\"", key, clock_format(time_us, time));
}

void hit_format_add_members(struct buf *out, const struct watch_hit *hit)
{
    buf_add_str(out, "\"list\":");
    buf_add_json(out, hit->list);
    add_text(out, "indicator", hit->indicator);
    add_text(out, "kind", hit->kind);
    add_text(out, "field", hit->field);
    add_text(out, "value", hit->value);
    buf_printf(out, ",\"decoded\":%s", hit->decoded ? "true" : "false");
    add_text(out, "uid", hit->uid);
    add_time(out, "time", hit->time_us);
    add_time(out, "seen", hit->seen_us);
}

void hit_format_add_event(struct buf *out, struct span event)
{
    for (size_t i = 0; i < event.size; i++) {
        char c = event.data[i];
        buf_add_char(out, c == '\n' || c == '\r' ? ' ' : c);
    }
}

void hit_format_add_json(struct buf *out, const char *archive_id, const struct watch_hit *hit)
{
    buf_printf(out, "{\"id\":\"%s-%lld\",", archive_id, (long long)hit->id);
    hit_format_add_members(out, hit);
    buf_add_str(out, ",\"event\":");
    hit_format_add_event(out, hit->event);
    buf_add_char(out, '}');
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
