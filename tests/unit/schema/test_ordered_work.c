/* Work on a ring of slots: in order, each once, bounded, whatever threads do. */
#include "schema/base/ordered_work.h"

#include <signal.h>
#include <stdatomic.h>

#include "schema/base/lock.h"
#include "tests/support/test.h"

enum { SLOTS = 5, ROUNDS = 2000 };

struct slot {
    int given;
    int made;
    int worker;
};

/* Of each number of threads. */
struct world {
    struct slot slots[SLOTS];
    int numbers[ORDERED_WORK_WORKERS_MAX];
    struct ordered_work *work;
};

static _Atomic int works; /* how often work was called */
static struct err err;

static void double_it(void *worker, void *context)
{
    struct slot *slot = context;
    slot->made = 2 * slot->given;
    slot->worker = *(const int *)worker;
    atomic_fetch_add(&works, 1);
}

static void begin(struct world *world, size_t n_workers, void (*work)(void *worker, void *slot))
{
    struct ordered_work_options options = {.work = work,
                                           .n_workers = n_workers,
                                           .slots = world->slots,
                                           .n_slots = SLOTS,
                                           .slot_bytes = sizeof world->slots[0]};
    for (size_t i = 0; i < n_workers; i++) {
        world->numbers[i] = (int)i;
        options.workers[i] = &world->numbers[i];
    }
    EXPECT_OK(ordered_work_new(&options, &world->work, &err), err);
}

TEST(comes_out_in_order_each_once)
{
    for (size_t n_workers = 1; n_workers <= ORDERED_WORK_WORKERS_MAX; n_workers++) {
        struct world world = {.work = NULL};
        int given = 0;
        int taken = 0;
        atomic_store(&works, 0);
        begin(&world, n_workers, double_it);
        while (taken < ROUNDS) {
            struct slot *slot;
            while (given < ROUNDS && (slot = ordered_work_next(world.work))) {
                slot->given = given++;
                ordered_work_give(world.work);
                EXPECT_INT(ordered_work_count(world.work), given - taken);
            }
            slot = ordered_work_take(world.work);
            EXPECT(slot && slot->given == taken && slot->made == 2 * taken);
            taken++;
        }
        EXPECT(ordered_work_take(world.work) == NULL);
        EXPECT_INT(atomic_load(&works), ROUNDS);
        ordered_work_free(world.work);
    }
}

TEST(bounded_by_its_slots)
{
    struct world world = {.work = NULL};
    begin(&world, 1, double_it);
    for (int i = 0; i < SLOTS; i++) {
        EXPECT(ordered_work_next(world.work) == &world.slots[i]);
        ordered_work_give(world.work);
    }
    EXPECT(ordered_work_next(world.work) == NULL);
    struct slot *first = ordered_work_take(world.work);
    EXPECT(first == &world.slots[0]);
    EXPECT(ordered_work_next(world.work) == NULL); /* the one taken is looked at yet */
    EXPECT(ordered_work_take(world.work) == &world.slots[1]);
    EXPECT(ordered_work_next(world.work) == first);
    ordered_work_free(world.work);
}

/* The first slot is not done before another thread has done the second. */
static struct lock lock;
static struct condition changed;
static bool second_done;

static void wait_for_second(void *worker, void *context)
{
    struct slot *slot = context;
    lock_take(&lock);
    while (slot->given == 0 && !second_done) {
        condition_wait(&changed, &lock);
    }
    second_done = second_done || slot->given == 1;
    condition_broadcast(&changed);
    lock_drop(&lock);
    slot->worker = *(const int *)worker;
}

TEST(several_are_worked_on_at_once)
{
    struct world world = {.work = NULL};
    lock_init(&lock);
    condition_init(&changed);
    begin(&world, 2, wait_for_second);
    for (int i = 0; i < 2; i++) {
        struct slot *slot = ordered_work_next(world.work);
        slot->given = i;
        ordered_work_give(world.work);
    }
    struct slot first = *(struct slot *)ordered_work_take(world.work);
    struct slot second = *(struct slot *)ordered_work_take(world.work);
    EXPECT_INT(first.given, 0);
    EXPECT_INT(second.given, 1);
    EXPECT(first.worker != second.worker);
    ordered_work_free(world.work);
    condition_fini(&changed);
    lock_fini(&lock);
}

static _Atomic int blocked; /* threads beside the caller's that take SIGINT */

static void look_at_signals(void *worker, void *context)
{
    sigset_t mask;
    (void)context;
    EXPECT(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0);
    bool takes = sigismember(&mask, SIGINT) == 0;
    atomic_fetch_add(&blocked, takes != (*(const int *)worker == 0));
}

TEST(signals_are_left_to_the_caller)
{
    struct world world = {.work = NULL};
    begin(&world, 3, look_at_signals);
    for (int i = 0; i < 100; i++) {
        while (ordered_work_next(world.work)) {
            ordered_work_give(world.work);
        }
        EXPECT(ordered_work_take(world.work) != NULL);
    }
    ordered_work_free(world.work); /* what is under way is waited for or left */
    EXPECT_INT(atomic_load(&blocked), 0);
}

TEST(threads)
{
    EXPECT(ordered_work_threads(0) >= 1);
    EXPECT_INT(ordered_work_threads(1), 1);
    EXPECT_INT(ordered_work_threads(3), 3);
    EXPECT_INT(ordered_work_threads(1000), ORDERED_WORK_WORKERS_MAX);
}

TEST_MAIN(TEST_ENTRY(comes_out_in_order_each_once), TEST_ENTRY(bounded_by_its_slots),
          TEST_ENTRY(several_are_worked_on_at_once), TEST_ENTRY(signals_are_left_to_the_caller),
          TEST_ENTRY(threads))
