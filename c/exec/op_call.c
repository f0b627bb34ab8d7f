/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CALL: the rows that a procedure of the host gives for each row, as many at a
 * time as it likes.
 */
#include "exec/eval.h"

struct call_state {
    struct ndb_cursor_row row;
    namidb_value results; /* a list of lists; op->kept's memory */
    uint32_t given;
    bool has_more; /* than these results, of the same call */
};

static void call_rewind(struct ndb_op *op)
{
    memset(op->state, 0, sizeof(struct call_state));
}

static int wrong_rows(struct ndb_op *op)
{
    return ndb_raise(op->run->err, NDB_FAULT_PROCEDURE,
                     "procedure %.*s gave something else than rows",
                     (int)op->plan->text.bytes,
                     (const char *)op->plan->text.data);
}

static int check_rows(struct ndb_op *op, const namidb_value *rows)
{
    if (rows->kind != NAMIDB_LIST)
        return wrong_rows(op);
    for (uint32_t i = 0; i < rows->size; i++) {
        if (rows->as.items[i].kind != NAMIDB_LIST)
            return wrong_rows(op);
        for (uint32_t j = 0; j < op->plan->count; j++)
            if (op->plan->assigns[j].column >= rows->as.items[i].size)
                return wrong_rows(op);
    }
    return NAMIDB_OK;
}

/* Has the host called for the results that come next. */
static int ask_host(struct ndb_op *op, namidb_host_call *call)
{
    struct call_state *state = op->state;
    const namidb_host *host = op->run->host;
    int rc;

    call->name = (const char *)op->plan->text.data;
    call->name_bytes = op->plan->text.bytes;
    call->caller = op;
    state->given = 0;
    rc = host->call(host->context, call, &op->kept, &state->results,
                    op->run->err);
    state->has_more = rc == NAMIDB_OK;
    return rc < 0 ? rc : check_rows(op, &state->results);
}

static int call_more(struct ndb_op *op)
{
    namidb_host_call call = { .is_more = true };

    ndb_arena_reset(&op->kept);
    return ask_host(op, &call);
}

static int call_anew(struct ndb_op *op)
{
    struct call_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->kept);
    uint32_t count = op->plan->min;
    namidb_host_call call = { .count = count };
    namidb_value *args;
    struct ndb_chunk row;
    int rc;

    ndb_arena_reset(&op->kept);
    if (op->run->host->call == NULL)
        return ndb_raise(op->run->err, NDB_FAULT_PROCEDURE,
                         "there are no procedures");
    call.args = args = ndb_eval_array(&eval, count);
    if (args == NULL)
        return NAMIDB_ENOMEM;
    rc =
        ndb_eval_row_chunk(&eval, &op->child->chunk, state->row.position, &row);
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        struct ndb_vector value;

        rc = ndb_eval(&eval, op->plan->exprs[i], &row, &value);
        if (rc >= 0)
            args[i] = ndb_vector_get(&value, 0);
    }
    return rc < 0 ? rc : ask_host(op, &call);
}

static int emit(struct ndb_op *op, uint32_t count)
{
    struct call_state *state = op->state;

    ndb_op_repeat(op, &op->child->chunk, state->row.position, count);
    for (uint32_t i = 0; i < op->plan->count; i++) {
        const struct ndb_assign *yield = &op->plan->assigns[i];
        struct ndb_vector *out = &op->chunk.columns[yield->slot];

        if (!ndb_vector_values(out, &op->arena, count))
            return NAMIDB_ENOMEM;
        for (uint32_t j = 0; j < count; j++)
            out->as.values[j] = state->results.as.items[state->given + j]
                                    .as.items[yield->column];
    }
    state->given += count;
    return NAMIDB_OK;
}

static int call_next(struct ndb_op *op)
{
    struct call_state *state = op->state;

    for (;;) {
        uint32_t left = state->results.kind == NAMIDB_LIST
                            ? state->results.size - state->given
                            : 0;
        int rc;

        if (left != 0)
            return emit(op,
                        left < NDB_CHUNK_ROWS_MAX ? left : NDB_CHUNK_ROWS_MAX);
        if (state->has_more) {
            rc = call_more(op);
        } else {
            rc = ndb_op_next_row(op, &state->row);
            if (rc == NAMIDB_OK)
                rc = call_anew(op);
        }
        if (rc != NAMIDB_OK)
            return rc;
    }
}

const struct ndb_op_class ndb_op_call = {
    .state_bytes = sizeof(struct call_state),
    .rewind = call_rewind,
    .next = call_next,
};
