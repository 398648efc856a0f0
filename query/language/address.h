/* Addresses as numbers: 16 bytes, IPv4 mapped into IPv6. */
#ifndef QUERY_LANGUAGE_ADDRESS_H
#define QUERY_LANGUAGE_ADDRESS_H

#include "schema/base/span.h"

/* Reads what a person writes: 10.0.0.1, 10.0.0.0/8, 2001:db8::/32, as its first and last address.
 * False when it is none. */
bool address_read_range(struct span text, unsigned char out_low[16], unsigned char out_high[16]);

#endif
