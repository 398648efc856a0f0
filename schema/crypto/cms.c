/* Files under CMS (RFC 5652), read and written by OpenSSL in pieces. On the caller's thread. */
#include "schema/crypto/cms.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 64 * 1024, PBKDF2_ROUNDS = 1300000 };

static enum status fail(enum status code, const char *what, struct err *err)
{
    unsigned long number = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(number);
    enum status status =
        err_set(err, code, "%s%s%s", what, reason ? ": " : "", reason ? reason : "");
    if (err) {
        err->detail = (long)number;
    }
    ERR_clear_error();
    return status;
}

static X509 *read_certificate(const char *path, enum status *out_status, struct err *err)
{
    ERR_clear_error();
    BIO *bio = BIO_new_file(path, "r");
    if (!bio) {
        *out_status = err_errno(err, errno, "%s", path);
        ERR_clear_error();
        return NULL;
    }
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (!certificate) {
        ERR_clear_error();
        *out_status = err_set(err, ERR_CONFIG, "%s holds no certificate in PEM", path);
    }
    return certificate;
}

/* RSA's older padding is not used. */
static bool set_padding(CMS_RecipientInfo *info, const X509 *certificate)
{
    if (EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) != EVP_PKEY_RSA) {
        return true;
    }
    EVP_PKEY_CTX *context = CMS_RecipientInfo_get0_pkey_ctx(info);
    return context && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0;
}

static enum status add_certificate(CMS_ContentInfo *message, const char *path, struct err *err)
{
    enum status status = OK;
    X509 *certificate = read_certificate(path, &status, err);
    if (!certificate) {
        return status;
    }
    CMS_RecipientInfo *info = CMS_add1_recipient_cert(message, certificate, CMS_KEY_PARAM);
    if (!info || !set_padding(info, certificate)) {
        ERR_clear_error();
        status =
            err_set(err, ERR_CONFIG,
                    "%s: nothing can be encrypted to its key (RSA and elliptic curves can)", path);
    }
    X509_free(certificate);
    return status;
}

static enum status add_passphrase(CMS_ContentInfo *message, struct span passphrase, struct err *err)
{
    unsigned char *copy = OPENSSL_memdup(passphrase.data, passphrase.size);
    if (!copy ||
        !CMS_add0_recipient_password(message, PBKDF2_ROUNDS, NID_id_alg_PWRI_KEK, NID_undef, copy,
                                     (ossl_ssize_t)passphrase.size, EVP_aes_256_cbc())) {
        OPENSSL_free(copy);
        return fail(ERR_NOMEM, "encrypting to a passphrase", err);
    }
    return OK;
}

static enum status make_message(const struct cms_recipients *to, CMS_ContentInfo **out_message,
                                struct err *err)
{
    CHECK(to->n_certificates > 0 || to->passphrase.size > 0);
    CMS_ContentInfo *message = CMS_AuthEnvelopedData_create(EVP_aes_256_gcm());
    enum status status = message ? OK : fail(ERR_NOMEM, "encrypting", err);
    for (size_t i = 0; status == OK && i < to->n_certificates; i++) {
        status = add_certificate(message, to->certificates[i], err);
    }
    if (status == OK && to->passphrase.size > 0) {
        status = add_passphrase(message, to->passphrase, err);
    }
    if (status != OK) {
        CMS_ContentInfo_free(message);
        return status;
    }
    *out_message = message;
    return OK;
}

enum status cms_check(const struct cms_recipients *to, struct err *err)
{
    CMS_ContentInfo *message = NULL;
    enum status status = make_message(to, &message, err);
    CMS_ContentInfo_free(message);
    return status;
}

/* Frees the chain down to, and without, its end. */
static void free_chain(BIO *chain, const BIO *end)
{
    while (chain && chain != end) {
        BIO *next = BIO_pop(chain);
        BIO_free(chain);
        chain = next;
    }
}

static enum status pump(int from_fd, BIO *chain, cms_progress *progress, void *context,
                        struct err *err)
{
    static _Thread_local char piece[PIECE_BYTES];
    int64_t done = 0;
    enum status status = OK;
    for (ssize_t size = 1; status == OK && size > 0;) {
        size = pread(from_fd, piece, sizeof piece, done);
        if (size < 0 && errno == EINTR) {
            size = 1;
            continue;
        }
        if (size < 0) {
            status = err_errno(err, errno, "encrypting: reading");
        } else if (size > 0 && BIO_write(chain, piece, (int)size) != size) {
            status = errno ? err_errno(err, errno, "encrypting: writing")
                           : fail(ERR_IO, "encrypting: writing", err);
        } else {
            done += size;
        }
        if (status == OK && progress && !progress(context, done)) {
            status = err_set(err, ERR_STOPPED, "interrupted");
        }
    }
    OPENSSL_cleanse(piece, sizeof piece);
    return status;
}

enum status cms_seal(int from_fd, int to_fd, const struct cms_recipients *to,
                     cms_progress *progress, void *context, struct err *err)
{
    CMS_ContentInfo *message = NULL;
    enum status status = make_message(to, &message, err);
    if (status != OK) {
        return status;
    }
    errno = 0;
    BIO *out = BIO_new_fd(to_fd, BIO_NOCLOSE);
    BIO *chain = out ? BIO_new_CMS(out, message) : NULL;
    status = chain ? pump(from_fd, chain, progress, context, err) : fail(ERR_IO, "encrypting", err);
    if (status == OK && BIO_flush(chain) <= 0) { /* the end of it, with the tag */
        status = errno ? err_errno(err, errno, "encrypting: writing")
                       : fail(ERR_IO, "encrypting: writing", err);
    }
    free_chain(chain, out);
    BIO_free(out);
    CMS_ContentInfo_free(message);
    ERR_clear_error();
    return status;
}

