/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edge_order.h - edges sorted by their ends, without moving what they hold.
 *
 * Both ends of an edge and its place among the others take about 60 bits in
 * what loads bring: sequences are dense and tables few. So an edge is one word
 * where it fits, and what a pass of the sort moves is 8 bytes; where it does
 * not, three. The order by the other end, which a pack wants as well, starts
 * from the first one: what is equal is in order already.
 */
#ifndef NDB_ENGINE_EDGE_ORDER_H
#define NDB_ENGINE_EDGE_ORDER_H

#include "base/ids.h"
#include "base/radix.h"

/* How an end is written in a word: as an owner its table comes first, as a
 * neighbour last. */
struct ndb_order_end {
    uint64_t sequence_min;
    uint32_t table_min;
    unsigned sequence_bits, table_bits;
};

struct ndb_edge_order {
    size_t count;
    uint64_t *words; /* owner, neighbour, index, from the highest bits on;
                        NULL: they do not fit */
    unsigned index_bits;
    struct ndb_order_end owner, neighbour;
    struct ndb_radix_pair *pairs; /* then: owner as ndb_owner_key has it,
                                     neighbour, index */
    void *memory;                 /* of either, and room to sort in */
};
#define NDB_EDGE_ORDER_INIT ((struct ndb_edge_order){ .memory = NULL })

/* Orders `count` edges by (table of the source, source, target, index).
 * NAMIDB_OK or NAMIDB_ENOMEM; then there is none. */
int ndb_edge_order_make(struct ndb_edge_order *order, const uint64_t *from,
                        const uint64_t *to, size_t count);
/* Makes it one by (table of the target, target, source, index). */
void ndb_edge_order_turn(struct ndb_edge_order *order);
void ndb_edge_order_release(struct ndb_edge_order *order);

struct ndb_ordered_edge {
    uint64_t owner, neighbour; /* ids */
    size_t index;
};

/* Edge number `at` of the order. */
static inline struct ndb_ordered_edge
ndb_edge_order_at(const struct ndb_edge_order *order, size_t at)
{
    const struct ndb_order_end *owner = &order->owner;
    const struct ndb_order_end *neighbour = &order->neighbour;
    unsigned bits = neighbour->sequence_bits + neighbour->table_bits;
    uint64_t high, low;

    if (order->words == NULL)
        return (struct ndb_ordered_edge){
            ndb_id_of_owner_key(order->pairs[at].high), order->pairs[at].low,
            (size_t)order->pairs[at].value
        };
    low = order->words[at] >> order->index_bits;
    high = low >> bits;
    low &= (UINT64_C(1) << bits) - 1;
    return (struct ndb_ordered_edge){
        NAMIDB_ID(owner->sequence_min +
                      (high & ((UINT64_C(1) << owner->sequence_bits) - 1)),
                  owner->table_min + (high >> owner->sequence_bits)),
        NAMIDB_ID(neighbour->sequence_min + (low >> neighbour->table_bits),
                  neighbour->table_min +
                      (low & ((UINT64_C(1) << neighbour->table_bits) - 1))),
        (size_t)(order->words[at] & ((UINT64_C(1) << order->index_bits) - 1))
    };
}

#endif
