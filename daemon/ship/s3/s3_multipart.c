/* An upload in parts, and what a crash leaves of one. The object is there when the last request,
 * CompleteMultipartUpload, has done its work, which its answer may say under 200 and in the body.
 * Whatever fails before that aborts the upload; what cannot be aborted is left for the sweep. */
#include "daemon/ship/s3/s3_multipart.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/http/http_client.h"
#include "daemon/ship/aws/aws_xml.h"
#include "daemon/ship/s3/s3_error.h"
#include "schema/crypto/base64.h"

enum { SWEEP_PAGES_MAX = 100 }; /* of 1,000 uploads: a store may go round in circles */

/* An upload under way. */
struct upload {
    struct s3_client *http;
    const struct s3_multipart *multipart;
    char id[S3_UPLOAD_ID_BYTES];
    bool checksum;    /* of the parts: the store knows it */
    struct buf parts; /* XML of CompleteMultipartUpload */
};

/* Whether the store may have begun an upload that we know no id of. */
static bool can_be_begun(enum status status, const struct s3_response *response)
{
    bool refused = response->http >= 400 && response->http < 500 && response->http != 409;
    return status != OK || response->tries > 0 ||
           !(s3_response_is_good(response) || refused || response->http == 501);
}

/* An answer that is not good says why it was not begun. */
static enum status begin(struct upload *upload, bool *left, struct s3_response *response,
                         struct err *err)
{
    const struct target_object *object = upload->multipart->object;
    struct s3_request request = {
        .method = "POST",
        .key = object->key,
        .content_type = object->content_type,
        .makes = object->sha256,
        .part_checksums = upload->multipart->checksum,
        .fresh = true,
        .body_bytes_max = HTTP_CLIENT_ERROR_BODY_BYTES_MAX,
    };
    s3_request_add_query(&request, "uploads", "");
    enum status status = s3_client_run(upload->http, &request, response, err);
    *left = *left || can_be_begun(status, response);
    if (status != OK || !s3_response_is_good(response)) {
        return status;
    }
    bool told =
        aws_xml_exact(buf_span(&response->body), "UploadId", false, upload->id, sizeof upload->id);
    /* Swift takes the header, and then no list of parts that has checksums in it */
    upload->checksum = request.part_checksums && (response->says_checksum ||
                                                  s3_client_options(upload->http)->insist_checksum);
    s3_response_fini(response);
    if (!told) {
        *left = true;
        return err_set(err, ERR_NET,
                       "a multipart upload was begun, and no UploadId came: is that an S3 store? "
                       "Look at ship.s3_endpoint");
    }
    return OK;
}

static void add_part(struct upload *upload, unsigned number, const struct digest *sha256,
                     const char *etag)
{
    struct buf *parts = &upload->parts;
    buf_printf(parts, "<Part><PartNumber>%u</PartNumber><ETag>", number);
    for (const char *at = etag; *at; at++) {
        buf_add_str(parts, *at == '"' ? "&quot;" : *at == '&' ? "&amp;" : *at == '<' ? "&lt;" : "");
        buf_add(parts, at, strchr("\"&<", *at) ? 0 : 1);
    }
    buf_add_str(parts, "</ETag>");
    if (upload->checksum) {
        buf_add_str(parts, "<ChecksumSHA256>");
        base64_encode(parts, span_of(sha256->bytes, sizeof sha256->bytes));
        buf_add_str(parts, "</ChecksumSHA256>");
    }
    buf_add_str(parts, "</Part>");
}

/* One part. An answer that is not good says why it was not taken. */
static enum status send_part(struct upload *upload, unsigned number, struct span bytes,
                             struct s3_response *response, struct err *err)
{
    char text[16];
    struct digest sha256 = digest_sha256(bytes);
    struct s3_request request = {
        .method = "PUT",
        .key = upload->multipart->object->key,
        .body = bytes,
        .body_sha256 = &sha256,
        .checksum = upload->checksum,
    };
    (void)snprintf(text, sizeof text, "%u", number);
    s3_request_add_query(&request, "partNumber", text);
    s3_request_add_query(&request, "uploadId", upload->id);
    enum status status = s3_client_run(upload->http, &request, response, err);
    if (status != OK || !s3_response_is_good(response)) {
        return status;
    }
    if (*response->etag) {
        add_part(upload, number, &sha256, response->etag);
    } else {
        status = err_set(err, ERR_NET, "a part was answered %ld without an ETag", response->http);
    }
    s3_response_fini(response);
    return status;
}

