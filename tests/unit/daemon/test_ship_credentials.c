/* Credentials without a network: shared files, keys from one place, what URL a container may be
 * asked by, answers in JSON. */
#include "daemon/ship/aws/credential_source.h"
#include "daemon/ship/aws/profile_file.h"
#include "tests/support/test.h"

static struct config config;
static struct err err;
static const atomic_bool *no_cancel;

static struct span s(const char *text)
{
    return span_str(text);
}

static struct span value(const char *text, enum profile_file_section kind, const char *name,
                         const char *key)
{
    return profile_file_value(s(text), kind, s(name), key);
}

TEST(profiles)
{
    static const char text[] = "top = 1\n"
                               "[default]\r\n"
                               "# comment = 1\n"
                               "key=a\r\n"
                               "  key = nested\n"
                               "other =\n"
                               "[ profile  with space ] # words\n"
                               "key =  b = c  \n"
                               "key = last\n"
                               "[sso-session it]\n"
                               "key = d\n"
                               "[profile default]\n"
                               "late = e\n"
                               "[broken\n"
                               "no value";
    EXPECT_SPAN(value(text, PROFILE_FILE_CREDENTIALS, "default", "key"), "a");
    EXPECT_SPAN(value(text, PROFILE_FILE_CONFIG, "default", "key"), "a");
    EXPECT_SPAN(value(text, PROFILE_FILE_CONFIG, "default", "late"), "e");
    EXPECT_SPAN(value(text, PROFILE_FILE_CONFIG, "with space", "key"), "last");
    EXPECT_SPAN(value(text, PROFILE_FILE_SSO_SESSION, "it", "key"), "d");
    EXPECT(value(text, PROFILE_FILE_CONFIG, "it", "key").data == NULL);
    EXPECT(value(text, PROFILE_FILE_CREDENTIALS, "default", "comment").data == NULL);
    EXPECT(value(text, PROFILE_FILE_CREDENTIALS, "default", "top").data == NULL);
    EXPECT(value(text, PROFILE_FILE_CREDENTIALS, "default", "other").data != NULL);
    EXPECT_INT(value(text, PROFILE_FILE_CREDENTIALS, "default", "other").size, 0);
    EXPECT(profile_file_has(s(text), PROFILE_FILE_CONFIG, s("with space")));
    EXPECT(!profile_file_has(s(text), PROFILE_FILE_CONFIG, s("space")));
    EXPECT(!profile_file_has(s(text), PROFILE_FILE_CONFIG, s("broken")));
    EXPECT(!profile_file_has(s(""), PROFILE_FILE_CONFIG, s("default")));
}

/* What would be signed with now; the error's text when there is nothing. */
static const char *who(void)
{
    static struct credentials now;
    struct credentials_chain *chain = NULL;
    enum status status = credentials_open(&config, &no_cancel, &chain, &err);
    status = THEN(status, credentials_get(chain, 1, &now, &err));
    credentials_close(chain);
    return status == OK ? now.access_key_id : err.text;
}

TEST(keys_from_one_place)
{
    config_init(&config);
    (void)setenv("AWS_ACCESS_KEY_ID", "ENVKEY", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "ENVSECRET", 1);
    EXPECT_STR(who(), "ENVKEY");
    (void)snprintf(config.ship_s3_access_key_id, 32, "KEY");
    (void)snprintf(config.ship_s3_secret_access_key, 32, "SECRET");
    EXPECT_STR(who(), "KEY");
    (void)snprintf(config.ship_s3_session_token, 32, "a\r\nx-amz-acl: public-read");
    EXPECT_STR(who(), "credentials from stele.conf: too long, or with a space or a line end in "
                      "them");
    config.ship_s3_session_token[0] = '\0';
    /* half a configuration does not borrow the other half */
    config.ship_s3_secret_access_key[0] = '\0';
    EXPECT_STR(who(), "ship.s3_access_key_id is set, but not ship.s3_secret_access_key");
    config_init(&config);
    (void)unsetenv("AWS_SECRET_ACCESS_KEY");
    EXPECT_STR(who(), "AWS_ACCESS_KEY_ID is set in the environment, but not AWS_SECRET_ACCESS_KEY");
    (void)unsetenv("AWS_ACCESS_KEY_ID");
    EXPECT(strncmp(who(), "no credentials for ", 19) == 0);
}

