/* Private keys: PKCS#8 and PKCS#1 PEM, plain or encrypted, also in OpenSSL's old way (Proc-Type:
 * 4,ENCRYPTED), as `teleport-event-handler configure` writes server.key. */
#ifndef DAEMON_RECEIVE_TLS_KEY_H
#define DAEMON_RECEIVE_TLS_KEY_H

#include "daemon/config/config.h"

struct evp_pkey_st;

/* Loads receive.key. The passphrase comes from receive.key_passphrase, else the file
 * receive.key_passphrase_file, else STELE_KEY_PASSPHRASE in the environment. `configure` takes the
 * whole of its standard input for the passphrase, so a newline at its end may or may not belong to
 * it: it is tried as it is, without and with one. ERR_CONFIG in one sentence. The caller frees
 * *out_key (EVP_PKEY_free). */
MUST_USE enum status tls_key_load(const struct config *config, struct evp_pkey_st **out_key,
                                  struct err *err);

#endif
