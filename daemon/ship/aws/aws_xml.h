/* Reading the XML that S3 and STS answer with: keys and tokens, which go back to the store,
 * exactly; what only people read as one line of ASCII. Pure. */
#ifndef DAEMON_SHIP_AWS_AWS_XML_H
#define DAEMON_SHIP_AWS_AWS_XML_H

#include "schema/base/err.h"
#include "schema/base/span.h"

/* The text between <name> and </name>: entities and numbers of characters resolved, every byte
 * kept; with `url` what is percent-encoded in it is resolved too ("+" is a space). False: it is not
 * there, longer than out_bytes - 1, or has a NUL in it. */
MUST_USE bool aws_xml_exact(struct span body, const char *name, bool url, char *out,
                            size_t out_bytes);

/* The next element of this name: what is between its tags into *out, and *rest begins behind it.
 * False: there is none; *rest is as it was. */
MUST_USE bool aws_xml_next(struct span *rest, const char *name, struct span *out);

/* The text between <name> and </name> as one line of ASCII: entities resolved, control characters
 * as spaces, others as '?', cut at out_bytes. False (and out empty) when it is not there. */
bool aws_xml_text(struct span body, const char *name, char *out, size_t out_bytes);

#endif
