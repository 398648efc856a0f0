/* Keys: what observables and indicators meet by, as 40 bits of a hash. Equal normal forms have
 * equal keys; unequal ones hardly ever, and the event's bytes decide it. Part of the file format
 * (schema/block/observable_index.h): never change them. Any thread. */
#ifndef SCHEMA_EVENT_OBSERVABLE_KEY_H
#define SCHEMA_EVENT_OBSERVABLE_KEY_H

#include "schema/event/observable.h"

enum { OBSERVABLE_KEY_BITS = 40, OBSERVABLE_KEY_ADDRESS_BYTES = 16 };

/* The key of an indicator. Of a URL: without its scheme. */
uint64_t observable_key(enum observable_kind kind, struct span normal);
/* Of an address as 16 bytes. */
uint64_t observable_key_of_address(const unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES]);

/* Calls `each` with the keys of the indicators that an observable can be: a domain and those above
 * it; a file by its whole path and by its last part; any user agent by the empty one, too. */
typedef void observable_key_each(void *context, uint64_t key);
void observable_key_all(enum observable_kind kind, struct span normal, observable_key_each *each,
                        void *context);

/* The last part of a path. */
struct span observable_key_file_name(struct span file);

#endif
