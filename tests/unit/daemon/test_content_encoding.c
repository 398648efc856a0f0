#include <libdeflate.h>

#include "daemon/receive/content_encoding.h"
#include "tests/support/test.h"

static const char text[] = "{\"event\":\"user.login\",\"time\":\"2026-11-23T10:00:00Z\"}\n";
static struct content_encoding *decoder;
static struct err err;

enum form { GZIP, ZLIB, BARE };

static void pack(enum form form, const void *data, size_t size, struct buf *out)
{
    struct libdeflate_compressor *packer = libdeflate_alloc_compressor(6);
    CHECK(packer && buf_reserve(out, size + 1000));
    char *to = out->data + out->size;
    size_t room = out->capacity - out->size;
    size_t n = form == GZIP   ? libdeflate_gzip_compress(packer, data, size, to, room)
               : form == ZLIB ? libdeflate_zlib_compress(packer, data, size, to, room)
                              : libdeflate_deflate_compress(packer, data, size, to, room);
    CHECK(n > 0);
    out->size += n;
    libdeflate_free_compressor(packer);
}

static enum status unpack(enum http_request_encoding encoding, const struct buf *packed,
                          size_t most, struct buf *out)
{
    return content_encoding_decode(decoder, encoding, buf_span(packed), most, out, &err);
}

TEST(forms)
{
    static const struct {
        enum form form;
        enum http_request_encoding encoding;
    } forms[] = {
        {GZIP, HTTP_REQUEST_GZIP}, {ZLIB, HTTP_REQUEST_DEFLATE}, {BARE, HTTP_REQUEST_DEFLATE}};
    for (size_t i = 0; i < 3; i++) {
        struct buf packed = BUF_INIT;
        struct buf out = BUF_INIT;
        pack(forms[i].form, text, sizeof text - 1, &packed);
        EXPECT_OK(unpack(forms[i].encoding, &packed, 1000, &out), err);
        EXPECT_SPAN(buf_span(&out), text);
        EXPECT_OK(unpack(forms[i].encoding, &packed, sizeof text - 1, &out), err);
        EXPECT_INT(unpack(forms[i].encoding, &packed, sizeof text - 2, &out), ERR_LIMIT);
        packed.size--;
        EXPECT_INT(unpack(forms[i].encoding, &packed, 1000, &out), ERR_FORMAT);
        packed.size++;
        buf_add_str(&packed, "behind");
        EXPECT_INT(unpack(forms[i].encoding, &packed, 1000, &out), ERR_FORMAT);
        buf_fini(&packed);
        buf_fini(&out);
    }
}

TEST(members)
{
    struct buf packed = BUF_INIT;
    struct buf out = BUF_INIT;
    pack(GZIP, "ab", 2, &packed);
    pack(GZIP, "", 0, &packed);
    pack(GZIP, "cd", 2, &packed);
    EXPECT_OK(unpack(HTTP_REQUEST_GZIP, &packed, 4, &out), err);
    EXPECT_SPAN(buf_span(&out), "abcd");
    EXPECT_INT(unpack(HTTP_REQUEST_GZIP, &packed, 3, &out), ERR_LIMIT);
    buf_fini(&packed);
    buf_fini(&out);
}

TEST(bomb)
{
    size_t size = 8 * 1024 * 1024;
    char *zeros = calloc(1, size);
    struct buf packed = BUF_INIT;
    struct buf out = BUF_INIT;
    CHECK(zeros);
    pack(GZIP, zeros, size, &packed);
    EXPECT(packed.size < size / 900);
    EXPECT_INT(unpack(HTTP_REQUEST_GZIP, &packed, 64 * 1024, &out), ERR_LIMIT);
    EXPECT(out.capacity < 1024 * 1024);
    EXPECT_OK(unpack(HTTP_REQUEST_GZIP, &packed, size, &out), err);
    EXPECT_INT(out.size, size);
    EXPECT(memcmp(out.data, zeros, size) == 0);
    free(zeros);
    buf_fini(&packed);
    buf_fini(&out);
}

TEST(garbage)
{
    struct buf packed = BUF_INIT;
    struct buf out = BUF_INIT;
    buf_add_str(&packed, text);
    EXPECT_INT(unpack(HTTP_REQUEST_GZIP, &packed, 1000, &out), ERR_FORMAT);
    EXPECT_INT(unpack(HTTP_REQUEST_DEFLATE, &packed, 1000, &out), ERR_FORMAT);
    EXPECT_INT(unpack(HTTP_REQUEST_ENCODING_UNKNOWN, &packed, 1000, &out), ERR_FORMAT);
    buf_fini(&packed);
    buf_fini(&out);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {TEST_ENTRY(forms), TEST_ENTRY(members), TEST_ENTRY(bomb),
                                        TEST_ENTRY(garbage)};
    decoder = content_encoding_new();
    CHECK(decoder);
    int result = test_main(tests, sizeof tests / sizeof tests[0], argc, argv);
    content_encoding_free(decoder);
    return result;
}
