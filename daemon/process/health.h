/* What /healthz says: each part of the daemon is well or gives one line that says what is wrong.
 * A store that cannot be reached is no reason to restart a daemon that receives: shipping has no
 * say here. Any thread. */
#ifndef DAEMON_PROCESS_HEALTH_H
#define DAEMON_PROCESS_HEALTH_H

#include "schema/base/lock.h"

enum health_part { HEALTH_WRITER, HEALTH_INDEXER, HEALTH_PART_COUNT };

struct health {
    struct lock lock;
    char wrong[HEALTH_PART_COUNT][ERR_TEXT_BYTES] GUARDED_BY(lock);
};

void health_init(struct health *health);
void health_fini(struct health *health);
/* text NULL: the part is well. */
void health_set(struct health *health, enum health_part part, const char *text);
/* True when all is well, else false and the first reason in out. */
bool health_get(struct health *health, char out[ERR_TEXT_BYTES]);

#endif
