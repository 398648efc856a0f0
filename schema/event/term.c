/* Splits values into terms: words, and what is written together. Pure functions, any thread; the
 * tokenizer of FTS5 uses the same. */
#include "schema/event/term.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "schema/base/clock.h"
#include "schema/base/utf8.h"
#include "schema/text/ascii.h"

/* What a byte is to the tokenizer. Bytes of UTF-8 sequences are letters. */
enum byte_class { SEPARATOR, LETTER, SOFT, HARD };

static enum byte_class class_of(char c)
{
    /* By byte value, 16 a row: '0' separator, '1' letter, digit or _, '2' . and -, '3' / \\ @ : + %
     */
    static const char classes[] = "0000000000000000"
                                  "0000000000000000"
                                  "0000030000030223"
                                  "1111111111300000"
                                  "3111111111111111"
                                  "1111111111103001"
                                  "0111111111111111"
                                  "1111111111100000"
                                  "1111111111111111"
                                  "1111111111111111"
                                  "1111111111111111"
                                  "1111111111111111"
                                  "1111111111111111"
                                  "1111111111111111"
                                  "1111111111111111"
                                  "1111111111111111";
    return (enum byte_class)(classes[(unsigned char)c] - '0');
}

struct splitter {
    term_each *each;
    void *context;
    uint32_t words; /* so far */
};

static int emit(struct splitter *splitter, struct span text, enum term_level level,
                uint32_t first_word)
{
    char term[TERM_BYTES_MAX];
    if (text.size > TERM_BYTES_MAX) {
        text.size = TERM_BYTES_MAX;
    }
    size_t size = utf8_lower_copy(text, term);
    return splitter->each(splitter->context, span_of(term, size), level, first_word,
                          splitter->words - 1);
}

static struct span trim(struct span text)
{
    while (text.size > 0 && class_of(text.data[0]) != LETTER) {
        text = span_from(text, 1);
    }
    while (text.size > 0 && class_of(text.data[text.size - 1]) != LETTER) {
        text.size--;
    }
    return text;
}

/* Dotted IPv4: four numbers of 0-255 without leading zeros. */
static bool read_ipv4(struct span text, unsigned char out[4])
{
    if (text.size < 7 || text.size > 15) {
        return false;
    }
    unsigned parts = 1;
    unsigned value = 0;
    unsigned digits = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '.') {
            if (digits == 0 || parts == 4) {
                return false;
            }
            out[parts++ - 1] = (unsigned char)value;
            value = digits = 0;
        } else if (ascii_is_digit(c)) {
            if (digits > 0 && value == 0) {
                return false;
            }
            value = value * 10 + (unsigned)(c - '0');
            if (++digits > 3 || value > 255) {
                return false;
            }
        } else {
            return false;
        }
    }
    out[3] = (unsigned char)value;
    return parts == 4 && digits > 0;
}

static bool is_ipv4(struct span text)
{
    unsigned char address[4];
    return read_ipv4(text, address);
}

/* An IPv6 address, zone and all, as it stands in terms. Returns its size, 0 when it is none. */
static size_t ipv6_term(struct span text, char out[64])
{
    const char *zone = memchr(text.data, '%', text.size);
    if (zone) {
        text.size = (size_t)(zone - text.data);
    }
    char copy[64];
    if (text.size < 2 || text.size >= sizeof copy) {
        return 0;
    }
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    unsigned char raw[16];
    if (inet_pton(AF_INET6, copy, raw) != 1) {
        return 0;
    }
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    int n = 0;
    if (memcmp(raw, mapped, sizeof mapped) == 0) {
        n = snprintf(out, 64, "%u.%u.%u.%u", raw[12], raw[13], raw[14], raw[15]);
    } else {
        for (size_t i = 0; i < 16; i += 2) {
            n += snprintf(out + n, 64 - (size_t)n, "%s%02x%02x", i ? ":" : "", raw[i], raw[i + 1]);
        }
    }
    return (size_t)n;
}

static bool maybe_ipv6(struct span text)
{
    size_t colons = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '%') {
            break;
        }
        if (c == ':') {
            colons++;
        } else if (ascii_hex_digit(c) < 0 && c != '.') {
            return false;
        }
    }
    return colons >= 2;
}

/* An atom: its words, then itself if it has several (or when it is known to be one word). */
static int split_atom(struct splitter *splitter, struct span atom, enum term_level level)
{
    uint32_t first = splitter->words;
    if (is_ipv4(atom)) {
        splitter->words++;
        return emit(splitter, atom, level, first);
    }
    size_t at = 0;
    bool several = false;
    for (size_t i = 0; i <= atom.size; i++) {
        if (i < atom.size && class_of(atom.data[i]) == LETTER) {
            continue;
        }
        several = several || i < atom.size;
        if (i > at && several) {
            uint32_t word = splitter->words++;
            int stop = emit(splitter, span_of(atom.data + at, i - at), TERM_WORD, word);
            if (stop) {
                return stop;
            }
        }
        at = i + 1;
    }
    if (!several) {
        splitter->words++;
    }
    return emit(splitter, atom, level, first);
}

