/* How far a replay is, its pace, its destination, and what was refused. */
#include <unistd.h>

#include "tests/support/test.h"
#include "tools/stele/replay/rate.h"
#include "tools/stele/replay/rejects_file.h"
#include "tools/stele/replay/resume_file.h"

static const struct resume_file_options what = {
    .dest = "https://h/a\nb", .as = "ndjson", .query = "user:\"a\"", .from = "-7d", .to = ""};

static struct resume_file *open_file(const char *path, int64_t *from_us, int64_t *to_us)
{
    struct err err = {0};
    struct resume_file *file = NULL;
    EXPECT_OK(resume_file_open(path, &what, from_us, to_us, &file, &err), err);
    if (!file) {
        exit(1);
    }
    return file;
}

/* A batch whose events are all taken, but for a refused last one. */
static struct post_batch *batch_of(const char *const *raws, const int64_t *times_us, size_t count)
{
    struct err err = {0};
    struct post_batch *batch = post_batch_new();
    for (size_t i = 0; i < count; i++) {
        EXPECT_OK(post_batch_add(batch, span_str(raws[i]), times_us[i], times_us[i], &err), err);
        post_batch_set_outcome(batch, i,
                               i + 1 == count ? RESPONSE_OUTCOME_REFUSED : RESPONSE_OUTCOME_TAKEN,
                               400, "no\treason");
    }
    return batch;
}

TEST(position)
{
    char dir[FILE_PATH_BYTES];
    char path[FILE_PATH_BYTES];
    struct err err = {0};
    test_dir_make(dir);
    EXPECT_OK(file_path_format(path, &err, "%s/state", dir), err);
    int64_t from_us = 100;
    int64_t to_us = INT64_MAX;
    struct resume_file *file = open_file(path, &from_us, &to_us);
    EXPECT_INT(file->now.position_us, INT64_MIN);
    EXPECT(!resume_file_has(file, 7, span_str("{\"a\":1}")));
    const char *const raws[] = {"{\"a\":1}", "{\"a\":2}", "{\"a\":3}"};
    struct post_batch *first = batch_of(raws, (const int64_t[]){5, 7, 7}, 3);
    struct post_batch *second = batch_of(&raws[0], (const int64_t[]){7}, 1);
    resume_file_note(file, first);
    resume_file_note(file, second); /* the same time goes on in the next batch */
    EXPECT_OK(resume_file_write(file, &err), err);
    resume_file_close(file);

    int64_t later_us = 900; /* -7d means something else by now: the file's range counts */
    file = open_file(path, &later_us, &to_us);
    EXPECT_INT(later_us, 100);
    EXPECT_INT(file->now.position_us, 7);
    EXPECT(resume_file_has(file, 5, span_str("{\"b\":1}")));
    EXPECT(resume_file_has(file, 7, span_str("{\"a\":1}")));
    EXPECT(resume_file_has(file, 7, span_str("{\"a\":3}")));
    EXPECT(!resume_file_has(file, 7, span_str("{\"b\":1}")));
    EXPECT(!resume_file_has(file, 8, span_str("{\"a\":1}")));
    EXPECT_INT(file->now.settled, 4);
    EXPECT_INT(file->now.refused, 2);
    EXPECT(!file->now.done);
    resume_file_finish(file);
    EXPECT_OK(resume_file_write(file, &err), err);
    resume_file_close(file);
    file = open_file(path, &later_us, &to_us);
    EXPECT(file->now.done);
    resume_file_close(file);
    post_batch_free(first);
    post_batch_free(second);
    test_dir_remove(dir);
}

