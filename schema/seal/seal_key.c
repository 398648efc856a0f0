#include "schema/seal/seal_key.h"

static enum status key_make(const char *dir, const char *private_path, const char *public_path,
                            struct err *err)
{
    char folder[FILE_PATH_BYTES];
    if (file_exists(public_path)) {
        return err_set(err, ERR_CONFIG,
                       "%s is not there, and its public half is: put it back, or name it with "
                       "seal.key",
                       private_path);
    }
    enum status status = file_path_format(folder, err, "%s/keys", dir);
    status = THEN(status, file_make_dir(folder, 0700, err));
    return THEN(status, signing_key_create(private_path, public_path, err));
}

enum status seal_key_open(const char *dir, const char *path, struct signing_key **out_key,
                          bool *out_made, struct err *err)
{
    char private_path[FILE_PATH_BYTES];
    char public_path[FILE_PATH_BYTES];
    bool own = path && *path;
    enum status status = own ? file_path_format(private_path, err, "%s", path)
                             : file_path_format(private_path, err, "%s/keys/seal.key", dir);
    status = THEN(status, file_path_format(public_path, err, "%s/keys/seal.pub", dir));
    bool make = status == OK && !own && !file_exists(private_path);
    if (make) {
        status = key_make(dir, private_path, public_path, err);
    }
    status = THEN(status, signing_key_load_private(private_path, out_key, err));
    if (status == OK && out_made) {
        *out_made = make;
    }
    return status;
}

enum status seal_key_open_public(const char *dir, struct signing_key **out_key, struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path_format(path, err, "%s/keys/seal.pub", dir);
    return THEN(status, signing_key_load_public(path, out_key, err));
}
