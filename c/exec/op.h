/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op.h - an operator at work, and the run that it belongs to.
 *
 * A run makes one operator for each of the plan's and pulls chunks from the
 * root. An operator's output lives in its arena until it is asked for more; an
 * operator that keeps rows longer copies them. `rewind` starts it over, for
 * another row of the apply that it is inside; its memory stays.
 */
#ifndef NDB_EXEC_OP_H
#define NDB_EXEC_OP_H

#include "base/error.h"
#include "base/ids.h"
#include "base/mem.h"
#include "engine/db.h"
#include "engine/read.h"
#include "engine/tx.h"
#include "exec/chunk.h"

/* All rows of a chunk at once, for a plan that gives what it finds in any
 * order: a slot says for which of them. */
struct ndb_batch {
    uint32_t slot;             /* the position in the chunk, an integer */
    const uint8_t *is_settled; /* by position: nobody wants more of what is
                                  found for it; NULL: all is wanted */
};

/* What an ARGUMENT reads: of an apply's child, or of who evaluates a
 * sub-plan. */
struct ndb_frame {
    const struct ndb_chunk *chunk; /* NULL: one empty row */
    uint32_t position;             /* of the row */
    const struct ndb_batch *batch; /* NULL: that row alone */
};

/* What PROFILE shows of an operator. */
struct ndb_profile {
    uint64_t rows, chunks; /* given */
    int64_t elapsed_ns;    /* in here and below, as what follows */
    struct ndb_meter meter;
};

struct ndb_op;

struct ndb_op_class {
    size_t state_bytes;
    /* Once, after child and inner were made; NULL: nothing to do. */
    int (*open)(struct ndb_op *op);
    /* Starts over; child and inner were rewound. NULL: nothing to do. */
    void (*rewind)(struct ndb_op *op);
    /* op->chunk is the next chunk, never empty, or NAMIDB_NONE. Its arena was
     * reset. */
    int (*next)(struct ndb_op *op);
    /* Gives back what is not the arenas'. NULL: nothing to do. */
    void (*close)(struct ndb_op *op);
};

struct ndb_op {
    const struct ndb_op_class *class;
    const struct ndb_plan_op *plan;
    struct ndb_run *run;
    struct ndb_frame *frame;       /* of the apply that it is inside */
    struct ndb_op *child, *inner;  /* NULL: none */
    struct ndb_frame *inner_frame; /* what `inner` reads */
    struct ndb_chunk chunk;
    namidb_arena arena; /* of the chunk; reset before each next */
    namidb_arena kept;  /* until rewind, for what an operator keeps */
    namidb_arena memo;  /* of one evaluation: see rows.h */
    void *state;
    bool is_followed; /* SEEK_ID: an EXPAND from what it finds reads it */
    bool gives_mask;  /* its chunks may have a mask in place of rows */
    const struct ndb_plan_op *closing; /* EXPAND: see closing.h */
    const struct ndb_expr *ends;       /* EXPAND: see ends.h; or NULL */
    bool are_ends_good;    /* EXPAND: all of the chunk's meet that */
    struct ndb_op *in_run; /* run.ops */
    struct ndb_profile profile;
};

/* What one evaluation may use. */
struct ndb_run {
    const struct ndb_plan *plan;
    struct ndb_snapshot snapshot; /* what is read; of the transaction if any */
    struct namidb_tx *tx;         /* NULL: nothing may be written */
    bool are_there; /* the snapshot has every node: none came from outside of
                       it, and none can be deleted */
    const namidb_value *params; /* plan->param_count */
    uint32_t *numbers;          /* of the plan's names; 0: not known (yet) */
    const namidb_host *host;
    struct ndb_budget budget;
    int64_t deadline_ns;
    uint32_t checks;        /* so far; see ndb_run_check */
    uint64_t work;          /* since the clock was read; see ndb_run_spend */
    struct namidb *metered; /* profiled, with this handle's requests; or NULL */
    struct namidb *db;      /* the handle */
    uint64_t serial;        /* of this use of the operators */
    uint64_t requests;      /* it had sent when the statement began */
    const bool *is_canceled; /* atomic; NULL: cannot be */
    uint64_t random;
    int64_t now_seconds; /* when the statement began */
    int32_t now_nanoseconds;
    namidb_arena arena; /* of the operators themselves */
    struct ndb_op *ops; /* all, newest first */
    struct ndb_op *root;
    /* plan->run_count: what expressions keep, and how it is given back (NULL:
     * not at all). */
    void **kept;
    void (**forget)(void *kept);
    struct ndb_slots all_slots;
    namidb_error *err;
};

