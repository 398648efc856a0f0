/* An SQLite VFS for tests, in front of the real one, whose disk goes bad at the n-th change. A
 * change is a write, sync, truncation or deletion of a named file. One thread. */
#ifndef TESTS_FAULT_FAULT_VFS_H
#define TESTS_FAULT_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

enum fault_mode {
    FAULT_FULL_ONCE, /* that change fails: no room */
    FAULT_FULL,      /* and every later write too, until fault_disarm */
    FAULT_IO_ONCE,   /* it fails: input/output error */
    FAULT_IO,        /* and every later change too */
    FAULT_KILL,      /* the process dies there: nothing more reaches the files */
    FAULT_POWER,     /* the power goes: what was not synced is lost */
    FAULT_TEAR,      /* the same, but half of what was not synced did reach the disk */
    FAULT_READ,      /* the n-th read, or page of shared memory, and every later one: read error */
    FAULT_MODE_COUNT
};
const char *fault_mode_name(enum fault_mode mode);

/* Makes it the default VFS. Once, before the first sqlite3_open. */
void fault_vfs_register(void);

/* The n-th change from now on (1 is the next) meets the fault. */
void fault_arm(enum fault_mode mode, long n);
/* Back to a sound disk. After KILL, POWER and TEAR: when all connections are closed, as after a
 * restart; takes back what was lost. True when the fault was met. */
bool fault_disarm(void);

#endif
