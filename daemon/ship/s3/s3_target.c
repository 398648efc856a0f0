/* The S3 bucket as a target. An object is durable there when a PUT, or the end of an upload in
 * parts, is answered 200 with an ETag, or when the key is taken by the same bytes. What a store
 * does not know (If-None-Match, checksums) is left out for the life of the process once it said so.
 * The caller's thread. */
#include "daemon/ship/s3/s3_target.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/http/http_client.h"
#include "daemon/ship/s3/s3_error.h"
#include "daemon/ship/s3/s3_multipart.h"
#include "daemon/ship/s3/s3_read.h"

enum {
    PUT_TRIES = 5,
    CONFLICT_WAIT_MS = 100,
    OBJECT_OVER_BYTES = 4 << 20,
    SWEEPS_REFUSED_MAX = 3, /* then no more: it may not look */
};

struct s3 {
    struct target target;
    struct s3_client *http;
    bool no_conditional; /* the store answered 501 to If-None-Match */
    int64_t multipart_over;
    int64_t part_bytes;
    bool may_be_left; /* unfinished uploads of ours, of a run before or of this one */
    unsigned sweeps_refused;
    bool no_checksum; /* it refused x-amz-checksum-sha256, or none is wanted */
};

static struct s3 *of(struct target *target)
{
    return (struct s3 *)(void *)((char *)target - offsetof(struct s3, target));
}

static enum status head(struct target *target, const char *key, struct target_head *out_head,
                        struct err *err)
{
    struct s3 *s3 = of(target);
    const struct s3_request request = {.method = "HEAD", .key = key};
    struct s3_response response;
    enum status status = s3_client_run(s3->http, &request, &response, err);
    if (status != OK) {
        return status;
    }
    if (s3_response_is_good(&response)) {
        *out_head = (struct target_head){
            .bytes = response.length, .has_sha256 = response.has_sha256, .sha256 = response.sha256};
    } else if (response.http == 404) {
        status = err_set(err, ERR_NOT_FOUND, "%s: no object %s", target->url, key);
    } else {
        status = s3_error(s3_client_endpoint(s3->http), &response, err);
    }
    s3_response_fini(&response);
    return status;
}

/* For a store that keeps no metadata: the bytes themselves. */
static enum status fetch_digest(struct s3 *s3, const char *key, size_t bytes, struct digest *out,
                                struct err *err)
{
    const struct s3_request request = {.method = "GET", .key = key, .body_bytes_max = bytes};
    struct s3_response response;
    enum status status = s3_client_fetch(s3->http, &request, &response, err);
    if (status == OK) {
        *out = digest_sha256(buf_span(&response.body));
        s3_response_fini(&response);
    }
    return status;
}

/* The key is taken: OK when by the same bytes. */
static enum status compare(struct s3 *s3, const struct target_object *object,
                           enum target_put *out_put, struct err *err)
{
    struct target_head there = {0};
    enum status status = head(&s3->target, object->key, &there, err);
    if (status != OK) {
        return status;
    }
    bool same = there.bytes == (int64_t)object->bytes.size;
    if (same && !there.has_sha256) {
        status = fetch_digest(s3, object->key, object->bytes.size, &there.sha256, err);
        if (status != OK) {
            return status;
        }
    }
    if (!same || memcmp(&there.sha256, object->sha256, sizeof there.sha256) != 0) {
        return err_set(err, ERR_EXISTS,
                       "%s in %s is there already with other bytes: move it away to ship again",
                       object->key, s3->target.url);
    }
    *out_put = TARGET_WAS_THERE;
    return OK;
}

/* Without If-None-Match we look first, by compare(). What forbids to look without words (a HEAD has
 * none) is left for the PUT to say; it can only write the same events, for the key names their
 * digest. */
static bool may_be_absent(enum status compared)
{
    return compared == ERR_NOT_FOUND || compared == ERR_DENIED || compared == ERR_CONFIG;
}

