/* A profile of the shared files. What it says is looked for in this order: a role (role_arn, with
 * web_identity_token_file, credential_source_profile or credential_source), SSO, static keys, a
 * process. Each setting is taken from the credentials file first, then from the config file; key,
 * secret and token from the same file. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/aws/credential_source.h"
#include "daemon/ship/aws/profile_file.h"

enum { ROLES_MAX = 5, NAME_BYTES = 256 };

struct profiles {
    const struct credential_source *source;
    struct buf config;
    struct buf credentials;
    char path[FILE_PATH_BYTES]; /* of the credentials file, for words */
};

/* The file named by the variable, else ~/.aws/NAME; one that is not there is empty. */
static enum status file_load(const char *variable, const char *name, char path[FILE_PATH_BYTES],
                             struct buf *out, struct err *err)
{
    const char *named = credential_source_env(variable);
    const char *home = credential_source_env("HOME");
    if (!*named && !*home) {
        return OK;
    }
    enum status status = *named ? file_path_format(path, err, "%s", named)
                                : file_path_format(path, err, "%s/.aws/%s", home, name);
    if (status != OK || !file_exists(path)) {
        return status;
    }
    status = file_read(path, CREDENTIAL_SOURCE_FILE_BYTES_MAX, out, err);
    return status == OK ? OK : credential_source_wrong(err);
}

static struct span setting(const struct profiles *profiles, const char *profile, const char *key)
{
    struct span name = span_str(profile);
    struct span value =
        profile_file_value(buf_span(&profiles->credentials), PROFILE_FILE_CREDENTIALS, name, key);
    return value.data
               ? value
               : profile_file_value(buf_span(&profiles->config), PROFILE_FILE_CONFIG, name, key);
}

static bool exists(const struct profiles *profiles, const char *profile)
{
    struct span name = span_str(profile);
    return profile_file_has(buf_span(&profiles->credentials), PROFILE_FILE_CREDENTIALS, name) ||
           profile_file_has(buf_span(&profiles->config), PROFILE_FILE_CONFIG, name);
}

static enum status static_keys(const struct profiles *profiles, const char *profile,
                               bool *out_there, struct credentials *out, struct err *err)
{
    const struct {
        struct span text;
        enum profile_file_section kind;
    } files[] = {{buf_span(&profiles->credentials), PROFILE_FILE_CREDENTIALS},
                 {buf_span(&profiles->config), PROFILE_FILE_CONFIG}};
    char where[NAME_BYTES + 16];
    struct span name = span_str(profile);
    (void)snprintf(where, sizeof where, "profile %s", profile);
    *out_there = false;
    for (size_t i = 0; i < 2; i++) {
        struct span id =
            profile_file_value(files[i].text, files[i].kind, name, "aws_access_key_id");
        struct span secret =
            profile_file_value(files[i].text, files[i].kind, name, "aws_secret_access_key");
        if (id.data || secret.data) {
            *out_there = true;
            return credential_source_fill(
                where, id, secret,
                profile_file_value(files[i].text, files[i].kind, name, "aws_session_token"), 0, out,
                err);
        }
    }
    return OK;
}

static enum status sso(const struct profiles *profiles, const char *profile,
                       struct credentials *out, struct err *err)
{
    struct span config = buf_span(&profiles->config);
    struct credential_source_sso sso = {
        .session = setting(profiles, profile, "sso_session"),
        .account_id = setting(profiles, profile, "sso_account_id"),
        .role_name = setting(profiles, profile, "sso_role_name"),
        .profile = profile,
    };
    bool session = sso.session.size > 0;
    sso.start_url =
        session ? profile_file_value(config, PROFILE_FILE_SSO_SESSION, sso.session, "sso_start_url")
                : setting(profiles, profile, "sso_start_url");
    sso.region =
        session ? profile_file_value(config, PROFILE_FILE_SSO_SESSION, sso.session, "sso_region")
                : setting(profiles, profile, "sso_region");
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
    struct profiles profiles = {.source = source};
    char config_path[FILE_PATH_BYTES] = "";
    enum status status = file_load("AWS_SHARED_CREDENTIALS_FILE", "credentials", profiles.path,
                                   &profiles.credentials, err);
    status =
        THEN(status, file_load("AWS_CONFIG_FILE", "config", config_path, &profiles.config, err));
    status = THEN(status, ask(&profiles, profile, out_there, out, err));
    if (status == OK && !*out_there && *named) {
        status = err_set(err, ERR_CONFIG, "profile %s (%s): %s in %s and %s", profile,
                         *ours ? "ship.s3_profile" : "AWS_PROFILE",
                         exists(&profiles, profile) ? "no credentials" : "not there",
                         *profiles.path ? profiles.path : "~/.aws/credentials",
                         *config_path ? config_path : "~/.aws/config");
    }
    credential_source_wipe(&profiles.credentials);
    credential_source_wipe(&profiles.config);
    return status;
}
