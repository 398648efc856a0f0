/* Who makes room for whom on a crowded port. */
#include "daemon/receive/admission.h"

#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/test.h"

enum { PLACES = 8, NEWCOMERS = 3 };

struct port {
    struct admission admission;
    struct admission_place places[PLACES];
    int clients[PLACES];
    int n;
};

static struct port new_port(void)
{
    return (struct port){.admission = {.places_max = PLACES - 1, .newcomers_max = NEWCOMERS}};
}

static struct admission_place *come(struct port *port, int64_t now_us)
{
    int pair[2];
    EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    struct admission_place *place = &port->places[port->n];
    port->clients[port->n++] = pair[1];
    admission_enter(&port->admission, place, pair[0], now_us);
    return place;
}

static void leave(struct port *port, struct admission_place *place)
{
    int fd = place->fd;
    admission_leave(&port->admission, place);
    (void)close(fd);
}

static void close_port(struct port *port)
{
    for (struct admission_place *place; (place = admission_next(&port->admission, NULL)) != NULL;) {
        leave(port, place);
    }
    EXPECT_INT(port->admission.count, 0);
    EXPECT_INT(port->admission.n_newcomers, 0);
    for (int i = 0; i < port->n; i++) {
        (void)close(port->clients[i]);
    }
}

TEST(oldest_silent_goes)
{
    struct port port = new_port();
    struct admission_place *victim = NULL;
    struct admission_place *first = come(&port, 0);
    struct admission_place *second = come(&port, 1);
    EXPECT(admission_ask(&port.admission, 2, &victim) == ADMISSION_ROOM);
    (void)come(&port, 2);
    EXPECT(admission_ask(&port.admission, 3, &victim) == ADMISSION_EVICT && victim == first);
    /* Bytes that the loop has not read yet count as speech. */
    EXPECT(write(port.clients[0], "x", 1) == 1);
    EXPECT(admission_ask(&port.admission, 3, &victim) == ADMISSION_EVICT && victim == second);
    EXPECT(first->spoke);
    leave(&port, second);
    EXPECT(admission_ask(&port.admission, 3, &victim) == ADMISSION_ROOM);
    close_port(&port);
}

TEST(who_speaks_has_grace)
{
    struct port port = new_port();
    struct admission_place *victim = NULL;
    struct admission_place *spoken[NEWCOMERS];
    for (int i = 0; i < NEWCOMERS; i++) {
        spoken[i] = come(&port, i);
        spoken[i]->spoke = true;
    }
    EXPECT(admission_ask(&port.admission, ADMISSION_GRACE_US - 1, &victim) == ADMISSION_LATER);
    EXPECT(admission_ask(&port.admission, ADMISSION_GRACE_US, &victim) == ADMISSION_EVICT);
    EXPECT(victim == spoken[0]);
    /* It is the loop's turn, not the client's. */
    EXPECT(write(port.clients[0], "x", 1) == 1);
    EXPECT(admission_ask(&port.admission, ADMISSION_GRACE_US, &victim) == ADMISSION_LATER);
    EXPECT(admission_ask(&port.admission, 2 * ADMISSION_GRACE_US, &victim) == ADMISSION_EVICT);
    EXPECT(victim == spoken[1]);
    spoken[0]->reads = false; /* what it sends is not read: that is no speech */
    EXPECT(admission_ask(&port.admission, 2 * ADMISSION_GRACE_US, &victim) == ADMISSION_EVICT);
    EXPECT(victim == spoken[0]);
    close_port(&port);
}

TEST(who_is_known_stays)
{
    struct port port = new_port();
    struct admission_place *victim = NULL;
    for (int i = 0; i < PLACES - 2; i++) {
        EXPECT(admission_ask(&port.admission, i, &victim) == ADMISSION_ROOM);
        admission_know(&port.admission, come(&port, i));
    }
    struct admission_place *last = come(&port, 10);
    EXPECT(admission_ask(&port.admission, 11, &victim) == ADMISSION_EVICT && victim == last);
    admission_know(&port.admission, last);
    admission_know(&port.admission, last);
    EXPECT(admission_ask(&port.admission, 11, &victim) == ADMISSION_FULL);
    int n = 0;
    for (struct admission_place *place = NULL;
         (place = admission_next(&port.admission, place)) != NULL;) {
        n++;
    }
    EXPECT_INT(n, PLACES - 1);
    int fd = last->fd;
    admission_vacate(&port.admission, last); /* its socket is gone, its request is not */
    (void)close(fd);
    EXPECT(admission_ask(&port.admission, 11, &victim) == ADMISSION_ROOM);
    EXPECT_INT(port.admission.count, PLACES - 2);
    admission_leave(&port.admission, last);
    close_port(&port);
}

TEST_MAIN(TEST_ENTRY(oldest_silent_goes), TEST_ENTRY(who_speaks_has_grace),
          TEST_ENTRY(who_is_known_stays))
