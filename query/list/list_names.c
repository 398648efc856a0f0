#include "query/list/list_internal.h"

#include "schema/base/hash64.h"
#include "schema/text/ascii.h"

enum { NAME_BYTES_MAX = 64, WORDS_MAX = 8, PLACEHOLDER_BYTES_MAX = 13 };

struct named {
    const char *name; /* lower case, letters and digits only */
    size_t size;
    enum list_role role;
    enum observable_kind kind;
};

#define KIND(name, kind)                                                                           \
    {                                                                                              \
        name, sizeof(name) - 1, LIST_ROLE_KIND, OBSERVABLE_##kind                                  \
    }
#define ROLE(name, role)                                                                           \
    {                                                                                              \
        name, sizeof(name) - 1, LIST_ROLE_##role, OBSERVABLE_KINDS                                 \
    }

/* Whole names: of columns and keys of feeds (URLhaus, ThreatFox, MISP, Sentinel, Zeek, DShield),
 * attribute types of the MISP core format, OTX and STIX. */
static const struct named whole_names[] = {
    ROLE("value", VALUE),
    ROLE("values", VALUE),
    ROLE("ioc", VALUE),
    ROLE("iocs", VALUE),
    ROLE("iocvalue", VALUE),
    ROLE("indicator", VALUE),
    ROLE("indicators", VALUE),
    ROLE("indicatorvalue", VALUE),
    ROLE("observable", VALUE),
    ROLE("observables", VALUE),
    ROLE("observablevalue", VALUE),
    ROLE("artifact", VALUE),
    ROLE("indicatorofcompromise", VALUE),
    ROLE("indicatorsofcompromise", VALUE),
    ROLE("type", TYPE),
    ROLE("kind", TYPE),
    ROLE("itype", TYPE),
    ROLE("ioctype", TYPE),
    ROLE("indicatortype", TYPE),
    ROLE("entitytype", TYPE),
    ROLE("observabletype", TYPE),
    ROLE("valuetype", TYPE),
    ROLE("hashtype", TYPE),
    ROLE("attributetype", TYPE),
    ROLE("datatype", TYPE),
    ROLE("confidence", CONFIDENCE),
    ROLE("confidencelevel", CONFIDENCE),
    ROLE("confidencescore", CONFIDENCE),
    ROLE("malware", ABOUT),
    ROLE("malwareprintable", ABOUT),
    ROLE("threat", ABOUT),
    ROLE("description", ABOUT),
    ROLE("comment", ABOUT),
    ROLE("comments", ABOUT),
    ROLE("note", ABOUT),
    ROLE("notes", ABOUT),
    ROLE("context", ABOUT),
    ROLE("start", START),
    ROLE("startip", START),
    ROLE("ipstart", START),
    ROLE("rangestart", START),
    ROLE("startaddress", START),
    ROLE("end", END),
    ROLE("endip", END),
    ROLE("ipend", END),
    ROLE("rangeend", END),
    ROLE("endaddress", END),
    ROLE("validuntil", UNTIL),
    ROLE("expirationdatetime", UNTIL),
    ROLE("toids", TO_IDS),
    KIND("domainip", KINDS),
    KIND("ipport", IP),
    KIND("ipsrc", IP),
    KIND("ipdst", IP),
    KIND("ipsrcport", IP),
    KIND("ipdstport", IP),
    KIND("hostnameport", DOMAIN),
    KIND("addr", IP),
    ROLE("link", REFERENCE),
    ROLE("href", REFERENCE),
    KIND("emailsrc", EMAIL),
    KIND("emaildst", EMAIL),
    KIND("file", FILE),
    KIND("filename", FILE),
    KIND("filenames", FILE),
    KIND("filepath", FILE),
    KIND("filepathname", FILE),
    KIND("path", FILE),
    KIND("directory", FILE),
    KIND("processname", FILE),
    KIND("useragent", AGENT),
    KIND("httpuseragent", AGENT),
    KIND("agent", AGENT),
    KIND("user", USER),
    KIND("username", USER),
    KIND("targetuser", USER),
    KIND("useraccount", USER),
    KIND("githubusername", USER),
    KIND("session", SESSION),
    KIND("sessionid", SESSION),
    KIND("sid", SESSION),
    KIND("serial", SERIAL),
    KIND("serialnumber", SERIAL),
    KIND("malwaresample", HASH),
    ROLE("source", REFERENCE),
    ROLE("sources", REFERENCE),
    ROLE("via", REFERENCE),
    ROLE("from", REFERENCE),
    ROLE("see", REFERENCE),
};

