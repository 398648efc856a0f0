/* Where a bucket is, what URLs the ledger knows targets by, and what S3's errors are turned into:
 * all without a network. */
#include "daemon/ship/aws/aws_xml.h"
#include "daemon/ship/s3/s3_error.h"
#include "daemon/ship/target_open.h"
#include "tests/support/test.h"

static struct config config;
static struct err err;

static const char *place_host(const char *target, const char *endpoint, bool path_style)
{
    static struct s3_endpoint place;
    config_init(&config);
    (void)snprintf(config.ship_target, sizeof config.ship_target, "%s", target);
    (void)snprintf(config.ship_s3_endpoint, sizeof config.ship_s3_endpoint, "%s", endpoint);
    config.ship_s3_path_style = path_style;
    return s3_endpoint_read(&config, &place, &err) == OK ? place.host : "";
}

static const char *url(const char *target, const char *endpoint)
{
    static char out[TARGET_URL_BYTES];
    config_init(&config);
    (void)snprintf(config.ship_target, sizeof config.ship_target, "%s", target);
    (void)snprintf(config.ship_s3_endpoint, sizeof config.ship_s3_endpoint, "%s", endpoint);
    return target_url(&config, out, &err) == OK ? out : err.text;
}

TEST(hosts)
{
    EXPECT_STR(place_host("s3://logs", "", false), "logs.s3.us-east-1.amazonaws.com");
    EXPECT_STR(place_host("s3://logs", "", true), "s3.us-east-1.amazonaws.com");
    /* *.s3.amazonaws.com does not cover a name with dots */
    EXPECT_STR(place_host("s3://my.logs", "", false), "s3.us-east-1.amazonaws.com");
    EXPECT_STR(place_host("s3://logs", "https://S3.Example.com/", false), "logs.s3.example.com");
    EXPECT_STR(place_host("s3://logs", "https://s3.example.com:443", true), "s3.example.com");
    EXPECT_STR(place_host("s3://logs", "http://s3.example.com:80", true), "s3.example.com");
    EXPECT_STR(place_host("s3://logs", "http://s3.example.com:443", true), "s3.example.com:443");
    EXPECT_STR(place_host("s3://logs", "http://127.0.0.1:9000", false), "127.0.0.1:9000");
    EXPECT_STR(place_host("s3://logs", "https://[::1]:9000", false), "[::1]:9000");
    EXPECT_STR(place_host("s3://logs", "s3.example.com", false), "");
    EXPECT_STR(place_host("s3://logs", "https://", false), "");
    EXPECT_STR(place_host("s3://logs", "https://host/path", false), "");
    EXPECT_STR(place_host("s3://logs", "https://user@host", false), "");
    EXPECT_STR(place_host("s3://", "", false), "");
    EXPECT_STR(place_host("s3://ab", "", false), "");
    EXPECT_STR(place_host("s3://under score", "", false), "");
}

TEST(china)
{
    config_init(&config);
    (void)snprintf(config.ship_target, sizeof config.ship_target, "s3://logs");
    (void)snprintf(config.ship_s3_region, sizeof config.ship_s3_region, "cn-north-1");
    struct s3_endpoint place;
    EXPECT_OK(s3_endpoint_read(&config, &place, &err), err);
    EXPECT_STR(place.host, "logs.s3.cn-north-1.amazonaws.com.cn");
    (void)snprintf(config.ship_s3_region, sizeof config.ship_s3_region, "eusc-de-east-1");
    EXPECT_OK(s3_endpoint_read(&config, &place, &err), err);
    EXPECT_STR(place.host, "logs.s3.eusc-de-east-1.amazonaws.eu");
}

static const char *aws_host(const char *region, bool dual_stack, bool fips)
{
    static struct s3_endpoint place;
    config_init(&config);
    (void)snprintf(config.ship_target, sizeof config.ship_target, "s3://logs");
    (void)snprintf(config.ship_s3_region, sizeof config.ship_s3_region, "%s", region);
    config.ship_s3_dual_stack = dual_stack;
    config.ship_s3_fips = fips;
    return s3_endpoint_read(&config, &place, &err) == OK ? place.host : err.text;
}

TEST(endpoints)
{
    EXPECT_STR(aws_host("us-east-2", true, false), "logs.s3.dualstack.us-east-2.amazonaws.com");
    EXPECT_STR(aws_host("us-gov-west-1", false, true), "logs.s3-fips.us-gov-west-1.amazonaws.com");
    EXPECT_STR(aws_host("us-east-2", true, true), "logs.s3-fips.dualstack.us-east-2.amazonaws.com");
}

