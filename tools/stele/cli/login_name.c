#include "tools/stele/cli/login_name.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *login_name(char out[LOGIN_NAME_BYTES])
{
    struct passwd entry;
    struct passwd *found = NULL;
    char room[4096];
    const char *by_sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) != 0 || !found) {
        (void)snprintf(out, LOGIN_NAME_BYTES, "uid %ld", (long)getuid());
    } else if (by_sudo && by_sudo[0]) {
        (void)snprintf(out, LOGIN_NAME_BYTES, "%.40s (%.8s by sudo)", by_sudo, found->pw_name);
    } else {
        (void)snprintf(out, LOGIN_NAME_BYTES, "%.64s", found->pw_name);
    }
    return out;
}
