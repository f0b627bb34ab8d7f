/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions of a plan, from bytes.
 */
#include "exec/function.h"
#include "exec/graph.h"
#include "exec/plan_read.h"

static void read_args(struct ndb_plan_reader *reader, struct ndb_expr *expr,
                      uint32_t count)
{
    expr->args = ndb_plan_array(reader, count, sizeof *expr->args);
    expr->count = count;
    for (uint32_t i = 0; i < count && expr->args != NULL; i++)
        expr->args[i] = ndb_plan_expr(reader);
}

static void read_list(struct ndb_plan_reader *reader, struct ndb_expr *expr)
{
    expr->args = ndb_plan_exprs(reader, &expr->count);
}

static void read_constant(struct ndb_plan_reader *reader, struct ndb_expr *expr)
{
    uint32_t index = ndb_plan_uint(reader);

    if (index >= reader->constant_count)
        ndb_plan_wrong(reader, "a constant that was not given");
    else
        expr->value = reader->constants[index];
}

static void read_param(struct ndb_plan_reader *reader, struct ndb_expr *expr)
{
    expr->number = ndb_plan_uint(reader);
    if (expr->number >= reader->plan->param_count)
        ndb_plan_wrong(reader, "a parameter that was not named");
}

/* One that is there, two that may be. */
static void read_optionals(struct ndb_plan_reader *reader,
                           struct ndb_expr *expr)
{
    expr->args = ndb_plan_array(reader, 3, sizeof *expr->args);
    if (expr->args == NULL)
        return;
    expr->count = 3;
    expr->args[0] = ndb_plan_expr(reader);
    expr->args[1] = ndb_plan_expr_optional(reader);
    expr->args[2] = ndb_plan_expr_optional(reader);
}

static int compare_branches(const struct ndb_branch *a,
                            const struct ndb_branch *b)
{
    return ndb_slice_compare(a->key, b->key);
}

/* The planner may give keys in any order; a map has them ascending. */
static void read_map(struct ndb_plan_reader *reader, struct ndb_expr *expr)
{
    uint32_t count = ndb_plan_uint(reader);
    struct ndb_branch *branches =
        ndb_plan_array(reader, count, sizeof *branches);

    expr->branches = branches;
    expr->count = branches != NULL ? count : 0;
    for (uint32_t i = 0; i < expr->count; i++) {
        struct ndb_branch branch = { .key = ndb_plan_text(reader) };
        uint32_t at = i;

        branch.then = ndb_plan_expr(reader);
        while (at > 0 && compare_branches(&branches[at - 1], &branch) > 0) {
            branches[at] = branches[at - 1];
            at--;
        }
        branches[at] = branch;
        if (at > 0 && compare_branches(&branches[at - 1], &branch) == 0)
            ndb_plan_wrong(reader, "a map with a key twice");
    }
}

static void read_case(struct ndb_plan_reader *reader, struct ndb_expr *expr)
{
    uint32_t count = ndb_plan_uint(reader);
    struct ndb_branch *branches =
        ndb_plan_array(reader, count, sizeof *branches);

    expr->branches = branches;
    expr->count = branches != NULL ? count : 0;
    for (uint32_t i = 0; i < expr->count; i++) {
        branches[i].when = ndb_plan_expr(reader);
        branches[i].then = ndb_plan_expr(reader);
    }
    expr->args = ndb_plan_array(reader, 1, sizeof *expr->args);
    if (expr->args != NULL)
        expr->args[0] = ndb_plan_expr_optional(reader);
}

static bool is_argument_count(uint32_t count, uint32_t min, uint32_t max)
{
    return count >= min && (max == UINT8_MAX || count <= max);
}

static void read_hop(struct ndb_plan_reader *reader, struct ndb_expr *hop)
{
    hop->sub = ndb_plan_code(reader, NAMIDB_IN + 1);
    hop->names = ndb_plan_names(reader, NAMIDB_TYPE);
    if (hop->kind != NDB_EXPR_LOOPS)
        hop->labels = ndb_plan_names(reader, NAMIDB_LABEL);
}

