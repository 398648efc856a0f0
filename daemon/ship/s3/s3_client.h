/* Requests to S3 and their answers, with what can be put right on the way: an answer that says our
 * clock, our region or our token is wrong leads to the same request once more, put right; an answer
 * that says "later" to some more tries, within a budget. One thread. */
#ifndef DAEMON_SHIP_S3_S3_CLIENT_H
#define DAEMON_SHIP_S3_S3_CLIENT_H

#include "daemon/ship/s3/s3_request.h"
#include "daemon/ship/s3/s3_response.h"
#include "daemon/ship/target/target.h"

/* A request that is answered "later" (5xx but 501, 429, RequestTimeout, a connection that was cut)
 * is sent S3_CLIENT_TRIES times at most, after a random time below S3_CLIENT_RETRY_MS doubled by
 * each try. All requests together may do so S3_CLIENT_RETRY_BUDGET times; each that succeeds gives
 * one back. After that it is the shipper who waits. */
enum { S3_CLIENT_TRIES = 3, S3_CLIENT_RETRY_MS = 250, S3_CLIENT_RETRY_BUDGET = 10 };

struct s3_client;

/* cancel as in struct target: it is looked at while requests run. */
MUST_USE enum status s3_client_open(const struct config *config, const atomic_bool *const *cancel,
                                    struct s3_client **out_client, struct err *err);
void s3_client_close(struct s3_client *client);
const struct s3_endpoint *s3_client_endpoint(const struct s3_client *client);
const struct s3_options *s3_client_options(const struct s3_client *client);

/* OK: there is an answer, whatever it says (*out_response; fini it). ERR_NET: none came.
 * ERR_STOPPED: cancelled. Errors of the credentials as they are. A good answer that echoes another
 * checksum than was sent is ERR_NET too. */
MUST_USE enum status s3_client_run(struct s3_client *client, const struct s3_request *request,
                                   struct s3_response *out_response, struct err *err);

/* The same; an answer that is no success is an error (s3_error.h). */
MUST_USE enum status s3_client_fetch(struct s3_client *client, const struct s3_request *request,
                                     struct s3_response *out_response, struct err *err);

/* Waits a random time below `ms`; ERR_STOPPED when cancelled. */
MUST_USE enum status s3_client_pause(const struct s3_client *client, unsigned ms, struct err *err);

#endif
