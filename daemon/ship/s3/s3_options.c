/* Settings into headers. What is wrong is found when the target is opened, and not by the store at
 * the first upload. Pure. */
#include "daemon/ship/s3/s3_options.h"

#include <ctype.h>
#include <stdio.h>

#include "schema/text/ascii.h"

/* Copies what may stand in a header: printable, without spaces. */
static enum status copy(char *out, size_t out_bytes, const char *value, const char *setting,
                        struct err *err)
{
    bool good = ascii_all_visible(span_str(value));
    int n = snprintf(out, out_bytes, "%s", value);
    return good && (size_t)n < out_bytes
               ? OK
               : err_set(err, ERR_CONFIG,
                         "%s: \"%.100s\" is over %zu bytes, or holds a space or what is not ASCII",
                         setting, value, out_bytes - 1);
}

/* A value that was found in a list. */
static void keep(char *out, size_t out_bytes, const char *value)
{
    int n = snprintf(out, out_bytes, "%s", value);
    CHECK(n >= 0 && (size_t)n < out_bytes);
}

static enum status encryption_read(const struct config *config, struct s3_options *out,
                                   struct err *err)
{
    static const char *const names[] = {"", "AES256", "aws:kms", "aws:kms:dsse", NULL};
    const char *name = config->ship_s3_encryption;
    if (!config_is_one_of(name, names)) {
        return err_set(err, ERR_CONFIG,
                       "ship.s3_encryption: \"%.40s\" is none of AES256, aws:kms, aws:kms:dsse",
                       name);
    }
    bool kms = strncmp(name, "aws:kms", 7) == 0;
    if (*config->ship_s3_kms_key_id && !kms) {
        return err_set(err, ERR_CONFIG,
                       "ship.s3_kms_key_id is set: set ship.s3_encryption to aws:kms too");
    }
    if (config->ship_s3_bucket_key && strcmp(name, "aws:kms") != 0) {
        return err_set(err, ERR_CONFIG,
                       "ship.s3_bucket_key is yes: that goes with ship.s3_encryption = aws:kms");
    }
    keep(out->encryption, sizeof out->encryption, name);
    out->bucket_key = config->ship_s3_bucket_key;
    return copy(out->kms_key_id, sizeof out->kms_key_id, config->ship_s3_kms_key_id,
                "ship.s3_kms_key_id", err);
}

static enum status lock_read(const struct config *config, struct s3_options *out, struct err *err)
{
    static const char *const names[] = {"", "GOVERNANCE", "COMPLIANCE", NULL};
    const char *mode = config->ship_s3_lock_mode;
    if (!config_is_one_of(mode, names)) {
        return err_set(err, ERR_CONFIG,
                       "ship.s3_lock_mode: \"%.40s\" is neither GOVERNANCE nor COMPLIANCE", mode);
    }
    if ((*mode != '\0') != (config->ship_s3_lock_for > 0)) {
        return err_set(err, ERR_CONFIG, "%s is set, but not %s: a lock has a mode and an end",
                       *mode ? "ship.s3_lock_mode" : "ship.s3_lock_for",
                       *mode ? "ship.s3_lock_for" : "ship.s3_lock_mode");
    }
    if (config->ship_s3_lock_for > 100 * 366 * CLOCK_DAY_US ||
        (*mode && config->ship_s3_lock_for < CLOCK_DAY_US)) {
        return err_set(err, ERR_CONFIG, "ship.s3_lock_for must be a day to 100 years: 365d");
    }
    keep(out->lock_mode, sizeof out->lock_mode, mode);
    out->lock_for_us = config->ship_s3_lock_for;
    out->legal_hold = config->ship_s3_legal_hold;
    return OK;
}

static enum status tag_read(struct span tag, struct buf *out, struct err *err)
{
    const char *equal = tag.size > 0 ? memchr(tag.data, '=', tag.size) : NULL;
    size_t name = equal ? (size_t)(equal - tag.data) : 0;
    if (name == 0 || name > 128 || tag.size - name - 1 > 256 ||
        memchr(equal + 1, '=', tag.size - name - 1)) {
        return err_set(err, ERR_CONFIG,
                       "ship.s3_tags: \"%.*s\": write name=value&name=value, names of 1 to 128 "
                       "bytes, values up to 256",
                       tag.size < 80 ? (int)tag.size : 80, tag.data);
    }
    sigv4_uri_encode(out, span_of(tag.data, name), false);
    buf_add_char(out, '=');
    sigv4_uri_encode(out, span_of(equal + 1, tag.size - name - 1), false);
    return OK;
}