static int split_atoms(struct splitter *splitter, struct span chunk)
{
    size_t at = 0;
    for (size_t i = 0; i <= chunk.size; i++) {
        if (i < chunk.size && class_of(chunk.data[i]) != HARD) {
            continue;
        }
        struct span atom = trim(span_of(chunk.data + at, i - at));
        int stop = atom.size > 0 ? split_atom(splitter, atom, TERM_ATOM) : 0;
        if (stop) {
            return stop;
        }
        at = i + 1;
    }
    return 0;
}

/* `run` is a whole run of chunk bytes, not trimmed: an address may begin with "::". */
static int split_chunk(struct splitter *splitter, struct span run)
{
    uint32_t first = splitter->words;
    char address[64];
    size_t size = maybe_ipv6(run) ? ipv6_term(run, address) : 0;
    if (size > 0) {
        splitter->words++;
        return emit(splitter, span_of(address, size), TERM_CHUNK, first);
    }
    struct span chunk = trim(run);
    if (chunk.size == 0) {
        return 0;
    }
    for (size_t i = 0; i < chunk.size; i++) {
        if (class_of(chunk.data[i]) == HARD) {
            int stop = split_atoms(splitter, chunk);
            return stop ? stop : emit(splitter, chunk, TERM_CHUNK, first);
        }
    }
    return split_atom(splitter, chunk, TERM_CHUNK);
}

static bool is_time(struct span value)
{
    int64_t time_us;
    return value.size >= 20 && value.size <= 35 && value.data[4] == '-' &&
           clock_parse_rfc3339(value, &time_us);
}

int term_split(struct span value, term_each *each, void *context)
{
    struct splitter splitter = {.each = each, .context = context};
    if (is_time(value)) {
        splitter.words = 1;
        return emit(&splitter, value, TERM_CHUNK, 0);
    }
    size_t at = 0;
    while (at < value.size) {
        while (at < value.size && class_of(value.data[at]) == SEPARATOR) {
            at++;
        }
        size_t end = at;
        while (end < value.size && class_of(value.data[end]) != SEPARATOR) {
            end++;
        }
        int stop = end > at ? split_chunk(&splitter, span_of(value.data + at, end - at)) : 0;
        if (stop) {
            return stop;
        }
        at = end;
    }
    return 0;
}

struct words {
    struct buf *out;
    size_t count;
};

static int add_word(void *context, struct span term, enum term_level level, uint32_t first_word,
                    uint32_t last_word)
{
    (void)level;
    struct words *words = context;
    if (first_word == last_word) {
        buf_add_span(words->out, term);
        buf_add_char(words->out, '\0');
        words->count++;
    }
    return 0;
}

size_t term_words(struct span value, struct buf *out)
{
    struct words words = {.out = out};
    (void)term_split(value, add_word, &words);
    return words.count;
}

size_t term_cut_words(struct span term, struct buf *out)
{
    struct words words = {.out = out};
    struct splitter splitter = {.each = add_word, .context = &words};
    (void)split_atoms(&splitter, term);
    return words.count;
}

bool term_is_word(struct span term)
{
    struct buf words = BUF_INIT;
    bool one = term_words(term, &words) == 1 && words.size == term.size + 1 &&
               memcmp(words.data, term.data, term.size) == 0;
    buf_fini(&words);
    return one;
}

size_t term_last_atom(struct span term)
{
    size_t at = term.size;
    while (at > 0 && class_of(term.data[at - 1]) != HARD) {
        at--;
    }
    while (at < term.size && class_of(term.data[at]) != LETTER) {
        at++;
    }
    return at;
}

static int add_chunk(void *context, struct span term, enum term_level level, uint32_t first_word,
                     uint32_t last_word)
{
    (void)first_word;
    (void)last_word;
    struct words *words = context;
    if (level == TERM_CHUNK) {
        if (words->count++ > 0) {
            return 1;
        }
        buf_add_span(words->out, term);
    }
    return 0;
}

bool term_single(struct span text, struct buf *out)
{
    size_t before = out->size;
    struct words words = {.out = out};
    (void)term_split(text, add_chunk, &words);
    if (words.count != 1) {
        out->size = before;
    }
    return words.count == 1;
}

bool term_address(struct span text, struct buf *out)
{
    if (is_ipv4(text)) {
        buf_add_span(out, text);
        return true;
    }
    char address[64];
    size_t size = maybe_ipv6(text) ? ipv6_term(text, address) : 0;
    buf_add(out, address, size);
    return size > 0;
}

bool term_address_bytes(struct span term, unsigned char out[16])
{
    enum { IPV6_TERM_BYTES = 39 };
    char copy[IPV6_TERM_BYTES + 1];
    unsigned char four[4];
    if (read_ipv4(term, four)) {
        memset(out, 0, 10);
        memset(out + 10, 0xff, 2);
        memcpy(out + 12, four, sizeof four);
        return true;
    }
    if (term.size != IPV6_TERM_BYTES || term.data[4] != ':') {
        return false;
    }
    memcpy(copy, term.data, term.size);
    copy[term.size] = '\0';
    return inet_pton(AF_INET6, copy, out) == 1;
}

bool term_is_letter(char c)
{
    return class_of(c) == LETTER;
}

bool term_is_plain(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (class_of(text.data[i]) != LETTER) {
            return false;
        }
    }
    return true;
}
