/* Events of every form that JSON has, in shapes that repeat: empty, escaped, dotted and repeated
 * keys, objects deeper than lines are cut, arrays, numbers of every spelling. The same bytes for
 * the same seed. */
#ifndef TESTS_SUPPORT_ODD_JSON_H
#define TESTS_SUPPORT_ODD_JSON_H

#include "tests/support/audit_world.h"

enum { ODD_JSON_SHAPES = 25, ODD_JSON_DEPTH = 9 };

static inline void odd_json_string(struct dice *dice, struct buf *out)
{
    static const char *const pieces[] = {"alice",
                                         "Bob-2",
                                         " ",
                                         "\\n",
                                         "\\\"",
                                         "\\\\",
                                         "\\/",
                                         "\\u00e4",
                                         "\xc3\xa4rger",
                                         "\\ud83d\\ude00",
                                         "\\u0041",
                                         "10.0.0.7",
                                         "a.b",
                                         "5",
                                         "-",
                                         ",\\\"x\\\":",
                                         "{",
                                         "]",
                                         "2026-11-23T08:00:00Z",
                                         "1d00fcb8-eca1-4a5d-93df-de3d0e875ce8",
                                         "xyzzy"};
    buf_add_char(out, '"');
    for (uint32_t n = dice_roll(dice, 4); n > 0; n--) {
        buf_add_str(out, pieces[dice_roll(dice, sizeof pieces / sizeof pieces[0])]);
    }
    buf_add_char(out, '"');
}

static inline void odd_json_number(struct dice *dice, struct buf *out)
{
    static const char *const odd[] = {"0",    "-0",     "0.0",   "-0.0",
                                      "1.0",  "1.50",   "1e5",   "1E+2",
                                      "1e-7", "-1.5e3", "1e400", "9007199254740993",
                                      "0.1",  "-17",    "1e0",   "123456789012345678901234567890"};
    if (dice_one_in(dice, 2)) {
        buf_add_str(out, odd[dice_roll(dice, sizeof odd / sizeof odd[0])]);
    } else {
        buf_printf(out, "%d", (int)dice_roll(dice, 5000) - 100);
    }
}

static inline void odd_json_plain(struct dice *dice, struct buf *out)
{
    switch (dice_roll(dice, 6)) {
    case 0:
        odd_json_number(dice, out);
        break;
    case 1:
        buf_add_str(out, dice_one_in(dice, 2) ? "true" : "false");
        break;
    case 2:
        buf_add_str(out, dice_one_in(dice, 2) ? "null" : "\"\"");
        break;
    default:
        odd_json_string(dice, out);
        break;
    }
}

static inline void odd_json_key(struct dice *shape, struct buf *out)
{
    static const char *const keys[] = {"a",       "b", "user", "",     "a.b",       "a\\\"b",
                                       "\\u0061", "A", "deep", "\\\\", "x\\u0002y", "\xc3\xa4",
                                       "roles",   ".", "a.",   ".b",   "b.a"};
    buf_printf(out, "\"%s\":", keys[dice_roll(shape, sizeof keys / sizeof keys[0])]);
}

/* Members of an object; which there are is the dice of the shape's doing, what they are the
 * other's. Tests may recurse: the depth has a bound. */
static inline void odd_json_members(struct dice *shape, struct dice *dice, int depth,
                                    struct buf *out)
{
    uint32_t count = dice_roll(shape, depth == 0 ? 8 : 4);
    for (uint32_t i = 0; i < count; i++) {
        buf_add_str(out, i > 0 ? "," : "");
        odd_json_key(shape, out);
        uint32_t kind = dice_roll(shape, 8);
        if (kind < 3 && depth < ODD_JSON_DEPTH) {
            buf_add_char(out, '{');
            odd_json_members(shape, dice, depth + 1, out);
            buf_add_char(out, '}');
        } else if (kind == 3 && depth < ODD_JSON_DEPTH) {
            buf_add_char(out, '[');
            for (uint32_t n = dice_roll(dice, 4); n > 0; n--) {
                odd_json_plain(dice, out);
                buf_add_str(out, ",{");
                odd_json_members(dice, dice, depth + 4, out);
                buf_add_str(out, n > 1 ? "}," : "}");
            }
            buf_add_char(out, ']');
        } else {
            odd_json_plain(dice, out);
        }
    }
}

/* An event, without a newline, of the day that begins at day_us. */
static inline void odd_json_event(struct dice *dice, int64_t day_us, struct buf *out)
{
    struct dice shape = {.state = 77 + dice_roll(dice, ODD_JSON_SHAPES)};
    struct buf members = BUF_INIT;
    char time[CLOCK_TEXT_BYTES];
    if (dice_one_in(dice, 30)) {
        shape.state = dice_roll(dice, 1u << 30); /* one that does not come again */
    }
    buf_printf(out, "{\"uid\":\"%08x-0000-4000-8000-%012x\",\"time\":\"%s\"",
               dice_roll(dice, 1u << 30), dice_roll(dice, 1u << 30),
               clock_format(day_us + dice_roll(dice, 86400) * CLOCK_SECOND_US, time));
    odd_json_members(&shape, dice, 0, &members);
    buf_add_str(out, members.size > 0 ? "," : "");
    buf_add_span(out, buf_span(&members));
    buf_add_char(out, '}');
    buf_fini(&members);
}

#endif
