/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - a query plan: a tree of operators over a tree of expressions.
 *
 * The planner (Lua) encodes it, ndb_plan_decode builds and checks it, and from
 * then on it never changes: any number of runs (query.h) may share it. A plan
 * is never stored, so the encoding has no version.
 *
 *   uint   := LEB128 varint, at most 32 bits unless said otherwise
 *   text   := uint bytes, how many of the texts' bytes come next
 *   slots  := uint count, uint slot *
 *   names  := uint count, uint name *
 *   opt(x) := uint 0 | uint 1, x
 *
 *   plan := uint bytes, bytes                        of all texts, in order
 *           uint slot_count,
 *           uint count, (u8 enum namidb_name_kind, text) *   the names
 *           uint count, text *                       names of the parameters
 *           uint count, (text, uint slot) *          the columns, in order
 *           op
 *
 * A slot is a variable's place in a row: every operator and every expression
 * of a plan means the same thing by it. Slots that nothing has set are null. A
 * name is a number of the plan's table; what number the database knows it by
 * is looked up at the start of each run, since a dictionary grows.
 *
 * Operators (u8 code, then as below; `child` is an op and comes last). Each
 * pulls rows from its child and adds slots to them. `live` lists the slots
 * that are read above the operator and were set below it: what it must carry.
 *
 *   ARGUMENT  opt(slot row), live    the row that an apply, a sub-plan or
 *                                    nothing (one empty row) gives; with a slot
 *                                    all rows of a sub-plan's chunk, and in the
 *                                    slot the number of each
 *   SCAN      slot, opt(label name), live, child       every node (of a label)
 *   SCAN_NAMED slot, u8 is_any, expr label or labels, live, child
 *                                    every node with all of the labels that a
 *                                    value names, or with any of them
 *   SCAN_EDGES edge slot, from slot, to slot, opt(type name), direction, live,
 *             child                                    every edge (of a type);
 *                                    BOTH gives each edge twice, a loop once
 *   SEEK_KEY  slot, label name, expr key, live, child  nodes with that key, of
 *             tables whose nodes may have the label: both are to be tested
 *   SEEK_INDEX slot, label name, seek, live, child
 *                                    nodes of an index: more than the
 *                                    expressions want, never fewer, each once
 *   SEEK_EDGES edge slot, from slot, to slot, type name, u8 direction, seek,
 *             live, child            the same for edges; BOTH gives each twice
 *   SEEK_ID   slot, u8 is_list, expr id or list of ids, live, child
 *   SEEK_EDGE_ID edge slot, from slot, to slot, u8 direction, u8 is_list,
 *             expr, live, child      BOTH gives each edge twice, a loop once
 *   EXPAND    from slot, edge slot, to slot, u8 direction, names types (none:
 *             all), uint flags, live, child
 *   VAR_EXPAND the same, then before `live`: uint min, opt(uint max),
 *             opt(uint slot of the edge under test, expr predicate),
 *             slots of edges (or lists of them) that may not be walked,
 *             opt(slot of the number of hops)
 *             edge slot gets the list of edges in walking order
 *   SHORTEST  as VAR_EXPAND without the last slot; both ends are bound
 *   REACH     as VAR_EXPAND, with a min of 0 or 1: each end once for a row, by
 *             the fewest hops, and nothing in the edge slot
 *   CYCLES    as REACH, in one direction, from a node to itself, from 1 hop on,
 *             with a predicate that reads no more than the edge: the rows for
 *             which there is a walk
 *   FILTER    expr, child
 *   PROJECT   uint count, (slot, expr) *, child
 *   AGGREGATE slots keys, uint count, (u8 kind, u8 is_distinct, opt(in slot),
 *             opt(slot of the second argument), out slot) *, child
 *   SORT      uint count, (slot, u8 is_descending) *, opt(expr limit), live,
 *             child                  with a limit only that many rows are kept
 *   SKIP      expr, child
 *   LIMIT     expr, child
 *   DISTINCT  slots, live, child
 *   UNWIND    slot, expr, live, child
 *   UNION     op, child              all rows of child, then all of op
 *   APPLY     u8 kind, opt(slot row), slots set by the inner op, live,
 *             op inner, child        for each row of child the rows of `inner`
 *                                    (see enum); with a row it runs once for
 *                                    all rows of a chunk, as that of a SUBPLAN,
 *                                    and gives what it finds in their order
 *   EAGER     live, child            takes in all rows before it gives any
 *   CREATE    uint count, create *, child
 *   MERGE     creates, sets on create, sets on match, slots set by match,
 *             opt(slot row), uint count, expr key *, live, op match, child
 *                                    match sees what earlier rows created; with
 *                                    a row it runs for all rows of a chunk at
 *                                    once, as that of a SUBPLAN. Keys promise:
 *                                    nothing that a row does matters to what
 *                                    another matches, unless their keys are
 *                                    equal and it creates something
 *   SET       uint count, set *, child
 *   DELETE    u8 is_detach, uint count, expr *, child
 *                                    nodes, edges, paths, null; after it rows
 *                                    go on
 *   FOREACH   slot, expr list, op body, child
 *                                    runs the body for each item, drops its
 *                                    rows, passes its own on
 *   CALL      text procedure, uint count, expr *, uint count,
 *             (uint column, slot) *, live, child      rows come from the host
 *   JOIN      slots keys, u8 flags, live, op build, child
 *                                    hash join: rows of both whose keys are
 *                                    equal (null never is); lasting: what is
 *                                    built reads nothing of the row around it;
 *                                    outer: a row of child that joins nothing
 *                                    is given once, with nulls
 *
 *   create := u8 0, node slot, names labels, uint count, expr label *,
 *             expr properties (map)
 *           | u8 1, edge slot, opt(type name), expr type unless it has a name,
 *             from slot, to slot, expr properties
 *                                    a label that is an expression is its name
 *                                    or a list of names; a type is one name
 *   seek   := names properties, uint equal, u8 low, u8 high, u8 more, u8 order,
 *             uint count, expr *, opt(expr first), u8 is_for_new, uint most
 *                                    see struct ndb_seek; with a `most` the
 *                                    operator has an op inner before its child
 *   set    := u8 enum ndb_set_kind, expr entity, what it needs
 *
 * Expressions (u8 code, then):
 *
 *   CONST uint                       an item of the constants given beside
 *   PARAM uint | SLOT uint
 *   PROPERTY name, expr              of a node, edge, map, temporal, point
 *   INDEX expr, expr | SLICE expr, opt(expr), opt(expr)
 *   LIST uint count, expr * | MAP uint count, (text, expr) *
 *   AND OR uint count, expr *        3-valued, stops when decided
 *   XOR a, b | NOT a | EQ NE LT LE GT GE a, b | IN item, list
 *   ADD SUB MUL DIV MOD POW a, b | NEG a
 *   STARTS ENDS CONTAINS REGEX a, b | IS_NULL a | NOT_NULL a
 *   LABELS names, expr               has all of them; an edge: its type is it
 *   CALL text function, uint count, expr *     ours (scalar.h, graph.h)
 *   HOST text function, uint count, expr *     registered by the caller
 *   CASE uint count, (expr condition, expr) *, opt(expr otherwise)
 *   LET slot, expr value, expr body  the body, with the value in the slot
 *   FOR_EACH slot, expr list, opt(expr where), opt(expr item)  comprehension
 *   QUANTIFIER u8 kind, slot, expr list, expr predicate
 *   REDUCE slot accumulator, expr start, slot, expr list, expr step
 *   SUBPLAN u8 kind, opt(slot row), slot result, op, opt(op for many)
 *                                    see enum; with a row
 *                                    the plan runs once for all rows of a
 *                                    chunk, and the slot of its ARGUMENT's says
 *                                    to which a row that it gives belongs; the
 *                                    plan for many is better where there are
 *                                    more than a few rows
 *   PATH uint count, slot *          node, edge or list of edges, node, ...
 *   DIFFER uint count, slot *        no edge occurs twice in these slots, which
 *                                    hold edges or lists of edges
 *   DEGREE u8 direction (OUT, IN), names types (none: all), names labels,
 *     expr node                      how many edges, to nodes with all labels;
 *                                    of null: null
 *   WALKS hop first, hop second, u8 is_closed, expr node
 *                                    how many walks of two edges, which may be
 *                                    one; closed: back to the node, and second
 *                                    has no labels; of null: null
 *                                    hop := u8 direction (OUT, IN), names types
 *                                    (none: all), names labels it leads to
 *   LOOPS u8 direction (OUT, IN: where they are looked for), names types,
 *     expr node                      how many edges to itself; of null: null
 *   COUNTED u8 NAMIDB_LABEL or NAMIDB_TYPE, names (none: all)
 *                                    how many there are in the graph
 */
