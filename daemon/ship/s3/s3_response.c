#include "daemon/ship/s3/s3_response.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "schema/base/clock.h"
#include "schema/text/ascii.h"

void s3_response_fini(struct s3_response *response)
{
    buf_fini(&response->body);
}

static bool header_is(struct span line, const char *name, struct span *out_value)
{
    size_t n = strlen(name);
    if (line.size <= n || line.data[n] != ':' || strncasecmp(line.data, name, n) != 0) {
        return false;
    }
    *out_value = ascii_trim(span_from(line, n + 1), " \t\r\n");
    return true;
}

static int64_t parse_number(struct span text)
{
    int64_t number = -1;
    return ascii_read_number(text, &number) ? number : -1;
}

/* "bytes 21010-47021/47022" (RFC 9110, 14.4): the first number, -1 when it is anything else. */
static int64_t range_read(struct span value)
{
    const char *dash = value.size > 0 ? memchr(value.data, '-', value.size) : NULL;
    return dash && span_starts(value, "bytes ")
               ? parse_number(span_of(value.data + 6, (size_t)(dash - value.data) - 6))
               : -1;
}

/* "Wed, 01 Jan 2031 00:00:00 GMT"; 0 when it is anything else. */
static int64_t date_read(struct span value)
{
    char text[64];
    struct tm tm = {0};
    (void)snprintf(text, sizeof text, "%.*s", SPAN_FMT(value));
    const char *rest = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    time_t date = rest && *rest == '\0' ? timegm(&tm) : 0;
    return date > 0 ? (int64_t)date * CLOCK_SECOND_US : 0;
}

/* Whole, or not at all. */
static void text_read(struct span value, char *out, size_t out_bytes)
{
    int n = snprintf(out, out_bytes, "%.*s", SPAN_FMT(value));
    if (n < 0 || (size_t)n >= out_bytes) {
        out[0] = '\0';
    }
}

/* It comes to a terminal: nothing but a region's letters. */
static void region_read(struct span value, struct s3_response *response)
{
    bool good = value.size < sizeof response->region && ascii_all_name(value, "-_");
    (void)snprintf(response->region, sizeof response->region, "%.*s", good ? (int)value.size : 0,
                   value.data);
}

void s3_response_header(struct s3_response *response, struct span line)
{
    struct span value;
    if (span_starts(line, "HTTP/")) {
        response->length = response->from = -1;
        response->has_etag = response->has_sha256 = response->says_checksum = false;
        response->etag[0] = response->checksum[0] = '\0';
    } else if (header_is(line, "content-length", &value)) {
        response->length = parse_number(value);
    } else if (header_is(line, "content-range", &value)) {
        response->from = range_read(value);
    } else if (header_is(line, "x-amz-bucket-region", &value)) {
        region_read(value, response);
    } else if (header_is(line, "x-amz-meta-stele-sha256", &value)) {
        response->has_sha256 = digest_read_hex(value, &response->sha256);
    } else if (header_is(line, "x-amz-checksum-algorithm", &value)) {
        response->says_checksum = value.size > 0;
    } else if (header_is(line, "etag", &value)) {
        response->has_etag = value.size > 0;
        text_read(value, response->etag, sizeof response->etag);
    } else if (header_is(line, "x-amz-checksum-sha256", &value)) {
        text_read(value, response->checksum, sizeof response->checksum);
    } else if (header_is(line, "date", &value)) {
        response->date_us = date_read(value);
    }
}
