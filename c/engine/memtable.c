/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing a memtable: apply, rollback, trim. An apply reserves all that it
 * needs before it links anything, so running out of memory changes nothing.
 */
#include "engine/memtable_internal.h"

#include "base/limits.h"
#include "base/mem.h"
#include "format/value.h"

/* ---------------------------------------------------------- reservations -- */

int ndb_memtable_grow(void **items, uint32_t count, uint32_t *capacity,
                      size_t size)
{
    uint32_t wanted = *capacity == 0 ? 16 : *capacity * 2;
    void *grown;

    if (count < *capacity)
        return NAMIDB_OK;
    if (count >= NDB_NO_ENTRY / 2)
        return NAMIDB_ENOMEM;
    grown = ndb_realloc(*items, wanted, size);
    if (grown == NULL)
        return NAMIDB_ENOMEM;
    *items = grown;
    *capacity = wanted;
    return NAMIDB_OK;
}

int ndb_memtable_reserve_journal(struct ndb_memtable *m, size_t count)
{
    size_t capacity = m->journal_capacity == 0 ? 64 : m->journal_capacity * 2;
    struct ndb_change *journal;

    if (m->journal_count + count <= m->journal_capacity)
        return NAMIDB_OK;
    if (capacity < m->journal_count + count)
        capacity = m->journal_count + count;
    journal = ndb_realloc(m->journal, capacity, sizeof *journal);
    if (journal == NULL)
        return NAMIDB_ENOMEM;
    m->journal = journal;
    m->journal_capacity = capacity;
    return NAMIDB_OK;
}

static int reserve_node(struct ndb_memtable *m, uint64_t id)
{
    int rc = ndb_memtable_grow((void **)&m->nodes, m->node_count,
                               &m->node_capacity, sizeof *m->nodes);

    if (rc >= 0)
        rc = ndb_table_reserve(&m->key_numbers, 1);
    return rc < 0 ? rc : ndb_lane_reserve(m, NAMIDB_ID_TABLE(id), false);
}

int ndb_memtable_reserve_edges(struct ndb_memtable *m, size_t count)
{
    struct ndb_edge_entry *edges;

    if (m->edge_count + count <= m->edge_capacity)
        return NAMIDB_OK;
    if (m->edge_count + count >= NDB_NO_ENTRY / 2)
        return NAMIDB_ENOMEM;
    edges = ndb_realloc(m->edges, m->edge_count + count, sizeof *edges);
    if (edges == NULL)
        return NAMIDB_ENOMEM;
    m->edges = edges;
    m->edge_capacity = (uint32_t)(m->edge_count + count);
    return NAMIDB_OK;
}

static int reserve_edge(struct ndb_memtable *m, uint64_t id)
{
    int rc = ndb_memtable_grow((void **)&m->edges, m->edge_count,
                               &m->edge_capacity, sizeof *m->edges);

    return rc < 0 ? rc : ndb_lane_reserve(m, NAMIDB_ID_TABLE(id), true);
}

static struct ndb_image *new_image(struct ndb_memtable *m, uint64_t version,
                                   struct ndb_slice row)
{
    struct ndb_image *image =
        ndb_arena_alloc(&m->arena, sizeof *image + row.bytes);

    if (image == NULL)
        return NULL;
    image->older = NULL;
    image->version = version;
    image->row = row;
    if (row.data != NULL) {
        if (row.bytes != 0)
            memcpy(image + 1, row.data, row.bytes);
        image->row.data = (const uint8_t *)(image + 1);
    }
    return image;
}

/* --------------------------------------------------------------- linking -- */

/* ndb_memtable_is_empty reads it without the lock. */
static void set_journal_count(struct ndb_memtable *m, size_t count)
{
    __atomic_store_n(&m->journal_count, count, __ATOMIC_RELEASE);
}

void ndb_memtable_journal(struct ndb_memtable *m, uint64_t version,
                          enum ndb_change_kind kind, uint32_t number, int delta)
{
    m->journal[m->journal_count] =
        (struct ndb_change){ version, number, (uint8_t)kind, (int8_t)delta };
    set_journal_count(m, m->journal_count + 1);
}

