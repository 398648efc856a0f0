/* Addresses as numbers: 16 bytes, IPv4 mapped into IPv6. */
#ifndef QUERY_ADDRESS_H
#define QUERY_ADDRESS_H

#include "schema/base/span.h"

/* Reads what a person writes: 10.0.0.1, 10.0.0.0/8, 2001:db8::/32, as its first and last address.
 * False when it is none. */
bool address_read_range(struct span text, unsigned char out_low[16], unsigned char out_high[16]);

/* The beginning that every term of an address in the range has, into out; its length (0: none). */
size_t address_term_prefix(const unsigned char low[16], const unsigned char high[16], char out[64]);

#endif
