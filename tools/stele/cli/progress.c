#include "tools/stele/cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "schema/base/clock.h"

enum { REDRAW_MS = 200 };

void progress_begin(struct progress *progress, const char *label, const char *unit, int64_t total)
{
    const char *terminal = getenv("TERM");
    *progress = (struct progress){
        .label = label,
        .unit = unit,
        .total = total,
        .start_us = clock_monotonic_us(),
        .on = isatty(STDERR_FILENO) && !(terminal && strcmp(terminal, "dumb") == 0),
    };
}

const char *progress_number(int64_t number, char out[32])
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%lld", (long long)number);
    int at = 0;
    for (int i = 0; i < size; i++) {
        if (i > 0 && digits[i - 1] != '-' && (size - i) % 3 == 0) {
            out[at++] = ',';
        }
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

const char *progress_text(const struct progress *progress, int64_t done, int64_t count,
                          int64_t elapsed_us, char out[PROGRESS_TEXT_BYTES])
{
    char share[16] = "";
    char left[40] = "";
    char counted[32];
    char rate[32];
    int64_t us = elapsed_us > 0 ? elapsed_us : 1;
    if (progress->total > 0) {
        double part = (double)done / (double)progress->total;
        part = part > 1 ? 1 : part;
        (void)snprintf(share, sizeof share, "  %3d %%", (int)(part * 100));
        if (part > 0.005) {
            int64_t seconds = (int64_t)((double)us * (1 - part) / part) / CLOCK_SECOND_US;
            (void)snprintf(left, sizeof left, "  %lld:%02d left", (long long)(seconds / 60),
                           (int)(seconds % 60));
        }
    }
    int64_t per_second = (int64_t)((double)count * (double)CLOCK_SECOND_US / (double)us);
    (void)snprintf(out, PROGRESS_TEXT_BYTES, "%s%s  %s %s  %s %s/s%s", progress->label, share,
                   progress_number(count, counted), progress->unit,
                   progress_number(per_second, rate), progress->unit, left);
    return out;
}

void progress_step(struct progress *progress, int64_t done, int64_t count)
{
    if (!progress->on) {
        return;
    }
    int64_t now_us = clock_monotonic_us();
    if (now_us - progress->drawn_us < REDRAW_MS * INT64_C(1000)) {
        return;
    }
    progress->drawn_us = now_us;
    char text[PROGRESS_TEXT_BYTES];
    fprintf(stderr, "\r\x1b[K%s",
            progress_text(progress, done, count, now_us - progress->start_us, text));
}

void progress_wipe(struct progress *progress)
{
    if (progress->on && progress->drawn_us != 0) {
        fprintf(stderr, "\r\x1b[K");
        progress->drawn_us = 0;
    }
}
