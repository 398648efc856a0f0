/* Seals an archive: makes seals of what is new (schema/seal/) and puts them beside the shipped
 * objects, text as ARCHIVE/NUMBER.json and signature as ARCHIVE/NUMBER.sig, so that
 *
 *   openssl pkeyutl -verify -pubin -inkey seal.pub -rawin -in NUMBER.json -sigfile NUMBER.sig
 *
 * checks them without Stele. Under the archive's lock; one thread, but for sealer_stop. */
#ifndef DAEMON_SEAL_SEALER_H
#define DAEMON_SEAL_SEALER_H

#include "daemon/config/config.h"

struct sealer;

struct sealer_report {
    int64_t seals; /* made */
    int64_t blocks;
    int64_t objects;
    int64_t put;
    int64_t last_number;  /* of the last seal there is; 0: none */
    char last_sha256[65]; /* of its text, when it was made now */
    struct err last;      /* of what failed and is tried again; status OK: nothing did */
};

/* The key is made when the archive has none (*out_key_made). Nothing is sent yet. */
MUST_USE enum status sealer_open(const struct config *config, const char *archive_dir,
                                 struct sealer **out_sealer, bool *out_key_made, struct err *err);
/* NULL is fine. */
void sealer_close(struct sealer *sealer);

const char *sealer_key_id(const struct sealer *sealer);
/* Where digests go; "" nowhere. */
const char *sealer_target(const struct sealer *sealer);

/* Any thread: a request under way ends soon, and so does the run. */
void sealer_stop(struct sealer *sealer);

/* Makes seals until all is sealed: SEALER_IF_CHANGED none when there is nothing new, SEALER_ALWAYS
 * one at least, which says that nothing changed since the last one. Then puts those that were not
 * put. A target that fails, or a day that cannot be read, is in the report and does not end the
 * run. */
enum sealer_when { SEALER_IF_CHANGED, SEALER_ALWAYS };
MUST_USE enum status sealer_run(struct sealer *sealer, enum sealer_when when,
                                struct sealer_report *out_report, struct err *err);

#endif
