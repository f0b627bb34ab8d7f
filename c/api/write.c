/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"
#include "engine/tx.h"
#include "exec/lines.h"

int namidb_tx_begin(namidb_tx **tx, namidb *db, int64_t timeout_ms,
                    namidb_error *err)
{
    int rc = ndb_db_check(db, err);

    *tx = NULL;
    return rc < 0 ? rc
                  : ndb_tx_begin(tx, db, ndb_db_deadline(db, timeout_ms), err);
}

int namidb_tx_number(namidb_tx *tx, enum namidb_name_kind kind,
                     const char *name, size_t bytes, uint32_t *number,
                     namidb_error *err)
{
    int rc = ndb_db_check(tx->db, err);

    return rc < 0 ? rc
                  : ndb_dict_add(ndb_db_dict(tx->db), kind,
                                 ndb_slice(name, bytes), number, err);
}

/* That the handle is closed is said by the check of the turn, with which each
 * of these begins. */

int namidb_put_node(namidb_tx *tx, uint32_t label, namidb_value key,
                    namidb_props props, bool is_merge, uint64_t *id,
                    namidb_error *err)
{
    int rc = ndb_db_check_process(tx->db, err);

    return rc < 0 ? rc
                  : ndb_tx_put_node(tx, label, key, props, is_merge, id, err);
}

int namidb_create_node(namidb_tx *tx, const uint32_t *labels,
                       size_t label_count, namidb_props props, uint64_t *id,
                       namidb_error *err)
{
    int rc = ndb_db_check_process(tx->db, err);

    return rc < 0 ? rc
                  : ndb_tx_create_node(tx, labels, label_count, props, id, err);
}

int namidb_set_node(namidb_tx *tx, uint64_t id, namidb_props props,
                    namidb_error *err)
{
    int rc = ndb_db_check_process(tx->db, err);

    return rc < 0 ? rc : ndb_tx_set_node(tx, id, props, err);
}

int namidb_set_edge(namidb_tx *tx, uint64_t id, namidb_props props,
                    namidb_error *err)
{
    int rc = ndb_db_check_process(tx->db, err);

    return rc < 0 ? rc : ndb_tx_set_edge(tx, id, props, err);
}

int namidb_add_label(namidb_tx *tx, uint64_t id, uint32_t label,
                     namidb_error *err)
{
    int rc = ndb_db_check_process(tx->db, err);

    return rc < 0 ? rc : ndb_tx_change_label(tx, id, label, true, err);
}

int namidb_remove_label(namidb_tx *tx, uint64_t id, uint32_t label,
                        namidb_error *err)
{
    int rc = ndb_db_check_process(tx->db, err);

    return rc < 0 ? rc : ndb_tx_change_label(tx, id, label, false, err);
}

int namidb_delete_node(namidb_tx *tx, uint64_t id, bool is_detach,
                       namidb_error *err)
{
    int rc = ndb_db_check_process(tx->db, err);

    return rc < 0 ? rc : ndb_tx_delete_node(tx, id, is_detach, err);
}

int namidb_put_edge(namidb_tx *tx, uint32_t type, uint64_t from, uint64_t to,
                    namidb_props props, uint64_t *id, namidb_error *err)
{
    int rc = ndb_db_check_process(tx->db, err);

    return rc < 0 ? rc : ndb_tx_put_edge(tx, type, from, to, props, id, err);
}

int namidb_put_nodes(namidb_tx *tx, const namidb_node_rows *rows, uint64_t *ids,
                     size_t *bad_row, namidb_error *err)
{
    int rc = ndb_db_check_process(tx->db, err);

    *bad_row = 0;
    return rc < 0 ? rc : ndb_tx_put_nodes(tx, rows, ids, bad_row, err);
}

int namidb_put_edges(namidb_tx *tx, const namidb_edge_rows *rows, uint64_t *ids,
                     size_t *bad_row, namidb_error *err)
{
    int rc = ndb_db_check_process(tx->db, err);

    *bad_row = 0;
    return rc < 0 ? rc : ndb_tx_put_edges(tx, rows, ids, bad_row, err);
}

int namidb_delete_edge(namidb_tx *tx, uint64_t id, namidb_error *err)
{
    int rc = ndb_db_check_process(tx->db, err);

    return rc < 0 ? rc : ndb_tx_delete_edge(tx, id, err);
}

/* ------------------------------------------------------------------ lines --
 */

int namidb_lines_new(namidb_lines **lines, const namidb_lines_spec *spec,
                     namidb_error *err)
{
    return ndb_lines_new(lines, spec, err);
}

void namidb_lines_free(namidb_lines *lines)
{
    ndb_lines_free(lines);
}

void namidb_lines_put(namidb_lines *lines, namidb_tx *tx, const char *text,
                      size_t bytes, size_t rows_max, size_t *rows, size_t *used)
{
    *rows = *used = 0;
    if (ndb_db_check(tx->db, NULL) >= 0)
        ndb_lines_put(lines, tx, ndb_slice(text, bytes), rows_max, rows, used);
}

/* ---------------------------------------------------------------- the end --
 */

int namidb_tx_commit(namidb_tx *tx, int64_t timeout_ms, namidb_ticket **ticket,
                     namidb_error *err)
{
    struct namidb_ticket *made;
    int64_t deadline_ns;
    int rc = ndb_db_check_process(tx->db, err);

    if (ticket != NULL)
        *ticket = NULL;
    if (rc < 0)
        return rc;
    deadline_ns = ndb_db_deadline(tx->db, timeout_ms);
    rc = ndb_tx_submit(tx, &made, err);
    if (rc < 0)
        return rc;
    if (ticket == NULL)
        return ndb_ticket_finish(made, deadline_ns, err);
    *ticket = made;
    return NAMIDB_OK;
}

void namidb_tx_abort(namidb_tx *tx)
{
    if (tx != NULL && ndb_db_check_process(tx->db, NULL) >= 0)
        ndb_tx_abort(tx);
}

int namidb_ticket_wait(namidb_ticket *ticket, int64_t timeout_ms,
                       namidb_error *err)
{
    struct namidb *db = ndb_ticket_db(ticket);
    int rc = ndb_db_check_process(db, err);

    return rc < 0
               ? rc
               : ndb_ticket_wait(ticket, ndb_db_deadline(db, timeout_ms), err);
}

void namidb_ticket_free(namidb_ticket *ticket)
{
    if (ticket != NULL &&
        ndb_db_check_process(ndb_ticket_db(ticket), NULL) >= 0)
        ndb_ticket_free(ticket);
}
