#include "daemon/ship/target.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/directory.h"
#include "daemon/ship/s3.h"

static const struct scheme {
    const char *prefix;
    enum status (*open)(const struct config *config, struct target **out_target, struct err *err);
    enum status (*url)(const struct config *config, char out[TARGET_URL_BYTES], struct err *err);
} schemes[] = {
    {"file://", directory_open, directory_url},
    {"s3://", s3_open, s3_url},
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
        return err_set(err, ERR_NOMEM, "%s: out of memory", url);
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

void target_close(struct target *target)
{
    if (target) {
        target->ops->close(target);
    }
}

enum status target_put(struct target *target, const struct target_object *object,
                       enum target_put *out_put, struct err *err)
{
    CHECK(object->key && *object->key && *object->key != '/');
    CHECK(object->bytes.size > 0);
    return target->ops->put(target, object, out_put, err);
}

enum status target_head(struct target *target, const char *key, struct target_head *out_head,
                        struct err *err)
{
    return target->ops->head(target, key, out_head, err);
}

enum status target_list(struct target *target, const struct target_list *list,
                        struct target_passed *out_passed, struct err *err)
{
    CHECK(list->prefix && list->each && *list->prefix != '/');
    struct target_passed passed = {0};
    enum status status = target->ops->list(target, list, &passed, err);
    if (status == OK && out_passed) {
        *out_passed = passed;
    }
    return status;
}

enum status target_get(struct target *target, const char *key, target_take *take, void *context,
                       struct target_head *out_head, struct err *err)
{
    CHECK(*key && take);
    struct target_head head = {0};
    enum status status = target->ops->get(target, key, take, context, &head, err);
    if (status == OK && out_head) {
        *out_head = head;
    }
    return status;
}

enum status target_check(struct target *target, struct err *err)
{
    return target->ops->check(target, err);
}

enum status target_sweep(struct target *target, const char *owner, size_t *out_swept,
                         struct err *err)
{
    *out_swept = 0;
    return target->ops->sweep ? target->ops->sweep(target, owner, out_swept, err) : OK;
}