#ifndef NDB_EXEC_PLAN_H
#define NDB_EXEC_PLAN_H

#include "base/slice.h"
#include "exec/scalar.h"

#define NDB_PLAN_BYTES_MAX (64u << 20)
#define NDB_PLAN_SLOTS_MAX 65536u
#define NDB_PLAN_DEPTH_MAX                                                     \
    2000u /* operators and expressions inside another                          \
           */

#define NDB_OP_MAP(X)                                                          \
    X(ARGUMENT)                                                                \
    X(SCAN)                                                                    \
    X(SCAN_NAMED)                                                              \
    X(SCAN_EDGES)                                                              \
    X(SEEK_KEY)                                                                \
    X(SEEK_INDEX)                                                              \
    X(SEEK_EDGES)                                                              \
    X(SEEK_EDGE_ID)                                                            \
    X(SEEK_ID)                                                                 \
    X(EXPAND)                                                                  \
    X(VAR_EXPAND)                                                              \
    X(SHORTEST)                                                                \
    X(FILTER)                                                                  \
    X(PROJECT)                                                                 \
    X(AGGREGATE)                                                               \
    X(SORT)                                                                    \
    X(SKIP)                                                                    \
    X(LIMIT)                                                                   \
    X(DISTINCT)                                                                \
    X(UNWIND)                                                                  \
    X(UNION)                                                                   \
    X(APPLY)                                                                   \
    X(EAGER)                                                                   \
    X(CREATE)                                                                  \
    X(MERGE)                                                                   \
    X(SET)                                                                     \
    X(DELETE)                                                                  \
    X(FOREACH)                                                                 \
    X(CALL)                                                                    \
    X(JOIN)                                                                    \
    X(REACH)                                                                   \
    X(CYCLES)

