#include "tools/stele/hunt/list_file.h"

#include <stdio.h>

#include "query/render/terminal_text.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/import/unpack.h"

enum { LIST_READ_BYTES = 1024 * 1024, PRINTED_MAX = 1000 };

const char *list_file_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

enum status list_file_read(const char *path, struct buf *out, struct err *err)
{
    struct unpack *unpack = NULL;
    enum status status = unpack_open(path, NULL, &unpack, err);
    for (bool end = false; status == OK && !end;) {
        status = unpack_read(unpack, LIST_READ_BYTES, out, &end, err);
        if (status == OK && out->size > LIST_FILE_BYTES_MAX) {
            status = err_set(err, ERR_LIMIT, "%s: a list of over 256 MiB: split it", path);
        }
    }
    unpack_close(unpack);
    return status;
}

void list_file_refused(void *context, int64_t line, struct span text, const char *why)
{
    struct list_file_report *report = context;
    struct buf shown = BUF_INIT;
    if (++report->count > PRINTED_MAX) {
        return;
    }
    (void)terminal_text_add(&shown, text, 80);
    fprintf(stderr, "%s:%lld: %.*s: %s\n", report->name, (long long)line,
            SPAN_FMT(buf_span(&shown)), why);
    buf_fini(&shown);
}

void list_file_report_end(const struct list_file_report *report)
{
    if (report->count > PRINTED_MAX) {
        char more[32];
        fprintf(stderr, "%s: and %s more that cannot be read\n", report->name,
                progress_number(report->count - PRINTED_MAX, more));
    }
}