static enum status send_parts(struct upload *upload, struct s3_response *response, struct err *err)
{
    struct span rest = upload->multipart->object->bytes;
    size_t most = (size_t)upload->multipart->part_bytes;
    size_t least = (rest.size + S3_PARTS_MAX - 1) / S3_PARTS_MAX;
    most = most > least ? most : least;
    enum status status = OK;
    buf_add_str(&upload->parts, "<CompleteMultipartUpload "
                                "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (unsigned number = 1; rest.size > 0 && status == OK && s3_response_is_good(response);
         number++) {
        size_t size = rest.size < most ? rest.size : most;
        status = send_part(upload, number, span_of(rest.data, size), response, err);
        rest = span_from(rest, size);
    }
    buf_add_str(&upload->parts, "</CompleteMultipartUpload>");
    return s3_response_is_good(response) ? THEN(status, buf_status(&upload->parts, "ship", err))
                                         : status;
}

/* 200 is sent before the work is done, and what came of it stands in the body, behind white space
 * that kept the connection alive. */
static void look_inside(struct s3_response *response)
{
    static const struct {
        const char *code;
        long http;
    } codes[] = {
        {"InternalError", 500},  {"SlowDown", 503},           {"ServiceUnavailable", 503},
        {"RequestTimeout", 503}, {"PreconditionFailed", 412}, {"ConditionalRequestConflict", 409},
        {"NoSuchUpload", 404},   {"AccessDenied", 403},       {"NotImplemented", 501},
    };
    struct span body = buf_span(&response->body);
    /* Ceph leaves the ETag in it empty */
    static const char result[] = "<CompleteMultipartUploadResult";
    response->has_etag =
        body.size > 0 && memmem(body.data, body.size, result, sizeof result - 1) != NULL;
    if (response->has_etag || body.size == 0 || !memmem(body.data, body.size, "<Error>", 7)) {
        return;
    }
    s3_error_read(response);
    response->http = 400;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        response->http =
            strcmp(response->code, codes[i].code) == 0 ? codes[i].http : response->http;
    }
}

static enum status complete(struct upload *upload, struct s3_response *response, struct err *err)
{
    struct s3_request request = {
        .method = "POST",
        .key = upload->multipart->object->key,
        .body = buf_span(&upload->parts),
        .content_type = "application/xml",
        .only_if_absent = upload->multipart->only_if_absent,
        .patient = true,
        .body_bytes_max = HTTP_CLIENT_ERROR_BODY_BYTES_MAX,
    };
    s3_request_add_query(&request, "uploadId", upload->id);
    for (unsigned tries = 1;; tries++) {
        enum status status = s3_client_run(upload->http, &request, response, err);
        if (status != OK) {
            return status;
        }
        bool inside = s3_response_is_good(response);
        if (inside) {
            look_inside(response);
        }
        if (response->http == 404 && strcmp(response->code, "NoSuchUpload") == 0) {
            response->http = 412;
        }
        if (!inside || !s3_error_is_passing(response) || tries == S3_CLIENT_TRIES) {
            return OK;
        }
        s3_response_fini(response);
        status = s3_client_pause(upload->http, (unsigned)S3_CLIENT_RETRY_MS << (tries - 1), err);
        if (status != OK) {
            return status;
        }
    }
}

/* False: it is left for the sweep. One that we may not abort is not: it would be tried for ever. */
static bool abort_upload(struct s3_client *http, const char *key, const char *id)
{
    struct s3_request request = {.method = "DELETE", .key = key};
    struct s3_response response;
    struct err err;
    s3_request_add_query(&request, "uploadId", id);
    if (s3_client_run(http, &request, &response, &err) != OK) {
        return false;
    }
    bool later = s3_error_is_passing(&response);
    s3_response_fini(&response);
    return !later;
}