/* A word anywhere in the name: what is there is no indicator. */
static const struct named veto_words[] = {
    ROLE("reference", REFERENCE),
    ROLE("references", REFERENCE),
    ROLE("ref", REFERENCE),
    ROLE("refs", REFERENCE),
    ROLE("referer", REFERENCE),
    ROLE("links", REFERENCE),
    ROLE("link", REFERENCE),
    ROLE("href", REFERENCE),
    ROLE("permalink", REFERENCE),
    ROLE("report", REFERENCE),
    ROLE("reports", REFERENCE),
    ROLE("reporter", REFERENCE),
    ROLE("article", REFERENCE),
    ROLE("blog", REFERENCE),
    ROLE("blogs", REFERENCE),
    ROLE("advisory", REFERENCE),
    ROLE("author", REFERENCE),
    ROLE("authors", REFERENCE),
    ROLE("vendor", REFERENCE),
    ROLE("victim", REFERENCE),
    ROLE("victims", REFERENCE),
    ROLE("org", REFERENCE),
    ROLE("orgc", REFERENCE),
    ROLE("organization", REFERENCE),
    ROLE("organisation", REFERENCE),
    ROLE("urlhaus", REFERENCE),
    ROLE("contact", REFERENCE),
    ROLE("abuse", REFERENCE),
    ROLE("owner", REFERENCE),
    ROLE("registrar", REFERENCE),
    ROLE("registrant", REFERENCE),
    ROLE("creator", REFERENCE),
    ROLE("publisher", REFERENCE),
    ROLE("provider", REFERENCE),
    ROLE("credit", REFERENCE),
    ROLE("credits", REFERENCE),
    ROLE("screenshot", REFERENCE),
    ROLE("virustotal", REFERENCE),
    ROLE("vt", REFERENCE),
    ROLE("twitter", REFERENCE),
    ROLE("tweet", REFERENCE),
    ROLE("license", REFERENCE),
    ROLE("copyright", REFERENCE),
    ROLE("feed", REFERENCE),
    ROLE("schema", REFERENCE),
    ROLE("whois", REFERENCE),
    ROLE("meta", REFERENCE),
    ROLE("metadata", REFERENCE),
    ROLE("homepage", REFERENCE),
    ROLE("website", REFERENCE),
    ROLE("id", NONE),
    ROLE("ids", NONE),
    ROLE("uuid", NONE),
    ROLE("guid", NONE),
    ROLE("imphash", NONE),
    ROLE("ja3", NONE),
    ROLE("ja3s", NONE),
    ROLE("ja4", NONE),
    ROLE("jarm", NONE),
    ROLE("tlsh", NONE),
    ROLE("ssdeep", NONE),
    ROLE("authentihash", NONE),
    ROLE("telfhash", NONE),
    ROLE("vhash", NONE),
    ROLE("gimphash", NONE),
    ROLE("dhash", NONE),
    ROLE("pehash", NONE),
    ROLE("impfuzzy", NONE),
    ROLE("etag", NONE),
    ROLE("asn", NONE),
    ROLE("date", NONE),
    ROLE("time", NONE),
    ROLE("timestamp", NONE),
    ROLE("seen", NONE),
    ROLE("country", NONE),
    ROLE("port", NONE),
    ROLE("ports", NONE),
    ROLE("count", NONE),
    ROLE("score", NONE),
    ROLE("version", NONE),
    ROLE("created", NONE),
    ROLE("modified", NONE),
    ROLE("updated", NONE),
    ROLE("tags", NONE),
    ROLE("tag", NONE),
    ROLE("mime", NONE),
    ROLE("status", NONE),
    ROLE("state", NONE),
    ROLE("category", NONE),
    ROLE("usage", NONE),
    ROLE("size", NONE),
    ROLE("length", NONE),
};

/* The last word of the name, or the only one that says anything. */
static const struct named kind_words[] = {
    KIND("ip", IP),          KIND("ips", IP),          KIND("ipv4", IP),
    KIND("ipv6", IP),        KIND("cidr", IP),         KIND("cidrs", IP),
    KIND("prefix", IP),      KIND("prefixes", IP),     KIND("netblock", IP),
    KIND("subnet", IP),      KIND("network", IP),      KIND("range", IP),
    KIND("address", IP),     KIND("addresses", IP),    KIND("ipaddr", IP),
    KIND("ipaddress", IP),   KIND("ipaddresses", IP),  KIND("addr", IP),
    KIND("domain", DOMAIN),  KIND("domains", DOMAIN),  KIND("fqdn", DOMAIN),
    KIND("fqdns", DOMAIN),   KIND("hostname", DOMAIN), KIND("hostnames", DOMAIN),
    KIND("host", DOMAIN),    KIND("hosts", DOMAIN),    KIND("dns", DOMAIN),
    KIND("url", URL),        KIND("urls", URL),        KIND("uri", URL),
    KIND("uris", URL),       KIND("hash", HASH),       KIND("hashes", HASH),
    KIND("md5", HASH),       KIND("sha1", HASH),       KIND("sha256", HASH),
    KIND("sha512", HASH),    KIND("md5sum", HASH),     KIND("sha1sum", HASH),
    KIND("sha256sum", HASH), KIND("sha512sum", HASH),  KIND("email", EMAIL),
    KIND("emails", EMAIL),   KIND("mail", EMAIL),      KIND("sender", EMAIL),
};

