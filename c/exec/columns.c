/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/columns.h"

#include "engine/prefetch.h"
#include "engine/scan_groups.h"
#include "exec/kernel.h"

/* What is read of a column: positions 0 .. extent of a chunk are rows `first`
 * and on. */
struct column_read {
    struct ndb_eval *eval;
    const struct ndb_column *column;
    uint32_t first, extent;
    const struct ndb_chunk *chunk; /* NULL: a constant, of position 0 */
};

/* A byte for each position. */
static int read_nulls(const struct column_read *read, struct ndb_vector *out)
{
    uint8_t *nulls;

    if (read->column->null_count == 0)
        return NAMIDB_OK;
    nulls = ndb_arena_alloc(read->eval->arena, read->extent);
    if (nulls == NULL)
        return ndb_eval_no_memory(read->eval);
    ndb_kernel_zeros(read->column->present, read->first, read->extent, nulls);
    out->nulls = nulls;
    return NAMIDB_OK;
}

static int read_integers(const struct column_read *read, struct ndb_vector *out)
{
    const struct ndb_column *column = read->column;
    bool is_wide = column->width == 8;

    *out = (struct ndb_vector){
        .form = is_wide ? NDB_FORM_INTS : NDB_FORM_NARROW,
        .width = column->width,
        .with.base = column->base,
        .as.items = (const uint8_t *)column->as.items +
                    (size_t)column->width * read->first,
    };
    return read_nulls(read, out);
}

static int read_floats(const struct column_read *read, struct ndb_vector *out)
{
    *out = (struct ndb_vector){ .form = NDB_FORM_FLOATS,
                                .as.items =
                                    read->column->as.numbers + read->first };
    return read_nulls(read, out);
}

static int read_truths(const struct column_read *read, struct ndb_vector *out)
{
    const struct ndb_column *column = read->column;

    if (!ndb_vector_truths(out, read->eval->arena, read->extent))
        return ndb_eval_no_memory(read->eval);
    for (uint32_t i = 0; i < read->extent; i++) {
        uint32_t row = read->first + i;
        bool is_there =
            column->null_count == 0 || ndb_bit(column->present, row);

        out->as.truths[i] = !is_there                       ? NDB_UNKNOWN
                            : ndb_bit(column->as.bits, row) ? NDB_TRUE
                                                            : NDB_FALSE;
    }
    return NAMIDB_OK;
}

static int corrupt(struct ndb_eval *eval)
{
    return ndb_fail(eval->run->err, NAMIDB_ECORRUPT,
                    "a segment holds a value that does not decode");
}

static int read_values(const struct column_read *read, struct ndb_vector *out)
{
    const struct ndb_chunk *chunk = read->chunk;
    const uint8_t *mask = chunk != NULL ? chunk->mask : NULL;
    uint32_t count = chunk == NULL  ? 1
                     : mask != NULL ? read->extent
                                    : chunk->count;
    int rc = NAMIDB_OK;

    if (!ndb_vector_values(out, read->eval->arena, read->extent))
        return ndb_eval_no_memory(read->eval);
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        uint32_t at = chunk != NULL ? ndb_chunk_row(chunk, i) : 0;

        if (mask != NULL && mask[at] == 0)
            continue;
        rc = ndb_column_value(read->column, read->first + at, read->eval->arena,
                              &out->as.values[at]);
    }
    if (rc == NAMIDB_ENOMEM)
        return ndb_eval_no_memory(read->eval);
    return rc < 0 ? corrupt(read->eval) : rc;
}

/* Texts that all rows have, one after the other in the column. */
static bool are_plain_texts(const struct column_read *read)
{
    const struct ndb_column *column = read->column;

    return column->storage == NDB_COLUMN_STRING && column->null_count == 0 &&
           column->codes == NULL && read->chunk != NULL &&
           read->chunk->mask == NULL;
}

static int read_texts(const struct column_read *read, struct ndb_vector *out)
{
    const struct ndb_chunk *chunk = read->chunk;
    const uint32_t *offsets = read->column->as.offsets + read->first;
    const char *bytes = (const char *)read->column->bytes;

    if (!ndb_vector_values(out, read->eval->arena, read->extent))
        return ndb_eval_no_memory(read->eval);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i), begin = offsets[at];

        out->as.values[at] = (namidb_value){ .kind = read->column->kind,
                                             .size = offsets[at + 1] - begin,
                                             .as.bytes = bytes + begin };
    }
    return NAMIDB_OK;
}

