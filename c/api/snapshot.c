/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"
#include "engine/counts.h"
#include "engine/tx.h"

static namidb_snapshot *snapshot_new(struct namidb *db)
{
    namidb_snapshot *snapshot = ndb_calloc(1, sizeof *snapshot);

    if (snapshot != NULL)
        snapshot->db = ndb_db_ref(db);
    return snapshot;
}

int namidb_snapshot_open(namidb_snapshot **out, namidb *db, namidb_error *err)
{
    struct ndb_snapshot at;
    int rc = ndb_db_look(db, &at, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    *out = snapshot_new(db);
    if (*out == NULL) {
        ndb_view_unref(at.view);
        return ndb_fail_memory(err);
    }
    (*out)->at = at;
    return NAMIDB_OK;
}

int namidb_tx_snapshot(namidb_snapshot **out, namidb_tx *tx, namidb_error *err)
{
    int rc = ndb_db_check(tx->db, err);

    *out = NULL;
    if (rc >= 0)
        rc = ndb_tx_show(tx, err);
    if (rc < 0)
        return rc;
    *out = snapshot_new(tx->db);
    if (*out == NULL)
        return ndb_fail_memory(err);
    (*out)->at = tx->snapshot;
    (void)ndb_view_ref((*out)->at.view);
    return NAMIDB_OK;
}

void namidb_snapshot_close(namidb_snapshot *snapshot)
{
    if (snapshot == NULL || ndb_api_check(snapshot, NULL) < 0)
        return;
    ndb_view_unref(snapshot->at.view);
    ndb_db_unref(snapshot->db);
    ndb_free(snapshot);
}

int namidb_nodes_get(namidb_snapshot *snapshot, const uint64_t *ids,
                     size_t count, namidb_arena *arena, namidb_node *out,
                     namidb_error *err)
{
    int rc = ndb_api_check(snapshot, err);

    return rc < 0 ? rc
                  : ndb_read_nodes(&snapshot->at, ids, count, arena, out, err);
}

int namidb_node_by_key(namidb_snapshot *snapshot, uint32_t label,
                       namidb_value key, namidb_arena *arena, namidb_node *out,
                       namidb_error *err)
{
    int rc = ndb_api_check(snapshot, err);

    return rc < 0 ? rc
                  : ndb_read_node_by_key(&snapshot->at, label, key, arena, out,
                                         err);
}

int namidb_edges_get(namidb_snapshot *snapshot, const uint64_t *ids,
                     size_t count, namidb_arena *arena, namidb_edge *out,
                     namidb_error *err)
{
    struct ndb_edge_probe *probes;
    int rc = ndb_api_check(snapshot, err);

    if (rc < 0)
        return rc;
    probes = ndb_calloc(count, sizeof *probes);
    if (probes == NULL)
        return ndb_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        probes[i].id = ids[i];
    rc = ndb_read_edges(&snapshot->at, probes, count, arena, out, err);
    ndb_free(probes);
    return rc;
}

int namidb_degree(namidb_snapshot *snapshot, uint64_t id, uint32_t type,
                  enum namidb_direction direction, uint64_t *degree,
                  namidb_error *err)
{
    struct ndb_hop_kind kind = { type, NAMIDB_OUT, false };
    uint64_t out = 0, in = 0;
    int rc = ndb_api_check(snapshot, err);

    *degree = 0;
    if (rc >= 0 && direction != NAMIDB_IN)
        rc = ndb_read_degrees(&snapshot->at, &id, 1, &kind, &out, err);
    kind.direction = NAMIDB_IN;
    if (rc >= 0 && direction != NAMIDB_OUT)
        rc = ndb_read_degrees(&snapshot->at, &id, 1, &kind, &in, err);
    *degree = out + in;
    return rc;
}

int namidb_counts(namidb_snapshot *snapshot, enum namidb_name_kind kind,
                  uint64_t *counts, size_t max, namidb_error *err)
{
    int rc = ndb_api_check(snapshot, err);

    if (rc >= 0 && ndb_counts(&snapshot->at, kind, counts, max) < 0)
        return ndb_fail_memory(err);
    return rc;
}

int namidb_hop_counts(namidb_snapshot *snapshot, namidb_arena *arena,
                      namidb_hop_count **items, size_t *count, uint64_t *nodes,
                      namidb_error *err)
{
    int rc = ndb_api_check(snapshot, err);

    *items = NULL;
    *count = 0;
    if (rc >= 0 &&
        ndb_hop_counts(&snapshot->at, arena, items, count, nodes) < 0)
        return ndb_fail_memory(err);
    return rc;
}

int namidb_property_counts(namidb_snapshot *snapshot, namidb_arena *arena,
                           namidb_property_count **items, size_t *count,
                           namidb_error *err)
{
    int rc = ndb_api_check(snapshot, err);

    *items = NULL;
    *count = 0;
    if (rc >= 0 && ndb_property_counts(&snapshot->at, arena, items, count) < 0)
        return ndb_fail_memory(err);
    return rc;
}

int namidb_degree_counts(namidb_snapshot *snapshot, namidb_arena *arena,
                         namidb_degree_count **items, size_t *count,
                         namidb_error *err)
{
    int rc = ndb_api_check(snapshot, err);

    *items = NULL;
    *count = 0;
    if (rc >= 0 && ndb_degree_counts(&snapshot->at, arena, items, count) < 0)
        return ndb_fail_memory(err);
    return rc;
}

int namidb_segment_counts(namidb_snapshot *snapshot, enum namidb_segments of,
                          uint32_t number, uint64_t *segments,
                          uint64_t *missing, namidb_error *err)
{
    int rc = ndb_api_check(snapshot, err);

    *segments = *missing = 0;
    if (rc >= 0)
        ndb_segment_counts(&snapshot->at, of, number, segments, missing);
    return rc;
}

uint64_t namidb_snapshot_stamp(const namidb_snapshot *snapshot)
{
    const struct ndb_version *manifest = snapshot->at.view->manifest;

    return (manifest == NULL ? 0 : manifest->body.version << 32) +
           snapshot->at.version;
}