TEST(moves)
{
    struct s3_endpoint place;
    config_init(&config);
    (void)snprintf(config.ship_target, sizeof config.ship_target, "s3://logs");
    EXPECT_OK(s3_endpoint_read(&config, &place, &err), err);
    EXPECT(s3_endpoint_move(&place, "cn-north-1"));
    EXPECT_STR(place.host, "logs.s3.cn-north-1.amazonaws.com.cn");
    EXPECT_STR(place.region, "cn-north-1");
    (void)snprintf(config.ship_s3_endpoint, sizeof config.ship_s3_endpoint, "https://s3.example");
    EXPECT_OK(s3_endpoint_read(&config, &place, &err), err);
    EXPECT(s3_endpoint_move(&place, "eu-west-1"));
    EXPECT_STR(place.host, "logs.s3.example");
}

TEST(paths)
{
    struct buf out = BUF_INIT;
    struct s3_endpoint place = {.bucket = "logs", .prefix = "a/b", .path_style = true};
    s3_endpoint_path(&place, "dt=1/k", &out);
    EXPECT_SPAN(buf_span(&out), "/logs/a/b/dt=1/k");
    buf_clear(&out);
    s3_endpoint_path(&place, NULL, &out);
    EXPECT_SPAN(buf_span(&out), "/logs");
    buf_clear(&out);
    place.path_style = false;
    place.prefix[0] = '\0';
    s3_endpoint_path(&place, "k", &out);
    EXPECT_SPAN(buf_span(&out), "/k");
    buf_clear(&out);
    s3_endpoint_path(&place, NULL, &out);
    EXPECT_SPAN(buf_span(&out), "/");
    buf_fini(&out);
}

TEST(canonical_urls)
{
    EXPECT_STR(url("s3://logs", ""), "s3://logs");
    EXPECT_STR(url("s3://logs//pre/fix//", ""), "s3://logs/pre/fix");
    EXPECT_STR(url("s3://logs/p", "http://HOST:9000"), "s3://logs/p?endpoint=host:9000");
    EXPECT_STR(url("s3://logs/p", "https://host:443/"), "s3://logs/p?endpoint=host");
    EXPECT_STR(url("file:///var/out/", ""), "file:///var/out");
    EXPECT_STR(url("file:///", ""), "file:///");
    EXPECT_STR(url("file:////var//./out/.", ""), "file:///var/out");
    EXPECT_STR(url("file:///./", ""), "file:///");
    EXPECT_STR(url("file:///var/..out/.x", ""), "file:///var/..out/.x");
    EXPECT(strstr(url("file:///var/../out", ""), "without \"..\"") != NULL);
    /* AWS is one store, whatever door is taken */
    EXPECT_STR(url("s3://logs", "https://s3.eu-west-1.amazonaws.com"), "s3://logs");
    EXPECT_STR(url("s3://logs", "https://amazonaws.com.example"),
               "s3://logs?endpoint=amazonaws.com.example");
    EXPECT(strstr(url("file://out", ""), "must be absolute") != NULL);
    EXPECT(strstr(url("gs://logs", ""), "neither s3://bucket/prefix nor file:") != NULL);
    EXPECT(strstr(url("", ""), "ship.target is not set") != NULL);
}

static const char *exact(const char *text, bool url, size_t bytes)
{
    static char out[64];
    struct buf body = BUF_INIT;
    buf_printf(&body, "<a><Key>%s</Key></a>", text);
    bool good = aws_xml_exact(buf_span(&body), "Key", url, out, bytes);
    buf_fini(&body);
    return good ? out : "(none)";
}

TEST(xml_exactly)
{
    EXPECT_STR(exact("a&lt;&gt;&amp;&quot;&apos;b&nbsp;", false, 64), "a<>&\"'b&nbsp;");
    EXPECT_STR(exact("&#10;&#xA;&#x1F600;&#252;", false, 64), "\n\n\xf0\x9f\x98\x80\xc3\xbc");
    EXPECT_STR(exact("&#;&#x;&#0;&#x110000;&#99999999999;&#12", false, 64),
               "&#;&#x;&#0;&#x110000;&#99999999999;&#12");
    EXPECT_STR(exact("%41+%2b%", false, 64), "%41+%2b%");
    EXPECT_STR(exact("%41+%2b%2&#37;41%zz%", true, 64), "A +%2A%zz%");
    EXPECT_STR(exact("a%00b", true, 64), "(none)");
    EXPECT_STR(exact("", false, 64), "");
    EXPECT_STR(exact("abc", false, 4), "abc");
    EXPECT_STR(exact("abcd", false, 4), "(none)");
    EXPECT_STR(exact("ab&#252;", false, 4), "(none)");
    char out[8];
    EXPECT(!aws_xml_exact(span_str("<Key>abc"), "Key", false, out, sizeof out));
    EXPECT(!aws_xml_exact(span_of(NULL, 0), "Key", false, out, sizeof out));
}

