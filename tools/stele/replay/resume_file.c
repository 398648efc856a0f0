/* The file of --resume. Written beside and renamed over (durable when resume_file_write returns)
 * once a second and at the end; what was sent after the last write is sent again. */
#include "tools/stele/replay/resume_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/crypto/digest.h"
#include "schema/text/ascii.h"

enum { FILE_BYTES_MAX = 4 * 1024 * 1024 };

static struct resume_file_tie tie_of(struct span raw)
{
    struct resume_file_tie tie;
    char hex[DIGEST_HEX_BYTES];
    struct digest digest = digest_sha256(raw);
    (void)snprintf(tie.hex, sizeof tie.hex, "%.*s", RESUME_FILE_TIE_DIGITS,
                   digest_hex(&digest, hex));
    return tie;
}

static void add_what(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "%s ", name);
    buf_add_json(out, span_str(text));
    buf_add_char(out, '\n');
}

static const char *const what_names[] = {"dest", "as", "query", "from", "to"};

static enum status check_what(const struct resume_file *file, struct span *rest, struct err *err)
{
    struct span should = buf_span(&file->what);
    struct span line = {0};
    struct span wanted = {0};
    for (size_t i = 0; i < sizeof what_names / sizeof what_names[0]; i++) {
        (void)span_next_line(&should, &wanted);
        bool there = span_next_line(rest, &line);
        if (!there || !span_starts(line, what_names[i])) {
            return err_set(err, ERR_FORMAT, "--resume: %s is not the file of a replay", file->path);
        }
        if (!span_equal(line, wanted)) {
            return err_set(err, ERR_USAGE,
                           "--resume: %s is of another replay: there %.*s, here %.*s; give another "
                           "file, or the same options",
                           file->path, (int)(line.size < 120 ? line.size : 120), line.data,
                           (int)(wanted.size < 120 ? wanted.size : 120), wanted.data);
        }
    }
    return OK;
}

static bool is_tie(struct span line)
{
    bool ok = span_starts(line, "tie ") && line.size == 4 + RESUME_FILE_TIE_DIGITS;
    for (size_t i = 4; ok && i < line.size; i++) {
        ok = ascii_hex_digit(line.data[i]) >= 0;
    }
    return ok;
}

static bool read_ties(struct resume_file_place *place, struct span rest)
{
    struct span line;
    while (span_next_line(&rest, &line)) {
        if (!is_tie(line) || place->n_ties == RESUME_FILE_TIES_MAX) {
            return false;
        }
        memcpy(place->ties[place->n_ties++].hex, line.data + 4, RESUME_FILE_TIE_DIGITS);
    }
    return rest.size == 0;
}

/* Numbers behind a word; the text has a NUL behind it. */
static bool read_numbers(struct span *rest, const char *word, int64_t *a, int64_t *b)
{
    struct span line;
    int end = 0;
    char text[128];
    if (!span_next_line(rest, &line) || line.size >= sizeof text || !span_starts(line, word)) {
        return false;
    }
    (void)snprintf(text, sizeof text, "%.*s", SPAN_FMT(span_from(line, strlen(word))));
    bool good = b ? sscanf(text, " %" SCNd64 " %" SCNd64 "%n", a, b, &end) == 2
                  : sscanf(text, " %" SCNd64 "%n", a, &end) == 1;
    return good && end > 0 && text[end] == '\0';
}

static enum status read_file(struct resume_file *file, int64_t *from_us, int64_t *to_us,
                             struct err *err)
{
    struct buf text = BUF_INIT;
    struct span line;
    struct resume_file_place *place = &file->now;
    enum status status = file_read(file->path, FILE_BYTES_MAX, &text, err);
    struct span rest = buf_span(&text);
    if (status == OK && (!span_next_line(&rest, &line) || !span_is(line, "stele-replay 1"))) {
        status = err_set(err, ERR_FORMAT, "--resume: %s is not the file of a replay", file->path);
    }
    status = THEN(status, check_what(file, &rest, err));
    int64_t done = 0;
    int64_t from = 0;
    int64_t to = 0;
    if (status == OK && (!read_numbers(&rest, "range", &from, &to) ||
                         !read_numbers(&rest, "position", &place->position_us, NULL) ||
                         !read_numbers(&rest, "settled", &place->settled, &place->refused) ||
                         !read_numbers(&rest, "done", &done, NULL) || !read_ties(place, rest))) {
        status = err_set(err, ERR_FORMAT, "--resume: %s is damaged: delete it to start over",
                         file->path);
    }
    if (status == OK) {
        place->done = done == 1;
        *from_us = from;
        *to_us = to;
    }
    buf_fini(&text);
    return status;
}

