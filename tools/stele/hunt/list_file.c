#include "tools/stele/hunt/list_file.h"

#include "tools/stele/import/unpack.h"

enum { LIST_READ_BYTES = 1024 * 1024, PRINTED_MAX = 1000 };

const char *list_file_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

enum status list_file_read(const char *path, struct buf *out, struct err *err)
{
    struct unpack *unpack = NULL;
    enum status status = unpack_open(path, NULL, &unpack, err);
    for (bool end = false; status == OK && !end;) {
        status = unpack_read(unpack, LIST_READ_BYTES, out, &end, err);
        if (status == OK && out->size > LIST_FILE_BYTES_MAX) {
            status = err_set(err, ERR_LIMIT, "%s: a list of over 256 MiB: split it", path);
        }
    }
    unpack_close(unpack);
    return status;
}
