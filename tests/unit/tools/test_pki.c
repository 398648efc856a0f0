/* Certificates: made, read back, and what `check` says of pairs that do not fit. That other
 * programs take them is tested with the openssl command. */
#include <sys/stat.h>

#include "schema/base/clock.h"
#include "tests/support/test.h"
#include "tools/stele/pki/certificate.h"
#include "tools/stele/pki/pki.h"

static void make(const char *dir, const char *const *names, size_t n, int64_t days)
{
    struct err err;
    const struct pki_request request = {
        .names = names, .n_names = n, .now_us = clock_now_us(), .days = days};
    EXPECT_OK(pki_create(dir, &request, &err), err);
}

static struct certificate *open_in(const char *dir, const char *name)
{
    char path[FILE_PATH_BYTES];
    struct err err;
    struct certificate *certificate = NULL;
    EXPECT_OK(file_path_format(path, &err, "%s/%s", dir, name), err);
    EXPECT_OK(certificate_open(path, &certificate, &err), err);
    return certificate;
}

TEST(names_are_checked)
{
    struct err err;
    static const char *const good[] = {"localhost",   "stele.example.com", "*.example.com",
                                       "203.0.113.7", "2001:db8::1",       "host_1"};
    static const char *const bad[] = {"",         "a b",  "host:8888",  "https://x", "[::1]",
                                      "-a.com",   "a..b", "1.2.3.4.5",  "300.1.1.1", "a,IP:1.2.3.4",
                                      "x*.y.com", "a.b.", "\xc3\xbc.de"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        EXPECT_OK(pki_name_check(good[i], &err), err);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (pki_name_check(bad[i], &err) != ERR_USAGE) {
            fprintf(stderr, "\"%s\" was taken\n", bad[i]);
            test_failures++;
        }
    }
}

TEST(what_is_made_can_be_read)
{
    char dir[FILE_PATH_BYTES];
    struct err err;
    test_dir_make(dir);
    static const char *const names[] = {"stele.example.com", "203.0.113.7", "LOCALHOST"};
    int64_t before_us = clock_now_us();
    make(dir, names, 3, 10);
    int64_t after_us = clock_now_us();
    struct certificate *ca = open_in(dir, "ca.crt");
    struct certificate *server = open_in(dir, "server.crt");
    struct certificate *client = open_in(dir, "client.crt");
    struct certificate_facts facts;
    EXPECT_OK(certificate_read(server, &facts, &err), err);
    EXPECT_STR(facts.names, "DNS:stele.example.com, IP Address:203.0.113.7, DNS:localhost, "
                            "IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
    EXPECT(!facts.is_ca);
    EXPECT(!facts.names_itself);
    /* Certificates have whole seconds. */
    EXPECT(facts.to_us > before_us + 10 * CLOCK_DAY_US - CLOCK_SECOND_US);
    EXPECT(facts.to_us <= after_us + 10 * CLOCK_DAY_US);
    EXPECT_OK(certificate_read(ca, &facts, &err), err);
    EXPECT(facts.is_ca);
    EXPECT_OK(certificate_check_signed(server, ca, CERTIFICATE_SERVER, &err), err);
    EXPECT_OK(certificate_check_signed(client, ca, CERTIFICATE_CLIENT, &err), err);
    EXPECT_INT(certificate_check_signed(client, ca, CERTIFICATE_SERVER, &err), ERR_CONFIG);
    EXPECT_INT(certificate_check_signed(server, client, CERTIFICATE_SERVER, &err), ERR_CONFIG);
    char path[FILE_PATH_BYTES];
    struct stat st;
    EXPECT_OK(file_path_format(path, &err, "%s/server.key", dir), err);
    EXPECT_OK(certificate_check_key(server, path, NULL, &err), err);
    EXPECT_INT(certificate_check_key(client, path, NULL, &err), ERR_CONFIG);
    EXPECT_INT(stat(path, &st), 0);
    EXPECT_INT(st.st_mode & 0777, 0600);
    certificate_close(ca);
    certificate_close(server);
    certificate_close(client);
    test_dir_remove(dir);
}

TEST(nothing_is_written_over)
{
    char dir[FILE_PATH_BYTES];
    struct err err;
    test_dir_make(dir);
    make(dir, NULL, 0, 10);
    const struct pki_request again = {.now_us = clock_now_us(), .days = 10};
    EXPECT_INT(pki_create(dir, &again, &err), ERR_EXISTS);
    test_dir_remove(dir);
}

TEST(no_certificate)
{
    char dir[FILE_PATH_BYTES];
    char path[FILE_PATH_BYTES];
    struct err err;
    struct certificate *certificate = NULL;
    test_dir_make(dir);
    EXPECT_OK(file_path_format(path, &err, "%s/x.crt", dir), err);
    EXPECT_INT(certificate_open(path, &certificate, &err), ERR_NOT_FOUND);
    EXPECT_OK(file_write(path, span_str("not PEM\n"), 0600, &err), err);
    EXPECT_INT(certificate_open(path, &certificate, &err), ERR_CONFIG);
    EXPECT(certificate == NULL);
    test_dir_remove(dir);
}

TEST_MAIN(TEST_ENTRY(names_are_checked), TEST_ENTRY(what_is_made_can_be_read),
          TEST_ENTRY(nothing_is_written_over), TEST_ENTRY(no_certificate))