enum ndb_op_kind {
#define NDB_X(name) NDB_OP_##name,
    NDB_OP_MAP(NDB_X)
#undef NDB_X
        NDB_OP_COUNT
};

#define NDB_EXPR_MAP(X)                                                        \
    X(CONST)                                                                   \
    X(PARAM)                                                                   \
    X(SLOT)                                                                    \
    X(PROPERTY)                                                                \
    X(INDEX)                                                                   \
    X(SLICE)                                                                   \
    X(LIST)                                                                    \
    X(MAP)                                                                     \
    X(AND)                                                                     \
    X(OR)                                                                      \
    X(XOR)                                                                     \
    X(NOT)                                                                     \
    X(EQ)                                                                      \
    X(NE)                                                                      \
    X(LT)                                                                      \
    X(LE)                                                                      \
    X(GT)                                                                      \
    X(GE)                                                                      \
    X(IN)                                                                      \
    X(ADD)                                                                     \
    X(SUB)                                                                     \
    X(MUL)                                                                     \
    X(DIV)                                                                     \
    X(MOD)                                                                     \
    X(POW)                                                                     \
    X(NEG)                                                                     \
    X(STARTS)                                                                  \
    X(ENDS)                                                                    \
    X(CONTAINS)                                                                \
    X(REGEX)                                                                   \
    X(IS_NULL)                                                                 \
    X(NOT_NULL)                                                                \
    X(LABELS)                                                                  \
    X(CALL)                                                                    \
    X(HOST)                                                                    \
    X(CASE)                                                                    \
    X(LET)                                                                     \
    X(FOR_EACH)                                                                \
    X(QUANTIFIER)                                                              \
    X(REDUCE)                                                                  \
    X(SUBPLAN)                                                                 \
    X(PATH)                                                                    \
    X(DIFFER)                                                                  \
    X(DEGREE)                                                                  \
    X(WALKS)                                                                   \
    X(LOOPS)                                                                   \
    X(COUNTED)

