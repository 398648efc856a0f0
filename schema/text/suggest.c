#include "schema/text/suggest.h"

#include <string.h>

enum { NEAREST_WORD_MAX = 64 };

/* Levenshtein's distance; two neighbours changed over count as two edits. */
static size_t edits(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t row[NEAREST_WORD_MAX + 1];
    for (size_t j = 0; j <= b_size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best) {
                best = row[j] + 1;
            }
            if (row[j - 1] + 1 < best) {
                best = row[j - 1] + 1;
            }
            row[j] = best;
        }
    }
    return row[b_size];
}

const char *suggest_name(const char *word, const char *const *names, size_t count)
{
    size_t size = strlen(word);
    if (size > NEAREST_WORD_MAX) {
        return NULL;
    }
    size_t best = size / 3 > 2 ? size / 3 : 2;
    const char *found = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t name_size = strlen(names[i]);
        if (name_size > NEAREST_WORD_MAX) {
            continue;
        }
        size_t distance = edits(word, size, names[i], name_size);
        if (distance < name_size && (distance < best || (distance == best && !found))) {
            best = distance;
            found = names[i];
        }
    }
    return found;
}