/* A store that does not know what AWS added later: leaves it out from now on. True: try so. A store
 * that names the checksum means it; one that only says 501 means the condition first. */
static bool degrade(struct s3 *s3, const struct s3_request *request,
                    const struct s3_response *response)
{
    bool unknown = response->http == 501 || strcmp(response->code, "NotImplemented") == 0;
    bool may_drop = request->checksum && !s3_client_options(s3->http)->insist_checksum &&
                    !s3_client_endpoint(s3->http)->is_aws;
    if (may_drop && (unknown || response->http == 400) &&
        strcasestr(response->message, "checksum")) {
        s3->no_checksum = true;
    } else if (unknown && request->only_if_absent) {
        s3->no_conditional = true;
    } else if (unknown && may_drop) {
        s3->no_checksum = true;
    } else {
        return false;
    }
    return true;
}

/* In one PUT or in parts: the answer is read alike. *request is what degrade() looks at. */
static enum status send(struct s3 *s3, const struct s3_request *request,
                        const struct target_object *object, struct s3_response *response,
                        struct err *err)
{
    const struct s3_multipart multipart = {.object = object,
                                           .part_bytes = s3->part_bytes,
                                           .checksum = request->checksum,
                                           .only_if_absent = request->only_if_absent};
    return (int64_t)object->bytes.size > s3->multipart_over
               ? s3_multipart_run(s3->http, &multipart, &s3->may_be_left, response, err)
               : s3_client_run(s3->http, request, response, err);
}

/* One PUT and what its answer means. *out_again: try once more. */
static enum status put_once(struct s3 *s3, const struct target_object *object, unsigned tries,
                            bool *out_again, enum target_put *out_put, struct err *err)
{
    const struct s3_request request = {
        .method = "PUT",
        .key = object->key,
        .body = object->bytes,
        .body_sha256 = object->sha256,
        .makes = object->sha256,
        .content_type = object->content_type,
        .checksum = !s3->no_checksum,
        .only_if_absent = !s3->no_conditional,
    };
    struct s3_response response;
    *out_again = false;
    enum status status = send(s3, &request, object, &response, err);
    if (status != OK) {
        return status;
    }
    if (s3_response_is_good(&response) && response.has_etag) {
        *out_put = TARGET_CREATED;
    } else if (s3_response_is_good(&response)) {
        status = err_set(err, ERR_NET,
                         "a PUT was answered %ld without an ETag: is that an S3 store? Look at "
                         "ship.s3_endpoint",
                         response.http);
    } else if (response.http == 412) {
        status = compare(s3, object, out_put, err);
        if (status == ERR_NOT_FOUND) {
            status = err_set(err, ERR_NET, "%s went away while it was sent: it is sent again",
                             object->key);
        }
    } else {
        status = s3_error(s3_client_endpoint(s3->http), &response, err);
        if (degrade(s3, &request, &response)) {
            *out_again = true;
        } else if (response.http == 409 &&
                   strcmp(response.code, "ConditionalRequestConflict") == 0) {
            *out_again = s3_client_pause(s3->http, (unsigned)CONFLICT_WAIT_MS << tries, err) == OK;
        }
    }
    s3_response_fini(&response);
    return status;
}

static enum status put(struct target *target, const struct target_object *object,
                       enum target_put *out_put, struct err *err)
{
    struct s3 *s3 = of(target);
    enum status status = OK;
    bool again = true;
    for (unsigned tries = 0; again && tries < PUT_TRIES; tries++) {
        if (s3->no_conditional || (int64_t)object->bytes.size > s3->multipart_over) {
            status = compare(s3, object, out_put, err);
            if (!may_be_absent(status)) {
                return status;
            }
        }
        status = put_once(s3, object, tries, &again, out_put, err);
    }
    return status;
}

/* Lists one key at most below the prefix: tells a wrong bucket from a wrong key, which a HEAD does
 * not. A key that may only write gets AccessDenied here; then HEAD of a name that is not there says
 * whether requests are taken at all. */
