/* What is shown of each type of event: event_lines.txt has a line for each event of the corpus,
 * and the template language is tried with values that are not what it expects. */
#include "query/render/event_sentence.h"
#include "query/render/event_summary.h"
#include "query/render/terminal_text.h"
#include "tests/support/test.h"

static void read_event(const char *json, struct arena *arena, struct event *out_event)
{
    *out_event = (struct event){0};
    EXPECT(event_parse(span_str(json), 0, arena, out_event));
}

static void read_text(const char *path, struct buf *out)
{
    struct err err;
    EXPECT_OK(file_read(path, SIZE_MAX, out, &err), err);
}

/* Type, code, actor, address, target and sentence, with tabs between. */
static void show(const struct event *event, struct buf *out)
{
    struct event_summary summary = event_summary_of(event);
    const struct span cells[] = {summary.type,    summary.code,   summary.actor,
                                 summary.address, summary.target, {0}};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0] - 1; i++) {
        buf_add_span(out, cells[i]);
        buf_add_char(out, '\t');
    }
    event_sentence_add(out, event, 2000);
}

TEST(every_type_of_the_corpus)
{
    struct buf events = BUF_INIT;
    struct buf lines = BUF_INIT;
    struct arena arena = ARENA_INIT;
    read_text(CORPUS_DIR "/types.ndjson", &events);
    read_text(LINES_FILE, &lines);
    struct span rest = buf_span(&events);
    struct span should = buf_span(&lines);
    struct span json;
    size_t count = 0;
    while (span_next_line(&rest, &json)) {
        struct event event = {0};
        struct buf is = BUF_INIT;
        struct span line = {0};
        EXPECT(event_parse(json, 0, &arena, &event));
        show(&event, &is);
        (void)span_next_line(&should, &line);
        test_expect_text(LINES_FILE, (int)++count, "the line", buf_span(&is), line);
        buf_fini(&is);
        arena_reset(&arena);
    }
    EXPECT(count > 400);
    EXPECT_INT(should.size, 0);
    arena_fini(&arena);
    buf_fini(&events);
    buf_fini(&lines);
}

static void expect_fill(const char *json, const char *template, const char *should)
{
    struct arena arena = ARENA_INIT;
    struct buf out = BUF_INIT;
    struct event event;
    read_event(json, &arena, &event);
    event_sentence_fill(&out, &event, template, 60);
    EXPECT_SPAN(buf_span(&out), should);
    buf_fini(&out);
    arena_fini(&arena);
}

static const char values[] =
    "{\"event\":\"a.b_c.create\",\"s\":\"text\",\"n\":7,\"big\":123456789012345678901234,"
    "\"neg\":-3,\"f\":1.5,\"o\":{\"k\":\"inner\"},\"l\":[\"x\",\"\",\"y\",null,\"z\"],"
    "\"e\":\"\",\"nul\":null,\"t\":true,\"time\":\"2026-03-01T10:00:00Z\","
    "\"later\":\"2026-03-01T22:00:00.4Z\",\"zero\":\"0001-01-01T00:00:00Z\",\"sizes\":[1000,24],"
    "\"mode\":420}";

TEST(templates)
{
    expect_fill(values, "", "");
    expect_fill(values, "a {s} {o.k} {n} {t}", "a text inner 7 true");
    expect_fill(values, "{none|nul|e|s}", "text");
    expect_fill(values, "{none}, {o}, {l}", "?, ?, x");
    expect_fill(values, "a[ b {none}] c[ d {s}]", "a c d text");
    expect_fill(values, "a[ {s}[ {none}]][ {none}[ {s}]]", "a text");
    expect_fill(values, "{l:list}; {l:words}; [{none:list}]", "x, y, z; x y z; ");
    expect_fill(values, "[{s:if}here][{none:if}not]", "here");
    expect_fill(values, "{event:thing} {event:do} {event:did} {event:plain}",
                "a b c create Created a b c create");
    expect_fill(values, "{s:thing}|{s:did}", "|text");
}