/* A dictionary that pays for itself: the texts, and codes in place. */
static int read_coded(const struct column_read *read, struct ndb_vector *out)
{
    const struct ndb_column *column = read->column;
    namidb_value *texts =
        ndb_arena_array(read->eval->arena, column->text_count, sizeof *texts);

    if (texts == NULL)
        return ndb_eval_no_memory(read->eval);
    for (uint32_t i = 0; i < column->text_count; i++)
        texts[i] = (namidb_value){
            .kind = column->kind,
            .size = column->as.offsets[i + 1] - column->as.offsets[i],
            .as.bytes = (const char *)column->bytes + column->as.offsets[i],
        };
    *out = (struct ndb_vector){
        .form = NDB_FORM_CODED,
        .width = column->width,
        .text_count = column->text_count,
        .with.dictionary = texts,
        .as.items = (const uint8_t *)column->codes +
                    (size_t)column->width * read->first,
    };
    return read_nulls(read, out);
}

static bool is_worth_codes(const struct column_read *read)
{
    return read->column->codes != NULL && read->chunk != NULL &&
           read->column->text_count <= read->chunk->count / 2;
}

static int read_column(struct ndb_eval *eval, const struct ndb_vector *rows,
                       const struct ndb_chunk *chunk,
                       const struct ndb_column *column, struct ndb_vector *out)
{
    struct column_read read = { eval, column, rows->first, chunk->extent,
                                chunk };
    int rc;

    if (rows->is_constant) {
        read.extent = 1;
        read.chunk = NULL;
    }
    if (column->storage == NDB_COLUMN_FLOAT)
        rc = read_floats(&read, out);
    else if (column->storage == NDB_COLUMN_BOOL)
        rc = read_truths(&read, out);
    else if (is_worth_codes(&read))
        rc = read_coded(&read, out);
    else if (column->kind == NAMIDB_INT)
        rc = read_integers(&read, out);
    else if (are_plain_texts(&read))
        rc = read_texts(&read, out);
    else
        rc = read_values(&read, out);
    out->is_constant = rows->is_constant;
    return rc;
}

/* A column that was asked for: what came of that is `rc`, and NULL is null
 * everywhere. */
static int take_column(struct ndb_eval *eval, const struct ndb_vector *rows,
                       const struct ndb_chunk *chunk, int rc,
                       const struct ndb_column *column, struct ndb_vector *out)
{
    if (rc == NAMIDB_ENOMEM)
        return ndb_eval_no_memory(eval);
    if (rc < 0)
        return corrupt(eval);
    if (column != NULL)
        return read_column(eval, rows, chunk, column, out);
    *out = (struct ndb_vector){ .form = NDB_FORM_NONE, .is_constant = true };
    return NAMIDB_OK;
}

/* The column of a group that is not read yet; NULL: it is not decoded. */
static const struct ndb_column *peek(const struct ndb_node_group *group,
                                     uint32_t number)
{
    const struct ndb_columns *columns = &group->columns;

    for (uint32_t i = 0; i < columns->count; i++)
        if (columns->items[i].name == number)
            return ndb_columns_peek(columns, i);
    return NULL;
}

/* Each group costs a few misses, one after another: where its columns are, the
 * column, its values. Each is asked for while a group further ahead is read. */
static void prefetch_ahead(const struct ndb_groups_ahead *ahead,
                           uint32_t number)
{
    const struct ndb_node_group *const *groups = ahead->items;
    const struct ndb_column *column;

    if (groups[2] != NULL)
        ndb_prefetch(groups[2]->columns.items);
    column = groups[1] != NULL ? peek(groups[1], number) : NULL;
    if (column != NULL)
        ndb_prefetch(column);
    column = groups[0] != NULL ? peek(groups[0], number) : NULL;
    if (column != NULL)
        ndb_prefetch_whole(column);
}

int ndb_columns_property(struct ndb_eval *eval, const struct ndb_vector *rows,
                         const struct ndb_chunk *chunk, uint32_t number,
                         struct ndb_vector *out)
{
    const struct ndb_column *column;
    int rc = ndb_columns_find(&rows->as.group->columns, number, &column);

    if (rows->with.ahead != NULL && rows->first == 0)
        prefetch_ahead(rows->with.ahead, number);
    return take_column(eval, rows, chunk, rc, column, out);
}

int ndb_columns_key(struct ndb_eval *eval, const struct ndb_vector *rows,
                    const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    const struct ndb_node_group *group = rows->as.group;
    const struct ndb_column *column = NULL;
    int rc = group->key.count != 0 ? ndb_columns_get(&group->key, 0, &column)
                                   : NAMIDB_OK;

    return take_column(eval, rows, chunk, rc, column, out);
}
