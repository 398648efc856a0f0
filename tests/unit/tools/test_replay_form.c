/* The forms of a replay over real and hostile bytes. */
#include "schema/crypto/digest.h"
#include "tests/support/test.h"
#include "tools/stele/replay/form/form.h"
#include "tools/stele/replay/form/json_one_line.h"

#define TIME_US INT64_C(1795428000123000) /* 2026-11-23T10:00:00.123Z */

static struct arena arena;

static struct replay_event read_event(struct span raw)
{
    struct err err = {0};
    struct replay_event event = {0};
    EXPECT_OK(replay_event_read(raw, TIME_US, TIME_US, &arena, &event, &err), err);
    return event;
}

static struct replay_event event_of(const char *raw)
{
    return read_event(span_str(raw));
}

/* One event in a form; the text lives until the next call. */
static struct span in_form(const struct form_options *options, const struct replay_event *event)
{
    static struct buf body;
    struct err err = {0};
    buf_clear(&body);
    EXPECT_OK(form_add(options, event, &body, &err), err);
    EXPECT(buf_ok(&body));
    return buf_span(&body);
}

#define LOGIN                                                                                      \
    "{\"event\":\"user.login\",\"code\":\"T1000W\",\"uid\":\"u-1\",\"cluster_name\":\"c\","        \
    "\"time\":\"2026-11-23T10:00:00.123Z\"}"

TEST(names)
{
    enum form form = FORM_HEC;
    EXPECT(!form_find("json", &form) && form == FORM_HEC);
    for (int i = FORM_FLUENTD; i <= FORM_SYSLOG; i++) {
        EXPECT(form_find(form_name((enum form)i), &form) && (int)form == i);
    }
}

TEST(fluentd_keeps_bytes)
{
    const struct form_options options = {.form = FORM_FLUENTD};
    struct replay_event event = event_of("{\n \"a\":\t1\r\n}");
    EXPECT_SPAN(in_form(&options, &event), "{\n \"a\":\t1\r\n}");
}