enum ndb_expr_kind {
#define NDB_X(name) NDB_EXPR_##name,
    NDB_EXPR_MAP(NDB_X)
#undef NDB_X
        NDB_EXPR_COUNT
};

#define NDB_AGGREGATE_MAP(X)                                                   \
    X(COUNT_ROWS) /* count(*): no input */                                     \
    X(COUNT)                                                                   \
    X(SUM)                                                                     \
    X(AVG)                                                                     \
    X(MIN)                                                                     \
    X(MAX)                                                                     \
    X(COLLECT)                                                                 \
    X(STDEV)                                                                   \
    X(STDEVP)                                                                  \
    X(PERCENTILE_CONT) /* second argument: the percentile */                   \
    X(PERCENTILE_DISC)

enum ndb_aggregate_kind {
#define NDB_X(name) NDB_AGGREGATE_##name,
    NDB_AGGREGATE_MAP(NDB_X)
#undef NDB_X
        NDB_AGGREGATE_KIND_COUNT
};

/* What a row of the child gives, by what the inner plan gave for it. */
#define NDB_APPLY_MAP(X)                                                       \
    X(EACH)     /* a row for each */                                           \
    X(OPTIONAL) /* the same; one with nulls when there is none */              \
    X(RUN)      /* itself, once the inner plan has run to its end */

enum ndb_apply_kind {
#define NDB_X(name) NDB_APPLY_##name,
    NDB_APPLY_MAP(NDB_X)
#undef NDB_X
        NDB_APPLY_COUNT
};

/* The value of a SUBPLAN expression. */
#define NDB_SUBPLAN_MAP(X)                                                     \
    X(EXISTS)  /* whether there is a row */                                    \
    X(COUNT)   /* how many */                                                  \
    X(COLLECT) /* the list of what is in the result slot */

enum ndb_subplan_kind {
#define NDB_X(name) NDB_SUBPLAN_##name,
    NDB_SUBPLAN_MAP(NDB_X)
#undef NDB_X
        NDB_SUBPLAN_COUNT_OF
};

#define NDB_QUANTIFIER_MAP(X) X(ALL) X(ANY) X(NONE) X(SINGLE)

enum ndb_quantifier_kind {
#define NDB_X(name) NDB_QUANTIFIER_##name,
    NDB_QUANTIFIER_MAP(NDB_X)
#undef NDB_X
        NDB_QUANTIFIER_COUNT
};

/* Items of SET and REMOVE; an entity that is null is skipped. */
#define NDB_SET_MAP(X)                                                         \
    X(PROPERTY)      /* name, expr value; null removes */                      \
    X(REPLACE)       /* expr map, node or edge: = */                           \
    X(MERGE)         /* expr map, node or edge: += */                          \
    X(ADD_LABELS)    /* names */                                               \
    X(REMOVE_LABELS) /* names */                                               \
    X(ADD_NAMED)     /* expr: a label's name, or a list of them */             \
    X(REMOVE_NAMED)  /* expr: likewise */

enum ndb_set_kind {
#define NDB_X(name) NDB_SET_##name,
    NDB_SET_MAP(NDB_X)
#undef NDB_X
        NDB_SET_COUNT
};

