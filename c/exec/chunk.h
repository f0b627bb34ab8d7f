/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chunk.h - what flows between operators: up to 2,048 rows as column vectors.
 *
 * A chunk has a vector for each slot of the plan, all of `extent` positions,
 * and says which positions are rows: a filter drops rows by naming fewer, it
 * moves nothing. A vector is typed where all its values are of one kind, and
 * an array of tagged values where they may differ; one that holds the same
 * value everywhere holds it once. What a chunk holds lives until its operator
 * is asked for the next.
 */
#ifndef NDB_EXEC_CHUNK_H
#define NDB_EXEC_CHUNK_H

#include "base/ids.h"
#include "exec/compare.h"
#include "exec/plan.h"
#include "format/segment.h"

/*
 * Rows of a chunk, and of the first chunk of a scan; each next one is twice as
 * large. A test build has few, so that small graphs meet the ends of chunks
 * (make property-chunks).
 */
#ifndef NDB_CHUNK_ROWS_MAX
#define NDB_CHUNK_ROWS_MAX 2048u
#define NDB_CHUNK_ROWS_FIRST 64u
#endif

enum ndb_form {
    NDB_FORM_NONE,   /* null everywhere */
    NDB_FORM_VALUES, /* as.values */
    NDB_FORM_INTS,   /* as.ints, nulls */
    NDB_FORM_FLOATS, /* as.floats, nulls */
    NDB_FORM_TRUTHS, /* as.truths: enum ndb_truth, unknown is null */
    NDB_FORM_NODES,  /* as.ids; 0 is null */
    NDB_FORM_EDGES,  /* as.edges, without properties; id 0 is null */
    NDB_FORM_NARROW, /* integers: base + as.items of `width` bytes, nulls */
    NDB_FORM_CODED,  /* texts: dictionary[as.items of `width` bytes], nulls */
    NDB_FORM_ROWS    /* nodes: row `first` + position of as.group, of `table`;
                        their properties are columns */
};

struct ndb_vector {
    enum ndb_form form;
    bool is_constant;     /* item 0 stands for every position */
    uint8_t width;        /* NARROW: 1, 2, 4; CODED: 1, 2 */
    uint16_t table;       /* ROWS */
    uint32_t first;       /* ROWS */
    uint32_t text_count;  /* CODED */
    const uint8_t *nulls; /* ints, floats, texts: 1 is null; NULL: none is */
    union {
        int64_t base;                         /* NARROW */
        const namidb_value *dictionary;       /* CODED */
        const struct ndb_groups_ahead *ahead; /* ROWS */
    } with;
    union {
        namidb_value *values;
        int64_t *ints;
        double *floats;
        uint8_t *truths;
        uint64_t *ids;
        namidb_edge *edges;
        const void *items;
        const struct ndb_node_group *group;
    } as;
};

struct ndb_chunk {
    struct ndb_vector *columns; /* one per slot of the plan */
    uint32_t extent;            /* positions */
    uint32_t count;             /* rows */
    const uint16_t *rows;       /* their positions, ascending; NULL: all */
    const uint8_t *mask;        /* NULL, or 1 at each row and 0 elsewhere, and
                                   `rows` is not known: see op.h */
};

static inline uint32_t ndb_chunk_row(const struct ndb_chunk *chunk,
                                     uint32_t row)
{
    return chunk->rows != NULL ? chunk->rows[row] : row;
}

static inline namidb_value ndb_truth_value(enum ndb_truth truth)
{
    return truth == NDB_UNKNOWN ? ndb_null() : ndb_boolean(truth == NDB_TRUE);
}

/* Item `at` of a NARROW vector. */
static inline int64_t ndb_vector_narrow(const struct ndb_vector *vector,
                                        uint32_t at)
{
    const void *items = vector->as.items;
    uint64_t item = vector->width == 1   ? ((const uint8_t *)items)[at]
                    : vector->width == 2 ? ((const uint16_t *)items)[at]
                                         : ((const uint32_t *)items)[at];

    return (int64_t)((uint64_t)vector->with.base + item);
}

