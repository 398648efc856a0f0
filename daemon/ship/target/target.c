#include "daemon/ship/target/target.h"

void target_close(struct target *target)
{
    if (target) {
        target->ops->close(target);
    }
}

/* Keys come from archive.db too, which others may have written. In none a part goes up or stays
 * where it is, and none begins at the root; what is put is also printable, without empty parts (a
 * bucket may hold other names, which can be read). */
static enum status check_key(const char *key, bool is_ours, struct err *err)
{
    bool good = *key && *key != '/';
    for (const char *part = key; good && part;) {
        size_t size = strcspn(part, "/");
        good = !(size == 1 && part[0] == '.') && !(size == 2 && memcmp(part, "..", 2) == 0) &&
               !(is_ours && size == 0);
        part = part[size] ? part + size + 1 : NULL;
    }
    for (const char *c = key; good && is_ours && *c; c++) {
        good = (unsigned char)*c >= 0x20 && *c != 0x7f;
    }
    if (good) {
        return OK;
    }
    struct buf shown = BUF_INIT;
    buf_add_json(&shown, span_str(key));
    enum status status = err_set(err, ERR_CORRUPT, "%.*s is not a key that an object can have",
                                 shown.size < 200 ? (int)shown.size : 200, shown.data);
    buf_fini(&shown);
    return status;
}

enum status target_put(struct target *target, const struct target_object *object,
                       enum target_put *out_put, struct err *err)
{
    CHECK(object->key && object->bytes.size > 0);
    enum status status = check_key(object->key, true, err);
    return THEN(status, target->ops->put(target, object, out_put, err));
}

enum status target_head(struct target *target, const char *key, struct target_head *out_head,
                        struct err *err)
{
    enum status status = check_key(key, true, err);
    return THEN(status, target->ops->head(target, key, out_head, err));
}

enum status target_list(struct target *target, const struct target_list *list,
                        struct target_passed *out_passed, struct err *err)
{
    CHECK(list->prefix && list->each);
    struct target_passed passed = {0};
    enum status status = *list->prefix ? check_key(list->prefix, false, err) : OK;
    status = THEN(status, target->ops->list(target, list, &passed, err));
    if (status == OK && out_passed) {
        *out_passed = passed;
    }
    return status;
}

enum status target_get(struct target *target, const char *key, target_take *take, void *context,
                       struct target_head *out_head, struct err *err)
{
    CHECK(take);
    struct target_head head = {0};
    enum status status = check_key(key, false, err);
    status = THEN(status, target->ops->get(target, key, take, context, &head, err));
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
