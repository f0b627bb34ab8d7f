/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many walks of two edges there are from a node: of its neighbours the sum
 * of their degrees. Of those that come back, which are closed, each edge there
 * goes with each edge back from the same neighbour: two lists of the node, in
 * the order of neighbours, are stepped through together.
 */
#include "exec/node_numbers.h"

#include <stdlib.h>
#include <string.h>

enum { ENDS_AT_ONCE = 4096 }; /* whose degrees are asked for */

static int overflow(struct ndb_eval *eval)
{
    return ndb_raise(eval->run->err, NDB_FAULT_OVERFLOW,
                     "walks: the result is not within the Integers");
}

/* Types as numbers, and those that nobody has left out; none named: all. */
struct types {
    uint32_t *numbers;
    uint32_t count;
};

static int find_types(struct ndb_eval *eval, const struct ndb_names *names,
                      struct types *out)
{
    out->count = 0;
    out->numbers = ndb_arena_array(eval->arena, (size_t)names->count + 1,
                                   sizeof *out->numbers);
    if (out->numbers == NULL)
        return ndb_eval_no_memory(eval);
    if (names->count == 0)
        out->numbers[out->count++] = NAMIDB_ANY;
    for (uint32_t i = 0; i < names->count; i++) {
        uint32_t number = ndb_run_number(eval->run, names->items[i]);

        if (number != 0)
            out->numbers[out->count++] = number;
    }
    return NAMIDB_OK;
}

/* ------------------------------------------------------------------ open -- */

/* The degrees of ends, a piece at a time, so that they stay near. */
static int read_degrees(struct ndb_eval *eval, const struct ndb_expr *second,
                        const struct ndb_nodes *ends, int64_t *degrees)
{
    int rc = NAMIDB_OK;

    memset(degrees, 0, ends->count * sizeof *degrees);
    for (uint32_t i = 0; i < ends->count && rc >= 0; i += ENDS_AT_ONCE) {
        struct ndb_arena_mark mark = ndb_arena_mark(eval->arena);
        uint32_t left = ends->count - i;
        struct ndb_nodes piece = { ends->ids + i,
                                   left < ENDS_AT_ONCE ? left : ENDS_AT_ONCE };

        rc = ndb_degrees_sum(eval, second, &piece, degrees + i);
        ndb_arena_rewind(eval->arena, &mark);
        if (rc >= 0)
            rc = ndb_run_spend(eval->run, piece.count);
    }
    return rc;
}

static int add_open(struct ndb_eval *eval, const struct ndb_expr *expr,
                    uint32_t type, const struct ndb_nodes *nodes, int64_t *sums)
{
    struct ndb_hop_kind kind = { type, (enum namidb_direction)expr->sub,
                                 false };
    struct ndb_nodes ends;
    struct ndb_hops hops;
    int64_t *degrees;
    bool is_beyond = false;
    int rc = ndb_labelled_hops(eval, &kind, nodes, &expr->labels, &hops);

    if (rc < 0)
        return rc;
    ends = (struct ndb_nodes){ hops.neighbours, hops.offsets[nodes->count] };
    degrees = ndb_arena_array(eval->arena, ends.count, sizeof *degrees);
    if (degrees == NULL)
        return ndb_eval_no_memory(eval);
    rc = read_degrees(eval, expr->second, &ends, degrees);
    for (uint32_t i = 0; i < nodes->count && rc >= 0; i++)
        for (uint32_t j = hops.offsets[i]; j < hops.offsets[i + 1]; j++)
            is_beyond |= __builtin_add_overflow(sums[i], degrees[j], &sums[i]);
    return rc >= 0 && is_beyond ? overflow(eval) : rc;
}

/* ---------------------------------------------------------------- closed -- */

static int compare_ids(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return left < right ? -1 : left > right;
}

