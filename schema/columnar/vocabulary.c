#include "schema/columnar/vocabulary.h"

#include "schema/base/hash64.h"
#include "schema/columnar/line_cut.h"
#include "schema/text/ascii.h"

/* Shapes are counted by a hash of their keys: two sets of keys may share a count, which makes the
 * bound a little tighter for both. */
enum { KEYS_SLOTS = 1 << 14 };

enum status vocabulary_init(struct vocabulary *vocabulary, struct err *err)
{
    *vocabulary = (struct vocabulary){0};
    intern_init(&vocabulary->paths);
    intern_init(&vocabulary->shape_bytes);
    dictionary_init(&vocabulary->values);
    if (!vec_reserve(&vocabulary->keys_used, KEYS_SLOTS)) {
        return err_nomem(err, "vocabulary");
    }
    memset(vocabulary->keys_used.items, 0, KEYS_SLOTS);
    vocabulary->keys_used.count = KEYS_SLOTS;
    uint32_t shape = 0;
    const char whole = LINE_CUT_HOLE;
    enum status status = vocabulary_add_shape(vocabulary, span_of(&whole, 1), &shape, err);
    CHECK(status != OK || shape == 0);
    return status;
}

void vocabulary_fini(struct vocabulary *vocabulary)
{
    intern_fini(&vocabulary->paths);
    intern_fini(&vocabulary->shape_bytes);
    vec_fini(&vocabulary->shapes);
    vec_fini(&vocabulary->shape_paths);
    vec_fini(&vocabulary->keys_used);
    dictionary_fini(&vocabulary->values);
    buf_fini(&vocabulary->work);
}

uint32_t vocabulary_find_shape(const struct vocabulary *vocabulary, struct span shape)
{
    return intern_find(&vocabulary->shape_bytes, shape);
}

/* Reads a shape from the left; what it has so far. */
struct shape_walk {
    struct vocabulary *vocabulary;
    struct span shape;
    size_t at;
    size_t depth;                          /* objects that are open */
    size_t prefix[LINE_CUT_DEPTH_MAX + 1]; /* bytes of `path` at each depth */
    struct buf *path;
    size_t first_path;
};

static void skip_blanks(struct shape_walk *walk)
{
    while (walk->at < walk->shape.size && ascii_is_space(walk->shape.data[walk->at])) {
        walk->at++;
    }
}

static bool walk_byte(struct shape_walk *walk, char c)
{
    bool is = walk->at < walk->shape.size && walk->shape.data[walk->at] == c;
    walk->at += is;
    return is;
}

static bool path_is_taken(const struct shape_walk *walk, uint32_t path)
{
    for (size_t i = walk->first_path; i < walk->vocabulary->shape_paths.count; i++) {
        if (walk->vocabulary->shape_paths.items[i] == path) {
            return true;
        }
    }
    return false;
}

/* The path of the hole that comes now; false: memory is out. */
static bool add_path(struct shape_walk *walk)
{
    struct vocabulary *vocabulary = walk->vocabulary;
    size_t size = walk->path->size;
    uint32_t path = intern_add(&vocabulary->paths, buf_span(walk->path), VOCABULARY_PATHS_MAX);
    for (unsigned again = 2; path != INTERN_NONE && path_is_taken(walk, path); again++) {
        walk->path->size = size;
        buf_printf(walk->path, "%c%u", VOCABULARY_KEY_AGAIN, again);
        path = intern_add(&vocabulary->paths, buf_span(walk->path), VOCABULARY_PATHS_MAX);
    }
    return buf_ok(walk->path) && path != INTERN_NONE && vec_push(&vocabulary->shape_paths, path);
}

enum walked { WALKED, WALK_BAD, WALK_NOMEM };

/* A key, and its hole or the begin of its object. */
static enum walked walk_member(struct shape_walk *walk)
{
    skip_blanks(walk);
    size_t end = walk->at < walk->shape.size && walk->shape.data[walk->at] == '"'
                     ? line_cut_string_end(walk->shape, walk->at)
                     : 0;
    if (end == 0) {
        return WALK_BAD;
    }
    struct span key = span_of(walk->shape.data + walk->at + 1, end - walk->at - 2);
    walk->path->size = walk->prefix[walk->depth];
    buf_add_span(walk->path, key);
    walk->at = end;
    skip_blanks(walk);
    if (!walk_byte(walk, ':')) {
        return WALK_BAD;
    }
    skip_blanks(walk);
    if (walk_byte(walk, LINE_CUT_HOLE)) {
        return add_path(walk) ? WALKED : WALK_NOMEM;
    }
    if (!walk_byte(walk, '{') || walk->depth == LINE_CUT_DEPTH_MAX) {
        return WALK_BAD;
    }
    buf_add_char(walk->path, VOCABULARY_KEY_END);
    walk->prefix[++walk->depth] = walk->path->size;
    return WALKED;
}

