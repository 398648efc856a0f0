/* The columnar block: up to 16,384 lines as shapes and columns, and every line back, byte for byte.
 *
 * A column is all values of one path (schema/columnar/vocabulary.h) in the order of their lines.
 * Which lines have it follows from their shapes. It is kept in one of these ways:
 *   one      all values are the same one of the vocabulary
 *   ids      few different values: places in a list of the block, numbers of the vocabulary
 *   follows  the same, but nearly always told by what stands in another column of ids
 *   form     numbers, UUIDs, times, addresses (schema/columnar/value_form.h)
 *   text     the spellings, one behind the other
 * Of a form, and of what follows, up to one value in 32 may be otherwise: these are listed.
 * Values of ids, a form and text stand in the order of their lines, or so that those of lines of
 * one shape, or with one value of another column (a session, a user), stand together.
 *
 *     version                                             1 byte
 *     lines, shapes and values of the vocabulary used     varints
 *     columns; for each its path (difference), its way and form, its size; varints
 *       instead of a size the number of the one value
 *     checksum of the head
 *     shapes of the lines                                 ids, with checksum
 *     the other columns                                   each with checksum
 *
 * What cannot be cut, or does not pay, is a value of path 0, the line itself. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_H
#define SCHEMA_COLUMNAR_COLUMNAR_H

#include "schema/columnar/value_form.h"
#include "schema/columnar/vocabulary.h"

enum {
    COLUMNAR_LINES_MAX = 16384,
    COLUMNAR_COLUMNS_MAX = 1024,
};

/* Stored in files: never renumber. */
enum columnar_way {
    COLUMNAR_ONE = 1,
    COLUMNAR_IDS = 2,
    COLUMNAR_FOLLOWS = 3,
    COLUMNAR_FORM = 4,
    COLUMNAR_TEXT = 5,
};

/* Writing. One thread; it has the vocabulary, and remembers from block to block what paid. */
struct columnar_writer;

/* ERR_NOMEM. */
MUST_USE enum status columnar_writer_new(int level, struct columnar_writer **out_writer,
                                         struct err *err);
/* NULL is fine. */
void columnar_writer_free(struct columnar_writer *writer);

/* Before the first block: a part of the vocabulary that is stored, in order. */
MUST_USE enum status columnar_writer_add_part(struct columnar_writer *writer, struct span part,
                                              struct err *err);
const struct vocabulary *columnar_writer_vocabulary(const struct columnar_writer *writer);

struct columnar_written {
    uint32_t n_whole;  /* lines that were not cut */
    bool was_not_same; /* the lines made again differed: all of them were kept whole instead */
};

/* Appends a block of these lines (no newline behind them) to *block, and to *part what it adds to
 * the vocabulary (nothing, when it adds nothing): the two are to be stored together, when
 * columnar_check has read them. After a failure the writer is of no more use. ERR_NOMEM. */
MUST_USE enum status columnar_pack(struct columnar_writer *writer, const struct span *lines,
                                   size_t n_lines, struct buf *block, struct buf *part,
                                   struct columnar_written *out_written, struct err *err);

/* Appends a block of these lines, each kept whole: it needs nothing of a vocabulary. ERR_NOMEM. */
MUST_USE enum status columnar_pack_whole(const struct span *lines, size_t n_lines,
                                         struct buf *block, struct err *err);

/* Reads back what a writer has packed, as another process will read it: it has a vocabulary of its
 * own, made of the parts. A writer's checker shares nothing with it: one thread may check blocks
 * while another one packs those that follow. It lives as long as the writer. */
struct columnar_checker;
struct columnar_checker *columnar_writer_checker(struct columnar_writer *writer);

/* Before the block that came with it: a part, in the order in which they were packed. An empty one
 * is none. ERR_CORRUPT; ERR_NOMEM. */
MUST_USE enum status columnar_checker_add_part(struct columnar_checker *checker, struct span part,
                                               struct err *err);
/* Compares the lines with those of the block. If they differ, *block becomes one of these lines
 * kept whole, and *written says so. ERR_NOMEM; ERR_CORRUPT: these differ, too. */
MUST_USE enum status columnar_check(struct columnar_checker *checker, const struct span *lines,
                                    size_t n_lines, struct buf *block,
                                    struct columnar_written *written, struct err *err);
/* The block that was checked last is open in it. */
struct columnar_reader *columnar_checker_reader(const struct columnar_checker *checker);
/* Of the parts that were added. */
const struct vocabulary *columnar_checker_vocabulary(const struct columnar_checker *checker);

/* Both on one thread: appends a block of these lines, and its part, which were checked. */
MUST_USE enum status columnar_write(struct columnar_writer *writer, const struct span *lines,
                                    size_t n_lines, struct buf *block, struct buf *part,
                                    struct columnar_written *out_written, struct err *err);

