/* stele ship --status --from --to: which events went in which object, what waits and what failed.
 */
#include <stdio.h>

#include "daemon/ship/target_open.h"
#include "query/language/parse.h"
#include "query/search/inbox_scan.h"
#include "tools/stele/ship/ship_ledger_print.h"

/* Events of that time that are on disk and in no block yet. Those that came twice count twice. */
static enum status count_inbox(const char *dir, int64_t from_us, int64_t to_us, int64_t *out_count,
                               struct err *err)
{
    struct archive *archive = NULL;
    struct query *all = NULL;
    struct inbox_scan *waiting = NULL;
    size_t count = 0;
    enum status status = archive_open(dir, ARCHIVE_READ, &archive, err);
    status = THEN(status, parse_query(span_str("*"), 0, &all, NULL, err));
    status = THEN(status, inbox_scan_open(archive, all, from_us, to_us, &waiting, err));
    if (status == OK) {
        (void)inbox_scan_events(waiting, &count);
        *out_count = (int64_t)count;
    }
    inbox_scan_close(waiting);
    parse_query_free(all);
    archive_close(archive);
    return status;
}

enum status ship_show_ledger(const struct options *options, int64_t from_us, int64_t to_us,
                             bool *out_any, struct err *err)
{
    const char *dir = options->archive;
    char url[TARGET_URL_BYTES];
    bool ships = options->config.ship_target[0] != '\0';
    struct ship_ledger_remainder rest;
    int64_t inbox = 0;
    enum status status = ships ? target_url(&options->config, url, err) : OK;
    const char *target = ships ? url : NULL;
    const struct ship_ledger_query query = {
        .archive_dir = dir, .target = target, .from_us = from_us, .to_us = to_us};
    struct ship_ledger_print print = {.form = options->form, .target = target};
    ship_ledger_print_begin(&print);
    /* the inbox first: what moves on meanwhile is then seen in both, not in none */
    status = THEN(status, count_inbox(dir, from_us, to_us, &inbox, err));
    status = THEN(status, ship_ledger_read(&query, ship_ledger_print_object, &print, &rest, err));
    status = THEN(status, ship_ledger_print_end(&print, &rest, inbox, err));
    buf_fini(&print.out);
    if (status != OK) {
        return status;
    }
    *out_any = print.objects > 0 || rest.inbox_scan_events > 0 || inbox > 0;
    if (!*out_any && options->form == OUTPUT_CSV) {
        fprintf(stderr, "no object has events of this time\n");
    }
    return OK;
}
