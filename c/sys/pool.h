/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - a few threads for calls that block.
 *
 * Owned by who makes it: a store has one. Threads start with the first job that
 * finds none idle, up to the bound. Jobs run in no order.
 */
#ifndef NDB_SYS_POOL_H
#define NDB_SYS_POOL_H

struct ndb_pool;

/* Embedded in what the job is about. */
struct ndb_job {
    struct ndb_job *next;
    void (*run)(struct ndb_job *job);
};

/* NULL: no memory. */
struct ndb_pool *ndb_pool_new(unsigned thread_count_max);
/* When no thread can be started at all, runs the job on the caller's. */
void ndb_pool_submit(struct ndb_pool *pool, struct ndb_job *job);
/* Waits for all jobs, joins the threads. In a child of fork(2), where the
 * threads are not, frees only. NULL is allowed. */
void ndb_pool_free(struct ndb_pool *pool);

#endif