struct words {
    char text[NAME_BYTES_MAX]; /* all of them, without what was between */
    size_t size;
    struct span items[WORDS_MAX];
    size_t count;
};

static bool is_word(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c);
}

/* sha-256 is one word; so is ip addr. */
static bool joins(struct span before, struct span word)
{
    return ascii_all_digits(word) && (span_is(before, "sha") || span_is(before, "md"));
}

static void add_word(struct words *words, size_t from)
{
    struct span word = span_of(words->text + from, words->size - from);
    if (words->count > 0 && joins(words->items[words->count - 1], word)) {
        words->items[words->count - 1].size += word.size;
    } else if (words->count < WORDS_MAX) {
        words->items[words->count++] = word;
    }
}

/* Words end where no letter or digit is, and where a capital follows a small letter. */
static bool split_words(struct span name, struct words *out)
{
    out->size = 0;
    out->count = 0;
    size_t from = 0;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool capital =
            c >= 'A' && c <= 'Z' && i > 0 && name.data[i - 1] >= 'a' && name.data[i - 1] <= 'z';
        if ((capital || !is_word(c)) && out->size > from) {
            add_word(out, from);
            from = out->size;
        }
        if (is_word(c)) {
            if (out->size == sizeof out->text) {
                return false;
            }
            out->text[out->size++] = ascii_lower(c);
        }
    }
    if (out->size > from) {
        add_word(out, from);
    }
    return out->count > 0;
}

static const struct named *find(const struct named *names, size_t count, struct span word)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].size == word.size && memcmp(names[i].name, word.data, word.size) == 0) {
            return &names[i];
        }
    }
    return NULL;
}

#define FIND(names, word) find(names, sizeof(names) / sizeof(names)[0], word)

static struct list_name found(const struct named *named, bool exact)
{
    return (struct list_name){.role = named->role, .kind = named->kind, .is_exact = exact};
}

struct list_name list_name_of(struct span name)
{
    struct words words;
    const struct named *named = NULL;
    while (name.size > 0 && memchr("#\"' \t", name.data[0], 5)) {
        name = span_from(name, 1);
    }
    name = span_from(name, span_starts(name, "Intel::") ? 7 : 0);
    if (name.size == 0 || !split_words(name, &words)) {
        return (struct list_name){.kind = OBSERVABLE_KINDS};
    }
    struct span whole = span_of(words.text, words.size);
    named = FIND(whole_names, whole);
    if (!named) {
        named = FIND(kind_words, whole);
    }
    if (named) {
        return found(named, true);
    }
    for (size_t i = 0; i < words.count && !named; i++) {
        named = FIND(veto_words, words.items[i]);
    }
    for (size_t i = words.count; i > 0 && !named; i--) {
        named = FIND(kind_words, words.items[i - 1]);
    }
    if (!named && words.count > 1 && span_is(words.items[words.count - 1], "value")) {
        return (struct list_name){.role = LIST_ROLE_VALUE, .kind = OBSERVABLE_KINDS};
    }
    return named ? found(named, false) : (struct list_name){.kind = OBSERVABLE_KINDS};
}

struct list_name list_known_name(struct list_reader *reader, struct span name)
{
    if (name.size == 0 || name.size > LIST_NAME_KEPT_BYTES) {
        return list_name_of(name);
    }
    struct list_kept_name *kept = &reader->names[hash64(name, 0) % LIST_NAMES_KEPT];
    if (!span_equal(name, span_of(kept->text, kept->size))) {
        kept->says = list_name_of(name);
        kept->size = (unsigned char)name.size;
        memcpy(kept->text, name.data, name.size);
    }
    return kept->says;
}

bool list_is_placeholder(struct span text)
{
    static const char *const nothing[] = {
        "n/a",           "na",      "none", "null", "nil", "unknown", "nan",
        "tbd",           "-",       "--",   "---",  "?",   "n.a.",    "undefined",
        "not available", "no data", "[]",   "{}",   "0",   "*",       "."};
    if (text.size == 0 || text.size > PLACEHOLDER_BYTES_MAX ||
        !memchr("nut-?[{0*.", ascii_lower(text.data[0]), 10)) {
        return text.size == 0;
    }
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        if (text.size == strlen(nothing[i]) && strncasecmp(text.data, nothing[i], text.size) == 0) {
            return true;
        }
    }
    return false;
}
