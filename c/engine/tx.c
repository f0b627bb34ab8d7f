/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tx.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/alive.h"
#include "engine/survey.h"

int ndb_tx_begin(struct namidb_tx **out, struct namidb *db, int64_t deadline_ns,
                 namidb_error *err)
{
    struct namidb_tx *tx = ndb_calloc(1, sizeof *tx);
    int rc;

    *out = NULL;
    if (tx == NULL)
        return ndb_fail_memory(err);
    rc = ndb_turn_begin(db, deadline_ns, &tx->turn, err);
    if (rc < 0) {
        ndb_free(tx);
        return rc;
    }
    tx->db = ndb_db_ref(db);
    tx->snapshot.view = tx->turn.view;
    tx->snapshot.version = tx->turn.version;
    tx->snapshot.timeout_ms = ndb_db_timeout_ms(db);
    tx->payload = NDB_BUF_INIT(NDB_BATCH_BYTES_MAX);
    tx->row = NDB_BUF_INIT(NDB_ROW_BYTES_MAX + NDB_TX_BLOCK_BYTES);
    tx->block = NDB_BUF_INIT(NDB_EDGE_BLOCK_BYTES_MAX);
    tx->gather.rows = NDB_BUF_INIT(NDB_ROW_BYTES_MAX + NDB_TX_BLOCK_BYTES);
    tx->schema = NDB_SCHEMA_INIT;
    *out = tx;
    return NAMIDB_OK;
}

static void tx_free(struct namidb_tx *tx)
{
    for (struct ndb_statement *s = tx->statements; s != NULL; s = s->in_tx)
        s->tx = NULL;
    ndb_buf_release(&tx->payload);
    ndb_buf_release(&tx->row);
    ndb_buf_release(&tx->block);
    ndb_tx_gather_release(&tx->gather);
    ndb_arena_release(&tx->scratch);
    ndb_schema_release(&tx->schema);
    ndb_ids_release(&tx->incomplete[0]);
    ndb_ids_release(&tx->incomplete[1]);
    ndb_db_unref(tx->db);
    ndb_free(tx);
}

int ndb_tx_submit(struct namidb_tx *tx, struct namidb_ticket **ticket,
                  namidb_error *err)
{
    int rc = ndb_turn_check(tx->db, err);

    *ticket = NULL;
    if (rc >= 0)
        rc = ndb_tx_settle(tx, err);
    if (rc >= 0)
        rc = ndb_tx_check_complete(tx, err);
    if (rc < 0)
        ndb_turn_abort(tx->db, &tx->turn);
    else
        rc = ndb_turn_submit(tx->db, &tx->turn, &tx->payload, tx->record_count,
                             ticket, err);
    tx_free(tx);
    return rc;
}

void ndb_tx_abort(struct namidb_tx *tx)
{
    if (tx == NULL)
        return;
    ndb_turn_abort(tx->db, &tx->turn);
    tx_free(tx);
}

/* ------------------------------------------------------------- operations --
 */

void ndb_tx_mark_batch(const struct namidb_tx *tx, struct ndb_tx_mark *mark)
{
    mark->payload_bytes = tx->payload.bytes;
    mark->record_count = tx->record_count;
    mark->change_count = tx->change_count;
    memcpy(mark->names_logged, tx->turn.names_logged,
           sizeof mark->names_logged);
}

void ndb_tx_restore_batch(struct namidb_tx *tx, const struct ndb_tx_mark *mark)
{
    tx->payload.bytes = mark->payload_bytes;
    tx->record_count = mark->record_count;
    tx->change_count = mark->change_count;
    memcpy(tx->turn.names_logged, mark->names_logged,
           sizeof mark->names_logged);
}

void ndb_tx_mark_set(struct namidb_tx *tx, struct ndb_tx_mark *mark)
{
    ndb_tx_mark_batch(tx, mark);
    mark->changes = ndb_memtable_mark(tx->turn.memtable);
}

int ndb_tx_enter(struct namidb_tx *tx, struct ndb_tx_mark *mark,
                 namidb_error *err)
{
    int rc = ndb_turn_check(tx->db, err);

    if (rc >= 0)
        rc = ndb_tx_settle(tx, err);
    if (rc < 0)
        return rc;
    ndb_arena_reset(&tx->scratch);
    ndb_tx_mark_set(tx, mark);
    return NAMIDB_OK;
}

int ndb_tx_leave(struct namidb_tx *tx, const struct ndb_tx_mark *mark, int rc)
{
    if (rc >= 0)
        return rc;
    ndb_tx_restore_batch(tx, mark);
    ndb_memtable_rollback_to(tx->turn.memtable, mark->changes);
    tx->is_schema_read = false;
    return rc;
}

