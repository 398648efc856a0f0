#include "schema/base/private_process.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#if defined(__has_feature)
#define HAS_SANITIZER (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#else
#define HAS_SANITIZER 0
#endif

void private_process_let_group_read(void)
{
    (void)umask(027);
}

void private_process_begin(void)
{
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    (void)umask(077);
    (void)setrlimit(RLIMIT_CORE, &none);
    /* The limit does not hold where cores are piped to a program. A leak sanitizer reads the memory
     * of its own process as another one. */
    if (!HAS_SANITIZER) {
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    }
}
