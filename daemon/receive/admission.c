/* Two lists of places, each in the order of coming, so that the one to make room is found at their
 * beginning. */
#include "daemon/receive/admission.h"

#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "schema/base/err.h"

enum { SERVE_PLACES_MAX = 32, DESCRIPTORS_KEPT = 256 };

static void append(struct admission_list *list, struct admission_place *place)
{
    place->next = NULL;
    place->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = place;
    list->last = place;
}

static void take_out(struct admission_list *list, struct admission_place *place)
{
    *(place->previous ? &place->previous->next : &list->first) = place->next;
    *(place->next ? &place->next->previous : &list->last) = place->previous;
}

/* What it sent may wait in the socket for the loop's turn: then it is not the client that is slow.
 */
static bool waits_for_us(struct admission_place *place)
{
    char byte;
    bool waits = place->reads && recv(place->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
    place->spoke = place->spoke || waits;
    return waits;
}

/* The first that never spoke, else the first that is over its grace. */
static struct admission_place *find_victim(struct admission *admission, int64_t now_us)
{
    for (struct admission_place *place = admission->newcomers.first; place; place = place->next) {
        if (place->fd >= 0 && !place->spoke && !waits_for_us(place)) {
            return place;
        }
    }
    for (struct admission_place *place = admission->newcomers.first; place; place = place->next) {
        if (now_us - place->since_us < ADMISSION_GRACE_US) {
            return NULL; /* and so have all behind it */
        }
        if (place->fd >= 0 && !waits_for_us(place)) {
            return place;
        }
    }
    return NULL;
}

enum admission_verdict admission_ask(struct admission *admission, int64_t now_us,
                                     struct admission_place **out_victim)
{
    if (admission->count < admission->places_max &&
        admission->n_newcomers < admission->newcomers_max) {
        return ADMISSION_ROOM;
    }
    if (admission->n_newcomers == 0) {
        return ADMISSION_FULL;
    }
    struct admission_place *victim = find_victim(admission, now_us);
    if (!victim) {
        return ADMISSION_LATER;
    }
    *out_victim = victim;
    return ADMISSION_EVICT;
}

void admission_enter(struct admission *admission, struct admission_place *place, int fd,
                     int64_t now_us)
{
    *place = (struct admission_place){.since_us = now_us, .fd = fd, .reads = true};
    append(&admission->newcomers, place);
    admission->count++;
    admission->n_newcomers++;
}

void admission_know(struct admission *admission, struct admission_place *place)
{
    if (!place->known) {
        CHECK(place->fd >= 0);
        take_out(&admission->newcomers, place);
        append(&admission->known, place);
        place->known = true;
        admission->n_newcomers--;
    }
}

void admission_vacate(struct admission *admission, struct admission_place *place)
{
    if (place->fd >= 0) {
        place->fd = -1;
        admission->count--;
        admission->n_newcomers -= !place->known;
    }
}

void admission_leave(struct admission *admission, struct admission_place *place)
{
    admission_vacate(admission, place);
    take_out(place->known ? &admission->known : &admission->newcomers, place);
}

struct admission_place *admission_next(const struct admission *admission,
                                       const struct admission_place *place)
{
    struct admission_place *next = place ? place->next : admission->newcomers.first;
    bool end = !next && (!place || !place->known);
    return end ? admission->known.first : next;
}

struct admission_share admission_divide(int64_t receive_wanted)
{
    struct admission_share share = {.receive = receive_wanted, .serve = SERVE_PLACES_MAX};
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return share;
    }
    rlim_t needed = (rlim_t)(share.receive + share.serve) + DESCRIPTORS_KEPT;
    if (limit.rlim_cur < needed) {
        limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) {
        return share;
    }
    int64_t most = (int64_t)limit.rlim_cur;
    int64_t spare = most > 2 * DESCRIPTORS_KEPT ? most - DESCRIPTORS_KEPT : most / 2;
    int64_t serve = spare / 8 < SERVE_PLACES_MAX ? spare / 8 : SERVE_PLACES_MAX;
    share.serve = serve > 1 ? serve : 1;
    share.receive = spare - share.serve < receive_wanted ? spare - share.serve : receive_wanted;
    share.receive = share.receive > 1 ? share.receive : 1;
    share.descriptors = most;
    return share;
}
