/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/limits.h"
#include "engine/tx.h"
#include "format/value.h"

static namidb_props props_of(const namidb_node *node)
{
    return (namidb_props){ node->props, node->prop_count };
}

/* The node as the transaction sees it; NAMIDB_ENOTFOUND when it is not there.
 */
static int read_node(struct namidb_tx *tx, uint64_t id, namidb_node *node,
                     namidb_error *err)
{
    int rc = ndb_read_nodes(&tx->snapshot, &id, 1, &tx->scratch, node, err);

    if (rc >= 0 && node->id == 0)
        rc = ndb_fail(err, NAMIDB_ENOTFOUND, "there is no node %llu",
                      (unsigned long long)id);
    return rc;
}

static int write_node(struct namidb_tx *tx, const namidb_node *node,
                      enum ndb_record_kind kind, bool is_new, namidb_error *err)
{
    struct ndb_record record = { .kind = kind,
                                 .id = node->id,
                                 .is_new = is_new };
    int rc;

    rc = kind == NDB_RECORD_NODE ? ndb_tx_check_node(tx, node, err) : NAMIDB_OK;
    if (rc < 0)
        return rc;
    tx->row.bytes = 0;
    rc = ndb_row_encode(&tx->row, node);
    rc = ndb_tx_row_end(tx, 0, rc, "a node", err);
    if (rc < 0)
        return rc;
    record.row = ndb_buf_slice(&tx->row);
    return ndb_tx_write(tx, &record, 1, err);
}

/* -------------------------------------------------------- new and upserted --
 */

/* The node of the key; node->id 0: there is none. */
static int find_by_key(struct namidb_tx *tx, uint32_t label, namidb_value key,
                       namidb_node *node, namidb_error *err)
{
    struct ndb_key_probe probe = { .table = label, .key = key };
    int rc = ndb_read_keys(&tx->snapshot, &probe, 1, true, err);

    node->id = 0;
    if (rc >= 0 && probe.id != 0)
        rc = read_node(tx, probe.id, node, err);
    return rc;
}

/* Whether nodes of a label can have keys. */
static int check_keyed(uint32_t label, namidb_error *err)
{
    if (label <= NAMIDB_TABLE_MAX)
        return NAMIDB_OK;
    return ndb_fail(err, NAMIDB_ELIMIT,
                    "only the first %u labels can have keys", NAMIDB_TABLE_MAX);
}

static int put_node(struct namidb_tx *tx, uint32_t label, namidb_value key,
                    namidb_props given, bool is_merge, uint64_t *id,
                    namidb_error *err)
{
    namidb_node node;
    namidb_props props;
    bool is_new;
    int rc = ndb_tx_use_name(tx, NAMIDB_LABEL, label, err);

    if (rc >= 0)
        rc = check_keyed(label, err);
    if (rc >= 0)
        rc = ndb_key_check(&key, err);
    if (rc >= 0)
        rc = find_by_key(tx, label, key, &node, err);
    if (rc < 0)
        return rc;
    is_new = node.id == 0;
    if (is_new)
        node = (namidb_node){ .key = key, .labels = &label, .label_count = 1 };
    rc = ndb_tx_props(tx, props_of(&node), given, is_merge, &props, err);
    if (rc >= 0 && is_new)
        rc = ndb_turn_next_ids(tx->db, false, label, 1, &node.id, err);
    if (rc < 0)
        return rc;
    node.props = props.items;
    node.prop_count = (uint32_t)props.count;
    *id = node.id;
    return write_node(tx, &node, NDB_RECORD_NODE, is_new, err);
}

int ndb_tx_put_node(struct namidb_tx *tx, uint32_t label, namidb_value key,
                    namidb_props props, bool is_merge, uint64_t *id,
                    namidb_error *err)
{
    struct ndb_tx_mark mark;
    int rc = ndb_tx_enter(tx, &mark, err);

    if (rc < 0)
        return rc;
    rc = put_node(tx, label, key, props, is_merge, id, err);
    return ndb_tx_leave(tx, &mark, rc);
}

/* Puts a number into an ascending list; false: it is there already. */
static bool insert(uint32_t *labels, uint32_t *count, uint32_t label)
{
    uint32_t at = *count;

    for (uint32_t i = 0; i < *count; i++)
        if (labels[i] == label)
            return false;
    while (at > 0 && labels[at - 1] > label) {
        labels[at] = labels[at - 1];
        at--;
    }
    labels[at] = label;
    (*count)++;
    return true;
}

