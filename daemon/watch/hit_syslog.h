/* Hits to the system's log, by syslog(3). The one place with syslog.h. */
#ifndef DAEMON_WATCH_HIT_SYSLOG_H
#define DAEMON_WATCH_HIT_SYSLOG_H

#include "schema/base/err.h"

/* Begins, as "stele" with the process's id. The facility is one that config_validate lets through:
 * auth, authpriv, daemon, user, local0 to local7. Once a process. */
void hit_syslog_open(const char *facility);
/* One line at level warning. syslog(3) does not tell whether anybody took it. */
void hit_syslog_send(const char *line);

#endif
