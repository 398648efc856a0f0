/* What single settings cannot say. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/config/config.h"
#include "schema/base/clock.h"
#include "schema/text/ascii.h"

bool config_split_listen(const char *listen, char out_host[CONFIG_TEXT_BYTES], int *out_port)
{
    const char *colon = strrchr(listen, ':');
    int64_t port = 0;
    if (!colon || colon == listen || strlen(colon + 1) > 5 ||
        !ascii_read_number(span_str(colon + 1), &port)) {
        return false;
    }
    struct span host = span_of(listen, (size_t)(colon - listen));
    bool bracketed = host.data[0] == '[' && host.data[host.size - 1] == ']' && host.size > 2;
    if (bracketed) {
        host = span_of(host.data + 1, host.size - 2);
    }
    char name[CONFIG_TEXT_BYTES];
    int n = snprintf(name, sizeof name, "%.*s", SPAN_FMT(host));
    struct in6_addr address;
    bool good = bracketed
                    ? inet_pton(AF_INET6, name, &address) == 1
                    : inet_pton(AF_INET, name, &address) == 1 || strcmp(name, "localhost") == 0;
    if (n < 0 || n >= CONFIG_TEXT_BYTES || !good || port > 65535) {
        return false;
    }
    memcpy(out_host, name, (size_t)n + 1);
    *out_port = (int)port;
    return true;
}

bool config_host_is_loopback(const char *host)
{
    struct in6_addr address;
    struct in_addr four;
    bool is_127 = strncmp(host, "127.", 4) == 0 && inet_pton(AF_INET, host, &four) == 1;
    return strcmp(host, "localhost") == 0 || is_127 ||
           (inet_pton(AF_INET6, host, &address) == 1 && IN6_IS_ADDR_LOOPBACK(&address));
}

bool config_url_host(struct span url, char out_host[CONFIG_TEXT_BYTES])
{
    struct span rest = span_from(url, strlen(span_starts(url, "https") ? "https://" : "http://"));
    bool bracketed = span_starts(rest, "[");
    rest = span_from(rest, bracketed);
    size_t size = 0;
    while (size < rest.size && !strchr(bracketed ? "]" : ":/?#@", rest.data[size])) {
        size++;
    }
    int n = snprintf(out_host, CONFIG_TEXT_BYTES, "%.*s", (int)size, rest.data);
    return n > 0 && n < CONFIG_TEXT_BYTES && !memchr(url.data, '@', url.size);
}

bool config_is_one_of(const char *value, const char *const *names)
{
    for (; *names; names++) {
        if (strcmp(value, *names) == 0) {
            return true;
        }
    }
    return false;
}

static enum status check_receive(const struct config *config, struct err *err)
{
    char host[CONFIG_TEXT_BYTES];
    int port;
    if (!config_split_listen(config->receive_listen, host, &port)) {
        return err_set(err, ERR_CONFIG, "receive.listen is empty: write 127.0.0.1:8888");
    }
    if (!config->receive_tls) {
        if (!config_host_is_loopback(host) && !config->receive_allow_remote_plain) {
            return err_set(err, ERR_CONFIG,
                           "receive.tls is no, and receive.listen (%s) is not on loopback: set "
                           "receive.tls to yes, or receive.allow_remote_plain to yes",
                           config->receive_listen);
        }
        return OK;
    }
    if (!config->receive_certificate[0] || !config->receive_key[0]) {
        return err_set(err, ERR_CONFIG,
                       "receive.%s is not set: give the server's certificate and key (stele init "
                       "--host NAME makes them), or set receive.tls to no",
                       config->receive_certificate[0] ? "key" : "certificate");
    }
    if (config->receive_require_client_certificate && !config->receive_ca[0]) {
        return err_set(err, ERR_CONFIG,
                       "receive.ca is not set: give the CA that signs client certificates, or set "
                       "receive.require_client_certificate to no");
    }
    return OK;
}

static enum status check_ranges(const struct config *config, struct err *err)
{
    const int64_t most = INT64_C(1) << 40;
    const struct {
        const char *name;
        int64_t value;
        int64_t low;
        int64_t high;
        const char *words;
    } ranges[] = {
        {"receive.body_bytes_max", config->receive_body_bytes_max, 1024, 1 << 30, "1KiB to 1GiB"},
        {"receive.header_bytes_max", config->receive_header_bytes_max, 1024, 1 << 24,
         "1KiB to 16MiB"},
        {"receive.connections_max", config->receive_connections_max, 1, 100000, "1 to 100000"},
        {"receive.idle_timeout", config->receive_idle_timeout, 100000, most, "100ms or more"},
        {"receive.request_timeout", config->receive_request_timeout, 100000, most, "100ms or more"},
        {"receive.queue_bytes_max", config->receive_queue_bytes_max, 1024, most, "1KiB or more"},
        {"index.max_wait", config->index_max_wait, 10000, most, "10ms or more"},
        {"index.merge_after", config->index_merge_after, 1000000, INT64_C(1) << 52,
         "1s to 100 years"},
        {"index.compression_level", config->index_compression_level, 1, 19, "1 to 19"},
        {"ship.interval", config->ship_interval, 10000, most, "10ms or more"},
        {"ship.object_bytes_max", config->ship_object_bytes_max, 65536, INT64_C(5) << 30,
         "64KiB to 5GiB"},
        {"ship.s3_multipart_over", config->ship_s3_multipart_over, 5 << 20, INT64_C(5) << 30,
         "5MiB to 5GiB"},
        {"ship.s3_part_bytes", config->ship_s3_part_bytes, 5 << 20, INT64_C(5) << 30,
         "5MiB to 5GiB"},
        {"ship.retry_max_wait", config->ship_retry_max_wait, 1000, most, "1ms or more"},
        {"ship.timeout", config->ship_timeout, 100000, most, "100ms or more"},
        {"seal.interval", config->seal_interval, 1000000, most, "1s or more"},
        {"retention.interval", config->retention_interval, 10000, most, "10ms or more"},
        {"watch.webhook_timeout", config->watch_webhook_timeout, 100000, most, "100ms or more"},
        {"watch.retry_max_wait", config->watch_retry_max_wait, 1000, most, "1ms or more"},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (ranges[i].value < ranges[i].low || ranges[i].value > ranges[i].high) {
            return err_set(err, ERR_CONFIG, "%s must be %s", ranges[i].name, ranges[i].words);
        }
    }
    return OK;
}

/* Hits tell of people and machines: they go over TLS, or stay on this machine. */
static bool url_is_safe(struct span url)
{
    if (span_starts(url, "https://")) {
        return url.size > 8 && url.data[8] != '/';
    }
    char host[CONFIG_TEXT_BYTES];
    return span_starts(url, "http://") && config_url_host(url, host) &&
           config_host_is_loopback(host);
}

