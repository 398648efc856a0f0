#include "daemon/receive/http_response.h"

static const char *reason_of(int code)
{
    static const struct {
        int code;
        const char *reason;
    } reasons[] = {{200, "OK"},
                   {400, "Bad Request"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {413, "Content Too Large"},
                   {417, "Expectation Failed"},
                   {421, "Misdirected Request"},
                   {431, "Request Header Fields Too Large"},
                   {501, "Not Implemented"},
                   {503, "Service Unavailable"},
                   {505, "HTTP Version Not Supported"}};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].code == code) {
            return reasons[i].reason;
        }
    }
    return "Error";
}

void http_response_write(const struct http_response *response, struct buf *out)
{
    static const char stored[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                                 "Connection: keep-alive\r\n\r\n";
    if (response->code == 200 && !response->close && !response->type) {
        buf_add(out, stored, sizeof stored - 1);
        return;
    }
    buf_printf(out, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n", response->code,
               reason_of(response->code), response->type ? response->body.size : 0);
    if (response->type) {
        buf_printf(out, "Content-Type: %s\r\n", response->type);
    }
    if (response->allow) {
        buf_printf(out, "Allow: %s\r\n", response->allow);
    }
    if (response->code == 503) {
        buf_add_str(out, "Retry-After: 1\r\n");
    }
    buf_printf(out, "Connection: %s\r\n\r\n", response->close ? "close" : "keep-alive");
    if (response->type && !response->head) {
        buf_add_span(out, buf_span(&response->body));
    }
}
