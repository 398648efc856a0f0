/* The file of --resume: written beside and renamed over after each object, so that it is always
 * whole; read at the start and compared with what is asked for now. */
#include "tools/stele/export/export_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/crypto/digest.h"
#include "schema/file/file.h"

#define HEAD_LINE "stele export 1"

enum { STATE_BYTES_MAX = 16 << 20, STATE_MODE = 0600 };

const char *const export_state_codecs[] = {"zstd", "gzip", "none"};

static void head_write(const struct export_terms *terms, struct buf *out)
{
    char hex[DIGEST_HEX_BYTES];
    struct digest query = digest_sha256(terms->query.size ? terms->query : span_str("*"));
    buf_printf(out, HEAD_LINE "\narchive %s\n--dest %s\n--codec %s\n--object-bytes %" PRId64 "\n",
               terms->archive_id, terms->dest, export_state_codecs[terms->codec],
               terms->object_bytes_max);
    buf_printf(out, "--key %s\n--from %s\n--to %s\nquery %s\n", terms->key, terms->from, terms->to,
               digest_hex(&query, hex));
    buf_printf(out, "bounds %" PRId64 " %" PRId64 "\n", terms->from_us, terms->to_us);
}

/* "WORD NUMBER NUMBER..."; a number may be a day. */
static bool read_numbers(struct span line, const char *word, int64_t *out, size_t count)
{
    if (!span_starts(line, word)) {
        return false;
    }
    line = span_from(line, strlen(word));
    for (size_t i = 0; i < count; i++) {
        char text[32];
        char *end;
        if (line.size == 0 || line.data[0] != ' ') {
            return false;
        }
        line = span_from(line, 1);
        struct span one = span_of(line.data, span_find(line, ' '));
        line = span_from(line, one.size);
        (void)snprintf(text, sizeof text, "%.*s", one.size < 31 ? (int)one.size : 31, one.data);
        if (!clock_parse_day(one, &out[i])) {
            out[i] = strtoll(text, &end, 10);
            if (!*text || *end) {
                return false;
            }
        }
    }
    return line.size == 0;
}

static int shown(struct span line)
{
    return line.size < 120 ? (int)line.size : 120;
}

/* The head of the file against what is asked for now. */
static enum status head_compare(struct export_state *state, struct span *rest,
                                struct export_terms *terms, struct err *err)
{
    struct span want = buf_span(&state->head);
    struct span mine;
    struct span theirs;
    int64_t bounds[2];
    bool first = true;
    while (span_next_line(&want, &mine)) {
        bool told = span_next_line(rest, &theirs);
        if (!told || (first && !span_equal(mine, theirs))) {
            return err_set(err, ERR_FORMAT, "%s: no file of stele export --resume", state->path);
        }
        first = false;
        if (span_starts(mine, "bounds ")) {
            if (!read_numbers(theirs, "bounds", bounds, 2)) {
                return err_set(err, ERR_FORMAT, "%s: damaged", state->path);
            }
            terms->from_us = bounds[0];
            terms->to_us = bounds[1];
        } else if (!span_equal(mine, theirs)) {
            return err_set(err, ERR_USAGE,
                           "--resume: %s is of another export: it says \"%.*s\", asked is \"%.*s\"",
                           state->path, shown(theirs), theirs.data, shown(mine), mine.data);
        }
    }
    return OK;
}

enum status export_state_add_day(struct export_state *state, int64_t day_us, int64_t last_block,
                                 struct err *err)
{
    bool added = vec_push(&state->days, (struct export_state_day){day_us, last_block});
    return added ? OK : err_nomem(err, "export");
}

static enum status body_read(struct export_state *state, struct span rest, struct err *err)
{
    struct span line;
    bool placed = false;
    enum status status = OK;
    while (status == OK && span_next_line(&rest, &line)) {
        int64_t n[6];
        if (read_numbers(line, "day", n, 2)) {
            status = export_state_add_day(state, n[0], n[1], err);
        } else if (!placed && read_numbers(line, "at", n, 6)) {
            placed = true;
            state->position = (struct export_position){n[0], n[1], n[2], n[3], n[4], n[5]};
        } else if (placed && rest.size == 0 && span_is(line, "end")) {
            state->ended = true;
        } else {
            placed = false;
            break;
        }
    }
    if (status == OK && (!placed || rest.size > 0)) {
        status = err_set(err, ERR_FORMAT, "%s: damaged", state->path);
    }
    return status;
}

enum status export_state_open(const char *path, struct export_terms *terms,
                              struct export_state **out_state, struct err *err)
{
    struct export_state *state = calloc(1, sizeof *state);
    if (!state) {
        return err_nomem(err, "export");
    }
    state->position.day_us = INT64_MIN;
    head_write(terms, &state->head);
    struct buf text = BUF_INIT;
    enum status status = file_path_format(state->path, err, "%s", path);
    status = THEN(status, buf_status(&state->head, "export", err));
    status = THEN(status, file_read(path, STATE_BYTES_MAX, &text, err));
    state->is_new = status == ERR_NOT_FOUND;
    if (!state->is_new) {
        struct span rest = buf_span(&text);
        status = THEN(status, head_compare(state, &rest, terms, err));
        status = THEN(status, body_read(state, rest, err));
        buf_clear(&state->head);
        head_write(terms, &state->head);
        status = THEN(status, buf_status(&state->head, "export", err));
    }
    buf_fini(&text);
    if (status != OK && !state->is_new) {
        export_state_close(state);
        return status;
    }
    *out_state = state;
    return OK;
}

void export_state_close(struct export_state *state)
{
    if (state) {
        buf_fini(&state->head);
        vec_fini(&state->days);
        free(state);
    }
}

int64_t export_state_last_block(const struct export_state *state, int64_t day_us)
{
    for (size_t i = 0; i < state->days.count; i++) {
        if (state->days.items[i].day_us == day_us) {
            return state->days.items[i].last_block;
        }
    }
    return -1;
}

enum status export_state_write(struct export_state *state, const struct export_position *position,
                               bool ended, struct err *err)
{
    char day[CLOCK_TEXT_BYTES];
    struct buf text = BUF_INIT;
    buf_add_span(&text, buf_span(&state->head));
    for (size_t i = 0; i < state->days.count; i++) {
        const struct export_state_day *at = &state->days.items[i];
        buf_printf(&text, "day %s %" PRId64 "\n", clock_format_day(at->day_us, day),
                   at->last_block);
    }
    buf_printf(&text,
               "at %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n%s",
               position->day_us, position->block, position->objects, position->events,
               position->raw_bytes, position->bytes, ended ? "end\n" : "");
    enum status status = buf_status(&text, "export", err);
    status = THEN(status, file_write(state->path, buf_span(&text), STATE_MODE, err));
    buf_fini(&text);
    if (status == OK) {
        state->position = *position;
        state->ended = ended;
    }
    return status;
}
