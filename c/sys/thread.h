/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thread.h - threads, locks and what fork(2) does to them.
 *
 * Threads of ours block every signal, so that the host's handlers never run on
 * them. pthread's mutex and rwlock are used as they are; only conditions are
 * wrapped, because they must wait on the monotonic clock.
 */
#ifndef NDB_SYS_THREAD_H
#define NDB_SYS_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct ndb_cond {
    pthread_cond_t cond;
};

void ndb_cond_init(struct ndb_cond *cond);
void ndb_cond_release(struct ndb_cond *cond);
void ndb_cond_signal(struct ndb_cond *cond);
void ndb_cond_broadcast(struct ndb_cond *cond);
/* Waits until woken (maybe for nothing) or the deadline of sys/clock.h; false
 * when the deadline has passed. `mutex` is held before and after. */
bool ndb_cond_wait(struct ndb_cond *cond, pthread_mutex_t *mutex,
                   int64_t deadline_ns);

/* Starts `run(context)`; join it with pthread_join. NAMIDB_OK, or
 * NAMIDB_ENOMEM when the system has no thread to give. */
int ndb_thread_start(pthread_t *thread, void *(*run)(void *), void *context);

/* How often this process's line has forked since the counter was armed, which
 * ndb_fork_watch does: a handle keeps the number of its birth, and another
 * number means that it belongs to a parent. */
extern atomic_uint_fast64_t ndb_forks;
static inline uint64_t ndb_fork_count(void)
{
    return atomic_load_explicit(&ndb_forks, memory_order_relaxed);
}
uint64_t ndb_fork_watch(void);

#endif
