/* A profile of the shared files. What it says is looked for in this order: a role (role_arn, with
 * web_identity_token_file, credential_source_profile or credential_source), SSO, static keys, a
 * process. Each setting is taken from the credentials file first, then from the config file; key,
 * secret and token from the same file. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/aws/credential_source.h"
#include "daemon/ship/aws/profile_file.h"

enum { ROLES_MAX = 5, NAME_BYTES = 256 };

/* One of the two shared files. */
struct shared_file {
    enum profile_file_section section; /* of its profiles */
    struct buf text;
    char path[FILE_PATH_BYTES]; /* for words; empty: there is no home to look for it */
};

struct profiles {
    const struct credential_source *source;
    struct shared_file files[2]; /* credentials, which goes first, and config */
};

/* The file named by the variable, else ~/.aws/NAME; one that is not there is empty. */
static enum status file_load(const char *variable, const char *name, struct shared_file *file,
                             struct err *err)
{
    const char *named = credential_source_env(variable);
    const char *home = credential_source_env("HOME");
    if (!*named && !*home) {
        return OK;
    }
    enum status status = *named ? file_path_format(file->path, err, "%s", named)
                                : file_path_format(file->path, err, "%s/.aws/%s", home, name);
    if (status != OK || !file_exists(file->path)) {
        return status;
    }
    status = file_read(file->path, CREDENTIAL_SOURCE_FILE_BYTES_MAX, &file->text, err);
    return status == OK ? OK : credential_source_wrong(err);
}

static struct span value_in(const struct shared_file *file, const char *profile, const char *key)
{
    return profile_file_value(buf_span(&file->text), file->section, span_str(profile), key);
}

static struct span setting(const struct profiles *profiles, const char *profile, const char *key)
{
    struct span value = value_in(&profiles->files[0], profile, key);
    return value.data ? value : value_in(&profiles->files[1], profile, key);
}

static bool exists(const struct profiles *profiles, const char *profile)
{
    bool is_there = false;
    for (size_t i = 0; i < 2; i++) {
        const struct shared_file *file = &profiles->files[i];
        is_there =
            is_there || profile_file_has(buf_span(&file->text), file->section, span_str(profile));
    }
    return is_there;
}

static enum status static_keys(const struct profiles *profiles, const char *profile,
                               bool *out_there, struct credentials *out, struct err *err)
{
    char where[NAME_BYTES + 16];
    (void)snprintf(where, sizeof where, "profile %s", profile);
    *out_there = false;
    for (size_t i = 0; i < 2; i++) {
        struct span id = value_in(&profiles->files[i], profile, "aws_access_key_id");
        struct span secret = value_in(&profiles->files[i], profile, "aws_secret_access_key");
        struct span token = value_in(&profiles->files[i], profile, "aws_session_token");
        if (id.data || secret.data) {
            *out_there = true;
            return credential_source_fill(where, id, secret, token, 0, out, err);
        }
    }
    return OK;
}

/* Of the profile's sso-session, if it names one, else its own. */
static struct span sso_setting(const struct profiles *profiles, const char *profile,
                               const char *key)
{
    struct span session = setting(profiles, profile, "sso_session");
    return session.size > 0 ? profile_file_value(buf_span(&profiles->files[1].text),
                                                 PROFILE_FILE_SSO_SESSION, session, key)
                            : setting(profiles, profile, key);
}

static enum status sso(const struct profiles *profiles, const char *profile,
                       struct credentials *out, struct err *err)
{
    const struct credential_source_sso sso = {
        .session = setting(profiles, profile, "sso_session"),
        .account_id = setting(profiles, profile, "sso_account_id"),
        .role_name = setting(profiles, profile, "sso_role_name"),
        .start_url = sso_setting(profiles, profile, "sso_start_url"),
        .region = sso_setting(profiles, profile, "sso_region"),
        .profile = profile,
    };
    return credential_source_sso(profiles->source, &sso, out, err);
}

/* All but a role. */
static enum status plain(const struct profiles *profiles, const char *profile, bool *out_there,
                         struct credentials *out, struct err *err)
{
    if (setting(profiles, profile, "sso_account_id").size > 0 ||
        setting(profiles, profile, "sso_session").size > 0) {
        *out_there = true;
        return sso(profiles, profile, out, err);
    }
    enum status status = static_keys(profiles, profile, out_there, out, err);
    struct span line = setting(profiles, profile, "credential_process");
    if (status == OK && !*out_there && line.size > 0) {
        *out_there = true;
        status = credential_source_process(profiles->source, line, out, err);
    }
    return status;
}

static enum status by_place(const struct profiles *profiles, const char *profile, struct span place,
                            struct credentials *out, struct err *err)
{
    static const struct {
        const char *name;
        credential_source_get *ask;
    } places[] = {{"Environment", credential_source_environment},
                  {"Ec2InstanceMetadata", credential_source_instance},
                  {"EcsContainer", credential_source_container}};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (span_is(place, places[i].name)) {
            struct credential_source source = *profiles->source;
            source.no_profile = true;
            bool there = false;
            enum status status = places[i].ask(&source, &there, out, err);
            return status != OK || there
                       ? status
                       : err_set(err, ERR_CONFIG, "profile %s: credential_source %s has none",
                                 profile, places[i].name);
        }
    }
    return err_set(err, ERR_CONFIG,
                   "profile %s: credential_source is none of Environment, Ec2InstanceMetadata, "
                   "EcsContainer",
                   profile);
}

