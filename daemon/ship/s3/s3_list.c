/* All keys below a prefix, page by page. A list that breaks off, goes round in circles or is out of
 * order is an error and no shorter list: others conclude from it what a bucket lacks. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/aws/aws_xml.h"
#include "daemon/ship/s3/s3_error.h"
#include "daemon/ship/s3/s3_read.h"
#include "schema/base/clock.h"
#include "schema/text/ascii.h"

enum {
    KEY_BYTES = 1025 + TARGET_KEY_BYTES, /* S3 has keys up to 1,024 */
    TOKEN_BYTES = 4096,
    PAGE_BYTES_MAX = 16 << 20, /* 1,000 keys, each letter of them as an entity */
    EMPTY_PAGES_MAX = 100,
};

struct s3_lister {
    struct s3_client *http;
    const char *url;
    const struct target_list *list;
    size_t prefix_bytes; /* of the target, with its slash: what keys are cut by */
    char prefix[KEY_BYTES];
    char last[KEY_BYTES]; /* key, whole */
    char token[TOKEN_BYTES];
    bool more;
    unsigned empty_pages; /* one after another */
};

static enum status no_list(const struct s3_lister *listing, const char *why, struct err *err)
{
    return err_set(err, ERR_NET, "%s: the store's list of objects %s", listing->url, why);
}

static enum status item_read(struct s3_lister *listing, struct span one, bool url, struct err *err)
{
    char key[KEY_BYTES];
    char number[24];
    char time[CLOCK_TEXT_BYTES * 2] = "";
    char etag[128] = "";
    struct target_item item = {.key = key};
    if (!aws_xml_exact(one, "Key", url, key, sizeof key)) {
        return no_list(listing, "has an object without a key, or with one that is too long", err);
    }
    if (!aws_xml_exact(one, "Size", false, number, sizeof number) ||
        !ascii_read_number(span_str(number), &item.bytes)) {
        return no_list(listing, "has an object without a size", err);
    }
    if (strcmp(key, listing->last) <= 0) {
        return no_list(listing, "is not in order of its keys", err);
    }
    (void)memcpy(listing->last, key, sizeof key);
    if (strncmp(key, listing->prefix, strlen(listing->prefix)) != 0) {
        return no_list(listing, "has objects of another prefix", err);
    }
    if (aws_xml_exact(one, "LastModified", false, time, sizeof time) &&
        !clock_parse_rfc3339(span_str(time), &item.modified_us)) {
        item.modified_us = 0;
    }
    item.etag = aws_xml_exact(one, "ETag", false, etag, sizeof etag) ? etag : NULL;
    item.key = key + listing->prefix_bytes;
    /* a store's own sign for an empty folder */
    return *item.key ? listing->list->each(listing->list->context, &item, err) : OK;
}

static enum status page_read(struct s3_lister *listing, struct span body, struct err *err)
{
    char word[16];
    struct span one;
    struct span rest = body;
    bool any = false;
    const char *begin =
        body.size > 0 ? memmem(body.data, body.size, "<ListBucketResult", 17) : NULL;
    if (!begin || !memmem(body.data, body.size, "</ListBucketResult>", 19)) {
        return no_list(listing, "is none: look at ship.s3_endpoint", err);
    }
    bool url =
        aws_xml_exact(body, "EncodingType", false, word, sizeof word) && strcmp(word, "url") == 0;
    enum status status = OK;
    while (status == OK && aws_xml_next(&rest, "Contents", &one)) {
        any = true;
        status = item_read(listing, one, url, err);
    }
    listing->more =
        aws_xml_exact(body, "IsTruncated", false, word, sizeof word) && strcmp(word, "true") == 0;
    listing->empty_pages = any ? 0 : listing->empty_pages + 1;
    if (status == OK && listing->more &&
        (!aws_xml_exact(body, "NextContinuationToken", false, listing->token, TOKEN_BYTES) ||
         !*listing->token || listing->empty_pages > EMPTY_PAGES_MAX)) {
        status = no_list(listing, "breaks off: it says there is more and not how to go on", err);
    }
    return status;
}

static enum status page_get(struct s3_lister *listing, struct err *err)
{
    struct s3_request request = {.method = "GET", .body_bytes_max = PAGE_BYTES_MAX};
    char page[16];
    s3_request_add_query(&request, "list-type", "2");
    /* XML cannot say every key */
    s3_request_add_query(&request, "encoding-type", "url");
    s3_request_add_query(&request, "prefix", listing->prefix);
    if (listing->more) {
        s3_request_add_query(&request, "continuation-token", listing->token);
    }
    if (listing->list->page > 0) {
        (void)snprintf(page, sizeof page, "%d", listing->list->page);
        s3_request_add_query(&request, "max-keys", page);
    }
    struct s3_response response;
    enum status status = s3_client_run(listing->http, &request, &response, err);
    if (status != OK) {
        return status;
    }
    if (response.http != 200) {
        status = s3_error(s3_client_endpoint(listing->http), &response, err);
        if (response.http == 403 && strcmp(response.code, "AccessDenied") == 0) {
            status = err_set(err, ERR_DENIED,
                             "%s: the key may not list: it needs s3:ListBucket on the bucket "
                             "(HTTP 403 AccessDenied)",
                             listing->url);
        }
    } else {
        status = page_read(listing, buf_span(&response.body), err);
    }
    s3_response_fini(&response);
    return status;
}

enum status s3_list(struct s3_client *http, const char *url, const struct target_list *list,
                    struct err *err)
{
    struct s3_lister *listing = calloc(1, sizeof *listing);
    if (!listing) {
        return err_nomem(err, "ship");
    }
    const char *own = s3_client_endpoint(http)->prefix;
    *listing = (struct s3_lister){.http = http, .url = url, .list = list};
    listing->prefix_bytes = *own ? strlen(own) + 1 : 0;
    int n = snprintf(listing->prefix, sizeof listing->prefix, "%s%s%s", own, *own ? "/" : "",
                     list->prefix);
    enum status status = n >= (int)sizeof listing->prefix
                             ? err_set(err, ERR_USAGE, "%s: the prefix is too long", url)
                             : OK;
    for (bool first = true; status == OK && (first || listing->more); first = false) {
        status = page_get(listing, err);
    }
    free(listing);
    return status;
}
