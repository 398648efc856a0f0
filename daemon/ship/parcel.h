/* An object on its way to a target, or found there. What is there under the key is the object when
 * it holds the same, however it was packed: another version of a library gives other bytes, and a
 * crash, an upgrade or a lost answer may lie between a plan and the next try. It is fetched and
 * unpacked, as a stream, only when its bytes are not ours. One thread. */
#ifndef DAEMON_SHIP_PARCEL_H
#define DAEMON_SHIP_PARCEL_H

#include "daemon/ship/object_codec.h"
#include "daemon/ship/target/target.h"

struct parcel {
    const char *key;
    enum object_codec codec;
    struct ledger_content content;
    struct span packed;
    struct digest packed_sha256;
};

/* OK: the target has the object under the key; *out_sent says how it is packed there. ERR_EXISTS:
 * something else has the key. Other errors as for target_put. */
MUST_USE enum status parcel_send(struct target *target, const struct parcel *parcel,
                                 enum target_put *out_put, struct ledger_sent *out_sent,
                                 struct err *err);

/* What is under the key, read and unpacked: OK when it holds that. ERR_EXISTS: something else, or
 * damaged. Other errors as for target_get. */
MUST_USE enum status parcel_find(struct target *target, const char *key, enum object_codec codec,
                                 const struct ledger_content *content, struct ledger_sent *out_sent,
                                 struct err *err);

#endif
