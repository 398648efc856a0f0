#include "tools/stele/cli/index_inline.h"

#include "schema/index/indexer.h"

enum status index_inline(const struct config *config, struct archive *archive,
                         const volatile sig_atomic_t *stop, struct err *err)
{
    const struct indexer_options options = {.compression_level =
                                                (int)config->index_compression_level};
    struct indexer *indexer = NULL;
    enum status status = indexer_open(archive_dir(archive), &options, &indexer, err);
    while (status == OK && !(stop && *stop)) {
        struct indexer_run *run = NULL;
        status = indexer_run_next(indexer, &run, err);
        if (status != OK || !run) {
            break;
        }
        status = indexer_run_commit(archive, run, err);
        if (status != OK) {
            indexer_run_free(run);
        }
    }
    indexer_close(indexer);
    return status;
}