static void link_node(struct ndb_memtable *m, uint32_t number, uint64_t version,
                      uint64_t key_hash)
{
    struct ndb_node_entry *entry = &m->nodes[number];
    struct ndb_table_slot *slot;

    entry->next_in_lane =
        ndb_lane_push(m, NAMIDB_ID_TABLE(entry->id), false, version, number);
    entry->key_hash = key_hash;
    entry->next_key = NDB_NO_ENTRY;
    if (key_hash == 0)
        return;
    slot = ndb_table_slot(&m->key_numbers, key_hash);
    if (slot == NULL)
        slot = ndb_table_add(&m->key_numbers, key_hash, NDB_NO_ENTRY);
    entry->next_key = slot->number;
    slot->number = number;
}

static void unlink_node(struct ndb_memtable *m, uint32_t number)
{
    struct ndb_node_entry *entry = &m->nodes[number];

    ndb_lane_pop(m, NAMIDB_ID_TABLE(entry->id), false, entry->next_in_lane);
    if (entry->key_hash != 0)
        ndb_table_slot(&m->key_numbers, entry->key_hash)->number =
            entry->next_key;
}

static void link_edge(struct ndb_memtable *m, uint32_t number, uint64_t version)
{
    struct ndb_edge_entry *entry = &m->edges[number];

    entry->next_in_lane =
        ndb_lane_push(m, NAMIDB_ID_TABLE(entry->id), true, version, number);
}

static void unlink_edge(struct ndb_memtable *m, uint32_t number)
{
    struct ndb_edge_entry *entry = &m->edges[number];

    ndb_memtable_unlink_ends(m, entry);
    ndb_lane_pop(m, NAMIDB_ID_TABLE(entry->id), true, entry->next_in_lane);
}

/* ----------------------------------------------------------------- apply -- */

/* What of a row matters here. */
struct row_head {
    uint64_t key_hash; /* 0: no key */
    uint32_t labels[NDB_ROW_LABELS_MAX];
    uint32_t label_count;
};

static int read_head(struct ndb_slice row, uint32_t table,
                     struct row_head *head)
{
    struct ndb_reader reader = ndb_reader(row);
    namidb_arena arena = NDB_ARENA_INIT; /* a key needs none of it */
    namidb_value key;
    uint64_t label = 0;
    int rc = ndb_value_decode(&reader, &arena, &key);

    ndb_arena_release(&arena);
    if (rc < 0)
        return rc;
    head->key_hash = 0;
    if (key.kind != NAMIDB_NULL) {
        if (ndb_key_check(&key, NULL) < 0)
            return NAMIDB_ECORRUPT;
        head->key_hash = ndb_lane_key(table, ndb_key_hash(&key));
    }
    head->label_count =
        (uint32_t)ndb_reader_varint_max(&reader, NDB_ROW_LABELS_MAX);
    for (uint32_t i = 0; i < head->label_count; i++) {
        label += ndb_reader_varint_max(&reader, NDB_LABEL_COUNT_MAX);
        head->labels[i] = (uint32_t)label;
    }
    return reader.is_failed || label > NDB_LABEL_COUNT_MAX ? NAMIDB_ECORRUPT
                                                           : NAMIDB_OK;
}

static int reserve_foreign(struct ndb_memtable *m, uint32_t count)
{
    uint32_t capacity = m->foreign_capacity;
    struct ndb_foreign_label *foreign;

    if (m->foreign_count + count <= capacity)
        return NAMIDB_OK;
    capacity = capacity * 2 + count;
    foreign = ndb_realloc(m->foreign, capacity, sizeof *foreign);
    if (foreign == NULL)
        return NAMIDB_ENOMEM;
    m->foreign = foreign;
    m->foreign_capacity = capacity;
    return NAMIDB_OK;
}

/* Remembers labels that are not the table's own. Room was reserved. */
static void note_foreign(struct ndb_memtable *m, uint64_t version,
                         uint32_t table, const struct row_head *head)
{
    for (uint32_t i = 0; i < head->label_count; i++) {
        uint32_t at = 0;

        if (head->labels[i] == table)
            continue;
        while (at < m->foreign_count && m->foreign[at].label != head->labels[i])
            at++;
        if (at == m->foreign_count)
            m->foreign[m->foreign_count++] =
                (struct ndb_foreign_label){ head->labels[i], version };
    }
}

