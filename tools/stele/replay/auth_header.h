/* The headers of a replay's requests: who we are, from files or the environment, never from the
 * command line, which everybody on a machine can read. */
#ifndef TOOLS_STELE_REPLAY_AUTH_HEADER_H
#define TOOLS_STELE_REPLAY_AUTH_HEADER_H

#include "tools/stele/replay/destination.h"

/* Fills headers (DESTINATION_HEADERS_MAX places) with malloc'ed "Name: value" texts:
 *   a token (--token-file, else STELE_REPLAY_TOKEN): Authorization: Splunk, ApiKey or Bearer TOKEN
 *   a login (--login-file, else STELE_REPLAY_LOGIN), user:password: Authorization: Basic (RFC 7617)
 *   the lines of --header-file, without empty ones and those that begin with #
 * hec must have a token, unless a header says Authorization. *n_headers counts what was made, also
 * on failure. Errors name file and line, and nothing of what is in them. ERR_CONFIG, ERR_NOMEM. */
MUST_USE enum status auth_header_add(const struct destination_options *options, enum form form,
                                     char **headers, size_t *n_headers, struct err *err);

#endif