static bool copy_name(char out[NAME_BYTES], struct span name)
{
    int n = snprintf(out, NAME_BYTES, "%.*s", SPAN_FMT(name));
    return n > 0 && n < NAME_BYTES;
}

/* What the roles of a chain of profiles begin with, and the chain itself, last role first. */
struct role_chain {
    char profiles[ROLES_MAX][NAME_BYTES];
    size_t count;
};

/* Follows credential_source_profile from a profile with role_arn; *out holds the first credentials
 * at its end. */
static enum status chain_begin(const struct profiles *profiles, struct role_chain *chain,
                               struct credentials *out, struct err *err)
{
    for (;;) {
        const char *profile = chain->profiles[chain->count - 1];
        struct span next = setting(profiles, profile, "source_profile");
        struct span place = setting(profiles, profile, "credential_source");
        if (setting(profiles, profile, "mfa_serial").size > 0) {
            return err_set(err, ERR_CONFIG,
                           "profile %s: mfa_serial asks for a person's code, which a service "
                           "cannot give",
                           profile);
        }
        if (next.size == 0 && place.size > 0) {
            return by_place(profiles, profile, place, out, err);
        }
        char name[NAME_BYTES];
        if (!copy_name(name, next) || !exists(profiles, name)) {
            return err_set(err, ERR_CONFIG,
                           "profile %s: role_arn needs a source_profile that is there, or "
                           "credential_source, or web_identity_token_file",
                           profile);
        }
        bool itself = strcmp(name, profile) == 0;
        if (itself || setting(profiles, name, "role_arn").size == 0) {
            bool there = false;
            enum status status = plain(profiles, name, &there, out, err);
            return status != OK || there
                       ? status
                       : err_set(err, ERR_CONFIG, "profile %s: holds no credentials", name);
        }
        if (chain->count == ROLES_MAX) {
            return err_set(err, ERR_CONFIG, "profile %s: source_profile goes over %d roles",
                           chain->profiles[0], ROLES_MAX);
        }
        (void)copy_name(chain->profiles[chain->count++], span_str(name));
    }
}

static struct credential_source_role role_of(const struct profiles *profiles, const char *profile)
{
    return (struct credential_source_role){
        .arn = setting(profiles, profile, "role_arn"),
        .session_name = setting(profiles, profile, "role_session_name"),
        .external_id = setting(profiles, profile, "external_id"),
        .duration = setting(profiles, profile, "duration_seconds"),
    };
}

static enum status by_role(const struct profiles *profiles, const char *profile,
                           struct credentials *out, struct err *err)
{
    struct span token = setting(profiles, profile, "web_identity_token_file");
    struct credential_source_role role = role_of(profiles, profile);
    if (token.size > 0) {
        char path[FILE_PATH_BYTES];
        enum status status = file_path_format(path, err, "%.*s", SPAN_FMT(token));
        return THEN(status,
                    credential_source_assume_by_token(profiles->source, &role, path, out, err));
    }
    struct role_chain chain = {.count = 1};
    (void)copy_name(chain.profiles[0], span_str(profile));
    struct credentials with = {0};
    enum status status = chain_begin(profiles, &chain, &with, err);
    while (status == OK && chain.count > 0) {
        struct credentials next;
        role = role_of(profiles, chain.profiles[--chain.count]);
        status = credential_source_assume_role(profiles->source, &role, &with, &next, err);
        if (status == OK) {
            with = next;
            explicit_bzero(&next, sizeof next);
        }
    }
    if (status == OK) {
        *out = with;
    }
    explicit_bzero(&with, sizeof with);
    return status;
}

static enum status ask(const struct profiles *profiles, const char *profile, bool *out_there,
                       struct credentials *out, struct err *err)
{
    if (setting(profiles, profile, "role_arn").size > 0) {
        *out_there = true;
        return by_role(profiles, profile, out, err);
    }
    return plain(profiles, profile, out_there, out, err);
}

enum status credential_source_profile(const struct credential_source *source, bool *out_there,
                                      struct credentials *out, struct err *err)
{
    const char *ours = source->config->ship_s3_profile;
    const char *named = *ours ? ours : credential_source_env("AWS_PROFILE");
    char profile[NAME_BYTES];
    *out_there = false;
    if (!copy_name(profile, span_str(*named ? named : "default"))) {
        return err_set(err, ERR_CONFIG, "the profile's name is too long");
    }
    struct profiles profiles = {
        .source = source,
        .files = {{.section = PROFILE_FILE_CREDENTIALS}, {.section = PROFILE_FILE_CONFIG}}};
    struct shared_file *credentials = &profiles.files[0];
    struct shared_file *config = &profiles.files[1];
    enum status status = file_load("AWS_SHARED_CREDENTIALS_FILE", "credentials", credentials, err);
    status = THEN(status, file_load("AWS_CONFIG_FILE", "config", config, err));
    status = THEN(status, ask(&profiles, profile, out_there, out, err));
    if (status == OK && !*out_there && *named) {
        status = err_set(err, ERR_CONFIG, "profile %s (%s): %s in %s and %s", profile,
                         *ours ? "ship.s3_profile" : "AWS_PROFILE",
                         exists(&profiles, profile) ? "no credentials" : "not there",
                         *credentials->path ? credentials->path : "~/.aws/credentials",
                         *config->path ? config->path : "~/.aws/config");
    }
    credential_source_wipe(&credentials->text);
    credential_source_wipe(&config->text);
    return status;
}
