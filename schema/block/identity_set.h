/* The identities of a segment's events, in memory while it is written: says at once of most events
 * that the segment does not have them. A fingerprint of 32 bits an event stands for identity hash
 * and time; what may be there is then looked up in the blocks. One thread. */
#ifndef SCHEMA_BLOCK_IDENTITY_SET_H
#define SCHEMA_BLOCK_IDENTITY_SET_H

#include <stdint.h>

#include "schema/base/err.h"

/* With more events than this the set is given up, and says "maybe" to all. */
enum { IDENTITY_SET_MAX = 12 * 1024 * 1024 };

struct identity_set {
    uint32_t *table; /* fingerprints; 0 is free */
    uint32_t mask;
    uint32_t count;
    bool given_up;
};

/* The time of events that have none of their own. */
#define IDENTITY_SET_TIME_NONE INT64_MIN

/* Zeroed to begin with. */
void identity_set_fini(struct identity_set *set);
/* When memory is out the set is given up. */
void identity_set_add(struct identity_set *set, uint32_t hash, int64_t time_us);
/* False: no event with this hash and time was added. */
bool identity_set_may_have(const struct identity_set *set, uint32_t hash, int64_t time_us);

#endif
