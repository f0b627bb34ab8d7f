/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Declarations in a memtable: lines of the journal like rows, few of them.
 */
#include "base/mem.h"
#include "engine/memtable_internal.h"
#include "engine/schema.h"

int ndb_memtable_add_schema(struct ndb_memtable *m,
                            const struct ndb_schema_change *change)
{
    int rc = ndb_memtable_reserve_journal(m, 1);

    if (rc < 0)
        return rc;
    if (m->schema_count == m->schema_capacity) {
        uint32_t capacity = m->schema_capacity * 2 + 4;
        struct ndb_schema_change *schema =
            ndb_realloc(m->schema, capacity, sizeof *schema);

        if (schema == NULL)
            return NAMIDB_ENOMEM;
        m->schema = schema;
        m->schema_capacity = capacity;
    }
    m->schema[m->schema_count] = *change;
    ndb_memtable_journal(m, change->version, NDB_CHANGE_SCHEMA,
                         m->schema_count++, 0);
    return NAMIDB_OK;
}

int ndb_memtable_apply_schema(struct ndb_memtable *m, uint64_t version,
                              const struct ndb_record *record)
{
    struct ndb_schema_change change = { .version = version,
                                        .is_new = record->is_new };
    int rc = record->is_new ? ndb_schema_item_decode(record->row, &change.item)
                            : NAMIDB_OK;

    change.item.number = record->number;
    return rc < 0 ? rc : ndb_memtable_add_schema(m, &change);
}

uint32_t ndb_memtable_schema_count(struct ndb_memtable *m)
{
    uint32_t count;

    if (ndb_memtable_is_empty(m))
        return 0;
    (void)pthread_rwlock_rdlock(&m->lock);
    count = m->schema_count;
    (void)pthread_rwlock_unlock(&m->lock);
    return count;
}

int ndb_memtable_schema(struct ndb_memtable *m, uint64_t version,
                        struct ndb_schema *schema)
{
    int rc = NAMIDB_OK;

    (void)pthread_rwlock_rdlock(&m->lock);
    for (uint32_t i = 0; i < m->schema_count && rc >= 0; i++) {
        const struct ndb_schema_change *change = &m->schema[i];

        if (change->version > version)
            break;
        /* Trimming may leave what the manifest has already. */
        ndb_schema_remove(schema, change->item.number);
        if (change->is_new)
            rc = ndb_schema_add(schema, &change->item);
        else if (schema->next_number <= change->item.number)
            schema->next_number = change->item.number + 1;
    }
    (void)pthread_rwlock_unlock(&m->lock);
    return rc;
}
