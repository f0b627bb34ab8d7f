/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/pool.h"

#include "base/mem.h"
#include "namidb.h"
#include "sys/clock.h"
#include "sys/thread.h"

struct ndb_pool {
    uint64_t fork_count; /* of the process that made it */
    unsigned thread_count_max;

    pthread_mutex_t lock;
    struct ndb_cond wake;
    struct ndb_job *first, *last;
    unsigned thread_count, idle_count;
    bool is_stopping;
    pthread_t threads[];
};

static void *work(void *context)
{
    struct ndb_pool *pool = context;

    (void)pthread_mutex_lock(&pool->lock);
    for (;;) {
        struct ndb_job *job = pool->first;

        if (job != NULL) {
            pool->first = job->next;
            if (pool->first == NULL)
                pool->last = NULL;
            (void)pthread_mutex_unlock(&pool->lock);
            job->run(job);
            (void)pthread_mutex_lock(&pool->lock);
            continue;
        }
        if (pool->is_stopping)
            break;
        pool->idle_count++;
        (void)ndb_cond_wait(&pool->wake, &pool->lock, NDB_NEVER);
        pool->idle_count--;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return NULL;
}

struct ndb_pool *ndb_pool_new(unsigned thread_count_max)
{
    struct ndb_pool *pool = ndb_calloc(
        1, sizeof *pool + thread_count_max * sizeof pool->threads[0]);

    if (pool == NULL)
        return NULL;
    pool->fork_count = ndb_fork_watch();
    pool->thread_count_max = thread_count_max;
    (void)pthread_mutex_init(&pool->lock, NULL);
    ndb_cond_init(&pool->wake);
    return pool;
}

void ndb_pool_submit(struct ndb_pool *pool, struct ndb_job *job)
{
    bool can_run = true;

    job->next = NULL;
    (void)pthread_mutex_lock(&pool->lock);
    if (pool->idle_count == 0 && pool->thread_count < pool->thread_count_max &&
        ndb_thread_start(&pool->threads[pool->thread_count], work, pool) >= 0)
        pool->thread_count++;
    if (pool->thread_count == 0) {
        can_run = false;
    } else {
        if (pool->last != NULL)
            pool->last->next = job;
        else
            pool->first = job;
        pool->last = job;
        ndb_cond_signal(&pool->wake);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    if (!can_run)
        job->run(job);
}

void ndb_pool_free(struct ndb_pool *pool)
{
    if (pool == NULL)
        return;
    if (pool->fork_count == ndb_fork_count()) {
        (void)pthread_mutex_lock(&pool->lock);
        pool->is_stopping = true;
        ndb_cond_broadcast(&pool->wake);
        (void)pthread_mutex_unlock(&pool->lock);
        for (unsigned i = 0; i < pool->thread_count; i++)
            (void)pthread_join(pool->threads[i], NULL);
        ndb_cond_release(&pool->wake);
        (void)pthread_mutex_destroy(&pool->lock);
    }
    ndb_free(pool);
}
