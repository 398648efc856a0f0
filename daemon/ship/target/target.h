/* Where objects go. A target takes whole objects under keys and never changes one that is there:
 * putting the same bytes again is success, putting others is an error. Two kinds: a directory
 * (file://) and an S3 bucket (s3://). One thread, but for the cancel flag. */
#ifndef DAEMON_SHIP_TARGET_TARGET_H
#define DAEMON_SHIP_TARGET_TARGET_H

#include <stdatomic.h>

#include "schema/crypto/digest.h"

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

/* An object of a list. */
struct target_item {
    const char *key; /* below the target's prefix; until the callback ends */
    int64_t bytes;
    int64_t modified_us;
    const char *etag; /* NULL: the target knows none (a directory) */
};

/* What a list passed over: nothing of it is an object. */
struct target_passed {
    int64_t parts;  /* .NAME.part of a directory: uploads under way, or that a crash left */
    int64_t others; /* links, sockets, pipes, devices */
};

/* Anything but OK ends the list or the transfer, which returns it with its text. */
typedef enum status target_each(void *context, const struct target_item *item, struct err *err);
typedef enum status target_take(void *context, struct span bytes, struct err *err);

struct target_list {
    const char
        *prefix; /* below the target's; "": all; "dt=2026-11-23/"; need not end with a slash */
    int page;    /* objects a request, for tests; 0: as many as the store gives */
    target_each *each;
    void *context;
};

struct target_ops {
    enum status (*put)(struct target *target, const struct target_object *object,
                       enum target_put *out_put, struct err *err);
    enum status (*head)(struct target *target, const char *key, struct target_head *out_head,
                        struct err *err);
    enum status (*list)(struct target *target, const struct target_list *list,
                        struct target_passed *out_passed, struct err *err);
    enum status (*get)(struct target *target, const char *key, target_take *take, void *context,
                       struct target_head *out_head, struct err *err);
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

/* A key that is empty or begins with a slash, or has a part "." or "..", is ERR_CORRUPT to all of
 * these; to target_put and target_head also one with an empty part or a control character. */

/* NULL is fine. */
void target_close(struct target *target);

/* OK: the object is at the target, whole, in these bytes. ERR_EXISTS: other bytes are there under
 * the key, as durable as ours would be (daemon/ship/parcel.h looks what they hold). ERR_NET,
 * ERR_IO, ERR_FULL: may go better soon. ERR_DENIED, ERR_CONFIG, ERR_NOT_FOUND: something has to be
 * fixed first. */
MUST_USE enum status target_put(struct target *target, const struct target_object *object,
                                enum target_put *out_put, struct err *err);

/* ERR_NOT_FOUND: no such object. */
MUST_USE enum status target_head(struct target *target, const char *key,
                                 struct target_head *out_head, struct err *err);

/* Calls list->each for every object below the prefix, once, in order of the keys' bytes. What is
 * put or taken away meanwhile may be seen or not. OK with no call: nothing is there. ERR_NOT_FOUND:
 * no such bucket or directory. ERR_NET: no answer, or one that is no list, is out of order or
 * breaks off: a list that ends well is whole. *out_passed may be NULL. */
MUST_USE enum status target_list(struct target *target, const struct target_list *list,
                                 struct target_passed *out_passed, struct err *err);

/* Hands the object's bytes to `take` in pieces, each byte once and in order; never all of them in
 * memory. A connection that is cut is taken up again where it was, if the object is still the same.
 * OK: it came whole; *out_head (may be NULL) has its length and the SHA-256 of what came.
 * ERR_CORRUPT: it came whole and is not what its digest (x-amz-meta-stele-sha256) says.
 * ERR_NOT_FOUND: no such object. ERR_EXISTS: it was replaced meanwhile. ERR_NET, ERR_IO: may go
 * better soon. After a failure `take` has had the beginning of it, or nothing. */
MUST_USE enum status target_get(struct target *target, const char *key, target_take *take,
                                void *context, struct target_head *out_head, struct err *err);

/* Takes away what uploads that were cut off left at the target, when that may be: of `owner` alone
 * (what the file names of its keys begin with, before a dash), and of no upload that is under way,
 * for the caller holds the archive's lock. */
MUST_USE enum status target_sweep(struct target *target, const char *owner, size_t *out_swept,
                                  struct err *err);

/* Is it there and may we use it? Errors as for target_put. Writes nothing. */
MUST_USE enum status target_check(struct target *target, struct err *err);

#endif
