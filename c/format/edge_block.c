/* SPDX-License-Identifier: Apache-2.0 */
#include "format/edge_block.h"

#include "base/ids.h"
#include "base/limits.h"
#include "base/mem.h"
#include "format/stream.h"

/* ------------------------------------------------------------- encoding -- */

static int put_row_sizes(struct ndb_buf *out,
                         const struct ndb_edge_block *block, uint64_t *scratch)
{
    if (block->row_starts == NULL)
        return ndb_buf_varint(out, block->row_bytes);
    for (uint32_t i = 0; i < block->count; i++)
        scratch[i] = block->row_starts[i + 1] - block->row_starts[i];
    return ndb_buf_u8(out, 0) < 0 ? NAMIDB_ENOMEM
                                  : ndb_ints_put(out, scratch, block->count);
}

static int put_ends(struct ndb_buf *out, const uint64_t *ids, uint32_t count,
                    uint64_t *scratch)
{
    for (uint32_t i = 0; i < count; i++)
        scratch[i] = ndb_owner_key(ids[i]);
    return ndb_ints_put(out, scratch, count);
}

int ndb_edge_block_encode(struct ndb_buf *out,
                          const struct ndb_edge_block *block)
{
    size_t old_bytes = out->bytes;
    uint64_t *scratch = ndb_realloc(NULL, block->count, sizeof *scratch);
    int rc = NAMIDB_ENOMEM;

    if (scratch != NULL)
        rc = put_ends(out, block->from, block->count, scratch);
    if (rc >= 0)
        rc = put_ends(out, block->to, block->count, scratch);
    if (rc >= 0)
        rc = put_row_sizes(out, block, scratch);
    if (rc >= 0)
        rc = ndb_buf_append(out, block->rows, ndb_edge_block_rows_bytes(block));
    if (rc < 0)
        out->bytes = old_bytes;
    ndb_free(scratch);
    return rc;
}

/* ------------------------------------------------------------- decoding -- */

static const uint64_t *get_ends(struct ndb_source *source, uint32_t count)
{
    uint64_t *ends = ndb_ints_get(source, count);
    bool are_ids = true;

    for (uint32_t i = 0; ends != NULL && i < count; i++) {
        are_ids &= ends[i] >> 40 <= NAMIDB_TABLE_MAX &&
                   (ends[i] & NAMIDB_SEQUENCE_MAX) != 0;
        ends[i] = ndb_id_of_owner_key(ends[i]);
    }
    if (!are_ids)
        ndb_reader_fail(&source->reader);
    return ends;
}

/* Sizes become starts. */
static void get_row_starts(struct ndb_source *source,
                           struct ndb_edge_block *block)
{
    uint32_t *starts =
        ndb_source_take(source, (size_t)block->count + 1, sizeof *starts);
    uint64_t at = 0;

    if (starts == NULL)
        return;
    ndb_ints_get_into(source, starts, block->count);
    for (uint32_t i = 0; i < block->count && !source->reader.is_failed; i++) {
        uint32_t bytes = starts[i];

        starts[i] = (uint32_t)at;
        at += bytes;
        if (bytes == 0 || at > NDB_EDGE_BLOCK_ROWS_MAX)
            ndb_reader_fail(&source->reader);
    }
    starts[block->count] = (uint32_t)at;
    block->row_starts = starts;
}

int ndb_edge_block_decode(struct ndb_slice bytes, uint64_t first_id,
                          uint32_t count, namidb_arena *arena,
                          struct ndb_edge_block *block)
{
    struct ndb_source source = { .reader = ndb_reader(bytes), .arena = arena };
    struct ndb_slice rows;

    *block = (struct ndb_edge_block){ .first_id = first_id, .count = count };
    if (count == 0 || count > NDB_EDGE_BLOCK_EDGES_MAX ||
        NAMIDB_ID_SEQUENCE(first_id) + (count - 1) > NAMIDB_SEQUENCE_MAX)
        return NAMIDB_ECORRUPT;
    block->from = get_ends(&source, count);
    block->to = get_ends(&source, count);
    block->row_bytes =
        ndb_reader_varint_max(&source.reader, NDB_EDGE_BLOCK_ROWS_MAX);
    if (!source.reader.is_failed && block->row_bytes == 0)
        get_row_starts(&source, block);
    if (source.reader.is_failed)
        return source.has_no_memory ? NAMIDB_ENOMEM : NAMIDB_ECORRUPT;
    rows = ndb_reader_bytes(&source.reader, ndb_edge_block_rows_bytes(block));
    if (!ndb_reader_is_done(&source.reader))
        return NAMIDB_ECORRUPT;
    block->rows = ndb_arena_copy(arena, rows.data, rows.bytes);
    return block->rows == NULL ? NAMIDB_ENOMEM : NAMIDB_OK;
}