/* Reading. One thread a reader; the vocabulary may be shared. */
struct columnar_reader;

MUST_USE enum status columnar_reader_new(const struct vocabulary *vocabulary,
                                         struct columnar_reader **out_reader, struct err *err);
void columnar_reader_free(struct columnar_reader *reader);

/* Begins with a block, which must stay where it is. ERR_CORRUPT; ERR_VERSION. */
MUST_USE enum status columnar_reader_open(struct columnar_reader *reader, struct span block,
                                          struct err *err);
/* Copies `size` bytes of a block from `offset` on to `to`; what it returns but OK is passed on. */
typedef enum status columnar_fetch(void *context, size_t offset, size_t size, char *to,
                                   struct err *err);
/* Begins with a block of `size` bytes, of which the reader fetches no more than it needs: the head
 * and the shapes now, each column when it is asked for. */
MUST_USE enum status columnar_reader_open_lazy(struct columnar_reader *reader, size_t size,
                                               columnar_fetch *fetch, void *context,
                                               struct err *err);
/* Whether the block could not be opened because the vocabulary is not all of the segment's. */
bool columnar_lacks_vocabulary(const struct columnar_reader *reader);
size_t columnar_line_count(const struct columnar_reader *reader);

/* Appends all lines of the block, a newline behind each. */
MUST_USE enum status columnar_read_lines(struct columnar_reader *reader, struct buf *out,
                                         struct err *err);

/* One column as it is kept. What a way does not have is NULL. */
struct columnar_column {
    uint32_t path;
    enum columnar_way way;
    size_t n_values;
    /* one, ids, follows: numbers of the vocabulary, ascending, and the place in them of each value
     * (NULL for one) */
    size_t n_ids;
    const uint64_t *ids;
    const uint16_t *places;
    /* form */
    struct value_form form;
    const uint64_t *numbers;
    const uint64_t *seconds; /* of UUIDs and endpoints */
    /* values that are not of the form: which, and their spellings */
    size_t n_odd;
    const uint64_t *odd;
    const struct span *odd_texts;
    /* text: value i is texts[start[i]] to texts[start[i + 1]], in quotes if is_quoted */
    bool is_quoted;
    const char *text;
    const uint64_t *start;
};

size_t columnar_column_count(const struct columnar_reader *reader);
/* The way of column i and its path; columns stand in ascending order of paths. */
enum columnar_way columnar_column_way(const struct columnar_reader *reader, size_t i,
                                      uint32_t *out_path);
/* Column i, which lives until the next block. ERR_CORRUPT. */
MUST_USE enum status columnar_column(struct columnar_reader *reader, size_t i,
                                     const struct columnar_column **out_column, struct err *err);
/* The ids of column i (one, ids, follows) without the places, which cost more; NULL and 0 of other
 * ways. Lives until the next block. ERR_CORRUPT. */
MUST_USE enum status columnar_column_ids(struct columnar_reader *reader, size_t i,
                                         const uint64_t **out_ids, size_t *out_n_ids,
                                         struct err *err);
/* The form of column i (form) without unpacking it, and whether it has odd values. */
enum value_form_kind columnar_column_form(const struct columnar_reader *reader, size_t i,
                                          bool *out_has_odd);
/* The numbers that column i (form) has, as they are packed: one of each value, in any order; of an
 * odd value, any. Less work than the column; for a look whether some number is among them. Live
 * until the next block. ERR_CORRUPT. */
struct columnar_numbers {
    const uint64_t *numbers;
    const uint64_t *seconds; /* as struct columnar_column has them */
    size_t count;
};
MUST_USE enum status columnar_column_numbers(struct columnar_reader *reader, size_t i,
                                             struct columnar_numbers *out_numbers, struct err *err);
/* The texts that column i (text) has, one behind the other as they are packed: each once where they
 * come again, in any order. Less work than the column; for a look whether some text is among them.
 * Live until the next block. ERR_CORRUPT. */
struct columnar_texts {
    const char *text;
    const uint64_t *start; /* text i ends where the next one starts */
    size_t count;
    bool is_quoted;
};
MUST_USE enum status columnar_column_texts(struct columnar_reader *reader, size_t i,
                                           struct columnar_texts *out_texts, struct err *err);
/* The lines that have column i, from 0: value k is of line slots[k]. NULL: all lines have it, and
 * value k is of line k. Needs the shapes alone; lives until the next block. ERR_NOMEM. */
MUST_USE enum status columnar_column_slots(struct columnar_reader *reader, size_t i,
                                           const uint16_t **out_slots, struct err *err);

#endif
