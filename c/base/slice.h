/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice.h - bytes that somebody else owns.
 */
#ifndef NDB_BASE_SLICE_H
#define NDB_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ndb_slice {
    const uint8_t *data;
    size_t bytes;
};

static inline struct ndb_slice ndb_slice(const void *data, size_t bytes)
{
    return (struct ndb_slice){ data, bytes };
}

static inline struct ndb_slice ndb_slice_text(const char *text)
{
    return ndb_slice(text, strlen(text));
}

static inline bool ndb_slice_equal(struct ndb_slice a, struct ndb_slice b)
{
    return a.bytes == b.bytes &&
           (a.bytes == 0 || memcmp(a.data, b.data, a.bytes) == 0);
}

/* < 0, 0, > 0 in byte order; a prefix sorts before what it begins. */
static inline int ndb_slice_compare(struct ndb_slice a, struct ndb_slice b)
{
    size_t bytes = a.bytes < b.bytes ? a.bytes : b.bytes;
    int order = bytes != 0 ? memcmp(a.data, b.data, bytes) : 0;

    if (order != 0)
        return order;
    return (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

#endif
