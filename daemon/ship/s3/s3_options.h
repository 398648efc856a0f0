/* What requests to S3 carry beside the object, by stele.conf: encryption, storage class, tags, ACL,
 * expected owner, Object Lock. Read and checked once; no network. */
#ifndef DAEMON_SHIP_S3_S3_OPTIONS_H
#define DAEMON_SHIP_S3_S3_OPTIONS_H

#include "daemon/config/config.h"
#include "daemon/ship/aws/sigv4.h"
#include "schema/base/clock.h"

enum { S3_TAGS_MAX = 10 };

struct s3_options {
    char encryption[16]; /* empty, AES256, aws:kms or aws:kms:dsse */
    char kms_key_id[512];
    bool bucket_key;
    char storage_class[40];
    char tags[3 * CONFIG_TEXT_BYTES]; /* encoded as a query */
    char acl[40];
    char owner[16];      /* 12 digits */
    char lock_mode[16];  /* empty, GOVERNANCE or COMPLIANCE */
    int64_t lock_for_us; /* from the moment of the upload on */
    bool legal_hold;
    bool no_checksum;     /* ship.s3_checksum = none */
    bool insist_checksum; /* sha256: a store that refuses it is wrong */
};

/* ERR_CONFIG: one line that names the setting. */
MUST_USE enum status s3_options_read(const struct config *config, struct s3_options *out,
                                     struct err *err);

/* Adds the headers of a request that makes an object (PutObject, CreateMultipartUpload). `until`
 * takes the date that the lock ends; it and *options must outlive the request. */
void s3_options_sign(const struct s3_options *options, int64_t now_us, char until[CLOCK_TEXT_BYTES],
                     struct sigv4_request *request);

#endif
