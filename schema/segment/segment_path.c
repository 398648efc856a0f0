/* The fields of paths: as event.h names what it reads. */
#include "schema/base/buf.h"
#include "schema/segment/segment_internal.h"

/* Keys with escapes are read by the parser of events: {"a":{"b":1}} has the field in question. */
static bool name_by_parsing(struct segment_names *names, struct span path, struct span *out_name)
{
    struct buf text = BUF_INIT;
    struct event event;
    size_t depth = 0;
    for (size_t at = 0; at <= path.size; depth++) {
        struct span rest = span_from(path, at);
        size_t size = span_find(rest, VOCABULARY_KEY_END);
        buf_add_str(&text, "{\"");
        buf_add(&text, rest.data, size);
        buf_add_str(&text, "\":");
        at += size + 1;
    }
    buf_add_str(&text, "1");
    for (; depth > 0; depth--) {
        buf_add_char(&text, '}');
    }
    bool ok = buf_ok(&text) && event_parse(buf_span(&text), 0, &names->arena, &event) &&
              event.n_fields == 1;
    if (ok) {
        *out_name = arena_copy(&names->arena, event.fields[0].path);
    }
    buf_fini(&text);
    return ok && out_name->data;
}

/* Keys joined by dots, but for what stands below an empty key: it has no dot in front. */
static bool name_by_joining(struct segment_names *names, struct span path, struct span *out_name)
{
    char *name = arena_alloc(&names->arena, path.size + 1);
    size_t size = 0;
    for (size_t i = 0; name && i < path.size; i++) {
        if (path.data[i] != VOCABULARY_KEY_END) {
            name[size++] = path.data[i];
        } else if (size > 0) {
            name[size++] = '.';
        }
    }
    *out_name = span_of(name, size);
    return name != NULL;
}

static bool name_path(struct segment_names *names, struct span path, struct span *out_name)
{
    path.size = span_find(path, VOCABULARY_KEY_AGAIN);
    return path.size > 0 && memchr(path.data, '\\', path.size)
               ? name_by_parsing(names, path, out_name)
               : name_by_joining(names, path, out_name);
}

enum status segment_names_add(struct segment_names *names, const struct vocabulary *vocabulary,
                              struct err *err)
{
    const struct intern *paths = &vocabulary->paths;
    for (size_t i = names->fields.count; i < intern_count(paths); i++) {
        struct span name;
        if (!name_path(names, intern_text(paths, (uint32_t)i), &name) ||
            !vec_push(&names->fields, name)) {
            return err_nomem(err, "names of fields");
        }
    }
    return OK;
}

void segment_names_fini(struct segment_names *names)
{
    vec_fini(&names->fields);
    arena_fini(&names->arena);
}

struct span segment_path_field(const struct segment *segment, uint32_t path)
{
    return *vec_at(&segment->names->fields, path);
}

enum segment_path_role segment_path_role(const struct segment *segment, uint32_t path,
                                         struct span field)
{
    if (path == SEGMENT_PATH_LINE) {
        return SEGMENT_PATH_MAY_HAVE_IT;
    }
    struct span name = segment_path_field(segment, path);
    if (span_equal(name, field)) {
        return SEGMENT_PATH_IS_FIELD;
    }
    bool above = name.size == 0 || (field.size > name.size && field.data[name.size] == '.' &&
                                    memcmp(field.data, name.data, name.size) == 0);
    return above ? SEGMENT_PATH_IS_ABOVE : SEGMENT_PATH_OTHER;
}