TEST(forms_of_values)
{
    expect_fill(values, "{n:bytes}, {sizes:bytes}, {mode:mode}", "7 bytes, 1.0 KiB, 0644");
    expect_fill(values, "{s:bytes} {neg:bytes} {f:bytes} {s:mode}", "text -3 1.5 text");
    expect_fill(values, "{big:bytes}", "1.2345678901234569e+23");
    expect_fill(values, "[{zero:time}]{later:time} {s:time} {n:time}",
                "2026-03-01T22:00:00Z text 7");
    expect_fill(values,
                "{later:since time}[{time:since later}][{zero:since time}][{time:since zero}]",
                "12 h");
    expect_fill(values, "[{time:since none}][{n:since time}][{time:since s}]{time:since time}",
                "0 ms");
}

TEST(durations)
{
    static const struct {
        const char *later;
        const char *should;
    } cases[] = {
        {"2026-03-01T10:00:00.009Z", "9 ms"},       {"2026-03-01T10:00:01.26Z", "1.3 s"},
        {"2026-03-01T10:00:59.96Z", "1 min 0.0 s"}, {"2026-03-01T10:02:48.2Z", "2 min 48.2 s"},
        {"2026-03-01T10:59:59.99Z", "1 h"},         {"2026-03-01T21:59:59.6Z", "12 h"},
        {"2026-03-02T00:15:00Z", "14 h 15 min"},    {"2026-03-11T12:00:00Z", "10 d 2 h"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char json[200];
        (void)snprintf(json, sizeof json, "{\"a\":\"2026-03-01T10:00:00Z\",\"b\":\"%s\"}",
                       cases[i].later);
        expect_fill(json, "{b:since a}", cases[i].should);
    }
}

TEST(long_values_are_cut)
{
    expect_fill("{\"a\":\"0123456789012345678901234567890123456789012345678901234567890123456789\","
                "\"b\":\"never\"}",
                "{a} {b}",
                "012345678901234567890123456789012345678901234567890123456789\xe2\x80\xa6");
    /* between characters: the 60th byte is in the middle of one */
    expect_fill(
        "{\"a\":\"01234567890123456789012345678901234567890123456789012345678\xc3\xa4\xc3\xa4"
        "\"}",
        "{a}", "01234567890123456789012345678901234567890123456789012345678\xe2\x80\xa6");
    expect_fill("{\"a\":\"012345678901234567890123456789012345678901234567890123456789\"}", "{a}",
                "012345678901234567890123456789012345678901234567890123456789");
    expect_fill(
        "{\"a\":[\"0123456789012345678901234567890123456789\",\"0123456789\",\"01234567890\","
        "\"more\"]}",
        "{a:list}", "0123456789012345678901234567890123456789, 0123456789, 012345\xe2\x80\xa6");
}

static void expect_sentence(const char *json, const char *should)
{
    struct arena arena = ARENA_INIT;
    struct buf out = BUF_INIT;
    struct buf shown = BUF_INIT;
    struct event event;
    read_event(json, &arena, &event);
    event_sentence_add(&out, &event, 2000);
    (void)terminal_text_add(&shown, buf_span(&out), SIZE_MAX);
    EXPECT_SPAN(buf_span(&shown), should);
    buf_fini(&out);
    buf_fini(&shown);
    arena_fini(&arena);
}

TEST(types_that_nobody_knows)
{
    expect_sentence("{}", "");
    expect_sentence("{\"b\":2}", "");
    expect_sentence("{\"event\":7,\"name\":\"x\"}", "7: x");
    expect_sentence("{\"event\":\"dredger.start\",\"message\":\"deep\"}", "dredger start: deep");
    expect_sentence(
        "{\"event\":\"dredger.start\",\"code\":\"X1E\",\"name\":\"d1\",\"error\":\"stuck\"}",
        "dredger start: d1 failed: stuck");
    expect_sentence("{\"event\":\"dredger_rule.create\",\"name\":\"deep\"}",
                    "Created dredger rule deep");
    expect_sentence("{\"event\":\"dredger_rule.delete\",\"success\":false,\"name\":\"deep\"}",
                    "Could not delete dredger rule deep");
    expect_sentence(
        "{\"event\":\"db.session.new_engine.call\",\"db_service\":\"d\",\"query\":\"q\"}",
        "db session new engine call on d: q");
    expect_sentence("{\"event\":\"*\"}", "*");
}

/* What failed is never told as if it had been done. */
TEST(what_failed)
{
    expect_sentence(
        "{\"event\":\"plugin.create\",\"name\":\"p\",\"success\":false,\"error\":\"no\"}",
        "Failed: Created plugin p: no");
    expect_sentence(
        "{\"event\":\"user.login\",\"code\":\"T1000I\",\"method\":\"local\",\"success\":false}",
        "Login failed");
    expect_sentence("{\"event\":\"device\",\"code\":\"TV005I\",\"status\":{\"success\":false},"
                    "\"device\":{\"asset_tag\":\"A1\"}}",
                    "Could not enrol device A1");
    expect_sentence("{\"event\":\"session.rejected\",\"reason\":\"full\"}",
                    "Session refused: full");
    expect_sentence("{\"event\":\"exec\",\"code\":\"T3002E\",\"error\":\"no shell\"}",
                    "Could not run a command: no shell");
}

TEST(hostile_values)
{
    expect_sentence(
        "{\"event\":\"exec\",\"command\":\"a\\u001b[2J\\nb\",\"login\":\"ro\\u202eot\"}",
        "Ran as ro\\u{202e}ot: a\\x1b[2J\\x0ab");
    /* braces and brackets of an event are text */
    expect_sentence("{\"event\":\"exec\",\"command\":\"{user} ] [ }\",\"user\":\"u\"}",
                    "Ran: {user} ] [ }");
    expect_sentence(
        "{\"event\":\"exec\",\"command\":{\"a\":1},\"login\":[1,2],\"server_hostname\":null}",
        "Ran a command as 1");
    expect_sentence("{\"event\":\"sftp\",\"action\":\"1\",\"flags\":true,\"path\":[]}", "Opened ?");
    expect_sentence("{\"event\":\"sftp\",\"action\":1,\"flags\":99999999999,\"path\":7}",
                    "Opened 7 to write");
    expect_sentence("{\"event\":\"mcp.session.request\",\"app_name\":\"m\",\"message\":\"text\"}",
                    "Called ? on m");
    expect_sentence("{\"event\":\"kube.request\"}", "?");
}

static void expect_summary(const char *json, const char *address, const char *target)
{
    struct arena arena = ARENA_INIT;
    struct event event;
    read_event(json, &arena, &event);
    struct event_summary summary = event_summary_of(&event);
    EXPECT_SPAN(summary.address, address);
    EXPECT_SPAN(summary.target, target);
    arena_fini(&arena);
}

TEST(addresses_and_targets)
{
    expect_summary("{\"event\":\"session.start\",\"proto\":\"kube\",\"kubernetes_cluster\":\"k\","
                   "\"server_hostname\":\"teleport.example.com\",\"addr.remote\":\"192.0.2.1:5\"}",
                   "192.0.2.1", "k");
    expect_summary(
        "{\"event\":\"session.network\",\"src_addr\":\"192.0.2.9\",\"dst_addr\":\"192.0.2.8\"}", "",
        "192.0.2.8");
    expect_summary(
        "{\"event\":\"session.network\",\"src_addr\":\"192.0.2.9\",\"dst_addr\":\"192.0.2.8\","
        "\"server_hostname\":\"h\",\"addr.remote\":\"[2001:db8::1]:9\"}",
        "2001:db8::1", "h");
    expect_summary("{\"event\":\"desktop.clipboard.send\",\"addr.remote\":\"192.0.2.3:3389\","
                   "\"addr.local\":\"192.0.2.7\",\"desktop_name\":\"d\"}",
                   "192.0.2.7", "d");
    expect_summary("{\"event\":\"lock.created\",\"name\":\"uuid\",\"target\":{\"login\":\"root\"}}",
                   "", "root");
    expect_summary("{\"event\":\"new.type\",\"server_hostname\":\"teleport.example.com\","
                   "\"kubernetes_cluster\":\"k\"}",
                   "", "k");
    expect_summary("{\"event\":\"new.type\",\"db_service\":\"d\",\"client_ip\":\"192.0.2.5\"}",
                   "192.0.2.5", "d");
}

TEST_MAIN(TEST_ENTRY(every_type_of_the_corpus), TEST_ENTRY(templates), TEST_ENTRY(forms_of_values),
          TEST_ENTRY(durations), TEST_ENTRY(long_values_are_cut),
          TEST_ENTRY(types_that_nobody_knows), TEST_ENTRY(what_failed), TEST_ENTRY(hostile_values),
          TEST_ENTRY(addresses_and_targets))