/* Flags of EXPAND, VAR_EXPAND, SHORTEST, REACH. */
enum {
    NDB_EXPAND_INTO = 1,         /* `to` is bound: only edges that end there */
    NDB_EXPAND_ALL_SHORTEST = 2, /* SHORTEST: all of the shortest, not one */
    NDB_EXPAND_NO_EDGE = 4,      /* nothing reads the edge slot */
    NDB_EXPAND_NO_NODE = 8,      /* nothing reads the `to` slot */
    NDB_EXPAND_LOOPS = 16,       /* EXPAND in one direction: nobody minds
                                    whether an edge is null that is no loop */
    NDB_EXPAND_ACYCLIC = 32,     /* VAR_EXPAND: no node twice in a walk */
    NDB_EXPAND_SIMPLE = 64       /* likewise, but for the first as the last */
};

/* Flags of JOIN. */
enum {
    NDB_JOIN_LASTING = 1, /* what is built reads nothing of the row around it */
    NDB_JOIN_OUTER = 2,   /* rows of the child that join nothing are given */
    NDB_JOIN_FLAGS = 4
};

/* Ends of a range in an index. */
enum { NDB_SEEK_NO_END = 0, NDB_SEEK_INCLUSIVE = 1, NDB_SEEK_EXCLUSIVE = 2 };
enum { NDB_SEEK_NOTHING, NDB_SEEK_PREFIX, NDB_SEEK_ITEMS };
#define NDB_SEEK_ROWS_MAX 65536u
enum { NDB_SEEK_ANY_ORDER, NDB_SEEK_ASCENDING, NDB_SEEK_DESCENDING };

struct ndb_expr;
struct ndb_plan_op;

struct ndb_slots {
    const uint32_t *items;
    uint32_t count;
};

/* Names of the plan; what numbers they have is the run's. */
struct ndb_names {
    const uint32_t *items;
    uint32_t count;
};

/* SEEK_INDEX, SEEK_EDGES: what of an index is searched. The first `equal`
 * expressions are what the first properties equal. Then the next property is at
 * or above an expression, and at or below another; or it begins with one; or it
 * is an item of one, a list. */
struct ndb_seek {
    struct ndb_names props; /* of the index, all */
    uint32_t equal;
    uint8_t low, high; /* NDB_SEEK_NO_END: no expression */
    uint8_t more;
    uint8_t order; /* that is relied upon */
    uint32_t count;
    const struct ndb_expr **exprs;
    const struct ndb_expr *first; /* about how many rows are wanted; or NULL */
    bool is_for_new; /* mostly there is nothing: see ndb_index_search */
    uint32_t most; /* of more rows than this, `inner` gives the rows instead: a
                    scan of all; 0: there is none */
};

struct ndb_branch { /* of CASE; key and value of MAP */
    struct ndb_slice key;
    const struct ndb_expr *when;
    const struct ndb_expr *then;
};

struct ndb_expr {
    enum ndb_expr_kind kind;
    uint32_t place;    /* in the plan's bytes: the first is 1 */
    uint8_t sub;       /* kind of QUANTIFIER, SUBPLAN; direction */
    bool is_closed;    /* of WALKS */
    bool is_volatile;  /* differs between rows though its inputs do not */
    uint32_t number;   /* slot, parameter, name */
    uint32_t number_b; /* second slot; of SUBPLAN the row's, or NDB_NO_SLOT */
    uint32_t count;
    namidb_value value;           /* of literals */
    const struct ndb_expr **args; /* count; optional ones may be NULL */
    const struct ndb_branch *branches;
    struct ndb_names names, labels;
    struct ndb_slots slots;
    struct ndb_slice text;
    const struct ndb_function *function;
    const struct ndb_graph_function *graph_function;
    const struct ndb_plan_op *plan, *plan_for_many; /* or NULL */
    const struct ndb_expr *second; /* of WALKS: sub, names, labels; no args */
    uint32_t run_index; /* of what each run keeps for it: SUBPLAN, REGEX */
};

