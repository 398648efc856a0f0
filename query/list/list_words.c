/* What of the words of a text is an indicator. */
#include "query/ioc/indicator_parse.h"
#include "query/list/list_internal.h"
#include "schema/text/ascii.h"

enum { PROSE_WORDS_MAX = 4 };

/* Only such a word is worth a try: it has a dot, a colon, a slash, an @, or the length of a hash.
 */
static bool may_be_value(struct span word, unsigned has)
{
    return has & (TEXT_HAS_DOT | TEXT_HAS_COLON | TEXT_HAS_SLASH | TEXT_HAS_AT | TEXT_HAS_CLOSE |
                  TEXT_HAS_UNDERSCORE | TEXT_HAS_WIDE) ||
           word.size == 32 || word.size == 40 || word.size == 64 || word.size == 128;
}

/* label:value, label=value */
static struct span without_label(struct list_reader *reader, struct span word)
{
    size_t size = 0;
    while (size < word.size && size < 24 &&
           (ascii_is_letter(word.data[size]) || ascii_is_digit(word.data[size]) ||
            memchr("-_", word.data[size], 2))) {
        size++;
    }
    bool mark = size > 0 && size < word.size && memchr(":=", word.data[size], 2);
    struct list_name name =
        mark ? list_known_name(reader, span_of(word.data, size)) : (struct list_name){0};
    if (!mark || (name.role != LIST_ROLE_KIND && word.data[size] == ':') ||
        span_starts(span_from(word, size + 1), "//")) {
        return word;
    }
    return span_from(word, size + 1);
}

/* Names of files that are also names of hosts. */
static bool is_file_name(const struct indicator *indicator)
{
    static const char *const ends[] = {".zip", ".sh",  ".py",  ".pl",  ".md",  ".mov", ".rs", ".so",
                                       ".ps",  ".cab", ".app", ".com", ".bin", ".jar", ".ms"};
    for (size_t i = 0; indicator->kind == OBSERVABLE_DOMAIN && i < sizeof ends / sizeof ends[0];
         i++) {
        if (span_ends(indicator->normal, ends[i])) {
            return true;
        }
    }
    return false;
}

/* A hash with 0x before it, or with more behind it: hash:size, hash.exe; the word as it is when
 * there is none. */
static struct span hash_within(struct span word)
{
    struct span rest = span_from(word, span_starts(word, "0x") ? 2 : 0);
    size_t size = 0;
    while (size < rest.size && ascii_hex_digit(rest.data[size]) >= 0) {
        size++;
    }
    bool hash = size == 32 || size == 40 || size == 64 || size == 128;
    bool more = size < rest.size && ascii_is_letter(rest.data[size]);
    return hash && !more ? span_of(rest.data, size) : word;
}

struct word_taker {
    struct list_reader *reader;
    int64_t line;
    enum observable_kind kind; /* what a label or a column said */
    bool defanged;             /* all of it is */
    int64_t taken;
    int64_t prose;   /* words that are no values, since the last value */
    bool after_hash; /* what came last */
    enum status status;
};

/* Is it surely meant, wherever it stands? */
static bool is_strong(const struct word_taker *taker, const struct indicator *indicator)
{
    return taker->defanged || indicator->defanged || indicator->kind == OBSERVABLE_HASH ||
           (taker->taken == 0 && indicator->kind == OBSERVABLE_IP);
}

static const char *why_not(const struct word_taker *taker, const struct list_word *word,
                           const struct indicator *indicator)
{
    if (word->is_link) {
        return "the target of a link";
    }
    if (taker->after_hash && !indicator->defanged && !taker->defanged &&
        (indicator->kind == OBSERVABLE_DOMAIN || indicator->kind == OBSERVABLE_FILE) &&
        (is_file_name(indicator) || !word->commas_around)) {
        return "the name of the file with the hash before it";
    }
    if (taker->prose > 0 && taker->taken > 0 && !is_strong(taker, indicator)) {
        return "in a remark";
    }
    return taker->prose > PROSE_WORDS_MAX && !is_strong(taker, indicator) ? "in a sentence" : NULL;
}

