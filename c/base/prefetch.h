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

/* The same for what is read from one end to the other, of memory beyond the
 * processor's caches: it sees such reads by itself, but begins anew with each
 * page, and too late. A line of most caches is 64 bytes. */
static inline void ndb_prefetch_stream(const void *address)
{
    ndb_prefetch((const char *)address + 2048);
}

#endif
