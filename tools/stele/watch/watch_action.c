#include "tools/stele/watch/watch_action.h"

#include "schema/archive/archive.h"

enum status watch_action_archive(const char *dir, struct err *err)
{
    struct archive *archive = NULL;
    enum status status = archive_open(dir, ARCHIVE_READ, &archive, err);
    archive_close(archive);
    return status;
}

enum status watch_action_open(const char *dir, enum watch_mode mode, struct watch_db **out_db,
                              struct err *err)
{
    enum status status = watch_action_archive(dir, err);
    return THEN(status, watch_open(dir, mode, out_db, err));
}
