/* A hunt as JSON: rows, events, and the whole with what was read and searched. */
#include "tools/stele/hunt/hunt_forms.h"

static void add_json_names(struct buf *out, const char *key, const struct hunt_names *names)
{
    buf_printf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < names->count; i++) {
        buf_add_str(out, i > 0 ? "," : "");
        buf_add_json(out, names->items[i]);
    }
    buf_add_str(out, "]");
    if (names->more) {
        buf_printf(out, ",\"%s_more\":true", key);
    }
}

/* What its list says of it. */
static void add_json_note(struct buf *out, const struct indicator_note *note)
{
    char time[CLOCK_TEXT_BYTES];
    if (!note) {
        return;
    }
    if (note->confidence != INDICATOR_CONFIDENCE_UNKNOWN) {
        buf_printf(out, ",\"confidence\":%d", note->confidence);
    }
    if (note->valid_from_us != INT64_MIN) {
        buf_printf(out, ",\"valid_from\":\"%s\"", clock_format(note->valid_from_us, time));
    }
    if (note->about.size > 0) {
        buf_add_str(out, ",\"about\":");
        buf_add_json(out, note->about);
    }
    if (note->id.size > 0) {
        buf_add_str(out, ",\"id\":");
        buf_add_json(out, note->id);
    }
}

static void add_suppressed(struct buf *out, const struct warninglist_set *warninglists,
                           uint32_t warninglist)
{
    if (warninglist) {
        buf_add_str(out, ",\"suppressed\":");
        buf_add_json(out, warninglist_get(warninglists, warninglist - 1)->name);
    }
}

void hunt_json_row(struct buf *out, const struct hunt_report *report, size_t number,
                   const struct hunt_hit *hit)
{
    const struct indicator *indicator = indicator_set_get(report->set, number);
    uint32_t warninglist =
        hit ? hit->warninglist : warninglist_of_indicator(report->warninglists, number);
    char time[CLOCK_TEXT_BYTES];
    buf_add_str(out, "{\"list\":");
    buf_add_json(out, span_str(report->lists[indicator->list].name));
    buf_printf(out, ",\"line\":%u,\"indicator\":", indicator->line);
    buf_add_json(out, indicator->text);
    buf_printf(out, ",\"kind\":\"%s\"", indicator_kind_name(indicator));
    add_json_note(out, indicator->note);
    add_suppressed(out, report->warninglists, warninglist);
    buf_printf(out, ",\"events\":%lld", (long long)(hit ? hit->events : 0));
    if (hit) {
        buf_printf(out, ",\"decoded\":%lld,\"first_seen\":\"%s\"", (long long)hit->decoded,
                   clock_format(hit->first_us, time));
        buf_printf(out, ",\"last_seen\":\"%s\"", clock_format(hit->last_us, time));
        add_json_names(out, "actors", &hit->actors);
        add_json_names(out, "targets", &hit->targets);
        add_json_names(out, "fields", &hit->fields);
    }
    buf_add_char(out, '}');
}

static void print_json_coverage(const struct hunt_coverage *coverage)
{
    char time[CLOCK_TEXT_BYTES];
    char sha256[DIGEST_HEX_BYTES];
    printf("\"coverage\":{\"events\":%lld,\"inbox\":%lld,\"days\":%lld,\"quarantined\":%lld",
           (long long)coverage->events, (long long)coverage->waiting, (long long)coverage->days,
           (long long)coverage->quarantined);
    if (coverage->events > 0) {
        printf(",\"from\":\"%s\"", clock_format(coverage->first_us, time));
        printf(",\"until\":\"%s\"", clock_format(coverage->last_us, time));
    }
    printf(",\"gaps\":[");
    for (size_t i = 0; i < coverage->n_gaps; i++) {
        printf("%s{\"from\":\"%s\",\"days\":%lld}", i > 0 ? "," : "",
               clock_format_day(coverage->gaps[i].from_us, time),
               (long long)coverage->gaps[i].days);
    }
    printf("],\"sha256\":\"%s\"}", digest_hex(&coverage->sha256, sha256));
}

static void add_sum(struct buf *out, const struct hunt_sum *sum)
{
    buf_printf(out, ",\"seen\":%lld,\"hits\":%lld}", (long long)sum->seen, (long long)sum->hits);
}

static void add_lists(struct buf *out, const struct hunt_report *report,
                      const struct hunt_sums *sums)
{
    for (size_t i = 0; i < report->n_lists; i++) {
        const struct list_report *list = &report->lists[i].report;
        buf_add_str(out, i > 0 ? ",\n{\"list\":" : "{\"list\":");
        buf_add_json(out, span_str(report->lists[i].name));
        buf_printf(out, ",\"read\":%lld,\"duplicates\":%lld,\"unsure\":%lld,\"refused\":%lld",
                   (long long)list->read, (long long)list->duplicates, (long long)list->unsure,
                   (long long)list->refused);
        add_sum(out, &sums->lists[i]);
    }
}