static const char *container(const char *relative, const char *full)
{
    static struct buf out;
    bool direct;
    buf_clear(&out);
    return credential_source_container_url(relative, full, &out, &direct, &err) == OK ? out.data
                                                                                      : "";
}

TEST(containers)
{
    EXPECT_STR(container("/v2/x", "https://evil.example"), "http://169.254.170.2/v2/x");
    EXPECT_STR(container("v2", ""), "");
    static const char *const good[] = {
        "https://any.example/x",
        "http://localhost:80/x",
        "http://127.9.9.9/x",
        "http://[::1]:8080/x",
        "http://169.254.170.2/",
        "http://169.254.170.23/v1/credentials",
        "http://[fd00:ec2::23]/v1/creds",
        "http://127.0.0.1?x",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        EXPECT_STR(container("", good[i]), good[i]);
    }
    static const char *const bad[] = {"http://any.example/x",   "http://169.254.170.3/",
                                      "http://127.0.0.1.evil/", "http://127.0.0.1@evil/",
                                      "ftp://localhost/",       "http:///x",
                                      "http://[fd00:ec2::24]/", "http://evil/@127.0.0.1",
                                      "http://localhost/a b",   "http://10.0.0.1#127.0.0.1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        EXPECT_STR(container("", bad[i]), "");
    }
}

static enum status json(const char *text, struct credentials *out)
{
    static const struct credential_source_names names = {"A.id", "A.secret", "A.token", "A.end"};
    return credential_source_fill_json("here", s(text), &names, INT64_C(1700000000000000), out,
                                       &err);
}

TEST(answers)
{
    struct credentials out = {0};
    EXPECT_OK(json("{\"A\":{\"id\":\"I\\u0044\",\"secret\":\"S/+=\",\"token\":\"T\",\"end\":"
                   "1800000000123}}",
                   &out),
              err);
    EXPECT_STR(out.access_key_id, "ID");
    EXPECT_STR(out.session_token, "T");
    EXPECT_INT(out.expires_us, INT64_C(1800000000123000));
    EXPECT_OK(
        json("{\"A\":{\"id\":\"I\",\"secret\":\"S\",\"end\":\"2030-01-01T00:00:00Z\"}}", &out),
        err);
    EXPECT_INT(out.expires_us, INT64_C(1893456000000000));
    EXPECT_STR(out.session_token, "");
    EXPECT_INT(
        json("{\"A\":{\"id\":\"I\",\"secret\":\"S\",\"end\":\"2020-01-01T00:00:00Z\"}}", &out),
        ERR_DENIED);
    static const char *const bad[] = {
        "",
        "[]",
        "{\"A\":{\"id\":\"I\"}}",
        "{\"A\":{\"secret\":\"S\"}}",
        "{\"A\":{\"id\":\"I\",\"secret\":\"S\",\"end\":\"soon\"}}",
        "{\"A\":{\"id\":\"I\",\"secret\":\"S\\r\\nx: y\"}}",
        "{\"A\":{\"id\":\"I\",\"secret\":\"S\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        out.access_key_id[0] = '\0';
        EXPECT(json(bad[i], &out) != OK);
        EXPECT_STR(out.access_key_id, "");
        EXPECT(strstr(err.text, "\"S") == NULL);
    }
}

int main(int argc, char **argv)
{
    /* nothing of the machine's own set-up */
    (void)setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    (void)setenv("HOME", "/nonexistent", 1);
    static const char *const names[] = {"AWS_PROFILE",
                                        "AWS_CONFIG_FILE",
                                        "AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_SHARED_CREDENTIALS_FILE",
                                        "AWS_WEB_IDENTITY_TOKEN_FILE",
                                        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                        "AWS_CA_BUNDLE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unsetenv(names[i]);
    }
    static const struct test tests[] = {TEST_ENTRY(profiles), TEST_ENTRY(keys_from_one_place),
                                        TEST_ENTRY(containers), TEST_ENTRY(answers)};
    return test_main(tests, sizeof tests / sizeof tests[0], argc, argv);
}
