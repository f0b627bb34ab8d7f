/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edge_block.h - many new edges of one type whose ids follow one another.
 *
 *   block := from ints, to ints, row size, rows
 *   row size := bytes of each row, varint; 0: they differ, and ints follow
 *   rows := properties of value.h, one edge's behind another's: no edge has
 *           none of their bytes
 *
 * ints are those of stream.h; ends are coded as ndb_owner_key has them, so that
 * nodes of one table cost what their sequences need. What is coded is the row
 * of an EDGES record (record.h), which has the first id and the count.
 */
#ifndef NDB_FORMAT_EDGE_BLOCK_H
#define NDB_FORMAT_EDGE_BLOCK_H

#include "base/arena.h"
#include "base/buf.h"
#include "namidb.h"

struct ndb_edge_block {
    uint64_t first_id; /* edge i's: that sequence plus i, of the same type */
    uint32_t count;
    const uint64_t *from, *to; /* ids */
    const uint8_t *rows;
    size_t row_bytes;           /* of each */
    const uint32_t *row_starts; /* where each begins, and where the last one
                                   ends; NULL: by row_bytes */
};

static inline uint64_t ndb_edge_block_id(const struct ndb_edge_block *block,
                                         uint32_t edge)
{
    return block->first_id + NAMIDB_ID((uint64_t)edge, 0);
}

static inline struct ndb_slice
ndb_edge_block_row(const struct ndb_edge_block *block, uint32_t edge)
{
    if (block->row_starts == NULL)
        return ndb_slice(block->rows + edge * block->row_bytes,
                         block->row_bytes);
    return ndb_slice(block->rows + block->row_starts[edge],
                     block->row_starts[edge + 1] - block->row_starts[edge]);
}

/* Bytes of all rows. */
static inline size_t
ndb_edge_block_rows_bytes(const struct ndb_edge_block *block)
{
    return block->row_starts != NULL ? block->row_starts[block->count]
                                     : block->count * block->row_bytes;
}

/* Appends; NAMIDB_OK, NAMIDB_ENOMEM, NAMIDB_ELIMIT. */
int ndb_edge_block_encode(struct ndb_buf *out,
                          const struct ndb_edge_block *block);

/* Decodes `count` edges from `first_id` on into the arena; nothing points into
 * `bytes` afterwards. Ends are checked as ids, rows only by their size.
 * NAMIDB_OK, NAMIDB_ECORRUPT, NAMIDB_ENOMEM. */
int ndb_edge_block_decode(struct ndb_slice bytes, uint64_t first_id,
                          uint32_t count, namidb_arena *arena,
                          struct ndb_edge_block *block);

#endif
