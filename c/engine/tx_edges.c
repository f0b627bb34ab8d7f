/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/limits.h"
#include "engine/alive.h"
#include "engine/tx.h"
#include "format/value.h"

int ndb_tx_write_edge(struct namidb_tx *tx, const namidb_edge *edge,
                      bool is_new, namidb_error *err)
{
    struct ndb_record record = { .kind = NDB_RECORD_EDGE,
                                 .id = edge->id,
                                 .from = edge->from,
                                 .to = edge->to,
                                 .is_new = is_new };
    int rc = ndb_tx_check_edge(tx, edge, err);

    if (rc < 0)
        return rc;
    tx->row.bytes = 0;
    rc = ndb_props_encode(&tx->row, edge->props, edge->prop_count);
    rc = ndb_tx_row_end(tx, 0, rc, "an edge", err);
    if (rc < 0)
        return rc;
    record.row = ndb_buf_slice(&tx->row);
    return ndb_tx_write(tx, &record, 1, err);
}

static int delete_edge(struct namidb_tx *tx, uint64_t id, uint64_t from,
                       uint64_t to, namidb_error *err)
{
    const struct ndb_record record = {
        .kind = NDB_RECORD_EDGE_DELETE, .id = id, .from = from, .to = to
    };

    return ndb_tx_write(tx, &record, 1, err);
}

/* ----------------------------------------------------------------- edges -- */

int ndb_tx_fail_end(uint64_t id, bool is_from, namidb_error *err)
{
    return ndb_fail(err, NAMIDB_ENOTFOUND,
                    "there is no node %llu for the edge to %s",
                    (unsigned long long)id, is_from ? "start at" : "end at");
}

int ndb_tx_ends_alive(struct namidb_tx *tx, const uint64_t *ids, size_t count,
                      bool *is_alive, namidb_error *err)
{
    struct ndb_alive *known = ndb_turn_alive(tx->db);
    uint64_t unknown[2 * NDB_TX_BLOCK_ROWS];
    bool is_there[2 * NDB_TX_BLOCK_ROWS], is_packed[2 * NDB_TX_BLOCK_ROWS];
    size_t unknown_count = 0, at = 0;
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count; i++) {
        is_alive[i] = ndb_alive_has(known, ids[i]);
        if (!is_alive[i])
            unknown[unknown_count++] = ids[i];
    }
    if (unknown_count != 0)
        rc = ndb_read_alive(&tx->snapshot, unknown, unknown_count, is_there,
                            is_packed, err);
    for (size_t i = 0; i < count && rc >= 0; i++) {
        if (is_alive[i])
            continue;
        is_alive[i] = is_there[at];
        if (is_packed[at++])
            ndb_alive_note(known, ids[i]);
    }
    return rc;
}

static int check_ends(struct namidb_tx *tx, uint64_t from, uint64_t to,
                      namidb_error *err)
{
    const uint64_t ids[2] = { from, to };
    bool is_alive[2];
    int rc = ndb_tx_ends_alive(tx, ids, 2, is_alive, err);

    for (int i = 0; i < 2 && rc >= 0; i++)
        if (!is_alive[i])
            rc = ndb_tx_fail_end(ids[i], i == 0, err);
    return rc;
}

int ndb_tx_prepare_edge(struct namidb_tx *tx, namidb_edge *edge,
                        namidb_props given, namidb_error *err)
{
    namidb_props props;
    int rc = ndb_tx_use_name(tx, NAMIDB_TYPE, edge->type, err);

    if (rc >= 0)
        rc = check_ends(tx, edge->from, edge->to, err);
    if (rc >= 0)
        rc = ndb_tx_props(tx, (namidb_props){ NULL, 0 }, given, false, &props,
                          err);
    if (rc < 0)
        return rc;
    edge->props = props.items;
    edge->prop_count = (uint32_t)props.count;
    return NAMIDB_OK;
}