static void add_kinds(struct buf *out, const struct hunt_sums *sums)
{
    bool first = true;
    for (int i = 0; i <= OBSERVABLE_KINDS; i++) {
        struct indicator indicator = {.kind = (enum observable_kind)i};
        if (sums->kinds[i].indicators > 0) {
            buf_printf(out, "%s{\"kind\":\"%s\",\"indicators\":%lld", first ? "" : ",\n",
                       indicator_kind_name(&indicator), (long long)sums->kinds[i].indicators);
            add_sum(out, &sums->kinds[i]);
            first = false;
        }
    }
}

static void add_suppressors(struct buf *out, const struct hunt_report *report,
                            const struct hunt_sums *sums)
{
    for (size_t i = 0; i < warninglist_count(report->warninglists); i++) {
        const struct warninglist *warninglist = warninglist_get(report->warninglists, i);
        buf_add_str(out, i > 0 ? ",\n{\"name\":" : "{\"name\":");
        buf_add_json(out, warninglist->name);
        buf_printf(out, ",\"entries\":%lld,\"refused\":%lld,\"indicators\":%lld,\"hits\":%lld}",
                   (long long)warninglist->entries, (long long)warninglist->refused,
                   (long long)sums->warninglist_rows[i].indicators,
                   (long long)sums->warninglist_rows[i].hits);
    }
}

bool hunt_print_json(const struct hunt_report *report, const struct hunt_sums *sums)
{
    struct buf out = BUF_INIT;
    buf_add_str(&out, "{\"lists\":[");
    add_lists(&out, report, sums);
    buf_add_str(&out, "],\n\"kinds\":[");
    add_kinds(&out, sums);
    buf_add_str(&out, "],\n\"suppressors\":[");
    add_suppressors(&out, report, sums);
    buf_add_str(&out, "],\n");
    bool ok = hunt_flush(&out);
    buf_fini(&out);
    print_json_coverage(&report->result->coverage);
    printf(",\n\"indicators\":[\n");
    ok = hunt_print_rows(report, HUNT_JSON) && ok;
    printf("]}\n");
    return ok;
}

static void add_json_parts(struct buf *out, const struct hunt_event *hit)
{
    for (size_t i = 0; i < hit->n_parts; i++) {
        buf_add_str(out, i == 0 ? ",\"parts\":[{\"indicator\":" : ",{\"indicator\":");
        buf_add_json(out, hit->parts[i].indicator->text);
        buf_printf(out,
                   ",\"kind\":\"%s\",\"field\":", indicator_kind_name(hit->parts[i].indicator));
        buf_add_json(out, hit->parts[i].field);
        buf_add_str(out, ",\"value\":");
        buf_add_json(out, hit->parts[i].value);
        buf_add_str(out, i + 1 == hit->n_parts ? "}]" : "}");
    }
}

void hunt_print_event(const struct hunt_event *hit, const struct warninglist_set *warninglists,
                      const char *list)
{
    char time[CLOCK_TEXT_BYTES];
    struct buf line = BUF_INIT;
    buf_add_str(&line, "{\"list\":");
    buf_add_json(&line, span_str(list));
    buf_add_str(&line, ",\"indicator\":");
    buf_add_json(&line, hit->indicator->text);
    buf_printf(&line, ",\"kind\":\"%s\"", indicator_kind_name(hit->indicator));
    add_json_note(&line, hit->indicator->note);
    add_json_parts(&line, hit);
    add_suppressed(&line, warninglists, hit->warninglist);
    buf_add_str(&line, ",\"field\":");
    buf_add_json(&line, hit->field);
    buf_add_str(&line, ",\"value\":");
    buf_add_json(&line, hit->value);
    buf_printf(&line, ",\"decoded\":%s,\"uid\":", hit->decoded ? "true" : "false");
    buf_add_json(&line, hit->event->uid);
    buf_printf(&line, ",\"time\":\"%s\",\"event\":", clock_format(hit->event->time_us, time));
    for (size_t i = 0; i < hit->event->raw.size; i++) { /* a line break in JSON is white space */
        char c = hit->event->raw.data[i];
        buf_add_char(&line, c == '\n' || c == '\r' ? ' ' : c);
    }
    buf_add_str(&line, "}\n");
    if (buf_ok(&line)) {
        (void)fwrite(line.data, 1, line.size, stdout);
    }
    buf_fini(&line);
}
