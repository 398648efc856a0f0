#include "tools/stele/cli/output.h"

#include <stdio.h>

#include "query/render/local_time.h"
#include "tools/stele/cli/progress.h"

static const struct {
    const char *name;
    const char *help;
} forms_known[] = {
    [OUTPUT_TABLE] = {"table", " (default)"},
    [OUTPUT_JSON] = {"json", ""},
    [OUTPUT_NDJSON] = {"ndjson", ""},
    [OUTPUT_RAW] = {"raw", " (bytes as they came)"},
    [OUTPUT_CSV] = {"csv", ""},
    [OUTPUT_CSV_SAFE] = {"csv-safe", ""},
    [OUTPUT_STIX] = {"stix", " (sightings)"},
};

enum { FORM_COUNT = sizeof forms_known / sizeof forms_known[0] };

bool output_form_find(const char *name, unsigned forms, enum output_form *out_form)
{
    for (unsigned i = 0; i < FORM_COUNT; i++) {
        if (forms & OUTPUT_BIT(i) && strcmp(name, forms_known[i].name) == 0) {
            *out_form = (enum output_form)i;
            return true;
        }
    }
    return false;
}

void output_forms_text(unsigned forms, bool help, char *out, size_t bytes)
{
    size_t size = 0;
    for (unsigned i = 0; i < FORM_COUNT; i++) {
        bool last = forms >> i == 1;
        if (forms & OUTPUT_BIT(i) && size < bytes) {
            size += (size_t)snprintf(out + size, bytes - size, "%s%s%s",
                                     size == 0 ? ""
                                     : last    ? " or "
                                               : ", ",
                                     forms_known[i].name, help ? forms_known[i].help : "");
        }
    }
    CHECK(size < bytes);
}

enum status output_write(struct buf *out, struct err *err)
{
    enum status status = buf_status(out, "output", err);
    if (status == OK && out->size > 0 && fwrite(out->data, 1, out->size, stdout) != out->size) {
        status = err_set(err, ERR_IO, "the output failed");
    }
    buf_clear(out);
    return status;
}

enum status output_finish(struct buf *out, struct err *err)
{
    enum status status = output_write(out, err);
    buf_fini(out);
    return status;
}

enum status output_json_end(struct json_writer *json, struct err *err)
{
    json_end(json);
    buf_add_char(json->out, '\n');
    return output_write(json->out, err);
}

const char *output_plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

struct output_text output_number(int64_t number)
{
    struct output_text out;
    (void)progress_number(number, out.text);
    return out;
}

struct output_text output_count(int64_t number, const char *noun)
{
    struct output_text out;
    (void)snprintf(out.text, sizeof out.text, "%.31s %.28s%s", output_number(number).text, noun,
                   output_plural(number));
    return out;
}

struct output_text output_size(int64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    struct output_text out;
    double size = (double)bytes;
    size_t unit = 0;
    while (size >= 1024 && unit < 4) {
        size /= 1024;
        unit++;
    }
    (void)snprintf(out.text, sizeof out.text, unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
    return out;
}

struct output_text output_time(int64_t time_us)
{
    struct output_text out;
    (void)local_time_format(time_us, out.text);
    return out;
}

struct output_text output_day(int64_t time_us)
{
    struct output_text out;
    (void)clock_format_day(time_us, out.text);
    return out;
}
