/* Mutex and condition as clang's thread safety analysis understands them: a lock taken twice, not
 * given back, or not held where REQUIRES asks for it is found when compiling. GUARDED_BY names the
 * lock of a member for readers: in C, clang before 20 cannot look a sibling member up. Conditions
 * wait on the monotonic clock. A failing pthread call is a bug here, never the world. */
#ifndef SCHEMA_BASE_LOCK_H
#define SCHEMA_BASE_LOCK_H

#include <pthread.h>

#include "schema/base/clock.h"

#ifdef __clang__
#define LOCK_ATTRIBUTE(x) __attribute__((x))
#else
#define LOCK_ATTRIBUTE(x)
#endif
#define GUARDED_BY(lock)
#define REQUIRES(lock) LOCK_ATTRIBUTE(requires_capability(lock))

struct LOCK_ATTRIBUTE(capability("mutex")) lock {
    pthread_mutex_t mutex;
};

struct condition {
    pthread_cond_t cond;
};

static inline void lock_init(struct lock *lock)
{
    CHECK(pthread_mutex_init(&lock->mutex, NULL) == 0);
}

static inline void lock_fini(struct lock *lock)
{
    CHECK(pthread_mutex_destroy(&lock->mutex) == 0);
}

static inline void lock_take(struct lock *lock) LOCK_ATTRIBUTE(acquire_capability(lock))
    LOCK_ATTRIBUTE(no_thread_safety_analysis)
{
    CHECK(pthread_mutex_lock(&lock->mutex) == 0);
}

static inline void lock_drop(struct lock *lock) LOCK_ATTRIBUTE(release_capability(lock))
    LOCK_ATTRIBUTE(no_thread_safety_analysis)
{
    CHECK(pthread_mutex_unlock(&lock->mutex) == 0);
}

static inline void condition_init(struct condition *condition)
{
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&condition->cond, &attributes) == 0);
    CHECK(pthread_condattr_destroy(&attributes) == 0);
}

static inline void condition_fini(struct condition *condition)
{
    CHECK(pthread_cond_destroy(&condition->cond) == 0);
}

/* May return without a signal: test what is waited for in a loop. */
static inline void condition_wait(struct condition *condition, struct lock *lock) REQUIRES(lock)
{
    CHECK(pthread_cond_wait(&condition->cond, &lock->mutex) == 0);
}

/* The same, at most until clock_monotonic_us() reaches deadline_us. */
static inline void condition_wait_until(struct condition *condition, struct lock *lock,
                                        int64_t deadline_us) REQUIRES(lock)
{
    struct timespec at = {.tv_sec = (time_t)(deadline_us / CLOCK_SECOND_US),
                          .tv_nsec = (long)(deadline_us % CLOCK_SECOND_US) * 1000};
    (void)pthread_cond_timedwait(&condition->cond, &lock->mutex, &at);
}

static inline void condition_signal(struct condition *condition)
{
    CHECK(pthread_cond_signal(&condition->cond) == 0);
}

static inline void condition_broadcast(struct condition *condition)
{
    CHECK(pthread_cond_broadcast(&condition->cond) == 0);
}

#endif
