/* Who we are at the store: keys from the first place that has them, fetched again before they run
 * out. The order is that of the AWS tools: ship.s3_* of stele.conf; environment; profile of the
 * shared files (static, assumed role, SSO, a process); web identity; container; EC2 instance
 * (IMDSv2 only). One thread, so that one fetch is under way at a time.
 *
 * Rule: no secret, no token and no body of an answer gets into an error text. */
#ifndef DAEMON_SHIP_AWS_CREDENTIALS_H
#define DAEMON_SHIP_AWS_CREDENTIALS_H

#include <stdatomic.h>

#include "daemon/config/config.h"

enum { CREDENTIALS_TOKEN_BYTES = 8192 };

/* All from one place; printable ASCII without spaces, so that it can be put into headers. */
struct credentials {
    char access_key_id[256];
    char secret_access_key[1024];
    char session_token[CREDENTIALS_TOKEN_BYTES]; /* empty: none */
    int64_t expires_us;                          /* 0: never */
};

struct credentials_chain;

/* Reads what stele.conf and the environment say; nothing is fetched yet. ERR_CONFIG: half of a key
 * pair. *config is copied from. cancel as in struct target. */
MUST_USE enum status credentials_open(const struct config *config, const atomic_bool *const *cancel,
                                      struct credentials_chain **out_chain, struct err *err);
/* Wipes and frees; NULL is fine. */
void credentials_close(struct credentials_chain *chain);

/* The credentials to sign with now. They are fetched when there are none yet and from
 * CREDENTIALS_EARLY_US before they run out; when that fails, the old ones serve until they do.
 * ERR_CONFIG: no place has any, or one is wrong. ERR_NET, ERR_DENIED: the place did not give them.
 */
#define CREDENTIALS_EARLY_US (INT64_C(300) * 1000000)
MUST_USE enum status credentials_get(struct credentials_chain *chain, int64_t now_us,
                                     struct credentials *out, struct err *err);

/* The store does not take them any more: they are fetched again for the next request. */
void credentials_forget(struct credentials_chain *chain);

#endif
