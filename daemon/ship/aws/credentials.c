#include "daemon/ship/aws/credentials.h"

#include <stdlib.h>

#include "daemon/ship/aws/aws_client.h"
#include "daemon/ship/aws/credential_source.h"
#include "schema/base/clock.h"

#define RETRY_US                                                                                   \
    (INT64_C(30) * CLOCK_SECOND_US) /* between fetches that fail, while old ones serve */

struct credentials_chain {
    struct config *config;
    struct credential_source source;
    bool held; /* `now` is filled */
    struct credentials now;
    int64_t refresh_us; /* fetch again from then on; 0: never */
};

static credential_source_get *const sources[] = {
    credential_source_config,       credential_source_environment, credential_source_profile,
    credential_source_web_identity, credential_source_container,   credential_source_instance,
};

enum status credentials_open(const struct config *config, const atomic_bool *const *cancel,
                             struct credentials_chain **out_chain, struct err *err)
{
    struct credentials_chain *chain = calloc(1, sizeof *chain);
    if (chain) {
        chain->config = malloc(sizeof *chain->config);
    }
    if (!chain || !chain->config) {
        free(chain);
        return err_nomem(err, "ship");
    }
    *chain->config = *config;
    chain->source = (struct credential_source){.config = chain->config, .cancel = cancel};
    /* what needs no network is looked at now, so that half a key pair is found at the start */
    bool there = false;
    enum status status = credential_source_config(&chain->source, &there, &chain->now, err);
    if (status == OK && !there) {
        status = credential_source_environment(&chain->source, &there, &chain->now, err);
    }
    status = THEN(status, aws_client_open(chain->config, cancel, &chain->source.client, err));
    if (status != OK) {
        credentials_close(chain);
        return status;
    }
    *out_chain = chain;
    return OK;
}

void credentials_close(struct credentials_chain *chain)
{
    if (chain) {
        http_client_close(chain->source.client);
        explicit_bzero(chain->config, sizeof *chain->config);
        free(chain->config);
        explicit_bzero(chain, sizeof *chain);
        free(chain);
    }
}

static enum status fetch(struct credentials_chain *chain, struct credentials *out, struct err *err)
{
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        bool there = false;
        enum status status = sources[i](&chain->source, &there, out, err);
        if (status != OK || there) {
            return status;
        }
    }
    return err_set(err, ERR_CONFIG,
                   "no credentials for %s: set ship.s3_access_key_id, or AWS_ACCESS_KEY_ID in the "
                   "environment, or ship.s3_profile; no profile, web identity, container or "
                   "instance gave any",
                   chain->config->ship_target);
}

/* Early, but not so early that short-lived ones are fetched for each request. */
static int64_t refresh_at(int64_t now_us, int64_t expires_us)
{
    int64_t left_us = expires_us - now_us;
    int64_t early_us = left_us / 4 < CREDENTIALS_EARLY_US ? left_us / 4 : CREDENTIALS_EARLY_US;
    return expires_us - early_us;
}

enum status credentials_get(struct credentials_chain *chain, int64_t now_us,
                            struct credentials *out, struct err *err)
{
    bool due = !chain->held || (chain->refresh_us > 0 && now_us >= chain->refresh_us);
    enum status status = OK;
    if (due) {
        struct credentials fresh = {0};
        chain->source.now_us = now_us;
        status = fetch(chain, &fresh, err);
        if (status == OK) {
            chain->now = fresh;
            chain->held = true;
            chain->refresh_us = fresh.expires_us > 0 ? refresh_at(now_us, fresh.expires_us) : 0;
        } else if (status != ERR_STOPPED && chain->held && now_us < chain->now.expires_us) {
            chain->refresh_us = now_us + RETRY_US;
            status = OK;
        }
        explicit_bzero(&fresh, sizeof fresh);
    }
    if (status == OK) {
        *out = chain->now;
    }
    return status;
}

void credentials_forget(struct credentials_chain *chain)
{
    chain->held = false;
}
