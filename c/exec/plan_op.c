/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of a plan, from bytes.
 */
#include "exec/plan_read.h"

static uint32_t slot_optional(struct ndb_plan_reader *reader)
{
    return ndb_plan_flag(reader) ? ndb_plan_slot(reader) : NDB_NO_SLOT;
}

static void read_expansion(struct ndb_plan_reader *reader,
                           struct ndb_plan_op *op)
{
    op->slot = ndb_plan_slot(reader);
    op->edge = ndb_plan_slot(reader);
    op->to = ndb_plan_slot(reader);
    op->direction = ndb_plan_code(reader, NAMIDB_BOTH + 1);
    op->types = ndb_plan_names(reader, NAMIDB_TYPE);
    op->flags = ndb_plan_uint(reader);
    if (op->kind == NDB_OP_EXPAND)
        return;
    op->min = ndb_plan_uint(reader);
    op->max = ndb_plan_flag(reader) ? ndb_plan_uint(reader) : UINT32_MAX;
    op->name = NDB_NO_SLOT;
    if (ndb_plan_flag(reader)) {
        op->name = ndb_plan_slot(reader);
        op->expr = ndb_plan_expr(reader);
    }
    op->slots = ndb_plan_slots(reader);
    if (op->kind != NDB_OP_SHORTEST)
        op->hops = slot_optional(reader);
    if ((op->kind == NDB_OP_REACH || op->kind == NDB_OP_CYCLES) &&
        (op->min > 1 || (op->flags & NDB_EXPAND_NO_EDGE) == 0))
        ndb_plan_wrong(reader, "a reach of walks that are to be told apart");
}

/* What is looked for, and a flag that says in which way. */
static void read_value(struct ndb_plan_reader *reader, struct ndb_plan_op *op)
{
    op->sub = ndb_plan_code(reader, 2);
    op->expr = ndb_plan_expr(reader);
}

/* The slots of an edge and its ends. */
static void read_edge(struct ndb_plan_reader *reader, struct ndb_plan_op *op)
{
    op->edge = ndb_plan_slot(reader);
    op->slot = ndb_plan_slot(reader);
    op->to = ndb_plan_slot(reader);
}

static void read_scan_edges(struct ndb_plan_reader *reader,
                            struct ndb_plan_op *op)
{
    read_edge(reader, op);
    if (ndb_plan_flag(reader))
        op->name = ndb_plan_name_of(reader, NAMIDB_TYPE);
    op->direction = ndb_plan_code(reader, NAMIDB_BOTH + 1);
}

static const struct ndb_seek *read_seek(struct ndb_plan_reader *reader)
{
    struct ndb_seek *seek = ndb_plan_array(reader, 1, sizeof *seek);
    uint32_t wanted;

    if (seek == NULL)
        return NULL;
    seek->props = ndb_plan_names(reader, NAMIDB_PROPERTY);
    seek->equal = ndb_plan_uint(reader);
    seek->low = ndb_plan_code(reader, NDB_SEEK_EXCLUSIVE + 1);
    seek->high = ndb_plan_code(reader, NDB_SEEK_EXCLUSIVE + 1);
    seek->more = ndb_plan_code(reader, NDB_SEEK_ITEMS + 1);
    seek->order = ndb_plan_code(reader, NDB_SEEK_DESCENDING + 1);
    seek->exprs = ndb_plan_exprs(reader, &seek->count);
    seek->first = ndb_plan_expr_optional(reader);
    seek->is_for_new = ndb_plan_code(reader, 2) != 0;
    seek->most = ndb_plan_uint(reader);
    wanted = (seek->low != 0 ? 1u : 0) + (seek->high != 0 ? 1u : 0) +
             (seek->more != 0 ? 1u : 0);
    if (seek->props.count == 0 || seek->props.count > NAMIDB_SCHEMA_PROPS_MAX ||
        seek->equal > seek->props.count ||
        seek->count != seek->equal + wanted ||
        (wanted != 0 && seek->equal == seek->props.count) ||
        (seek->more != 0 && wanted != 1) || seek->most > NDB_SEEK_ROWS_MAX)
        ndb_plan_wrong(reader, "not a search in an index");
    return seek;
}

static void read_edge_seek(struct ndb_plan_reader *reader,
                           struct ndb_plan_op *op)
{
    read_edge(reader, op);
    if (op->kind == NDB_OP_SEEK_EDGES)
        op->name = ndb_plan_name_of(reader, NAMIDB_TYPE);
    op->direction = ndb_plan_code(reader, NAMIDB_BOTH + 1);
    if (op->kind == NDB_OP_SEEK_EDGES)
        op->seek = read_seek(reader);
    else
        read_value(reader, op);
}

