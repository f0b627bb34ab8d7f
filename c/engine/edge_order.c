/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/edge_order.h"

static unsigned bits_of(uint64_t number)
{
    return number == 0 ? 0 : 64 - (unsigned)__builtin_clzll(number);
}

/* The tables of an end, which are several. */
static void look_at_tables(struct ndb_order_end *end, const uint64_t *ids,
                           size_t count)
{
    uint32_t min = UINT32_MAX, max = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t table = NAMIDB_ID_TABLE(ids[i]);

        min = table < min ? table : min;
        max = table > max ? table : max;
    }
    end->table_min = min;
    end->table_bits = bits_of(max - min);
}

/* The end that `count` ids are written as. */
static struct ndb_order_end look_at(const uint64_t *ids, size_t count)
{
    struct ndb_order_end end = { .table_min = NAMIDB_ID_TABLE(ids[0]) };
    uint64_t min = UINT64_MAX, max = 0, differing = 0;

    for (size_t i = 0; i < count; i++) {
        min = ids[i] < min ? ids[i] : min;
        max = ids[i] > max ? ids[i] : max;
        differing |= ids[i] ^ ids[0];
    }
    end.sequence_min = NAMIDB_ID_SEQUENCE(min);
    end.sequence_bits = bits_of(NAMIDB_ID_SEQUENCE(max) - end.sequence_min);
    if (NAMIDB_ID_TABLE(differing) != 0)
        look_at_tables(&end, ids, count);
    return end;
}

static unsigned end_bits(const struct ndb_order_end *end)
{
    return end->sequence_bits + end->table_bits;
}

static uint64_t owner_in(const struct ndb_order_end *end, uint64_t id)
{
    return (uint64_t)(NAMIDB_ID_TABLE(id) - end->table_min)
               << end->sequence_bits |
           (NAMIDB_ID_SEQUENCE(id) - end->sequence_min);
}

static uint64_t neighbour_in(const struct ndb_order_end *end, uint64_t id)
{
    return (NAMIDB_ID_SEQUENCE(id) - end->sequence_min) << end->table_bits |
           (NAMIDB_ID_TABLE(id) - end->table_min);
}

static uint64_t word_of(const struct ndb_edge_order *order,
                        const struct ndb_ordered_edge *edge)
{
    uint64_t ends = owner_in(&order->owner, edge->owner)
                        << end_bits(&order->neighbour) |
                    neighbour_in(&order->neighbour, edge->neighbour);

    return ends << order->index_bits | edge->index;
}

/* Which of the bits of words need no sorting, from the lowest on: those of the
 * index, and what else ascends as it comes. */
struct ascent {
    uint64_t last_ends, last_neighbour;
    bool are_ends, are_neighbours;
};
#define ASCENT_INIT ((struct ascent){ 0, 0, true, true })

static void look_for_ascent(struct ascent *ascent,
                            const struct ndb_edge_order *order, uint64_t word)
{
    uint64_t ends = word >> order->index_bits;
    uint64_t neighbour =
        ends & ((UINT64_C(1) << end_bits(&order->neighbour)) - 1);

    ascent->are_ends &= ascent->last_ends <= ends;
    ascent->are_neighbours &= ascent->last_neighbour <= neighbour;
    ascent->last_ends = ends;
    ascent->last_neighbour = neighbour;
}

/* Sorts words, which ascend by index where their ends are the same. */
static void sort_words(struct ndb_edge_order *order,
                       const struct ascent *ascent)
{
    uint64_t *first = order->memory;
    uint64_t *spare = order->words == first ? first + order->count
                                            : order->words - order->count;
    unsigned neighbour_bits = end_bits(&order->neighbour);
    unsigned bits = end_bits(&order->owner);
    unsigned shift = order->index_bits + neighbour_bits;

    if (ascent->are_ends)
        return;
    if (!ascent->are_neighbours) {
        shift = order->index_bits;
        bits += neighbour_bits;
    }
    order->words =
        ndb_radix_sort_words(order->words, spare, order->count, shift, bits);
}

static int make_words(struct ndb_edge_order *order, const uint64_t *from,
                      const uint64_t *to)
{
    struct ascent ascent = ASCENT_INIT;

    order->memory = ndb_realloc(NULL, order->count, 2 * sizeof *order->words);
    order->words = order->memory;
    if (order->words == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < order->count; i++) {
        const struct ndb_ordered_edge edge = { from[i], to[i], i };

        order->words[i] = word_of(order, &edge);
        look_for_ascent(&ascent, order, order->words[i]);
    }
    sort_words(order, &ascent);
    return NAMIDB_OK;
}

static int make_pairs(struct ndb_edge_order *order, const uint64_t *from,
                      const uint64_t *to)
{
    order->memory = ndb_realloc(NULL, order->count, 2 * sizeof *order->pairs);
    order->pairs = order->memory;
    if (order->pairs == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < order->count; i++)
        order->pairs[i] =
            (struct ndb_radix_pair){ ndb_owner_key(from[i]), to[i], i };
    ndb_radix_sort_pairs(order->pairs, order->pairs + order->count,
                         order->count);
    return NAMIDB_OK;
}

int ndb_edge_order_make(struct ndb_edge_order *order, const uint64_t *from,
                        const uint64_t *to, size_t count)
{
    *order = NDB_EDGE_ORDER_INIT;
    if (count == 0)
        return NAMIDB_OK;
    order->count = count;
    order->owner = look_at(from, count);
    order->neighbour = look_at(to, count);
    order->index_bits = bits_of(count - 1);
    return order->index_bits + end_bits(&order->owner) +
                       end_bits(&order->neighbour) <
                   64
               ? make_words(order, from, to)
               : make_pairs(order, from, to);
}

static void turn_words(struct ndb_edge_order *order)
{
    const struct ndb_edge_order old = *order;
    struct ascent ascent = ASCENT_INIT;

    order->owner = old.neighbour;
    order->neighbour = old.owner;
    for (size_t i = 0; i < order->count; i++) {
        const struct ndb_ordered_edge edge = ndb_edge_order_at(&old, i);
        const struct ndb_ordered_edge turned = { edge.neighbour, edge.owner,
                                                 edge.index };

        order->words[i] = word_of(order, &turned);
        look_for_ascent(&ascent, order, order->words[i]);
    }
    sort_words(order, &ascent);
}

void ndb_edge_order_turn(struct ndb_edge_order *order)
{
    if (order->words != NULL) {
        turn_words(order);
        return;
    }
    for (size_t i = 0; i < order->count; i++) {
        struct ndb_radix_pair *pair = &order->pairs[i];
        uint64_t owner = ndb_id_of_owner_key(pair->high);

        pair->high = ndb_owner_key(pair->low);
        pair->low = owner;
    }
    if (order->count != 0)
        ndb_radix_sort_pairs(order->pairs, order->pairs + order->count,
                             order->count);
}

void ndb_edge_order_release(struct ndb_edge_order *order)
{
    ndb_free(order->memory);
    *order = NDB_EDGE_ORDER_INIT;
}