/* `row` without data: the node is deleted; `head` is of its last image. */
static int apply_node(struct ndb_memtable *m, uint64_t version, uint64_t id,
                      struct ndb_slice row, const struct row_head *head,
                      int delta)
{
    struct ndb_image *image;
    uint32_t *place;
    uint32_t number;
    int rc = reserve_node(m, id);

    if (rc >= 0)
        rc = ndb_memtable_reserve_journal(m, 1 + head->label_count);
    if (rc >= 0)
        rc = reserve_foreign(m, head->label_count);
    if (rc < 0)
        return rc;
    place = ndb_id_map_place(&m->node_numbers, id);
    image = new_image(m, version, row);
    if (place == NULL || image == NULL)
        return NAMIDB_ENOMEM;
    if (*place == NDB_NO_ENTRY) {
        *place = m->node_count++;
        m->nodes[*place] = (struct ndb_node_entry){ .id = id };
    }
    number = *place;
    if (m->nodes[number].newest == NULL)
        link_node(m, number, version, head->key_hash);
    image->older = m->nodes[number].newest;
    m->nodes[number].newest = image;
    ndb_memtable_journal(m, version, NDB_CHANGE_NODE, number, delta);
    for (uint32_t i = 0; delta != 0 && i < head->label_count; i++)
        ndb_memtable_journal(m, version, NDB_CHANGE_LABEL, head->labels[i],
                             delta);
    note_foreign(m, version, NAMIDB_ID_TABLE(id), head);
    return NAMIDB_OK;
}

int ndb_memtable_add_edge(struct ndb_memtable *m,
                          const struct ndb_record *record,
                          struct ndb_image *image, uint32_t *number)
{
    uint32_t *place;
    int rc = reserve_edge(m, record->id);

    if (rc < 0)
        return rc;
    place = ndb_id_map_place(&m->edge_numbers, record->id);
    if (place == NULL)
        return NAMIDB_ENOMEM;
    if (*place == NDB_NO_ENTRY) {
        *place = m->edge_count++;
        m->edges[*place] = (struct ndb_edge_entry){ .id = record->id };
    }
    *number = *place;
    if (m->edges[*number].newest == NULL) {
        m->edges[*number].from = record->from;
        m->edges[*number].to = record->to;
        link_edge(m, *number, image->version);
    }
    image->older = m->edges[*number].newest;
    m->edges[*number].newest = image;
    return NAMIDB_OK;
}

static int apply_edge(struct ndb_memtable *m, uint64_t version,
                      const struct ndb_record *record, struct ndb_slice props,
                      int delta)
{
    struct ndb_image *image;
    uint32_t number;
    int rc = ndb_memtable_make_entries(m);

    if (rc >= 0)
        rc = ndb_memtable_reserve_journal(m, 1);
    if (rc < 0)
        return rc;
    image = new_image(m, version, props);
    if (image == NULL)
        return NAMIDB_ENOMEM;
    rc = ndb_memtable_add_edge(m, record, image, &number);
    if (rc >= 0)
        ndb_memtable_journal(m, version, NDB_CHANGE_EDGE, number, delta);
    return rc;
}

static int apply_label(struct ndb_memtable *m, uint64_t version,
                       const struct ndb_record *record)
{
    int rc = ndb_memtable_reserve_journal(m, 1);

    if (rc >= 0)
        ndb_memtable_journal(m, version, NDB_CHANGE_LABEL, record->number,
                             record->is_new ? 1 : -1);
    return rc;
}

/* An image that is there but empty is not a deletion. */
static struct ndb_slice present(struct ndb_slice row)
{
    return row.data != NULL ? row : ndb_slice("", 0);
}

/* Records that are looked at, and whose slots of tables are begun to be loaded,
 * before the first of them is applied. */
enum { APPLY_BLOCK = 16 };

static bool has_head(const struct ndb_record *record)
{
    return record->kind == NDB_RECORD_NODE ||
           record->kind == NDB_RECORD_NODE_DELETE;
}