/* Makes an operator and all below it. */
int ndb_op_new(struct ndb_op **op, struct ndb_run *run,
               const struct ndb_plan_op *plan, struct ndb_frame *frame);
void ndb_op_rewind(struct ndb_op *op);
/* Resets the arena and asks for the next chunk. NAMIDB_OK, NAMIDB_NONE, or a
 * failure: memory, deadline, cancelation and what the operator says. */
int ndb_op_next(struct ndb_op *op);

/* Around a step of a profiled run. */
struct ndb_profile ndb_profile_begin(const struct ndb_run *run);
void ndb_profile_end(const struct ndb_run *run, const struct ndb_profile *begin,
                     uint64_t rows, struct ndb_profile *profile);

/* For an operator that wants no more rows: what changes the graph does so
 * whether its rows are wanted or not. NAMIDB_NONE, or a failure. */
int ndb_op_finish(struct ndb_op *op);

/* The first block of an arena: most queries are small. */
enum { NDB_RUN_BLOCK_BYTES = 1024 };

/* A new arena of the run's budget. */
static inline namidb_arena ndb_run_arena(struct ndb_run *run)
{
    namidb_arena arena = NDB_ARENA_INIT;

    arena.budget = &run->budget;
    arena.block_bytes = NDB_RUN_BLOCK_BYTES;
    return arena;
}

/* Fills *err for an allocation that failed: out of memory, or the bound of the
 * query. Returns the status. */
int ndb_run_no_memory(struct ndb_run *run);

/* Fails because a node or a relationship (`what`) is not there: it was deleted,
 * or, where that cannot be (are_there), a list or an index that it was found by
 * is wrong. */
int ndb_run_absent(struct ndb_run *run, const char *what);

/* What an expression keeps in a run, at its place among run->kept: zeros the
 * first time. `forget`, or NULL, is called with it before the run is freed.
 * NULL: no memory. */
void *ndb_run_keep(struct ndb_run *run, uint32_t place, size_t bytes,
                   void (*forget)(void *kept));

/* The database's number of a name of the plan; 0: nothing has it. */
uint32_t ndb_run_number(struct ndb_run *run, uint32_t name);
/* The same, and makes it. Needs a transaction. */
int ndb_run_make_number(struct ndb_run *run, uint32_t name, uint32_t *number);

/* Looking at the clock costs as much as a small operator. */
enum { NDB_CHECKS_PER_CLOCK = 16, NDB_WORK_PER_CLOCK = 8192 };

/* Cancelation and the deadline. */
int ndb_run_look_up(struct ndb_run *run);

/* Cancelation, and every now and then the deadline. */
static inline int ndb_run_check(struct ndb_run *run)
{
    if (run->checks++ % NDB_CHECKS_PER_CLOCK != 0 &&
        (run->is_canceled == NULL ||
         !__atomic_load_n(run->is_canceled, __ATOMIC_RELAXED)))
        return NAMIDB_OK;
    return ndb_run_look_up(run);
}

/* The same inside of what may take long: `work` is about how many values were
 * looked at since the last call. The clock is read once in a while. */
static inline int ndb_run_spend(struct ndb_run *run, uint64_t work)
{
    run->work += work;
    return run->work < NDB_WORK_PER_CLOCK ? NAMIDB_OK : ndb_run_look_up(run);
}

/* Clears the columns of op->chunk and takes over those of `from`: the same
 * rows, to which an operator adds slots. */
void ndb_op_pass(struct ndb_op *op, const struct ndb_chunk *from);

/* op->chunk is `positions` of `from`, live slots only; op->arena's memory. */
int ndb_op_gather(struct ndb_op *op, const struct ndb_chunk *from,
                  const uint32_t *positions, uint32_t count);

/* op->chunk is `count` times the row at `position` of `from`, live slots only:
 * constants, for an operator that adds the slots that differ. */
void ndb_op_repeat(struct ndb_op *op, const struct ndb_chunk *from,
                   uint32_t position, uint32_t count);

