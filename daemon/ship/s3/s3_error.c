#include "daemon/ship/s3/s3_error.h"
#include "daemon/ship/aws/aws_xml.h"

#include <stdio.h>

void s3_error_read(struct s3_response *response)
{
    struct span body = buf_span(&response->body);
    (void)aws_xml_text(body, "Code", response->code, sizeof response->code);
    (void)aws_xml_text(body, "Message", response->message, sizeof response->message);
    if (!*response->region) {
        (void)aws_xml_text(body, "Region", response->region, sizeof response->region);
    }
}

/* What a code of S3 means for us; %s is the bucket. */
static const struct meaning {
    const char *code;
    enum status status;
    const char *advice;
} meanings[] = {
    {"SignatureDoesNotMatch", ERR_DENIED,
     "wrong secret key for this access key: check ship.s3_secret_access_key"},
    {"InvalidAccessKeyId", ERR_DENIED,
     "the store does not know this access key: check ship.s3_access_key_id"},
    {"AccessDenied", ERR_DENIED,
     "the key may not write here: it needs s3:PutObject on the bucket (and s3:GetObject to "
     "compare)"},
    {"ExpiredToken", ERR_DENIED,
     "the session token has run out: give a new one, or name where it is renewed"},
    {"InvalidToken", ERR_DENIED, "the session token is not valid: check ship.s3_session_token"},
    {"RequestTimeTooSkewed", ERR_DENIED, "this machine's clock is wrong: set it"},
    {"NoSuchBucket", ERR_NOT_FOUND, "no such bucket: create it or correct ship.target"},
    {"InvalidBucketName", ERR_CONFIG,
     "not a bucket name that the store takes: correct ship.target"},
    {"QuotaExceeded", ERR_DENIED, "the bucket's quota is used up"},
    {"UserSuspended", ERR_DENIED, "the account is suspended"},
    {"XAmzContentSHA256Mismatch", ERR_NET, "the bytes were changed on their way"},
    {"BadDigest", ERR_NET, "the bytes were changed on their way"},
    {"RequestTimeout", ERR_NET, "the upload stalled"},
    {"SlowDown", ERR_NET, "the store asks us to slow down"},
    {"ObjectLockConfigurationNotFoundError", ERR_CONFIG,
     "the bucket has no Object Lock: enable it, or unset ship.s3_lock_mode"},
    {"InvalidStorageClass", ERR_CONFIG,
     "the store does not know this class: correct ship.s3_storage_class"},
    {"InvalidTag", ERR_CONFIG, "the store does not take these tags: correct ship.s3_tags"},
    {"KMS.NotFoundException", ERR_CONFIG, "no such key: correct ship.s3_kms_key_id"},
    {"KMS.DisabledException", ERR_CONFIG, "the key of ship.s3_kms_key_id is disabled"},
    {"AccessControlListNotSupported", ERR_CONFIG, "the bucket takes no ACLs: unset ship.s3_acl"},
    {"EntityTooLarge", ERR_CONFIG, "the object is too large: lower ship.object_bytes_max"},
};

static const struct meaning *meaning_find(const char *code)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (strcmp(meanings[i].code, code) == 0) {
            return &meanings[i];
        }
    }
    return NULL;
}

bool s3_error_is_region(const struct s3_endpoint *place, const struct s3_response *response)
{
    bool redirect = response->http == 301 || response->http == 307 || response->http == 308 ||
                    strcmp(response->code, "AuthorizationHeaderMalformed") == 0 ||
                    strcmp(response->code, "PermanentRedirect") == 0 ||
                    strcmp(response->code, "IllegalLocationConstraintException") == 0 ||
                    (response->http == 400 && !*response->code); /* to a HEAD: it has no words */
    return redirect && *response->region && strcmp(response->region, place->region) != 0;
}

bool s3_error_is_passing(const struct s3_response *response)
{
    long http = response->http;
    return http == 429 || (http >= 500 && http != 501 && http != 507) ||
           strcmp(response->code, "RequestTimeout") == 0 || strcmp(response->code, "SlowDown") == 0;
}

static enum status status_of(long http)
{
    return http == 401 || http == 403                  ? ERR_DENIED
           : http == 404                               ? ERR_NOT_FOUND
           : http == 408 || http == 409 || http == 429 ? ERR_NET
           : http == 507                               ? ERR_FULL
           : http >= 500 && http != 501                ? ERR_NET
                                                       : ERR_CONFIG;
}

enum status s3_error(const struct s3_endpoint *place, const struct s3_response *response,
                     struct err *err)
{
    char where[400];
    (void)snprintf(where, sizeof where, "bucket %s at %.200s", place->bucket, place->endpoint);
    enum status status;
    if (s3_error_is_region(place, response)) {
        status = err_set(err, ERR_CONFIG, "%s: it is in region %s, not %s: set ship.s3_region = %s",
                         where, response->region, place->region, response->region);
    } else {
        const struct meaning *meaning = meaning_find(response->code);
        bool words = *response->message != '\0';
        status = err_set(err, meaning ? meaning->status : status_of(response->http),
                         "%s: %s (HTTP %ld%s%s%s%s)", where, meaning ? meaning->advice : "refused",
                         response->http, *response->code ? " " : "", response->code,
                         words ? ": " : "", response->message);
    }
    if (err) {
        err->detail = response->http;
    }
    return status;
}