int ndb_statement_begin(struct ndb_statement *statement, struct namidb_tx *tx,
                        namidb_error *err)
{
    int rc = ndb_tx_enter(tx, &statement->mark, err);

    if (rc < 0)
        return rc;
    statement->tx = tx;
    statement->in_tx = tx->statements;
    tx->statements = statement;
    return NAMIDB_OK;
}

int ndb_statement_end(struct ndb_statement *statement, int rc)
{
    struct namidb_tx *tx = statement->tx;
    struct ndb_statement *newest;

    if (tx == NULL)
        return rc;
    do {
        newest = tx->statements;
        tx->statements = newest->in_tx;
        newest->tx = NULL;
    } while (newest != statement);
    return ndb_tx_leave(tx, &statement->mark, rc);
}

static int append(struct namidb_tx *tx, const struct ndb_record *record,
                  namidb_error *err)
{
    uint32_t changes = record->kind == NDB_RECORD_EDGES ? record->number : 1;
    int rc = changes > NDB_BATCH_RECORDS_MAX - tx->change_count
                 ? NAMIDB_ELIMIT
                 : ndb_record_encode(&tx->payload, record);

    if (rc == NAMIDB_ELIMIT)
        return ndb_fail(err, rc,
                        "a transaction holds at most %u MiB and %u changes; "
                        "commit more often",
                        NDB_BATCH_BYTES_MAX >> 20, NDB_BATCH_RECORDS_MAX);
    if (rc < 0)
        return ndb_fail_memory(err);
    tx->record_count++;
    tx->change_count += changes;
    return NAMIDB_OK;
}

int ndb_tx_use_name(struct namidb_tx *tx, enum namidb_name_kind kind,
                    uint32_t number, namidb_error *err)
{
    static const char *const WHAT[NAMIDB_NAME_KIND_COUNT] = { "label", "type",
                                                              "property" };
    struct ndb_dict *dict = ndb_db_dict(tx->db);

    if (number != 0 && number <= tx->turn.names_logged[kind])
        return NAMIDB_OK; /* mostly: no lock is taken */
    if (number == 0 || number > ndb_dict_count(dict, kind))
        return ndb_fail(err, NAMIDB_EINVAL, "no %s has number %u", WHAT[kind],
                        number);
    while (tx->turn.names_logged[kind] < number) {
        size_t bytes = 0;
        uint32_t next = tx->turn.names_logged[kind] + 1;
        const char *text = ndb_dict_name(dict, kind, next, &bytes);
        const struct ndb_record record = { .kind = NDB_RECORD_NAME,
                                           .name_kind = kind,
                                           .number = next,
                                           .text = ndb_slice(text, bytes) };
        int rc = append(tx, &record, err);

        if (rc < 0)
            return rc;
        tx->turn.names_logged[kind] = next;
    }
    return NAMIDB_OK;
}

int ndb_tx_row_end(struct namidb_tx *tx, size_t begin, int rc, const char *what,
                   namidb_error *err)
{
    if (rc >= 0 && tx->row.bytes - begin > NDB_ROW_BYTES_MAX)
        rc = NAMIDB_ELIMIT;
    if (rc == NAMIDB_ELIMIT)
        return ndb_fail(err, rc, "%s holds at most %u MiB", what,
                        NDB_ROW_BYTES_MAX >> 20);
    return rc < 0 ? ndb_fail_memory(err) : rc;
}

int ndb_tx_write(struct namidb_tx *tx, const struct ndb_record *records,
                 size_t count, namidb_error *err)
{
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count && rc >= 0; i++) {
        if (records[i].kind == NDB_RECORD_NODE_DELETE)
            ndb_alive_forget(ndb_turn_alive(tx->db), records[i].id);
        rc = append(tx, &records[i], err);
    }
    if (rc >= 0)
        ndb_survey_note(tx->db, records, count);
    if (rc >= 0 && ndb_memtable_apply(tx->turn.memtable, tx->turn.version,
                                      records, count) < 0)
        rc = ndb_fail_memory(err);
    return rc;
}

int ndb_tx_write_edges(struct namidb_tx *tx, const struct ndb_edge_block *edges,
                       namidb_error *err)
{
    struct ndb_record record = { .kind = NDB_RECORD_EDGES,
                                 .id = edges->first_id,
                                 .number = edges->count };
    int rc;

    tx->block.bytes = 0;
    rc = ndb_edge_block_encode(&tx->block, edges);
    if (rc < 0)
        return ndb_fail_memory(err);
    record.row = ndb_buf_slice(&tx->block);
    rc = append(tx, &record, err);
    if (rc >= 0)
        ndb_survey_note(tx->db, &record, 1);
    if (rc >= 0 && ndb_memtable_apply_edges(tx->turn.memtable, tx->turn.version,
                                            edges) < 0)
        rc = ndb_fail_memory(err);
    return rc;
}
