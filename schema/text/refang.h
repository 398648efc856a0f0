/* Indicators are passed on "defanged", so that no one clicks on them: hxxps://evil[.]com. */
#ifndef SCHEMA_TEXT_REFANG_H
#define SCHEMA_TEXT_REFANG_H

#include "schema/base/buf.h"

/* Appends the text as it was before. Understood (iocextract's README):
 *   [.] (.) {.} \. and [dot] (dot) {dot}, with blanks around them, and _dot_  for .
 *   [@] (@) {@} and [at] (at) {at}                                            for @
 *   [:] [:]// [/] [//] and :\\                                                for : :// / // ://
 *   hxxp hxxps fxp, any case, at the front                                    for http https ftp
 * Anything else stays as it is. */
void refang(struct span text, struct buf *out);
/* How many bytes at the front of the text are such a mark; 0: none. */
size_t refang_mark(struct span text);
/* False when refang might change the text; cheap. */
bool refang_is_plain(struct span text);

#endif