static int fail_labels(namidb_error *err)
{
    return ndb_fail(err, NAMIDB_ELIMIT, "more than %u labels on a node",
                    NDB_ROW_LABELS_MAX);
}

static int create_node(struct namidb_tx *tx, const uint32_t *labels,
                       size_t label_count, namidb_props given, uint64_t *id,
                       namidb_error *err)
{
    uint32_t sorted[NDB_ROW_LABELS_MAX];
    namidb_node node = { .labels = sorted };
    namidb_props props;
    uint32_t table = label_count != 0 ? labels[0] : 0;
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < label_count && rc >= 0; i++) {
        rc = ndb_tx_use_name(tx, NAMIDB_LABEL, labels[i], err);
        if (rc >= 0 && node.label_count == NDB_ROW_LABELS_MAX)
            rc = fail_labels(err);
        if (rc >= 0)
            (void)insert(sorted, &node.label_count, labels[i]);
    }
    if (rc >= 0)
        rc = ndb_tx_props(tx, (namidb_props){ NULL, 0 }, given, false, &props,
                          err);
    if (rc >= 0)
        rc = ndb_turn_next_ids(tx->db, false,
                               table <= NAMIDB_TABLE_MAX ? table : 0, 1,
                               &node.id, err);
    if (rc < 0)
        return rc;
    node.props = props.items;
    node.prop_count = (uint32_t)props.count;
    *id = node.id;
    return write_node(tx, &node, NDB_RECORD_NODE, true, err);
}

int ndb_tx_create_node(struct namidb_tx *tx, const uint32_t *labels,
                       size_t label_count, namidb_props props, uint64_t *id,
                       namidb_error *err)
{
    struct ndb_tx_mark mark;
    int rc = ndb_tx_enter(tx, &mark, err);

    if (rc < 0)
        return rc;
    rc = create_node(tx, labels, label_count, props, id, err);
    return ndb_tx_leave(tx, &mark, rc);
}

/* ------------------------------------------------------------ many nodes -- */

/* Slots of a table of the keys of a block. */
enum { KEY_SLOTS = 4 * NDB_TX_BLOCK_ROWS };

static const namidb_value *key_of(const namidb_node_rows *rows, size_t row)
{
    return &rows->keys.items[row * rows->keys.stride];
}

/* The rows of a block from `first` on: as many as have keys of their own. Of
 * keys with the same hash the second one begins another block, too. */
static size_t distinct_rows(const namidb_node_rows *rows, size_t first,
                            size_t stop)
{
    uint64_t hashes[KEY_SLOTS] = { 0 };

    for (size_t row = first; row < stop; row++) {
        uint64_t hash = ndb_key_hash(key_of(rows, row)) | 1;
        size_t slot = (hash >> 32) % KEY_SLOTS;

        while (hashes[slot] != 0 && hashes[slot] != hash)
            slot = (slot + 1) % KEY_SLOTS;
        if (hashes[slot] == hash)
            return row;
        hashes[slot] = hash;
    }
    return stop;
}

/* The ids of the nodes that have the keys already, 0 where there is none. */
static int find_rows(struct namidb_tx *tx, const namidb_node_rows *rows,
                     size_t first, size_t stop, struct ndb_key_probe *probes,
                     namidb_error *err)
{
    for (size_t row = first; row < stop; row++)
        probes[row - first] =
            (struct ndb_key_probe){ .table = rows->label,
                                    .key = *key_of(rows, row) };
    return ndb_read_keys(&tx->snapshot, probes, stop - first, true, err);
}

/* Adds a node to the block; `id` is the one that has the key already. */
static int add_node(struct namidb_tx *tx, struct ndb_tx_rows *block,
                    const namidb_node_rows *rows, size_t row, uint64_t *id,
                    namidb_error *err)
{
    namidb_node node = { .labels = &rows->label, .label_count = 1 };
    bool is_new = *id == 0;
    size_t begin = tx->row.bytes;
    namidb_props props;
    int rc = ndb_tx_rows_props(tx, block, row, &props, err);

    if (rc >= 0 && is_new && rows->keys.items != NULL)
        node.key = *key_of(rows, row);
    if (rc >= 0 && !is_new)
        rc = read_node(tx, *id, &node, err);
    if (rc >= 0 && !is_new)
        rc = ndb_tx_props(tx, props_of(&node), props, rows->is_merge, &props,
                          err);
    if (rc >= 0 && is_new)
        rc = ndb_turn_next_ids(
            tx->db, false, rows->label <= NAMIDB_TABLE_MAX ? rows->label : 0, 1,
            &node.id, err);
    if (rc < 0)
        return rc;
    node.props = props.items;
    node.prop_count = (uint32_t)props.count;
    rc = ndb_tx_check_node(tx, &node, err);
    if (rc < 0)
        return rc;
    rc = ndb_row_encode(&tx->row, &node);
    rc = ndb_tx_row_end(tx, begin, rc, "a node", err);
    block->records[block->count++] = (struct ndb_record){
        .kind = NDB_RECORD_NODE,
        .id = node.id,
        .is_new = is_new,
        .row = { .bytes = tx->row.bytes - begin },
    };
    *id = node.id;
    return rc;
}