enum status config_validate_watch(const struct config *config, struct err *err)
{
    static const char *const facilities[] = {"auth",   "authpriv", "daemon", "user",   "local0",
                                             "local1", "local2",   "local3", "local4", "local5",
                                             "local6", "local7",   NULL};
    if (config->watch_webhook[0] && !url_is_safe(span_str(config->watch_webhook))) {
        return err_set(err, ERR_CONFIG,
                       "watch.webhook \"%.200s\" is not https://host/path (http:// only to this "
                       "machine: localhost, 127.0.0.1, [::1])",
                       config->watch_webhook);
    }
    if (config->watch_webhook[0] && !config->watch_webhook_secret_file[0]) {
        return err_set(err, ERR_CONFIG,
                       "watch.webhook_secret_file is not set: name a file with the secret that "
                       "posts are signed with (openssl rand -hex 32 makes one)");
    }
    if (!config_is_one_of(config->watch_syslog_facility, facilities)) {
        return err_set(err, ERR_CONFIG,
                       "watch.syslog_facility \"%.40s\" is none of auth, authpriv, daemon, user, "
                       "local0 to local7",
                       config->watch_syslog_facility);
    }
    return OK;
}

enum status config_validate_retention(const struct config *config, struct err *err)
{
    if (config->retention_keep != 0 && config->retention_keep < CLOCK_DAY_US) {
        return err_set(err, ERR_CONFIG,
                       "retention.keep must be 1d or more, or 0s for ever: whole days are deleted");
    }
    return OK;
}

enum status config_validate(const struct config *config, struct err *err)
{
    static const char *const codecs[] = {"zstd", "gzip", NULL};
    static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
    if (!config_is_one_of(config->ship_codec, codecs)) {
        return err_set(err, ERR_CONFIG, "ship.codec \"%.40s\" is neither zstd nor gzip",
                       config->ship_codec);
    }
    if (!config_is_one_of(config->log_level, levels)) {
        return err_set(err, ERR_CONFIG, "log.level \"%.40s\" is none of error, warn, info, debug",
                       config->log_level);
    }
    struct span target = span_str(config->ship_target);
    bool s3 = span_starts(target, "s3://") && target.size > 5 && target.data[5] != '/';
    if (target.size > 0 && !s3 && !span_starts(target, "file:///")) {
        return err_set(err, ERR_CONFIG,
                       "ship.target \"%.200s\" is neither s3://bucket/prefix nor file:///directory",
                       config->ship_target);
    }
    struct span endpoint = span_str(config->ship_s3_endpoint);
    if (endpoint.size > 0 && !span_starts(endpoint, "https://") &&
        !span_starts(endpoint, "http://")) {
        return err_set(err, ERR_CONFIG, "ship.s3_endpoint \"%.200s\" is not https://host:port",
                       config->ship_s3_endpoint);
    }
    enum status status = check_ranges(config, err);
    status = THEN(status, config_validate_retention(config, err));
    status = THEN(status, config_validate_watch(config, err));
    return THEN(status, check_receive(config, err));
}
