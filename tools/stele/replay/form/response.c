/* Answers by status, and the two forms that say more in their bodies: Splunk's HEC (a code, and the
 * number of the event that is wrong) and the bulk API (a status for each item). */
#include "tools/stele/replay/form/response.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "schema/text/ascii.h"

enum { REASON_BYTES = 240, BATCH_MAX = 100000 };

/* What others wrote, for a terminal and for one line of a file. */
static const char *printable(struct span text, char out[REASON_BYTES])
{
    size_t size = text.size < REASON_BYTES - 1 ? text.size : REASON_BYTES - 1;
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        char c = text.data[i];
        bool space = ascii_is_space(c);
        if (!space || (n > 0 && out[n - 1] != ' ')) {
            out[n++] = space ? ' ' : c > ' ' && c < 127 ? c : '?';
        }
    }
    out[n] = '\0';
    return out;
}

static struct span text_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return span_str(cJSON_IsString(item) ? item->valuestring : NULL);
}

static long number_of(const cJSON *object, const char *name, long missing)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? (long)item->valueint : missing;
}

static cJSON *parse(struct span body)
{
    event_json_ready();
    return body.size > 0 ? cJSON_ParseWithLength(body.data, body.size) : NULL;
}

/* By the status alone. */
static enum response_verdict judge_status(long http, struct span body, struct err *err)
{
    char words[REASON_BYTES];
    (void)printable(body, words);
    const char *colon = *words ? ": " : "";
    if (http >= 300 && http < 400) {
        (void)err_set(err, ERR_CONFIG,
                      "answered %ld: redirects are not followed, set --dest to where it points",
                      http);
        return RESPONSE_STOP;
    }
    if (http == 408 || http == 429 || http >= 500 || http < 200) {
        (void)err_set(err, ERR_NET, "answered %ld%s%s", http, colon, words);
        return RESPONSE_RETRY;
    }
    bool of_sender = http == 401 || http == 403 || http == 407;
    if (of_sender || http == 404 || http == 405) {
        (void)err_set(err, ERR_DENIED, "answered %ld%s%s (%s)", http, colon, words,
                      of_sender ? "check token, login or client certificate"
                                : "check the path of --dest and --as");
        return RESPONSE_STOP;
    }
    (void)err_set(err, ERR_FORMAT, "answered %ld%s%s", http, colon, words);
    return RESPONSE_REFUSED;
}

/* Events before the one that is wrong were taken; those behind it were not looked at. bad == count:
 * all were taken. */
static enum response_verdict taken_before(size_t bad, size_t count, long http, const char *reason,
                                          response_each *each, void *context)
{
    for (size_t i = 0; i < count; i++) {
        enum response_outcome outcome = i < bad    ? RESPONSE_OUTCOME_TAKEN
                                        : i == bad ? RESPONSE_OUTCOME_REFUSED
                                                   : RESPONSE_OUTCOME_PENDING;
        each(context, i, outcome, http, i == bad ? reason : "");
    }
    return RESPONSE_EACH;
}

/* Codes of HEC (Splunk, "Troubleshoot HTTP Event Collector"). */
enum {
    HEC_SUCCESS = 0,
    HEC_NO_DATA = 5,
    HEC_BAD_DATA = 6,
    HEC_NO_EVENT = 12,
    HEC_BLANK_EVENT = 13,
    HEC_BAD_FIELDS = 15,
};

static bool hec_of_event(long code)
{
    return code == HEC_NO_DATA || code == HEC_BAD_DATA || code == HEC_NO_EVENT ||
           code == HEC_BLANK_EVENT || code == HEC_BAD_FIELDS;
}

static enum response_verdict judge_hec(long http, struct span body, size_t count,
                                       response_each *each, void *context, struct err *err)
{
    char words[REASON_BYTES];
    cJSON *root = parse(body);
    long code = number_of(root, "code", -1);
    long bad = number_of(root, "invalid-event-number", -1);
    (void)printable(text_of(root, "text"), words);
    cJSON_Delete(root);
    if (http == 200 && code == HEC_SUCCESS) {
        return taken_before(count, count, http, "", each, context);
    }
    if (http == 200) {
        (void)err_set(err, ERR_FORMAT,
                      "answered 200 without HEC's code 0: is this Splunk's HTTP Event Collector?");
        return RESPONSE_STOP;
    }
    if (http != 400 || code < 0) {
        return judge_status(http, body, err);
    }
    if (!hec_of_event(code)) {
        (void)err_set(err, ERR_DENIED, "answered 400, code %ld: %s (check token and --index)", code,
                      words);
        return RESPONSE_STOP;
    }
    (void)err_set(err, ERR_FORMAT, "answered 400, code %ld: %s", code, words);
    if (bad >= 0 && (size_t)bad < count) {
        char reason[REASON_BYTES + 32];
        (void)snprintf(reason, sizeof reason, "code %ld: %s", code, words);
        return taken_before((size_t)bad, count, http, reason, each, context);
    }
    return RESPONSE_REFUSED;
}

/* {"create": {"status": 409, "error": {"type": ..., "reason": ...}}} */
static void bulk_item(const cJSON *item, size_t index, response_each *each, void *context)
{
    const cJSON *result = item ? item->child : NULL;
    long status = number_of(result, "status", 0);
    bool create = result && result->string && strcmp(result->string, "create") == 0;
    if (status == 409 && create) {
        each(context, index, RESPONSE_OUTCOME_THERE, status, "");
    } else if (status >= 200 && status < 300) {
        each(context, index, status == 200 ? RESPONSE_OUTCOME_UPDATED : RESPONSE_OUTCOME_TAKEN,
             status, "");
    } else if (status == 429 || status >= 500 || status < 200) {
        each(context, index, RESPONSE_OUTCOME_PENDING, status, "");
    } else {
        const cJSON *error = cJSON_GetObjectItemCaseSensitive(result, "error");
        char type[REASON_BYTES];
        char reason[REASON_BYTES];
        char words[REASON_BYTES * 2 + 4];
        (void)printable(text_of(error, "type"), type);
        (void)printable(text_of(error, "reason"), reason);
        (void)snprintf(words, sizeof words, "%s%s%s", type, *type && *reason ? ": " : "", reason);
        each(context, index, RESPONSE_OUTCOME_REFUSED, status, words);
    }
}

static enum response_verdict judge_bulk(long http, struct span body, size_t count,
                                        response_each *each, void *context, struct err *err)
{
    if (http != 200) {
        return judge_status(http, body, err);
    }
    cJSON *root = parse(body);
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(root, "items");
    size_t answered = cJSON_IsArray(items) ? (size_t)cJSON_GetArraySize(items) : 0;
    if (answered != count) {
        (void)err_set(err, ERR_FORMAT,
                      "answered 200 with %zu results for %zu events: is this the bulk API of "
                      "Elasticsearch or OpenSearch?",
                      answered, count);
        cJSON_Delete(root);
        return RESPONSE_STOP;
    }
    size_t index = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, items)
    {
        bulk_item(item, index++, each, context);
    }
    cJSON_Delete(root);
    return RESPONSE_EACH;
}

enum response_verdict response_judge(enum form form, long http, struct span body, size_t count,
                                     response_each *each, void *context, struct err *err)
{
    CHECK(count > 0 && count <= BATCH_MAX);
    if (form == FORM_HEC) {
        return judge_hec(http, body, count, each, context, err);
    }
    if (form == FORM_BULK) {
        return judge_bulk(http, body, count, each, context, err);
    }
    return http >= 200 && http < 300 ? taken_before(count, count, http, "", each, context)
                                     : judge_status(http, body, err);
}
