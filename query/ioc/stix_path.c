#include "query/ioc/stix_path.h"

/* STIX 2.1, section 9 (patterning) and the observable objects of section 6. */
static const struct {
    const char *path; /* one that ends with * is a beginning */
    enum observable_kind kind;
} paths[] = {
    {"ipv4-addr:value", OBSERVABLE_IP},
    {"ipv6-addr:value", OBSERVABLE_IP},
    {"domain-name:value", OBSERVABLE_DOMAIN},
    {"url:value", OBSERVABLE_URL},
    {"email-addr:value", OBSERVABLE_EMAIL},
    {"email-message:from_ref.value", OBSERVABLE_EMAIL},
    {"email-message:sender_ref.value", OBSERVABLE_EMAIL},
    {"file:hashes.*", OBSERVABLE_HASH},
    {"artifact:hashes.*", OBSERVABLE_HASH},
    {"file:name", OBSERVABLE_FILE},
    {"file:path", OBSERVABLE_FILE},
    {"directory:path", OBSERVABLE_FILE},
    {"file:parent_directory_ref.path", OBSERVABLE_FILE},
    {"process:name", OBSERVABLE_FILE},
    {"process:command_line", OBSERVABLE_FILE},
    {"process:binary_ref.name", OBSERVABLE_FILE},
    {"process:image_ref.name", OBSERVABLE_FILE},
    {"process:image_ref.hashes.*", OBSERVABLE_HASH},
    {"user-agent:value", OBSERVABLE_AGENT},
    {"user-account:user_id", OBSERVABLE_USER},
    {"user-account:account_login", OBSERVABLE_USER},
    {"x509-certificate:serial_number", OBSERVABLE_SERIAL},
    {"x509-certificate:hashes.*", OBSERVABLE_HASH},
    {"network-traffic:src_ref.value", OBSERVABLE_KINDS},
    {"network-traffic:dst_ref.value", OBSERVABLE_KINDS},
    {"network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'", OBSERVABLE_AGENT},
};

bool stix_path_kind(struct span path, enum observable_kind *out_kind)
{
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        size_t size = strlen(paths[i].path);
        bool part = paths[i].path[size - 1] == '*';
        size -= part;
        if ((part ? path.size > size : path.size == size) &&
            memcmp(path.data, paths[i].path, size) == 0) {
            *out_kind = paths[i].kind;
            return true;
        }
    }
    return false;
}

bool stix_path_is_beside(struct span path)
{
    static const char *const paths_beside[] = {
        "network-traffic:src_ref.type",
        "network-traffic:dst_ref.type",
        "network-traffic:dst_port",
        "network-traffic:src_port",
        "file:size",
        "file:mime_type",
    };
    for (size_t i = 0; i < sizeof paths_beside / sizeof paths_beside[0]; i++) {
        if (span_is(path, paths_beside[i])) {
            return true;
        }
    }
    return span_starts(path, "network-traffic:protocols");
}
