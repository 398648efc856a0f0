#include "daemon/config/config.h"

#include <arpa/inet.h>
#include <ini.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/config/config_value.h"
#include "schema/base/suggest.h"

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

static const void *member_in(const struct config *config, const struct setting *setting)
{
    return (const char *)config + setting->offset;
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
static enum status unknown_setting(const char *name, struct err *err)
{
    static const char *const names[] = {
#define X(section, key, type, def, help) #section "." #key,
#include "daemon/config/config.def"
#undef X
    };
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
    if (!setting) {
        char name[96];
        (void)snprintf(name, sizeof name, "%.*s", (int)(equal - assignment), assignment);
        return unknown_setting(name, err);
    }
    enum status status = config_value_read(setting->type, span_str(equal + 1), NULL,
                                           member_of(config, setting), err);
    return status == OK ? OK : err_wrap(err, "%s.%s", setting->section, setting->key);
}

/* libinih takes lines of at most 199 bytes and calls the handler again for an indented line. The
 * reader below hands it lines with their indentation removed, so that an indented setting is not
 * swallowed, and cuts a long line into an indented continuation, so that no value is cut short.
 * It also knows what libinih does not tell its handler: the number of the line. */
struct parse {
    struct config *config;
    const char *name; /* of the file, for messages */
    char base[FILE_PATH_BYTES];
    struct span rest; /* of the file */
    struct span tail; /* of a line being cut */
    int line;
    bool continued;   /* the piece handed out last belongs to the setting before it */
    struct buf lines; /* int for each piece handed out: its line */
    struct buf value; /* of the setting being read */
    const struct setting *setting;
    int setting_line;
    int seen[SETTING_COUNT]; /* line that gave the setting, 0: none yet */
    struct err err;          /* the first one; its line in err_line */
    int err_line;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

/* Where a line may be cut so that libinih gives both parts back unchanged. */
static size_t cut_at(struct span line, size_t most)
{
    size_t at = most;
    while (at > 1 && (is_space(line.data[at]) || is_space(line.data[at - 1]) ||
                      strchr(";#", line.data[at]))) {
        at--;
    }
    return at;
}

static char *hand_out(struct parse *parse, char *out, size_t room, struct span line)
{
    size_t indent = parse->continued ? 1 : 0;
    size_t most = room - 2 - indent;
    size_t n = line.size <= most ? line.size : cut_at(line, most);
    out[0] = ' ';
    memcpy(out + indent, line.data, n);
    out[indent + n] = '\n';
    out[indent + n + 1] = '\0';
    parse->tail = span_from(line, n);
    buf_add(&parse->lines, &parse->line, sizeof parse->line);
    return out;
}

static char *read_line(char *out, int room, void *context)
{
    struct parse *parse = context;
    CHECK(room > 16);
    if (parse->tail.size > 0) {
        parse->continued = true;
        return hand_out(parse, out, (size_t)room, parse->tail);
    }
    if (parse->rest.size == 0) {
        return NULL;
    }
    parse->continued = false;
    parse->line++;
    const char *end = memchr(parse->rest.data, '\n', parse->rest.size);
    size_t size = end ? (size_t)(end - parse->rest.data) : parse->rest.size;
    struct span line = span_of(parse->rest.data, size);
    parse->rest = span_from(parse->rest, size + 1);
    while (line.size > 0 && is_space(line.data[0])) {
        line = span_from(line, 1);
    }
    while (line.size > 0 && is_space(line.data[line.size - 1])) {
        line.size--;
    }
    if (line.size > 0 && (line.data[0] == '#' || line.data[0] == ';')) {
        line.size = 0; /* a comment may be longer than a line */
    }
    return hand_out(parse, out, (size_t)room, line);
}

static void parse_failed(struct parse *parse, int line)
{
    if (parse->err_line == 0 || line < parse->err_line) {
        parse->err_line = line;
    }
}

/* The value is whole: reads it into its member. */
static void finish_setting(struct parse *parse)
{
    const struct setting *setting = parse->setting;
    parse->setting = NULL;
    if (!setting || parse->err_line != 0) {
        return;
    }
    enum status status = config_value_read(setting->type, buf_span(&parse->value), parse->base,
                                           member_of(parse->config, setting), &parse->err);
    if (status != OK) {
        (void)err_wrap(&parse->err, "%s.%s", setting->section, setting->key);
        parse_failed(parse, parse->setting_line);
    }
}

static int take_setting(void *context, const char *section, const char *key, const char *value)
{
    struct parse *parse = context;
    if (parse->continued && parse->setting) {
        buf_add_str(&parse->value, value);
        return 1;
    }
    finish_setting(parse);
    if (parse->err_line != 0) {
        return 1;
    }
    const struct setting *setting = find_setting(span_str(section), span_str(key));
    if (!setting) {
        char name[128];
        (void)snprintf(name, sizeof name, "%s.%s", section, key);
        (void)unknown_setting(name, &parse->err);
        parse_failed(parse, parse->line);
        return 1;
    }
    size_t at = (size_t)(setting - settings);
    if (parse->seen[at] != 0) {
        (void)err_set(&parse->err, ERR_CONFIG, "%s.%s was already set in line %d", section, key,
                      parse->seen[at]);
        parse_failed(parse, parse->line);
        return 1;
    }
    parse->seen[at] = parse->line;
    parse->setting = setting;
    parse->setting_line = parse->line;
    buf_clear(&parse->value);
    buf_add_str(&parse->value, value);
    return 1;
}

static enum status parse_text(struct parse *parse, struct err *err)
{
    int piece = ini_parse_stream(read_line, parse, take_setting, parse);
    finish_setting(parse);
    if (!buf_ok(&parse->lines) || !buf_ok(&parse->value) || piece < 0) {
        return err_nomem(err, parse->name);
    }
    if (piece > 0) {
        int line;
        memcpy(&line, parse->lines.data + (size_t)(piece - 1) * sizeof line, sizeof line);
        if (parse->err_line == 0 || line < parse->err_line) {
            return err_set(err, ERR_CONFIG, "%s:%d: neither [section] nor key = value", parse->name,
                           line);
        }
    }
    if (parse->err_line != 0) {
        return err_set(err, ERR_CONFIG, "%s:%d: %s", parse->name, parse->err_line, parse->err.text);
    }
    return OK;
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
    struct parse parse = {.config = fresh, .name = path};
    if (!fresh) {
        return err_nomem(err, path);
    }
    *fresh = *config;
    enum status status = file_read(path, CONFIG_FILE_BYTES_MAX, &text, err);
    status = THEN(status, base_of(path, parse.base, err));
    if (status == OK && memchr(text.data, '\0', text.size)) {
        status = err_set(err, ERR_CONFIG, "%s: is not a text file", path);
    }
    if (status == OK) {
        parse.rest = buf_span(&text);
        if (span_starts(parse.rest, "\xef\xbb\xbf")) {
            parse.rest = span_from(parse.rest, 3);
        }
        status = parse_text(&parse, err);
    }
    status = THEN(status, file_path_format(fresh->file, err, "%s", path));
    if (status == OK) {
        *config = *fresh;
    }
    buf_fini(&parse.lines);
    buf_fini(&parse.value);
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
        config_value_write(setting->type, member_in(config, setting), &value);
        config_value_write(setting->type, member_in(defaults, setting), &usual);
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
