/* A hunt as a bundle of STIX 2.1 (OASIS standard of 10 June 2021; sections 3 to 5 and 8): a
 * sighting for each indicator seen, the archive as the identity that saw it, and the indicators of
 * lists that were not STIX. Suppressed hits are left out.
 *
 * The same indicator, and the same sighting of it, always have the same id (UUIDv5), so that a
 * bundle may be taken in twice. As an object of the same id must have the same `created`, that is a
 * fixed time for identities and indicators, and for a sighting the time of its last event. */
#include "schema/base/clock.h"
#include "schema/crypto/uuid.h"
#include "tools/stele/hunt/hunt_print.h"

enum { COUNT_MAX = 999999999 };

static const char fixed_time[] = "2020-01-01T00:00:00.000Z";

/* Of the ids made here: a UUIDv5 of the URL namespace (RFC 4122) and "stele:hunt". */
static const unsigned char namespace_uuid[16] = {0xf6, 0x09, 0x3d, 0x82, 0x09, 0x89, 0x5e, 0x56,
                                                 0x85, 0x32, 0x5a, 0x04, 0x9e, 0x5d, 0x2b, 0x39};

static void add_uuid(struct buf *out, struct span name)
{
    char text[37];
    uuid_v5(namespace_uuid, name, text);
    buf_add_str(out, text);
}

/* Begins an object, up to what is its own. `created` and `modified` have exactly three digits
 * behind the point; created_us INT64_MIN: the fixed time. */
static void begin_object(struct json_writer *json, const char *type, struct span id,
                         int64_t created_us)
{
    char time[CLOCK_TEXT_BYTES + 8];
    (void)snprintf(time, sizeof time, "%s", fixed_time);
    if (created_us != INT64_MIN) {
        int64_t below_us = (created_us % CLOCK_SECOND_US + CLOCK_SECOND_US) % CLOCK_SECOND_US;
        (void)snprintf(time, sizeof time, "%.19s.%03dZ", output_time(created_us - below_us).text,
                       (int)(below_us / 1000));
    }
    json_newline(json);
    json_object(json, NULL);
    json_text(json, "type", type);
    json_text(json, "spec_version", "2.1");
    json_span(json, "id", id);
    json_text(json, "created", time);
    json_text(json, "modified", time);
}

/* [path = 'value'], parts of it; \ and ' of the value are escaped. */
static void add_comparison(struct buf *out, const char *path, const char *operator,
                           struct span value)
{
    buf_printf(out, "%s %s '", path, operator);
    for (size_t i = 0; i < value.size; i++) {
        buf_add_str(out, memchr("\\'", value.data[i], 2) ? "\\" : "");
        buf_add_char(out, value.data[i]);
    }
    buf_add_char(out, '\'');
}

static void add_address(struct buf *out, const struct indicator *indicator)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    char text[64];
    if (!indicator->is_range) {
        bool four = !memchr(indicator->normal.data, ':', indicator->normal.size);
        add_comparison(out, four ? "ipv4-addr:value" : "ipv6-addr:value", "=", indicator->normal);
        return;
    }
    const unsigned char *bytes = (const unsigned char *)indicator->normal.data;
    bool four = indicator->bits >= 96 && memcmp(bytes, mapped, sizeof mapped) == 0;
    int size = 0;
    if (four) {
        size = snprintf(text, sizeof text, "%u.%u.%u.%u/%u", bytes[12], bytes[13], bytes[14],
                        bytes[15], indicator->bits - 96u);
    }
    for (size_t i = 0; !four && i < 16; i++) {
        size += snprintf(text + size, sizeof text - (size_t)size,
                         i % 2 && i < 15 ? "%02x:" : "%02x", bytes[i]);
    }
    if (!four) {
        size += snprintf(text + size, sizeof text - (size_t)size, "/%u", indicator->bits);
    }
    add_comparison(out, four ? "ipv4-addr:value" : "ipv6-addr:value", "ISSUBSET",
                   span_of(text, (size_t)size));
}

