#include "daemon/receive/http_request.h"
#include "tests/support/test.h"

static const struct http_request_limits limits = {.head_bytes_max = 400, .body_bytes_max = 100};

struct outcome {
    enum http_request_step step;
    struct http_request request;
    struct buf in;
};

/* Feeds the text in pieces of `piece` bytes until it is done, refused or at its end. */
static void feed(const char *text, size_t size, size_t piece, struct outcome *out)
{
    *out = (struct outcome){.step = HTTP_REQUEST_MORE};
    for (size_t at = 0; at < size && out->step == HTTP_REQUEST_MORE; at += piece) {
        buf_add(&out->in, text + at, size - at < piece ? size - at : piece);
        out->step = http_request_feed(&out->request, &out->in, &limits);
    }
}

static const struct {
    const char *text;
    int refusal; /* 0: done, -1: more is wanted */
    const char *path;
    const char *body;
    bool keep_alive;
    bool no_content;
} cases[] = {
    {"POST /test.log HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", 0, "/test.log", "{}",
     true, false},
    {"\r\n\r\nPOST / HTTP/1.1\r\ncontent-length:  0002 \r\n\r\n{}", 0, "/", "{}", true, false},
    {"POST /a?b=c HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 0, "/a?b=c", "", false, false},
    {"POST / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 0, "/", "", true, false},
    {"POST / HTTP/1.1\r\nConnection: foo , Close\r\n\r\n", 0, "/", "", false, false},
    {"GET / HTTP/1.1\r\n\r\n", 0, "/", "", true, true},
    {"HEAD / HTTP/1.1\r\n\r\n", 0, "/", "", true, true},
    {"OPTIONS * HTTP/1.1\r\n\r\n", 0, "*", "", true, true},
    {"FROB / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", 0, "/", "x", true, false},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: "
     "chunked\r\n\r\n3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\n"
     "\r\n",
     0, "/", "abc0123456789", true, false},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\nTrailer: x\r\n\r\n", 0, "/", "",
     true, false},
    {"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", -1, "/", "ab", true, false},
    {"POST / HTTP/1.1\r\nContent-Length: 3\r\n", -1, "", "", false, false},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", -1, "/", "abc", true,
     false},
    {"POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n", 413, "", "", false, false},
    {"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\n", 413, "", "", false,
     false},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n", 413, "", "", false, false},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffffffff\r\n", 413, "",
     "", false, false},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n64\r\n", 413, "", "", false,
     false},
    {"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "", "", false, false},
    {"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "", "", false,
     false},
    {"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "", "",
     false, false},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, "", "", false, false},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 400, "", "", false,
     false},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, "", "", false, false},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc", 400, "", "", false, false},
    {"POST / HTTP/1.1\r\nExpect: 200-ok\r\n\r\n", 417, "", "", false, false},
    {"POST / HTTP/2.0\r\n\r\n", 505, "", "", false, false},
    {"POST /\r\n\r\n", 400, "", "", false, false},
    {"POST  / HTTP/1.1\r\n\r\n", 400, "", "", false, false},
    {"P(ST / HTTP/1.1\r\n\r\n", 400, "", "", false, false},
    {"POST / HTTP/1.1\nHost: a\n\n", 400, "", "", false, false},
    {"POST / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400, "", "", false, false},
    {"POST / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "", "", false, false},
    {"POST / HTTP/1.1\r\nno colon\r\n\r\n", 400, "", "", false, false},
    {"POST / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400, "", "", false, false},
    {"\x16\x03\x01\x02\r\n\r\n", 400, "", "", false, false},
};

static void check_case(size_t i, size_t piece)
{
    struct outcome got;
    feed(cases[i].text, strlen(cases[i].text), piece, &got);
    int before = test_failures;
    int refusal = got.step == HTTP_REQUEST_DONE   ? 0
                  : got.step == HTTP_REQUEST_MORE ? -1
                                                  : got.request.refusal;
    EXPECT_INT(refusal, cases[i].refusal);
    if (refusal == 0 || (refusal == -1 && cases[i].path[0])) {
        EXPECT_SPAN(span_of(got.in.data + got.request.path_at, got.request.path_size),
                    cases[i].path);
        EXPECT_SPAN(span_of(got.in.data + got.request.body_at, got.request.body_size),
                    cases[i].body);
        EXPECT_INT(got.request.keep_alive, cases[i].keep_alive);
        EXPECT_INT(got.request.no_content, cases[i].no_content);
    }
    if (test_failures != before) {
        fprintf(stderr, "  in case %zu, in pieces of %zu\n", i, piece);
    }
    buf_fini(&got.in);
}

TEST(whole_and_in_pieces)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t piece = 1; piece < 24; piece++) {
            check_case(i, piece);
        }
        check_case(i, 1000);
    }
}