/* Finds the nodes of a block by their keys; *stop is where it ends, or *row the
 * bad one. */
static int begin_node_block(struct namidb_tx *tx, const namidb_node_rows *rows,
                            size_t *row, size_t *stop,
                            struct ndb_key_probe *probes, namidb_error *err)
{
    size_t first = *row;
    int rc = NAMIDB_OK;

    if (rows->keys.items == NULL) {
        memset(probes, 0, (*stop - first) * sizeof *probes);
        return NAMIDB_OK;
    }
    for (size_t i = first; i < *stop && rc >= 0; i++) {
        *row = i;
        rc = ndb_key_check(key_of(rows, i), err);
    }
    if (rc < 0)
        return rc;
    *row = first;
    *stop = distinct_rows(rows, first, *stop);
    return find_rows(tx, rows, first, *stop, probes, err);
}

/* Writes a block of rows from *row on; *row is the next one then, or the bad
 * one. */
static int put_node_block(struct namidb_tx *tx, struct ndb_tx_rows *block,
                          const namidb_node_rows *rows, uint64_t *ids,
                          size_t *row, namidb_error *err)
{
    struct ndb_key_probe probes[NDB_TX_BLOCK_ROWS];
    size_t first = *row, at = first, stop = rows->count;
    int rc;

    if (stop - first > block->block_max)
        stop = first + block->block_max;
    rc = begin_node_block(tx, rows, row, &stop, probes, err);
    for (; at < stop && rc >= 0 && tx->row.bytes <= NDB_TX_BLOCK_BYTES; at++) {
        uint64_t *id = &probes[at - first].id;

        *row = at;
        rc = add_node(tx, block, rows, at, id, err);
        if (rc >= 0 && ids != NULL)
            ids[at] = *id;
    }
    if (rc < 0)
        return rc;
    rc = ndb_tx_rows_flush(tx, block, err);
    *row = rc < 0 ? first : at;
    return rc;
}

static int put_nodes(struct namidb_tx *tx, const namidb_node_rows *rows,
                     uint64_t *ids, size_t *bad_row, namidb_error *err)
{
    struct ndb_tx_rows block;
    int rc = ndb_tx_use_name(tx, NAMIDB_LABEL, rows->label, err);

    if (rc >= 0 && rows->keys.items != NULL)
        rc = check_keyed(rows->label, err);
    if (rc >= 0)
        rc = ndb_tx_rows_begin(tx, rows->props, &block, err);
    while (*bad_row < rows->count && rc >= 0) {
        struct ndb_arena_mark mark = ndb_arena_mark(&tx->scratch);

        rc = put_node_block(tx, &block, rows, ids, bad_row, err);
        ndb_arena_rewind(&tx->scratch, &mark);
    }
    return rc;
}

int ndb_tx_put_nodes(struct namidb_tx *tx, const namidb_node_rows *rows,
                     uint64_t *ids, size_t *bad_row, namidb_error *err)
{
    struct ndb_tx_mark mark;
    int rc = ndb_tx_enter(tx, &mark, err);

    *bad_row = 0;
    if (rc < 0)
        return rc;
    rc = put_nodes(tx, rows, ids, bad_row, err);
    return ndb_tx_leave(tx, &mark, rc);
}

/* --------------------------------------------------------------- changes -- */

static int set_node(struct namidb_tx *tx, uint64_t id, namidb_props given,
                    namidb_error *err)
{
    namidb_node node;
    namidb_props props;
    int rc = read_node(tx, id, &node, err);

    if (rc >= 0)
        rc = ndb_tx_props(tx, props_of(&node), given, true, &props, err);
    if (rc < 0)
        return rc;
    node.props = props.items;
    node.prop_count = (uint32_t)props.count;
    return write_node(tx, &node, NDB_RECORD_NODE, false, err);
}

