/* The terms of a value: what a whole-word search can find it by. One tokenizer for the FTS5
 * tables, for queries and for settling a match by the bytes.
 *
 * A value is cut into chunks (runs of letters, digits, _ and . - @ : / \ + %, trimmed of
 * punctuation at both ends), a chunk at / \ @ : + % into atoms, an atom at . and - into words. The
 * terms are all three, lower case: alice@example.com gives alice@example.com, alice, example.com,
 * example, com. Addresses and RFC 3339 times stay whole (with the port off beside it):
 * 203.0.113.7:22 gives 203.0.113.7:22, 203.0.113.7 and 22. IPv6 addresses are written out in full
 * (eight groups of four digits), IPv4-mapped ones as IPv4. A term is cut at TERM_BYTES_MAX. */
#ifndef SCHEMA_EVENT_TERM_H
#define SCHEMA_EVENT_TERM_H

#include "schema/base/buf.h"

enum { TERM_BYTES_MAX = 256 };

enum term_level { TERM_WORD, TERM_ATOM, TERM_CHUNK };

/* Called for each term; `first_word`..`last_word` count words of the value from 0: a chunk of
 * three words has the range of its words; a term with no finer one has its own. The term lives
 * until return. Returning non-zero stops and is handed back. */
typedef int term_each(void *context, struct span term, enum term_level level, uint32_t first_word,
                      uint32_t last_word);
int term_split(struct span value, term_each *each, void *context);

/* The words of a value in order (finest terms), each followed by a NUL, appended to out; returns
 * how many. What a phrase search compares. */
size_t term_words(struct span value, struct buf *out);

/* The words of a term that stands within a longer run of characters, where it is no IPv6 address
 * and no time: in 2001:db8::5-x and 2026-11-02T10:00:00Z= these are cut like anything else. Form
 * and result as of term_words. */
size_t term_cut_words(struct span term, struct buf *out);
/* True when the term may be a word by itself, as it stands. */
bool term_is_word(struct span term);
/* Where the term's last atom begins: behind the last of / \ @ : + % and what stands before a word.
 * term.size when there is none. */
size_t term_last_atom(struct span term);

/* The one term that the text as a whole is, for an unquoted search word: its chunk. False when the
 * text has no chunk or more than one (then it is a phrase). Appends the term to out. */
bool term_single(struct span text, struct buf *out);

/* A byte that words are made of (letters, digits, _ and all of UTF-8 beyond ASCII). */
bool term_is_letter(char c);
/* True when all of text is such bytes. */
bool term_is_plain(struct span text);

/* An address as it stands in terms: dotted IPv4, or IPv6 in full. False when text (without port
 * and brackets) is not an address. */
bool term_address(struct span text, struct buf *out);
/* An address in that form as 16 bytes, IPv4 mapped into IPv6. Cheap to ask of any term. */
bool term_address_bytes(struct span term, unsigned char out[16]);

#endif
