/* A closer look at a day that a bound asks for. One thread. */
#ifndef DAEMON_RETENTION_DAY_STATE_H
#define DAEMON_RETENTION_DAY_STATE_H

#include "daemon/retention/hold_check.h"
#include "daemon/retention/retention_plan.h"

/* Size of the day's file and of its log. */
int64_t day_state_bytes(const char *dir, int64_t day_us);

/* Fills row and verdict of a day whose day_us, why and file_bytes are set. Errors are the
 * catalogue's; a day that cannot be read is a verdict. */
MUST_USE enum status day_state_read(struct archive *archive, const struct retention_rules *rules,
                                    const struct hold_check_list *holds, struct retention_day *day,
                                    struct err *err);

#endif