struct ndb_create {
    bool is_edge;
    uint32_t slot;
    struct ndb_names labels;
    uint32_t named_count; /* further labels, by expressions */
    const struct ndb_expr **named;
    uint32_t type; /* a name, unless `named_type` gives it */
    const struct ndb_expr *named_type;
    uint32_t from, to;
    const struct ndb_expr *props;
};

struct ndb_set {
    enum ndb_set_kind kind;
    const struct ndb_expr *entity;
    uint32_t name;
    const struct ndb_expr *value;
    struct ndb_names labels;
};

struct ndb_creates {
    const struct ndb_create *items;
    uint32_t count;
};

struct ndb_sets {
    const struct ndb_set *items;
    uint32_t count;
};

struct ndb_assign {
    uint32_t slot; /* CALL: and the procedure's column */
    uint32_t column;
    const struct ndb_expr *expr;
};

struct ndb_aggregation {
    enum ndb_aggregate_kind kind;
    bool is_distinct;
    uint32_t in, second, out; /* NDB_NO_SLOT: none */
};

struct ndb_sort_key {
    uint32_t slot;
    bool is_descending;
};

#define NDB_NO_SLOT UINT32_MAX
#define NDB_NO_NAME UINT32_MAX

struct ndb_plan_op {
    enum ndb_op_kind kind;
    uint8_t sub; /* kind of APPLY; is_detach; is_list; flags of JOIN */
    uint8_t direction;
    uint32_t flags;
    uint32_t slot, edge, to; /* slots; `slot` is `from` of an expansion */
    uint32_t name;           /* label or type; NDB_NO_NAME */
    uint32_t min, max;       /* hops; UINT32_MAX: no bound */
    uint32_t hops;           /* slot: how many a walk has */
    uint32_t count;          /* of the list that the kind has */
    uint32_t index;          /* in the plan: operators are numbered */
    struct ndb_names types;
    struct ndb_slots live, slots;
    const struct ndb_expr *expr;
    const struct ndb_expr **exprs;    /* DELETE, CALL, MERGE */
    const struct ndb_assign *assigns; /* PROJECT, CALL */
    const struct ndb_aggregation *aggregations;
    const struct ndb_sort_key *keys;
    const struct ndb_seek *seek;
    struct ndb_creates creates;
    struct ndb_sets sets, sets_on_match;
    struct ndb_slice text;
    const struct ndb_plan_op *child, *inner; /* NULL: none */
    bool is_writing; /* it or an operator below it changes the graph */
};

struct ndb_plan_name {
    enum namidb_name_kind kind;
    struct ndb_slice text;
};

struct ndb_plan_column {
    struct ndb_slice name;
    uint32_t slot;
};

struct ndb_plan {
    uint32_t refs; /* atomic */
    uint32_t slot_count, op_count, run_count;
    const struct ndb_plan_name *names;
    uint32_t name_count;
    const struct ndb_slice *params;
    uint32_t param_count;
    const struct ndb_plan_column *columns;
    uint32_t column_count;
    bool is_writing;  /* has CREATE, MERGE, SET or DELETE in it */
    bool has_host;    /* has functions or procedures of the host in it */
    bool reads_clock; /* may ask when the statement began */
    const struct ndb_plan_op *root;
    namidb_arena arena;
    struct namidb_query *spare; /* atomic; see query.h */
};

/* NAMIDB_EINVAL, NAMIDB_ELIMIT: what is wrong with the bytes. Constants are
 * copied. The caller owns a reference. */
int ndb_plan_decode(struct ndb_plan **plan, struct ndb_slice bytes,
                    const namidb_value *constants, size_t constant_count,
                    namidb_error *err);
struct ndb_plan *ndb_plan_ref(struct ndb_plan *plan);
void ndb_plan_unref(struct ndb_plan *plan);

#endif
