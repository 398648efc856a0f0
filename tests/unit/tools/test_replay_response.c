/* What answers of receivers mean. Their texts are as Splunk and Elasticsearch document them. */
#include "tests/support/test.h"
#include "tools/stele/replay/form/response.h"

struct fates {
    char text[64]; /* a letter for each event: p t h u r */
    size_t count;
    long http;
    char reason[512];
};

static void on_each(void *context, size_t index, enum response_outcome outcome, long http,
                    const char *reason)
{
    struct fates *fates = context;
    EXPECT_INT(index, fates->count);
    fates->text[fates->count++] = "pthur"[outcome];
    if (outcome == RESPONSE_OUTCOME_REFUSED) {
        fates->http = http;
        (void)snprintf(fates->reason, sizeof fates->reason, "%s", reason);
    } else {
        EXPECT_STR(reason, "");
    }
}

struct answer_case {
    enum form form;
    long http;
    const char *body;
    size_t count;
    enum response_verdict response;
    const char *fates;
    const char *words; /* in the error or the reason */
};

static const struct answer_case cases[] = {
    {FORM_FLUENTD, 200, "", 1, RESPONSE_EACH, "t", ""},
    {FORM_NDJSON, 204, "whatever", 3, RESPONSE_EACH, "ttt", ""},
    {FORM_FLUENTD, 400, "400 Bad Request\nno json\n", 1, RESPONSE_REFUSED, "",
     "400 Bad Request no"},
    {FORM_FLUENTD, 413, "", 1, RESPONSE_REFUSED, "", "413"},
    {FORM_FLUENTD, 422, "\x1b[31mred\x07", 1, RESPONSE_REFUSED, "", "?[31mred?"},
    {FORM_FLUENTD, 408, "", 1, RESPONSE_RETRY, "", "408"},
    {FORM_FLUENTD, 429, "", 1, RESPONSE_RETRY, "", "429"},
    {FORM_FLUENTD, 500, "", 1, RESPONSE_RETRY, "", "500"},
    {FORM_FLUENTD, 503, "", 1, RESPONSE_RETRY, "", "503"},
    {FORM_FLUENTD, 301, "", 1, RESPONSE_STOP, "", "redirects"},
    {FORM_FLUENTD, 401, "", 1, RESPONSE_STOP, "", "certificate"},
    {FORM_FLUENTD, 403, "", 1, RESPONSE_STOP, "", "certificate"},
    {FORM_FLUENTD, 404, "", 1, RESPONSE_STOP, "", "--dest"},
    {FORM_HEC, 200, "{\"text\":\"Success\",\"code\":0}", 2, RESPONSE_EACH, "tt", ""},
    {FORM_HEC, 200, "<html>", 2, RESPONSE_STOP, "", "HTTP Event Collector"},
    {FORM_HEC, 200, "", 2, RESPONSE_STOP, "", "HTTP Event Collector"},
    {FORM_HEC, 400, "{\"text\":\"Invalid data format\",\"code\":6,\"invalid-event-number\":1}", 4,
     RESPONSE_EACH, "trpp", "code 6: Invalid data format"},
    {FORM_HEC, 400, "{\"text\":\"Event field is required\",\"code\":12,\"invalid-event-number\":0}",
     2, RESPONSE_EACH, "rp", "code 12"},
    {FORM_HEC, 400, "{\"text\":\"Invalid data format\",\"code\":6,\"invalid-event-number\":4}", 4,
     RESPONSE_REFUSED, "", "code 6"},
    {FORM_HEC, 400, "{\"text\":\"Invalid data format\",\"code\":6,\"invalid-event-number\":-3}", 4,
     RESPONSE_REFUSED, "", "code 6"},
    {FORM_HEC, 400, "{\"text\":\"Invalid data format\",\"code\":6}", 4, RESPONSE_REFUSED, "",
     "code"},
    {FORM_HEC, 400, "{\"text\":\"Incorrect index\",\"code\":7,\"invalid-event-number\":0}", 2,
     RESPONSE_STOP, "", "Incorrect index"},
    {FORM_HEC, 400, "not json", 2, RESPONSE_REFUSED, "", "not json"},
    {FORM_HEC, 403, "{\"text\":\"Invalid token\",\"code\":4}", 2, RESPONSE_STOP, "", "token"},
    {FORM_HEC, 503, "{\"text\":\"Server is busy\",\"code\":9}", 2, RESPONSE_RETRY, "", "busy"},
    {FORM_BULK, 200,
     "{\"took\":1,\"errors\":true,\"items\":["
     "{\"create\":{\"_id\":\"a\",\"status\":201}},"
     "{\"create\":{\"_id\":\"b\",\"status\":409,\"error\":{\"type\":\"version_conflict_engine_"
     "exception\"}}},"
     "{\"index\":{\"_id\":\"c\",\"status\":200}},"
     "{\"create\":{\"_id\":\"d\",\"status\":429,\"error\":{\"type\":\"es_rejected_execution_"
     "exception\"}}},"
     "{\"create\":{\"_id\":\"e\",\"status\":503}},"
     "{\"create\":{\"_id\":\"f\",\"status\":400,\"error\":{\"type\":\"mapper_parsing_exception\","
     "\"reason\":\"failed to parse field [a]\\n\\u001b[1m\"}}}]}",
     6, RESPONSE_EACH, "thuppr", "mapper_parsing_exception: failed to parse field [a] ?[1m"},
    {FORM_BULK, 200, "{\"items\":[{\"index\":{\"status\":409}}]}", 1, RESPONSE_EACH, "r", ""},
    {FORM_BULK, 200, "{\"items\":[{},null,7]}", 3, RESPONSE_EACH, "ppp", ""},
    {FORM_BULK, 200, "{\"items\":[{\"create\":{\"status\":201}}]}", 2, RESPONSE_STOP, "",
     "bulk API"},
    {FORM_BULK, 200, "", 2, RESPONSE_STOP, "", "bulk API"},
    {FORM_BULK, 413, "", 2, RESPONSE_REFUSED, "", "413"},
    {FORM_BULK, 401, "", 2, RESPONSE_STOP, "", "401"},
    {FORM_BULK, 429, "", 2, RESPONSE_RETRY, "", "429"},
};

