#include "tools/stele/copy/copy_print.h"

#include <stdio.h>

#include "query/render/terminal_text.h"
#include "tools/stele/cli/progress.h"

static void print_text(const char *label, struct span text)
{
    struct buf shown = BUF_INIT;
    if (text.size > 0) {
        (void)terminal_text_add(&shown, text, SIZE_MAX);
        printf("%-9s %.*s\n", label, SPAN_FMT(buf_span(&shown)));
    }
    buf_fini(&shown);
}

static void print_time(const char *label, int64_t time_us)
{
    char text[CLOCK_TEXT_BYTES];
    printf("%-9s %s\n", label,
           time_us == INT64_MIN || time_us == INT64_MAX ? "open" : clock_format(time_us, text));
}

static void print_number(const char *label, int64_t number)
{
    char text[32];
    printf("%-9s %s\n", label, progress_number(number, text));
}

void copy_print_case(const struct copy_case *facts)
{
    char hex[DIGEST_HEX_BYTES];
    print_time("made", facts->made_us);
    print_text("by", facts->who);
    print_text("why", facts->why);
    print_text("archive", facts->archive_dir);
    print_text("", facts->archive_id);
    print_time("from", facts->from_us);
    print_time("to", facts->to_us);
    print_text("query", facts->query);
    print_text("session", facts->session);
    print_number("events", facts->events);
    print_time("first", facts->first_us);
    print_time("last", facts->last_us);
    print_number("raw bytes", facts->raw_bytes);
    print_number("blocks", facts->blocks);
    printf("%-9s %s\n", "chain", digest_hex(&facts->chain, hex));
    printf("%-9s %s\n", "content", digest_hex(&facts->content, hex));
    print_text("program", facts->program);
}
