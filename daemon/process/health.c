#include "daemon/process/health.h"

#include <stdio.h>

void health_init(struct health *health)
{
    memset(health, 0, sizeof *health);
    lock_init(&health->lock);
}

void health_fini(struct health *health)
{
    lock_fini(&health->lock);
}

void health_set(struct health *health, enum health_part part, const char *text)
{
    lock_take(&health->lock);
    (void)snprintf(health->wrong[part], sizeof health->wrong[part], "%s", text ? text : "");
    lock_drop(&health->lock);
}

bool health_get(struct health *health, char out[ERR_TEXT_BYTES])
{
    bool good = true;
    lock_take(&health->lock);
    for (size_t i = 0; i < HEALTH_PART_COUNT && good; i++) {
        if (health->wrong[i][0]) {
            memcpy(out, health->wrong[i], ERR_TEXT_BYTES);
            good = false;
        }
    }
    lock_drop(&health->lock);
    return good;
}
