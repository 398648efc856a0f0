#include "query/render/listing_layout.h"

#include "query/render/terminal_text.h"

/* Without a terminal columns are padded up to so many; longer cells stand out of them, whole. */
enum { GAP = 2, PAD_MAX = 60, GOOD = 12, LEAST = 6, KEPT = 15 };

static const struct listing_column *column_at(const struct listing *rows, size_t i)
{
    return &rows->columns[rows->shown.items[i]];
}

static struct span head_of(const struct listing *rows, size_t i)
{
    return column_at(rows, i)->name;
}

static struct span cell_at(const struct listing *rows, size_t number)
{
    const struct listing_cell *cell = vec_at(&rows->cells, number);
    return cell->size > 0 ? span_of(rows->text.data + cell->at, cell->size) : span_of("", 0);
}

static void widen(size_t *width, struct span text, struct buf *scratch)
{
    buf_clear(scratch);
    size_t used = terminal_text_add(scratch, text, SIZE_MAX);
    *width = used > *width ? used : *width;
}

/* As wide as head and cells are. */
static bool measure(struct listing *rows)
{
    struct buf scratch = BUF_INIT;
    bool ok = vec_reserve(&rows->wide, rows->shown.count);
    for (size_t i = 0; ok && i < rows->shown.count; i++) {
        size_t width = 0;
        widen(&width, head_of(rows, i), &scratch);
        for (size_t row = 0; row < rows->n_held; row++) {
            widen(&width, cell_at(rows, row * rows->n_columns + rows->shown.items[i]), &scratch);
        }
        ok = vec_push(&rows->wide, width);
    }
    ok = ok && buf_ok(&scratch);
    buf_fini(&scratch);
    return ok;
}

static size_t capped(const struct listing *rows, size_t i, size_t cap)
{
    unsigned flags = column_at(rows, i)->flags;
    cap *= flags & LISTING_WIDE ? 3 : 1;
    cap = flags & LISTING_KEEP && cap < KEPT ? KEPT : cap;
    return flags & LISTING_WHOLE || rows->wide.items[i] < cap ? rows->wide.items[i] : cap;
}

/* What the row takes when no cell that may be cut is wider than the cap. */
static size_t width_with(const struct listing *rows, size_t cap)
{
    size_t sum = 0;
    for (size_t i = 0; i < rows->shown.count; i++) {
        sum += capped(rows, i, cap) + (i > 0 ? GAP : 0);
    }
    return sum;
}

/* Takes out the last column that may be left out. */
static bool drop_one(struct listing *rows)
{
    for (size_t i = rows->shown.count; i-- > 0 && !rows->chosen;) {
        if (column_at(rows, i)->flags & LISTING_SPARE) {
            size_t behind = rows->shown.count - i - 1;
            memmove(&rows->shown.items[i], &rows->shown.items[i + 1],
                    behind * sizeof rows->shown.items[0]);
            memmove(&rows->wide.items[i], &rows->wide.items[i + 1],
                    behind * sizeof rows->wide.items[0]);
            rows->shown.count--;
            rows->wide.count--;
            return true;
        }
    }
    return false;
}

static void fit(struct listing *rows)
{
    size_t room = rows->columns_max;
    size_t cap = LEAST;
    while (width_with(rows, GOOD) > room && drop_one(rows)) {
    }
    if (width_with(rows, room) <= room) {
        return;
    }
    if (width_with(rows, LEAST) > room) {
        rows->is_records = true;
        return;
    }
    while (width_with(rows, cap + 1) <= room) {
        cap++;
    }
    size_t rest = room - width_with(rows, cap);
    for (size_t i = 0; i < rows->wide.count; i++) {
        size_t width = capped(rows, i, cap);
        size_t more = rows->wide.items[i] - width;
        more = more < rest ? more : rest;
        rows->wide.items[i] = width + more;
        rest -= more;
    }
}