/* All of it, as line_cut makes shapes; the paths are added. */
static enum walked walk_shape(struct shape_walk *walk)
{
    skip_blanks(walk);
    if (walk->shape.size == 1 && walk_byte(walk, LINE_CUT_HOLE)) {
        buf_add_char(walk->path, VOCABULARY_KEY_AGAIN); /* no path of keys is that */
        return add_path(walk) ? WALKED : WALK_NOMEM;
    }
    if (!walk_byte(walk, '{')) {
        return WALK_BAD;
    }
    walk->depth = 1;
    bool is_first = true; /* in its object */
    while (walk->depth > 0) {
        skip_blanks(walk);
        if (walk_byte(walk, '}')) {
            walk->depth--;
            is_first = false;
            continue;
        }
        if (!is_first && !walk_byte(walk, ',')) {
            return WALK_BAD;
        }
        size_t depth = walk->depth;
        enum walked walked = walk_member(walk);
        if (walked != WALKED) {
            return walked;
        }
        is_first = walk->depth > depth;
    }
    skip_blanks(walk);
    return walk->at == walk->shape.size ? WALKED : WALK_BAD;
}

/* Where the shapes of these keys are counted. In a shape, each string is a key. */
static uint8_t *keys_used(const struct vocabulary *vocabulary, struct span shape)
{
    uint64_t keys = 0;
    size_t depth = 0;
    for (size_t at = 0; at < shape.size;) {
        size_t end = shape.data[at] == '"' ? line_cut_string_end(shape, at) : 0;
        if (end > 0 && depth == 1) {
            keys = hash64(span_of(shape.data + at, end - at), keys);
        }
        depth += shape.data[at] == '{';
        depth -= shape.data[at] == '}';
        at = end > 0 ? end : at + 1;
    }
    return &vocabulary->keys_used.items[keys % KEYS_SLOTS];
}

unsigned vocabulary_shapes_of_keys(const struct vocabulary *vocabulary, struct span shape)
{
    return *keys_used(vocabulary, shape);
}

static size_t count_holes(struct span shape)
{
    size_t holes = 0;
    for (size_t i = 0; i < shape.size; i++) {
        holes += shape.data[i] == LINE_CUT_HOLE;
    }
    return holes;
}

enum status vocabulary_add_shape(struct vocabulary *vocabulary, struct span shape,
                                 uint32_t *out_shape, struct err *err)
{
    struct shape_walk walk = {.vocabulary = vocabulary,
                              .shape = shape,
                              .path = &vocabulary->work,
                              .first_path = vocabulary->shape_paths.count};
    size_t n_values = count_holes(shape);
    *out_shape = INTERN_NONE;
    /* before a path is added: paths are numbered by the shapes that were taken, and by no others */
    if (vocabulary->shapes.count >= VOCABULARY_SHAPES_MAX || n_values > LINE_CUT_VALUES_MAX ||
        shape.size > LINE_CUT_SHAPE_BYTES_MAX ||
        intern_count(&vocabulary->paths) + n_values > VOCABULARY_PATHS_MAX) {
        return OK;
    }
    buf_clear(walk.path);
    enum walked walked = walk_shape(&walk);
    if (walked == WALK_BAD) {
        return err_set(err, ERR_CORRUPT, "these bytes are no shape of a line");
    }
    uint32_t number = walked == WALKED
                          ? intern_add(&vocabulary->shape_bytes, shape, VOCABULARY_SHAPES_MAX)
                          : INTERN_NONE;
    if (number == INTERN_NONE ||
        !vec_push(&vocabulary->shapes,
                  (struct vocabulary_shape){.bytes = intern_text(&vocabulary->shape_bytes, number),
                                            .first_path = (uint32_t)walk.first_path,
                                            .n_values = (uint32_t)n_values})) {
        return err_nomem(err, "vocabulary");
    }
    CHECK(number == vocabulary->shapes.count - 1);
    uint8_t *used = keys_used(vocabulary, shape);
    *used = (uint8_t)(*used + (*used < UINT8_MAX));
    *out_shape = number;
    return OK;
}
