#include "tools/stele/hunt/hunt_input.h"

#include <stdio.h>

#include "query/render/terminal_text.h"
#include "tools/stele/hunt/list_file.h"
#include "tools/stele/import/inputs.h"

static void say_not_used(void *context, struct span text, const char *why)
{
    struct buf shown = BUF_INIT;
    (void)terminal_text_add(&shown, text, 80);
    fprintf(stderr, "%s: %.*s: %s\n", (const char *)context, SPAN_FMT(buf_span(&shown)), why);
    buf_fini(&shown);
}

enum status hunt_input_list(struct indicator_set *set, const char *path, uint32_t number,
                            const struct list_options *options, struct hunt_list *out_list,
                            struct err *err)
{
    struct buf bytes = BUF_INIT;
    out_list->name = list_file_name(path);
    out_list->report = (struct list_report){.shape = "nothing"};
    enum status status = list_file_read(path, &bytes, err);
    if (status == OK) {
        status = list_read(set, number, buf_span(&bytes), options, &out_list->report, err);
        status = status == OK ? OK : err_wrap(err, status, "%s", out_list->name);
    }
    buf_fini(&bytes);
    return status;
}

static enum status read_file(struct warninglist_set *warninglists, const char *path,
                             struct err *err)
{
    struct buf bytes = BUF_INIT;
    enum status status = list_file_read(path, &bytes, err);
    status = THEN(status, warninglist_read(warninglists, buf_span(&bytes), path, say_not_used,
                                           (void *)(uintptr_t)path, err));
    buf_fini(&bytes);
    return status;
}

/* Hits that a file would have suppressed count when it cannot be read: that is said. */
static enum status leave_out(enum status status, enum status *failed, const struct err *err)
{
    if (status == OK || status == ERR_NOMEM) {
        return status;
    }
    fprintf(stderr, "stele hunt: %s: nothing is suppressed by it\n", err->text);
    *failed = status;
    return OK;
}

static enum status read_warninglist(struct warninglist_set *warninglists, const char *word,
                                    enum status *failed, struct err *err)
{
    struct inputs inputs = {0};
    enum status status = leave_out(inputs_add(&inputs, word, err), failed, err);
    for (size_t i = 0; status == OK && i < inputs.paths.count; i++) {
        status = leave_out(read_file(warninglists, inputs.paths.items[i], err), failed, err);
    }
    inputs_fini(&inputs);
    return status;
}

/* The words of hunt.own, with blanks or commas between. */
static enum status add_own(struct warninglist_set *warninglists, const char *text, struct err *err)
{
    enum status status = OK;
    for (struct span rest = span_str(text); status == OK && rest.size > 0;) {
        size_t size = 0;
        while (size < rest.size && !memchr(" \t,", rest.data[size], 3)) {
            size++;
        }
        if (size > 0) {
            status = warninglist_add_own(warninglists, span_of(rest.data, size), err);
        }
        rest = span_from(rest, size + 1);
    }
    return status;
}

static enum status add_words(struct warninglist_set *warninglists,
                             const struct option_values *words, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < words->count; i++) {
        status = warninglist_add_own(warninglists, span_str(words->items[i]), err);
    }
    return status == OK ? OK : err_wrap(err, status, "--own");
}

static enum status read_files(struct warninglist_set *warninglists,
                              const struct option_values *files, enum status *failed,
                              struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < files->count; i++) {
        status = read_warninglist(warninglists, files->items[i], failed, err);
    }
    return status;
}

static enum status read_all(struct warninglist_set *warninglists,
                            const struct hunt_warninglist_options *quiet,
                            const struct config *config, enum status *failed, struct err *err)
{
    enum status status = OK;
    if (quiet->private_addresses || config->hunt_suppress_private) {
        status = warninglist_add_private(warninglists, err);
    }
    if (status == OK) {
        status = add_own(warninglists, config->hunt_own, err);
        status = status == OK ? OK : err_wrap(err, status, "hunt.own");
    }
    status = THEN(status, add_words(warninglists, &quiet->own, err));
    if (status == OK && config->hunt_suppress[0]) {
        status = read_warninglist(warninglists, config->hunt_suppress, failed, err);
    }
    return THEN(status, read_files(warninglists, &quiet->files, failed, err));
}

enum status hunt_input_warninglists(const struct hunt_warninglist_options *quiet,
                                    const struct config *config, const struct indicator_set *set,
                                    struct warninglist_set **out_warninglists,
                                    enum status *out_failed, struct err *err)
{
    *out_failed = OK;
    if (quiet->files.count == 0 && quiet->own.count == 0 && !quiet->private_addresses &&
        !config->hunt_suppress_private && !config->hunt_suppress[0] && !config->hunt_own[0]) {
        return OK;
    }
    struct warninglist_set *warninglists = warninglist_new();
    enum status status = warninglists ? OK : err_nomem(err, "hunt");
    status = THEN(status, read_all(warninglists, quiet, config, out_failed, err));
    status = THEN(status, warninglist_judge(warninglists, set, err));
    if (status != OK) {
        warninglist_free(warninglists);
        return status;
    }
    *out_warninglists = warninglists;
    return OK;
}
