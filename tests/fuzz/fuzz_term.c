/* Any value into terms: no term is empty or too long, ranges of words are in order, the words of
 * term_words are those that term_split counts, and cutting a word again gives that word. */
#include "schema/event/term.h"
#include "tests/fuzz/fuzz_target.h"

struct seen {
    size_t n_words;
    size_t value_size;
};

static int look(void *context, struct span term, enum term_level level, uint32_t first_word,
                uint32_t last_word)
{
    struct seen *seen = context;
    MUST_HOLD(term.size > 0 && term.size <= TERM_BYTES_MAX);
    MUST_HOLD(level <= TERM_CHUNK);
    MUST_HOLD(first_word <= last_word);
    MUST_HOLD(last_word <= seen->value_size);
    if (last_word + 1 > seen->n_words) {
        seen->n_words = last_word + 1;
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = {.value_size = size};
    struct span value = span_of(data, size);
    struct buf words = BUF_INIT;
    struct buf single = BUF_INIT;
    MUST_HOLD(term_split(value, look, &seen) == 0);
    size_t n = term_words(value, &words);
    MUST_HOLD(n == seen.n_words);
    size_t zeros = 0;
    for (size_t i = 0; i < words.size; i++) {
        zeros += words.data[i] == '\0';
    }
    MUST_HOLD(zeros == n);
    if (term_single(value, &single)) {
        MUST_HOLD(single.size > 0 && single.size <= TERM_BYTES_MAX);
        buf_clear(&words);
        MUST_HOLD(term_last_atom(buf_span(&single)) <= single.size);
        MUST_HOLD(term_cut_words(buf_span(&single), &words) > 0);
    }
    buf_clear(&single);
    (void)term_address(value, &single);
    buf_fini(&single);
    buf_fini(&words);
    return 0;
}
