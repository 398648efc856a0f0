/* Where credentials come from. Each source answers the same question: OK with *out_there false: it
 * is not set up here, ask the next one; OK with *out_there true: *out is filled; an error: it is
 * set up, and failed, which ends the search. For credentials.c and the sources alone. */
#ifndef DAEMON_SHIP_AWS_CREDENTIAL_SOURCE_H
#define DAEMON_SHIP_AWS_CREDENTIAL_SOURCE_H

#include "daemon/http/http_client.h"
#include "daemon/ship/aws/credentials.h"

enum {
    CREDENTIAL_SOURCE_FILE_BYTES_MAX = 1024 * 1024,
    CREDENTIAL_SOURCE_RESPONSE_BYTES_MAX = 64 * 1024
};

struct credential_source {
    const struct config *config;
    struct http_client *client;
    const atomic_bool *const *cancel;
    int64_t now_us;
    bool no_profile; /* the one of stele.conf does not count: a profile names the environment */
};

typedef enum status credential_source_get(const struct credential_source *source, bool *out_there,
                                          struct credentials *out, struct err *err);
credential_source_get credential_source_config;      /* ship.s3_access_key_id ... */
credential_source_get credential_source_environment; /* AWS_ACCESS_KEY_ID ... */
credential_source_get credential_source_profile;     /* ship.s3_profile, AWS_PROFILE, "default" */
credential_source_get credential_source_web_identity;
credential_source_get credential_source_container;
credential_source_get credential_source_instance;

/* A variable of the environment; the empty string when it is not set. */
const char *credential_source_env(const char *name);

/* Puts the four together. ERR_FORMAT ("WHERE: ...") when one is missing, does not fit or holds what
 * no header may. */
MUST_USE enum status credential_source_fill(const char *where, struct span id, struct span secret,
                                            struct span token, int64_t expires_us,
                                            struct credentials *out, struct err *err);

/* The names of the members in a JSON answer. */
struct credential_source_names {
    const char *id;
    const char *secret;
    const char *token;
    const char *expires; /* RFC 3339, or milliseconds since 1970 */
};
/* Fills from JSON. ERR_FORMAT as above; ERR_DENIED when they have run out at now_us. */
MUST_USE enum status credential_source_fill_json(const char *where, struct span json,
                                                 const struct credential_source_names *names,
                                                 int64_t now_us, struct credentials *out,
                                                 struct err *err);

/* ERR_DENIED ("WHERE: HTTP 403") for an answer that is no success, ERR_NET for 5xx and 429. */
MUST_USE enum status credential_source_refused(const char *where,
                                               const struct http_client_response *answer,
                                               struct err *err);
/* Fills from the JSON of a 200; any other answer is refused. Its body is wiped. */
MUST_USE enum status credential_source_answer(const struct credential_source *source,
                                              const char *where,
                                              struct http_client_response *answer,
                                              const struct credential_source_names *names,
                                              struct credentials *out, struct err *err);
/* AccessKeyId, SecretAccessKey, Token, Expiration. */
extern const struct credential_source_names credential_source_usual_names;

/* Something here has to be mended by somebody: turns an error of the system into ERR_CONFIG. */
enum status credential_source_wrong(struct err *err);

/* Wipes and frees. */
void credential_source_wipe(struct buf *buf);

/* Of STS (API version 2011-06-15). The role's credentials by those of `with`. */
struct credential_source_role {
    struct span arn;
    struct span session_name; /* empty: one of our own */
    struct span external_id;  /* empty: none */
    struct span duration;     /* seconds, in digits; empty: STS's own */
};
MUST_USE enum status credential_source_assume_role(const struct credential_source *source,
                                                   const struct credential_source_role *role,
                                                   const struct credentials *with,
                                                   struct credentials *out, struct err *err);
/* By the token in a file. */
MUST_USE enum status credential_source_assume_by_token(const struct credential_source *source,
                                                       const struct credential_source_role *role,
                                                       const char *token_file,
                                                       struct credentials *out, struct err *err);

/* The line of a program and its arguments, run without a shell: its JSON (Version 1). */
MUST_USE enum status credential_source_process(const struct credential_source *source,
                                               struct span line, struct credentials *out,
                                               struct err *err);

/* A profile's SSO settings: the token that `aws sso login` left, turned into a role's keys. */
struct credential_source_sso {
    struct span session; /* name of the [sso-session]; empty: the old form, by start URL */
    struct span start_url;
    struct span region;
    struct span account_id;
    struct span role_name;
    const char *profile; /* for words */
};
MUST_USE enum status credential_source_sso(const struct credential_source *source,
                                           const struct credential_source_sso *sso,
                                           struct credentials *out, struct err *err);

/* The URL of a container's credentials by its environment (pure): relative and full as
 * AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and ..._FULL_URI. ERR_CONFIG: plain HTTP to a host other
 * than this machine and the two addresses of AWS. *out_direct: no proxy. */
MUST_USE enum status credential_source_container_url(const char *relative, const char *full,
                                                     struct buf *out, bool *out_direct,
                                                     struct err *err);

#endif