/* Edges of all types are in order type by type. */
static void sort_neighbours(struct ndb_hops *hops, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t *first = hops->neighbours + hops->offsets[i];
        uint32_t size = hops->offsets[i + 1] - hops->offsets[i], at = 1;

        while (at < size && first[at - 1] <= first[at])
            at++;
        if (at < size)
            qsort(first, size, sizeof *first, compare_ids);
    }
}

static int read_lists(struct ndb_eval *eval, const struct ndb_hop_kind *kind,
                      const struct ndb_nodes *nodes,
                      const struct ndb_names *labels, struct ndb_hops *out)
{
    int rc = ndb_labelled_hops(eval, kind, nodes, labels, out);

    if (rc >= 0 && kind->type == NAMIDB_ANY)
        sort_neighbours(out, nodes->count);
    return rc;
}

/* How many of items[*at .. end) are as the first; *at goes behind them. */
static uint64_t run_length(const uint64_t *items, uint32_t *at, uint32_t end)
{
    uint32_t begin = (*at)++;

    while (*at < end && items[*at] == items[begin])
        ++*at;
    return *at - begin;
}

/* Pairs of an item and an equal one of the others. */
static uint64_t count_equal(const uint64_t *items, uint32_t begin, uint32_t end,
                            const uint64_t *others, uint32_t at,
                            uint32_t others_end)
{
    uint64_t count = 0;

    while (begin < end && at < others_end) {
        uint64_t item = items[begin], other = others[at];

        if (item == other) {
            count += run_length(items, &begin, end) *
                     run_length(others, &at, others_end);
            continue;
        }
        begin += item < other;
        at += other < item;
    }
    return count;
}

static int add_equal(struct ndb_eval *eval, const struct ndb_hops *there,
                     const struct ndb_hops *back, uint32_t count, int64_t *sums)
{
    bool is_beyond = false;

    for (uint32_t i = 0; i < count; i++)
        is_beyond |= __builtin_add_overflow(
            sums[i],
            count_equal(there->neighbours, there->offsets[i],
                        there->offsets[i + 1], back->neighbours,
                        back->offsets[i], back->offsets[i + 1]),
            &sums[i]);
    return is_beyond ? overflow(eval) : NAMIDB_OK;
}

/* Each type there with each type back. */
static int add_closed(struct ndb_eval *eval, const struct ndb_expr *expr,
                      uint32_t type, const struct ndb_nodes *nodes,
                      int64_t *sums)
{
    static const struct ndb_names NO_LABELS = { 0 };
    struct ndb_hop_kind kind = { type, (enum namidb_direction)expr->sub,
                                 false };
    struct ndb_hops there, back;
    struct types types;
    int rc = read_lists(eval, &kind, nodes, &expr->labels, &there);

    if (rc >= 0)
        rc = find_types(eval, &expr->second->names, &types);
    kind.direction = expr->second->sub == NAMIDB_IN ? NAMIDB_OUT : NAMIDB_IN;
    for (uint32_t i = 0; rc >= 0 && i < types.count; i++) {
        kind.type = types.numbers[i];
        rc = read_lists(eval, &kind, nodes, &NO_LABELS, &back);
        if (rc >= 0)
            rc = add_equal(eval, &there, &back, nodes->count, sums);
        if (rc >= 0)
            rc = ndb_run_spend(eval->run, back.offsets[nodes->count]);
    }
    return rc;
}

int ndb_walks_sum(struct ndb_eval *eval, const struct ndb_expr *expr,
                  const struct ndb_nodes *nodes, int64_t *sums)
{
    struct types types;
    int rc = find_types(eval, &expr->names, &types);

    for (uint32_t i = 0; rc >= 0 && i < types.count; i++) {
        struct ndb_arena_mark mark = ndb_arena_mark(eval->arena);

        rc = (expr->is_closed ? add_closed : add_open)(
            eval, expr, types.numbers[i], nodes, sums);
        ndb_arena_rewind(eval->arena, &mark);
    }
    return rc;
}