/* More events of one time than are noted: the rest is sent again, nothing is skipped. */
TEST(many_ties)
{
    char dir[FILE_PATH_BYTES];
    char path[FILE_PATH_BYTES];
    struct err err = {0};
    test_dir_make(dir);
    EXPECT_OK(file_path_format(path, &err, "%s/state", dir), err);
    int64_t from_us = INT64_MIN;
    int64_t to_us = INT64_MAX;
    struct resume_file *file = open_file(path, &from_us, &to_us);
    struct post_batch *batch = post_batch_new();
    for (int i = 0; i < RESUME_FILE_TIES_MAX + 10; i++) {
        char raw[32];
        (void)snprintf(raw, sizeof raw, "{\"a\":%d}", i);
        EXPECT_OK(post_batch_add(batch, span_str(raw), 7, 7, &err), err);
        post_batch_set_outcome(batch, (size_t)i, RESPONSE_OUTCOME_TAKEN, 200, "");
    }
    resume_file_note(file, batch);
    EXPECT_OK(resume_file_write(file, &err), err);
    resume_file_close(file);
    file = open_file(path, &from_us, &to_us);
    EXPECT(resume_file_has(file, 7, span_str("{\"a\":0}")));
    EXPECT(resume_file_has(file, 7, span_str("{\"a\":4095}")));
    EXPECT(!resume_file_has(file, 7, span_str("{\"a\":4096}")));
    resume_file_close(file);
    post_batch_free(batch);
    test_dir_remove(dir);
}

TEST(wrong_files)
{
    char dir[FILE_PATH_BYTES];
    char path[FILE_PATH_BYTES];
    struct err err = {0};
    struct resume_file *file = NULL;
    int64_t from_us = INT64_MIN;
    int64_t to_us = INT64_MAX;
    test_dir_make(dir);
    EXPECT_OK(file_path_format(path, &err, "%s/state", dir), err);
    resume_file_close(open_file(path, &from_us, &to_us));
    const struct resume_file_options others[] = {
        {"https://i/", "ndjson", "user:\"a\"", "-7d", ""},
        {"https://h/a\nb", "hec", "user:\"a\"", "-7d", ""},
        {"https://h/a\nb", "ndjson", "user:b", "-7d", ""},
        {"https://h/a\nb", "ndjson", "user:\"a\"", "-8d", ""},
        {"https://h/a\nb", "ndjson", "user:\"a\"", "-7d", "now"},
    };
    for (size_t i = 0; i < 5; i++) {
        EXPECT_INT(resume_file_open(path, &others[i], &from_us, &to_us, &file, &err), ERR_USAGE);
        EXPECT(strstr(err.text, "another replay"));
    }
    struct buf text = BUF_INIT;
    EXPECT_OK(file_read(path, 1 << 20, &text, &err), err);
    for (size_t n = 0; n < text.size; n++) {
        EXPECT_OK(file_write(path, span_of(text.data, n), 0600, &err), err);
        enum status status = resume_file_open(path, &what, &from_us, &to_us, &file, &err);
        EXPECT(status == ERR_FORMAT || status == ERR_USAGE);
    }
    buf_fini(&text);
    test_dir_remove(dir);
}

TEST(refused_files)
{
    char dir[FILE_PATH_BYTES];
    char path[FILE_PATH_BYTES];
    struct err err = {0};
    struct rejects_file *files = NULL;
    test_dir_make(dir);
    EXPECT_OK(file_path_format(path, &err, "%s/refused", dir), err);
    const char *const raws[] = {"{\"uid\":\"u\\n1\",\n\"a\":1}"};
    struct post_batch *batch = batch_of(raws, (const int64_t[]){5}, 1);
    for (int i = 0; i < 2; i++) {
        EXPECT_OK(rejects_file_open(path, &files, &err), err);
        EXPECT_OK(rejects_file_add(files, batch, &err), err);
        EXPECT_OK(rejects_file_sync(files, &err), err);
        rejects_file_close(files);
    }
    struct buf text = BUF_INIT;
    EXPECT_OK(file_read(path, 1 << 20, &text, &err), err);
    EXPECT_SPAN(buf_span(&text), "{\"uid\":\"u\\n1\", \"a\":1}\n{\"uid\":\"u\\n1\", \"a\":1}\n");
    buf_clear(&text);
    EXPECT_OK(file_path_format(path, &err, "%s/refused.reasons", dir), err);
    EXPECT_OK(file_read(path, 1 << 20, &text, &err), err);
    EXPECT_SPAN(buf_span(&text), "u?1\t400\tno\treason\nu?1\t400\tno\treason\n");
    buf_fini(&text);
    post_batch_free(batch);
    test_dir_remove(dir);
}