static void read_assigns(struct ndb_plan_reader *reader, struct ndb_plan_op *op)
{
    uint32_t count = ndb_plan_uint(reader);
    struct ndb_assign *assigns = ndb_plan_array(reader, count, sizeof *assigns);

    op->assigns = assigns;
    op->count = assigns != NULL ? count : 0;
    for (uint32_t i = 0; i < op->count; i++) {
        assigns[i].slot = ndb_plan_slot(reader);
        assigns[i].expr = ndb_plan_expr(reader);
    }
}

static void read_aggregations(struct ndb_plan_reader *reader,
                              struct ndb_plan_op *op)
{
    struct ndb_aggregation *items;
    uint32_t count;

    op->slots = ndb_plan_slots(reader);
    count = ndb_plan_uint(reader);
    items = ndb_plan_array(reader, count, sizeof *items);
    op->aggregations = items;
    op->count = items != NULL ? count : 0;
    for (uint32_t i = 0; i < op->count; i++) {
        items[i].kind = (enum ndb_aggregate_kind)ndb_plan_code(
            reader, NDB_AGGREGATE_KIND_COUNT);
        items[i].is_distinct = ndb_plan_code(reader, 2) != 0;
        items[i].in = slot_optional(reader);
        items[i].second = slot_optional(reader);
        items[i].out = ndb_plan_slot(reader);
        if (items[i].in == NDB_NO_SLOT &&
            (items[i].kind != NDB_AGGREGATE_COUNT_ROWS || items[i].is_distinct))
            ndb_plan_wrong(reader, "an aggregate without input");
        if (items[i].second == NDB_NO_SLOT &&
            (items[i].kind == NDB_AGGREGATE_PERCENTILE_CONT ||
             items[i].kind == NDB_AGGREGATE_PERCENTILE_DISC))
            ndb_plan_wrong(reader, "a percentile without its second argument");
    }
}

static void read_sort(struct ndb_plan_reader *reader, struct ndb_plan_op *op)
{
    uint32_t count = ndb_plan_uint(reader);
    struct ndb_sort_key *keys = ndb_plan_array(reader, count, sizeof *keys);

    op->keys = keys;
    op->count = keys != NULL ? count : 0;
    for (uint32_t i = 0; i < op->count; i++) {
        keys[i].slot = ndb_plan_slot(reader);
        keys[i].is_descending = ndb_plan_code(reader, 2) != 0;
    }
    op->expr = ndb_plan_expr_optional(reader);
}

static struct ndb_creates read_creates(struct ndb_plan_reader *reader)
{
    uint32_t count = ndb_plan_uint(reader);
    struct ndb_create *items = ndb_plan_array(reader, count, sizeof *items);

    if (items == NULL)
        count = 0;
    for (uint32_t i = 0; i < count; i++) {
        items[i].is_edge = ndb_plan_code(reader, 2) != 0;
        items[i].slot = ndb_plan_slot(reader);
        if (items[i].is_edge) {
            if (ndb_plan_flag(reader))
                items[i].type = ndb_plan_name_of(reader, NAMIDB_TYPE);
            else
                items[i].named_type = ndb_plan_expr(reader);
            items[i].from = ndb_plan_slot(reader);
            items[i].to = ndb_plan_slot(reader);
        } else {
            items[i].labels = ndb_plan_names(reader, NAMIDB_LABEL);
            items[i].named = ndb_plan_exprs(reader, &items[i].named_count);
        }
        items[i].props = ndb_plan_expr(reader);
    }
    reader->plan->is_writing = true;
    return (struct ndb_creates){ items, count };
}

static struct ndb_sets read_sets(struct ndb_plan_reader *reader)
{
    uint32_t count = ndb_plan_uint(reader);
    struct ndb_set *items = ndb_plan_array(reader, count, sizeof *items);

    if (items == NULL)
        count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct ndb_set *item = &items[i];

        item->kind = (enum ndb_set_kind)ndb_plan_code(reader, NDB_SET_COUNT);
        item->entity = ndb_plan_expr(reader);
        if (item->kind == NDB_SET_PROPERTY)
            item->name = ndb_plan_name_of(reader, NAMIDB_PROPERTY);
        if (item->kind == NDB_SET_ADD_LABELS ||
            item->kind == NDB_SET_REMOVE_LABELS)
            item->labels = ndb_plan_names(reader, NAMIDB_LABEL);
        else
            item->value = ndb_plan_expr(reader);
    }
    reader->plan->is_writing = true;
    return (struct ndb_sets){ items, count };
}

