/* Keys and signatures: RFC 8032's first vectors, files as OpenSSL's command line writes them. */
#include "schema/crypto/signing.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/text/hex.h"
#include "tests/support/test.h"

static struct err err;
static char dir[FILE_PATH_BYTES];

static const char *in_dir(const char *name)
{
    static char paths[4][FILE_PATH_BYTES];
    static size_t next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, FILE_PATH_BYTES, "%.3900s/%s", dir, name);
    return path;
}

/* RFC 8032, section 7.1, TEST 1: the empty message. PKCS#8 is the seed behind a fixed head. */
TEST(the_published_vector)
{
    test_dir_make(dir);
    static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                              "-----END PRIVATE KEY-----\n";
    EXPECT_OK(file_write(in_dir("k"), span_str(pem), 0600, &err), err);
    struct signing_key *key = NULL;
    EXPECT_OK(signing_key_load_private(in_dir("k"), &key, &err), err);
    unsigned char signature[SIGNING_SIGNATURE_BYTES];
    char hex[2 * SIGNING_SIGNATURE_BYTES + 1];
    EXPECT_OK(signing_sign(key, span_str(""), signature, &err), err);
    EXPECT_STR(hex_encode(signature, sizeof signature, hex),
               "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
               "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
    signing_key_free(key);
    test_dir_remove(dir);
}

TEST(a_pair_signs_and_verifies_and_another_does_not)
{
    test_dir_make(dir);
    struct signing_key *key = NULL;
    struct signing_key *open = NULL;
    struct signing_key *other = NULL;
    EXPECT_OK(signing_key_create(in_dir("a"), in_dir("a.pub"), &err), err);
    EXPECT_OK(signing_key_create(in_dir("b"), in_dir("b.pub"), &err), err);
    struct stat st;
    EXPECT_INT(stat(in_dir("a"), &st), 0);
    EXPECT_INT(st.st_mode & 0777, 0600);
    EXPECT_INT(signing_key_create(in_dir("a"), in_dir("c.pub"), &err), ERR_EXISTS);
    EXPECT_OK(signing_key_load_private(in_dir("a"), &key, &err), err);
    EXPECT_OK(signing_key_load_public(in_dir("a.pub"), &open, &err), err);
    EXPECT_OK(signing_key_load_public(in_dir("b.pub"), &other, &err), err);
    EXPECT_STR(signing_key_id(key), signing_key_id(open));
    EXPECT(strcmp(signing_key_id(key), signing_key_id(other)) != 0);
    unsigned char signature[SIGNING_SIGNATURE_BYTES];
    struct span as_span = span_of(signature, sizeof signature);
    EXPECT_OK(signing_sign(key, span_str("what is"), signature, &err), err);
    EXPECT(signing_verify(open, span_str("what is"), as_span));
    EXPECT(signing_verify(key, span_str("what is"), as_span));
    EXPECT(!signing_verify(other, span_str("what is"), as_span));
    EXPECT(!signing_verify(open, span_str("what was"), as_span));
    EXPECT(!signing_verify(open, span_str("what is"), span_of(signature, 63)));
    signature[5] ^= 1;
    EXPECT(!signing_verify(open, span_str("what is"), as_span));
    EXPECT_INT(signing_sign(open, span_str("x"), signature, &err), ERR_CONFIG);
    signing_key_free(key);
    signing_key_free(open);
    signing_key_free(other);
    test_dir_remove(dir);
}

TEST(what_is_no_such_key_is_refused_in_words)
{
    test_dir_make(dir);
    struct signing_key *key = NULL;
    EXPECT_OK(signing_key_create(in_dir("a"), in_dir("a.pub"), &err), err);
    EXPECT_INT(signing_key_load_private(in_dir("a.pub"), &key, &err), ERR_CONFIG);
    EXPECT(strstr(err.text, "Ed25519") != NULL);
    EXPECT_INT(signing_key_load_public(in_dir("a"), &key, &err), ERR_CONFIG);
    EXPECT_OK(file_write(in_dir("n"), span_str("nonsense"), 0600, &err), err);
    EXPECT_INT(signing_key_load_public(in_dir("n"), &key, &err), ERR_CONFIG);
    EXPECT_INT(signing_key_load_public(in_dir("none"), &key, &err), ERR_NOT_FOUND);
    char command[2 * FILE_PATH_BYTES];
    (void)snprintf(command, sizeof command, "openssl genpkey -algorithm X25519 -out %s",
                   in_dir("x"));
    EXPECT_INT(system(command), 0);
    EXPECT_INT(signing_key_load_private(in_dir("x"), &key, &err), ERR_CONFIG);
    test_dir_remove(dir);
}

TEST_MAIN(TEST_ENTRY(the_published_vector),
          TEST_ENTRY(a_pair_signs_and_verifies_and_another_does_not),
          TEST_ENTRY(what_is_no_such_key_is_refused_in_words))
