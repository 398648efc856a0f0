#include "daemon/ship/s3/s3_endpoint.h"

#include <stdio.h>

#include "daemon/ship/aws/aws_endpoint.h"
#include "schema/text/ascii.h"

static enum status bucket_read(const struct config *config, struct s3_endpoint *place,
                               struct err *err)
{
    struct span rest = span_from(span_str(config->ship_target), strlen("s3://"));
    size_t n = span_find(rest, '/');
    if (!ascii_all_name(span_of(rest.data, n), ".-_")) {
        return err_set(
            err, ERR_CONFIG,
            "ship.target: \"%s\": a bucket's name is of letters, digits, dots and dashes",
            config->ship_target);
    }
    if (n < 3 || n >= sizeof place->bucket) {
        return err_set(err, ERR_CONFIG,
                       "ship.target: \"%s\": a bucket's name has 3 to 63 letters: "
                       "s3://bucket/prefix",
                       config->ship_target);
    }
    (void)snprintf(place->bucket, sizeof place->bucket, "%.*s", (int)n, rest.data);
    struct span prefix = ascii_trim(span_from(rest, n), "/");
    if (prefix.size > 512 || memchr(prefix.data, '?', prefix.size)) {
        return err_set(err, ERR_CONFIG,
                       "ship.target: \"%s\": the prefix is over 512 bytes or has a \"?\"",
                       config->ship_target);
    }
    (void)snprintf(place->prefix, sizeof place->prefix, "%.*s", SPAN_FMT(prefix));
    return OK;
}

static enum status region_read(const struct config *config, struct s3_endpoint *place,
                               struct err *err)
{
    const char *region = *config->ship_s3_region ? config->ship_s3_region : "us-east-1";
    int n = snprintf(place->region, sizeof place->region, "%s", region);
    return ascii_all_name(span_str(region), "-_") && n < (int)sizeof place->region
               ? OK
               : err_set(err, ERR_CONFIG, "ship.s3_region: \"%s\" is not a region: us-east-1",
                         region);
}

/* An address has no room for a bucket's name in front of it. */
static bool is_address(const char *host)
{
    return host[0] == '[' || host[strspn(host, "0123456789.:")] == '\0';
}

static void make_host(struct s3_endpoint *place)
{
    if (place->by_region) {
        (void)snprintf(place->endpoint, sizeof place->endpoint, "s3%s.%s%s.%s",
                       place->fips ? "-fips" : "", place->dual_stack ? "dualstack." : "",
                       place->region, aws_domain(place->region));
    }
    (void)snprintf(place->host, sizeof place->host, "%s%s%s",
                   place->path_style ? "" : place->bucket, place->path_style ? "" : ".",
                   place->endpoint);
}

bool s3_endpoint_move(struct s3_endpoint *place, const char *region)
{
    int n = snprintf(place->region, sizeof place->region, "%s", region);
    make_host(place);
    return n > 0 && n < (int)sizeof place->region;
}

static enum status given_endpoint_read(const struct config *config, struct s3_endpoint *place,
                                       struct err *err)
{
    if (place->dual_stack || place->fips) {
        return err_set(err, ERR_CONFIG,
                       "%s goes with AWS's own endpoints: unset it, or ship.s3_endpoint",
                       place->fips ? "ship.s3_fips" : "ship.s3_dual_stack");
    }
    struct aws_endpoint given = {0};
    enum status status =
        aws_endpoint_parse(config->ship_s3_endpoint, "ship.s3_endpoint", &given, err);
    memcpy(place->scheme, given.scheme, sizeof place->scheme);
    memcpy(place->endpoint, given.host, sizeof place->endpoint);
    struct span endpoint = span_str(place->endpoint);
    place->is_aws = span_ends(endpoint, ".amazonaws.com") ||
                    span_ends(endpoint, ".amazonaws.com.cn") ||
                    span_ends(endpoint, ".amazonaws.eu");
    return status;
}

enum status s3_endpoint_read(const struct config *config, struct s3_endpoint *out_place,
                             struct err *err)
{
    struct s3_endpoint place = {.path_style = config->ship_s3_path_style,
                                .dual_stack = config->ship_s3_dual_stack,
                                .fips = config->ship_s3_fips};
    enum status status = bucket_read(config, &place, err);
    status = THEN(status, region_read(config, &place, err));
    if (status == OK && *config->ship_s3_endpoint) {
        status = given_endpoint_read(config, &place, err);
    } else if (status == OK) {
        place.is_aws = place.by_region = true;
        (void)snprintf(place.scheme, sizeof place.scheme, "https");
    }
    if (status != OK) {
        return status;
    }
    /* the certificate *.endpoint does not cover a bucket's name with dots in it */
    place.path_style = place.path_style || (!place.by_region && is_address(place.endpoint)) ||
                       strchr(place.bucket, '.') != NULL;
    make_host(&place);
    *out_place = place;
    return OK;
}

void s3_endpoint_path(const struct s3_endpoint *place, const char *key, struct buf *out)
{
    buf_add_char(out, '/');
    if (place->path_style) {
        buf_add_str(out, place->bucket);
        buf_add_str(out, key ? "/" : "");
    }
    if (key && *place->prefix) {
        buf_add_str(out, place->prefix);
        buf_add_char(out, '/');
    }
    buf_add_str(out, key ? key : "");
}
