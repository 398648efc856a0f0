/* An object in parts: CreateMultipartUpload, UploadPart..., CompleteMultipartUpload (Amazon S3 API
 * Reference). An upload that fails is aborted; what is left nevertheless is swept. One
 * thread, that of the s3_http. */
#ifndef DAEMON_SHIP_S3_S3_MULTIPART_H
#define DAEMON_SHIP_S3_S3_MULTIPART_H

#include "daemon/ship/s3/s3_client.h"

#define S3_PART_BYTES_MIN (INT64_C(5) << 20) /* but for the last */
enum { S3_PARTS_MAX = 10000, S3_UPLOAD_ID_BYTES = 1024 };

struct s3_multipart {
    const struct target_object *object;
    int64_t part_bytes; /* made larger when there would be over S3_PARTS_MAX */
    bool checksum;
    bool only_if_absent;
};

/* Sends it. OK: *out_answer is that of the step that ended it, to be read like a PUT's: 200 with an
 * ETag: it is there, whole. An error inside a 200 comes out under its own code and number. When the
 * upload is gone as we complete it, somebody did (we, with an answer that was lost): 412. Errors as
 * of s3_client_run. *left, also on failure, becomes true when an unfinished upload may have been
 * left: the answer to its beginning was lost, or it could not be aborted. */
MUST_USE enum status s3_multipart_run(struct s3_client *http, const struct s3_multipart *multipart,
                                      bool *left, struct s3_response *out_answer, struct err *err);

/* Aborts unfinished uploads below our prefix whose key is of our archive (dt=DAY/OWNER-...).
 * *out_left: some could not be aborted. Errors: ERR_DENIED when we may not list them. */
MUST_USE enum status s3_multipart_sweep(struct s3_client *http, const char *owner,
                                        size_t *out_swept, bool *out_left, struct err *err);

#endif
