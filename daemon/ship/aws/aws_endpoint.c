#include "daemon/ship/aws/aws_endpoint.h"

#include <ctype.h>
#include <stdio.h>

enum status aws_endpoint_parse(const char *text, const char *setting,
                               struct aws_endpoint *out_endpoint, struct err *err)
{
    struct span rest = span_str(text);
    const char *own_port = NULL;
    if (span_starts(rest, "https://")) {
        (void)snprintf(out_endpoint->scheme, sizeof out_endpoint->scheme, "https");
        own_port = ":443";
    } else if (span_starts(rest, "http://")) {
        (void)snprintf(out_endpoint->scheme, sizeof out_endpoint->scheme, "http");
        own_port = ":80";
    } else {
        return err_set(err, ERR_CONFIG, "%s: \"%s\" does not begin with https:// or http://",
                       setting, text);
    }
    rest = span_from(rest, strlen(out_endpoint->scheme) + 3);
    if (span_ends(rest, "/")) {
        rest.size--;
    }
    bool bad = rest.size == 0 || rest.size >= sizeof out_endpoint->host;
    for (size_t i = 0; i < rest.size && !bad; i++) {
        char c = rest.data[i];
        bad = !isalnum((unsigned char)c) && !strchr(".-_:[]", c);
        out_endpoint->host[i] = (char)tolower((unsigned char)c);
    }
    if (bad) {
        return err_set(err, ERR_CONFIG, "%s: \"%s\" is not of the form https://host:port", setting,
                       text);
    }
    if (span_ends(rest, own_port)) {
        rest.size -= strlen(own_port);
    }
    out_endpoint->host[rest.size] = '\0';
    return OK;
}

const char *aws_domain(const char *region)
{
    return strncmp(region, "cn-", 3) == 0     ? "amazonaws.com.cn"
           : strncmp(region, "eusc-", 5) == 0 ? "amazonaws.eu"
                                              : "amazonaws.com";
}
