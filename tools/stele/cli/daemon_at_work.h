/* Is the daemon at work on an archive? */
#ifndef TOOLS_STELE_CLI_DAEMON_AT_WORK_H
#define TOOLS_STELE_CLI_DAEMON_AT_WORK_H

/* pid of the steled that holds the archive's lock; 0: none. */
long daemon_at_work_pid(const char *archive_dir);

#endif