static void read_second(struct ndb_plan_reader *reader, struct ndb_expr *walks)
{
    struct ndb_expr *second = ndb_plan_array(reader, 1, sizeof *second);

    walks->second = second;
    if (second == NULL)
        return;
    second->kind = NDB_EXPR_DEGREE;
    read_hop(reader, second);
    walks->is_closed = ndb_plan_flag(reader);
}

/* A number of a node. */
static void read_number(struct ndb_plan_reader *reader, struct ndb_expr *expr)
{
    read_hop(reader, expr);
    if (expr->kind == NDB_EXPR_WALKS)
        read_second(reader, expr);
    read_args(reader, expr, 1);
}

static void read_call(struct ndb_plan_reader *reader, struct ndb_expr *expr)
{
    uint32_t min = 0, max = UINT8_MAX;

    expr->text = ndb_plan_text(reader);
    read_list(reader, expr);
    if (reader->bytes.is_failed)
        return;
    expr->graph_function = ndb_graph_function_find(expr->text);
    if (expr->graph_function != NULL) {
        min = expr->graph_function->arguments_min;
        max = expr->graph_function->arguments_max;
    } else {
        expr->function =
            ndb_function_find((const char *)expr->text.data, expr->text.bytes);
        if (expr->function == NULL) {
            ndb_plan_wrong(reader, "an unknown function");
            return;
        }
        if (ndb_function_reads_clock(expr->function))
            reader->plan->reads_clock = true;
        min = expr->function->arguments_min;
        max = expr->function->arguments_max;
    }
    if (!is_argument_count(expr->count, min, max))
        ndb_plan_wrong(reader, "a function with another number of arguments");
    /* Of no row, and yet not the same twice: rand(), randomuuid(). */
    expr->is_volatile =
        expr->text.bytes >= 4 && memcmp(expr->text.data, "rand", 4) == 0;
}

static void read_quantifier(struct ndb_plan_reader *reader,
                            struct ndb_expr *expr)
{
    expr->sub = ndb_plan_code(reader, NDB_QUANTIFIER_COUNT);
    expr->number = ndb_plan_slot(reader);
    read_args(reader, expr, 2);
}

static void read_reduce(struct ndb_plan_reader *reader, struct ndb_expr *expr)
{
    expr->args = ndb_plan_array(reader, 3, sizeof *expr->args);
    if (expr->args == NULL)
        return;
    expr->count = 3;
    expr->number_b = ndb_plan_slot(reader);
    expr->args[0] = ndb_plan_expr(reader);
    expr->number = ndb_plan_slot(reader);
    expr->args[1] = ndb_plan_expr(reader);
    expr->args[2] = ndb_plan_expr(reader);
}

static void read_subplan(struct ndb_plan_reader *reader, struct ndb_expr *expr)
{
    expr->sub = ndb_plan_code(reader, NDB_SUBPLAN_COUNT_OF);
    expr->number_b =
        ndb_plan_flag(reader) ? ndb_plan_slot(reader) : NDB_NO_SLOT;
    expr->number = ndb_plan_slot(reader);
    expr->plan = ndb_plan_op(reader);
    if (ndb_plan_flag(reader))
        expr->plan_for_many = ndb_plan_op(reader);
    expr->run_index = reader->plan->run_count++;
}

static void read_let(struct ndb_plan_reader *reader, struct ndb_expr *expr)
{
    expr->number = ndb_plan_slot(reader);
    read_args(reader, expr, 2);
}

static void read_host(struct ndb_plan_reader *reader, struct ndb_expr *expr)
{
    expr->text = ndb_plan_text(reader);
    expr->is_volatile = true;
    reader->plan->has_host = true;
    read_list(reader, expr);
}

/* Two operands, and something that a run keeps of the second. */
static void read_kept(struct ndb_plan_reader *reader, struct ndb_expr *expr)
{
    expr->run_index = reader->plan->run_count++;
    read_args(reader, expr, 2);
}

