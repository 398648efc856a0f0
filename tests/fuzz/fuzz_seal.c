/* Any bytes as a seal: refused in words, or read, written and read again as the same; and any bytes
 * as NDJSON against any sums of lines. */
#include "schema/block/line_checksum.h"
#include "schema/seal/seal_text.h"
#include "tests/fuzz/fuzz_target.h"

static void round_trip(struct span text)
{
    struct seal first = {.head = {.number = 0}};
    struct seal second = {.head = {.number = 0}};
    struct buf written = BUF_INIT;
    struct err err = {0};
    if (seal_read(text, &first, &err) == OK) {
        MUST_HOLD(seal_write(&first, &written, &err) == OK);
        MUST_HOLD(seal_read(buf_span(&written), &second, &err) == OK);
        MUST_HOLD(first.blocks.count == second.blocks.count);
        MUST_HOLD(first.objects.count == second.objects.count);
        MUST_HOLD(first.head.number == second.head.number);
        MUST_HOLD(first.head.made_us == second.head.made_us);
    } else {
        MUST_HOLD(err.status == ERR_FORMAT || err.status == ERR_NOMEM);
        MUST_HOLD(!strchr(err.text, '\n'));
    }
    seal_fini(&first);
    seal_fini(&second);
    buf_fini(&written);
}

/* The first byte says how many sums there are, then come the sums, then the lines. */
static void find_lines(const uint8_t *data, size_t size)
{
    size_t groups = data[0] % 4;
    size_t sums = groups * LINE_CHECKSUM_GROUP_BYTES;
    if (size < 1 + sums) {
        return;
    }
    struct span ndjson = span_of(data + 1 + sums, size - 1 - sums);
    uint32_t fewer = groups > 0 ? data[0] / 4u % LINE_CHECKSUM_GROUP : 0;
    uint32_t n_lines = (uint32_t)groups * LINE_CHECKSUM_GROUP - fewer;
    struct line_checksum_finding finding =
        line_checksum_find(ndjson, span_of(data + 1, sums), n_lines);
    MUST_HOLD(finding.byte <= ndjson.size);
    MUST_HOLD(finding.fault == LINE_CHECKSUM_NONE ||
              (finding.line >= 1 && finding.last_line >= finding.line));
    struct buf own = BUF_INIT;
    line_checksum_add(&own, ndjson);
    uint32_t count = 0;
    for (size_t at = 0; at < ndjson.size; count++) {
        const char *newline = memchr(ndjson.data + at, '\n', ndjson.size - at);
        at = newline ? (size_t)(newline - ndjson.data) + 1 : ndjson.size;
    }
    MUST_HOLD(line_checksum_find(ndjson, buf_span(&own), count).fault == LINE_CHECKSUM_NONE);
    buf_fini(&own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        round_trip(span_of(data, size));
        find_lines(data, size);
    }
    return 0;
}