static void add_hash(struct buf *out, struct span normal)
{
    add_comparison(out,
                   normal.size == 32   ? "file:hashes.MD5"
                   : normal.size == 40 ? "file:hashes.'SHA-1'"
                   : normal.size == 64 ? "file:hashes.'SHA-256'"
                                       : "file:hashes.'SHA-512'",
                   "=", normal);
}

/* One without a scheme is of any that the web has. */
static void add_url(struct buf *out, struct span normal)
{
    static const char *const schemes[] = {"http://", "https://"};
    if (memmem(normal.data, normal.size, "://", 3)) {
        add_comparison(out, "url:value", "=", normal);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        struct buf url = BUF_INIT;
        buf_add_str(&url, schemes[i]);
        buf_add_span(&url, normal);
        buf_add_str(out, i > 0 ? " OR " : "");
        add_comparison(out, "url:value", "=", buf_span(&url));
        buf_fini(&url);
    }
}

static void add_file(struct buf *out, struct span normal)
{
    size_t at = normal.size;
    while (at > 0 && !memchr("/\\", normal.data[at - 1], 2)) {
        at--;
    }
    struct span name = span_from(normal, at);
    if (name.size > 0) {
        add_comparison(out, "file:name", "=", name);
    }
    if (at > 0) {
        struct span folder = span_of(normal.data, at > 1 && name.size > 0 ? at - 1 : at);
        buf_add_str(out, name.size > 0 ? " AND " : "");
        add_comparison(out, name.size > 0 ? "file:parent_directory_ref.path" : "directory:path",
                       "=", folder);
    }
}

static void add_pattern(struct buf *out, const struct indicator *indicator)
{
    static const char *const paths[OBSERVABLE_KINDS] = {
        [OBSERVABLE_DOMAIN] = "domain-name:value",
        [OBSERVABLE_EMAIL] = "email-addr:value",
        [OBSERVABLE_USER] = "user-account:user_id",
        [OBSERVABLE_SESSION] = "x-teleport-session:session_id",
        [OBSERVABLE_SERIAL] = "x509-certificate:serial_number",
        [OBSERVABLE_AGENT] =
            "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'",
    };
    if (indicator->kind == OBSERVABLE_KINDS) {
        buf_add_span(out, indicator->text);
        return;
    }
    buf_add_char(out, '[');
    if (indicator->kind == OBSERVABLE_IP) {
        add_address(out, indicator);
    } else if (indicator->kind == OBSERVABLE_HASH) {
        add_hash(out, indicator->normal);
    } else if (indicator->kind == OBSERVABLE_URL) {
        add_url(out, indicator->normal);
    } else if (indicator->kind == OBSERVABLE_FILE) {
        add_file(out, indicator->normal);
    } else {
        add_comparison(out, paths[indicator->kind], "=", indicator->normal);
    }
    buf_add_char(out, ']');
}

/* The indicator's own id of STIX, or one made of its pattern. */
static void add_indicator_id(struct buf *out, const struct indicator *indicator,
                             struct span pattern)
{
    if (indicator->note && indicator->note->id.size > 0) {
        buf_add_span(out, indicator->note->id);
        return;
    }
    struct buf name = BUF_INIT;
    buf_printf(&name, "indicator %s ", indicator->exact ? "exact" : "");
    buf_add_span(&name, pattern);
    buf_add_str(out, "indicator--");
    add_uuid(out, buf_span(&name));
    buf_fini(&name);
}