/* NULL: the word is an indicator, by its shape or, if it can be, of the kind that was said. */
static const char *read_word(const struct word_taker *taker, struct span text, unsigned has,
                             struct indicator *out)
{
    struct buf *normal = &taker->reader->normal;
    if (!may_be_value(text, has)) {
        return "";
    }
    const char *why = indicator_parse_known(text, has, normal, out);
    if (why && taker->kind == OBSERVABLE_DOMAIN) {
        why = indicator_parse_as(text, taker->kind, normal, out);
    }
    return why ? why : list_is_sure(out) ? NULL : "";
}

static void take_word(struct word_taker *taker, const struct list_word *word)
{
    struct indicator indicator;
    struct span text = word->text;
    struct span first;
    struct span last;
    if (list_may_be_range(word->has) && list_is_range(text, &first, &last)) {
        taker->status = list_take_range(taker->reader, taker->line, text, first, last);
        taker->taken++;
        taker->prose = 0;
        return;
    }
    const char *why = read_word(taker, text, word->has, &indicator);
    if (why && word->text.size > 32) {
        text = hash_within(text);
        why =
            text.size < word->text.size ? read_word(taker, text, text_has(text), &indicator) : why;
    }
    if (why && word->has & (TEXT_HAS_COLON | TEXT_HAS_EQUALS)) {
        text = without_label(taker->reader, word->text);
        why =
            text.size < word->text.size ? read_word(taker, text, text_has(text), &indicator) : why;
    }
    if (why) {
        taker->prose += !word->is_dash && word->text.size > 0 && !list_is_placeholder(word->text);
        return;
    }
    why = why_not(taker, word, &indicator);
    taker->after_hash = indicator.kind == OBSERVABLE_HASH || (taker->after_hash && why);
    taker->status = list_take(taker->reader, taker->line, text, why, &indicator);
    taker->taken += !why;
    taker->prose = why ? taker->prose : 0;
}

/* An address with its netmask behind it, between blanks: both are the network. */
static bool take_with_mask(struct word_taker *taker, struct span text, size_t *at,
                           const struct list_word *word)
{
    size_t behind = *at;
    struct list_word mask;
    struct indicator indicator;
    while (behind < text.size && text.data[behind] == ' ') {
        behind++;
    }
    if (!span_starts(span_from(text, behind), "255.") || behind == *at ||
        span_starts(word->text, "255.") || !list_word_next(text, &behind, &mask)) {
        return false;
    }
    struct span both =
        span_of(word->text.data, (size_t)(mask.text.data + mask.text.size - word->text.data));
    struct buf network = BUF_INIT;
    buf_printf(&network, "%.*s/%.*s", SPAN_FMT(word->text), SPAN_FMT(mask.text));
    bool is = buf_ok(&network) && !indicator_parse_as(buf_span(&network), OBSERVABLE_IP,
                                                      &taker->reader->normal, &indicator);
    if (is) {
        indicator.text = both;
        taker->status = list_take(taker->reader, taker->line, both, NULL, &indicator);
        taker->taken++;
        taker->prose = 0;
        *at = behind;
    }
    buf_fini(&network);
    return is;
}

enum status list_take_words(struct list_reader *reader, int64_t line, struct span text,
                            enum observable_kind kind, bool defanged, int64_t *out_taken)
{
    struct word_taker taker = {
        .reader = reader, .line = line, .kind = kind, .defanged = defanged, .status = OK};
    struct list_word word;
    for (size_t at = 0; taker.status == OK && list_word_next(text, &at, &word);) {
        bool masked = text_has_only(word.has, TEXT_HAS_DIGIT | TEXT_HAS_DOT) &&
                      take_with_mask(&taker, text, &at, &word);
        if (!masked) {
            take_word(&taker, &word);
        }
    }
    *out_taken = taker.taken;
    return taker.status;
}