/* What an expression of a kind of its own has; false: it has operands alone. */
static bool read_special(struct ndb_plan_reader *reader, struct ndb_expr *expr)
{
    switch (expr->kind) {
    case NDB_EXPR_CONST:
        read_constant(reader, expr);
        return true;
    case NDB_EXPR_PARAM:
        read_param(reader, expr);
        return true;
    case NDB_EXPR_SLOT:
        expr->number = ndb_plan_slot(reader);
        return true;
    case NDB_EXPR_PROPERTY:
        expr->number = ndb_plan_name_of(reader, NAMIDB_PROPERTY);
        read_args(reader, expr, 1);
        return true;
    case NDB_EXPR_SLICE:
        read_optionals(reader, expr);
        return true;
    case NDB_EXPR_MAP:
        read_map(reader, expr);
        return true;
    case NDB_EXPR_LABELS:
        expr->names = ndb_plan_names(reader, NAMIDB_LABEL);
        read_args(reader, expr, 1);
        return true;
    case NDB_EXPR_DEGREE:
    case NDB_EXPR_LOOPS:
    case NDB_EXPR_WALKS:
        read_number(reader, expr);
        return true;
    case NDB_EXPR_COUNTED:
        expr->sub = ndb_plan_code(reader, NAMIDB_TYPE + 1);
        expr->names = ndb_plan_names(reader, (enum namidb_name_kind)expr->sub);
        return true;
    case NDB_EXPR_CALL:
        read_call(reader, expr);
        return true;
    case NDB_EXPR_HOST:
        read_host(reader, expr);
        return true;
    case NDB_EXPR_CASE:
        read_case(reader, expr);
        return true;
    case NDB_EXPR_LET:
        read_let(reader, expr);
        return true;
    case NDB_EXPR_FOR_EACH:
        expr->number = ndb_plan_slot(reader);
        read_optionals(reader, expr);
        return true;
    case NDB_EXPR_QUANTIFIER:
        read_quantifier(reader, expr);
        return true;
    case NDB_EXPR_REDUCE:
        read_reduce(reader, expr);
        return true;
    case NDB_EXPR_SUBPLAN:
        read_subplan(reader, expr);
        return true;
    case NDB_EXPR_PATH:
    case NDB_EXPR_DIFFER:
        expr->slots = ndb_plan_slots(reader);
        return true;
    case NDB_EXPR_REGEX:
    case NDB_EXPR_IN:
        read_kept(reader, expr);
        return true;
    default:
        return false;
    }
}

static void read_body(struct ndb_plan_reader *reader, struct ndb_expr *expr)
{
    if (read_special(reader, expr))
        return;
    switch (expr->kind) {
    case NDB_EXPR_LIST:
    case NDB_EXPR_AND:
    case NDB_EXPR_OR:
        read_list(reader, expr);
        return;
    case NDB_EXPR_NOT:
    case NDB_EXPR_NEG:
    case NDB_EXPR_IS_NULL:
    case NDB_EXPR_NOT_NULL:
        read_args(reader, expr, 1);
        return;
    default:
        read_args(reader, expr, 2);
        return;
    }
}

const struct ndb_expr *ndb_plan_expr(struct ndb_plan_reader *reader)
{
    struct ndb_expr *expr = ndb_plan_array(reader, 1, sizeof *expr);

    if (expr == NULL)
        return NULL;
    if (++reader->depth > NDB_PLAN_DEPTH_MAX) {
        ndb_plan_beyond(reader, "too many clauses or operators in a row");
        return NULL;
    }
    expr->place = ++reader->expr_count;
    expr->kind = (enum ndb_expr_kind)ndb_plan_code(reader, NDB_EXPR_COUNT);
    if (!reader->bytes.is_failed)
        read_body(reader, expr);
    reader->depth--;
    return expr;
}

const struct ndb_expr **ndb_plan_exprs(struct ndb_plan_reader *reader,
                                       uint32_t *count)
{
    const struct ndb_expr **exprs;

    *count = ndb_plan_uint(reader);
    exprs = ndb_plan_array(reader, *count, sizeof *exprs);
    if (exprs == NULL)
        *count = 0;
    for (uint32_t i = 0; i < *count && !reader->bytes.is_failed; i++)
        exprs[i] = ndb_plan_expr(reader);
    return exprs;
}

const struct ndb_expr *ndb_plan_expr_optional(struct ndb_plan_reader *reader)
{
    return ndb_plan_flag(reader) ? ndb_plan_expr(reader) : NULL;
}
