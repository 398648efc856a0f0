/* A network as a regular expression over the terms of a value. */
#ifndef QUERY_LAKE_LAKE_NETWORK_H
#define QUERY_LAKE_LAKE_NETWORK_H

#include "schema/base/buf.h"

/* Appends an expression that finds a term, with a blank before and behind it, that is an address
 * from low to high: those of one network (query/language/address.h). */
void lake_network_shape(const unsigned char low[16], const unsigned char high[16], struct buf *out);

#endif