static enum status check(struct target *target, struct err *err)
{
    struct s3 *s3 = of(target);
    struct s3_request request = {.method = "GET",
                                 .body_bytes_max = HTTP_CLIENT_ERROR_BODY_BYTES_MAX};
    struct s3_response response;
    s3_request_add_query(&request, "list-type", "2");
    s3_request_add_query(&request, "max-keys", "1");
    s3_request_add_query(&request, "prefix", s3_client_endpoint(s3->http)->prefix);
    enum status status = s3_client_fetch(s3->http, &request, &response, err);
    if (status == OK) {
        s3_response_fini(&response);
    }
    return status;
}

static enum status abort_stale_uploads(struct target *target, const char *owner, size_t *out_swept,
                                       struct err *err)
{
    struct s3 *s3 = of(target);
    bool left = false;
    enum status status =
        s3->may_be_left ? s3_multipart_sweep(s3->http, owner, out_swept, &left, err) : OK;
    /* a refusal may have been of that one request; who may not look goes without */
    s3->sweeps_refused += status != OK && !status_retryable(status);
    bool may_look = s3->sweeps_refused < SWEEPS_REFUSED_MAX;
    s3->may_be_left = left || status_retryable(status) || (status != OK && may_look);
    return status;
}

static enum status list(struct target *target, const struct target_list *wanted,
                        struct target_passed *out_passed, struct err *err)
{
    (void)out_passed; /* what is unfinished in a bucket is in no list */
    return s3_list(of(target)->http, target->url, wanted, err);
}

static enum status get(struct target *target, const char *key, target_take *take, void *context,
                       struct target_head *out_head, struct err *err)
{
    return s3_get(of(target)->http, target->url, key, take, context, out_head, err);
}

static void s3_close(struct target *target)
{
    struct s3 *s3 = of(target);
    s3_client_close(s3->http);
    free(s3);
}

static const struct target_ops ops = {.put = put,
                                      .head = head,
                                      .list = list,
                                      .get = get,
                                      .check = check,
                                      .sweep = abort_stale_uploads,
                                      .close = s3_close};

static enum status url_write(const struct s3_endpoint *place, char out[TARGET_URL_BYTES],
                             struct err *err)
{
    int n = snprintf(out, TARGET_URL_BYTES, "s3://%s%s%s%s%s", place->bucket,
                     *place->prefix ? "/" : "", place->prefix,
                     place->is_aws ? "" : "?endpoint=", place->is_aws ? "" : place->endpoint);
    CHECK(n > 0);
    return n < TARGET_URL_BYTES ? OK : err_set(err, ERR_CONFIG, "ship.target is too long");
}

enum status s3_target_url(const struct config *config, char out[TARGET_URL_BYTES], struct err *err)
{
    struct s3_endpoint place;
    enum status status = s3_endpoint_read(config, &place, err);
    return THEN(status, url_write(&place, out, err));
}

enum status s3_target_open(const struct config *config, struct target **out_target, struct err *err)
{
    struct s3 *s3 = calloc(1, sizeof *s3);
    if (!s3) {
        return err_nomem(err, "ship");
    }
    s3->target.ops = &ops;
    s3->multipart_over = config->ship_s3_multipart_over;
    s3->part_bytes = config->ship_s3_part_bytes > S3_PART_BYTES_MIN ? config->ship_s3_part_bytes
                                                                    : S3_PART_BYTES_MIN;
    s3->may_be_left = config->ship_object_bytes_max + OBJECT_OVER_BYTES > s3->multipart_over;
    enum status status = s3_client_open(config, &s3->target.cancel, &s3->http, err);
    if (status == OK) {
        s3->no_checksum = s3_client_options(s3->http)->no_checksum;
        status = url_write(s3_client_endpoint(s3->http), s3->target.url, err);
    }
    if (status != OK) {
        s3_client_close(s3->http);
        free(s3);
        return status;
    }
    *out_target = &s3->target;
    return OK;
}
