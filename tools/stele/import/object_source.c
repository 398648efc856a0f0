/* Objects of a target as streams. Some lanes, a thread and a connection each, fetch ahead of the
 * reader into pairs of sockets; the reader takes them in order of their keys. */
#include "tools/stele/import/object_source.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/ship/target_open.h"
#include "schema/base/clock.h"
#include "schema/base/vec.h"
#include "tools/stele/cli/target_arg.h"

enum { LANES = 3, SOCKET_BYTES = 1 << 20, OBJECTS_MAX = 10000000 };

/* An object on its way: a thread writes it into a socket. */
struct lane {
    struct target *target;
    const char *key;
    int write_fd;
    int read_fd; /* -1: handed out */
    bool running;
    pthread_t thread;
    enum status status; /* of the thread, once it is joined */
    struct err err;
};

struct object {
    char *name;
    const char *key; /* in name */
};

struct object_source {
    char url[TARGET_URL_BYTES]; /* without "?endpoint=" */
    VEC(struct object) objects;
    int64_t bytes;
    size_t started; /* objects before it have a lane, or had one */
    atomic_bool cancel;
    struct lane lanes[LANES];
};

bool object_source_is(const char *word)
{
    return strncmp(word, "s3://", 5) == 0 || strncmp(word, "file://", 7) == 0;
}

size_t object_source_count(const struct object_source *source)
{
    return source->objects.count;
}

int64_t object_source_bytes(const struct object_source *source)
{
    return source->bytes;
}

const char *object_source_name(const struct object_source *source, size_t which)
{
    return vec_at(&source->objects, which)->name;
}

static const char *base_name(const char *key)
{
    const char *slash = strrchr(key, '/');
    return slash ? slash + 1 : key;
}

/* Seals, which lie beside what was shipped (daemon/seal/seal_location.h): no events, should
 * somebody name what is above both. */
static bool is_digest(const char *key)
{
    static const char folder[] = "stele-digest/";
    const char *found = strstr(key, folder);
    return found && (found == key || found[-1] == '/');
}

static enum status add_object(void *context, const struct target_item *item, struct err *err)
{
    struct object_source *source = context;
    const char *base = base_name(item->key);
    if (item->bytes == 0 || *base == '.' || *base == '_' || *base == '\0' || is_digest(item->key)) {
        return OK;
    }
    if (source->objects.count == OBJECTS_MAX) {
        return err_set(err, ERR_LIMIT, "%s: more than %d objects", source->url, OBJECTS_MAX);
    }
    char *name;
    if (!vec_reserve(&source->objects, 1) || asprintf(&name, "%s/%s", source->url, item->key) < 0) {
        return err_nomem(err, source->url);
    }
    (void)vec_push(&source->objects,
                   (struct object){.name = name, .key = name + strlen(source->url) + 1});
    source->bytes += item->bytes;
    return OK;
}

static enum status list_all(struct object_source *source, struct err *err)
{
    struct target *target = source->lanes[0].target;
    (void)snprintf(source->url, sizeof source->url, "%s", target->url);
    char *query = strchr(source->url, '?');
    if (query && strncmp(source->url, "s3://", 5) == 0) {
        *query = '\0';
    }
    const struct target_list list = {.prefix = "", .each = add_object, .context = source};
    enum status status = target_list(target, &list, NULL, err);
    return status == OK && source->objects.count == 0
               ? err_set(err, ERR_NOT_FOUND, "%s: no objects there", target->url)
               : status;
}

enum status object_source_open(const struct config *config, const char *url,
                               struct object_source **out_remote, struct err *err)
{
    struct object_source *source = calloc(1, sizeof *source);
    struct config *own = malloc(sizeof *own);
    enum status status = source && own ? OK : err_nomem(err, url);
    if (status == OK) {
        *own = *config;
        atomic_init(&source->cancel, false);
        status = target_arg_set(own, url, err);
    }
    for (size_t i = 0; i < LANES && status == OK; i++) {
        struct lane *lane = &source->lanes[i];
        lane->read_fd = -1;
        status = target_open(own, &lane->target, err);
        if (status == OK) {
            lane->target->cancel = &source->cancel;
        }
    }
    status = THEN(status, list_all(source, err));
    free(own);
    if (status != OK) {
        object_source_close(source);
        return status;
    }
    *out_remote = source;
    return OK;
}

