/* Times of events as programs write them; and that a look at the head, a parse and a parse of the
 * same bytes later on all read the same one. */
#include "schema/event/event_time.h"

#include "schema/event/event.h"
#include "tests/support/test.h"

static const int64_t arrival = INT64_C(1795392000000000); /* 2026-11-23 */

static const struct {
    const char *text;
    const char *time; /* NULL: none that can be read */
} cases[] = {
    {"2026-03-04T05:06:07Z", "2026-03-04T05:06:07Z"},
    {"2026-03-04t05:06:07.25z", "2026-03-04T05:06:07.25Z"},
    {"2026-03-04T07:06:07+02:00", "2026-03-04T05:06:07Z"},
    {"2026-03-04T05:06:07", "2026-03-04T05:06:07Z"},
    {"2026-03-04 05:06:07", "2026-03-04T05:06:07Z"},
    {"2026-03-04 05:06:07.123456", "2026-03-04T05:06:07.123456Z"},
    {"2026-03-04 05:06:07,123", "2026-03-04T05:06:07.123Z"},
    {"2026-03-04 05:06:07.123456789012", "2026-03-04T05:06:07.123456Z"},
    {"2026-03-04 05:06:07Z", "2026-03-04T05:06:07Z"},
    {"2026-03-04 05:06:07 Z", "2026-03-04T05:06:07Z"},
    {"2026-03-04 05:06:07 UTC", "2026-03-04T05:06:07Z"},
    {"2026-03-04 05:06:07.5 GMT", "2026-03-04T05:06:07.5Z"},
    {"2026-03-04T07:06:07+0200", "2026-03-04T05:06:07Z"},
    {"2026-03-03T23:36:07.5-0530", "2026-03-04T05:06:07.5Z"},
    {"2026-03-04 05:06:07+00", "2026-03-04T05:06:07Z"},
    {"2026-03-04 00:06:07-05", "2026-03-04T05:06:07Z"},
    {"2026-03-04 05:06:07.123 +0000", "2026-03-04T05:06:07.123Z"},
    {"2026-03-04 07:06:07 +02:00", "2026-03-04T05:06:07Z"},
    {"2026-03-04 05:06:07.000000001 +0000 UTC", "2026-03-04T05:06:07Z"},
    {"1772600767", "2026-03-04T05:06:07Z"},
    {"1772600767.25", "2026-03-04T05:06:07.25Z"},
    {"1772600767.123456789", "2026-03-04T05:06:07.123456Z"},
    {"1772600767123", "2026-03-04T05:06:07.123Z"},
    {"1772600767123.456", "2026-03-04T05:06:07.123456Z"},
    {"1772600767123456", "2026-03-04T05:06:07.123456Z"},
    {"1772600767123456789", "2026-03-04T05:06:07.123456Z"},
    {"1.772600767e9", "2026-03-04T05:06:07Z"},
    {"1.772600767123456E+18", "2026-03-04T05:06:07.123456Z"},
    {"", NULL},
    {"yesterday", NULL},
    {"2026-03-04", NULL},
    {"2026-02-30 05:06:07", NULL},
    {"2026-03-04 24:06:07", NULL},
    {"2026-03-04 05:60:07", NULL},
    {"2026-03-04 05:06", NULL},
    {"2026-03-04 05:06:07.", NULL},
    {"2026-03-04 05:06:07 CET", NULL},
    {"2026-03-04 05:06:07+2", NULL},
    {"2026-03-04 05:06:07+02:0", NULL},
    {"2026-03-04 05:06:07+0200 CEST", NULL},
    {"2026-03-04_05:06:07", NULL},
    {"04/Mar/2026:05:06:07", NULL},
    {"177260076", NULL},
    {"17726007671", NULL},
    {"17726007671234567890", NULL},
    {"1772600767.", NULL},
    {"1.7.7", NULL},
    {"1.772600767e", NULL},
    {"1.772600767e-9", NULL},
    {"1.7e9999999999999999999", NULL},
    {"1772600767s", NULL},
    {"0", NULL},
};

TEST(forms)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t time_us = 7;
        char text[CLOCK_TEXT_BYTES];
        bool found = event_time_read(span_str(cases[i].text), &time_us);
        if (found != (cases[i].time != NULL)) {
            fprintf(stderr, "  for %s\n", cases[i].text);
        }
        EXPECT(found == (cases[i].time != NULL));
        if (cases[i].time) {
            EXPECT_STR(clock_format(time_us, text), cases[i].time);
        } else {
            EXPECT_INT(time_us, 7);
        }
    }
}

/* Both ways to read the object say this of its time. */
static void expect_time(const char *object, const char *time)
{
    struct arena arena = ARENA_INIT;
    char text[CLOCK_TEXT_BYTES];
    struct event full;
    struct event head;
    EXPECT(event_parse(span_str(object), arrival, &arena, &full));
    EXPECT(event_parse_head(span_str(object), arrival, &arena, &head));
    EXPECT_INT(full.time_us, head.time_us);
    EXPECT_INT(full.time_is_arrival, head.time_is_arrival);
    EXPECT_STR(full.time_is_arrival ? "none" : clock_format(full.time_us, text), time);
    arena_fini(&arena);
}

TEST(events)
{
    struct buf object = BUF_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_clear(&object);
        buf_printf(&object, "{\"event\":\"x\",\"time\":\"%s\"}%c", cases[i].text, 0);
        expect_time(object.data, cases[i].time ? cases[i].time : "none");
    }
    buf_fini(&object);
    static const struct {
        const char *object;
        const char *time;
    } numbers[] = {
        {"{\"event\":\"x\",\"time\":1772600767}", "2026-03-04T05:06:07Z"},
        {"{\"time\" : 1772600767123456789 ,\"event\":\"x\"}", "2026-03-04T05:06:07.123456Z"},
        {"{\"event\":\"x\",\"time\":1772600767.123456}", "2026-03-04T05:06:07.123456Z"},
        {"{\"event\":\"x\",\"time\":1.772600767123e+12}", "2026-03-04T05:06:07.123Z"},
        {"{\"event\":\"x\",\"time\":1772600767,\"time\":\"2026-03-05T05:06:07Z\"}",
         "2026-03-05T05:06:07Z"},
        {"{\"event\":\"x\",\"a\":{\"time\":1772600768},\"time\":1772600767}",
         "2026-03-04T05:06:07Z"},
        {"{\"event\":\"x\",\"a\":[\"]}\",{\"time\":1}],\"b\":\"\\\"time\\\":5\",\"time\":"
         "1772600767}",
         "2026-03-04T05:06:07Z"},
        {"{\"event\":\"x\",\"time\":[1772600767]}", "none"},
        {"{\"event\":\"x\",\"time\":-1772600767}", "none"},
        {"{\"event\":\"x\",\"time\":5}", "none"},
        {"{\"event\":\"x\",\"time\":null}", "none"},
        {"{\"event\":\"x\",\"time\":9772600767}", "none"}, /* far ahead of the arrival */
        {"{\"event\":\"x\",\"time\":1072600767}", "none"}, /* before there was Teleport */
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        expect_time(numbers[i].object, numbers[i].time);
    }
}

TEST_MAIN(TEST_ENTRY(forms), TEST_ENTRY(events))
