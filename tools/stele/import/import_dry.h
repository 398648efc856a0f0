/* What stele import --dry-run says: the shape of each file, what would be stored and what not. It
 * reads all of a file, and neither needs an archive nor asks one. One thread. */
#ifndef TOOLS_STELE_IMPORT_IMPORT_DRY_H
#define TOOLS_STELE_IMPORT_IMPORT_DRY_H

#include "tools/stele/import/records.h"

enum { IMPORT_DRY_TAGS_MAX = 8, IMPORT_DRY_TAG_BYTES = 64, IMPORT_DRY_SAMPLE_BYTES = 60 };

struct import_dry_tag {
    char text[IMPORT_DRY_TAG_BYTES];
    int64_t events;
    bool session_stream;
};

/* Of one file. */
struct import_dry_file {
    int64_t forms[RECORD_FORM_COUNT]; /* records */
    int64_t wrappers[WRAPPER_COUNT];
    int64_t events;
    int64_t own_time;
    int64_t prefix_time;
    int64_t first_us; /* of events with one of these times */
    int64_t last_us;
    struct import_dry_tag tags[IMPORT_DRY_TAGS_MAX];
    size_t n_tags;
    int64_t other_tags; /* events with tags that are not in the list */
    int64_t faults;
    int64_t fault_line; /* of the first, and its bytes */
    enum event_fault fault;
    char sample[IMPORT_DRY_SAMPLE_BYTES];
    size_t sample_size;
};

/* Counts all records of the reader's chunk; *file is zeroed before the first. ERR_NOMEM only. */
MUST_USE enum status import_dry_add(struct import_dry_file *file, struct records *records,
                                    struct err *err);

/* On stdout. packing: "gzip"; empty: none. */
void import_dry_print(const struct import_dry_file *file, const char *name, const char *packing);

#endif
