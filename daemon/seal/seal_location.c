#include "daemon/seal/seal_location.h"

#include <stdio.h>
#include <string.h>

#include "schema/text/ascii.h"

#define FOLDER "stele-digest"

static struct span trimmed(const char *url)
{
    return ascii_trim_end(span_str(url), "/");
}

bool seal_location_beside(const char *url, char *out, size_t out_bytes)
{
    struct span target = trimmed(url);
    const char *scheme_end = strstr(url, "://");
    if (!scheme_end) {
        return false;
    }
    size_t root = (size_t)(scheme_end - url) + 3;
    bool is_file = span_starts(target, "file://");
    size_t slash = target.size;
    while (slash > root && target.data[slash - 1] != '/') {
        slash--;
    }
    /* s3://bucket has nothing to stand beside; file:///dir has, in the root directory */
    if (target.size <= root || (slash == root && !is_file)) {
        return false;
    }
    int n = snprintf(out, out_bytes, "%.*s" FOLDER "/%.*s", (int)slash, target.data,
                     (int)(target.size - slash), target.data + slash);
    return n > 0 && (size_t)n < out_bytes;
}

enum status seal_location_url(const struct config *config, char out[CONFIG_TEXT_BYTES],
                              struct err *err)
{
    struct span ship = trimmed(config->ship_target);
    *out = '\0';
    if (ship.size == 0 || strcmp(config->seal_target, "none") == 0) {
        return OK;
    }
    if (config->seal_target[0] == '\0') {
        if (!seal_location_beside(config->ship_target, out, CONFIG_TEXT_BYTES)) {
            *out = '\0';
        }
        return OK;
    }
    struct span own = trimmed(config->seal_target);
    bool inside =
        own.size >= ship.size && memcmp(own.data, ship.data, ship.size) == 0 &&
        (own.size == ship.size || own.data[ship.size] == '/' || span_starts(ship, "s3://"));
    if (inside) {
        return err_set(err, ERR_CONFIG,
                       "seal.target: \"%s\" is inside of ship.target, whose readers would take "
                       "digests for events: give a place beside it",
                       config->seal_target);
    }
    (void)snprintf(out, CONFIG_TEXT_BYTES, "%s", config->seal_target);
    return OK;
}

void seal_location_key(const char *archive_id, int64_t number, const char *suffix,
                       char out[SEAL_LOCATION_KEY_BYTES])
{
    (void)snprintf(out, SEAL_LOCATION_KEY_BYTES, "%.8s/%012lld.%s", archive_id, (long long)number,
                   suffix);
}