/* By itself. */
static int put_edge(struct namidb_tx *tx, namidb_edge *edge, namidb_props props,
                    namidb_error *err)
{
    int rc = ndb_tx_prepare_edge(tx, edge, props, err);

    if (rc >= 0)
        rc = ndb_turn_next_ids(tx->db, true, edge->type, 1, &edge->id, err);
    return rc < 0 ? rc : ndb_tx_write_edge(tx, edge, true, err);
}

int ndb_tx_put_edge(struct namidb_tx *tx, uint32_t type, uint64_t from,
                    uint64_t to, namidb_props props, uint64_t *id,
                    namidb_error *err)
{
    namidb_edge edge = { .from = from, .to = to, .type = type };
    struct ndb_tx_mark mark;
    int rc = ndb_tx_gather_edge(tx, &edge, props, err);

    if (rc == NAMIDB_NONE) {
        rc = ndb_tx_enter(tx, &mark, err);
        if (rc < 0)
            return rc;
        rc = ndb_tx_leave(tx, &mark, put_edge(tx, &edge, props, err));
    }
    if (rc >= 0)
        *id = edge.id;
    return rc;
}

/* --------------------------------------------------- changes, deletions -- */

static int read_edge(struct namidb_tx *tx, uint64_t id, namidb_edge *edge,
                     namidb_error *err)
{
    const struct ndb_edge_probe probe = { .id = id };

    return ndb_read_edges(&tx->snapshot, &probe, 1, &tx->scratch, edge, err);
}

static int set_edge(struct namidb_tx *tx, uint64_t id, namidb_props given,
                    namidb_error *err)
{
    namidb_edge edge;
    namidb_props props;
    int rc = read_edge(tx, id, &edge, err);

    if (rc >= 0 && edge.id == 0)
        rc = ndb_fail(err, NAMIDB_ENOTFOUND, "there is no edge %llu",
                      (unsigned long long)id);
    if (rc >= 0)
        rc = ndb_tx_props(tx, (namidb_props){ edge.props, edge.prop_count },
                          given, true, &props, err);
    if (rc < 0)
        return rc;
    edge.props = props.items;
    edge.prop_count = (uint32_t)props.count;
    return ndb_tx_write_edge(tx, &edge, false, err);
}

int ndb_tx_set_edge(struct namidb_tx *tx, uint64_t id, namidb_props props,
                    namidb_error *err)
{
    struct ndb_tx_mark mark;
    int rc = ndb_tx_enter(tx, &mark, err);

    if (rc < 0)
        return rc;
    rc = set_edge(tx, id, props, err);
    return ndb_tx_leave(tx, &mark, rc);
}

int ndb_tx_delete_edge(struct namidb_tx *tx, uint64_t id, namidb_error *err)
{
    struct ndb_tx_mark mark;
    namidb_edge edge;
    int rc = ndb_tx_enter(tx, &mark, err);

    if (rc < 0)
        return rc;
    rc = read_edge(tx, id, &edge, err);
    if (rc >= 0 && edge.id == 0)
        return NAMIDB_NONE;
    if (rc >= 0)
        rc = delete_edge(tx, id, edge.from, edge.to, err);
    return ndb_tx_leave(tx, &mark, rc);
}

int ndb_tx_detach(struct namidb_tx *tx, uint64_t id, namidb_error *err)
{
    struct ndb_hop_kind kind = { NAMIDB_ANY, NAMIDB_OUT, true };
    struct ndb_hops out, in;
    int rc =
        ndb_read_hops(&tx->snapshot, &id, 1, &kind, &tx->scratch, &out, err);

    kind.direction = NAMIDB_IN;
    if (rc >= 0)
        rc =
            ndb_read_hops(&tx->snapshot, &id, 1, &kind, &tx->scratch, &in, err);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < out.offsets[1] && rc >= 0; i++)
        rc = delete_edge(tx, out.edges[i], id, out.neighbours[i], err);
    for (uint32_t i = 0; i < in.offsets[1] && rc >= 0; i++)
        if (in.neighbours[i] != id) /* loops went with the others */
            rc = delete_edge(tx, in.edges[i], in.neighbours[i], id, err);
    return rc;
}