int ndb_tx_set_node(struct namidb_tx *tx, uint64_t id, namidb_props props,
                    namidb_error *err)
{
    struct ndb_tx_mark mark;
    int rc = ndb_tx_enter(tx, &mark, err);

    if (rc < 0)
        return rc;
    rc = set_node(tx, id, props, err);
    return ndb_tx_leave(tx, &mark, rc);
}

/* Takes a number out of a list; false: it is not there. */
static bool take_out(uint32_t *labels, uint32_t *count, uint32_t label)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < *count; i++)
        if (labels[i] != label)
            labels[kept++] = labels[i];
    if (kept == *count)
        return false;
    *count = kept;
    return true;
}

static int change_label(struct namidb_tx *tx, uint64_t id, uint32_t label,
                        bool is_added, namidb_error *err)
{
    uint32_t labels[NDB_ROW_LABELS_MAX + 1];
    struct ndb_record record = {
        .kind = NDB_RECORD_LABEL, .id = id, .number = label, .is_new = is_added
    };
    namidb_node node;
    int rc = ndb_tx_use_name(tx, NAMIDB_LABEL, label, err);

    if (rc >= 0)
        rc = read_node(tx, id, &node, err);
    if (rc < 0)
        return rc;
    memcpy(labels, node.labels, node.label_count * sizeof *labels);
    node.labels = labels;
    if (is_added ? !insert(labels, &node.label_count, label)
                 : !take_out(labels, &node.label_count, label))
        return NAMIDB_OK; /* it is as it should be */
    if (node.label_count > NDB_ROW_LABELS_MAX)
        return fail_labels(err);
    if (!is_added && node.key.kind != NAMIDB_NULL &&
        label == NAMIDB_ID_TABLE(id))
        return ndb_fail(
            err, NAMIDB_ECONSTRAINT,
            "the node's key is unique within the label %s",
            ndb_dict_name(ndb_db_dict(tx->db), NAMIDB_LABEL, label, NULL));
    rc = write_node(tx, &node, NDB_RECORD_NODE, false, err);
    return rc < 0 ? rc : ndb_tx_write(tx, &record, 1, err);
}

int ndb_tx_change_label(struct namidb_tx *tx, uint64_t id, uint32_t label,
                        bool is_added, namidb_error *err)
{
    struct ndb_tx_mark mark;
    int rc = ndb_tx_enter(tx, &mark, err);

    if (rc < 0)
        return rc;
    rc = change_label(tx, id, label, is_added, err);
    return ndb_tx_leave(tx, &mark, rc);
}

/* -------------------------------------------------------------- deletion -- */

static int check_lonely(struct namidb_tx *tx, uint64_t id, namidb_error *err)
{
    struct ndb_hop_kind kind = { NAMIDB_ANY, NAMIDB_OUT, false };
    uint64_t out = 0;
    uint64_t in = 0;
    int rc = ndb_read_degrees(&tx->snapshot, &id, 1, &kind, &out, err);

    kind.direction = NAMIDB_IN;
    if (rc >= 0)
        rc = ndb_read_degrees(&tx->snapshot, &id, 1, &kind, &in, err);
    if (rc >= 0 && out + in != 0)
        rc = ndb_fail(err, NAMIDB_ECONSTRAINT,
                      "node %llu has edges; delete them first, or detach",
                      (unsigned long long)id);
    return rc;
}

static int delete_node(struct namidb_tx *tx, uint64_t id, bool is_detach,
                       namidb_error *err)
{
    namidb_node node;
    int rc = ndb_read_nodes(&tx->snapshot, &id, 1, &tx->scratch, &node, err);

    if (rc < 0)
        return rc;
    if (node.id == 0)
        return NAMIDB_NONE;
    rc = is_detach ? ndb_tx_detach(tx, id, err) : check_lonely(tx, id, err);
    node.prop_count = 0;
    return rc < 0 ? rc
                  : write_node(tx, &node, NDB_RECORD_NODE_DELETE, false, err);
}

int ndb_tx_delete_node(struct namidb_tx *tx, uint64_t id, bool is_detach,
                       namidb_error *err)
{
    struct ndb_tx_mark mark;
    int rc = ndb_tx_enter(tx, &mark, err);

    if (rc < 0)
        return rc;
    rc = delete_node(tx, id, is_detach, err);
    return ndb_tx_leave(tx, &mark, rc);
}
