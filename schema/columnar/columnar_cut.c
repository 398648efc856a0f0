#include "schema/columnar/columnar_cut.h"

#include "schema/base/hash64.h"

/* A shape is taken when a second line has it. Of those that came once a fingerprint is kept, by its
 * low bits, so that a newer one takes the place of an older one. Without a seed: the same lines
 * give the same block, and who makes fingerprints meet only has his own lines kept whole or shapes
 * taken early. */
enum { SEEN_SLOTS = 4096 };

struct columnar_cut_line {
    uint32_t shape; /* of the vocabulary; INTERN_NONE: not known yet */
    uint32_t n_values;
    size_t first_cell;
    uint64_t fingerprint; /* of a shape that is not known yet */
};

enum status columnar_cut_init(struct columnar_cut *cut, struct vocabulary *vocabulary,
                              struct err *err)
{
    *cut = (struct columnar_cut){.vocabulary = vocabulary};
    cut->seen = calloc(SEEN_SLOTS, sizeof *cut->seen);
    if (!cut->seen || !vec_reserve(&cut->place_of_shape, VOCABULARY_SHAPES_MAX) ||
        !vec_reserve(&cut->column_of_path, VOCABULARY_PATHS_MAX)) {
        return err_nomem(err, "columns");
    }
    memset(cut->place_of_shape.items, 0, VOCABULARY_SHAPES_MAX * sizeof(uint32_t));
    memset(cut->column_of_path.items, 0, VOCABULARY_PATHS_MAX * sizeof(uint32_t));
    return OK;
}

void columnar_cut_fini(struct columnar_cut *cut)
{
    for (size_t i = 0; i < cut->columns.count; i++) {
        vec_fini(&cut->columns.items[i].values);
        vec_fini(&cut->columns.items[i].lines);
    }
    free(cut->seen);
    vec_fini(&cut->shapes);
    vec_fini(&cut->used_shapes);
    vec_fini(&cut->columns);
    vec_fini(&cut->place_of_shape);
    vec_fini(&cut->column_of_path);
    vec_fini(&cut->lines);
    vec_fini(&cut->cells);
}

static void clear(struct columnar_cut *cut)
{
    for (size_t i = 0; i < cut->used_shapes.count; i++) {
        cut->place_of_shape.items[cut->used_shapes.items[i]] = 0;
    }
    for (size_t i = 0; i < cut->n_columns; i++) {
        cut->column_of_path.items[cut->columns.items[i].path] = 0;
        vec_clear(&cut->columns.items[i].values);
        vec_clear(&cut->columns.items[i].lines);
    }
    cut->n_columns = 0;
    vec_clear(&cut->shapes);
    vec_clear(&cut->used_shapes);
    vec_clear(&cut->lines);
    vec_clear(&cut->cells);
}

static struct span shape_of(const struct line_cut *line)
{
    return span_of(line->shape, line->shape_size);
}

static bool keep_cells(struct columnar_cut *cut, struct columnar_cut_line *line, uint32_t shape)
{
    line->shape = shape;
    line->n_values = (uint32_t)cut->line.n_values;
    line->first_cell = cut->cells.count;
    return vec_push_all(&cut->cells, cut->line.values, cut->line.n_values);
}

static bool keep_whole(struct columnar_cut *cut, struct columnar_cut_line *line, struct span bytes)
{
    cut->line.values[0] = bytes;
    cut->line.n_values = 1;
    return keep_cells(cut, line, 0);
}

/* Cuts one line into cut->line, with objects opened or, where there are many shapes of its keys,
 * whole; *out_shape is INTERN_NONE when the shape is new. False: it is to be kept whole. */
static bool cut_one(struct columnar_cut *cut, struct span line, uint32_t *out_shape)
{
    for (int depth = LINE_CUT_DEPTH_MAX; line_cut(line, depth, &cut->line); depth = 1) {
        struct span shape = shape_of(&cut->line);
        *out_shape = vocabulary_find_shape(cut->vocabulary, shape);
        unsigned count =
            *out_shape == INTERN_NONE ? vocabulary_shapes_of_keys(cut->vocabulary, shape) : 0;
        if (count < VOCABULARY_SHAPES_OF_KEYS_MAX * (depth == 1 ? 2 : 1)) {
            return true;
        }
        if (depth == 1) {
            return false;
        }
    }
    return false;
}

/* True when a shape with this fingerprint came before; it counts as come from now on. */
static bool came_before(struct columnar_cut *cut, uint64_t fingerprint)
{
    uint64_t *slot = &cut->seen[fingerprint % SEEN_SLOTS];
    bool before = *slot == fingerprint;
    *slot = fingerprint;
    return before;
}

/* The line's shape, values into the cells; a shape that comes for the first time stays open. */
static enum status cut_first(struct columnar_cut *cut, struct span bytes,
                             struct columnar_cut_line *line, struct err *err)
{
    uint32_t shape = INTERN_NONE;
    enum status status = OK;
    bool is_cut = cut_one(cut, bytes, &shape);
    if (is_cut && shape == INTERN_NONE) {
        line->fingerprint = hash64(shape_of(&cut->line), 0) | 1;
        if (!came_before(cut, line->fingerprint)) {
            line->shape = INTERN_NONE;
            return OK;
        }
        status = vocabulary_add_shape(cut->vocabulary, shape_of(&cut->line), &shape, err);
    }
    if (status != OK) {
        return status;
    }
    bool kept = is_cut && shape != INTERN_NONE ? keep_cells(cut, line, shape)
                                               : keep_whole(cut, line, bytes);
    return kept ? OK : err_nomem(err, "columns");
}

