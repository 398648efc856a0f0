/* Short sums of lines, made with a block and asked when its digest does not fit. Pure functions,
 * any thread. */
#include "schema/block/line_checksum.h"

#include <string.h>

#include "schema/base/hash64.h"

enum { GROUP = LINE_CHECKSUM_GROUP };

/* The next lines, as many as a group has and one more, for where one was put in. */
struct group {
    uint32_t count;
    uint16_t hash[GROUP + 1];
    size_t start[GROUP + 1];
};

struct sums {
    uint16_t plain;
    uint16_t weighted;
};

/* The line from `at` on, with what stands behind the last newline as one, too. */
static struct span line_at(struct span ndjson, size_t at)
{
    const char *from = ndjson.data + at;
    const char *newline = memchr(from, '\n', ndjson.size - at);
    return span_of(from, newline ? (size_t)(newline - from) : ndjson.size - at);
}

static void group_read(struct group *group, struct span ndjson, size_t *at, uint32_t most)
{
    size_t next = *at;
    group->count = 0;
    while (next < ndjson.size && group->count < most) {
        struct span line = line_at(ndjson, next);
        group->start[group->count] = next;
        group->hash[group->count++] = (uint16_t)hash64(line, 0);
        next += line.size + 1;
    }
    *at = next < ndjson.size ? next : ndjson.size;
}

static struct sums group_sums(const struct group *group, uint32_t count)
{
    struct sums sums = {0};
    for (uint32_t i = 0; i < count; i++) {
        sums.plain = (uint16_t)(sums.plain + group->hash[i]);
        sums.weighted = (uint16_t)(sums.weighted + (i + 1) * group->hash[i]);
    }
    return sums;
}

void line_checksum_add(struct buf *out, struct span ndjson)
{
    struct group group;
    for (size_t at = 0; at < ndjson.size;) {
        group_read(&group, ndjson, &at, GROUP);
        struct sums sums = group_sums(&group, group.count);
        unsigned char bytes[LINE_CHECKSUM_GROUP_BYTES] = {
            (unsigned char)sums.plain, (unsigned char)(sums.plain >> 8),
            (unsigned char)sums.weighted, (unsigned char)(sums.weighted >> 8)};
        buf_add(out, bytes, sizeof bytes);
    }
}

static struct sums sums_at(struct span sums, size_t group)
{
    const unsigned char *bytes =
        (const unsigned char *)sums.data + group * LINE_CHECKSUM_GROUP_BYTES;
    return (struct sums){(uint16_t)(bytes[0] | bytes[1] << 8),
                         (uint16_t)(bytes[2] | bytes[3] << 8)};
}

static bool sums_equal(struct sums a, struct sums b)
{
    return a.plain == b.plain && a.weighted == b.weighted;
}

/* The only line i for which (i + 1) * d is the weighted difference; count when there is none, or
 * more than one. */
static uint32_t changed_line(const struct group *group, uint32_t count, struct sums was)
{
    struct sums is = group_sums(group, count);
    uint16_t d = (uint16_t)(is.plain - was.plain);
    uint16_t weighted = (uint16_t)(is.weighted - was.weighted);
    uint32_t found = count;
    for (uint32_t i = 0; i < count; i++) {
        if ((uint16_t)((i + 1) * d) == weighted) {
            if (found < count) {
                return count;
            }
            found = i;
        }
    }
    return found;
}

/* The place where one more line, of the hash that is missing in the plain sum, makes both sums
 * right: `wanted` lines, of which the group has one less. */
static uint32_t removed_line(const struct group *group, uint32_t wanted, struct sums was)
{
    struct sums sums = group_sums(group, wanted - 1);
    uint16_t missing = (uint16_t)(was.plain - sums.plain);
    uint16_t weighted = sums.weighted; /* with the missing one behind all others */
    for (uint32_t i = wanted; i-- > 0;) {
        if ((uint16_t)(weighted + (i + 1) * missing) == was.weighted) {
            return i;
        }
        if (i > 0) {
            weighted = (uint16_t)(weighted + group->hash[i - 1]); /* moves one place down */
        }
    }
    return wanted;
}

