/* A closer look at a day that a bound asks for. One thread. */
#ifndef DAEMON_RETENTION_DAY_STATE_H
#define DAEMON_RETENTION_DAY_STATE_H

#include "daemon/retention/hold_check.h"
#include "daemon/retention/retention_plan.h"
#include "schema/segment/segment_map.h"

/* Size of the day's file and of its log; of a file of several days, the day's share. *segment: as
 * for segment_open_day, used again from day to day. */
int64_t day_state_bytes(const char *dir, const struct segment_map_day *day,
                        struct segment **segment);

/* Fills row and verdict of a day whose day_us, why and file_bytes are set. Errors are the
 * catalogue's; a day that cannot be read is a verdict. */
MUST_USE enum status day_state_read(struct archive *archive, const struct retention_rules *rules,
                                    const struct hold_check_list *holds, struct retention_day *day,
                                    struct err *err);

#endif