static void add_indicator(struct json_writer *json, const struct hunt_report *report,
                          const struct indicator *indicator, struct span id, struct span pattern)
{
    const struct indicator_note *note = indicator->note;
    if (note && note->id.size > 0) {
        return; /* who takes the bundle has it, or knows where from */
    }
    begin_object(json, "indicator", id, INT64_MIN);
    json_span(json, "name", indicator->text);
    json_text(json, "description", report->lists[indicator->list].name);
    if (note && note->confidence != INDICATOR_CONFIDENCE_UNKNOWN) {
        json_int(json, "confidence", note->confidence);
    }
    json_span(json, "pattern", pattern);
    json_text(json, "pattern_type", "stix");
    if (note && note->valid_from_us != INT64_MIN) {
        json_time(json, "valid_from", note->valid_from_us);
    } else {
        json_text(json, "valid_from", fixed_time);
    }
    json_end(json);
}

static void add_sighting(struct json_writer *json, const struct hunt_hit *hit,
                         struct span indicator_id, struct span pattern, struct span identity)
{
    struct buf name = BUF_INIT;
    struct buf id = BUF_INIT;
    buf_printf(&name, "sighting %lld %lld %lld ", (long long)hit->events, (long long)hit->first_us,
               (long long)hit->last_us);
    buf_add_span(&name, indicator_id);
    buf_add_span(&name, identity);
    buf_add_span(&name, pattern);
    buf_add_str(&id, "sighting--");
    add_uuid(&id, buf_span(&name));
    begin_object(json, "sighting", buf_span(&id), hit->last_us);
    json_span(json, "created_by_ref", identity);
    json_time(json, "first_seen", hit->first_us);
    json_time(json, "last_seen", hit->last_us);
    json_int(json, "count", hit->events < COUNT_MAX ? hit->events : COUNT_MAX);
    json_span(json, "sighting_of_ref", indicator_id);
    json_array(json, "where_sighted_refs");
    json_span(json, NULL, identity);
    json_end(json);
    json_end(json);
    buf_fini(&name);
    buf_fini(&id);
}

/* An indicator and its sighting. Two of them can share an id when an OR of STIX made both. */
static void add_hit(struct json_writer *json, const struct hunt_report *report,
                    const struct hunt_hit *hit, struct span identity)
{
    const struct indicator *indicator = indicator_set_get(report->set, hit->indicator);
    struct buf pattern = BUF_INIT;
    struct buf id = BUF_INIT;
    add_pattern(&pattern, indicator);
    add_indicator_id(&id, indicator, buf_span(&pattern));
    add_indicator(json, report, indicator, buf_span(&id), buf_span(&pattern));
    add_sighting(json, hit, buf_span(&id), buf_span(&pattern), identity);
    json->out->failed |= !buf_ok(&pattern) || !buf_ok(&id);
    buf_fini(&pattern);
    buf_fini(&id);
}

enum status hunt_print_stix(const struct hunt_report *report, struct err *err)
{
    struct buf out = BUF_INIT;
    struct json_writer json = {.out = &out};
    struct buf identity = BUF_INIT;
    char id[37];
    uuid_random(id);
    buf_printf(&identity, "identity--%s", report->archive_id);
    if (report->archive_id[0] == '\0') {
        add_uuid(&identity, span_str("a file"));
    }
    json_object(&json, NULL);
    json_text(&json, "type", "bundle");
    json_name(&json, "id");
    buf_printf(&out, "\"bundle--%s\"", id);
    json_array(&json, "objects");
    begin_object(&json, "identity", buf_span(&identity), INT64_MIN);
    json_text(&json, "name", "Stele archive");
    json_text(&json, "identity_class", "system");
    json_end(&json);
    enum status status = buf_status(&identity, "hunt", err);
    for (size_t i = 0; status == OK && i < report->result->n_hits; i++) {
        if (report->result->hits[i].warninglist == 0) {
            add_hit(&json, report, &report->result->hits[i], buf_span(&identity));
            status = output_write(&out, err);
        }
    }
    json_newline(&json);
    json_end(&json);
    status = THEN(status, output_json_end(&json, err));
    buf_fini(&identity);
    buf_fini(&out);
    return status;
}