/* A row of the child, one after the other, for operators that give rows for
 * each. Zero is the start. */
struct ndb_cursor_row {
    uint32_t next;     /* of the child's chunk */
    uint32_t position; /* of the current row */
    bool has_chunk;
};

/* The next row of op->child that is not settled; pulls a chunk when one is used
 * up. NAMIDB_OK or NAMIDB_NONE. What was read of the last row is gone. */
int ndb_op_next_row(struct ndb_op *op, struct ndb_cursor_row *row);

/* The same in a batch of which some rows are settled. */
bool ndb_op_is_settled_there(const struct ndb_op *op, uint32_t position);
/* Whether nobody wants more of what comes of a row of the child: an operator
 * may leave it out, where that saves work. */
static inline bool ndb_op_is_settled(const struct ndb_op *op, uint32_t position)
{
    const struct ndb_batch *batch = op->frame->batch;

    return batch != NULL && batch->is_settled != NULL &&
           ndb_op_is_settled_there(op, position);
}

/* Which row of the batch that it is in belongs to a position of what `op` gave.
 * NAMIDB_OK; NAMIDB_EINVAL: the plan does not say. */
int ndb_batch_row(const struct ndb_op *op, uint32_t position, uint32_t *row);

/* op_scan.c: a condition that every row of a scan is going to be tested for.
 * Called while operators are made. */
int ndb_op_scan_hint(struct ndb_op *scan, const struct ndb_expr *condition);

/* op_filter.c: whoever is above `op` can do with chunks whose rows are a mask,
 * so that a filter need not say where they are. Called while operators are
 * made. */
void ndb_op_want_mask(struct ndb_op *op);
/* Makes the mask of the chunk that op->child gave, if it has one, into rows;
 * op->arena's memory. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_op_need_rows(struct ndb_op *op);

/* The operators, each in the file of its name. */
extern const struct ndb_op_class ndb_op_argument;   /* op_argument.c */
extern const struct ndb_op_class ndb_op_scan;       /* op_scan.c */
extern const struct ndb_op_class ndb_op_scan_edges; /* op_scan_edges.c */
extern const struct ndb_op_class ndb_op_seek_key;   /* op_seek.c */
extern const struct ndb_op_class ndb_op_seek_id;
extern const struct ndb_op_class ndb_op_seek_edge_id;
extern const struct ndb_op_class ndb_op_seek_index; /* op_seek_index.c */
extern const struct ndb_op_class ndb_op_seek_edges;
extern const struct ndb_op_class ndb_op_expand;     /* op_expand.c */
extern const struct ndb_op_class ndb_op_var_expand; /* op_var_expand.c */
extern const struct ndb_op_class ndb_op_shortest;   /* op_shortest.c */
extern const struct ndb_op_class ndb_op_reach;      /* op_reach.c */
extern const struct ndb_op_class ndb_op_cycles;     /* op_cycles.c */
extern const struct ndb_op_class ndb_op_filter;     /* op_filter.c */
extern const struct ndb_op_class ndb_op_project;    /* op_project.c */
extern const struct ndb_op_class ndb_op_aggregate;  /* op_aggregate.c */
extern const struct ndb_op_class ndb_op_sort;       /* op_sort.c */
extern const struct ndb_op_class ndb_op_skip;       /* op_limit.c */
extern const struct ndb_op_class ndb_op_limit;
extern const struct ndb_op_class ndb_op_distinct; /* op_distinct.c */
extern const struct ndb_op_class ndb_op_unwind;   /* op_unwind.c */
extern const struct ndb_op_class ndb_op_union;    /* op_union.c */
extern const struct ndb_op_class ndb_op_apply;    /* op_apply.c */
extern const struct ndb_op_class ndb_op_eager;    /* op_eager.c */
extern const struct ndb_op_class ndb_op_create;   /* op_write.c */
extern const struct ndb_op_class ndb_op_merge;    /* op_merge.c */
extern const struct ndb_op_class ndb_op_set;      /* op_write.c */
extern const struct ndb_op_class ndb_op_delete;   /* op_delete.c */
extern const struct ndb_op_class ndb_op_foreach;  /* op_foreach.c */
extern const struct ndb_op_class ndb_op_call;     /* op_call.c */
extern const struct ndb_op_class ndb_op_join;     /* op_join.c */

#endif