enum status resume_file_open(const char *path, const struct resume_file_options *what,
                             int64_t *from_us, int64_t *to_us, struct resume_file **out_file,
                             struct err *err)
{
    struct resume_file *file = calloc(1, sizeof *file);
    if (!file) {
        return err_nomem(err, "replay");
    }
    const char *const texts[] = {what->dest, what->as, what->query, what->from, what->to};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        add_what(&file->what, what_names[i], texts[i]);
    }
    file->now.position_us = INT64_MIN;
    enum status status = file_path_format(file->path, err, "%s", path);
    status = THEN(status, buf_status(&file->what, "replay", err));
    if (status == OK && file_exists(path)) {
        status = read_file(file, from_us, to_us, err);
    }
    if (status == OK) {
        buf_printf(&file->what, "range %" PRId64 " %" PRId64 "\n", *from_us, *to_us);
        file->begun = file->now;
        status = resume_file_write(file, err); /* a file that cannot be written is reported now */
    }
    if (status != OK) {
        resume_file_close(file);
        return status;
    }
    *out_file = file;
    return OK;
}

void resume_file_close(struct resume_file *file)
{
    if (file) {
        buf_fini(&file->what);
        free(file);
    }
}

bool resume_file_has(const struct resume_file *file, int64_t time_us, struct span raw)
{
    const struct resume_file_place *begun = &file->begun;
    if (time_us != begun->position_us || begun->n_ties == 0) {
        return time_us < begun->position_us;
    }
    struct resume_file_tie tie = tie_of(raw);
    for (size_t i = 0; i < begun->n_ties; i++) {
        if (memcmp(begun->ties[i].hex, tie.hex, RESUME_FILE_TIE_DIGITS) == 0) {
            return true;
        }
    }
    return false;
}

void resume_file_note(struct resume_file *file, const struct post_batch *batch)
{
    CHECK(batch->items.count > 0 && batch->pending == 0);
    int64_t last_us = vec_last(&batch->items)->time_us;
    struct resume_file_place *now = &file->now;
    if (last_us > now->position_us) {
        now->position_us = last_us;
        now->n_ties = 0;
    }
    for (size_t i = 0; i < batch->items.count; i++) {
        now->refused += batch->items.items[i].outcome == RESPONSE_OUTCOME_REFUSED;
        if (batch->items.items[i].time_us == now->position_us &&
            now->n_ties < RESUME_FILE_TIES_MAX) {
            now->ties[now->n_ties++] = tie_of(post_batch_raw(batch, i));
        }
    }
    now->settled += (int64_t)batch->items.count;
    file->dirty = true;
}

void resume_file_finish(struct resume_file *file)
{
    file->now.done = true;
    file->dirty = true;
}

bool resume_file_due(const struct resume_file *file)
{
    return file->dirty && clock_monotonic_us() - file->written_us >= CLOCK_SECOND_US;
}

enum status resume_file_write(struct resume_file *file, struct err *err)
{
    const struct resume_file_place *now = &file->now;
    struct buf text = BUF_INIT;
    buf_add_str(&text, "stele-replay 1\n");
    buf_add_span(&text, buf_span(&file->what));
    buf_printf(&text, "position %" PRId64 "\nsettled %" PRId64 " %" PRId64 "\ndone %d\n",
               now->position_us, now->settled, now->refused, now->done);
    for (size_t i = 0; i < now->n_ties; i++) {
        buf_printf(&text, "tie %s\n", now->ties[i].hex);
    }
    enum status status = buf_status(&text, "replay", err);
    status = THEN(status, file_write(file->path, buf_span(&text), 0600, err));
    if (status != OK) {
        (void)err_wrap(err, status, "--resume");
    } else {
        file->dirty = false;
        file->written_us = clock_monotonic_us();
    }
    buf_fini(&text);
    return status;
}