/* The line without which `wanted` of wanted + 1 lines have the right sums. */
static uint32_t added_line(const struct group *group, uint32_t wanted, struct sums was)
{
    struct sums all = group_sums(group, wanted + 1);
    uint16_t behind = 0; /* hashes behind i, which move one place up */
    for (uint32_t i = wanted + 1; i-- > 0;) {
        uint16_t weighted = (uint16_t)(all.weighted - (i + 1) * group->hash[i] - behind);
        if ((uint16_t)(all.plain - group->hash[i]) == was.plain && weighted == was.weighted) {
            return i;
        }
        behind = (uint16_t)(behind + group->hash[i]);
    }
    return wanted + 1;
}

/* One explanation of a group that is not as it was, and the line it names; false: it does not
 * explain the sums. */
static bool explains(enum line_checksum_fault fault, const struct group *group, uint32_t wanted,
                     struct sums was, uint32_t *out_line)
{
    uint32_t none = wanted;
    uint32_t line = none;
    if (fault == LINE_CHECKSUM_CHANGED && group->count >= wanted) {
        line = changed_line(group, wanted, was);
    } else if (fault == LINE_CHECKSUM_REMOVED && group->count + 1 >= wanted) {
        line = removed_line(group, wanted, was);
    } else if (fault == LINE_CHECKSUM_ADDED && group->count > wanted) {
        none = wanted + 1;
        line = added_line(group, wanted, was);
    }
    *out_line = line;
    return line < none;
}

/* What is wrong with the first group that is not as it was; likelier explanations come first.
 * `surplus`: lines there are now, less lines there were, in the whole block. */
static struct line_checksum_finding judge(const struct group *group, uint32_t wanted,
                                          struct sums was, int64_t surplus, uint32_t first,
                                          size_t end)
{
    static const enum line_checksum_fault orders[3][3] = {
        {LINE_CHECKSUM_REMOVED, LINE_CHECKSUM_CHANGED, LINE_CHECKSUM_ADDED},
        {LINE_CHECKSUM_CHANGED, LINE_CHECKSUM_REMOVED, LINE_CHECKSUM_ADDED},
        {LINE_CHECKSUM_ADDED, LINE_CHECKSUM_CHANGED, LINE_CHECKSUM_REMOVED},
    };
    const enum line_checksum_fault *order = orders[surplus < 0 ? 0 : surplus > 0 ? 2 : 1];
    for (size_t i = 0; i < 3; i++) {
        uint32_t line;
        if (explains(order[i], group, wanted, was, &line)) {
            return (struct line_checksum_finding){order[i], first + line + 1, first + line + 1,
                                                  line < group->count ? group->start[line] : end};
        }
    }
    return (struct line_checksum_finding){LINE_CHECKSUM_RANGE, first + 1, first + wanted,
                                          group->count > 0 ? group->start[0] : end};
}

static uint32_t number_of_lines(struct span ndjson)
{
    uint32_t count = 0;
    for (size_t at = 0; at < ndjson.size; count++) {
        at += line_at(ndjson, at).size + 1;
    }
    return count;
}

struct line_checksum_finding line_checksum_find(struct span ndjson, struct span sums,
                                                uint32_t n_lines)
{
    uint32_t n_groups = (n_lines + GROUP - 1) / GROUP;
    if (sums.size != (size_t)n_groups * LINE_CHECKSUM_GROUP_BYTES) {
        return (struct line_checksum_finding){LINE_CHECKSUM_RANGE, 1, n_lines, 0};
    }
    size_t at = 0;
    for (uint32_t g = 0; g < n_groups; g++) {
        uint32_t wanted = n_lines - g * GROUP < GROUP ? n_lines - g * GROUP : GROUP;
        struct group group;
        size_t end = at;
        group_read(&group, ndjson, &end, wanted + 1);
        struct sums was = sums_at(sums, g);
        if (group.count < wanted || !sums_equal(group_sums(&group, wanted), was)) {
            int64_t surplus = (int64_t)number_of_lines(ndjson) - n_lines;
            return judge(&group, wanted, was, surplus, g * GROUP, end);
        }
        at = group.count > wanted ? group.start[wanted] : end;
    }
    if (at < ndjson.size) {
        return (struct line_checksum_finding){LINE_CHECKSUM_ADDED, n_lines + 1, n_lines + 1, at};
    }
    return (struct line_checksum_finding){.fault = LINE_CHECKSUM_NONE};
}
