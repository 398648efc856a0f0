#include "query/ioc/top_level.h"

#include <libpsl.h>
#include <stdio.h>
#include <string.h>

/* The public suffix list has rules for all of the root zone but a few countries, of which it knows
 * what is below them only: so all of these (ISO 3166, as delegated) are here. */
static const char countries[] =
    " ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs"
    " bt bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec"
    " ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy"
    " hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz"
    " la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx"
    " my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re"
    " ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th"
    " tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm "
    "zw ";

/* What the public suffix list does not have. */
static const struct {
    const char *label;
    enum top_level level;
} others[] = {
    /* Names that no registry gives out and networks use all the same (RFC 2606, 6761, 6762, 8375,
     * 9476; ICANN: .internal). */
    {"test", TOP_LEVEL_ROOT},
    {"example", TOP_LEVEL_ROOT},
    {"invalid", TOP_LEVEL_ROOT},
    {"localhost", TOP_LEVEL_ROOT},
    {"local", TOP_LEVEL_ROOT},
    {"arpa", TOP_LEVEL_ROOT},
    {"internal", TOP_LEVEL_ROOT},
    {"alt", TOP_LEVEL_ROOT},
    {"onion", TOP_LEVEL_ROOT},
    {"lan", TOP_LEVEL_ROOT},
    {"corp", TOP_LEVEL_ROOT},
    {"home", TOP_LEVEL_ROOT},
    {"intra", TOP_LEVEL_ROOT},
    {"private", TOP_LEVEL_ROOT},
    {"localdomain", TOP_LEVEL_ROOT},
    /* Roots beside the root zone (Namecoin, Emercoin, OpenNIC, ENS, ...). */
    {"bit", TOP_LEVEL_ALTERNATIVE},
    {"bazar", TOP_LEVEL_ALTERNATIVE},
    {"coin", TOP_LEVEL_ALTERNATIVE},
    {"emc", TOP_LEVEL_ALTERNATIVE},
    {"eth", TOP_LEVEL_ALTERNATIVE},
    {"crypto", TOP_LEVEL_ALTERNATIVE},
    {"bbs", TOP_LEVEL_ALTERNATIVE},
    {"chan", TOP_LEVEL_ALTERNATIVE},
    {"cyb", TOP_LEVEL_ALTERNATIVE},
    {"dyn", TOP_LEVEL_ALTERNATIVE},
    {"epic", TOP_LEVEL_ALTERNATIVE},
    {"geek", TOP_LEVEL_ALTERNATIVE},
    {"gopher", TOP_LEVEL_ALTERNATIVE},
    {"indy", TOP_LEVEL_ALTERNATIVE},
    {"libre", TOP_LEVEL_ALTERNATIVE},
    {"neo", TOP_LEVEL_ALTERNATIVE},
    {"oss", TOP_LEVEL_ALTERNATIVE},
    {"oz", TOP_LEVEL_ALTERNATIVE},
    {"parody", TOP_LEVEL_ALTERNATIVE},
    {"pirate", TOP_LEVEL_ALTERNATIVE},
    {"fur", TOP_LEVEL_ALTERNATIVE},
    {"ku", TOP_LEVEL_ALTERNATIVE},
    {"ti", TOP_LEVEL_ALTERNATIVE},
    {"uu", TOP_LEVEL_ALTERNATIVE},
    {"ko", TOP_LEVEL_ALTERNATIVE},
    {"rm", TOP_LEVEL_ALTERNATIVE},
    {"loki", TOP_LEVEL_ALTERNATIVE},
    {"i2p", TOP_LEVEL_ALTERNATIVE},
    /* The same, but there are files with such an ending. */
    {"lib", TOP_LEVEL_UNCLEAR},
    {"null", TOP_LEVEL_UNCLEAR},
    {"te", TOP_LEVEL_UNCLEAR},
    {"o", TOP_LEVEL_UNCLEAR},
};

/* Those that most names have: asked first because that is cheap. */
static const char *const common[] = {"com",    "net",  "org",  "info", "xyz",  "top",   "biz",
                                     "online", "site", "shop", "club", "app",  "dev",   "live",
                                     "icu",    "pro",  "vip",  "fun",  "link", "store", "space"};

/* They are in order, three bytes apart. */
static bool is_country(const char *label)
{
    size_t low = 0;
    size_t high = sizeof countries / 3;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = memcmp(label, countries + 1 + middle * 3, 2);
        if (order == 0) {
            return true;
        }
        low = order > 0 ? middle + 1 : low;
        high = order > 0 ? high : middle;
    }
    return false;
}

static bool is_common(const char *label)
{
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        if (label[0] == common[i][0] && strcmp(label, common[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_rule(const char *name, int type)
{
    return psl_is_public_suffix2(psl_builtin(), name, type | PSL_TYPE_NO_STAR_RULE) != 0;
}

enum top_level top_level_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *label = dot ? dot + 1 : name;
    bool two = label[0] != '\0' && label[1] != '\0' && label[2] == '\0';
    if (two ? is_country(label) : is_common(label)) {
        return TOP_LEVEL_ROOT;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (others[i].label[0] == label[0] && strcmp(others[i].label, label) == 0) {
            return others[i].level;
        }
    }
    return has_rule(label, PSL_TYPE_ANY) ? TOP_LEVEL_ROOT : TOP_LEVEL_NONE;
}

/* Would any name be a suffix in this one's place? */
static bool is_wildcard(const char *name)
{
    char other[256];
    const char *dot = strchr(name, '.');
    int size = dot ? snprintf(other, sizeof other, "no-host-has-this%s", dot) : -1;
    return size > 0 && (size_t)size < sizeof other && has_rule(other, PSL_TYPE_PRIVATE);
}

bool top_level_is_public_suffix(const char *name)
{
    return has_rule(name, PSL_TYPE_ANY) && (has_rule(name, PSL_TYPE_ICANN) || !is_wildcard(name));
}
