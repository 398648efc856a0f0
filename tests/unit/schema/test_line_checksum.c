/* Where a block differs from what it was, told by sums alone. */
#include "schema/block/line_checksum.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/test.h"

enum { LINES = 1000 };

/* A block as lines, to be changed. */
struct lines {
    size_t count;
    char text[LINES + 8][40];
};

static uint32_t chance(uint32_t below)
{
    static uint64_t state = 0x9e3779b97f4a7c15u;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static void fill(struct lines *lines, size_t count)
{
    lines->count = count;
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(lines->text[i], sizeof lines->text[i], "{\"n\":%zu,\"x\":%u}", i,
                       chance(1000000));
    }
}

static void join(const struct lines *lines, struct buf *out)
{
    buf_clear(out);
    for (size_t i = 0; i < lines->count; i++) {
        buf_add_str(out, lines->text[i]);
        buf_add_char(out, '\n');
    }
}

static size_t byte_of(const struct lines *lines, size_t line)
{
    size_t at = 0;
    for (size_t i = 0; i < line; i++) {
        at += strlen(lines->text[i]) + 1;
    }
    return at;
}

/* Takes the sums, has the lines changed, and looks for it. */
static struct line_checksum_finding find(struct lines *lines, size_t at,
                                         void (*change)(struct lines *lines, size_t at))
{
    struct buf before = BUF_INIT;
    struct buf after = BUF_INIT;
    struct buf sums = BUF_INIT;
    uint32_t count = (uint32_t)lines->count;
    join(lines, &before);
    line_checksum_add(&sums, buf_span(&before));
    change(lines, at);
    join(lines, &after);
    struct line_checksum_finding finding =
        line_checksum_find(buf_span(&after), buf_span(&sums), count);
    buf_fini(&before);
    buf_fini(&after);
    buf_fini(&sums);
    return finding;
}

static void nothing(struct lines *lines, size_t at)
{
    (void)lines;
    (void)at;
}

static void flip(struct lines *lines, size_t at)
{
    lines->text[at][2 + chance(5)] ^= (char)(1 << chance(3));
}

static void take_out(struct lines *lines, size_t at)
{
    lines->count--;
    memmove(lines->text[at], lines->text[at + 1], (lines->count - at) * sizeof lines->text[0]);
}

static void put_in(struct lines *lines, size_t at)
{
    memmove(lines->text[at + 1], lines->text[at], (lines->count - at) * sizeof lines->text[0]);
    lines->count++;
    (void)snprintf(lines->text[at], sizeof lines->text[at], "{\"new\":%u}", chance(1000000));
}

static void swap_far(struct lines *lines, size_t at)
{
    size_t other = (at + 500) % lines->count;
    char kept[40];
    memcpy(kept, lines->text[at], sizeof kept);
    memcpy(lines->text[at], lines->text[other], sizeof kept);
    memcpy(lines->text[other], kept, sizeof kept);
}

static void swap_near(struct lines *lines, size_t at)
{
    size_t group = at / LINE_CHECKSUM_GROUP * LINE_CHECKSUM_GROUP;
    char kept[40];
    memcpy(kept, lines->text[group], sizeof kept);
    memcpy(lines->text[group], lines->text[group + 1], sizeof kept);
    memcpy(lines->text[group + 1], kept, sizeof kept);
}

TEST(one_change_is_named_with_its_line_and_byte)
{
    static const struct {
        void (*change)(struct lines *lines, size_t at);
        enum line_checksum_fault fault;
    } kinds[] = {{flip, LINE_CHECKSUM_CHANGED},
                 {take_out, LINE_CHECKSUM_REMOVED},
                 {put_in, LINE_CHECKSUM_ADDED}};
    static const size_t counts[] = {1, 2, 63, 64, 65, 128, 777};
    int wrong = 0;
    int tries = 0;
    for (size_t k = 0; k < 3; k++) {
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            for (int i = 0; i < 200; i++, tries++) {
                struct lines lines;
                fill(&lines, counts[c]);
                size_t at = chance((uint32_t)lines.count);
                struct line_checksum_finding finding = find(&lines, at, kinds[k].change);
                wrong += finding.fault != kinds[k].fault || finding.line != at + 1 ||
                         finding.byte != byte_of(&lines, at);
            }
        }
    }
    EXPECT(tries == 4200);
    /* 16 bits are not a proof: now and then a second line would explain the sums as well */
    EXPECT(wrong < 20);
}

TEST(at_the_ends)
{
    struct lines lines;
    fill(&lines, 128);
    EXPECT_INT(find(&lines, 0, nothing).fault, LINE_CHECKSUM_NONE);
    struct line_checksum_finding finding = find(&lines, 127, take_out);
    EXPECT_INT(finding.fault, LINE_CHECKSUM_REMOVED);
    EXPECT_INT(finding.line, 128);
    fill(&lines, 128);
    finding = find(&lines, 128, put_in);
    EXPECT_INT(finding.fault, LINE_CHECKSUM_ADDED);
    EXPECT_INT(finding.line, 129);
    EXPECT_INT(finding.byte, byte_of(&lines, 128));
}

TEST(what_no_single_line_explains_is_a_range)
{
    for (int i = 0; i < 50; i++) {
        struct lines lines;
        fill(&lines, 640);
        size_t at = chance(140);
        struct line_checksum_finding finding = find(&lines, at, swap_near);
        EXPECT_INT(finding.fault, LINE_CHECKSUM_RANGE);
        EXPECT_INT(finding.line, at / 64 * 64 + 1);
        EXPECT_INT(finding.last_line, at / 64 * 64 + 64);
        fill(&lines, 640);
        finding = find(&lines, at, swap_far);
        EXPECT(finding.fault != LINE_CHECKSUM_NONE);
        EXPECT_INT((finding.line - 1) / 64, at / 64);
    }
}

TEST(sums_of_another_length_fit_nothing)
{
    struct line_checksum_finding finding =
        line_checksum_find(span_str("a\nb\n"), span_str("xxx"), 2);
    EXPECT_INT(finding.fault, LINE_CHECKSUM_RANGE);
    finding = line_checksum_find(span_str(""), span_str(""), 0);
    EXPECT_INT(finding.fault, LINE_CHECKSUM_NONE);
}

TEST_MAIN(TEST_ENTRY(one_change_is_named_with_its_line_and_byte), TEST_ENTRY(at_the_ends),
          TEST_ENTRY(what_no_single_line_explains_is_a_range),
          TEST_ENTRY(sums_of_another_length_fit_nothing))