static enum status tags_read(const struct config *config, struct s3_options *out, struct err *err)
{
    struct buf tags = BUF_INIT;
    struct span rest = span_str(config->ship_s3_tags);
    enum status status = OK;
    size_t count = 0;
    while (rest.size > 0 && status == OK) {
        struct span tag = span_of(rest.data, span_find(rest, '&'));
        buf_add_str(&tags, count > 0 ? "&" : "");
        status = tag_read(tag, &tags, err);
        rest = span_from(rest, tag.size + 1);
        if (++count > S3_TAGS_MAX) {
            status =
                err_set(err, ERR_CONFIG, "ship.s3_tags: S3 takes %d tags at most", S3_TAGS_MAX);
        }
    }
    status = THEN(status, buf_status(&tags, "ship", err));
    if (status == OK) {
        CHECK(tags.size < sizeof out->tags);
        (void)snprintf(out->tags, sizeof out->tags, "%.*s", SPAN_FMT(buf_span(&tags)));
    }
    buf_fini(&tags);
    return status;
}

static enum status words_read(const struct config *config, struct s3_options *out, struct err *err)
{
    static const char *const acls[] = {"", "private", "bucket-owner-full-control",
                                       "bucket-owner-read", NULL};
    static const char *const checksums[] = {"auto", "sha256", "none", NULL};
    const char *owner = config->ship_s3_expected_owner;
    if (!config_is_one_of(config->ship_s3_checksum, checksums)) {
        return err_set(err, ERR_CONFIG, "ship.s3_checksum: \"%.40s\" is none of auto, sha256, none",
                       config->ship_s3_checksum);
    }
    out->no_checksum = strcmp(config->ship_s3_checksum, "none") == 0;
    out->insist_checksum = strcmp(config->ship_s3_checksum, "sha256") == 0;
    if (*owner && (strlen(owner) != 12 || owner[strspn(owner, "0123456789")])) {
        return err_set(err, ERR_CONFIG,
                       "ship.s3_expected_owner: \"%.40s\" is not an account of 12 digits", owner);
    }
    if (!config_is_one_of(config->ship_s3_acl, acls)) {
        return err_set(err, ERR_CONFIG,
                       "ship.s3_acl: \"%.40s\" is none of private, bucket-owner-full-control, "
                       "bucket-owner-read",
                       config->ship_s3_acl);
    }
    keep(out->owner, sizeof out->owner, owner);
    keep(out->acl, sizeof out->acl, config->ship_s3_acl);
    return copy(out->storage_class, sizeof out->storage_class, config->ship_s3_storage_class,
                "ship.s3_storage_class", err);
}

enum status s3_options_read(const struct config *config, struct s3_options *out, struct err *err)
{
    struct s3_options options = {.lock_for_us = 0};
    enum status status = encryption_read(config, &options, err);
    status = THEN(status, lock_read(config, &options, err));
    status = THEN(status, tags_read(config, &options, err));
    status = THEN(status, words_read(config, &options, err));
    if (status == OK) {
        *out = options;
    }
    return status;
}

void s3_options_sign(const struct s3_options *options, int64_t now_us, char until[CLOCK_TEXT_BYTES],
                     struct sigv4_request *request)
{
    until[0] = '\0';
    if (*options->lock_mode) {
        int64_t end_us = now_us + options->lock_for_us;
        clock_format(end_us - end_us % CLOCK_SECOND_US, until);
    }
    sigv4_add_header(request, "x-amz-server-side-encryption", span_str(options->encryption));
    sigv4_add_header(request, "x-amz-server-side-encryption-aws-kms-key-id",
                     span_str(options->kms_key_id));
    sigv4_add_header(request, "x-amz-server-side-encryption-bucket-key-enabled",
                     span_str(options->bucket_key ? "true" : ""));
    sigv4_add_header(request, "x-amz-storage-class", span_str(options->storage_class));
    sigv4_add_header(request, "x-amz-tagging", span_str(options->tags));
    sigv4_add_header(request, "x-amz-acl", span_str(options->acl));
    sigv4_add_header(request, "x-amz-object-lock-mode", span_str(options->lock_mode));
    sigv4_add_header(request, "x-amz-object-lock-retain-until-date", span_str(until));
    sigv4_add_header(request, "x-amz-object-lock-legal-hold",
                     span_str(options->legal_hold ? "ON" : ""));
}
