/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefetch.h - asking memory for what will be read soon.
 *
 * The only place that uses the builtin: GCC takes a function that does nothing
 * else for one without effects, and drops the calls to it. What asm may do it
 * cannot know.
 */
#ifndef NDB_BASE_PREFETCH_H
#define NDB_BASE_PREFETCH_H

/* Begins to load the cache line at an address, which may be any. */
static inline void ndb_prefetch(const void *address)
{
    __builtin_prefetch(address);
    __asm__ volatile("");
}

#endif
