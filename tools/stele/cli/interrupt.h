/* SIGINT and SIGTERM as a wish to end in good order; the second one ends the process as it always
 * does. The flags are for code that polls: one of each kind that it may ask for. */
#ifndef TOOLS_STELE_CLI_INTERRUPT_H
#define TOOLS_STELE_CLI_INTERRUPT_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

extern volatile sig_atomic_t interrupt_flag;
extern atomic_bool interrupt_cancel;

/* From here on the signals set both flags, and call `also` (NULL: nothing), which must be safe in a
 * signal handler. */
void interrupt_catch(void (*also)(void));
/* The same for one more signal. */
void interrupt_catch_signal(int number);

#endif
