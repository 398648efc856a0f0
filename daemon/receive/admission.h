/* Who may be connected to a listening port. A client that has not shown what the port asks for (a
 * certificate, or, where none is asked for, the whole head of a request) is a newcomer: newcomers
 * have few places and little time, so that those who say nothing keep nobody else out. When their
 * places are taken, the one that has been silent longest makes room. Event loop's thread only. */
#ifndef DAEMON_RECEIVE_ADMISSION_H
#define DAEMON_RECEIVE_ADMISSION_H

#include "schema/base/clock.h"

/* From accept to a certificate, or to the head of the first request. */
#define ADMISSION_NEWCOMER_US (5 * CLOCK_SECOND_US)
/* A newcomer that has begun to speak keeps its place so long, however many come. */
#define ADMISSION_GRACE_US (CLOCK_SECOND_US / 4)

/* One connection's place; a part of it. */
struct admission_place {
    struct admission_place *next;
    struct admission_place *previous;
    int64_t since_us; /* accepted */
    int fd;           /* -1: the socket is closed, and the place free for others */
    bool known;       /* no newcomer any more */
    bool spoke;       /* bytes came; set by the owner, or by admission_ask when it sees them */
    bool reads;       /* what waits in the socket is read at the loop's next turn; by the owner */
};

struct admission_list {
    struct admission_place *first; /* the oldest */
    struct admission_place *last;
};

struct admission {
    /* immutable */
    int64_t places_max;
    int64_t newcomers_max;

    struct admission_list newcomers;
    struct admission_list known;
    int64_t count;       /* places that are taken */
    int64_t n_newcomers; /* of these */
};

enum admission_verdict {
    ADMISSION_ROOM,  /* there is a place */
    ADMISSION_EVICT, /* when the victim's connection is closed */
    ADMISSION_LATER, /* every newcomer's turn is now, or it has just begun: ask again soon */
    ADMISSION_FULL,  /* all places are taken by those who are known */
};

/* May one more come? ADMISSION_EVICT: *out_victim is to be closed first. */
enum admission_verdict admission_ask(struct admission *admission, int64_t now_us,
                                     struct admission_place **out_victim);
/* A newcomer, with its socket. */
void admission_enter(struct admission *admission, struct admission_place *place, int fd,
                     int64_t now_us);
/* It has shown what was asked for. Once is enough. */
void admission_know(struct admission *admission, struct admission_place *place);
/* Its socket is closed; it stays in the list. */
void admission_vacate(struct admission *admission, struct admission_place *place);
/* Takes it out of the list. */
void admission_leave(struct admission *admission, struct admission_place *place);
/* All in the lists: from place NULL on, until NULL. */
struct admission_place *admission_next(const struct admission *admission,
                                       const struct admission_place *place);

/* Connections to all listening ports together leave descriptors for the archive and uploads. */
struct admission_share {
    int64_t receive;
    int64_t serve;
    int64_t descriptors; /* what the system allows; 0: as many as are needed */
};
/* Raises the process's limit as far as it goes, and divides what that gives. */
struct admission_share admission_divide(int64_t receive_wanted);

#endif