static enum status write_piece(void *context, struct span bytes, struct err *err)
{
    const struct lane *lane = context;
    while (bytes.size > 0) {
        ssize_t n = send(lane->write_fd, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            /* the reader has gone: it has said why */
            return err_set(err, ERR_STOPPED, "%s: the reader has stopped", lane->key);
        }
        bytes = span_from(bytes, n > 0 ? (size_t)n : 0);
    }
    return OK;
}

static void *lane_main(void *context)
{
    struct lane *lane = context;
    lane->status = target_get(lane->target, lane->key, write_piece, lane, NULL, &lane->err);
    (void)close(lane->write_fd);
    return NULL;
}

static enum status lane_start(struct object_source *source, size_t which, struct err *err)
{
    struct lane *lane = &source->lanes[which % LANES];
    const struct object *object = vec_at(&source->objects, which);
    CHECK(!lane->running);
    int pair[2];
    int bytes = SOCKET_BYTES;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return err_errno(err, errno, "%s", object->name);
    }
    (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    lane->read_fd = pair[0];
    lane->write_fd = pair[1];
    lane->key = object->key;
    /* a signal is for the thread that reads: it must wake up from that */
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&lane->thread, NULL, lane_main, lane);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        (void)close(pair[0]);
        (void)close(pair[1]);
        lane->read_fd = -1;
        return err_errno(err, failed, "%s", object->name);
    }
    lane->running = true;
    return OK;
}

static enum status lane_join(void *context, struct err *err)
{
    struct lane *lane = context;
    if (lane->running) {
        (void)pthread_join(lane->thread, NULL);
        lane->running = false;
    }
    if (lane->status != OK && err) {
        (void)err_copy(err, &lane->err);
    }
    return lane->status;
}

/* Ends the lane, wherever it is. */
static void lane_end(struct lane *lane)
{
    if (lane->read_fd >= 0) {
        (void)close(lane->read_fd);
        lane->read_fd = -1;
    }
    (void)lane_join(lane, NULL);
}

void object_source_close(struct object_source *source)
{
    if (!source) {
        return;
    }
    atomic_store(&source->cancel, true);
    for (size_t i = 0; i < LANES; i++) {
        lane_end(&source->lanes[i]);
        target_close(source->lanes[i].target);
    }
    for (size_t i = 0; i < source->objects.count; i++) {
        free(source->objects.items[i].name);
    }
    vec_fini(&source->objects);
    free(source);
}

enum status object_source_unpack(struct object_source *source, size_t which,
                                 const volatile sig_atomic_t *stop, struct unpack **out_unpack,
                                 struct err *err)
{
    size_t count = source->objects.count;
    CHECK(which < count && which <= source->started);
    enum status status = OK;
    for (; status == OK && source->started < count && source->started < which + LANES;
         source->started += status == OK) {
        lane_end(&source->lanes[source->started % LANES]); /* of an object that is done */
        status = lane_start(source, source->started, err);
    }
    struct lane *lane = &source->lanes[which % LANES];
    if (which >= source->started) {
        return status;
    }
    const struct unpack_stream stream = {
        .fd = lane->read_fd,
        .name = object_source_name(source, which),
        .ended = lane_join,
        .context = lane,
    };
    lane->read_fd = -1;
    return unpack_open_stream(&stream, stop, out_unpack, err);
}

/* Reads `n` or more characters of a set, then `end`. */
static const char *skip(const char *at, const char *set, size_t least, size_t most, char end)
{
    size_t n = at ? strspn(at, set) : 0;
    return at && n >= least && n <= most && at[n] == end ? at + n + 1 : NULL;
}

bool object_source_is_ours(const struct object_source *source, size_t which, int64_t *out_day_us)
{
    static const char *const ends[] = {"ndjson", "ndjson.zst", "ndjson.gz"};
    const char *base = base_name(vec_at(&source->objects, which)->key);
    const char *day = skip(base, "0123456789abcdef", 8, 8, '-');
    const char *first = skip(day, "0123456789", 8, 8, '-');
    const char *last = skip(first, "0123456789", 6, 19, '-');
    const char *events = skip(last, "0123456789", 6, 19, '-');
    const char *digest = skip(events, "0123456789", 1, 19, '-');
    const char *end = skip(digest, "0123456789abcdef", 16, 16, '.');
    for (size_t i = 0; end && i < sizeof ends / sizeof ends[0]; i++) {
        if (strcmp(end, ends[i]) == 0) {
            char text[CLOCK_TEXT_BYTES];
            (void)snprintf(text, sizeof text, "%.4s-%.2s-%.2s", day, day + 4, day + 6);
            return clock_parse_day(span_str(text), out_day_us);
        }
    }
    return false;
}
