/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/closing.h"

enum {
    /* Fewer ends are as cheap to look at, and cost no round for the others. */
    ENDS_MIN = 256,
    /* Neighbours that may be read for each end that they are to rule out. */
    NEIGHBOURS_PER_END = 4,
    /* A list that many times as long is searched, not stepped through. */
    SEARCH_RATIO = 8
};

static bool has_one_type(const struct ndb_plan_op *plan)
{
    return plan->types.count == 1 && plan->direction != NAMIDB_BOTH;
}

void ndb_closing_tell(const struct ndb_op *op)
{
    struct ndb_op *below = op->child;
    const struct ndb_plan_op *plan = op->plan;
    uint32_t end;

    while (below->plan->kind == NDB_OP_FILTER)
        below = below->child;
    if ((plan->flags & NDB_EXPAND_INTO) == 0 || op->run->plan->is_writing ||
        below->plan->kind != NDB_OP_EXPAND ||
        (below->plan->flags & NDB_EXPAND_INTO) != 0 || !has_one_type(plan) ||
        !has_one_type(below->plan))
        return;
    end = below->plan->to;
    if ((plan->slot == end) != (plan->to == end))
        below->closing = plan;
}

/* ------------------------------------------------------------- intersect -- */

/* The first of items[begin .. end) that is not below `wanted`, which is near:
 * in growing steps, then between the last two. */
static uint32_t gallop(const uint64_t *items, uint32_t begin, uint32_t end,
                       uint64_t wanted)
{
    uint32_t step = 1, low = begin;

    while (step < end - low && items[low + step - 1] < wanted) {
        low += step;
        step *= 2;
    }
    if (step > end - low)
        step = end - low;
    while (step != 0) {
        uint32_t half = step / 2;
        bool is_below = items[low + half] < wanted;

        low = is_below ? low + half + 1 : low;
        step = is_below ? step - half - 1 : half;
    }
    return low;
}

/* The items are many: look for each of the others, which items may repeat. */
static uint32_t search_items(const uint64_t *items, uint32_t begin,
                             uint32_t end, const uint64_t *others,
                             uint32_t other_count, uint32_t *kept)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < other_count && begin < end; i++) {
        begin = gallop(items, begin, end, others[i]);
        for (; begin < end && items[begin] == others[i]; begin++)
            kept[count++] = begin;
    }
    return count;
}

static uint32_t search_others(const uint64_t *items, uint32_t begin,
                              uint32_t end, const uint64_t *others,
                              uint32_t other_count, uint32_t *kept)
{
    uint32_t count = 0, at = 0;

    for (; begin < end; begin++) {
        at = gallop(others, at, other_count, items[begin]);
        if (at == other_count)
            break;
        kept[count] = begin;
        count += others[at] == items[begin];
    }
    return count;
}

uint32_t ndb_closing_intersect(const uint64_t *items, uint32_t begin,
                               uint32_t end, const uint64_t *others,
                               uint32_t other_count, uint32_t *kept)
{
    uint32_t count = 0, at = 0;

    if ((end - begin) / SEARCH_RATIO > other_count)
        return search_items(items, begin, end, others, other_count, kept);
    if (other_count / SEARCH_RATIO > end - begin)
        return search_others(items, begin, end, others, other_count, kept);
    /* One step each time, and no branch that depends on the numbers. */
    while (begin < end && at < other_count) {
        uint64_t item = items[begin], other = others[at];

        kept[count] = begin;
        count += item == other;
        begin += item <= other;
        at += other < item;
    }
    return count;
}

/* -------------------------------------------------------------- applying -- */

/* The nodes that paths are to come back to. Rows one after the other mostly
 * have the same. */
struct anchors {
    uint64_t *ids;
    uint32_t *of_row; /* index of each row's */
    uint32_t count;
    struct ndb_hops hops;
};