/* One cell in its column; *left is what the line has room for. */
static void add_cell(struct listing *rows, size_t i, struct span text, const char *colour,
                     size_t *left)
{
    struct buf *line = &rows->line;
    const bool last = i + 1 == rows->shown.count;
    const bool wraps = last && column_at(rows, i)->flags & LISTING_WRAP;
    const bool cuts = rows->columns_max != SIZE_MAX && !wraps;
    const bool right = column_at(rows, i)->flags & LISTING_RIGHT;
    size_t width = rows->wide.items[i];
    size_t room = !cuts ? SIZE_MAX : last || width > *left ? *left : width;
    size_t start = line->size;
    buf_add_str(line, colour ? colour : "");
    size_t used = terminal_text_add(line, text, room);
    buf_add_str(line, colour ? "\x1b[0m" : "");
    if (right && used < width) {
        size_t size = line->size - start;
        size_t blanks = width - used;
        for (size_t k = 0; k < blanks; k++) {
            buf_add_char(line, ' ');
        }
        if (buf_ok(line)) {
            memmove(line->data + start + blanks, line->data + start, size);
            memset(line->data + start, ' ', blanks);
        }
        used = width;
    }
    size_t end = (used > width ? used : width) + GAP;
    for (; !last && used < end && (!cuts || used < *left); used++) {
        buf_add_char(line, ' ');
    }
    *left -= cuts ? used : 0;
}

static void end_line(struct buf *line)
{
    while (line->size > 0 && line->data[line->size - 1] == ' ') {
        line->size--;
    }
    buf_add_char(line, '\n');
}

bool listing_layout_open(struct listing *rows)
{
    if (!measure(rows)) {
        return false;
    }
    if (rows->columns_max != SIZE_MAX) {
        fit(rows);
    }
    for (size_t i = 0; rows->columns_max == SIZE_MAX && i < rows->wide.count; i++) {
        rows->wide.items[i] = rows->wide.items[i] < PAD_MAX ? rows->wide.items[i] : PAD_MAX;
    }
    size_t left = rows->columns_max;
    for (size_t i = 0; !rows->is_records && i < rows->shown.count; i++) {
        add_cell(rows, i, head_of(rows, i), NULL, &left);
    }
    if (!rows->is_records) {
        end_line(&rows->line);
    }
    return true;
}

/* Name and value on lines of their own; what is empty is left out. */
static void add_record(struct listing *rows, size_t first_cell)
{
    size_t widest = 0;
    struct buf scratch = BUF_INIT;
    for (size_t i = 0; i < rows->shown.count; i++) {
        widen(&widest, column_at(rows, i)->name, &scratch);
    }
    widest = widest < PAD_MAX ? widest : PAD_MAX;
    if (rows->is_open || first_cell > 0) {
        buf_add_char(&rows->line, '\n');
    }
    for (size_t i = 0; i < rows->shown.count; i++) {
        struct span text = cell_at(rows, first_cell + rows->shown.items[i]);
        if (text.size == 0) {
            continue;
        }
        size_t used = terminal_text_add(&rows->line, column_at(rows, i)->name, SIZE_MAX);
        for (used = used < widest ? used : widest; used < widest + GAP; used++) {
            buf_add_char(&rows->line, ' ');
        }
        (void)terminal_text_add(&rows->line, text, SIZE_MAX);
        buf_add_char(&rows->line, '\n');
    }
    buf_fini(&scratch);
}

void listing_layout_add(struct listing *rows, size_t first_cell)
{
    size_t left = rows->columns_max;
    if (rows->is_records) {
        add_record(rows, first_cell);
        return;
    }
    for (size_t i = 0; i < rows->shown.count; i++) {
        size_t number = first_cell + rows->shown.items[i];
        add_cell(rows, i, cell_at(rows, number), vec_at(&rows->cells, number)->colour, &left);
    }
    end_line(&rows->line);
}
