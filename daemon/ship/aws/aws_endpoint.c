#include "daemon/ship/aws/aws_endpoint.h"

#include <stdio.h>

#include "schema/text/ascii.h"

enum status aws_endpoint_parse(const char *text, const char *setting,
                               struct aws_endpoint *out_endpoint, struct err *err)
{
    struct span rest = span_str(text);
    bool tls = span_starts(rest, "https://");
    if (!tls && !span_starts(rest, "http://")) {
        return err_set(err, ERR_CONFIG, "%s: \"%s\" does not begin with https:// or http://",
                       setting, text);
    }
    (void)snprintf(out_endpoint->scheme, sizeof out_endpoint->scheme, tls ? "https" : "http");
    rest = span_from(rest, strlen(out_endpoint->scheme) + 3);
    if (span_ends(rest, "/")) {
        rest.size--;
    }
    if (rest.size == 0 || rest.size >= sizeof out_endpoint->host ||
        !ascii_all_name(rest, ".-_:[]")) {
        return err_set(err, ERR_CONFIG, "%s: \"%s\" is not of the form https://host:port", setting,
                       text);
    }
    for (size_t i = 0; i < rest.size; i++) {
        out_endpoint->host[i] = ascii_lower(rest.data[i]);
    }
    const char *own_port = tls ? ":443" : ":80";
    rest.size -= span_ends(rest, own_port) ? strlen(own_port) : 0;
    out_endpoint->host[rest.size] = '\0';
    return OK;
}

const char *aws_domain(const char *region)
{
    return strncmp(region, "cn-", 3) == 0     ? "amazonaws.com.cn"
           : strncmp(region, "eusc-", 5) == 0 ? "amazonaws.eu"
                                              : "amazonaws.com";
}
