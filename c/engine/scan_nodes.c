/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "engine/node_place.h"
#include "engine/scan_source.h"

static bool has_label(const uint32_t *labels, uint32_t count, uint32_t label)
{
    for (uint32_t i = 0; i < count; i++)
        if (labels[i] == label)
            return true;
    return false;
}

/* Appends the tables of one layer that may have nodes with the label: its own,
 * and those whose rows carry it as a further label. */
static int add_tables(const struct ndb_snapshot *snapshot, uint32_t layer,
                      uint32_t label, struct ndb_ids *out)
{
    const struct ndb_layer *from = &snapshot->view->layers[layer];
    int rc = NAMIDB_OK;

    if (from->memtable != NULL) {
        if (label == NAMIDB_ANY ||
            ndb_memtable_has_label(from->memtable, label, snapshot->version))
            return ndb_memtable_tables(from->memtable, false, snapshot->version,
                                       out);
        return NAMIDB_OK;
    }
    for (uint32_t i = 0; i < ndb_pack_directory(from->pack)->part_count; i++) {
        const struct ndb_part *part = &ndb_pack_directory(from->pack)->parts[i];

        if (part->kind != NDB_PART_NODE)
            break;
        if (label == NAMIDB_ANY ||
            has_label(part->labels, part->label_count, label))
            rc = ndb_ids_add(out, part->table);
        if (rc < 0)
            return rc;
    }
    return NAMIDB_OK;
}

int ndb_label_tables(const struct ndb_snapshot *snapshot, uint32_t label,
                     struct ndb_ids *out)
{
    int rc = NAMIDB_OK;

    if (label != NAMIDB_ANY && label <= NAMIDB_TABLE_MAX)
        rc = ndb_ids_add(out, label);
    for (uint32_t i = 0; i < snapshot->view->layer_count && rc >= 0; i++)
        rc = add_tables(snapshot, i, label, out);
    ndb_ids_unique(out);
    return rc;
}

int ndb_scan_nodes_open(struct ndb_scan **out,
                        const struct ndb_snapshot *snapshot, uint32_t label,
                        namidb_error *err)
{
    struct ndb_scan *scan;
    int rc = ndb_scan_new(&scan, snapshot, false, label, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    rc = ndb_label_tables(snapshot, label, &scan->tables);
    if (rc < 0) {
        ndb_scan_close(scan);
        return ndb_fail_memory(err);
    }
    *out = scan;
    return NAMIDB_OK;
}

static int add_source(struct ndb_scan *scan, uint32_t layer, uint32_t table)
{
    const struct ndb_layer *from = &scan->snapshot.view->layers[layer];
    struct ndb_ids *ids = &scan->ids[layer];

    if (from->memtable != NULL) {
        ids->count = 0;
        if (ndb_memtable_nodes_of(from->memtable, table, scan->snapshot.version,
                                  ids) < 0)
            return NAMIDB_ENOMEM;
        if (ids->count != 0)
            ndb_scan_source_memtable(scan, layer, 0, ids->count);
    } else {
        const struct ndb_part *part = ndb_directory_find(
            ndb_pack_directory(from->pack), NDB_PART_NODE, 0, table);

        if (part != NULL)
            ndb_scan_source_part(scan, layer, part);
    }
    return NAMIDB_OK;
}

int ndb_scan_nodes_table(struct ndb_scan *scan, namidb_error *err)
{
    uint32_t table;

    ndb_scan_source_reset(scan);
    if (scan->table_at == scan->tables.count)
        return NAMIDB_NONE;
    table = (uint32_t)scan->tables.items[scan->table_at];
    for (uint32_t i = 0; i < scan->snapshot.view->layer_count; i++) {
        if (add_source(scan, i, table) < 0) {
            ndb_scan_source_reset(scan);
            return ndb_fail_memory(err);
        }
    }
    scan->table_at++;
    return NAMIDB_OK;
}

/* Whether a row counts: alive, and with the label. */
static bool is_match(const struct ndb_scan *scan,
                     const struct ndb_node_group *group, uint32_t row)
{
    uint32_t set = group->label_of != NULL ? group->label_of[row] : 0;

    if (ndb_bit(group->deleted, row))
        return false;
    return scan->wanted == NAMIDB_ANY ||
           has_label(group->label_sets[set], group->label_counts[set],
                     scan->wanted);
}

/* Reads the current row if it counts: NAMIDB_OK, NAMIDB_NONE, or a failure. */
static int read_row(struct ndb_scan *scan, struct ndb_scan_source *source,
                    namidb_arena *arena, namidb_node *out, namidb_error *err)
{
    uint32_t table = (uint32_t)scan->tables.items[scan->table_at - 1];
    uint64_t id = NAMIDB_ID(source->at.sequence, table);
    int rc;

    if (source->memtable != NULL) {
        struct ndb_slice row;

        rc = ndb_memtable_node(source->memtable, id, scan->snapshot.version,
                               &row);
        if (rc != NAMIDB_OK || row.data == NULL)
            return rc < 0 ? ndb_fail_memory(err) : NAMIDB_NONE;
        rc = ndb_node_row_read(row, id, arena, out, err);
        if (rc == NAMIDB_OK && scan->wanted != NAMIDB_ANY &&
            !has_label(out->labels, out->label_count, scan->wanted))
            rc = NAMIDB_NONE;
        return rc;
    }
    if (!is_match(scan, &ndb_scan_source_segment(source)->as.node, source->row))
        return NAMIDB_NONE;
    rc = ndb_node_group_read(&ndb_scan_source_segment(source)->as.node, table,
                             source->row, arena, out);
    out->id = id;
    return rc < 0 ? ndb_scan_source_fail(source, rc, err) : rc;
}

int ndb_scan_nodes_take(struct ndb_scan *scan, struct ndb_scan_source *source,
                        const struct ndb_scan_key *limit, size_t max,
                        namidb_arena *arena, namidb_node *nodes, size_t *count,
                        namidb_error *err)
{
    do {
        int rc = read_row(scan, source, arena, &nodes[*count], err);

        if (rc < 0)
            return rc;
        if (rc == NAMIDB_OK)
            (*count)++;
    } while (ndb_scan_source_step(scan, source, limit) && *count < max);
    return NAMIDB_OK;
}
