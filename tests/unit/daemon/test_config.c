#include "daemon/config/config.h"
#include "tests/support/test.h"

static struct config config;
static struct err err;

/* Writes text to a file and reads it; the error's text, or "" when it was read. */
static const char *read_text(const char *text)
{
    char dir[FILE_PATH_BYTES];
    char path[FILE_PATH_BYTES + 16];
    test_dir_make(dir);
    (void)snprintf(path, sizeof path, "%s/stele.conf", dir);
    EXPECT_OK(file_write(path, span_str(text), 0600, &err), err);
    config_init(&config);
    err.text[0] = '\0';
    enum status status = config_read(&config, path, &err);
    EXPECT(status == OK || status == ERR_CONFIG);
    test_dir_remove(dir);
    const char *name = strstr(err.text, "/stele.conf:");
    return status == OK ? "" : name ? name + 1 : err.text;
}

TEST(defaults)
{
    config_init(&config);
    EXPECT_STR(config.receive_listen, "127.0.0.1:8888");
    EXPECT(config.receive_tls);
    EXPECT_INT(config.receive_body_bytes_max, 32 << 20);
    EXPECT_INT(config.receive_idle_timeout, 75 * 1000000);
    EXPECT_INT(config.receive_connections_max, 1024);
    EXPECT_STR(config.file, "");
}

TEST(each_type)
{
    EXPECT_STR(read_text("[receive]\nlisten = [::1]:0\ntls = off\nbody_bytes_max=64 KiB\n"
                         "idle_timeout = 2h ; comment\nconnections_max = 7\n"
                         "key_passphrase = a=b c\r\n\t[ship]\n   target = file:///x y\n"),
               "");
    EXPECT_STR(config.receive_listen, "[::1]:0");
    EXPECT(!config.receive_tls);
    EXPECT_INT(config.receive_body_bytes_max, 65536);
    EXPECT_INT(config.receive_idle_timeout, INT64_C(7200) * 1000000);
    EXPECT_INT(config.receive_connections_max, 7);
    EXPECT_STR(config.receive_key_passphrase, "a=b c");
    EXPECT_STR(config.ship_target, "file:///x y");
}

TEST(wrong_values_name_the_line)
{
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"[receive]\n\ntls = maybe\n",
         "stele.conf:3: receive.tls: \"maybe\" is neither yes nor no"},
        {"[receive]\nbody_bytes_max = 3MB\n",
         "stele.conf:2: receive.body_bytes_max: \"3MB\" is not a size: write 65536, 64KiB, 32MiB "
         "or 1GiB"},
        {"[receive]\nbody_bytes_max = 99999999999GiB\n",
         "stele.conf:2: receive.body_bytes_max: \"99999999999GiB\" is not a size: write 65536, "
         "64KiB, 32MiB or 1GiB"},
        {"[index]\n# c\nmax_wait = soon\n",
         "stele.conf:3: index.max_wait: \"soon\" is not a length of time: write 500ms, 90s, 15m, "
         "2h or 7d"},
        {"[receive]\nconnections_max = -1\n",
         "stele.conf:2: receive.connections_max: \"-1\" is not a number"},
        {"[receive]\nlisten = 8888\n",
         "stele.conf:2: receive.listen: \"8888\" is not an address with a port: write "
         "127.0.0.1:8888, 0.0.0.0:8888 or [::1]:8888"},
        {"[receive]\ntls = yes\nthis is nothing\ntls = maybe\n",
         "stele.conf:3: neither [section] nor key = value"},
        {"[receive]\ntls = yes\n\ntls = no\n",
         "stele.conf:4: receive.tls was already set in line 2"},
        {"[receive]\ntls = perhaps\nnothing\n",
         "stele.conf:2: receive.tls: \"perhaps\" is neither yes nor no"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EXPECT_STR(read_text(cases[i].text), cases[i].error);
    }
    EXPECT(strncmp(read_text("tls = yes\n"), "stele.conf:1: no setting \".tls\"", 30) == 0);
}

