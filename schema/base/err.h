/* Errors: a code from err.def, the original number of the library that failed, and one line of
 * text for people. The place that detects an error writes the text; a caller may put context in
 * front of it once (err_wrap). Results come out through out parameters, untouched on failure.
 * Whoever needs no text gives NULL for an err. */
#ifndef SCHEMA_BASE_ERR_H
#define SCHEMA_BASE_ERR_H

#include <stdbool.h>

enum status {
#define X(name, http, exit_code, retryable, text) name,
#include "schema/base/err.def"
#undef X
};

enum { ERR_TEXT_BYTES = 480 };

struct err {
    enum status status;
    long detail; /* SQLite's, OpenSSL's, curl's or errno's own number; 0 if none */
    char text[ERR_TEXT_BYTES];
};

#define MUST_USE __attribute__((warn_unused_result))

/* Bugs only, never the world: stays on in release and aborts. */
#define CHECK(cond) ((cond) ? (void)0 : err_check_failed(#cond, __FILE__, __LINE__))
_Noreturn void err_check_failed(const char *cond, const char *file, int line);

/* Fills *err (may be NULL) and returns status. The text is cut at ERR_TEXT_BYTES. */
enum status err_set(struct err *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Like err_set for a failed system call: keeps `number` (an errno) in detail, adds its words, and
 * turns ENOSPC and EDQUOT into ERR_FULL, ENOENT into ERR_NOT_FOUND, ENOMEM into ERR_NOMEM,
 * anything else into ERR_IO. */
enum status err_errno(struct err *err, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The next step of a list of steps, as in
 *     enum status status = archive_open(dir, ARCHIVE_WRITE, &archive, err);
 *     status = THEN(status, ledger_read(archive, &ledger, err));
 *     status = THEN(status, ledger_write(archive, &ledger, err));
 * `call` gives an enum status. It is evaluated once when `status` is OK, and not at all when an
 * earlier step failed: that step's status is then the value. */
#define THEN(status, call) ((status) == OK ? (call) : (status))

/* Puts "context: " before the text of *err (may be NULL) and returns status, which is what the call
 * that filled *err returned. */
enum status err_wrap(struct err *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Hands on what another err says: *err (may be NULL) becomes *why. Returns why->status. */
enum status err_copy(struct err *err, const struct err *why);
/* The same text under another status, which is returned. err may be NULL. */
enum status err_restate(struct err *err, enum status status);

/* The analyzer sees one file at a time: this says that these never return OK. */
#ifdef __clang_analyzer__
#define err_set(err, status, ...)   (err_set(err, status, __VA_ARGS__), (status))
#define err_errno(err, number, ...) (err_errno(err, number, __VA_ARGS__), ERR_IO)
#define err_wrap(err, status, ...)  (err_wrap(err, status, __VA_ARGS__), (status))
#endif

/* "who: out of memory". `who` is the file or the part of the program that asked for it. */
static inline enum status err_nomem(struct err *err, const char *who)
{
    return err_set(err, ERR_NOMEM, "%s: out of memory", who);
}

const char *status_name(enum status status);
int status_http(enum status status);
int status_exit_code(enum status status);
bool status_retryable(enum status status);

#endif