TEST(fluentd_urls)
{
    static const struct {
        const char *raw;
        const char *url;
    } cases[] = {
        {"{}", "https://h/test.log"},
        {"{\"sid\":\"\"}", "https://h/test.log"},
        {"{\"sid\":\"3\"}", "https://h/session.3.log"},
        {"{\"sid\":\"0b3c-1\"}", "https://h/session.0b3c-1.log"},
        {"{\"sid\":\"../a b?c#%\"}", "https://h/session...%2Fa%20b%3Fc%23%25.log"},
        {"{\"sid\":\"\\r\\nHost: x\"}", "https://h/session.%0D%0AHost%3A%20x.log"},
        {"{\"sid\":\"\xc3\xa4\"}", "https://h/session.%C3%A4.log"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf url = BUF_INIT;
        struct replay_event event = event_of(cases[i].raw);
        form_fluentd_url("https://h/test.log", "https://h/session", &event, &url);
        EXPECT_STR(url.data, cases[i].url);
        buf_fini(&url);
    }
    struct buf raw = BUF_INIT;
    struct buf url = BUF_INIT;
    buf_add_str(&raw, "{\"sid\":\"");
    for (int i = 0; i < 129; i++) {
        buf_add_char(&raw, 'a');
    }
    buf_add_str(&raw, "\"}");
    struct replay_event event = read_event(buf_span(&raw));
    form_fluentd_url("https://h/test.log", "https://h/session", &event, &url);
    EXPECT_STR(url.data, "https://h/test.log");
    buf_fini(&url);
    buf_fini(&raw);
}

TEST(lines)
{
    static const struct {
        const char *raw;
        const char *line;
        const char *strict;
    } cases[] = {
        {"{}", "{}", "{}"},
        {"{\n\"a\":\n1}", "{ \"a\": 1}", "{ \"a\": 1}"},
        {"{\"a\":\"x\ny\"}", "{\"a\":\"x\\ny\"}", "{\"a\":\"x\\u000ay\"}"},
        {"{\"a\\\"\":\"\n\"}", "{\"a\\\"\":\"\\n\"}", "{\"a\\\"\":\"\\u000a\"}"},
        {"{\"a\":\"\\\\\"\n}", "{\"a\":\"\\\\\" }", "{\"a\":\"\\\\\" }"},
        {"{\"a\":\t\"\t\x01\"\r}", "{\"a\":\t\"\t\x01\"\r}", "{\"a\": \"\\u0009\\u0001\" }"},
        {"{\"a\":\"\xff\xc3\xa4\xc3\"}", "{\"a\":\"\xff\xc3\xa4\xc3\"}",
         "{\"a\":\"\\ufffd\xc3\xa4\\ufffd\"}"},
        {"{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xed\xa0\x80\"}",
         "{\"a\":\"\\ufffd\\ufffd\\ufffd\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf line = BUF_INIT;
        struct buf strict = BUF_INIT;
        json_one_line_add(span_str(cases[i].raw), &line);
        json_one_line_strict(span_str(cases[i].raw), &strict);
        EXPECT_SPAN(buf_span(&line), cases[i].line);
        EXPECT_SPAN(buf_span(&strict), cases[i].strict);
        buf_fini(&line);
        buf_fini(&strict);
    }
}

TEST(hec)
{
    struct form_options options = {
        .form = FORM_HEC, .source = "teleport", .sourcetype = "_json", .index = "a\"b"};
    struct replay_event event = event_of(LOGIN);
    EXPECT_SPAN(in_form(&options, &event),
                "{\"time\":1795428000.123000,\"host\":\"c\",\"source\":\"teleport\","
                "\"sourcetype\":\"_json\",\"index\":\"a\\\"b\",\"event\":" LOGIN "}\n");
    options = (struct form_options){.form = FORM_HEC};
    event = event_of("{\"server_hostname\":\"n\\u0001\\\"\",\"cluster_name\":\"c\"}");
    event.time_us = -1;
    EXPECT_SPAN(in_form(&options, &event),
                "{\"time\":-1.999999,\"host\":\"n\\u0001\\\"\",\"event\":{\"server_hostname\":"
                "\"n\\u0001\\\"\",\"cluster_name\":\"c\"}}\n");
}

TEST(bulk)
{
    char id[FORM_ID_BYTES];
    struct form_options options = {.form = FORM_BULK, .index = "audit"};
    struct replay_event event = event_of(LOGIN);
    struct buf should = BUF_INIT;
    EXPECT(strncmp(form_bulk_id(&event, id), "u-1-", 4) == 0);
    EXPECT_INT(strlen(id), 4 + 16);
    buf_printf(&should,
               "{\"create\":{\"_index\":\"audit\",\"_id\":\"%s\"}}\n"
               "{\"@timestamp\":\"2026-11-23T10:00:00.123Z\",%s\n",
               id, &LOGIN[1]);
    buf_add_char(&should, '\0');
    EXPECT_SPAN(in_form(&options, &event), should.data);
    buf_fini(&should);

    options = (struct form_options){.form = FORM_BULK, .update = true};
    event = event_of(" {\n} ");
    EXPECT(span_ends(in_form(&options, &event),
                     "\"}}\n{\"@timestamp\":\"2026-11-23T10:00:00.123Z\"} \n"));
    EXPECT(span_starts(in_form(&options, &event), "{\"index\":{\"_id\":\""));
    event = event_of("{\"@timestamp\":\"x\"}");
    EXPECT(span_ends(in_form(&options, &event), "\"}}\n{\"@timestamp\":\"x\"}\n"));
}

static void expect_other_id(const char *a, const char *b, bool other)
{
    char id_a[FORM_ID_BYTES];
    char id_b[FORM_ID_BYTES];
    struct replay_event event_a = event_of(a);
    struct replay_event event_b = event_of(b);
    form_bulk_id(&event_a, id_a);
    form_bulk_id(&event_b, id_b);
    EXPECT((strcmp(id_a, id_b) != 0) == other);
}

TEST(bulk_ids)
{
    /* what makes two arrivals one event makes one document */
    expect_other_id("{\"uid\":\"u\",\"event\":\"e\",\"a\":1}", "{\"event\":\"e\",\"uid\":\"u\"}",
                    false);
    expect_other_id("{\"uid\":\"u\",\"event\":\"e\"}", "{\"uid\":\"u\",\"event\":\"f\"}", true);
    expect_other_id("{\"uid\":\"u\",\"code\":\"e\"}", "{\"uid\":\"u\",\"event\":\"e\"}", true);
    expect_other_id("{\"uid\":\"u\"}", "{\"uid\":\"v\"}", true);
    expect_other_id("{\"a\":1}", "{\"a\":2}", true);
    expect_other_id("{\"a\":1}", "{\"a\":1}", false);

    char id[FORM_ID_BYTES];
    char hex[DIGEST_HEX_BYTES];
    struct replay_event event = event_of("{\"a\":1}");
    struct digest digest = digest_sha256(span_str("{\"a\":1}"));
    EXPECT_STR(form_bulk_id(&event, id), digest_hex(&digest, hex));
    struct buf raw = BUF_INIT;
    buf_add_str(&raw, "{\"uid\":\"");
    for (int i = 0; i < 4000; i++) {
        buf_add_char(&raw, 'u');
    }
    buf_add_str(&raw, "\"}");
    event = read_event(buf_span(&raw));
    EXPECT_INT(strlen(form_bulk_id(&event, id)), 64);
    buf_fini(&raw);
}

#define PARAMS " [stele@32473 uid=\"u-1\" code=\"T1000W\" cluster=\"c\"] "

TEST(syslog_message)
{
    struct form_options options = {.form = FORM_SYSLOG, .facility = 13, .frame_bytes_max = 1 << 20};
    struct replay_event event = event_of(LOGIN);
    const char *message = "<108>1 2026-11-23T10:00:00.123Z c teleport - user.login" PARAMS LOGIN;
    struct buf should = BUF_INIT;
    buf_printf(&should, "%zu %s", strlen(message), message);
    buf_add_char(&should, '\0');
    EXPECT_SPAN(in_form(&options, &event), should.data);
    buf_fini(&should);

    event = event_of("{}");
    EXPECT_SPAN(in_form(&options, &event),
                "51 <110>1 2026-11-23T10:00:00.123Z - teleport - - - {}");
}

/* What stands in header fields and parameters is never more than they may hold. */
TEST(syslog_escapes)
{
    struct form_options options = {.form = FORM_SYSLOG, .facility = 0, .frame_bytes_max = 1 << 20};
    /* the archive has no bytes that are not UTF-8; should it ever, they are made harmless */
    struct replay_event event = event_of("{\"server_hostname\":\"h h\",\n\"x\":1}");
    event.type = span_str("a b\n\xc3\xa4");
    event.uid = span_str("]\"\\\n\xff\xc3\xa4");
    struct span text = in_form(&options, &event);

    EXPECT(text.data[3] == ' ' && text.data[4] == '<');
    const char *middle = " h_h teleport - a_b___ [stele@32473 uid=\"\\]\\\"\\\\ ";
    EXPECT(memmem(text.data, text.size, middle, strlen(middle)) != NULL);
    EXPECT(memchr(text.data, '\n', text.size) == NULL);
    EXPECT(memmem(text.data, text.size, "\xff", 1) == NULL);
    EXPECT(memmem(text.data, text.size, "\xef\xbf\xbd\xc3\xa4\"] {", 9) != NULL);

    struct buf raw = BUF_INIT;
    buf_add_str(&raw, "{\"event\":\"");
    for (int i = 0; i < 5000; i++) {
        buf_add_char(&raw, 'e');
    }
    buf_add_str(&raw, "\"}");
    event = read_event(buf_span(&raw));
    text = in_form(&options, &event);
    const char *type = memmem(text.data, text.size, " - e", 4);
    EXPECT(type && strncmp(type, " - eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee - {", 39) == 0);
    buf_fini(&raw);
}

TEST(syslog_longest_frame)
{
    struct form_options options = {.form = FORM_SYSLOG, .facility = 13, .frame_bytes_max = 54};
    struct replay_event event = event_of("{}");
    struct err err = {0};
    struct buf body = BUF_INIT;
    EXPECT_OK(form_add(&options, &event, &body, &err), err);
    size_t size = body.size;
    options.frame_bytes_max = size - 3 - 1;
    EXPECT_INT(form_add(&options, &event, &body, &err), ERR_LIMIT);
    EXPECT_INT(body.size, size);
    options.frame_bytes_max = size - 3;
    EXPECT_OK(form_add(&options, &event, &body, &err), err);
    EXPECT_INT(body.size, 2 * size);
    buf_fini(&body);
}

/* 1 MiB of an event, with everything that is to be replaced in it, in every form. */
TEST(large_events)
{
    struct buf raw = BUF_INIT;
    buf_add_str(&raw, "{\"uid\":\"large\",\"text\":\"");
    while (raw.size < 1024 * 1024) {
        buf_add_str(&raw, "word \\u0041 \\\" \xff \n \xe6\xbc\xa2 ");
    }
    buf_add_str(&raw, "\"\n}");
    struct replay_event event = event_of("{\"uid\":\"large\"}");
    event.raw = buf_span(&raw);
    for (int i = FORM_NDJSON; i <= FORM_SYSLOG; i++) {
        struct form_options options = {
            .form = (enum form)i, .facility = 1, .frame_bytes_max = 1 << 24};
        struct span text = in_form(&options, &event);
        size_t newlines = 0;
        for (size_t k = 0; k < text.size; k++) {
            newlines += text.data[k] == '\n';
        }
        EXPECT_INT(newlines, i == FORM_BULK ? 2 : i == FORM_SYSLOG ? 0 : 1);
        EXPECT((memchr(text.data, 0xff, text.size) != NULL) == (i == FORM_NDJSON));
        EXPECT(text.size > 1024 * 1024);
    }
    buf_fini(&raw);
}

/* As many bytes as LEN says, whatever is in the event; one frame behind the other. */
TEST(syslog_frames_add_up)
{
    struct form_options options = {.form = FORM_SYSLOG, .facility = 13, .frame_bytes_max = 1 << 20};
    struct buf body = BUF_INIT;
    struct err err = {0};
    const char *const raws[] = {"{}", LOGIN, "{\"a\":\"\xff\n12 <3>\"}", "{\n\n}"};
    for (size_t i = 0; i < 4; i++) {
        struct replay_event event = event_of("{}");
        event.raw = span_str(raws[i]);
        EXPECT_OK(form_add(&options, &event, &body, &err), err);
    }
    size_t frames = 0;
    for (struct span rest = buf_span(&body); rest.size > 0; frames++) {
        char *end;
        size_t size = strtoul(rest.data, &end, 10);
        size_t digits = (size_t)(end - rest.data);
        EXPECT(*end == ' ' && end[1] == '<' && digits + 1 + size <= rest.size);
        EXPECT(rest.data[digits + size] == '}');
        rest = span_from(rest, digits + 1 + size);
    }
    EXPECT_INT(frames, 4);
    buf_fini(&body);
}

TEST_MAIN(TEST_ENTRY(names), TEST_ENTRY(fluentd_keeps_bytes), TEST_ENTRY(fluentd_urls),
          TEST_ENTRY(lines), TEST_ENTRY(hec), TEST_ENTRY(bulk), TEST_ENTRY(bulk_ids),
          TEST_ENTRY(syslog_message), TEST_ENTRY(syslog_escapes), TEST_ENTRY(syslog_longest_frame),
          TEST_ENTRY(large_events), TEST_ENTRY(syslog_frames_add_up))
