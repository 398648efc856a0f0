/* What both carriers tell libcurl about connections and TLS, and what its errors mean. */
#ifndef TOOLS_STELE_REPLAY_CURL_SETUP_H
#define TOOLS_STELE_REPLAY_CURL_SETUP_H

#include <curl/curl.h>

#include "tools/stele/replay/destination.h"

/* Initialises libcurl once, for all threads, and gives a handle; NULL: out of memory. */
CURL *curl_setup_new(void);

/* Sets what is the same for every use of the handle: no signals, TLS 1.2 on, CA, certificate and
 * key (which must not be encrypted), no redirects. words is CURLOPT_ERRORBUFFER. */
void curl_setup_set(CURL *curl, const struct destination *destination, char words[CURL_ERROR_SIZE]);

/* The code in our words, with what libcurl says in words (made printable here). */
enum status curl_setup_error(const struct destination *destination, CURLcode code,
                             char words[CURL_ERROR_SIZE], struct err *err);

/* Of an error of curl_setup_error, while nothing has got through yet: adds that the other side may
 * have refused us in TLS. Its alert can be lost when it resets the connection behind it. */
enum status curl_setup_suspect(const struct destination *destination, struct err *err);

#endif
