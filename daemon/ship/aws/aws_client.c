#include "daemon/ship/aws/aws_client.h"

#include <stdlib.h>

#include "schema/base/clock.h"
#include "schema/text/ascii.h"

/* Its value may hold a password: no error cites it. */
static enum status check_proxy(const char *proxy, struct err *err)
{
    static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://", NULL};
    struct span rest = span_of(NULL, 0);
    for (size_t i = 0; schemes[i] && !rest.size; i++) {
        size_t n = strlen(schemes[i]);
        rest = strncmp(proxy, schemes[i], n) == 0 ? span_str(proxy + n) : rest;
    }
    return !*proxy || (rest.size > 0 && ascii_all_visible(rest))
               ? OK
               : err_set(err, ERR_CONFIG, "ship.proxy is not of the form http://host:port");
}

enum status aws_client_open(const struct config *config, const atomic_bool *const *cancel,
                            struct http_client **out_client, struct err *err)
{
    const struct http_client_options options = {
        .setup = {.ca = *config->ship_s3_ca ? config->ship_s3_ca : getenv("AWS_CA_BUNDLE"),
                  .ca_setting = "ship.s3_ca",
                  .address_setting = "ship.s3_endpoint and DNS",
                  .proxy_setting = "ship.proxy"},
        .proxy = config->ship_proxy,
        .timeout_us = config->ship_timeout > 0 ? config->ship_timeout : 60 * CLOCK_SECOND_US,
        .cancel = cancel,
    };
    enum status status = check_proxy(config->ship_proxy, err);
    return THEN(status, http_client_open(&options, out_client, err));
}
