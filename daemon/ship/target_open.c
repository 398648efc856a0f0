#include "daemon/ship/target_open.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/s3/s3_target.h"
#include "daemon/ship/target/directory_target.h"

static const struct scheme {
    const char *prefix;
    enum status (*open)(const struct config *config, struct target **out_target, struct err *err);
    enum status (*url)(const struct config *config, char out[TARGET_URL_BYTES], struct err *err);
} schemes[] = {
    {"file://", directory_target_open, directory_target_url},
    {"s3://", s3_target_open, s3_target_url},
};

static const struct scheme *scheme_find(const struct config *config, struct err *err)
{
    struct span target = span_str(config->ship_target);
    if (target.size == 0) {
        (void)err_set(err, ERR_CONFIG,
                      "ship.target is not set: nothing is shipped (s3://bucket/prefix or "
                      "file:///directory)");
        return NULL;
    }
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (span_starts(target, schemes[i].prefix)) {
            return &schemes[i];
        }
    }
    (void)err_set(err, ERR_CONFIG,
                  "ship.target: \"%s\" is neither s3://bucket/prefix nor file:///directory",
                  config->ship_target);
    return NULL;
}

enum status target_open(const struct config *config, struct target **out_target, struct err *err)
{
    const struct scheme *scheme = scheme_find(config, err);
    return scheme ? scheme->open(config, out_target, err) : ERR_CONFIG;
}

enum status target_open_at(const struct config *config, const char *url, struct target **out_target,
                           struct err *err)
{
    struct config *at = malloc(sizeof *at);
    if (!at) {
        return err_nomem(err, url);
    }
    *at = *config;
    int n = snprintf(at->ship_target, sizeof at->ship_target, "%s", url);
    enum status status = n < (int)sizeof at->ship_target
                             ? target_open(at, out_target, err)
                             : err_set(err, ERR_CONFIG, "%s is too long", url);
    free(at);
    return status;
}

enum status target_url(const struct config *config, char out[TARGET_URL_BYTES], struct err *err)
{
    const struct scheme *scheme = scheme_find(config, err);
    return scheme ? scheme->url(config, out, err) : ERR_CONFIG;
}
