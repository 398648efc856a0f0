/* Makes a copy: events collected into a hidden part file, the case header signed, the whole
 * encrypted when it is asked for, then published under its name. Interrupted, it leaves nothing. */
#include "tools/stele/copy/copy_job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "query/search/extract.h"
#include "schema/archive/archive.h"
#include "tools/stele/cli/progress.h"

struct copy_maker {
    struct copy_job *job;
    struct copy_writer *writer;
    struct progress *progress;
};

static bool is_stopped(const struct copy_job *job)
{
    return job->stop && *job->stop;
}

static enum status add_event(void *context, const struct copy_event *event, struct err *err)
{
    struct copy_maker *maker = context;
    if (is_stopped(maker->job)) {
        return err_set(err, ERR_STOPPED, "interrupted; nothing was made");
    }
    return copy_writer_add(maker->writer, event, err);
}

static void show_search(void *context, int64_t thousandths, int64_t events)
{
    progress_step(context, thousandths, events);
}

/* Where the copy comes from: an archive says it itself, a copy what it was made from. */
static enum status name_source(struct copy_job *job, const struct day_iterator *iterator,
                               struct err *err)
{
    struct copy_header header;
    struct copy_case *facts = &job->facts;
    const struct archive *archive = day_iterator_archive(iterator);
    char *path = realpath(job->archive, NULL);
    facts->archive_dir = arena_copy(&job->arena, span_str(path ? path : job->archive));
    free(path);
    if (archive) {
        facts->archive_id = arena_copy(&job->arena, span_str(archive_id(archive)));
    } else if (copy_header_open(job->archive, &header, NULL) == OK) {
        facts->archive_id = arena_copy(&job->arena, header.facts.archive_id);
        copy_header_fini(&header);
    }
    return facts->archive_dir.data ? OK : err_nomem(err, "copy");
}

static enum status collect(struct copy_maker *maker, struct err *err)
{
    struct copy_job *job = maker->job;
    struct day_iterator *iterator = NULL;
    struct day_iterator_options search = {
        .path = job->archive,
        .query = job->query,
        .from_us = job->facts.from_us,
        .to_us = job->facts.to_us,
        .oldest_first = true,
        .progress = show_search,
        .progress_context = maker->progress,
    };
    struct extract extract = {.each = add_event, .context = maker};
    enum status status = day_iterator_open(&search, &iterator, err);
    status = THEN(status, name_source(job, iterator, err));
    status = THEN(status, extract_run(iterator, &extract, err));
    day_iterator_close(iterator);
    return status;
}

/* The archive's key for seals; *out_key NULL: it has none. */
static enum status find_key(struct copy_job *job, struct signing_key **out_key, struct err *err)
{
    char path[FILE_PATH_BYTES];
    const char *given = job->key_path ? job->key_path : "";
    *out_key = NULL;
    enum status status = file_path_format(path, err, "%s/keys/seal.key", job->archive);
    if (status == OK && (given[0] || file_exists(path))) { /* a copy makes none */
        status = signing_key_load_private(given[0] ? given : path, out_key, err);
    }
    if (status == OK && *out_key) {
        (void)snprintf(job->key_id, sizeof job->key_id, "%s", signing_key_id(*out_key));
    }
    return status;
}

static enum status measure_file(struct copy_job *job, int fd, struct err *err)
{
    static char piece[1 << 16];
    struct digest_stream *stream = digest_stream_new();
    if (!stream) {
        return err_nomem(err, "copy");
    }
    ssize_t size;
    int64_t at = 0;
    while ((size = pread(fd, piece, sizeof piece, at)) > 0 || (size < 0 && errno == EINTR)) {
        digest_stream_add(stream, span_of(piece, size > 0 ? (size_t)size : 0));
        at += size > 0 ? size : 0;
    }
    int number = errno;
    job->file_sha256 = digest_stream_finish(stream);
    job->file_bytes = at;
    return size < 0 ? err_errno(err, number, "%s", job->out) : OK;
}

