#include "tools/stele/cli/daemon_at_work.h"

#include <string.h>

#include "schema/archive/archive.h"

long daemon_at_work_pid(const char *archive_dir)
{
    char who[64] = "";
    long pid = archive_lock_holder(archive_dir, who);
    return pid > 0 && strcmp(who, "steled") == 0 ? pid : 0;
}