static void read_call(struct ndb_plan_reader *reader, struct ndb_plan_op *op)
{
    struct ndb_assign *yields;
    uint32_t count, args;

    op->text = ndb_plan_text(reader);
    op->exprs = ndb_plan_exprs(reader, &args);
    op->min = args;
    count = ndb_plan_uint(reader);
    yields = ndb_plan_array(reader, count, sizeof *yields);
    op->assigns = yields;
    op->count = yields != NULL ? count : 0;
    for (uint32_t i = 0; i < op->count; i++) {
        yields[i].column = ndb_plan_uint(reader);
        yields[i].slot = ndb_plan_slot(reader);
    }
}

/* All but the operators below it. */
static void read_source(struct ndb_plan_reader *reader, struct ndb_plan_op *op)
{
    switch (op->kind) {
    case NDB_OP_SCAN:
        op->slot = ndb_plan_slot(reader);
        if (ndb_plan_flag(reader))
            op->name = ndb_plan_name_of(reader, NAMIDB_LABEL);
        return;
    case NDB_OP_SCAN_NAMED:
    case NDB_OP_SEEK_ID:
        op->slot = ndb_plan_slot(reader);
        read_value(reader, op);
        return;
    case NDB_OP_SCAN_EDGES:
        read_scan_edges(reader, op);
        return;
    case NDB_OP_SEEK_KEY:
        op->slot = ndb_plan_slot(reader);
        op->name = ndb_plan_name_of(reader, NAMIDB_LABEL);
        op->expr = ndb_plan_expr(reader);
        return;
    case NDB_OP_SEEK_INDEX:
        op->slot = ndb_plan_slot(reader);
        op->name = ndb_plan_name_of(reader, NAMIDB_LABEL);
        op->seek = read_seek(reader);
        return;
    case NDB_OP_SEEK_EDGES:
    case NDB_OP_SEEK_EDGE_ID:
        read_edge_seek(reader, op);
        return;
    case NDB_OP_UNWIND:
        op->slot = ndb_plan_slot(reader);
        op->expr = ndb_plan_expr(reader);
        return;
    case NDB_OP_EXPAND:
    case NDB_OP_VAR_EXPAND:
    case NDB_OP_SHORTEST:
    case NDB_OP_REACH:
    case NDB_OP_CYCLES:
        read_expansion(reader, op);
        return;
    case NDB_OP_CALL:
        reader->plan->has_host = true;
        read_call(reader, op);
        return;
    default:
        return;
    }
}

static void read_shape(struct ndb_plan_reader *reader, struct ndb_plan_op *op)
{
    switch (op->kind) {
    case NDB_OP_FILTER:
    case NDB_OP_SKIP:
    case NDB_OP_LIMIT:
        op->expr = ndb_plan_expr(reader);
        return;
    case NDB_OP_PROJECT:
        read_assigns(reader, op);
        return;
    case NDB_OP_AGGREGATE:
        read_aggregations(reader, op);
        return;
    case NDB_OP_SORT:
        read_sort(reader, op);
        return;
    case NDB_OP_DISTINCT:
        op->slots = ndb_plan_slots(reader);
        return;
    case NDB_OP_JOIN:
        op->slots = ndb_plan_slots(reader);
        op->sub = ndb_plan_code(reader, NDB_JOIN_FLAGS);
        return;
    case NDB_OP_APPLY:
        op->sub = ndb_plan_code(reader, NDB_APPLY_COUNT);
        op->slot = slot_optional(reader);
        op->slots = ndb_plan_slots(reader);
        if (op->slot != NDB_NO_SLOT && op->sub != NDB_APPLY_EACH &&
            op->sub != NDB_APPLY_OPTIONAL)
            ndb_plan_wrong(reader, "an apply of all rows that gives none");
        return;
    default:
        return;
    }
}

