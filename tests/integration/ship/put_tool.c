/* Puts one object at a target, for tests of the targets alone:
 *     put_tool put KEY FILE SETTING=VALUE...     prints "created" or "was there"
 *     put_tool head KEY SETTING=VALUE...         prints "SIZE SHA256" or "SIZE -"
 *     put_tool list PREFIX SETTING=VALUE...      prints "SIZE KEY" of each, then what was passed
 * over put_tool get KEY SETTING=VALUE...          prints its bytes, "SIZE SHA256" on stderr
 *     put_tool sweep OWNER SETTING=VALUE...      prints how many
 *     put_tool check SETTING=VALUE...
 *     put_tool credentials TIMES SETTING=VALUE...  at each of "SECONDS,SECONDS": what is signed
 * with On failure one line on stderr, exit code by the error. With SHA256_OF=FILE2 the object is
 * sent under the digest of other bytes, as if they had changed on their way. With PAGE=N a list is
 * asked for in pages of N. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/aws/credentials.h"
#include "daemon/ship/target_open.h"
#include "schema/base/clock.h"

static const char *digest_of; /* SHA256_OF */
static int page;              /* PAGE */

static enum status settings(struct config *config, char **argv, struct err *err)
{
    config_init(config);
    enum status status = OK;
    for (; *argv && status == OK; argv++) {
        if (strncmp(*argv, "SHA256_OF=", 10) == 0) {
            digest_of = *argv + 10;
        } else if (strncmp(*argv, "PAGE=", 5) == 0) {
            page = (int)strtol(*argv + 5, NULL, 10);
        } else {
            status = config_set(config, *argv, err);
        }
    }
    return status;
}

static enum status put(struct target *target, const char *key, const char *file, struct err *err)
{
    struct buf bytes = BUF_INIT;
    struct buf other = BUF_INIT;
    enum target_put outcome = TARGET_CREATED;
    enum status status = file_read(file, (size_t)1 << 30, &bytes, err);
    if (status == OK && digest_of) {
        status = file_read(digest_of, (size_t)1 << 30, &other, err);
    }
    if (status == OK) {
        struct digest sha256 = digest_sha256(buf_span(digest_of ? &other : &bytes));
        const struct target_object object = {.key = key,
                                             .bytes = buf_span(&bytes),
                                             .sha256 = &sha256,
                                             .content_type = "application/octet-stream"};
        status = target_put(target, &object, &outcome, err);
    }
    if (status == OK) {
        puts(outcome == TARGET_CREATED ? "created" : "was there");
    }
    buf_fini(&bytes);
    buf_fini(&other);
    return status;
}

static enum status head(struct target *target, const char *key, struct err *err)
{
    struct target_head found;
    char hex[DIGEST_HEX_BYTES];
    enum status status = target_head(target, key, &found, err);
    if (status == OK) {
        printf("%lld %s\n", (long long)found.bytes,
               found.has_sha256 ? digest_hex(&found.sha256, hex) : "-");
    }
    return status;
}

static enum status print_item(void *context, const struct target_item *item, struct err *err)
{
    (void)context;
    if (item->modified_us <= 0) {
        return err_set(err, ERR_FORMAT, "%s has no time", item->key);
    }
    printf("%lld %s\n", (long long)item->bytes, item->key);
    return OK;
}

static enum status list(struct target *target, const char *prefix, struct err *err)
{
    const struct target_list wanted = {.prefix = prefix, .page = page, .each = print_item};
    struct target_passed passed;
    enum status status = target_list(target, &wanted, &passed, err);
    if (status == OK) {
        printf("passed over: %lld parts, %lld others\n", (long long)passed.parts,
               (long long)passed.others);
    }
    return status;
}

static enum status print_bytes(void *context, struct span bytes, struct err *err)
{
    (void)context;
    return fwrite(bytes.data, 1, bytes.size, stdout) == bytes.size
               ? OK
               : err_set(err, ERR_IO, "standard output");
}

static enum status get(struct target *target, const char *key, struct err *err)
{
    struct target_head got;
    char hex[DIGEST_HEX_BYTES];
    enum status status = target_get(target, key, print_bytes, NULL, &got, err);
    if (status == OK) {
        fprintf(stderr, "%lld %s\n", (long long)got.bytes, digest_hex(&got.sha256, hex));
    }
    return status;
}

static enum status abort_stale_uploads(struct target *target, const char *owner, struct err *err)
{
    size_t swept;
    enum status status = target_sweep(target, owner, &swept, err);
    if (status == OK) {
        printf("%zu\n", swept);
    }
    return status;
}

/* An error at one of the times is printed in its place. */
static enum status credentials(const struct config *config, const char *times, struct err *err)
{
    static const atomic_bool *no_cancel;
    struct credentials_chain *chain = NULL;
    enum status status = credentials_open(config, &no_cancel, &chain, err);
    for (char *end; status == OK && *times; times = *end ? end + 1 : end) {
        struct credentials now;
        struct err why;
        int64_t now_us = (int64_t)strtoll(times, &end, 10) * CLOCK_SECOND_US;
        if (credentials_get(chain, now_us, &now, &why) == OK) {
            printf("%s %s %s %lld\n", now.access_key_id, now.secret_access_key,
                   *now.session_token ? now.session_token : "-",
                   (long long)(now.expires_us / CLOCK_SECOND_US));
        } else {
            printf("%s: %s\n", status_name(why.status), why.text);
        }
    }
    credentials_close(chain);
    return status;
}

int main(int argc, char **argv)
{
    struct config config;
    struct target *target = NULL;
    struct err err;
    bool asks = argc > 2 && strcmp(argv[1], "credentials") == 0;
    int words = argc < 2                        ? 0
                : asks                          ? 3
                : strcmp(argv[1], "put") == 0   ? 4
                : strcmp(argv[1], "sweep") == 0 ? 3
                : strcmp(argv[1], "head") == 0  ? 3
                : strcmp(argv[1], "list") == 0  ? 3
                : strcmp(argv[1], "get") == 0   ? 3
                : strcmp(argv[1], "check") == 0 ? 2
                                                : 0;
    if (words == 0 || argc < words) {
        fprintf(stderr, "usage: put_tool put KEY FILE | head KEY | list PREFIX | get KEY | sweep "
                        "OWNER | check | "
                        "credentials TIMES  SETTING=VALUE...\n");
        return 2;
    }
    enum status status = settings(&config, argv + words, &err);
    if (status == OK && asks) {
        status = credentials(&config, argv[2], &err);
    } else if (status == OK) {
        status = target_open(&config, &target, &err);
    }
    if (status == OK && !asks) {
        status = words == 4                      ? put(target, argv[2], argv[3], &err)
                 : strcmp(argv[1], "list") == 0  ? list(target, argv[2], &err)
                 : strcmp(argv[1], "get") == 0   ? get(target, argv[2], &err)
                 : strcmp(argv[1], "sweep") == 0 ? abort_stale_uploads(target, argv[2], &err)
                 : words == 3                    ? head(target, argv[2], &err)
                                                 : target_check(target, &err);
    }
    target_close(target);
    if (status != OK) {
        fprintf(stderr, "%s: %s\n", status_name(status), err.text);
    }
    return status_exit_code(status);
}
