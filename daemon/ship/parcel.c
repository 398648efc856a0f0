#include "daemon/ship/parcel.h"

#include "daemon/ship/object_unpack.h"

/* An object on its way from the target. */
struct find {
    struct object_unpack *unpack;
    struct digest_stream *digest; /* of the bytes as they are there */
    int64_t bytes;
};

static enum status on_bytes(void *context, struct span bytes, struct err *err)
{
    struct find *find = context;
    digest_stream_add(find->digest, bytes);
    find->bytes += (int64_t)bytes.size;
    return object_unpack_add(find->unpack, bytes, err);
}

static enum status read_content(struct find *find, struct target *target, const char *key,
                                struct ledger_content *out_content, struct err *err)
{
    struct err other;
    enum status status = target_get(target, key, on_bytes, find, NULL, err);
    if (status != OK && status != ERR_CORRUPT) {
        return status;
    }
    /* It came whole, and may not have the digest that the store keeps beside it: who packs it again
     * may have left that as it was. What it holds decides. */
    return object_unpack_finish(find->unpack, out_content, status == OK ? err : &other);
}

enum status parcel_find(struct target *target, const char *key, enum object_codec codec,
                        const struct ledger_content *content, struct ledger_sent *out_sent,
                        struct err *err)
{
    struct find find = {.digest = digest_stream_new()};
    struct ledger_content there;
    struct err why;
    if (!find.digest) {
        return err_nomem(err, "ship");
    }
    enum status status = object_unpack_new(codec, content->bytes, &find.unpack, &why);
    status = THEN(status, read_content(&find, target, key, &there, &why));
    object_unpack_free(find.unpack);
    struct digest sha256 = digest_stream_finish(find.digest);
    if (status == OK && !ledger_content_equal(&there, content)) {
        status = err_set(&why, ERR_CORRUPT, "it holds other events");
    }
    if (status == ERR_CORRUPT) {
        return err_set(err, ERR_EXISTS, "%s", why.text);
    }
    if (status != OK) {
        (void)err_copy(err, &why);
        return status;
    }
    *out_sent = (struct ledger_sent){.bytes = find.bytes, .sha256 = sha256};
    return OK;
}

enum status parcel_send(struct target *target, const struct parcel *parcel,
                        enum target_put *out_put, struct ledger_sent *out_sent, struct err *err)
{
    const struct target_object object = {
        .key = parcel->key,
        .bytes = parcel->packed,
        .sha256 = &parcel->packed_sha256,
        .content_type = object_codec_content_type(parcel->codec),
    };
    enum status status = target_put(target, &object, out_put, err);
    if (status == OK) {
        *out_sent = (struct ledger_sent){.bytes = (int64_t)parcel->packed.size,
                                         .sha256 = parcel->packed_sha256};
        (void)object_codec_library(parcel->codec, out_sent->library);
    }
    if (status != ERR_EXISTS) {
        return status;
    }
    struct err why;
    status = parcel_find(target, parcel->key, parcel->codec, &parcel->content, out_sent, &why);
    if (status == ERR_EXISTS) {
        return status; /* as the put said it */
    }
    if (status == ERR_NOT_FOUND) { /* went away meanwhile: the next try makes it */
        return err_set(err, ERR_NET, "%s went away while it was compared", parcel->key);
    }
    if (status != OK) {
        (void)err_copy(err, &why);
        return status;
    }
    *out_put = TARGET_WAS_THERE;
    return OK;
}
