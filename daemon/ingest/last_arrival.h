/* When the archive last took in an event, for the age that /metrics shows after a restart. */
#ifndef DAEMON_INGEST_LAST_ARRIVAL_H
#define DAEMON_INGEST_LAST_ARRIVAL_H

#include <stdint.h>

/* Arrival of the newest event in the newest day's last block; 0 when there is none or it cannot be
 * told. Any thread. */
int64_t last_arrival(const char *dir);

#endif
