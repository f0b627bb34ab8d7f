/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that are written a block at a time: what they have in common is looked
 * at once, and the memtable gets their records together.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "engine/tx.h"
#include "format/value.h"

static int by_name(const void *a, const void *b)
{
    const namidb_column *left = a;
    const namidb_column *right = b;

    return (left->name > right->name) - (left->name < right->name);
}

/* The columns by name, as rows have their properties. */
static int sort_columns(struct namidb_tx *tx, struct ndb_tx_rows *rows,
                        namidb_columns given, namidb_error *err)
{
    int rc = NAMIDB_OK;

    if (given.count > NDB_ROW_PROPS_MAX)
        return ndb_fail(err, NAMIDB_ELIMIT, "more than %u properties",
                        NDB_ROW_PROPS_MAX);
    rows->columns =
        ndb_arena_array(&tx->scratch, given.count, sizeof *rows->columns);
    rows->props =
        ndb_arena_array(&tx->scratch, given.count, sizeof *rows->props);
    if (rows->columns == NULL || rows->props == NULL)
        return ndb_fail_memory(err);
    rows->column_count = given.count;
    if (given.count == 0)
        return NAMIDB_OK;
    memcpy(rows->columns, given.items, given.count * sizeof *rows->columns);
    qsort(rows->columns, given.count, sizeof *rows->columns, by_name);
    for (size_t i = 0; i < given.count && rc >= 0; i++) {
        uint32_t name = rows->columns[i].name;

        rc = ndb_tx_use_name(tx, NAMIDB_PROPERTY, name, err);
        if (rc >= 0 && i != 0 && name == rows->columns[i - 1].name) {
            rc = ndb_fail(err, NAMIDB_EINVAL, "given twice");
            ndb_tx_name_fault(tx, name, err);
        }
    }
    return rc;
}

int ndb_tx_rows_begin(struct namidb_tx *tx, namidb_columns columns,
                      struct ndb_tx_rows *rows, namidb_error *err)
{
    const struct ndb_schema *schema;
    int rc = sort_columns(tx, rows, columns, err);

    if (rc >= 0)
        rc = ndb_tx_schema(tx, &schema, err);
    if (rc < 0)
        return rc;
    rows->block_max = schema->count == 0 ? NDB_TX_BLOCK_ROWS : 1;
    rows->count = 0;
    tx->row.bytes = 0;
    return NAMIDB_OK;
}

int ndb_tx_rows_props(struct namidb_tx *tx, const struct ndb_tx_rows *rows,
                      size_t row, namidb_props *out, namidb_error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < rows->column_count; i++) {
        const namidb_column *column = &rows->columns[i];
        const namidb_value *value =
            &column->values.items[row * column->values.stride];
        int rc;

        if (value->kind == NAMIDB_NULL)
            continue;
        rc = ndb_value_check(value, err);
        if (rc < 0) {
            ndb_tx_name_fault(tx, column->name, err);
            return rc;
        }
        rows->props[count++] = (namidb_property){ column->name, *value };
    }
    *out = (namidb_props){ rows->props, count };
    return NAMIDB_OK;
}

int ndb_tx_rows_flush(struct namidb_tx *tx, struct ndb_tx_rows *rows,
                      namidb_error *err)
{
    const uint8_t *at = tx->row.data;
    int rc;

    for (size_t i = 0; i < rows->count; i++) {
        rows->records[i].row.data = at;
        at += rows->records[i].row.bytes;
    }
    rc = ndb_tx_write(tx, rows->records, rows->count, err);
    rows->count = 0;
    tx->row.bytes = 0;
    return rc;
}
