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

/* Names that no registry gives out and networks use all the same (RFC 2606, 6761, 6762, 8375,
 * 9476; ICANN: .internal). */
static const char special[] =
    " test example invalid localhost local arpa internal alt onion lan corp home intra private"
    " localdomain ";

/* Roots beside the root zone (Namecoin, Emercoin, OpenNIC, ENS, ...). */
static const char alternative[] =
    " bit bazar coin emc eth crypto bbs chan cyb dyn epic geek gopher indy libre neo oss oz parody"
    " pirate fur ku ti uu ko rm loki i2p ";
static const char unclear[] = " lib null te o ";

/* Those that most names have: asked first because that is cheap. */
static const char *const common[] = {"com",    "net",  "org",  "info", "xyz",  "top",   "biz",
                                     "online", "site", "shop", "club", "app",  "dev",   "live",
                                     "icu",    "pro",  "vip",  "fun",  "link", "store", "space"};

/* `names` have a blank on both sides. */
static bool is_among(const char *names, const char *label)
{
    size_t size = strlen(label);
    for (const char *at = strstr(names, label); at; at = strstr(at + 1, label)) {
        if (at[-1] == ' ' && at[size] == ' ') {
            return true;
        }
    }
    return false;
}

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
    if (label[0] != '\0' && label[1] != '\0' && label[2] == '\0' ? is_country(label)
                                                                 : is_common(label)) {
        return TOP_LEVEL_ROOT;
    }
    if (has_rule(label, PSL_TYPE_ANY) || is_among(special, label)) {
        return TOP_LEVEL_ROOT;
    }
    return is_among(alternative, label) ? TOP_LEVEL_ALTERNATIVE
           : is_among(unclear, label)   ? TOP_LEVEL_UNCLEAR
                                        : TOP_LEVEL_NONE;
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
