/* SPDX-License-Identifier: Apache-2.0 */
/*
 * span.h - what one segment knows of a node's edges, and how several are read
 * as one. The lists of all segments here are packed.
 */
#ifndef NDB_ENGINE_SPAN_H
#define NDB_ENGINE_SPAN_H

#include "format/segment.h"

struct ndb_span {
    const struct ndb_edge_segment *segment;
    uint32_t owner;      /* in it */
    uint32_t begin, end; /* edges that are not taken yet */
};

/* The first of the next edges by (neighbour, edge); of equal ones the newest.
 * NULL: all spans are at their end. */
struct ndb_span *ndb_spans_first(struct ndb_span *spans, uint32_t count,
                                 uint64_t *neighbour, uint64_t *sequence);
/* Steps over an edge in all spans that have it. */
void ndb_spans_step(struct ndb_span *spans, uint32_t count, uint64_t neighbour,
                    uint64_t sequence);
/* How many edges live, of spans that are used up. */
uint64_t ndb_spans_living(struct ndb_span *spans, uint32_t count);

/* Whether no two spans can have the same edge: an edge keeps its number, and
 * those made since are greater, so unless edges were changed or deleted each
 * span begins behind the older ones. */
bool ndb_spans_are_apart(const struct ndb_span *spans, uint32_t count);

/* True: all neighbours are of one table, and sequences below 2^32. */
bool ndb_spans_are_narrow(const struct ndb_span *spans, uint32_t count);

/* The table of a narrow span's neighbours. */
static inline uint32_t ndb_span_table(const struct ndb_span *span)
{
    const struct ndb_edge_lists *lists = ndb_edge_lists_peek(span->segment);

    return NAMIDB_ID_TABLE(lists->neighbours.base);
}

/* Neighbour and edge of the next edge of a narrow span as one number, by which
 * edges of one table are in order; UINT64_MAX at its end. */
static inline uint64_t ndb_span_key(const struct ndb_span *span)
{
    uint64_t neighbour;

    if (span->begin == span->end)
        return UINT64_MAX;
    neighbour = ndb_edge_neighbour(span->segment, span->begin);
    return NAMIDB_ID_SEQUENCE(neighbour) << 32 |
           ndb_edge_sequence(span->segment, span->begin);
}

#endif
