/* The pace of time and the choice between running sessions and the rest: three of four events
 * belong to a session, and the busy sessions have most of them. */
#include "tests/bench/generate.h"

#include <stdlib.h>

#include "tests/bench/generate_world.h"

enum { SESSION_PER_CENT = 78 };

struct generator *generator_new(const struct generate_options *options)
{
    CHECK(options->events > 0 && options->span_us > 0 && options->start_us >= 0);
    struct generator *g = calloc(1, sizeof *g);
    if (!g) {
        return NULL;
    }
    g->options = *options;
    g->random = options->seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
    g->now_us = options->start_us;
    g->step_us = options->span_us / options->events;
    world_make(g);
    return g;
}

void generator_free(struct generator *generator)
{
    free(generator);
}

static int64_t random_us(struct generator *g, int64_t below)
{
    return below > 0 ? (int64_t)(world_random(g) % (uint64_t)below) : 0;
}

/* Late ones are minutes behind, some of them a day: a session's recording is read long after. */
static void set_time(struct generator *g)
{
    const struct generate_options *o = &g->options;
    g->now_us += random_us(g, 2 * g->step_us + 1);
    if (g->now_us >= o->start_us + o->span_us) {
        g->now_us = o->start_us + o->span_us - 1;
    }
    g->time_us = g->now_us;
    if (o->random_order) {
        g->time_us = o->start_us + random_us(g, o->span_us);
    } else if ((double)world_below(g, 1000000) < o->late * 1e6) {
        int64_t most = (world_once_in(g, 10) ? 86400 : 900) * INT64_C(1000000);
        int64_t past = g->now_us - o->start_us;
        g->time_us -= random_us(g, most < past ? most : past);
    }
}

struct span generator_next(struct generator *generator, struct span *out_uid)
{
    struct generator *g = generator;
    set_time(g);
    world_uuid(g, g->uid);
    g->line.size = 0;
    line_open(&g->line, NULL);
    if (world_below(g, 100) < SESSION_PER_CENT) {
        make_session_event(g, &g->sessions[world_skewed(g, SESSIONS)]);
    } else {
        make_audit_event(g);
    }
    line_close(&g->line);
    if (out_uid) {
        *out_uid = span_of(g->uid, 36);
    }
    return span_of(g->line.text, g->line.size);
}
