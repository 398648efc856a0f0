/* Threads that can wait step back behind those that answer. */
#ifndef DAEMON_PROCESS_THREAD_NICE_H
#define DAEMON_PROCESS_THREAD_NICE_H

/* Makes the calling thread nicer by so many steps (1 to 19), where that is allowed: on Linux nice
 * belongs to the thread. */
void thread_nice_lower(int nice_steps);

#endif
