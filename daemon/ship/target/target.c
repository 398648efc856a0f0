#include "daemon/ship/target/target.h"

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
