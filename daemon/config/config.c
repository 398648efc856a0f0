/* The settings, from config.def: their defaults, the file, single assignments, and the file written
 * again. A file is read as a whole or not at all. */
#include "daemon/config/config.h"

#include <arpa/inet.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/config/config_value.h"
#include "daemon/config/ini.h"
#include "schema/text/suggest.h"

enum { CONFIG_FILE_BYTES_MAX = 1024 * 1024 };

static const struct setting {
    const char *section;
    const char *key;
    enum config_type type;
    const char *def;
    const char *help;
    size_t offset;
} settings[] = {
#define X(section, key, type, def, help)                                                           \
    {#section, #key, CONFIG_##type, def, help, offsetof(struct config, section##_##key)},
#include "daemon/config/config.def"
#undef X
};

enum { SETTING_COUNT = sizeof settings / sizeof settings[0] };

static void *member_of(struct config *config, const struct setting *setting)
{
    return (char *)config + setting->offset;
}

void config_init(struct config *config)
{
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        enum status status = config_value_read(settings[i].type, span_str(settings[i].def), NULL,
                                               member_of(config, &settings[i]), NULL);
        CHECK(status == OK);
    }
}

/* ERR_CONFIG for a name that does not exist, with the one that was probably meant. */
static enum status unknown_setting(struct span section, struct span key, struct err *err)
{
    static const char *const names[] = {
#define X(section, key, type, def, help) #section "." #key,
#include "daemon/config/config.def"
#undef X
    };
    char name[128];
    (void)snprintf(name, sizeof name, "%.*s.%.*s", SPAN_FMT(section), SPAN_FMT(key));
    const char *near = suggest_name(name, names, SETTING_COUNT);
    return near ? err_set(err, ERR_CONFIG, "no setting \"%.80s\"; did you mean %s?", name, near)
                : err_set(err, ERR_CONFIG, "no setting \"%.80s\"", name);
}

static const struct setting *find_setting(struct span section, struct span key)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (span_is(section, settings[i].section) && span_is(key, settings[i].key)) {
            return &settings[i];
        }
    }
    return NULL;
}

static enum status read_value(struct config *config, const struct setting *setting,
                              struct span value, const char *base, struct err *err)
{
    enum status status =
        config_value_read(setting->type, value, base, member_of(config, setting), err);
    return status == OK ? OK : err_wrap(err, status, "%s.%s", setting->section, setting->key);
}

enum status config_set(struct config *config, const char *assignment, struct err *err)
{
    const char *equal = strchr(assignment, '=');
    const char *dot = strchr(assignment, '.');
    if (!equal || !dot || dot > equal) {
        return err_set(err, ERR_CONFIG, "\"%.80s\": write section.key=value", assignment);
    }
    struct span section = span_of(assignment, (size_t)(dot - assignment));
    struct span key = span_of(dot + 1, (size_t)(equal - dot - 1));
    const struct setting *setting = find_setting(section, key);
    return setting ? read_value(config, setting, span_str(equal + 1), NULL, err)
                   : unknown_setting(section, key, err);
}

static enum status read_setting(struct config *config, const char *base, struct span section,
                                const struct ini_line *line, int seen[SETTING_COUNT],
                                struct err *err)
{
    const struct setting *setting = find_setting(section, line->name);
    if (!setting) {
        return unknown_setting(section, line->name, err);
    }
    int *before = &seen[setting - settings];
    if (*before != 0) {
        return err_set(err, ERR_CONFIG, "%s.%s was already set in line %d", setting->section,
                       setting->key, *before);
    }
    *before = line->number;
    return read_value(config, setting, ini_uncommented(line), base, err);
}