enum status s3_multipart_run(struct s3_client *http, const struct s3_multipart *multipart,
                             bool *left, struct s3_response *out_answer, struct err *err)
{
    CHECK(multipart->part_bytes >= S3_PART_BYTES_MIN);
    struct upload upload = {.http = http, .multipart = multipart};
    struct s3_response response = {.length = -1};
    enum status status = begin(&upload, left, &response, err);
    bool begun = status == OK && s3_response_is_good(&response);
    if (begun) {
        status = send_parts(&upload, &response, err);
    }
    if (begun && status == OK && s3_response_is_good(&response)) {
        status = complete(&upload, &response, err);
    }
    buf_fini(&upload.parts);
    if (begun && !(status == OK && s3_response_is_good(&response) && response.has_etag)) {
        *left = !abort_upload(http, multipart->object->key, upload.id) || *left;
    }
    if (status == OK) {
        *out_answer = response;
    }
    return status;
}

/* The sweep. */

/* "dt=2026-11-23/OWNER-...", below our prefix. NULL: not of ours. */
static const char *own_key(const struct s3_endpoint *place, const char *key, const char *owner)
{
    size_t prefix = strlen(place->prefix);
    if (prefix > 0) {
        if (strncmp(key, place->prefix, prefix) != 0 || key[prefix] != '/') {
            return NULL;
        }
        key += prefix + 1;
    }
    const char *slash = strchr(key, '/');
    size_t size = strlen(owner);
    bool ours = strncmp(key, "dt=", 3) == 0 && slash && slash - key == strlen("dt=2026-11-23") &&
                strncmp(slash + 1, owner, size) == 0 && slash[1 + size] == '-';
    return ours ? key : NULL;
}

static size_t sweep_page(struct s3_client *http, const char *owner, struct span body, bool *left)
{
    size_t swept = 0;
    struct span one;
    while (aws_xml_next(&body, "Upload", &one)) {
        char key[TARGET_KEY_BYTES];
        char id[S3_UPLOAD_ID_BYTES];
        const char *ours = aws_xml_text(one, "Key", key, sizeof key)
                               ? own_key(s3_client_endpoint(http), key, owner)
                               : NULL;
        if (ours && aws_xml_text(one, "UploadId", id, sizeof id)) {
            *left = !abort_upload(http, ours, id) || *left;
            swept++;
        }
    }
    return swept;
}

/* The next page begins behind the markers; false: this was the last. */
static bool next_page(struct span body, char key[TARGET_KEY_BYTES], char id[S3_UPLOAD_ID_BYTES])
{
    char more[8];
    return aws_xml_text(body, "IsTruncated", more, sizeof more) && strcmp(more, "true") == 0 &&
           aws_xml_text(body, "NextKeyMarker", key, TARGET_KEY_BYTES) &&
           aws_xml_text(body, "NextUploadIdMarker", id, S3_UPLOAD_ID_BYTES);
}

enum status s3_multipart_sweep(struct s3_client *http, const char *owner, size_t *out_swept,
                               bool *out_left, struct err *err)
{
    const struct s3_endpoint *place = s3_client_endpoint(http);
    char prefix[TARGET_KEY_BYTES + 8];
    char key[TARGET_KEY_BYTES] = "";
    char id[S3_UPLOAD_ID_BYTES] = "";
    size_t swept = 0;
    (void)snprintf(prefix, sizeof prefix, "%s%sdt=", place->prefix, *place->prefix ? "/" : "");
    bool more = true;
    *out_left = false;
    for (unsigned page = 0; more && page < SWEEP_PAGES_MAX; page++) {
        struct s3_request request = {.method = "GET", .body_bytes_max = 4 << 20};
        struct s3_response response;
        s3_request_add_query(&request, "uploads", "");
        s3_request_add_query(&request, "prefix", prefix);
        if (*key) {
            s3_request_add_query(&request, "key-marker", key);
            s3_request_add_query(&request, "upload-id-marker", id);
        }
        enum status status = s3_client_fetch(http, &request, &response, err);
        if (status != OK) {
            return status;
        }
        swept += sweep_page(http, owner, buf_span(&response.body), out_left);
        more = next_page(buf_span(&response.body), key, id);
        s3_response_fini(&response);
    }
    *out_swept = swept;
    return OK;
}