static CMS_ContentInfo *read_pem(BIO *bio)
{
    char *name = NULL;
    char *header = NULL;
    unsigned char *data = NULL;
    long size = 0;
    if (!PEM_read_bio(bio, &name, &header, &data, &size)) {
        return NULL;
    }
    const unsigned char *at = data;
    CMS_ContentInfo *message = d2i_CMS_ContentInfo(NULL, &at, size);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    return message;
}

static CMS_ContentInfo *read_message(const char *path)
{
    BIO *bio = BIO_new_file(path, "rb");
    CMS_ContentInfo *message = bio ? d2i_CMS_bio(bio, NULL) : NULL;
    if (bio && !message && BIO_reset(bio) == 0) {
        message = read_pem(bio);
    }
    BIO_free(bio);
    return message;
}

static enum status set_key(CMS_ContentInfo *message, const char *path, struct err *err)
{
    BIO *bio = BIO_new_file(path, "r");
    if (!bio) {
        enum status status = err_errno(err, errno, "%s", path);
        ERR_clear_error();
        return status;
    }
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL); /* asks for its passphrase */
    BIO_free(bio);
    enum status status = OK;
    if (!key) {
        status = err_set(err, ERR_CONFIG, "%s holds no private key in PEM", path);
    } else if (!CMS_decrypt_set1_pkey(message, key, NULL)) {
        status = err_set(err, ERR_DENIED, "it is not encrypted to the key of %s", path);
    }
    EVP_PKEY_free(key);
    ERR_clear_error();
    return status;
}

static enum status set_passphrase(CMS_ContentInfo *message, struct span passphrase, struct err *err)
{
    unsigned char *copy = OPENSSL_memdup(passphrase.data, passphrase.size);
    int fits = copy && CMS_decrypt_set1_password(message, copy, (ossl_ssize_t)passphrase.size) > 0;
    OPENSSL_clear_free(copy, passphrase.size);
    ERR_clear_error();
    return fits ? OK : err_set(err, ERR_DENIED, "it is not encrypted to this passphrase");
}

enum status cms_open(const char *path, const char *key_path, struct span passphrase, int to_fd,
                     struct err *err)
{
    CHECK(key_path || passphrase.size > 0);
    ERR_clear_error();
    if (access(path, R_OK) != 0) {
        return err_errno(err, errno, "%s", path);
    }
    CMS_ContentInfo *message = read_message(path);
    if (!message) {
        ERR_clear_error();
        return err_set(err, ERR_FORMAT, "%s is no CMS message that is whole", path);
    }
    enum status status =
        key_path ? set_key(message, key_path, err) : set_passphrase(message, passphrase, err);
    if (status != OK) {
        CMS_ContentInfo_free(message);
        return err_wrap(err, status, "%s", path);
    }
    BIO *out = BIO_new_fd(to_fd, BIO_NOCLOSE);
    errno = 0;
    if (!out || !CMS_decrypt(message, NULL, NULL, NULL, out, 0)) {
        int number = errno;
        ERR_clear_error();
        status =
            number == ENOSPC || number == EIO
                ? err_errno(err, number, "decrypting %s", path)
                : err_set(err, ERR_DENIED, "%s was changed, or is encrypted to another key", path);
    }
    BIO_free(out);
    CMS_ContentInfo_free(message);
    return status;
}

/* A DER or BER SEQUENCE whose first element is the OID of enveloped data: by RFC 5652 the type, or
 * by RFC 5083 with authentication. */
static bool is_envelope(const unsigned char *head, size_t size)
{
    static const unsigned char enveloped[] = {6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 7, 3};
    static const unsigned char authenticated[] = {6,  11, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                  13, 1,  9,    16,   1,    23};
    if (size < 24 || head[0] != 0x30) {
        return false;
    }
    size_t at = 2 + (head[1] > 0x80 ? (size_t)(head[1] & 0x7f) : 0);
    return at + sizeof authenticated <= size &&
           (memcmp(head + at, enveloped, sizeof enveloped) == 0 ||
            memcmp(head + at, authenticated, sizeof authenticated) == 0);
}

enum cms_form cms_form_of(const char *path)
{
    static const char pem[] = "-----BEGIN CMS-----";
    unsigned char head[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, head, sizeof head) : -1;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (size >= (ssize_t)sizeof pem - 1 && memcmp(head, pem, sizeof pem - 1) == 0) {
        return CMS_FORM_PEM;
    }
    return size > 0 && is_envelope(head, (size_t)size) ? CMS_FORM_DER : CMS_FORM_NONE;
}

enum status cms_refuse(const char *path, struct err *err)
{
    enum cms_form form = cms_form_of(path);
    if (form == CMS_FORM_NONE) {
        return OK;
    }
    return err_set(err, ERR_FORMAT,
                   "%s is an encrypted copy: decrypt it with: openssl cms -decrypt -inform %s -in "
                   "%s -inkey KEY.pem -out COPY.stele (or -pwri_password PASSPHRASE for -inkey)",
                   path, form == CMS_FORM_DER ? "DER" : "PEM", path);
}
