/* Hits to a web server: a POST for each, signed. libcurl carries the bytes. One thread.
 *
 * Headers beside the body (application/json):
 *   Stele-Hit: the hit's id, the same at every try
 *   Stele-Signature: t=SECONDS,v1=HEX   where HEX is HMAC-SHA256 (RFC 2104) with the secret as key
 *                                       over SECONDS "." BODY, in lower case; SECONDS is now
 * The secret is what the file holds, without line breaks at its end. */
#ifndef DAEMON_WATCH_WEBHOOK_H
#define DAEMON_WATCH_WEBHOOK_H

#include <stdatomic.h>

#include "daemon/config/config.h"

struct webhook;

/* Reads the secret (ERR_CONFIG when it is shorter than 16 bytes). `stop` ends a request that is
 * under way; it must outlive the webhook. */
MUST_USE enum status webhook_open(const struct config *config, const atomic_bool *stop,
                                  struct webhook **out_webhook, struct err *err);
/* NULL is fine. */
void webhook_close(struct webhook *webhook);

/* One try. OK: answered with 2xx. ERR_FORMAT: this one is refused for what it is (400, 413, 415,
 * 422), another may be taken. ERR_NET, ERR_DENIED, ERR_CONFIG: nothing goes through now.
 * ERR_STOPPED, ERR_NOMEM. */
MUST_USE enum status webhook_post(struct webhook *webhook, const char *id, struct span body,
                                  struct err *err);

/* The value of Stele-Signature. */
void webhook_sign(struct span secret, int64_t now_us, struct span body, struct buf *out);

#endif