/* Code `at` of a CODED vector. */
static inline uint32_t ndb_vector_code(const struct ndb_vector *vector,
                                       uint32_t at)
{
    const void *items = vector->as.items;

    return vector->width == 1 ? ((const uint8_t *)items)[at]
                              : ((const uint16_t *)items)[at];
}

/* The node at a position of a ROWS vector. */
static inline uint64_t ndb_vector_row_id(const struct ndb_vector *vector,
                                         uint32_t at)
{
    const struct ndb_node_group *group = vector->as.group;
    uint32_t row = vector->first + at;

    return NAMIDB_ID(group->is_dense ? group->first + row
                                     : group->sequences[row],
                     vector->table);
}

/* The value at a position. An edge's points into the vector. */
static inline namidb_value ndb_vector_get(const struct ndb_vector *vector,
                                          uint32_t position)
{
    uint32_t at = vector->is_constant ? 0 : position;

    switch (vector->form) {
    case NDB_FORM_VALUES:
        return vector->as.values[at];
    case NDB_FORM_INTS:
        return vector->nulls != NULL && vector->nulls[at] != 0
                   ? ndb_null()
                   : ndb_integer(vector->as.ints[at]);
    case NDB_FORM_FLOATS:
        return vector->nulls != NULL && vector->nulls[at] != 0
                   ? ndb_null()
                   : ndb_float(vector->as.floats[at]);
    case NDB_FORM_TRUTHS:
        return ndb_truth_value((enum ndb_truth)vector->as.truths[at]);
    case NDB_FORM_NODES:
        return vector->as.ids[at] == 0 ? ndb_null()
                                       : ndb_node(vector->as.ids[at]);
    case NDB_FORM_EDGES:
        return vector->as.edges[at].id == 0
                   ? ndb_null()
                   : (namidb_value){ .kind = NAMIDB_EDGE,
                                     .as.edge = &vector->as.edges[at] };
    case NDB_FORM_NARROW:
        return vector->nulls != NULL && vector->nulls[at] != 0
                   ? ndb_null()
                   : ndb_integer(ndb_vector_narrow(vector, at));
    case NDB_FORM_CODED:
        return vector->nulls != NULL && vector->nulls[at] != 0
                   ? ndb_null()
                   : vector->with.dictionary[ndb_vector_code(vector, at)];
    case NDB_FORM_ROWS:
        return ndb_node(ndb_vector_row_id(vector, at));
    case NDB_FORM_NONE:
        break;
    }
    return ndb_null();
}

/* Makers; the memory is the arena's. false: no memory. */
static inline bool ndb_vector_values(struct ndb_vector *vector,
                                     namidb_arena *arena, uint32_t extent)
{
    *vector = (struct ndb_vector){ .form = NDB_FORM_VALUES };
    vector->as.values =
        ndb_arena_array(arena, extent, sizeof *vector->as.values);
    return vector->as.values != NULL;
}

static inline bool ndb_vector_constant(struct ndb_vector *vector,
                                       namidb_arena *arena,
                                       const namidb_value *value)
{
    if (!ndb_vector_values(vector, arena, 1))
        return false;
    vector->is_constant = true;
    vector->as.values[0] = *value;
    return true;
}

static inline bool ndb_vector_truths(struct ndb_vector *vector,
                                     namidb_arena *arena, uint32_t extent)
{
    *vector = (struct ndb_vector){ .form = NDB_FORM_TRUTHS };
    vector->as.truths = ndb_arena_alloc(arena, extent);
    return vector->as.truths != NULL;
}

/* A view of one item, as a constant. */
struct ndb_vector ndb_vector_item(const struct ndb_vector *vector,
                                  uint32_t position);

/* *out: the items of `from` at `positions`, in their order; a constant stays
 * one. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_vector_gather(const struct ndb_vector *from, const uint32_t *positions,
                      uint32_t count, namidb_arena *arena,
                      struct ndb_vector *out);

/* Empties the columns of `out` and fills the slots named from rows of `from`:
 * `positions` in their order, all of them rows of the result. */
int ndb_chunk_gather(const struct ndb_chunk *from, const struct ndb_slots *live,
                     const uint32_t *positions, uint32_t count,
                     uint32_t slot_count, namidb_arena *arena,
                     struct ndb_chunk *out);

#endif
