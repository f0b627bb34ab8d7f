/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/thread.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "namidb.h"
#include "sys/clock.h"

static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
atomic_uint_fast64_t ndb_forks;

void ndb_cond_init(struct ndb_cond *cond)
{
    pthread_condattr_t attributes;

    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&cond->cond, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

void ndb_cond_release(struct ndb_cond *cond)
{
    (void)pthread_cond_destroy(&cond->cond);
}

void ndb_cond_signal(struct ndb_cond *cond)
{
    (void)pthread_cond_signal(&cond->cond);
}

void ndb_cond_broadcast(struct ndb_cond *cond)
{
    (void)pthread_cond_broadcast(&cond->cond);
}

bool ndb_cond_wait(struct ndb_cond *cond, pthread_mutex_t *mutex,
                   int64_t deadline_ns)
{
    struct timespec until;
    int64_t left_ns;

    if (deadline_ns == NDB_NEVER) {
        (void)pthread_cond_wait(&cond->cond, mutex);
        return true;
    }
    /* The deadline is on our clock, which a test may have moved. */
    left_ns = deadline_ns - ndb_clock_ns();
    if (left_ns <= 0)
        return false;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(left_ns / 1000000000);
    until.tv_nsec += (long)(left_ns % 1000000000);
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    (void)pthread_cond_timedwait(&cond->cond, mutex, &until);
    return ndb_clock_ns() < deadline_ns;
}

int ndb_thread_start(pthread_t *thread, void *(*run)(void *), void *context)
{
    sigset_t all;
    sigset_t old;
    int failed;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    failed = pthread_create(thread, NULL, run, context);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return failed ? NAMIDB_ENOMEM : NAMIDB_OK;
}

static void count_fork(void)
{
    atomic_fetch_add(&ndb_forks, 1);
}

static void arm(void)
{
    (void)pthread_atfork(NULL, NULL, count_fork);
}

uint64_t ndb_fork_watch(void)
{
    (void)pthread_once(&fork_once, arm);
    return ndb_fork_count();
}