/* Ends at the first line that is wrong, and names it. */
static enum status read_text(struct config *config, struct span text, const char *path,
                             const char *base, struct err *err)
{
    int seen[SETTING_COUNT] = {0}; /* line that gave the setting, 0: none yet */
    struct span section = span_of(NULL, 0);
    struct ini_line line = {.number = 0};
    enum status status = OK;
    while (status == OK && ini_next(&text, &line)) {
        if (line.kind == INI_SECTION) {
            section = line.name;
        } else if (line.kind == INI_SETTING) {
            status = read_setting(config, base, section, &line, seen, err);
        } else {
            status = err_set(err, ERR_CONFIG, "neither [section] nor key = value");
        }
    }
    return status == OK ? OK : err_wrap(err, status, "%s:%d", path, line.number);
}

/* The directory of the file, absolute. */
static enum status base_of(const char *path, char out[FILE_PATH_BYTES], struct err *err)
{
    char *real = realpath(path, NULL);
    if (!real) {
        return err_set(err, ERR_CONFIG, "%s: cannot be found", path);
    }
    enum status status = file_path_format(out, err, "%s", dirname(real));
    free(real);
    return status;
}

enum status config_read(struct config *config, const char *path, struct err *err)
{
    struct config *fresh = malloc(sizeof *fresh);
    struct buf text = BUF_INIT;
    char base[FILE_PATH_BYTES];
    if (!fresh) {
        return err_nomem(err, path);
    }
    *fresh = *config;
    enum status status = file_read(path, CONFIG_FILE_BYTES_MAX, &text, err);
    status = THEN(status, base_of(path, base, err));
    if (status == OK && memchr(text.data, '\0', text.size)) {
        status = err_set(err, ERR_CONFIG, "%s: is not a text file", path);
    }
    if (status == OK) {
        struct span rest = buf_span(&text);
        rest = span_from(rest, span_starts(rest, "\xef\xbb\xbf") ? 3 : 0);
        status = read_text(fresh, rest, path, base, err);
    }
    status = THEN(status, file_path_format(fresh->file, err, "%s", path));
    if (status == OK) {
        *config = *fresh;
    }
    buf_fini(&text);
    free(fresh);
    return status;
}

enum status config_find(struct config *config, const char *option, const char *dir, struct err *err)
{
    char path[FILE_PATH_BYTES] = "";
    enum status status = OK;
    config_init(config);
    if (option) {
        status = file_path_format(path, err, "%s", option);
    } else if (dir) {
        status = file_path_format(path, err, "%s/stele.conf", dir);
        if (status == OK && !file_exists(path)) {
            path[0] = '\0';
        }
    }
    if (status == OK && path[0]) {
        status = config_read(config, path, err);
    }
    if (status == OK && dir) {
        status = config_value_read(CONFIG_PATH, span_str(dir), NULL, config->archive_dir, err);
    }
    return status;
}

void config_write(const struct config *config, struct buf *out)
{
    struct config *defaults = malloc(sizeof *defaults);
    if (!defaults) {
        out->failed = true;
        return;
    }
    config_init(defaults);
    buf_add_str(out, "# Every setting of stele and steled. A line that begins with # is a comment;"
                     " those with a\n# value show the default. Paths are relative to this file.\n");
    const char *section = "";
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &settings[i];
        if (strcmp(section, setting->section) != 0) {
            section = setting->section;
            buf_printf(out, "\n[%s]\n", section);
        }
        struct buf value = BUF_INIT;
        struct buf usual = BUF_INIT;
        config_value_write(setting->type, (const char *)config + setting->offset, &value);
        config_value_write(setting->type, member_of(defaults, setting), &usual);
        bool is_default = span_equal(buf_span(&value), buf_span(&usual));
        buf_printf(out, "# %s\n%s%s =%s", setting->help, is_default ? "#" : "", setting->key,
                   value.size > 0 ? " " : "");
        buf_add_span(out, buf_span(&value));
        buf_add_char(out, '\n');
        out->failed = out->failed || !buf_ok(&value) || !buf_ok(&usual);
        buf_fini(&value);
        buf_fini(&usual);
    }
    free(defaults);
}
