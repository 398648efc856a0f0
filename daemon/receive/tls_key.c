#include "daemon/receive/tls_key.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

enum { KEY_FILE_BYTES_MAX = 1024 * 1024, PASSPHRASE_BYTES_MAX = 1000 };

struct passphrase {
    char text[PASSPHRASE_BYTES_MAX + 2];
    size_t size;
    bool given;
    bool asked; /* the key is encrypted */
};

static int give_passphrase(char *out, int room, int writing, void *context)
{
    (void)writing;
    struct passphrase *passphrase = context;
    passphrase->asked = true;
    if (!passphrase->given || passphrase->size > (size_t)room) {
        return -1;
    }
    memcpy(out, passphrase->text, passphrase->size);
    return (int)passphrase->size;
}

static enum status find_passphrase(const struct config *config, struct passphrase *out,
                                   struct err *err)
{
    struct buf bytes = BUF_INIT;
    const char *env = getenv("STELE_KEY_PASSPHRASE");
    enum status status = OK;
    if (config->receive_key_passphrase[0]) {
        buf_add_str(&bytes, config->receive_key_passphrase);
        out->given = true;
    } else if (config->receive_key_passphrase_file[0]) {
        status = file_read(config->receive_key_passphrase_file, PASSPHRASE_BYTES_MAX, &bytes, err);
        out->given = true;
        if (status != OK) {
            (void)err_wrap(err, status, "receive.key_passphrase_file");
        }
    } else if (env && env[0]) {
        buf_add_str(&bytes, env);
        out->given = true;
    }
    if (status == OK && (!buf_ok(&bytes) || bytes.size > PASSPHRASE_BYTES_MAX)) {
        status = err_set(err, ERR_CONFIG, "the passphrase of receive.key is longer than %d bytes",
                         PASSPHRASE_BYTES_MAX);
    }
    if (status == OK) {
        memcpy(out->text, bytes.data ? bytes.data : "", bytes.size);
        out->size = bytes.size;
    }
    if (bytes.data) {
        OPENSSL_cleanse(bytes.data, bytes.capacity);
    }
    buf_fini(&bytes);
    return status;
}

static EVP_PKEY *try_load(struct span pem, struct passphrase *passphrase)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, passphrase) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    return key;
}

/* The passphrase as it is, without the newline at its end, and with one. */
static EVP_PKEY *try_forms(struct span pem, struct passphrase *passphrase)
{
    EVP_PKEY *key = try_load(pem, passphrase);
    if (key || !passphrase->asked || !passphrase->given) {
        return key;
    }
    size_t whole = passphrase->size;
    while (passphrase->size > 0 && strchr("\r\n", passphrase->text[passphrase->size - 1])) {
        passphrase->size--;
    }
    if (passphrase->size < whole) {
        key = try_load(pem, passphrase);
    }
    if (!key && (passphrase->size + 1 != whole || passphrase->text[passphrase->size] != '\n')) {
        passphrase->text[passphrase->size++] = '\n';
        key = try_load(pem, passphrase);
    }
    return key;
}

enum status tls_key_load(const struct config *config, EVP_PKEY **out_key, struct err *err)
{
    const char *path = config->receive_key;
    struct passphrase passphrase = {.given = false};
    struct buf pem = BUF_INIT;
    enum status status = file_read(path, KEY_FILE_BYTES_MAX, &pem, err);
    if (status != OK) {
        (void)err_wrap(err, status, "receive.key");
    } else {
        status = find_passphrase(config, &passphrase, err);
    }
    EVP_PKEY *key = status == OK ? try_forms(buf_span(&pem), &passphrase) : NULL;
    if (status == OK && !key) {
        if (!passphrase.asked) {
            status =
                err_set(err, ERR_CONFIG, "receive.key: %s holds no private key in PEM form", path);
        } else if (passphrase.given) {
            status = err_set(err, ERR_CONFIG,
                             "receive.key: the passphrase does not open %s; `configure` wrote it "
                             "into fluent.conf as private_key_passphrase",
                             path);
        } else {
            status = err_set(err, ERR_CONFIG,
                             "receive.key: %s is encrypted: set receive.key_passphrase, "
                             "receive.key_passphrase_file or STELE_KEY_PASSPHRASE",
                             path);
        }
    }
    OPENSSL_cleanse(&passphrase, sizeof passphrase);
    if (pem.data) {
        OPENSSL_cleanse(pem.data, pem.capacity);
    }
    buf_fini(&pem);
    if (status == OK) {
        *out_key = key;
    }
    return status;
}