TEST(unknown_key_names_the_nearest)
{
    EXPECT_STR(read_text("[recieve]\nlisten = 127.0.0.1:1\n"),
               "stele.conf:2: no setting \"recieve.listen\"; did you mean receive.listen?");
    EXPECT_STR(read_text("[ship]\ncodex = zstd\n"),
               "stele.conf:2: no setting \"ship.codex\"; did you mean ship.codec?");
    EXPECT_STR(read_text("[quite]\nunheard_of_in_here = 1\n"),
               "stele.conf:2: no setting \"quite.unheard_of_in_here\"");
}

TEST(long_values_are_whole)
{
    char text[2000];
    char value[900];
    for (size_t i = 0; i < sizeof value - 1; i++) {
        value[i] = "abc ;#d"[i % 7];
    }
    value[sizeof value - 1] = '\0';
    value[sizeof value - 2] = 'z';
    /* " ;" begins a comment: not in values. */
    for (char *c = value; *c; c++) {
        *c = *c == ';' ? ':' : *c;
    }
    (void)snprintf(text, sizeof text, "[ship]\n# %s\ns3_session_token = %s\ncodec = gzip\nx\n",
                   value, value);
    EXPECT_STR(read_text(text), "stele.conf:5: neither [section] nor key = value");
    text[strlen(text) - 2] = '\0';
    EXPECT_STR(read_text(text), "");
    EXPECT_STR(config.ship_s3_session_token, value);
    EXPECT_STR(config.ship_codec, "gzip");
}

TEST(relative_paths)
{
    EXPECT_STR(read_text("[archive]\ndir = .\n[receive]\ncertificate = tls/server.crt\n"
                         "ca = ./tls/ca.crt\nkey = /etc/key\n[ship]\ntarget = file://x\n"),
               "");
    EXPECT(config.archive_dir[0] == '/');
    char path[CONFIG_TEXT_BYTES * 2];
    (void)snprintf(path, sizeof path, "%s/tls/server.crt", config.archive_dir);
    EXPECT_STR(config.receive_certificate, path);
    (void)snprintf(path, sizeof path, "%s/tls/ca.crt", config.archive_dir);
    EXPECT_STR(config.receive_ca, path);
    EXPECT_STR(config.receive_key, "/etc/key");
    EXPECT_STR(config.ship_target, "file://x");
}

TEST(set)
{
    config_init(&config);
    EXPECT_OK(config_set(&config, "ship.codec=gzip", &err), err);
    EXPECT_STR(config.ship_codec, "gzip");
    EXPECT_OK(config_set(&config, "receive.key_passphrase=a=b", &err), err);
    EXPECT_STR(config.receive_key_passphrase, "a=b");
    EXPECT_INT(config_set(&config, "ship.codecs=gzip", &err), ERR_CONFIG);
    EXPECT_STR(err.text, "no setting \"ship.codecs\"; did you mean ship.codec?");
    EXPECT_INT(config_set(&config, "ship.codec", &err), ERR_CONFIG);
    EXPECT_STR(err.text, "\"ship.codec\": write section.key=value");
    EXPECT_INT(config_set(&config, "ship.interval=x", &err), ERR_CONFIG);
    EXPECT(strncmp(err.text, "ship.interval: \"x\" is not", 25) == 0);
}

