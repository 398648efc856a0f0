#include "tests/support/truth.h"

static void add_quoted(struct buf *out, struct span text)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        buf_add_str(out, text.data[i] == '"' || text.data[i] == '\\' ? "\\" : "");
        buf_add_char(out, text.data[i]);
    }
    buf_add_char(out, '"');
}

/* The value as one bare word: white space and marks of the query language left out. */
static void add_bare(struct buf *out, struct span text)
{
    size_t before = out->size;
    for (size_t i = 0; i < text.size; i++) {
        if (!memchr(" \t\n()[]\"*", text.data[i], 9)) {
            buf_add_char(out, text.data[i]);
        }
    }
    if (out->size == before) {
        buf_add_char(out, 'x');
    }
}

static struct span middle(struct dice *dice, struct span text)
{
    size_t from = dice_roll(dice, (uint32_t)text.size);
    size_t size = 1 + dice_roll(dice, (uint32_t)(text.size - from));
    while (from > 0 && ((unsigned char)text.data[from] & 0xc0) == 0x80) {
        from--;
        size++;
    }
    while (from + size < text.size && ((unsigned char)text.data[from + size] & 0xc0) == 0x80) {
        size++;
    }
    return span_of(text.data + from, size);
}

static const char *const fixed[] = {"*",
                                    "ip:10.0.0.0/8",
                                    "ip:10.0.1.0/24",
                                    "ip:2001:db8::/33",
                                    "ip:10.0.0.1",
                                    "ip:*",
                                    "ip:10.0.0.0/30",
                                    "ip:0.0.0.0/0",
                                    "domain:evil.com",
                                    "domain:example.com",
                                    "domain:internal",
                                    "domain:com",
                                    "url:\"http://evil.com/x.sh\"",
                                    "url:evil.com/x.sh",
                                    "hash:d41d8cd98f00b204e9800998ecf8427e",
                                    "email:carol@example.com",
                                    "email:*@example.com",
                                    "severity:warn",
                                    "severity:(info OR stop)",
                                    "actor:alice",
                                    "actor:*",
                                    "actor:b*",
                                    "pid:>=0",
                                    "pid:[100 TO 200]",
                                    "pid:<0",
                                    "pid:>4000",
                                    "pid:*",
                                    "score:>1.5",
                                    "score:*",
                                    "ei:2",
                                    "ei:2.0",
                                    "success:true",
                                    "nosuch:field",
                                    "nosuch:*",
                                    "hidden1",
                                    "*idde*",
                                    "time:>2025-11-21T12:00:00Z",
                                    "time:2025-11-20",
                                    "time:[2025-11-20T06:00:00Z TO 2025-11-21T06:00:00Z]",
                                    "stele.mark:arrival-time",
                                    "stele.mark:*",
                                    "stele.source:mtls",
                                    "stele.source:*import*",
                                    "mtls",
                                    "uid:*",
                                    "uid:1*",
                                    "time:*",
                                    "command:*",
                                    "command:[a TO m]",
                                    "*il.c*",
                                    "*,y*",
                                    "*c*r*l*",
                                    "f1*",
                                    "4*",
                                    "args.deep:x7",
                                    "args:3",
                                    "identity.roles:admin",
                                    "443",
                                    "10*",
                                    "a-b*",
                                    "text:>4990",
                                    "\"sudo cat\"",
                                    "\"alice 10.0.0.1\"",
                                    "http://evil.com/x.sh",
                                    "*\xc3\xa4RGER*",
                                    "pid:odd",
                                    "*\xc3\xa4*",
                                    "*/etc/*",
                                    "pid:1e3",
                                    "score:1.25",
                                    "addr.remote:[2001:db8:1::1]:1",
                                    "*:44*",
                                    "addr.remote:*.1:4*",
                                    "addr.remote:[10.0.0.1 TO 10.0.0.1:5]",
                                    "addr.remote:\"10.0.0.1 443\"",
                                    "addr.remote:10.0.0.0/30",
                                    "addr.remote:10.0.0.0/8",
                                    "addr.remote:2001:db8::/33",
                                    "addr.remote:0.0.0.0/0",
                                    "addr.remote:10.0.0[.]1",
                                    "pid:10.0.0.0/8",
                                    "nosuch:10.0.0.0/8",
                                    "10.0.0.0/30",
                                    "user=alice",
                                    "user!=bob",
                                    "(alice or bob)",
                                    "(alice and not bob)"};
static void add_fixed(struct dice *dice, struct buf *out)
{
    buf_add_str(out, DICE_PICK(dice, fixed));
}

static void add_leaf(struct dice *dice, struct buf *out)
{
    const struct event *event = &truth.events[dice_roll(dice, (uint32_t)truth.count)];
    const struct event_field *field = &event->fields[dice_roll(dice, (uint32_t)event->n_fields)];
    uint32_t form = dice_roll(dice, 9);
    if (form == 0 || form == 8) {
        add_fixed(dice, out);
        return;
    }
    bool plain_name = !memchr(field->path.data, '0', field->path.size < 4 ? field->path.size : 4);
    if (plain_name && dice_one_in(dice, 2)) {
        buf_printf(out, "%.*s:", SPAN_FMT(field->path));
    } else {
        buf_add_str(out, "text:");
    }
    size_t cut = 1 + dice_roll(dice, (uint32_t)field->value.size);
    while (cut < field->value.size && ((unsigned char)field->value.data[cut] & 0xc0) == 0x80) {
        cut++;
    }
    bool is_time = span_starts(span_of(out->data, out->size), "time:");
    switch (is_time ? 2 : form) {
    case 1:
        add_bare(out, field->value);
        break;
    case 2:
        add_quoted(out, field->value);
        break;
    case 3:
        add_bare(out, span_of(field->value.data, cut));
        buf_add_char(out, '*');
        break;
    case 4:
        buf_add_char(out, '*');
        add_bare(out, middle(dice, field->value));
        buf_add_char(out, '*');
        break;
    case 5:
        add_quoted(out, middle(dice, field->value));
        break;
    case 6:
        buf_add_str(out, dice_one_in(dice, 2) ? ">=" : "<");
        add_quoted(out, field->value);
        break;
    default:
        add_bare(out, span_of(field->value.data, cut));
        buf_add_char(out, '*');
        add_bare(out, middle(dice, field->value));
        break;
    }
}

/* Random enough, and often with parentheses. */
void truth_query(struct dice *dice, struct buf *out)
{
    static const char *const joints[] = {" ", " ", " OR ", " -", " OR NOT "};
    uint32_t leaves = 1 + dice_roll(dice, 4);
    bool open = false;
    for (uint32_t i = 0; i < leaves; i++) {
        if (i > 0) {
            buf_add_str(out, DICE_PICK(dice, joints));
        }
        if (!open && i + 1 < leaves && dice_one_in(dice, 3)) {
            buf_add_str(out, "(");
            open = true;
        }
        struct buf leaf = BUF_INIT;
        add_leaf(dice, &leaf);
        buf_add_span(out, buf_span(&leaf));
        buf_fini(&leaf);
        if (open && dice_one_in(dice, 2)) {
            buf_add_str(out, ")");
            open = false;
        }
    }
    buf_add_str(out, open ? ")" : "");
}
