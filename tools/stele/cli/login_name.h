/* Who types. */
#ifndef TOOLS_STELE_CLI_LOGIN_NAME_H
#define TOOLS_STELE_CLI_LOGIN_NAME_H

enum { LOGIN_NAME_BYTES = 65 };

/* The login of this process's user ("uid 1000" when it has none), as it is written down beside what
 * somebody did; under sudo "alice (root by sudo)". Cut at its size. Returns out. */
const char *login_name(char out[LOGIN_NAME_BYTES]);

#endif
