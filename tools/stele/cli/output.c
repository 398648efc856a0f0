#include "tools/stele/cli/output.h"

#include <stdio.h>

static const struct {
    const char *name;
    const char *help;
} forms_known[] = {
    [OUTPUT_TABLE] = {"table", " (default)"},
    [OUTPUT_JSON] = {"json", ""},
    [OUTPUT_NDJSON] = {"ndjson", ""},
    [OUTPUT_RAW] = {"raw", " (the bytes as they came)"},
    [OUTPUT_CSV] = {"csv", ""},
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

const char *output_plural(int64_t count)
{
    return count == 1 ? "" : "s";
}
