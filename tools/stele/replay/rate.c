#include "tools/stele/replay/rate.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"

#define NUMBER_MIN 0.001
#define NUMBER_MAX 1e9

enum status pace_parse(const char *text, struct pace *out_pace, struct err *err)
{
    if (strcmp(text, "max") == 0) {
        *out_pace = (struct pace){.kind = PACE_MAX};
        return OK;
    }
    char *end;
    double number = strtod(text, &end);
    bool times = strcmp(end, "x") == 0;
    bool rate = strcmp(end, "/s") == 0;
    bool digit = text[0] >= '0' && text[0] <= '9';
    if (!digit || (!times && !rate) || !(number >= NUMBER_MIN && number <= NUMBER_MAX)) {
        return err_set(err, ERR_USAGE,
                       "--speed is max, a factor (1x: the gaps that were between the events, 10x) "
                       "or events a second (500/s), not \"%.40s\"",
                       text);
    }
    *out_pace = (struct pace){.kind = times ? PACE_TIMES : PACE_RATE, .number = number};
    return OK;
}

/* A number of microseconds that fits, whatever an archive's times are. */
static int64_t microseconds(double us)
{
    const double most = 4e18;
    return (int64_t)(us < most ? us : most);
}

int64_t pace_due_us(struct pace *pace, int64_t time_us, int64_t now_us)
{
    if (pace->begun_us == 0) {
        pace->begun_us = now_us;
        pace->first_us = time_us;
    }
    int64_t due_us = now_us;
    if (pace->kind == PACE_TIMES) {
        double gap_us = ((double)time_us - (double)pace->first_us) / pace->number;
        due_us = pace->begun_us + microseconds(gap_us > 0 ? gap_us : 0);
    } else if (pace->kind == PACE_RATE) {
        int64_t step_us =
            microseconds((double)pace->count * (double)CLOCK_SECOND_US / pace->number);
        due_us = pace->begun_us + step_us;
        if (now_us - due_us > CLOCK_SECOND_US) {
            pace->begun_us += now_us - due_us - CLOCK_SECOND_US;
            due_us = now_us - CLOCK_SECOND_US;
        }
    }
    pace->count++;
    return due_us;
}

int64_t pace_length_us(const struct pace *pace, int64_t count, int64_t span_us)
{
    if (pace->kind == PACE_MAX) {
        return -1;
    }
    double us = pace->kind == PACE_TIMES ? (double)span_us / pace->number
                                         : (double)count * (double)CLOCK_SECOND_US / pace->number;
    return microseconds(us > 0 ? us : 0);
}