TEST(answers)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct answer_case *c = &cases[i];
        struct fates fates = {0};
        struct err err = {0};
        enum response_verdict response =
            response_judge(c->form, c->http, span_str(c->body), c->count, on_each, &fates, &err);
        EXPECT_INT(response, c->response);
        EXPECT_STR(fates.text, c->fates);
        const char *words = response == RESPONSE_EACH ? fates.reason : err.text;
        if (!strstr(words, c->words) || test_failures) {
            fprintf(stderr, "case %zu: \"%s\", should have \"%s\"\n", i, words, c->words);
            test_failures++;
            return;
        }
    }
}

/* Cut anywhere, an answer is never taken for a good one. */
TEST(cut_answers)
{
    const char *const bodies[] = {"{\"text\":\"Success\",\"code\":0}",
                                  "{\"items\":[{\"create\":{\"status\":201}}]}"};
    for (int k = 0; k < 2; k++) {
        for (size_t n = 0; n < strlen(bodies[k]); n++) {
            struct fates fates = {0};
            struct err err = {0};
            char *copy = malloc(n + 1); /* of that size: reading on is seen */
            memcpy(copy, bodies[k], n);
            EXPECT_INT(response_judge(k ? FORM_BULK : FORM_HEC, 200, span_of(copy, n), 1, on_each,
                                      &fates, &err),
                       RESPONSE_STOP);
            EXPECT_INT(fates.count, 0);
            free(copy);
        }
    }
}

TEST_MAIN(TEST_ENTRY(answers), TEST_ENTRY(cut_answers))