TEST(the_next_request_follows)
{
    static const char text[] =
        "POST /1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n"
        "POST /2 HTTP/1.1\r\nContent-Length: 1\r\n\r\ncGET /3";
    struct outcome got;
    feed(text, sizeof text - 1, sizeof text, &got);
    EXPECT_INT(got.step, HTTP_REQUEST_DONE);
    EXPECT_INT(got.request.body_size, 2);
    EXPECT(span_starts(span_from(buf_span(&got.in), got.request.end), "POST /2 HTTP"));
    size_t end = got.request.end;
    memmove(got.in.data, got.in.data + end, got.in.size - end);
    got.in.size -= end;
    got.request = (struct http_request){0};
    EXPECT_INT(http_request_feed(&got.request, &got.in, &limits), HTTP_REQUEST_DONE);
    EXPECT_SPAN(span_from(buf_span(&got.in), got.request.end), "GET /3");
    buf_fini(&got.in);
}

TEST(encodings)
{
    static const struct {
        const char *header;
        enum http_request_encoding encoding;
    } encodings[] = {
        {"X: y", HTTP_REQUEST_IDENTITY},
        {"Content-Encoding: identity", HTTP_REQUEST_IDENTITY},
        {"Content-Encoding: GZIP", HTTP_REQUEST_GZIP},
        {"content-encoding: x-gzip", HTTP_REQUEST_GZIP},
        {"Content-Encoding: deflate", HTTP_REQUEST_DEFLATE},
        {"Content-Encoding: br", HTTP_REQUEST_ENCODING_UNKNOWN},
        {"Content-Encoding: gzip, gzip", HTTP_REQUEST_ENCODING_UNKNOWN},
        {"Content-Encoding: gzip\r\nContent-Encoding: gzip", HTTP_REQUEST_ENCODING_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        char text[256];
        struct outcome got;
        int n = snprintf(text, sizeof text, "POST / HTTP/1.1\r\n%s\r\n\r\n", encodings[i].header);
        feed(text, (size_t)n, 1000, &got);
        EXPECT_INT(got.step, HTTP_REQUEST_DONE);
        EXPECT_INT(got.request.encoding, encodings[i].encoding);
        buf_fini(&got.in);
    }
}

TEST(method_and_host)
{
    static const struct {
        const char *text;
        const char *method;
        const char *host;
        bool several;
    } requests[] = {
        {"GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", "GET", "a:80", false},
        {"\r\nFROB / HTTP/1.1\r\nX: y\r\nhost:b \r\n\r\n", "FROB", "b", false},
        {"HEAD / HTTP/1.1\r\nHost: a\r\nHOST: b\r\n\r\n", "HEAD", "b", true},
        {"PUT / HTTP/1.1\r\nHost:\r\n\r\n", "PUT", "", false},
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct outcome got;
        feed(requests[i].text, strlen(requests[i].text), 5, &got);
        EXPECT_INT(got.step, HTTP_REQUEST_DONE);
        EXPECT_SPAN(span_of(got.in.data, got.request.method_size), requests[i].method);
        EXPECT(got.request.host_at > 0);
        EXPECT_SPAN(span_of(got.in.data + got.request.host_at, got.request.host_size),
                    requests[i].host);
        EXPECT_INT(got.request.several_hosts, requests[i].several);
        buf_fini(&got.in);
    }
}

TEST(expect_is_seen_before_the_body)
{
    static const char text[] =
        "POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n";
    struct outcome got;
    feed(text, sizeof text - 1, 1000, &got);
    EXPECT_INT(got.step, HTTP_REQUEST_MORE);
    EXPECT(got.request.wants_continue);
    buf_fini(&got.in);
}

TEST(heads_and_trailers_are_bounded)
{
    char text[1000];
    struct outcome got;
    memset(text, 'a', sizeof text);
    memcpy(text, "GET / HTTP/1.1\r\nX: ", 19);
    feed(text, sizeof text, 7, &got);
    EXPECT_INT(got.step, HTTP_REQUEST_REFUSE);
    EXPECT_INT(got.request.refusal, 431);
    EXPECT(got.in.size <= limits.head_bytes_max + 7);
    buf_fini(&got.in);
    int n =
        snprintf(text, sizeof text, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
    memset(text + n, 'b', sizeof text - (size_t)n);
    feed(text, sizeof text, 7, &got);
    EXPECT_INT(got.step, HTTP_REQUEST_REFUSE);
    EXPECT_INT(got.request.refusal, 431);
    buf_fini(&got.in);
    memset(text + n - 3, '0', sizeof text - (size_t)n + 3);
    feed(text, sizeof text, 7, &got);
    EXPECT_INT(got.step, HTTP_REQUEST_REFUSE);
    EXPECT_INT(got.request.refusal, 400);
    buf_fini(&got.in);
}

TEST_MAIN(TEST_ENTRY(whole_and_in_pieces), TEST_ENTRY(the_next_request_follows),
          TEST_ENTRY(encodings), TEST_ENTRY(method_and_host),
          TEST_ENTRY(expect_is_seen_before_the_body), TEST_ENTRY(heads_and_trailers_are_bounded))