static void read_write(struct ndb_plan_reader *reader, struct ndb_plan_op *op)
{
    switch (op->kind) {
    case NDB_OP_ARGUMENT:
        op->slot = slot_optional(reader);
        return;
    case NDB_OP_CREATE:
        op->creates = read_creates(reader);
        return;
    case NDB_OP_MERGE:
        op->creates = read_creates(reader);
        op->sets = read_sets(reader);
        op->sets_on_match = read_sets(reader);
        op->slots = ndb_plan_slots(reader);
        op->slot = slot_optional(reader);
        op->exprs = ndb_plan_exprs(reader, &op->count);
        return;
    case NDB_OP_SET:
        op->sets = read_sets(reader);
        return;
    case NDB_OP_DELETE:
        op->sub = ndb_plan_code(reader, 2);
        op->exprs = ndb_plan_exprs(reader, &op->count);
        reader->plan->is_writing = true;
        return;
    case NDB_OP_FOREACH:
        op->slot = ndb_plan_slot(reader);
        op->expr = ndb_plan_expr(reader);
        return;
    default:
        return;
    }
}

/* What an operator of a kind has. */
static const uint8_t SHAPE[NDB_OP_COUNT] = {
#define LIVE 1u
#define INNER 2u
#define CHILD 4u
    [NDB_OP_ARGUMENT] = LIVE,
    [NDB_OP_SCAN] = LIVE | CHILD,
    [NDB_OP_SCAN_NAMED] = LIVE | CHILD,
    [NDB_OP_SCAN_EDGES] = LIVE | CHILD,
    [NDB_OP_SEEK_KEY] = LIVE | CHILD,
    [NDB_OP_SEEK_INDEX] = LIVE | CHILD,
    [NDB_OP_SEEK_EDGES] = LIVE | CHILD,
    [NDB_OP_SEEK_EDGE_ID] = LIVE | CHILD,
    [NDB_OP_SEEK_ID] = LIVE | CHILD,
    [NDB_OP_EXPAND] = LIVE | CHILD,
    [NDB_OP_VAR_EXPAND] = LIVE | CHILD,
    [NDB_OP_SHORTEST] = LIVE | CHILD,
    [NDB_OP_REACH] = LIVE | CHILD,
    [NDB_OP_CYCLES] = LIVE | CHILD,
    [NDB_OP_FILTER] = CHILD,
    [NDB_OP_PROJECT] = CHILD,
    [NDB_OP_AGGREGATE] = CHILD,
    [NDB_OP_SORT] = LIVE | CHILD,
    [NDB_OP_SKIP] = CHILD,
    [NDB_OP_LIMIT] = CHILD,
    [NDB_OP_DISTINCT] = LIVE | CHILD,
    [NDB_OP_UNWIND] = LIVE | CHILD,
    [NDB_OP_UNION] = INNER | CHILD,
    [NDB_OP_APPLY] = LIVE | INNER | CHILD,
    [NDB_OP_EAGER] = LIVE | CHILD,
    [NDB_OP_CREATE] = CHILD,
    [NDB_OP_MERGE] = LIVE | INNER | CHILD,
    [NDB_OP_SET] = CHILD,
    [NDB_OP_DELETE] = CHILD,
    [NDB_OP_FOREACH] = INNER | CHILD,
    [NDB_OP_CALL] = LIVE | CHILD,
    [NDB_OP_JOIN] = LIVE | INNER | CHILD,
};

static bool is_writing(const struct ndb_plan_op *op)
{
    return op->kind == NDB_OP_CREATE || op->kind == NDB_OP_MERGE ||
           op->kind == NDB_OP_SET || op->kind == NDB_OP_DELETE ||
           (op->inner != NULL && op->inner->is_writing) ||
           (op->child != NULL && op->child->is_writing);
}

const struct ndb_plan_op *ndb_plan_op(struct ndb_plan_reader *reader)
{
    struct ndb_plan_op *op = ndb_plan_array(reader, 1, sizeof *op);

    if (op == NULL)
        return NULL;
    if (++reader->depth > NDB_PLAN_DEPTH_MAX) {
        ndb_plan_beyond(reader, "too many clauses or operators in a row");
        return NULL;
    }
    op->kind = (enum ndb_op_kind)ndb_plan_code(reader, NDB_OP_COUNT);
    op->name = NDB_NO_NAME;
    op->index = reader->plan->op_count++;
    if (!reader->bytes.is_failed) {
        read_source(reader, op);
        read_shape(reader, op);
        read_write(reader, op);
        if ((SHAPE[op->kind] & LIVE) != 0)
            op->live = ndb_plan_slots(reader);
        if ((SHAPE[op->kind] & INNER) != 0 ||
            (op->seek != NULL && op->seek->most != 0))
            op->inner = ndb_plan_op(reader);
        if ((SHAPE[op->kind] & CHILD) != 0)
            op->child = ndb_plan_op(reader);
    }
    op->is_writing = is_writing(op);
    reader->depth--;
    return op;
}