static int find_anchors(struct ndb_op *op, const uint32_t *positions,
                        uint32_t count, struct anchors *out)
{
    uint32_t end = op->plan->to;
    uint32_t slot =
        op->closing->slot == end ? op->closing->to : op->closing->slot;
    const struct ndb_vector *column = &op->child->chunk.columns[slot];

    out->count = 0;
    out->ids = ndb_arena_array(&op->kept, count, sizeof *out->ids);
    out->of_row = ndb_arena_array(&op->kept, count, sizeof *out->of_row);
    if (out->ids == NULL || out->of_row == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        namidb_value node = ndb_vector_get(column, positions[i]);
        /* No node has the id 0, nor edges. */
        uint64_t id = node.kind == NAMIDB_NODE ? node.as.id : 0;

        if (out->count == 0 || out->ids[out->count - 1] != id)
            out->ids[out->count++] = id;
        out->of_row[i] = out->count - 1;
    }
    return NAMIDB_OK;
}

/* Which edges of an anchor lead to ends: those of the operator above, from the
 * other side when it starts from the ends. */
static struct ndb_hop_kind kind_of(const struct ndb_op *op)
{
    const struct ndb_plan_op *closing = op->closing;
    bool is_turned = closing->slot == op->plan->to;
    bool is_in = (closing->direction == NAMIDB_IN) != is_turned;

    return (
        struct ndb_hop_kind){ ndb_run_number(op->run, closing->types.items[0]),
                              is_in ? NAMIDB_IN : NAMIDB_OUT, false };
}

/* Reads the anchors' neighbours unless they are too many: NAMIDB_NONE. */
static int read_neighbours(struct ndb_op *op, uint64_t end_count,
                           struct anchors *anchors)
{
    struct ndb_hop_kind kind = kind_of(op);
    uint64_t *degrees =
        ndb_arena_array(&op->kept, anchors->count, sizeof *degrees);
    uint64_t total = 0;
    int rc;

    if (degrees == NULL)
        return NAMIDB_ENOMEM;
    if (kind.type == NAMIDB_ANY)
        return NAMIDB_NONE; /* a type that nobody named has no edges */
    rc = ndb_read_degrees(&op->run->snapshot, anchors->ids, anchors->count,
                          &kind, degrees, op->run->err);
    for (uint32_t i = 0; i < anchors->count && rc >= 0; i++)
        total += degrees[i];
    if (rc < 0 || total > end_count * NEIGHBOURS_PER_END)
        return rc < 0 ? rc : NAMIDB_NONE;
    return ndb_read_hops(&op->run->snapshot, anchors->ids, anchors->count,
                         &kind, &op->kept, &anchors->hops, op->run->err);
}

/* Moves what stays of each row's ends to the front. */
static int keep_neighbours(struct ndb_op *op, uint32_t count,
                           const struct anchors *anchors, struct ndb_hops *ends)
{
    const uint32_t *offsets = anchors->hops.offsets;
    uint32_t *kept = ndb_arena_array(
        &op->kept, (size_t)ends->offsets[count] + 1, sizeof *kept);
    uint32_t begin = 0, total = 0;

    if (kept == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t anchor = anchors->of_row[i], end = ends->offsets[i + 1];
        uint32_t left =
            ndb_closing_intersect(ends->neighbours, begin, end,
                                  anchors->hops.neighbours + offsets[anchor],
                                  offsets[anchor + 1] - offsets[anchor], kept);

        for (uint32_t k = 0; k < left; k++, total++) {
            ends->neighbours[total] = ends->neighbours[kept[k]];
            if (ends->edges != NULL)
                ends->edges[total] = ends->edges[kept[k]];
        }
        begin = end;
        ends->offsets[i + 1] = total;
    }
    return NAMIDB_OK;
}

int ndb_closing_apply(struct ndb_op *op, const uint32_t *positions,
                      uint32_t count, struct ndb_hop_sets *sets)
{
    struct anchors anchors;
    struct ndb_hops *ends = &sets->items[0].hops;
    int rc;

    if (sets->count == 0 || ends->offsets[count] < ENDS_MIN)
        return NAMIDB_OK;
    rc = find_anchors(op, positions, count, &anchors);
    if (rc >= 0)
        rc = read_neighbours(op, ends->offsets[count], &anchors);
    if (rc != NAMIDB_OK)
        return rc < 0 ? rc : NAMIDB_OK;
    return keep_neighbours(op, count, &anchors, ends);
}
