/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/span.h"

struct ndb_span *ndb_spans_first(struct ndb_span *spans, uint32_t count,
                                 uint64_t *neighbour, uint64_t *sequence)
{
    struct ndb_span *first = NULL;

    for (uint32_t i = 0; i < count; i++) {
        struct ndb_span *span = &spans[i];
        uint64_t to, number;

        if (span->begin == span->end)
            continue;
        to = ndb_edge_neighbour(span->segment, span->begin);
        if (first != NULL && to > *neighbour)
            continue;
        number = ndb_edge_sequence(span->segment, span->begin);
        if (first != NULL && to == *neighbour && number >= *sequence)
            continue;
        first = span;
        *neighbour = to;
        *sequence = number;
    }
    return first;
}

void ndb_spans_step(struct ndb_span *spans, uint32_t count, uint64_t neighbour,
                    uint64_t sequence)
{
    for (uint32_t i = 0; i < count; i++) {
        struct ndb_span *span = &spans[i];

        span->begin +=
            span->begin != span->end &&
            ndb_edge_neighbour(span->segment, span->begin) == neighbour &&
            ndb_edge_sequence(span->segment, span->begin) == sequence;
    }
}

uint64_t ndb_spans_living(struct ndb_span *spans, uint32_t count)
{
    uint64_t neighbour = 0, sequence = 0, living = 0;
    struct ndb_span *first;

    while ((first = ndb_spans_first(spans, count, &neighbour, &sequence)) !=
           NULL) {
        living += !ndb_bit(first->segment->deleted, first->begin);
        ndb_spans_step(spans, count, neighbour, sequence);
    }
    return living;
}

bool ndb_spans_are_apart(const struct ndb_span *spans, uint32_t count)
{
    uint64_t least = UINT64_MAX; /* of the newer spans */

    for (uint32_t i = 0; i < count; i++) {
        const struct ndb_span *span = &spans[i];
        uint64_t newer = least;

        if (span->segment->deleted != NULL)
            return false;
        for (uint32_t j = span->begin; j < span->end; j++) {
            uint64_t sequence = ndb_edge_sequence(span->segment, j);

            if (sequence >= newer)
                return false;
            least = sequence < least ? sequence : least;
        }
    }
    return true;
}

static bool is_of_table(const struct ndb_packed *ids, uint32_t table)
{
    return NAMIDB_ID_TABLE(ids->base) == table &&
           NAMIDB_ID_TABLE(ids->mask << ids->shift) == 0;
}

bool ndb_spans_are_narrow(const struct ndb_span *spans, uint32_t count)
{
    uint32_t table = ndb_span_table(spans);

    for (uint32_t i = 0; i < count; i++) {
        const struct ndb_edge_lists *lists =
            ndb_edge_lists_peek(spans[i].segment);

        if (!is_of_table(&lists->neighbours, table) ||
            NAMIDB_ID_SEQUENCE(ndb_packed_max(&lists->neighbours)) >
                UINT32_MAX ||
            ndb_packed_max(&lists->sequences) > UINT32_MAX)
            return false;
    }
    return true;
}
