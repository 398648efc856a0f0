/* credential_process: a program that prints credentials as JSON (AWS SDKs and Tools Reference
 * Guide, "Process credential provider"). It is run without a shell; what it prints is bounded in
 * size and time; its stderr goes nowhere, for it may hold secrets. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/ship/aws/credential_source.h"
#include "schema/base/clock.h"

#define WHERE "credential_process"

extern char **environ;

enum { WORDS_MAX = 64, POLL_MS = 100 };

/* The line in words: by white space, but for '...' and "..."; \ before any character outside of
 * '...' takes its meaning. False: an open quote, or too many words. */
static bool words_split(struct span line, struct buf *text, size_t starts[WORDS_MAX + 1],
                        size_t *out_count)
{
    size_t count = 0;
    char quote = 0;
    bool in_word = false;
    for (size_t i = 0; i < line.size; i++) {
        char c = line.data[i];
        if (!quote && (c == ' ' || c == '\t')) {
            if (in_word) {
                buf_add_char(text, '\0');
            }
            in_word = false;
            continue;
        }
        if (!in_word) {
            if (count == WORDS_MAX) {
                return false;
            }
            starts[count++] = text->size;
            in_word = true;
        }
        if (quote ? c == quote : (c == '"' || c == '\'')) {
            quote = quote ? 0 : c;
        } else if (c == '\\' && quote != '\'' && i + 1 < line.size) {
            buf_add_char(text, line.data[++i]);
        } else {
            buf_add_char(text, c);
        }
    }
    buf_add_char(text, '\0');
    *out_count = count;
    return quote == 0 && count > 0;
}

static enum status start(char *const *argv, int out_fd, pid_t *out_pid, struct err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    CHECK(posix_spawn_file_actions_init(&actions) == 0 && posix_spawnattr_init(&attributes) == 0);
    int failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
    failed =
        failed ? failed : posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    failed = failed ? failed : posix_spawnattr_setsigmask(&attributes, &none);
    failed = failed ? failed : posix_spawnattr_setsigdefault(&attributes, &all);
    failed = failed ? failed : posix_spawnattr_setpgroup(&attributes, 0);
    failed = failed ? failed
                    : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
                                                                POSIX_SPAWN_SETSIGDEF |
                                                                POSIX_SPAWN_SETPGROUP);
    failed = failed ? failed : posix_spawnp(out_pid, argv[0], &actions, &attributes, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    if (failed) {
        (void)err_errno(err, failed, WHERE ": cannot run %.200s", argv[0]);
        return credential_source_wrong(err);
    }
    return OK;
}

/* All that it prints, until it closes its output. */
static enum status read_all(const struct credential_source *source, int fd, struct buf *out,
                            struct err *err)
{
    int64_t deadline_us = clock_monotonic_us() + source->config->ship_timeout;
    for (;;) {
        char bytes[4096];
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        int ready = poll(&poll_fd, 1, POLL_MS);
        if (source->cancel && *source->cancel && atomic_load(*source->cancel)) {
            return err_set(err, ERR_STOPPED, "stopped while " WHERE " ran");
        }
        if (clock_monotonic_us() > deadline_us) {
            return err_set(err, ERR_NET, WHERE ": did not end within ship.timeout");
        }
        ssize_t n = ready > 0 ? read(fd, bytes, sizeof bytes) : 1;
        if (n == 0) {
            return OK;
        }
        if (ready <= 0 || n < 0) {
            continue;
        }
        buf_add(out, bytes, (size_t)n);
        explicit_bzero(bytes, sizeof bytes);
        if (out->size > CREDENTIAL_SOURCE_RESPONSE_BYTES_MAX) {
            return err_set(err, ERR_CONFIG, WHERE ": printed over %d bytes",
                           CREDENTIAL_SOURCE_RESPONSE_BYTES_MAX);
        }
    }
}

static enum status run(const struct credential_source *source, char *const *argv, struct buf *out,
                       struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return err_errno(err, errno, WHERE ": pipe");
    }
    pid_t pid = -1;
    enum status status = start(argv, ends[1], &pid, err);
    (void)close(ends[1]);
    if (status == OK) {
        status = read_all(source, ends[0], out, err);
        if (status != OK) {
            (void)kill(-pid, SIGKILL);
        }
        int how = 0;
        while (waitpid(pid, &how, 0) < 0 && errno == EINTR) {
        }
        if (status == OK && !(WIFEXITED(how) && WEXITSTATUS(how) == 0)) {
            status = err_set(err, ERR_DENIED, WHERE ": %.200s failed (%s %d)", argv[0],
                             WIFEXITED(how) ? "exit code" : "signal",
                             WIFEXITED(how) ? WEXITSTATUS(how) : WTERMSIG(how));
        }
    }
    (void)close(ends[0]);
    return status;
}

enum status credential_source_process(const struct credential_source *source, struct span line,
                                      struct credentials *out, struct err *err)
{
    static const struct credential_source_names names = {"AccessKeyId", "SecretAccessKey",
                                                         "SessionToken", "Expiration"};
    struct buf text = BUF_INIT;
    struct buf printed = BUF_INIT;
    size_t starts[WORDS_MAX + 1];
    char *argv[WORDS_MAX + 1] = {NULL};
    size_t count = 0;
    enum status status = OK;
    if (!words_split(line, &text, starts, &count)) {
        status =
            err_set(err, ERR_CONFIG,
                    WHERE ": no program, a quote that is not closed, or over %d words", WORDS_MAX);
    }
    status = THEN(status, buf_status(&text, "ship", err));
    if (status == OK) {
        for (size_t i = 0; i < count; i++) {
            argv[i] = text.data + starts[i];
        }
        status = run(source, argv, &printed, err);
    }
    status = THEN(status, credential_source_fill_json(WHERE, buf_span(&printed), &names,
                                                      source->now_us, out, err));
    buf_fini(&text);
    credential_source_wipe(&printed);
    return status;
}
