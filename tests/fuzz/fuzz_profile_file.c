/* A shared file of the AWS tools: a value is a part of the text, on one line, without white space
 * around it, and only of a section that is there. The first line is the name of the section. */
#include "daemon/ship/aws/profile_file.h"
#include "tests/fuzz/fuzz_target.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"aws_access_key_id", "region", "s3", ""};
    struct span text = span_of(data, size);
    const char *end = size > 0 ? memchr(data, '\n', size) : NULL;
    struct span name = span_of(text.data, end ? (size_t)(end - text.data) : text.size);
    text = span_from(text, name.size + (end ? 1 : 0));
    for (int kind = PROFILE_FILE_CREDENTIALS; kind <= PROFILE_FILE_SSO_SESSION; kind++) {
        bool there = profile_file_has(text, (enum profile_file_section)kind, name);
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
            struct span value =
                profile_file_value(text, (enum profile_file_section)kind, name, keys[i]);
            MUST_HOLD(there || !value.data);
            MUST_HOLD(value.size == 0 ||
                      (!memchr(value.data, '\n', value.size) && !is_blank(value.data[0]) &&
                       !is_blank(value.data[value.size - 1])));
            MUST_HOLD(!value.data || (value.data >= text.data &&
                                      value.data + value.size <= text.data + text.size));
        }
    }
    return 0;
}