/* A line whose shape was new when it came: another line may have brought it since. */
static enum status cut_again(struct columnar_cut *cut, struct span bytes,
                             struct columnar_cut_line *line, struct err *err)
{
    uint32_t shape = INTERN_NONE;
    bool is_cut = cut_one(cut, bytes, &shape) && shape != INTERN_NONE;
    bool kept = is_cut ? keep_cells(cut, line, shape) : keep_whole(cut, line, bytes);
    return kept ? OK : err_nomem(err, "columns");
}

/* The column of a path, made when it is new in this block; NULL: memory is out. */
static struct columnar_cut_column *column_of(struct columnar_cut *cut, uint32_t path)
{
    uint32_t *number = &cut->column_of_path.items[path];
    if (*number > 0) {
        return &cut->columns.items[*number - 1];
    }
    if (cut->n_columns == cut->columns.count &&
        !vec_push(&cut->columns, (struct columnar_cut_column){0})) {
        return NULL;
    }
    struct columnar_cut_column *column = &cut->columns.items[cut->n_columns++];
    column->path = path;
    *number = (uint32_t)cut->n_columns;
    return column;
}

/* Room for the columns of one more shape, and for the one of whole lines. */
static bool fits(const struct columnar_cut *cut, const struct vocabulary_shape *shape)
{
    const uint32_t *paths = vocabulary_paths(cut->vocabulary, shape);
    size_t extra = 1;
    for (size_t i = 0; i < shape->n_values; i++) {
        extra += cut->column_of_path.items[paths[i]] == 0;
    }
    return cut->n_columns + extra <= COLUMNAR_COLUMNS_MAX;
}

/* The line's values into their columns. */
static bool scatter(struct columnar_cut *cut, struct columnar_cut_line *line, struct span bytes)
{
    uint32_t *place = &cut->place_of_shape.items[line->shape];
    const struct vocabulary_shape *shape = vocabulary_shape(cut->vocabulary, line->shape);
    if (*place == 0) {
        if (line->shape != 0 && !fits(cut, shape)) {
            return keep_whole(cut, line, bytes) && scatter(cut, line, bytes);
        }
        if (!vec_push(&cut->used_shapes, line->shape)) {
            return false;
        }
        *place = (uint32_t)cut->used_shapes.count;
    }
    const uint32_t *paths = vocabulary_paths(cut->vocabulary, shape);
    for (size_t i = 0; i < line->n_values; i++) {
        struct columnar_cut_column *column = column_of(cut, paths[i]);
        if (!column || !vec_push(&column->values, cut->cells.items[line->first_cell + i]) ||
            !vec_push(&column->lines, (uint16_t)cut->shapes.count)) {
            return false;
        }
    }
    return vec_push(&cut->shapes, *place - 1);
}

static enum status scatter_all(struct columnar_cut *cut, const struct span *lines, struct err *err)
{
    for (size_t i = 0; i < cut->lines.count; i++) {
        if (!scatter(cut, &cut->lines.items[i], lines[i])) {
            return err_nomem(err, "columns");
        }
    }
    return OK;
}

/* A line like the one before has its shape and its values, where they stand: most arrivals are. */
static bool is_same_again(const struct columnar_cut *cut, const struct span *lines, size_t i)
{
    return i > 0 && cut->lines.items[i - 1].shape != INTERN_NONE &&
           span_equal(lines[i], lines[i - 1]);
}

enum status columnar_cut_lines(struct columnar_cut *cut, const struct span *lines, size_t n_lines,
                               struct err *err)
{
    enum status status = OK;
    clear(cut);
    if (!vec_reserve(&cut->lines, n_lines)) {
        return err_nomem(err, "columns");
    }
    cut->lines.count = n_lines;
    for (size_t i = 0; status == OK && i < n_lines; i++) {
        struct columnar_cut_line *line = &cut->lines.items[i];
        if (is_same_again(cut, lines, i)) {
            *line = line[-1];
        } else {
            status = cut_first(cut, lines[i], line, err);
        }
    }
    for (size_t i = 0; status == OK && i < n_lines; i++) {
        if (cut->lines.items[i].shape == INTERN_NONE) {
            status = cut_again(cut, lines[i], &cut->lines.items[i], err);
        }
    }
    return THEN(status, scatter_all(cut, lines, err));
}

enum status columnar_cut_whole(struct columnar_cut *cut, const struct span *lines, size_t n_lines,
                               struct err *err)
{
    clear(cut);
    if (!vec_reserve(&cut->lines, n_lines)) {
        return err_nomem(err, "columns");
    }
    cut->lines.count = n_lines;
    for (size_t i = 0; i < n_lines; i++) {
        if (!keep_whole(cut, &cut->lines.items[i], lines[i])) {
            return err_nomem(err, "columns");
        }
    }
    return scatter_all(cut, lines, err);
}
