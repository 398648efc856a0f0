/* Modes of files, as stat(2) has them; access control lists are not looked at. */
#include "tools/stele/verbs/check_files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum file_kind {
    FILE_KEY,       /* for its owner, or a group, to read, wherever it is */
    FILE_SECRET,    /* a file with a secret: the same, where others can get to it */
    FILE_TRUSTED,   /* others may read it, and not write */
    FILE_DIRECTORY, /* of these: what is in it is theirs who may write to it */
    FILE_EVENTS,    /* holds events */
};

enum { FILES_MAX = 32 };

struct check_files {
    check_files_found *found;
    void *context;
    struct stat seen[FILES_MAX]; /* each is looked at once, under whatever name */
    size_t n_seen;
};

static bool is_seen(struct check_files *files, const struct stat *st)
{
    for (size_t i = 0; i < files->n_seen; i++) {
        if (files->seen[i].st_dev == st->st_dev && files->seen[i].st_ino == st->st_ino) {
            return true;
        }
    }
    CHECK(files->n_seen < FILES_MAX);
    files->seen[files->n_seen++] = *st;
    return false;
}

static void tell(const struct check_files *files, bool fails, const char *path, const char *what,
                 const char *remedy)
{
    char text[FILE_PATH_BYTES + 256];
    (void)snprintf(text, sizeof text, "%s: %s: chmod %s", path, what, remedy);
    files->found(files->context, fails, text);
}

/* Others may go through each directory on the way to it. */
static bool is_within_reach(const char *path)
{
    char whole[PATH_MAX];
    struct stat st;
    bool open = realpath(path, whole) != NULL;
    for (char *slash; open && (slash = strrchr(whole, '/')) != NULL && slash != whole;) {
        *slash = '\0';
        open = stat(whole, &st) == 0 && (st.st_mode & S_IXOTH);
    }
    return open;
}

static void look(struct check_files *files, enum file_kind kind, const char *path)
{
    struct stat st;
    if (!path[0] || stat(path, &st) != 0) {
        return; /* whoever needs it says that it is not there */
    }
    bool is_directory = S_ISDIR(st.st_mode);
    bool sticky = is_directory && (st.st_mode & S_ISVTX);
    bool secret = kind == FILE_KEY || kind == FILE_SECRET;
    if ((!is_directory && !S_ISREG(st.st_mode)) || is_seen(files, &st)) {
        return;
    }
    if (st.st_mode & (S_IWGRP | S_IWOTH) && !sticky) {
        bool group = !(st.st_mode & S_IWOTH);
        tell(files, true, path,
             group ? "its group may change what is in it" : "everybody may change what is in it",
             "go-w");
    }
    if (st.st_mode & S_IROTH && kind != FILE_TRUSTED) {
        tell(files, kind == FILE_KEY || (secret && is_within_reach(path)), path,
             secret ? "everybody may read the secret in it" : "everybody may read it", "o-rwx");
    } else if (st.st_mode & S_IRGRP && secret) {
        tell(files, false, path, "its group may read the secret in it", "g-rwx");
    }
}

static void look_in(struct check_files *files, enum file_kind kind, const char *dir,
                    const char *name)
{
    char path[FILE_PATH_BYTES];
    if (file_path_format(path, NULL, "%s/%s", dir, name) == OK) {
        look(files, kind, path);
    }
}

static void look_at_archive(struct check_files *files, const char *dir)
{
    static const struct {
        enum file_kind kind;
        const char *name;
    } parts[] = {{FILE_DIRECTORY, "."},           {FILE_DIRECTORY, "segments"},
                 {FILE_DIRECTORY, "keys"},        {FILE_DIRECTORY, "tls"},
                 {FILE_DIRECTORY, "teleport"},    {FILE_EVENTS, "archive.db"},
                 {FILE_EVENTS, "archive.db-wal"}, {FILE_EVENTS, "watch.db"},
                 {FILE_EVENTS, "watch.db-wal"},   {FILE_KEY, "keys/seal.key"},
                 {FILE_TRUSTED, "keys/seal.pub"}, {FILE_KEY, "tls/ca.key"},
                 {FILE_KEY, "tls/server.key"},    {FILE_KEY, "tls/client.key"}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        look_in(files, parts[i].kind, dir, parts[i].name);
    }
}

void check_files(const struct config *config, const char *dir, check_files_found *found,
                 void *context)
{
    struct check_files files = {.found = found, .context = context};
    bool has_secret = config->receive_key_passphrase[0] || config->ship_s3_secret_access_key[0] ||
                      config->ship_s3_session_token[0];
    const struct {
        enum file_kind kind;
        const char *path;
    } named[] = {{has_secret ? FILE_SECRET : FILE_TRUSTED, config->file},
                 {FILE_KEY, config->receive_key},
                 {FILE_SECRET, config->receive_key_passphrase_file},
                 {FILE_KEY, config->seal_key},
                 {FILE_SECRET, config->watch_webhook_secret_file},
                 {FILE_TRUSTED, config->receive_certificate},
                 {FILE_TRUSTED, config->receive_ca}};
    if (dir) {
        look_at_archive(&files, dir);
    }
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        look(&files, named[i].kind, named[i].path);
    }
}