TEST(xml_elements)
{
    struct span rest = span_str("<c>1</c><d/><c></c><c>3</c><c>4");
    struct span one;
    EXPECT(aws_xml_next(&rest, "c", &one));
    EXPECT_SPAN(one, "1");
    EXPECT(aws_xml_next(&rest, "c", &one));
    EXPECT_SPAN(one, "");
    EXPECT(aws_xml_next(&rest, "c", &one));
    EXPECT_SPAN(one, "3");
    EXPECT(!aws_xml_next(&rest, "c", &one));
    EXPECT_SPAN(rest, "<c>4");
}

TEST(xml)
{
    char out[16];
    EXPECT(aws_xml_text(span_str("<Error><Code>A&lt;B&amp;&#9;</Code></Error>"), "Code", out,
                        sizeof out));
    EXPECT_STR(out, "A<B& ");
    EXPECT(aws_xml_text(span_str("<Code>0123456789abcdefgh</Code>"), "Code", out, sizeof out));
    EXPECT_STR(out, "0123456789abcde");
    EXPECT(aws_xml_text(span_str("<Code>a\r\nb\x7f</Code>"), "Code", out, sizeof out));
    EXPECT_STR(out, "a  b ");
    /* C1 control characters and what turns the writing direction */
    EXPECT(aws_xml_text(span_str("<Code>a\xc2\x9b"
                                 "2J\xe2\x80\xae</Code>"),
                        "Code", out, sizeof out));
    EXPECT_STR(out, "a??2J???");
    EXPECT(!aws_xml_text(span_str("<Code>never closed"), "Code", out, sizeof out));
    EXPECT(!aws_xml_text(span_str("</Code><Code"), "Code", out, sizeof out));
    EXPECT(!aws_xml_text(span_of(NULL, 0), "Code", out, sizeof out));
    EXPECT_STR(out, "");
}

TEST(a_region_is_letters)
{
    struct s3_response told = {.length = -1};
    s3_response_header(&told, span_str("X-Amz-Bucket-Region: eu-west-1\r\n"));
    EXPECT_STR(told.region, "eu-west-1");
    s3_response_header(&told, span_str("x-amz-bucket-region: eu\x1b[2J\r\n"));
    EXPECT_STR(told.region, "");
}

static enum status response(long http, const char *code, const char *region)
{
    struct s3_endpoint place = {
        .bucket = "logs", .region = "us-east-1", .endpoint = "s3.example.com"};
    struct s3_response told = {.http = http, .message = "words"};
    (void)snprintf(told.code, sizeof told.code, "%s", code);
    (void)snprintf(told.region, sizeof told.region, "%s", region);
    return s3_error(&place, &told, &err);
}

TEST(errors)
{
    EXPECT_INT(response(403, "SignatureDoesNotMatch", ""), ERR_DENIED);
    EXPECT_STR(err.text, "bucket logs at s3.example.com: wrong secret key for this access key: "
                         "check ship.s3_secret_access_key (HTTP 403 SignatureDoesNotMatch: words)");
    EXPECT_INT(err.detail, 403);
    EXPECT_INT(response(404, "NoSuchBucket", ""), ERR_NOT_FOUND);
    EXPECT_INT(response(301, "PermanentRedirect", "eu-west-1"), ERR_CONFIG);
    EXPECT_STR(err.text, "bucket logs at s3.example.com: it is in region eu-west-1, not us-east-1: "
                         "set ship.s3_region = eu-west-1");
    /* the right region in an answer is no reason to name it */
    EXPECT_INT(response(400, "AuthorizationHeaderMalformed", "us-east-1"), ERR_CONFIG);
    EXPECT(strstr(err.text, "region") == NULL);
    EXPECT_INT(response(503, "SlowDown", ""), ERR_NET);
    EXPECT_INT(response(500, "", ""), ERR_NET);
    EXPECT_INT(response(501, "NotImplemented", ""), ERR_CONFIG);
    EXPECT_INT(response(418, "", ""), ERR_CONFIG);
}

TEST_MAIN(TEST_ENTRY(hosts), TEST_ENTRY(china), TEST_ENTRY(endpoints), TEST_ENTRY(moves),
          TEST_ENTRY(paths), TEST_ENTRY(canonical_urls), TEST_ENTRY(a_region_is_letters),
          TEST_ENTRY(xml), TEST_ENTRY(xml_exactly), TEST_ENTRY(xml_elements), TEST_ENTRY(errors))
