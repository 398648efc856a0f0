/* The configuration file (INI) as one struct, from the table config.def. Both
 * programs read the same file. Unknown sections or keys and values of the wrong form are errors
 * that name file and line. Relative paths are relative to the file. Read once at start (and again,
 * for the certificates, at SIGHUP); no thread of its own. */
#ifndef DAEMON_CONFIG_CONFIG_H
#define DAEMON_CONFIG_CONFIG_H

#include "schema/file/file.h"

enum { CONFIG_TEXT_BYTES = 1024 };

#define CONFIG_TYPE_TEXT   char
#define CONFIG_TYPE_PATH   char
#define CONFIG_TYPE_LISTEN char
#define CONFIG_TYPE_BOOL   bool
#define CONFIG_TYPE_SIZE   int64_t
#define CONFIG_TYPE_TIME   int64_t
#define CONFIG_TYPE_COUNT  int64_t
#define CONFIG_DIM_TEXT    [CONFIG_TEXT_BYTES]
#define CONFIG_DIM_PATH    [CONFIG_TEXT_BYTES]
#define CONFIG_DIM_LISTEN  [CONFIG_TEXT_BYTES]
#define CONFIG_DIM_BOOL
#define CONFIG_DIM_SIZE
#define CONFIG_DIM_TIME
#define CONFIG_DIM_COUNT

/* A member for each setting: config.receive_listen, config.ship_interval (TIME in microseconds),
 * config.receive_tls, ... */
struct config {
    char file[FILE_PATH_BYTES]; /* where it was read from; empty when nowhere */
#define X(section, key, type, def, help) CONFIG_TYPE_##type section##_##key CONFIG_DIM_##type;
#include "daemon/config/config.def"
#undef X
};

/* The defaults. */
void config_init(struct config *config);

/* Reads the file over the defaults. ERR_CONFIG: "stele.conf:12: ship.codec: ...". Paths (archive
 * dir, certificates, keys, CAs, file:// is left alone) come out absolute. */
MUST_USE enum status config_read(struct config *config, const char *path, struct err *err);

/* One setting as "section.key=value", as --set gives it. ERR_CONFIG says what is wrong; a key that
 * does not exist names the nearest one. */
MUST_USE enum status config_set(struct config *config, const char *assignment, struct err *err);

/* What single settings cannot say: codec and level exist, TLS has certificate and key, sizes make
 * sense, ship.target has a known scheme. */
MUST_USE enum status config_validate(const struct config *config, struct err *err);
/* Of that, what concerns [watch]: for a command that does not receive. */
MUST_USE enum status config_validate_watch(const struct config *config, struct err *err);

/* Of that, what concerns [retention]. */
MUST_USE enum status config_validate_retention(const struct config *config, struct err *err);

/* Where a command finds its configuration: `option` (--config) if given, else DIR/stele.conf when
 * dir is given and it is there. OK with defaults when there is none. dir may be NULL; if given, it
 * becomes archive.dir, whatever the file says. Starts with config_init. */
MUST_USE enum status config_find(struct config *config, const char *option, const char *dir,
                                 struct err *err);

/* Host and port of a LISTEN value ("127.0.0.1:8888", "[::1]:8888"), brackets left out. False when
 * it is not one. */
MUST_USE bool config_split_listen(const char *listen, char out_host[CONFIG_TEXT_BYTES],
                                  int *out_port);
/* True for localhost, 127.0.0.0/8 and ::1. */
bool config_host_is_loopback(const char *host);
/* The host of "http(s)://host:port/path", without the brackets of IPv6. False: there is none, it is
 * too long, or the URL names a user. */
MUST_USE bool config_url_host(struct span url, char out_host[CONFIG_TEXT_BYTES]);
/* `names` ends with NULL. */
bool config_is_one_of(const char *value, const char *const *names);

/* The whole file with every setting, its help as a comment and its value in this config (default
 * values commented out), as `stele init` writes it. */
void config_write(const struct config *config, struct buf *out);

#endif