TEST(speeds)
{
    struct rate rate;
    struct err err = {0};
    const char *const wrong[] = {"",   "x",     "0x",   "-1x",  "10",   "10 /s",
                                 "/s", "1e99x", "nanx", "infx", "max2", "0/s"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        EXPECT_INT(rate_parse(wrong[i], &rate, &err), ERR_USAGE);
    }
    EXPECT_OK(rate_parse("10x", &rate, &err), err);
    EXPECT_INT(rate_due_us(&rate, 1000, 50), 50);
    EXPECT_INT(rate_due_us(&rate, 2000, 60), 150);
    EXPECT_INT(rate_due_us(&rate, 500, 60), 50); /* a time that goes back is due */
    EXPECT_INT(rate_length_us(&rate, 3, 1000), 100);
    EXPECT_OK(rate_parse("4/s", &rate, &err), err);
    EXPECT_INT(rate_due_us(&rate, 0, 10), 10);
    EXPECT_INT(rate_due_us(&rate, 0, 10), 250010);
    EXPECT_INT(rate_due_us(&rate, 0, 10), 500010);
    /* after a stall of ten seconds, a second's events at once, and no more */
    int64_t now_us = 10500010;
    int at_once = 0;
    while (rate_due_us(&rate, 0, now_us) <= now_us) {
        at_once++;
    }
    EXPECT_INT(at_once, 5);
    EXPECT_INT(rate_length_us(&rate, 8, 0), 2000000);
    EXPECT_OK(rate_parse("max", &rate, &err), err);
    EXPECT_INT(rate_due_us(&rate, INT64_MAX, 77), 77);
    EXPECT_INT(rate_length_us(&rate, 8, 0), -1);
    EXPECT_OK(rate_parse("0.001x", &rate, &err), err);
    EXPECT_INT(rate_due_us(&rate, 0, 1), 1);
    EXPECT(rate_due_us(&rate, INT64_MAX, 1) > INT64_C(1) << 60);
}

struct url_case {
    const char *dest;
    const char *as;
    enum form form;
    const char *url; /* NULL: wrong use */
    const char *session_url;
};

static const struct url_case urls[] = {
    {"https://h:8888/test.log", NULL, FORM_FLUENTD, "https://h:8888/test.log",
     "https://h:8888/session"},
    {"http://127.0.0.1:1/x", "ndjson", FORM_NDJSON, "http://127.0.0.1:1/x", NULL},
    {"http://[::1]:1/x?y=/", "ndjson", FORM_NDJSON, "http://[::1]:1/x?y=/", NULL},
    {"https://h:9200", "bulk", FORM_BULK, "https://h:9200/_bulk", NULL},
    {"https://h:9200/audit/", "bulk", FORM_BULK, "https://h:9200/audit/_bulk", NULL},
    {"https://h/_bulk?pipeline=p", NULL, FORM_BULK, "https://h/_bulk?pipeline=p", NULL},
    {"https://h:8088/", "hec", FORM_HEC, "https://h:8088/services/collector/event", NULL},
    {"https://h/services/collector", NULL, FORM_HEC, "https://h/services/collector", NULL},
    {"tls://h", NULL, FORM_SYSLOG, "https://h:6514", NULL},
    {"tls://h:1514/", "syslog", FORM_SYSLOG, "https://h:1514", NULL},
    {"tcp://localhost", NULL, FORM_SYSLOG, "http://localhost:601", NULL},
    {"tls://[2001:db8::1]", NULL, FORM_SYSLOG, "https://[2001:db8::1]:6514", NULL},
    {"", NULL, 0, NULL, NULL},
    {"h:8888", NULL, 0, NULL, NULL},
    {"https://", NULL, 0, NULL, NULL},
    {"https:///x", NULL, 0, NULL, NULL},
    {"https://h:0/", NULL, 0, NULL, NULL},
    {"https://h:65536/", NULL, 0, NULL, NULL},
    {"https://h:8x/", NULL, 0, NULL, NULL},
    {"https://[::1/", NULL, 0, NULL, NULL},
    {"https://u:p@h/", NULL, 0, NULL, NULL},
    {"https://h/a b", NULL, 0, NULL, NULL},
    {"https://h/#a", NULL, 0, NULL, NULL},
    {"ftp://h/", NULL, 0, NULL, NULL},
    {"http://10.0.0.1/", NULL, 0, NULL, NULL},
    {"http://127.0.0.1.evil.com/", NULL, 0, NULL, NULL},
    {"tcp://10.0.0.1", NULL, 0, NULL, NULL},
    {"tls://h/path", NULL, 0, NULL, NULL},
    {"tls://h", "hec", 0, NULL, NULL},
    {"https://h", "syslog", 0, NULL, NULL},
    {"https://h", "json", 0, NULL, NULL},
    {"https://h/x?y", "bulk", 0, NULL, NULL},
};

