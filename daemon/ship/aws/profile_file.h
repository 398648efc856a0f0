/* The shared files of the AWS tools, ~/.aws/config and ~/.aws/credentials: sections in brackets,
 * key = value, comments with # or ; at the beginning of a line. An indented line belongs to the
 * setting before it and is passed over. A later setting goes before an earlier one. Pure.
 * Source: AWS SDKs and Tools Reference Guide, "Format of the shared config and credentials files".
 */
#ifndef DAEMON_SHIP_AWS_PROFILE_FILE_H
#define DAEMON_SHIP_AWS_PROFILE_FILE_H

#include "schema/base/span.h"

enum profile_file_section {
    PROFILE_FILE_CREDENTIALS, /* [NAME], of the credentials file */
    PROFILE_FILE_CONFIG,      /* [profile NAME], or [default], of the config file */
    PROFILE_FILE_SSO_SESSION, /* [sso-session NAME], of the config file */
};

bool profile_file_has(struct span text, enum profile_file_section kind, struct span name);

/* The value, without white space around it; data is NULL when the section or the key is not
 * there. A span into text. */
struct span profile_file_value(struct span text, enum profile_file_section kind, struct span name,
                               const char *key);

#endif
