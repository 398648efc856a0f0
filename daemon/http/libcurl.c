#include "daemon/http/libcurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#define LIBRARY "libcurl.so.4" /* of Debian's libcurl4, since curl 7.16 */

struct libcurl libcurl;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct err failure; /* status OK: none */

/* POSIX lets a symbol's address be a function's; ISO C has no cast for it. */
static bool find(void *library, const char *name, void *out_function)
{
    void *found = dlsym(library, name);
    memcpy(out_function, &found, sizeof found);
    return found != NULL;
}

static void load(void)
{
    failure.status = OK;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    bool good = library != NULL;
#define X(name) good = good && find(library, "curl_" #name, &libcurl.name);
    LIBCURL_FUNCTIONS(X)
#undef X
    if (!good) {
        const char *why = dlerror();
        (void)err_set(&failure, ERR_CONFIG,
                      "what goes over a network needs %s (Debian's package libcurl4): %s", LIBRARY,
                      why ? why : "it cannot be loaded");
    } else if (libcurl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void)err_nomem(&failure, LIBRARY);
    }
}

enum status libcurl_load(struct err *err)
{
    (void)pthread_once(&once, load);
    if (failure.status != OK && err) {
        (void)err_copy(err, &failure);
    }
    return failure.status;
}
