/* Where objects go. A target takes whole objects under keys and never changes one that is there:
 * putting the same bytes again is success, putting others is an error. Two kinds: a directory
 * (file://) and an S3 bucket (s3://). One thread, but for the cancel flag. */
#ifndef DAEMON_SHIP_TARGET_H
#define DAEMON_SHIP_TARGET_H

#include <stdatomic.h>

#include "daemon/config.h"
#include "schema/base/digest.h"

enum { TARGET_KEY_BYTES = 1024, TARGET_URL_BYTES = 1024 };

struct target;

/* What is put: whole in memory. */
struct target_object {
    const char *key; /* below the target's prefix; "dt=2026-11-23/..." */
    struct span bytes;
    const struct digest *sha256; /* of bytes */
    const char *content_type;
};

enum target_put { TARGET_CREATED, TARGET_WAS_THERE };

/* What is known of an object that is there. */
struct target_head {
    int64_t bytes;
    bool has_sha256; /* the store kept the digest it was given, or the bytes were read */
    struct digest sha256;
};

struct target_ops {
    enum status (*put)(struct target *target, const struct target_object *object,
                       enum target_put *out_put, struct err *err);
    enum status (*head)(struct target *target, const char *key, struct target_head *out_head,
                        struct err *err);
    enum status (*check)(struct target *target, struct err *err);
    /* NULL: nothing can be left */
    enum status (*sweep)(struct target *target, const char *owner, size_t *out_swept,
                         struct err *err);
    void (*close)(struct target *target);
};

struct target {
    const struct target_ops *ops;
    /* The canonical URL that the ledger knows the target by: no slash at the end; for an endpoint
     * other than AWS "?endpoint=host:port" behind it, for it is another store. */
    char url[TARGET_URL_BYTES];
    const atomic_bool *cancel; /* may be NULL; true: running requests end with ERR_STOPPED */
};

/* Opens the target of config.ship_target; nothing is sent yet. ERR_CONFIG: the URL has no known
 * form, or half of a key pair is missing. *config is copied from. */
MUST_USE enum status target_open(const struct config *config, struct target **out_target,
                                 struct err *err);
/* NULL is fine. */
void target_close(struct target *target);

/* The canonical URL alone, without opening: credentials need not be there. */
MUST_USE enum status target_url(const struct config *config, char out[TARGET_URL_BYTES],
                                struct err *err);

/* OK: the object is at the target, whole, in these bytes. ERR_EXISTS: other bytes are there under
 * the key. ERR_NET, ERR_IO, ERR_FULL: may go better soon. ERR_DENIED, ERR_CONFIG, ERR_NOT_FOUND:
 * somebody has to mend something first. */
MUST_USE enum status target_put(struct target *target, const struct target_object *object,
                                enum target_put *out_put, struct err *err);

/* ERR_NOT_FOUND: no such object. */
MUST_USE enum status target_head(struct target *target, const char *key,
                                 struct target_head *out_head, struct err *err);

/* Takes away what uploads that were cut off by a crash left at the target: of `owner` alone (what
 * the file names of its keys begin with, before a dash), and of no upload that is under way, for
 * the caller holds the archive's lock. */
MUST_USE enum status target_sweep(struct target *target, const char *owner, size_t *out_swept,
                                  struct err *err);

/* Is it there and may we use it? Errors as for target_put. Writes nothing. */
MUST_USE enum status target_check(struct target *target, struct err *err);

#endif
