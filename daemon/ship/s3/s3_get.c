/* An object's bytes as a stream. A connection that breaks off is followed by a request for the rest
 * of the same object (Range, If-Match), so that the taker sees each byte once. */
#include <stdlib.h>

#include "daemon/http/http_client.h"
#include "daemon/ship/s3/s3_error.h"
#include "daemon/ship/s3/s3_read.h"

enum { EMPTY_CUTS_MAX = 3 }; /* connections, one after another, that brought nothing */

struct s3_download {
    target_take *take;
    void *context;
    const char *url;
    const char *key;
    struct digest_stream *digest;
    int64_t taken;  /* bytes that the taker has */
    int64_t length; /* of the object; -1 not known */
    int64_t skip;   /* bytes of this answer that it has already */
    bool begun;     /* an answer came, and these are of it */
    bool answered;  /* this answer was looked at */
    bool has_sha256;
    struct digest sha256;
    char etag[128];
    enum status status; /* why the transfer was ended from here */
    struct err why;
    struct err *err;
};

/* The first answer says what the object is; a later one must be of the same. */
static enum status begin(struct s3_download *getting, const struct s3_response *response)
{
    bool part = response->from >= 0;
    if (getting->begun && strcmp(response->etag, getting->etag) != 0) {
        return err_set(&getting->why, ERR_EXISTS, "%s in %s was replaced while it was read",
                       getting->key, getting->url);
    }
    if (part && response->from != getting->taken) {
        return err_set(&getting->why, ERR_NET, "%s: the store gave bytes from %lld on, not %lld",
                       getting->key, (long long)response->from, (long long)getting->taken);
    }
    /* a store that does not know Range sends all of it again */
    getting->skip = part ? 0 : getting->taken;
    if (!getting->begun) {
        getting->begun = true;
        getting->length = response->length;
        getting->has_sha256 = response->has_sha256;
        getting->sha256 = response->sha256;
        memcpy(getting->etag, response->etag, sizeof getting->etag);
    }
    return OK;
}

static bool on_bytes(void *context, const struct s3_response *response, struct span bytes)
{
    struct s3_download *getting = context;
    if (!getting->answered) {
        getting->answered = true;
        getting->status = begin(getting, response);
    }
    size_t skip = getting->skip < (int64_t)bytes.size ? (size_t)getting->skip : bytes.size;
    getting->skip -= (int64_t)skip;
    bytes = span_from(bytes, skip);
    if (getting->status == OK && bytes.size > 0) {
        getting->status = getting->take(getting->context, bytes, &getting->why);
        getting->taken += (int64_t)bytes.size;
        digest_stream_add(getting->digest, bytes);
    }
    return getting->status == OK;
}

/* One request, for what is left. ERR_NET: more may come of another. */
static enum status get_once(struct s3_download *getting, struct s3_client *http)
{
    const struct s3_request request = {
        .method = "GET",
        .key = getting->key,
        .from = getting->taken,
        .if_match = getting->taken > 0 ? getting->etag : NULL,
        .take = on_bytes,
        .take_context = getting,
    };
    struct s3_response response;
    getting->answered = false;
    enum status status = s3_client_run(http, &request, &response, getting->err);
    if (getting->status != OK) {
        if (status == OK) {
            s3_response_fini(&response);
        }
        *getting->err = getting->why;
        return getting->status;
    }
    if (status != OK) {
        return status;
    }
    bool good = response.http == 200 || response.http == 206;
    if (good && !getting->answered) {
        status = begin(getting, &response); /* no bytes in it */
        *getting->err = getting->why;
    } else if (response.http == 404) {
        status =
            err_set(getting->err, ERR_NOT_FOUND, "%s: no object %s", getting->url, getting->key);
    } else if (response.http == 412 || response.http == 416) {
        status = err_set(getting->err, ERR_EXISTS, "%s in %s was replaced while it was read",
                         getting->key, getting->url);
    } else if (response.http == 403 && strcmp(response.code, "AccessDenied") == 0) {
        status = err_set(getting->err, ERR_DENIED,
                         "%s: the key may not read %s: it needs s3:GetObject (and s3:ListBucket, "
                         "or what is not there is refused too)",
                         getting->url, getting->key);
    } else if (!good) {
        status = s3_error(s3_client_endpoint(http), &response, getting->err);
    }
    s3_response_fini(&response);
    return status;
}

static enum status get_all(struct s3_download *getting, struct s3_client *http)
{
    unsigned empty = 0;
    for (;;) {
        int64_t before = getting->taken;
        enum status status = get_once(getting, http);
        empty = getting->taken > before ? 0 : empty + 1;
        /* what brought nothing was tried again by s3_client_run already, unless bytes went before
         */
        if (status != ERR_NET || getting->taken == 0 || getting->status != OK ||
            empty >= EMPTY_CUTS_MAX) {
            return status;
        }
        if (!*getting->etag) {
            return err_wrap(getting->err, status,
                            "%s: the connection was cut, and without an ETag the "
                            "rest cannot be asked for",
                            getting->key);
        }
        status = s3_client_pause(http, (unsigned)S3_CLIENT_RETRY_MS << empty, getting->err);
        if (status != OK) {
            return status;
        }
    }
}

enum status s3_get(struct s3_client *http, const char *url, const char *key, target_take *take,
                   void *context, struct target_head *out_head, struct err *err)
{
    struct err own;
    struct s3_download getting = {.take = take,
                                  .context = context,
                                  .url = url,
                                  .key = key,
                                  .digest = digest_stream_new(),
                                  .length = -1,
                                  .err = err ? err : &own};
    if (!getting.digest) {
        return err_nomem(err, "ship");
    }
    enum status status = get_all(&getting, http);
    struct digest digest = digest_stream_finish(getting.digest);
    if (status == OK && getting.length >= 0 && getting.taken != getting.length) {
        status = err_set(err, ERR_NET, "%s: %lld bytes came of %lld", key, (long long)getting.taken,
                         (long long)getting.length);
    }
    if (status == OK && getting.has_sha256 &&
        memcmp(&digest, &getting.sha256, sizeof digest) != 0) {
        status = err_set(err, ERR_CORRUPT,
                         "%s in %s has other bytes than its digest says: it was damaged there", key,
                         url);
    }
    if (status == OK) {
        *out_head =
            (struct target_head){.bytes = getting.taken, .has_sha256 = true, .sha256 = digest};
    }
    return status;
}
