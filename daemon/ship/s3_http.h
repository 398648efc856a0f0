/* One signed request to S3 and its answer. One thread. */
#ifndef DAEMON_SHIP_S3_HTTP_H
#define DAEMON_SHIP_S3_HTTP_H

#include "daemon/ship/s3_answer.h"
#include "daemon/ship/s3_place.h"
#include "daemon/ship/sigv4.h"

struct s3_http;

struct s3_request {
    const char *method; /* "PUT", "HEAD" or "GET" */
    const char *key;    /* below the prefix; NULL: the bucket */
    struct sigv4_pair query[SIGV4_QUERY_MAX];
    size_t n_query;
    const struct target_object *object; /* what a PUT sends, else NULL */
    bool only_if_absent;                /* If-None-Match: * */
    size_t body_bytes_max;              /* of a good answer's body; errors have their own bound */
};

/* cancel as in struct target: it is looked at while requests run. */
MUST_USE enum status s3_http_open(const struct config *config, const atomic_bool *const *cancel,
                                  struct s3_http **out_http, struct err *err);
void s3_http_close(struct s3_http *http);
const struct s3_place *s3_http_place(const struct s3_http *http);

/* OK: there is an answer, whatever it says (*out_answer, zeroed before; fini it). ERR_NET: none
 * came. ERR_STOPPED: cancelled. A clock that the store refuses is corrected by the store's own and
 * the request sent once more; so are credentials that have run out, by new ones. */
MUST_USE enum status s3_http_run(struct s3_http *http, const struct s3_request *request,
                                 struct s3_answer *out_answer, struct err *err);

#endif
