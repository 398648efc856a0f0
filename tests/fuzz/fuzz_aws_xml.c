/* An answer of a store: what is found in it stays within its bounds, and is a line where people
 * read it. */
#include "daemon/ship/aws/aws_xml.h"
#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[64];
    struct span body = span_of(data, size);
    bool there = aws_xml_text(body, "Message", text, sizeof text);
    MUST_HOLD(there || text[0] == '\0');
    for (const char *at = text; *at; at++) {
        MUST_HOLD(*at >= ' ' && *at <= '~');
    }
    struct span rest = body;
    struct span element;
    while (aws_xml_next(&rest, "Contents", &element)) {
        char exact[64];
        char decoded[64];
        MUST_HOLD(element.data >= body.data &&
                  element.data + element.size <= body.data + body.size);
        MUST_HOLD(rest.data + rest.size == body.data + body.size || rest.size == 0);
        bool whole = aws_xml_exact(element, "Key", false, exact, sizeof exact);
        if (aws_xml_exact(element, "Key", true, decoded, sizeof decoded) && whole) {
            MUST_HOLD(strlen(decoded) <= strlen(exact));
        }
        (void)aws_xml_text(element, "Size", text, sizeof text);
    }
    return 0;
}
