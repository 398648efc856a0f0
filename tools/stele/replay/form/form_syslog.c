/* A syslog message (RFC 5424), framed by octet counting:
 *
 *   LEN SP <PRI>1 SP TIMESTAMP SP HOSTNAME SP teleport SP - SP MSGID SP [stele@32473 ...] SP MSG
 *
 * PRI is the facility and the severity that the code's last letter says; TIMESTAMP the event's
 * time; MSGID its type; MSG the event as one line of JSON. MSG has no BOM: the message is MSG-ANY
 * then, and receivers that look for JSON find a brace. 32473 is the enterprise number of RFC 5612
 * for examples: this program has none of its own. */
#include "schema/base/utf8.h"
#include "tools/stele/replay/form/form.h"
#include "tools/stele/replay/form/json_one_line.h"

enum {
    HOSTNAME_BYTES_MAX = 255, /* RFC 5424, section 6 */
    MSGID_BYTES_MAX = 32,
    PARAM_BYTES_MAX = 1024, /* our own bound: uids and codes are short */
};

/* Severities of RFC 5424, table 2. */
static int severity_number(struct span code)
{
    static const int numbers[] = {[EVENT_SEVERITY_NONE] = 6,
                                  [EVENT_SEVERITY_INFO] = 6,
                                  [EVENT_SEVERITY_WARN] = 4,
                                  [EVENT_SEVERITY_ERROR] = 3,
                                  [EVENT_SEVERITY_STOP] = 5};
    return numbers[event_code_severity(code)];
}

/* A header field: printable ASCII without spaces, "-" when there is nothing. */
static void add_field(struct buf *out, struct span text, size_t most)
{
    for (size_t i = 0; i < text.size && i < most; i++) {
        char c = text.data[i];
        buf_add_char(out, c > ' ' && c < 127 ? c : '_');
    }
    buf_add_str(out, text.size > 0 ? " " : "- ");
}

/* PARAM-VALUE: UTF-8, with a backslash before quote, backslash and bracket (section 6.3.3). */
static void add_param(struct buf *out, const char *name, struct span value)
{
    if (value.size == 0) {
        return;
    }
    buf_printf(out, " %s=\"", name);
    for (size_t at = 0; at < value.size && at < PARAM_BYTES_MAX;) {
        uint32_t point;
        size_t n = utf8_decode(span_from(value, at), &point);
        char c = value.data[at];
        if (n == 0) {
            buf_add_str(out, "\xef\xbf\xbd");
        } else if (n > 1) {
            buf_add(out, value.data + at, n);
        } else if ((unsigned char)c < ' ' || c == 127) {
            buf_add_char(out, ' ');
        } else {
            buf_add_str(out, c == '"' || c == '\\' || c == ']' ? "\\" : "");
            buf_add_char(out, c);
        }
        at += n > 0 ? n : 1;
    }
    buf_add_char(out, '"');
}

static void add_message(const struct form_options *options, const struct replay_event *event,
                        struct buf *out)
{
    char time[CLOCK_TEXT_BYTES];
    buf_printf(out, "<%d>1 %s ", options->facility * 8 + severity_number(event->code),
               clock_format(event->time_us, time));
    add_field(out, event->host, HOSTNAME_BYTES_MAX);
    buf_add_str(out, "teleport - ");
    add_field(out, event->type, MSGID_BYTES_MAX);
    if (event->uid.size > 0 || event->code.size > 0 || event->cluster.size > 0) {
        buf_add_str(out, "[stele@32473");
        add_param(out, "uid", event->uid);
        add_param(out, "code", event->code);
        add_param(out, "cluster", event->cluster);
        buf_add_str(out, "] ");
    } else {
        buf_add_str(out, "- ");
    }
    json_one_line_strict(event->raw, out);
}

enum status form_syslog_add(const struct form_options *options, const struct replay_event *event,
                            struct buf *body, struct err *err)
{
    struct buf message = BUF_INIT;
    add_message(options, event, &message);
    enum status status = buf_status(&message, "syslog", err);
    if (status == OK && message.size > options->frame_bytes_max) {
        status = err_set(err, ERR_LIMIT, "a syslog message of %zu bytes, --frame-max is %zu",
                         message.size, options->frame_bytes_max);
    }
    if (status == OK) {
        buf_printf(body, "%zu ", message.size);
        buf_add_span(body, buf_span(&message));
    }
    buf_fini(&message);
    return status;
}
