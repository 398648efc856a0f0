/* Signing against the examples of the Amazon S3 API reference ("Authenticating Requests: Using the
 * Authorization Header") and of the AWS Signature Version 4 test suite. */
#include "daemon/ship/aws/sigv4.h"
#include "tests/support/test.h"

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static struct span s(const char *text)
{
    return span_str(text);
}

static const struct sigv4_scope s3_scope = {
    .access_key_id = {"AKIAIOSFODNN7EXAMPLE", 20},
    .secret_access_key = {"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", 40},
    .region = {"us-east-1", 9},
    .service = {"s3", 2},
    .time = "20130524T000000Z",
};

static const struct sigv4_scope suite_scope = {
    .access_key_id = {"AKIDEXAMPLE", 11},
    .secret_access_key = {"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 40},
    .region = {"us-east-1", 9},
    .service = {"service", 7},
    .time = "20150830T123600Z",
};

static void header(struct sigv4_request *request, const char *name, const char *value)
{
    request->headers[request->n_headers++] = (struct http_pair){s(name), s(value)};
}

static void query(struct sigv4_request *request, const char *name, const char *value)
{
    request->query[request->n_query++] = (struct http_pair){s(name), s(value)};
}

/* The signature alone: what is behind the last '='. */
static void expect_signature(const struct sigv4_scope *scope, const struct sigv4_request *request,
                             const char *signed_headers, const char *should)
{
    struct err err;
    struct buf out = BUF_INIT;
    EXPECT_OK(sigv4_authorization(scope, request, &out, &err), err);
    char expected[1024];
    (void)snprintf(expected, sizeof expected,
                   "AWS4-HMAC-SHA256 Credential=%.*s/%.8s/%.*s/%.*s/aws4_request,SignedHeaders=%s,"
                   "Signature=%s",
                   SPAN_FMT(scope->access_key_id), scope->time, SPAN_FMT(scope->region),
                   SPAN_FMT(scope->service), signed_headers, should);
    EXPECT_SPAN(buf_span(&out), expected);
    buf_fini(&out);
}

static struct sigv4_request s3_request(const char *method, const char *path, const char *hash)
{
    struct sigv4_request request = {.method = s(method), .path = s(path), .payload_hash = s(hash)};
    header(&request, "x-amz-date", "20130524T000000Z");
    header(&request, "x-amz-content-sha256", hash);
    header(&request, "host", "examplebucket.s3.amazonaws.com");
    return request;
}

TEST(s3_get_object)
{
    struct sigv4_request request = s3_request("GET", "/test.txt", EMPTY_SHA256);
    header(&request, "range", "bytes=0-9");
    expect_signature(&s3_scope, &request, "host;range;x-amz-content-sha256;x-amz-date",
                     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    struct err err;
    struct buf out = BUF_INIT;
    EXPECT_OK(sigv4_canonical(&request, &out, &err), err);
    EXPECT_SPAN(buf_span(&out), "GET\n/test.txt\n\nhost:examplebucket.s3.amazonaws.com\n"
                                "range:bytes=0-9\nx-amz-content-sha256:" EMPTY_SHA256
                                "\nx-amz-date:20130524T000000Z\n\n"
                                "host;range;x-amz-content-sha256;x-amz-date\n" EMPTY_SHA256);
    struct buf text = BUF_INIT;
    EXPECT_OK(sigv4_string_to_sign(&s3_scope, buf_span(&out), &text, &err), err);
    EXPECT_SPAN(buf_span(&text),
                "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
                "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972");
    buf_fini(&out);
    buf_fini(&text);
}

TEST(s3_put_object)
{
    struct digest digest = digest_sha256(s("Welcome to Amazon S3."));
    char hash[DIGEST_HEX_BYTES];
    digest_hex(&digest, hash);
    EXPECT_STR(hash, "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
    struct sigv4_request request = s3_request("PUT", "/test$file.text", hash);
    header(&request, "date", "Fri, 24 May 2013 00:00:00 GMT");
    header(&request, "x-amz-storage-class", "REDUCED_REDUNDANCY");
    expect_signature(&s3_scope, &request,
                     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(s3_get_bucket_lifecycle)
{
    struct sigv4_request request = s3_request("GET", "/", EMPTY_SHA256);
    query(&request, "lifecycle", "");
    expect_signature(&s3_scope, &request, "host;x-amz-content-sha256;x-amz-date",
                     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(s3_list_objects)
{
    struct sigv4_request request = s3_request("GET", "/", EMPTY_SHA256);
    query(&request, "prefix", "J");
    query(&request, "max-keys", "2");
    expect_signature(&s3_scope, &request, "host;x-amz-content-sha256;x-amz-date",
                     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static struct sigv4_request suite_request(const char *method, const char *path)
{
    struct sigv4_request request = {
        .method = s(method), .path = s(path), .payload_hash = s(EMPTY_SHA256)};
    header(&request, "host", "example.amazonaws.com");
    header(&request, "x-amz-date", "20150830T123600Z");
    return request;
}

TEST(suite_get_vanilla)
{
    struct sigv4_request request = suite_request("GET", "/");
    expect_signature(&suite_scope, &request, "host;x-amz-date",
                     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(suite_post_vanilla)
{
    struct sigv4_request request = suite_request("POST", "/");
    expect_signature(&suite_scope, &request, "host;x-amz-date",
                     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST(suite_get_utf8)
{
    struct sigv4_request request = suite_request("GET", "/\xe1\x88\xb4");
    expect_signature(&suite_scope, &request, "host;x-amz-date",
                     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
}

TEST(suite_get_unreserved)
{
    struct sigv4_request request =
        suite_request("GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    expect_signature(&suite_scope, &request, "host;x-amz-date",
                     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f");
}

TEST(suite_query_order)
{
    struct sigv4_request request = suite_request("GET", "/");
    query(&request, "Param2", "value2");
    query(&request, "Param1", "value1");
    expect_signature(&suite_scope, &request, "host;x-amz-date",
                     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

/* Vectors of a path, or of parameters, alone. Those of paths are the suite's "unnormalized" ones,
 * which is S3's rule. */
TEST(suite_paths_and_queries)
{
    static const struct {
        const char *method;
        const char *path;
        const char *query[6]; /* name, value... */
        const char *signature;
    } vectors[] = {
        {"GET", "/./", {0}, "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145"},
        {"GET",
         "//example//",
         {0},
         "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"},
        {"GET",
         "/example space/",
         {0},
         "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
        {"GET",
         "/example1/example2/../..",
         {0},
         "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b"},
        {"GET",
         "/",
         {"\xe1\x88\xb4", "bar"},
         "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
        {"GET",
         "/",
         {"Param-3", "Value3", "Param", "Value2", "\xe1\x88\xb4", "Value1"},
         "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
        {"GET",
         "/",
         {"Param1", "value2", "Param1", "value1"},
         "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
        {"GET",
         "/",
         {"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
          "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"},
         "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
        {"POST",
         "/",
         {"Param1", "value1"},
         "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct sigv4_request request = suite_request(vectors[i].method, vectors[i].path);
        for (size_t q = 0; q < 6 && vectors[i].query[q]; q += 2) {
            query(&request, vectors[i].query[q], vectors[i].query[q + 1]);
        }
        expect_signature(&suite_scope, &request, "host;x-amz-date", vectors[i].signature);
    }
}

TEST(suite_session_token)
{
    struct sigv4_request request = suite_request("GET", "/");
    header(&request, "x-amz-security-token",
           "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267");
    expect_signature(&suite_scope, &request, "host;x-amz-date;x-amz-security-token",
                     "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8");
    request = suite_request("POST", "/");
    header(&request, "x-amz-security-token",
           "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRX"
           "mxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburED"
           "y0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64"
           "lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==");
    expect_signature(&suite_scope, &request, "host;x-amz-date;x-amz-security-token",
                     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
}

TEST(suite_post_form)
{
    struct sigv4_request request = suite_request("POST", "/");
    struct digest digest = digest_sha256(s("Param1=value1"));
    char hash[DIGEST_HEX_BYTES];
    request.payload_hash = s(digest_hex(&digest, hash));
    header(&request, "content-type", "application/x-www-form-urlencoded");
    expect_signature(&suite_scope, &request, "content-type;host;x-amz-date",
                     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

TEST(suite_post_header_sort)
{
    struct sigv4_request request = suite_request("POST", "/");
    header(&request, "my-header1", "value1");
    expect_signature(&suite_scope, &request, "host;my-header1;x-amz-date",
                     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c");
}

TEST(suite_header_value_trim)
{
    struct sigv4_request request = suite_request("GET", "/");
    header(&request, "my-header1", " value1");
    header(&request, "my-header2", " \"a   b   c\"");
    expect_signature(&suite_scope, &request, "host;my-header1;my-header2;x-amz-date",
                     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
}

TEST(encoding)
{
    struct buf out = BUF_INIT;
    sigv4_uri_encode(&out, s("logs/dt=2026-11-23/a b+c~%\xc3\xbc"), true);
    EXPECT_SPAN(buf_span(&out), "logs/dt%3D2026-11-23/a%20b%2Bc~%25%C3%BC");
    buf_clear(&out);
    sigv4_uri_encode(&out, s("a/b"), false);
    EXPECT_SPAN(buf_span(&out), "a%2Fb");
    buf_clear(&out);
    /* sorted as encoded: "a-" before "a%" is wrong, '%' (0x25) sorts below '-' (0x2d) */
    struct sigv4_request request = {.method = s("GET"), .path = s("/")};
    query(&request, "a-", "1");
    query(&request, "a b", "2");
    query(&request, "a", "9");
    query(&request, "a", "10");
    struct err err;
    EXPECT_OK(sigv4_query(&request, &out, &err), err);
    EXPECT_SPAN(buf_span(&out), "a=10&a=9&a%20b=2&a-=1");
    buf_fini(&out);
}

TEST(time_form)
{
    char out[SIGV4_TIME_BYTES];
    sigv4_time(INT64_C(1369353600000000), out);
    EXPECT_STR(out, "20130524T000000Z");
    sigv4_time(INT64_MAX, out); /* by a store's clock */
    EXPECT_STR(out, "99991231T235959Z");
    sigv4_time(INT64_MIN, out);
    EXPECT_STR(out, "19700101T000000Z");
}

TEST_MAIN(TEST_ENTRY(s3_get_object), TEST_ENTRY(s3_put_object), TEST_ENTRY(s3_get_bucket_lifecycle),
          TEST_ENTRY(s3_list_objects), TEST_ENTRY(suite_get_vanilla),
          TEST_ENTRY(suite_post_vanilla), TEST_ENTRY(suite_get_utf8),
          TEST_ENTRY(suite_get_unreserved), TEST_ENTRY(suite_query_order),
          TEST_ENTRY(suite_paths_and_queries), TEST_ENTRY(suite_session_token),
          TEST_ENTRY(suite_post_form), TEST_ENTRY(suite_post_header_sort),
          TEST_ENTRY(suite_header_value_trim), TEST_ENTRY(encoding), TEST_ENTRY(time_form))