TEST(write_and_read_again)
{
    struct config before;
    struct buf text = BUF_INIT;
    config_init(&before);
    EXPECT_OK(config_set(&before, "receive.tls=no", &err), err);
    EXPECT_OK(config_set(&before, "receive.idle_timeout=1500ms", &err), err);
    EXPECT_OK(config_set(&before, "ship.object_bytes_max=48MiB", &err), err);
    EXPECT_OK(config_set(&before, "receive.body_bytes_max=1025", &err), err);
    EXPECT_OK(config_set(&before, "archive.dir=/var/lib/stele", &err), err);
    config_write(&before, &text);
    EXPECT_OK(buf_status(&text, "text", &err), err);
    buf_add_char(&text, '\0');
    EXPECT(strstr(text.data, "\n#listen = 127.0.0.1:8888\n"));
    EXPECT(strstr(text.data, "\nidle_timeout = 1500ms\n"));
    EXPECT(strstr(text.data, "\nobject_bytes_max = 48MiB\n"));
    EXPECT_STR(read_text(text.data), "");
    memcpy(config.file, before.file, sizeof before.file);
#define X(section, key, type, def, help)                                                           \
    EXPECT(memcmp(&config.section##_##key, &before.section##_##key,                                \
                  CONFIG_##type##_IS_TEXT ? strlen((const char *)&before.section##_##key) + 1      \
                                          : sizeof before.section##_##key) == 0);
#define CONFIG_TEXT_IS_TEXT   1
#define CONFIG_PATH_IS_TEXT   1
#define CONFIG_LISTEN_IS_TEXT 1
#define CONFIG_BOOL_IS_TEXT   0
#define CONFIG_SIZE_IS_TEXT   0
#define CONFIG_TIME_IS_TEXT   0
#define CONFIG_COUNT_IS_TEXT  0
#include "daemon/config/config.def"
#undef X
    buf_fini(&text);
}

TEST(find)
{
    char dir[FILE_PATH_BYTES];
    char path[FILE_PATH_BYTES + 16];
    test_dir_make(dir);
    EXPECT_OK(config_find(&config, NULL, dir, &err), err);
    EXPECT_STR(config.archive_dir, dir);
    EXPECT_STR(config.file, "");
    (void)snprintf(path, sizeof path, "%s/stele.conf", dir);
    EXPECT_OK(file_write(path, span_str("[ship]\ncodec = gzip\n"), 0600, &err), err);
    EXPECT_OK(config_find(&config, NULL, dir, &err), err);
    EXPECT_STR(config.ship_codec, "gzip");
    EXPECT_STR(config.file, path);
    EXPECT_INT(config_find(&config, "/nowhere/stele.conf", dir, &err), ERR_NOT_FOUND);
    test_dir_remove(dir);
}

/* The error config_validate gives after the assignments; "" for none. */
static const char *validate(const char *const *assignments)
{
    config_init(&config);
    for (; *assignments; assignments++) {
        EXPECT_OK(config_set(&config, *assignments, &err), err);
    }
    return config_validate(&config, &err) == OK ? "" : err.text;
}

TEST(validate)
{
#define VALIDATE(...) validate((const char *const[]){__VA_ARGS__, NULL})
    EXPECT_STR(VALIDATE("receive.tls=no"), "");
    EXPECT_STR(VALIDATE("receive.certificate=a", "receive.key=b", "receive.ca=c"), "");
    EXPECT(strncmp(VALIDATE("receive.key=b"), "receive.certificate is not set", 30) == 0);
    EXPECT(strncmp(VALIDATE("receive.certificate=a", "receive.key=b"), "receive.ca is not", 17) ==
           0);
    EXPECT_STR(
        VALIDATE("receive.certificate=a", "receive.key=b", "receive.require_client_certificate=no"),
        "");
    EXPECT(strstr(VALIDATE("receive.tls=no", "receive.listen=0.0.0.0:1"), "not on loopback"));
    EXPECT(strstr(VALIDATE("watch.webhook=http://127.0.0.1.example/a"), "is not https://"));
    EXPECT(strstr(VALIDATE("watch.webhook=http://127.0.0.1/a"), "webhook_secret_file is not set"));
    EXPECT_STR(
        VALIDATE("receive.tls=no", "receive.listen=0.0.0.0:1", "receive.allow_remote_plain=yes"),
        "");
    EXPECT_STR(VALIDATE("receive.tls=no", "receive.listen=[::1]:1"), "");
    EXPECT_STR(VALIDATE("receive.tls=no", "ship.codec=lz4"),
               "ship.codec \"lz4\" is neither zstd nor gzip");
    EXPECT_STR(VALIDATE("receive.tls=no", "index.compression_level=20"),
               "index.compression_level must be 1 to 19");
    EXPECT(strstr(VALIDATE("receive.tls=no", "ship.target=ftp://x"), "neither s3://"));
    EXPECT(strstr(VALIDATE("receive.tls=no", "ship.target=s3:///x"), "neither s3://"));
    EXPECT_STR(VALIDATE("receive.tls=no", "ship.target=s3://bucket"), "");
}

TEST_MAIN(TEST_ENTRY(defaults), TEST_ENTRY(each_type), TEST_ENTRY(wrong_values_name_the_line),
          TEST_ENTRY(unknown_key_names_the_nearest), TEST_ENTRY(long_values_are_whole),
          TEST_ENTRY(relative_paths), TEST_ENTRY(set), TEST_ENTRY(write_and_read_again),
          TEST_ENTRY(find), TEST_ENTRY(validate))
