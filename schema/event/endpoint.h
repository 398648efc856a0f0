/* Endpoint: an address with a port, as Teleport writes addr.remote: "203.0.113.7:49152",
 * "[2001:db8::1]:443". Addresses repeat, ports of clients do not: a column keeps them apart. */
#ifndef SCHEMA_EVENT_ENDPOINT_H
#define SCHEMA_EVENT_ENDPOINT_H

#include "schema/base/span.h"

enum { ENDPOINT_PORT_BYTES_MAX = 6 }; /* ":65535" */

/* The address of an endpoint, brackets included, and its port (1 to 65535). Anything that these
 * two would not write back byte for byte is not an endpoint: the whole value comes back, with port
 * 0.
 */
struct span endpoint_split(struct span value, uint16_t *out_port);

#endif
