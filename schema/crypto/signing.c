/* Ed25519 keys as PEM files, signing and verifying by OpenSSL. Any thread. */
#include "schema/crypto/signing.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/crypto/digest.h"
#include "schema/text/hex.h"

enum { KEY_FILE_BYTES_MAX = 64 * 1024 };

struct signing_key {
    EVP_PKEY *pkey;
    char id[SIGNING_ID_BYTES];
};

static enum status key_wrap(EVP_PKEY *pkey, const char *path, struct signing_key **out_key,
                            struct err *err)
{
    ERR_clear_error();
    if (!pkey || EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(pkey);
        return err_set(err, ERR_CONFIG, "%s holds no Ed25519 key in PEM", path);
    }
    struct signing_key *key = calloc(1, sizeof *key);
    unsigned char *der = NULL;
    int size = key ? i2d_PUBKEY(pkey, &der) : -1;
    if (size <= 0) {
        EVP_PKEY_free(pkey);
        free(key);
        return err_nomem(err, path);
    }
    struct digest digest = digest_sha256(span_of(der, (size_t)size));
    OPENSSL_free(der);
    (void)hex_encode(digest.bytes, (SIGNING_ID_BYTES - 1) / 2, key->id);
    key->pkey = pkey;
    *out_key = key;
    return OK;
}

static enum status key_load(const char *path, bool is_private, struct signing_key **out_key,
                            struct err *err)
{
    struct buf text = BUF_INIT;
    enum status status = file_read(path, KEY_FILE_BYTES_MAX, &text, err);
    BIO *bio = status == OK ? BIO_new_mem_buf(text.data, (int)text.size) : NULL;
    if (status == OK && !bio) {
        status = err_nomem(err, path);
    }
    if (status == OK) {
        char none[1] = ""; /* the passphrase: an encrypted key fails, without a prompt */
        EVP_PKEY *pkey = is_private ? PEM_read_bio_PrivateKey(bio, NULL, NULL, none)
                                    : PEM_read_bio_PUBKEY(bio, NULL, NULL, none);
        status = key_wrap(pkey, path, out_key, err);
    }
    BIO_free(bio);
    if (text.data) {
        explicit_bzero(text.data, text.capacity);
    }
    buf_fini(&text);
    return status;
}

enum status signing_key_load_private(const char *path, struct signing_key **out_key,
                                     struct err *err)
{
    return key_load(path, true, out_key, err);
}

enum status signing_key_load_public(const char *path, struct signing_key **out_key, struct err *err)
{
    return key_load(path, false, out_key, err);
}

void signing_key_free(struct signing_key *key)
{
    if (key) {
        EVP_PKEY_free(key->pkey);
        free(key);
    }
}

const char *signing_key_id(const struct signing_key *key)
{
    return key->id;
}

static enum status key_write(EVP_PKEY *pkey, bool is_private, const char *path, struct err *err)
{
    BIO *bio = BIO_new(is_private ? BIO_s_secmem() : BIO_s_mem());
    int ok = 0;
    if (bio) {
        ok = is_private ? PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL)
                        : PEM_write_bio_PUBKEY(bio, pkey);
    }
    char *text = NULL;
    long size = ok == 1 ? BIO_get_mem_data(bio, &text) : 0;
    enum status status =
        size > 0 ? file_write(path, span_of(text, (size_t)size), is_private ? 0600 : 0644, err)
                 : err_set(err, ERR_NOMEM, "%s: cannot write the key as PEM", path);
    BIO_free(bio);
    return status;
}

enum status signing_key_create(const char *private_path, const char *public_path, struct err *err)
{
    const char *there = file_exists(private_path)  ? private_path
                        : file_exists(public_path) ? public_path
                                                   : NULL;
    if (there) {
        return err_set(err, ERR_EXISTS, "%s is there already", there);
    }
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!pkey) {
        ERR_clear_error();
        return err_set(err, ERR_CONFIG, "%s: OpenSSL makes no Ed25519 key here", private_path);
    }
    /* the private key last: while it is missing, the pair counts as not made */
    enum status status = key_write(pkey, false, public_path, err);
    if (status == OK) {
        status = key_write(pkey, true, private_path, err);
        if (status != OK) {
            (void)unlink(public_path);
        }
    }
    EVP_PKEY_free(pkey);
    return status;
}

enum status signing_sign(const struct signing_key *key, struct span text,
                         unsigned char out[SIGNING_SIGNATURE_BYTES], struct err *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t size = SIGNING_SIGNATURE_BYTES;
    bool ok = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
              EVP_DigestSign(ctx, out, &size, (const unsigned char *)text.data, text.size) == 1;
    EVP_MD_CTX_free(ctx);
    if (!ok) {
        ERR_clear_error();
        return err_set(err, ERR_CONFIG, "signing failed: is key %s a private one?", key->id);
    }
    CHECK(size == SIGNING_SIGNATURE_BYTES);
    return OK;
}

bool signing_verify(const struct signing_key *key, struct span text, struct span signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && signature.size == SIGNING_SIGNATURE_BYTES &&
                EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
                EVP_DigestVerify(ctx, (const unsigned char *)signature.data, signature.size,
                                 (const unsigned char *)text.data, text.size) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return good;
}
