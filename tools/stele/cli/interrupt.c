#include "tools/stele/cli/interrupt.h"

#include <stddef.h>

volatile sig_atomic_t interrupt_flag;
atomic_bool interrupt_cancel;

static void (*_Atomic handler)(void);

static void on_signal(int number)
{
    (void)number;
    interrupt_flag = 1;
    atomic_store(&interrupt_cancel, true);
    void (*also)(void) = atomic_load(&handler);
    if (also) {
        also();
    }
}

void interrupt_catch_signal(int number)
{
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    (void)sigaction(number, &action, NULL);
}

void interrupt_catch(void (*also)(void))
{
    atomic_store(&handler, also);
    interrupt_catch_signal(SIGINT);
    interrupt_catch_signal(SIGTERM);
}
