#include "query/sql/time_text.h"

static const char blank[] = "0000-01-01T00:00:00";

enum { TIME_BYTES_MAX = 40, DAY_BYTES = 10, MINUTE_BYTES = 16, SECOND_BYTES = 19, ZONE_BYTES = 6 };

/* The length of the text without its zone. */
static size_t without_zone(struct span text)
{
    char last = text.size > 0 ? text.data[text.size - 1] : '\0';
    if (last == 'Z' || last == 'z') {
        return text.size - 1;
    }
    if (text.size >= MINUTE_BYTES + ZONE_BYTES &&
        memchr("+-", text.data[text.size - ZONE_BYTES], 2)) {
        return text.size - ZONE_BYTES;
    }
    return text.size;
}

bool time_text_read(struct span text, int64_t *out_us)
{
    static const size_t ends[] = {4, 7, DAY_BYTES, 13, MINUTE_BYTES, SECOND_BYTES};
    char whole[TIME_BYTES_MAX + sizeof blank];
    size_t size = without_zone(text);
    if (text.size > TIME_BYTES_MAX || (size < text.size && size < MINUTE_BYTES)) {
        return false;
    }
    bool fits = size > SECOND_BYTES && text.data[SECOND_BYTES] == '.';
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        fits = fits || size == ends[i];
    }
    if (!fits) {
        return false;
    }
    memcpy(whole, blank, sizeof blank);
    memcpy(whole, text.data, size);
    if (whole[DAY_BYTES] == ' ') {
        whole[DAY_BYTES] = 'T';
    }
    size_t end = size > SECOND_BYTES ? size : SECOND_BYTES;
    if (size < text.size) {
        memcpy(whole + end, text.data + size, text.size - size);
        end += text.size - size;
    } else {
        whole[end++] = 'Z';
    }
    return clock_parse_rfc3339(span_of(whole, end), out_us);
}

int time_text_collate(void *context, int a_size, const void *a, int b_size, const void *b)
{
    (void)context;
    struct span first = span_of(a, (size_t)a_size);
    struct span second = span_of(b, (size_t)b_size);
    int64_t first_us;
    int64_t second_us;
    bool first_is = time_text_read(first, &first_us);
    bool second_is = time_text_read(second, &second_us);
    if (first_is && second_is) {
        return (first_us > second_us) - (first_us < second_us);
    }
    if (first_is != second_is) {
        return first_is ? -1 : 1;
    }
    return span_compare(first, second);
}
