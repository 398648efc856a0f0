#include "schema/text/json_writer.h"

#include <inttypes.h>
#include <math.h>

#include "schema/base/clock.h"

static void begin_line(struct json_writer *json)
{
    if (json->newline) {
        buf_add_char(json->out, '\n');
    }
    json->newline = false;
}

void json_name(struct json_writer *json, const char *name)
{
    CHECK(json->depth == 0 || (json->ends[json->depth - 1] == '}') == (name != NULL));
    if (json->comma) {
        buf_add_char(json->out, ',');
    }
    json->comma = json->depth > 0;
    begin_line(json);
    if (name) {
        buf_add_char(json->out, '"');
        buf_add_str(json->out, name);
        buf_add_str(json->out, "\":");
    }
}

static void begin(struct json_writer *json, const char *name, char begin, char end)
{
    json_name(json, name);
    CHECK(json->depth < JSON_WRITER_DEPTH_MAX);
    json->ends[json->depth++] = end;
    json->comma = false;
    buf_add_char(json->out, begin);
}

void json_object(struct json_writer *json, const char *name)
{
    begin(json, name, '{', '}');
}

void json_array(struct json_writer *json, const char *name)
{
    begin(json, name, '[', ']');
}

void json_end(struct json_writer *json)
{
    CHECK(json->depth > 0);
    begin_line(json);
    buf_add_char(json->out, json->ends[--json->depth]);
    json->comma = json->depth > 0;
}

void json_newline(struct json_writer *json)
{
    json->newline = true;
}

void json_span(struct json_writer *json, const char *name, struct span text)
{
    json_name(json, name);
    buf_add_json(json->out, text);
}

void json_text(struct json_writer *json, const char *name, const char *text)
{
    if (text) {
        json_span(json, name, span_str(text));
    } else {
        json_null(json, name);
    }
}

void json_int(struct json_writer *json, const char *name, int64_t number)
{
    json_name(json, name);
    buf_printf(json->out, "%" PRId64, number);
}

void json_uint(struct json_writer *json, const char *name, uint64_t number)
{
    json_name(json, name);
    buf_printf(json->out, "%" PRIu64, number);
}

void json_double(struct json_writer *json, const char *name, double number)
{
    if (isfinite(number)) {
        json_name(json, name);
        buf_printf(json->out, "%.17g", number);
    } else {
        json_null(json, name);
    }
}

void json_bool(struct json_writer *json, const char *name, bool is)
{
    json_name(json, name);
    buf_add_str(json->out, is ? "true" : "false");
}

void json_null(struct json_writer *json, const char *name)
{
    json_name(json, name);
    buf_add_str(json->out, "null");
}

void json_time(struct json_writer *json, const char *name, int64_t time_us)
{
    char text[CLOCK_TEXT_BYTES];
    bool is_open = time_us == INT64_MIN || time_us == INT64_MAX;
    json_text(json, name, is_open ? NULL : clock_format(time_us, text));
}

void json_day(struct json_writer *json, const char *name, int64_t time_us)
{
    char text[CLOCK_TEXT_BYTES];
    json_text(json, name, clock_format_day(time_us, text));
}

void json_raw(struct json_writer *json, const char *name, struct span value)
{
    json_name(json, name);
    buf_add_span(json->out, value);
}
