/* What import reads: packed files, files cut to chunks of lines, and directories. */
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/support/test.h"
#include "tools/stele/import/chunks.h"
#include "tools/stele/import/inputs.h"

static char dir[FILE_PATH_BYTES];

static void write_file(const char *name, struct span bytes)
{
    char path[FILE_PATH_BYTES];
    struct err err;
    EXPECT_OK(file_path_format(path, &err, "%s/%s", dir, name), err);
    EXPECT_OK(file_write(path, bytes, 0600, &err), err);
}

/* All of the file as plain bytes, in steps of a size that cuts where it hurts. */
static enum status read_file(const char *name, size_t step, struct buf *out, struct err *err)
{
    char path[FILE_PATH_BYTES];
    struct unpack *unpack = NULL;
    enum status status = file_path_format(path, err, "%s/%s", dir, name);
    buf_clear(out);
    status = THEN(status, unpack_open(path, NULL, &unpack, err));
    for (bool end = false; status == OK && !end;) {
        status = unpack_read(unpack, step, out, &end, err);
    }
    unpack_close(unpack);
    return status;
}

static void add_gzip(struct buf *out, struct span plain)
{
    z_stream stream = {0};
    EXPECT_INT(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    char packed[4096];
    char *in = strndup(plain.data ? plain.data : "", plain.size);
    stream.next_in = (unsigned char *)in;
    stream.avail_in = (unsigned)plain.size;
    stream.next_out = (unsigned char *)packed;
    stream.avail_out = sizeof packed;
    EXPECT_INT(deflate(&stream, Z_FINISH), Z_STREAM_END);
    buf_add(out, packed, sizeof packed - stream.avail_out);
    (void)deflateEnd(&stream);
    free(in);
}

static void add_zstd(struct buf *out, struct span plain)
{
    char packed[4096];
    size_t size = ZSTD_compress(packed, sizeof packed, plain.data, plain.size, 3);
    EXPECT(!ZSTD_isError(size));
    buf_add(out, packed, size);
}

typedef void add_packed(struct buf *out, struct span plain);

/* Several members end to end; cut short; with something else behind. */
static void check_packing(add_packed *add)
{
    struct err err;
    struct buf packed = BUF_INIT;
    struct buf plain = BUF_INIT;
    add(&packed, span_str("{\"a\":1}\n{\"b\""));
    add(&packed, span_str(""));
    add(&packed, span_str(":2}\n"));
    write_file("whole", buf_span(&packed));
    for (size_t step = 1; step < 40; step += 6) {
        EXPECT_OK(read_file("whole", step, &plain, &err), err);
        EXPECT_SPAN(buf_span(&plain), "{\"a\":1}\n{\"b\":2}\n");
    }
    for (size_t size = 5; size < packed.size; size += 3) {
        write_file("cut", span_of(packed.data, size));
        enum status status = read_file("cut", 4096, &plain, &err);
        EXPECT(status == ERR_FORMAT || (status == OK && plain.size < 17));
        EXPECT(memcmp("{\"a\":1}\n{\"b\":2}\n", plain.data, plain.size) == 0);
    }
    buf_add_str(&packed, "tail");
    write_file("tail", buf_span(&packed));
    EXPECT_INT(read_file("tail", 4096, &plain, &err), ERR_FORMAT);
    EXPECT_SPAN(buf_span(&plain), "{\"a\":1}\n{\"b\":2}\n");
    buf_fini(&packed);
    buf_fini(&plain);
}

TEST(gzip_members)
{
    check_packing(add_gzip);
    struct err err;
    struct buf packed = BUF_INIT;
    struct buf plain = BUF_INIT;
    add_gzip(&packed, span_str("{}\n"));
    buf_add(&packed, "\0\0\0\0\0", 5);
    write_file("padded", buf_span(&packed));
    EXPECT_OK(read_file("padded", 4096, &plain, &err), err);
    EXPECT_SPAN(buf_span(&plain), "{}\n");
    buf_fini(&packed);
    buf_fini(&plain);
}

TEST(zstd_frames)
{
    check_packing(add_zstd);
}

TEST(plain_and_foreign)
{
    struct err err;
    struct buf plain = BUF_INIT;
    write_file("empty", span_str(""));
    EXPECT_OK(read_file("empty", 16, &plain, &err), err);
    EXPECT_INT(plain.size, 0);
    write_file("plain", span_str("{}"));
    EXPECT_OK(read_file("plain", 16, &plain, &err), err);
    EXPECT_SPAN(buf_span(&plain), "{}");
    write_file("parquet", span_str("PAR1xxxx"));
    EXPECT_INT(read_file("parquet", 16, &plain, &err), ERR_FORMAT);
    EXPECT(strstr(err.text, "Parquet") != NULL);
    write_file("recording", span_of("\0\0\0\0\0\0\0\1rest", 12));
    EXPECT_INT(read_file("recording", 16, &plain, &err), ERR_FORMAT);
    EXPECT_INT(read_file("absent", 16, &plain, &err), ERR_NOT_FOUND);
    buf_fini(&plain);
}

/* Every chunk's first line, what it ends with, and all chunks put together. */
static void check_chunks(const char *name, struct span all, const char *ends, size_t most)
{
    char path[FILE_PATH_BYTES];
    struct err err;
    struct unpack *unpack = NULL;
    struct chunks chunks = {0};
    struct buf seen = BUF_INIT;
    write_file(name, all);
    EXPECT_OK(file_path_format(path, &err, "%s/%s", dir, name), err);
    EXPECT_OK(unpack_open(path, NULL, &unpack, &err), err);
    chunks.unpack = unpack;
    size_t count = 0;
    for (;;) {
        struct chunk chunk;
        bool end = false;
        EXPECT_OK(chunks_next(&chunks, &chunk, &end, &err), err);
        if (end) {
            break;
        }
        EXPECT_INT(chunk.first_line, chunk_count_lines(buf_span(&seen)) + 1);
        EXPECT(seen.size == 0 || strchr(ends, seen.data[seen.size - 1]));
        buf_add_span(&seen, chunk.bytes);
        count++;
    }
    EXPECT(span_equal(buf_span(&seen), all));
    EXPECT(count <= most);
    chunks_fini(&chunks);
    unpack_close(unpack);
    buf_fini(&seen);
}

TEST(chunks_are_whole_lines)
{
    struct buf text = BUF_INIT;
    check_chunks("none", span_str(""), "", 0);
    check_chunks("one", span_str("{\"a\":1}"), "\n", 1);
    for (int i = 0; i < 60000; i++) {
        buf_printf(&text, "{\"i\":%d,\"text\":\"some words to fill the line up\"}\n", i);
    }
    check_chunks("many", buf_span(&text), "\n", 5);
    buf_add_str(&text, "{\"last\":\"no newline\"}");
    check_chunks("many", buf_span(&text), "\n", 5);
    buf_clear(&text);
    buf_add_str(&text, "[\n");
    for (int i = 0; i < 60000; i++) {
        buf_printf(&text, "{\"i\":%d,\n\"text\":\"some words to fill the line up\"},\n", i);
    }
    buf_add_str(&text, "{}]\n");
    check_chunks("array", buf_span(&text), "}", 5);
    buf_clear(&text);
    buf_add_str(&text, "{\"Count\":1,\"Items\":[");
    for (int i = 0; i < 60000; i++) {
        buf_printf(&text, "{\"i\":%d,\"text\":\"brackets ]}, \\\"quotes\\\\\"},", i);
    }
    buf_add_str(&text, "{}],\"more\":[{}]}");
    check_chunks("list", buf_span(&text), "}", 5);
    buf_fini(&text);
}

TEST(a_line_has_a_limit)
{
    char path[FILE_PATH_BYTES];
    struct err err;
    struct unpack *unpack = NULL;
    struct chunks chunks = {0};
    struct chunk chunk;
    bool end = false;
    EXPECT_OK(file_path_format(path, &err, "%s/long", dir), err);
    write_file("long", span_str("{}\n"));
    EXPECT_INT(truncate(path, CHUNK_LINE_MAX + 4 * CHUNK_BYTES), 0);
    EXPECT_OK(unpack_open(path, NULL, &unpack, &err), err);
    chunks.unpack = unpack;
    EXPECT_OK(chunks_next(&chunks, &chunk, &end, &err), err);
    EXPECT_SPAN(chunk.bytes, "{}\n");
    EXPECT_INT(chunks_next(&chunks, &chunk, &end, &err), ERR_LIMIT);
    EXPECT(strstr(err.text, "line 2 ") != NULL);
    chunks_fini(&chunks);
    unpack_close(unpack);
}

static const char *name_of(const struct inputs *inputs, size_t i)
{
    return strrchr(inputs->paths.items[i], '/') + 1;
}

TEST(directories)
{
    char path[FILE_PATH_BYTES];
    char link[FILE_PATH_BYTES];
    struct err err;
    struct inputs inputs = {0};
    EXPECT_OK(file_path_format(path, &err, "%s/log/0b6d", dir), err);
    EXPECT_OK(file_make_dir(path, 0700, &err), err);
    EXPECT_OK(file_path_format(path, &err, "%s/log", dir), err);
    EXPECT_INT(inputs_add(&inputs, path, &err), ERR_NOT_FOUND);
    write_file("log/0b6d/2026-11-23.00:00:00.log", span_str("{}\n"));
    write_file("log/0b6d/2026-11-22.00:00:00.log.gz", span_str("{}\n"));
    write_file("log/0b6d/recording.tar", span_str("x"));
    write_file("log/0b6d/recording.tar.gz", span_str("x"));
    write_file("log/0b6d/0b6d-0.chunks.gz", span_str("x"));
    write_file("log/0b6d/2026112400_0.gz", span_str("{}\n"));
    write_file("log/0b6d/.gz", span_str("{}\n"));
    write_file("log/0b6d/notes.txt", span_str("x"));
    write_file("log/2026-11-21.00:00:00.log", span_str("{}\n"));
    EXPECT_OK(file_path_format(link, &err, "%s/log/events.log", dir), err);
    EXPECT_INT(symlink("0b6d/2026-11-23.00:00:00.log", link), 0);
    EXPECT_OK(inputs_add(&inputs, path, &err), err);
    EXPECT_INT(inputs.paths.count, 4);
    if (inputs.paths.count == 4) {
        EXPECT_STR(name_of(&inputs, 0), "2026-11-21.00:00:00.log");
        EXPECT_STR(name_of(&inputs, 1), "2026-11-22.00:00:00.log.gz");
        EXPECT_STR(name_of(&inputs, 2), "2026-11-23.00:00:00.log");
        EXPECT_STR(name_of(&inputs, 3), "2026112400_0.gz");
    }
    EXPECT_INT(inputs.bytes, 12);
    EXPECT_OK(inputs_add(&inputs, link, &err), err); /* named, it is read */
    EXPECT_INT(inputs.paths.count, 5);
    EXPECT_INT(inputs_add(&inputs, "/nowhere/x", &err), ERR_NOT_FOUND);
    inputs_fini(&inputs);
}

TEST(directory_of_this_test)
{
    test_dir_remove(dir);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST_ENTRY(gzip_members),           TEST_ENTRY(zstd_frames),
        TEST_ENTRY(plain_and_foreign),      TEST_ENTRY(chunks_are_whole_lines),
        TEST_ENTRY(a_line_has_a_limit),     TEST_ENTRY(directories),
        TEST_ENTRY(directory_of_this_test),
    };
    test_dir_make(dir);
    return test_main(tests, sizeof tests / sizeof tests[0], argc, argv);
}
