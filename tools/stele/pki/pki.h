/* The certificates of a new archive: a CA of its own, one server and one client certificate, as
 * the event handler's `configure` makes them, with P-256 keys in PKCS#8. Each has a subject of its
 * own: where CA and leaf share one, OpenSSL takes the leaf for self-signed. */
#ifndef TOOLS_STELE_PKI_PKI_H
#define TOOLS_STELE_PKI_PKI_H

#include "schema/file/file.h"

enum { PKI_DAYS_MAX = 36500, PKI_DAYS_DEFAULT = 3650, PKI_NAME_BYTES_MAX = 253 };

/* A host name (*.example.com too) or an IP address, without port and brackets; ERR_USAGE if not. */
MUST_USE enum status pki_name_check(const char *name, struct err *err);

/* True when the name is an IP address; *out_v6 (may be NULL): of version 6. */
bool pki_name_is_address(const char *name, bool *out_v6);

struct pki_request {
    const char *const
        *names; /* what the server is called; localhost, 127.0.0.1 and ::1 are added */
    size_t n_names;
    int64_t now_us;
    int64_t days; /* 1 to PKI_DAYS_MAX */
};

/* Writes ca.crt, ca.key, server.crt, server.key, client.crt and client.key into dir, which is
 * there; keys with mode 0600. ERR_EXISTS when one of them is there. */
MUST_USE enum status pki_create(const char *dir, const struct pki_request *request,
                                struct err *err);

#endif