static bool encrypted_so_far(void *context, int64_t bytes)
{
    struct copy_maker *maker = context;
    progress_step(maker->progress, bytes * 1000 / (maker->job->file_bytes + 1),
                  bytes / (1024 * 1024));
    return !is_stopped(maker->job);
}

static enum status encrypt(struct copy_maker *maker, const struct atomic_file *file,
                           struct err *err)
{
    struct copy_job *job = maker->job;
    int fd = copy_writer_fd(maker->writer);
    enum status status = measure_file(job, fd, err);
    if (status == OK && job->file_bytes > CMS_BYTES_MAX) {
        return err_set(err, ERR_LIMIT,
                       "the copy has %lld bytes, and openssl decrypts no more than %lld at once: "
                       "make several, by --from and --to",
                       (long long)job->file_bytes, (long long)CMS_BYTES_MAX);
    }
    progress_begin(maker->progress, "encrypt", "MiB", 1000);
    return THEN(status, cms_seal(fd, file->fd, &job->to, encrypted_so_far, maker, err));
}

static void show_rows(void *context, int64_t rows)
{
    struct copy_maker *maker = context;
    progress_step(maker->progress, rows * 1000 / maker->job->facts.events, rows);
}

static enum status write_plain(struct copy_maker *maker, const struct atomic_file *file,
                               struct err *err)
{
    const struct copy_job *job = maker->job;
    progress_begin(maker->progress, "plain", "events", 1000);
    return copy_plain_write(copy_writer_part(maker->writer), file->part, &job->facts, job->stop,
                            show_rows, maker, err);
}

static enum status put_in_place(struct copy_maker *maker, struct err *err)
{
    struct copy_job *job = maker->job;
    struct atomic_file file;
    if (!copy_job_encrypts(job) && !job->plain) {
        enum status status = measure_file(job, copy_writer_fd(maker->writer), err);
        return THEN(status, copy_writer_publish(maker->writer, job->over, err));
    }
    enum status status = atomic_file_open(&file, job->out, err);
    if (status != OK) {
        return status;
    }
    status = copy_job_encrypts(job) ? encrypt(maker, &file, err) : write_plain(maker, &file, err);
    progress_wipe(maker->progress);
    status = THEN(status, measure_file(job, file.fd, err));
    status = THEN(status, atomic_file_publish(&file, job->over, err));
    atomic_file_drop(&file);
    return status;
}

static enum status check_target(const struct copy_job *job, struct err *err)
{
    struct stat st;
    if (stat(job->out, &st) == 0 && !S_ISREG(st.st_mode)) {
        return err_set(err, ERR_USAGE, "%s is there, and no file that could be replaced", job->out);
    }
    if (!job->over && file_exists(job->out)) {
        return err_set(err, ERR_EXISTS, "%s is there already; --force replaces it", job->out);
    }
    return copy_job_encrypts(job) ? cms_check(&job->to, err) : OK;
}

enum status copy_job_run(struct copy_job *job, struct err *err)
{
    struct progress progress;
    struct copy_maker maker = {.job = job, .progress = &progress};
    struct signing_key *key = NULL;
    enum status status = check_target(job, err);
    status = THEN(status, find_key(job, &key, err));
    status = THEN(status, copy_writer_open(job->out, job->compression_level, copy_job_encrypts(job),
                                           &maker.writer, err));
    progress_begin(&progress, "copy", "events", 1000);
    status = THEN(status, collect(&maker, err));
    progress_wipe(&progress);
    if (status == OK && copy_writer_count(maker.writer) > 0) {
        status = copy_writer_finish(maker.writer, &job->facts, key, err);
        status = THEN(status, put_in_place(&maker, err));
    }
    copy_writer_close(maker.writer);
    signing_key_free(key);
    return status;
}