static int read_heads(const struct ndb_record *records, size_t count,
                      struct row_head *heads)
{
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count && rc >= 0; i++)
        if (has_head(&records[i]))
            rc = read_head(records[i].row, NAMIDB_ID_TABLE(records[i].id),
                           &heads[i]);
    return rc;
}

/* The slots of a block's rows are anywhere in memory: asked for one by one,
 * each costs a cache miss of its own. */
static void prefetch(const struct ndb_memtable *m,
                     const struct ndb_record *record,
                     const struct row_head *head)
{
    if (has_head(record))
        ndb_table_prefetch(&m->key_numbers, head->key_hash);
}

static int apply_one(struct ndb_memtable *m, uint64_t version,
                     const struct ndb_record *record,
                     const struct row_head *head)
{
    const struct ndb_slice gone = { NULL, 0 };
    int rc = ndb_memtable_index_record(m, record);

    if (rc < 0)
        return rc;
    switch (record->kind) {
    case NDB_RECORD_NODE:
        return apply_node(m, version, record->id, record->row, head,
                          record->is_new);
    case NDB_RECORD_NODE_DELETE:
        return apply_node(m, version, record->id, gone, head, -1);
    case NDB_RECORD_EDGE:
        return apply_edge(m, version, record, present(record->row),
                          record->is_new);
    case NDB_RECORD_EDGE_DELETE:
        return apply_edge(m, version, record, gone, -1);
    case NDB_RECORD_EDGES:
        return ndb_memtable_apply_block(m, version, record);
    case NDB_RECORD_LABEL:
        return apply_label(m, version, record);
    case NDB_RECORD_SCHEMA:
        return ndb_memtable_apply_schema(m, version, record);
    default:
        return NAMIDB_OK;
    }
}

static int apply_block(struct ndb_memtable *m, uint64_t version,
                       const struct ndb_record *records, size_t count)
{
    struct row_head heads[APPLY_BLOCK];
    int rc = read_heads(records, count, heads);

    if (rc < 0)
        return rc;
    (void)pthread_rwlock_wrlock(&m->lock);
    for (size_t i = 0; i < count && count > 1; i++)
        prefetch(m, &records[i], &heads[i]);
    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = apply_one(m, version, &records[i], &heads[i]);
    (void)pthread_rwlock_unlock(&m->lock);
    return rc;
}

int ndb_memtable_apply(struct ndb_memtable *m, uint64_t version,
                       const struct ndb_record *records, size_t count)
{
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count && rc >= 0; i += APPLY_BLOCK) {
        size_t left = count - i;

        rc = apply_block(m, version, records + i,
                         left < APPLY_BLOCK ? left : APPLY_BLOCK);
    }
    return rc;
}

/* -------------------------------------------------------------- rollback -- */

void ndb_memtable_take_back_edge(struct ndb_memtable *m, uint32_t number)
{
    struct ndb_edge_entry *entry = &m->edges[number];

    entry->newest = entry->newest->older;
    if (entry->newest == NULL)
        unlink_edge(m, number);
}

static void take_back_node(struct ndb_memtable *m, uint32_t number)
{
    struct ndb_node_entry *entry = &m->nodes[number];

    entry->newest = entry->newest->older;
    if (entry->newest == NULL)
        unlink_node(m, number);
}

static void take_back(struct ndb_memtable *m)
{
    const struct ndb_change *change = &m->journal[m->journal_count - 1];

    set_journal_count(m, m->journal_count - 1);
    switch (change->kind) {
    case NDB_CHANGE_NODE:
        take_back_node(m, change->number);
        break;
    case NDB_CHANGE_EDGE:
        ndb_memtable_take_back_edge(m, change->number);
        break;
    case NDB_CHANGE_EDGES:
        ndb_memtable_take_back_block(m);
        break;
    case NDB_CHANGE_SCHEMA:
        m->schema_count--;
        break;
    default:
        break;
    }
}

/* The journal became shorter. */
static void forget_changes(struct ndb_memtable *m)
{
    if (m->ends_at > m->journal_count)
        m->ends_at = m->journal_count;
    if (m->stats_at > m->journal_count)
        ndb_memtable_forget_stats(m);
}

