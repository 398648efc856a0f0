#include "tools/stele/replay/form/form.h"

#include "schema/text/ascii.h"
#include "tools/stele/replay/form/json_one_line.h"

enum { SID_BYTES_MAX = 128 };

static const struct {
    const char *name;
    const char *content_type;
} forms[] = {
    [FORM_FLUENTD] = {"fluentd", "application/json"},
    [FORM_NDJSON] = {"ndjson", "application/x-ndjson"},
    [FORM_HEC] = {"hec", "application/json"},
    [FORM_BULK] = {"bulk", "application/x-ndjson"},
    [FORM_SYSLOG] = {"syslog", ""},
};

bool form_find(const char *name, enum form *out_form)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(forms[i].name, name) == 0) {
            *out_form = (enum form)i;
            return true;
        }
    }
    return false;
}

const char *form_name(enum form form)
{
    return forms[form].name;
}

const char *form_content_type(enum form form)
{
    return forms[form].content_type;
}

enum status form_add(const struct form_options *options, const struct replay_event *event,
                     struct buf *body, struct err *err)
{
    switch (options->form) {
    case FORM_FLUENTD:
        buf_add_span(body, event->raw);
        return OK;
    case FORM_NDJSON:
        json_one_line_add(event->raw, body);
        buf_add_char(body, '\n');
        return OK;
    case FORM_HEC:
        form_hec_add(options, event, body);
        return OK;
    case FORM_BULK:
        form_bulk_add(options, event, body);
        return OK;
    case FORM_SYSLOG:
        break;
    }
    return form_syslog_add(options, event, body, err);
}

static bool is_unreserved(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) || (c != '\0' && strchr("-._~", c));
}

void form_fluentd_url(const char *url, const char *session_url, const struct replay_event *event,
                      struct buf *out)
{
    struct span sid = event->sid;
    if (sid.size == 0 || sid.size > SID_BYTES_MAX) {
        buf_add_str(out, url);
    } else {
        buf_add_str(out, session_url);
        buf_add_char(out, '.');
        for (size_t i = 0; i < sid.size; i++) {
            if (is_unreserved(sid.data[i])) {
                buf_add_char(out, sid.data[i]);
            } else {
                buf_printf(out, "%%%02X", (unsigned char)sid.data[i]);
            }
        }
        buf_add_str(out, ".log");
    }
    buf_add_char(out, '\0');
}