TEST(destinations)
{
    (void)setenv("STELE_REPLAY_TOKEN", "secret-token", 1);
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        const struct destination_options options = {.dest = urls[i].dest, .as = urls[i].as};
        struct destination destination = {0};
        struct err err = {0};
        enum status status = destination_open(&options, &destination, &err);
        if (!urls[i].url) {
            EXPECT_INT(status, ERR_USAGE);
            continue;
        }
        EXPECT_OK(status, err);
        EXPECT_INT(destination.form.form, urls[i].form);
        EXPECT_STR(destination.url, urls[i].url);
        if (urls[i].session_url) {
            EXPECT_STR(destination.session_url, urls[i].session_url);
        }
        const char *token = destination.form.form == FORM_HEC ? "Authorization: Splunk secret-token"
                            : destination.form.form == FORM_BULK
                                ? "Authorization: ApiKey secret-token"
                                : "Authorization: Bearer secret-token";
        EXPECT_INT(destination.n_headers, destination.form.form != FORM_SYSLOG);
        EXPECT(destination.n_headers == 0 || strcmp(destination.headers[0], token) == 0);
        destination_close(&destination);
    }
    (void)unsetenv("STELE_REPLAY_TOKEN");
}

static enum status open_with(const char *dir, const char *name, const char *text,
                             struct destination *destination, struct err *err)
{
    char path[FILE_PATH_BYTES];
    struct destination_options options = {.dest = "https://h/"};
    EXPECT_OK(file_path_format(path, err, "%s/file", dir), *err);
    EXPECT_OK(file_write(path, span_str(text), 0600, err), *err);
    *(strcmp(name, "token") == 0   ? &options.token_file
      : strcmp(name, "login") == 0 ? &options.login_file
                                   : &options.header_file) = path;
    return destination_open(&options, destination, err);
}

TEST(secrets)
{
    char dir[FILE_PATH_BYTES];
    struct err err = {0};
    struct destination destination = {0};
    test_dir_make(dir);
    EXPECT_OK(open_with(dir, "token", "tok.en\r\n", &destination, &err), err);
    EXPECT_STR(destination.headers[0], "Authorization: Bearer tok.en");
    destination_close(&destination);
    EXPECT_OK(open_with(dir, "login", "user:pass word\n", &destination, &err), err);
    EXPECT_STR(destination.headers[0], "Authorization: Basic dXNlcjpwYXNzIHdvcmQ=");
    destination_close(&destination);
    EXPECT_OK(open_with(dir, "header", "# c\n\nX-A: b \r\nAuthorization: z", &destination, &err),
              err);
    EXPECT_INT(destination.n_headers, 2);
    EXPECT_STR(destination.headers[0], "X-A: b");
    destination_close(&destination);
    static const char *const wrong[][2] = {
        {"token", ""},
        {"token", "s3cret\nx"},
        {"token", "s3cret x"},
        {"token", "s3cret\x01"},
        {"login", "s3cret"},
        {"header", "s3cret"},
        {"header", "a b: s3cret"},
        {"header", "Content-Length: 7"},
        {"header", "a:\x01s3cret"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        EXPECT_INT(open_with(dir, wrong[i][0], wrong[i][1], &destination, &err), ERR_CONFIG);
        EXPECT(strstr(err.text, dir) && !strstr(err.text, "s3cret"));
    }
    const struct destination_options hec = {.dest = "https://h/", .as = "hec"};
    EXPECT_INT(destination_open(&hec, &destination, &err), ERR_CONFIG);
    EXPECT(strstr(err.text, "--token-file"));
    test_dir_remove(dir);
}

TEST_MAIN(TEST_ENTRY(position), TEST_ENTRY(many_ties), TEST_ENTRY(wrong_files),
          TEST_ENTRY(refused_files), TEST_ENTRY(speeds), TEST_ENTRY(destinations),
          TEST_ENTRY(secrets))