void ndb_memtable_rollback(struct ndb_memtable *m, uint64_t version)
{
    (void)pthread_rwlock_wrlock(&m->lock);
    while (m->journal_count != 0 &&
           m->journal[m->journal_count - 1].version >= version)
        take_back(m);
    while (m->foreign_count != 0 &&
           m->foreign[m->foreign_count - 1].version >= version)
        m->foreign_count--;
    forget_changes(m);
    (void)pthread_rwlock_unlock(&m->lock);
}

size_t ndb_memtable_mark(struct ndb_memtable *m)
{
    size_t mark;

    (void)pthread_rwlock_rdlock(&m->lock);
    mark = m->journal_count;
    (void)pthread_rwlock_unlock(&m->lock);
    return mark;
}

/* A foreign label may stay noted, which makes scans look once too often. */
void ndb_memtable_rollback_to(struct ndb_memtable *m, size_t mark)
{
    (void)pthread_rwlock_wrlock(&m->lock);
    while (m->journal_count > mark)
        take_back(m);
    forget_changes(m);
    (void)pthread_rwlock_unlock(&m->lock);
}

/* ------------------------------------------------------------------ trim -- */

/* The image that a change of the journal made. */
static const struct ndb_image *image_of(const struct ndb_memtable *m,
                                        const struct ndb_change *change)
{
    return ndb_image_at(change->kind == NDB_CHANGE_NODE
                            ? m->nodes[change->number].newest
                            : m->edges[change->number].newest,
                        change->version);
}

/* Does to `to` what `change` did to `from`. Of several images that one version
 * made of a row only the last counts, so applying that one again is the same;
 * the counts are the journal's. */
static int redo(struct ndb_memtable *to, struct ndb_memtable *from,
                const struct ndb_change *change)
{
    const struct ndb_image *image;
    struct row_head head = { .label_count = 0 };
    struct ndb_record record;

    if (change->kind == NDB_CHANGE_SCHEMA)
        return ndb_memtable_add_schema(to, &from->schema[change->number]);
    if (change->kind == NDB_CHANGE_LABEL) {
        record.number = change->number;
        record.is_new = change->delta > 0;
        return apply_label(to, change->version, &record);
    }
    if (change->kind == NDB_CHANGE_EDGES)
        return ndb_memtable_copy_block(to, change->version,
                                       &from->blocks[change->number].edges);
    image = image_of(from, change);
    if (change->kind == NDB_CHANGE_NODE) {
        const struct ndb_node_entry *entry = &from->nodes[change->number];
        int rc = NAMIDB_OK;

        if (image->row.data != NULL)
            rc = read_head(image->row, NAMIDB_ID_TABLE(entry->id), &head);
        if (rc < 0)
            return rc;
        note_foreign(to, change->version, NAMIDB_ID_TABLE(entry->id), &head);
        head.label_count = 0; /* counted by changes of their own */
        head.key_hash = entry->key_hash;
        return apply_node(to, change->version, entry->id, image->row, &head,
                          change->delta);
    }
    record = (struct ndb_record){ .id = from->edges[change->number].id,
                                  .from = from->edges[change->number].from,
                                  .to = from->edges[change->number].to };
    return apply_edge(to, change->version, &record, image->row, change->delta);
}

int ndb_memtable_trim(struct ndb_memtable **out, struct ndb_memtable *memtable,
                      uint64_t version)
{
    size_t at = 0;
    int rc = ndb_memtable_new(out);

    if (rc < 0)
        return rc;
    (void)pthread_rwlock_rdlock(&memtable->lock);
    rc = reserve_foreign(*out, memtable->foreign_count);
    while (at < memtable->journal_count &&
           memtable->journal[at].version < version)
        at++;
    for (; at < memtable->journal_count && rc >= 0; at++)
        rc = redo(*out, memtable, &memtable->journal[at]);
    (void)pthread_rwlock_unlock(&memtable->lock);
    if (rc < 0) {
        ndb_memtable_unref(*out);
        *out = NULL;
    }
    return rc;
}
