#include "tools/stele/replay/rate.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"

#define NUMBER_MIN 0.001
#define NUMBER_MAX 1e9

enum status rate_parse(const char *text, struct rate *out_pace, struct err *err)
{
    if (strcmp(text, "max") == 0) {
        *out_pace = (struct rate){.kind = RATE_MAX};
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
    *out_pace = (struct rate){.kind = times ? RATE_SPEEDUP : RATE_PER_SECOND, .number = number};
    return OK;
}

/* A number of microseconds that fits, whatever an archive's times are. */
static int64_t microseconds(double us)
{
    const double most = 4e18;
    return (int64_t)(us < most ? us : most);
}

int64_t rate_due_us(struct rate *rate, int64_t time_us, int64_t now_us)
{
    if (rate->begun_us == 0) {
        rate->begun_us = now_us;
        rate->first_us = time_us;
    }
    int64_t due_us = now_us;
    if (rate->kind == RATE_SPEEDUP) {
        double gap_us = ((double)time_us - (double)rate->first_us) / rate->number;
        due_us = rate->begun_us + microseconds(gap_us > 0 ? gap_us : 0);
    } else if (rate->kind == RATE_PER_SECOND) {
        int64_t step_us =
            microseconds((double)rate->count * (double)CLOCK_SECOND_US / rate->number);
        due_us = rate->begun_us + step_us;
        if (now_us - due_us > CLOCK_SECOND_US) {
            rate->begun_us += now_us - due_us - CLOCK_SECOND_US;
            due_us = now_us - CLOCK_SECOND_US;
        }
    }
    rate->count++;
    return due_us;
}

int64_t rate_length_us(const struct rate *rate, int64_t count, int64_t span_us)
{
    if (rate->kind == RATE_MAX) {
        return -1;
    }
    double us = rate->kind == RATE_SPEEDUP ? (double)span_us / rate->number
                                           : (double)count * (double)CLOCK_SECOND_US / rate->number;
    return microseconds(us > 0 ? us : 0);
}
