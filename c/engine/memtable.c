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

static int grow(void **items, uint32_t count, uint32_t *capacity, size_t size)
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

/* Room for one more lane. */
static int reserve_lane(struct ndb_memtable *m)
{
    int rc = grow((void **)&m->lanes, m->lane_count, &m->lane_capacity,
                  sizeof *m->lanes);

    return rc < 0 ? rc : ndb_table_reserve(&m->lane_numbers);
}

static int reserve_node(struct ndb_memtable *m)
{
    int rc = grow((void **)&m->nodes, m->node_count, &m->node_capacity,
                  sizeof *m->nodes);

    if (rc >= 0)
        rc = ndb_table_reserve(&m->node_numbers);
    if (rc >= 0)
        rc = ndb_table_reserve(&m->key_numbers);
    return rc < 0 ? rc : reserve_lane(m);
}

/* Room for an edge and the ends of its two nodes. */
static int reserve_edge(struct ndb_memtable *m)
{
    int rc = grow((void **)&m->edges, m->edge_count, &m->edge_capacity,
                  sizeof *m->edges);

    if (rc >= 0)
        rc = ndb_table_reserve(&m->edge_numbers);
    return rc < 0 ? rc : reserve_lane(m);
}

/* The ends of a node, made when it has none; NDB_NO_ENTRY: no memory. An entry
 * that stays empty does no harm. */
static uint32_t ends_of(struct ndb_memtable *m, uint64_t id)
{
    uint32_t number = ndb_table_find(&m->ends_numbers, id);

    if (number != NDB_TABLE_NONE)
        return number;
    if (grow((void **)&m->ends, m->ends_count, &m->ends_capacity,
             sizeof *m->ends) < 0 ||
        ndb_table_reserve(&m->ends_numbers) < 0)
        return NDB_NO_ENTRY;
    m->ends[m->ends_count] = (struct ndb_ends){ NDB_NO_ENTRY, NDB_NO_ENTRY };
    ndb_table_add(&m->ends_numbers, id, m->ends_count);
    return m->ends_count++;
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

void ndb_memtable_journal(struct ndb_memtable *m, uint64_t version,
                          enum ndb_change_kind kind, uint32_t number, int delta)
{
    m->journal[m->journal_count++] =
        (struct ndb_change){ version, number, (uint8_t)kind, (int8_t)delta };
}

/* Puts an entry at the head of its lane; returns the entry behind it. */
static uint32_t lane_push(struct ndb_memtable *m, uint32_t number, bool is_edge,
                          uint64_t version, uint32_t entry)
{
    uint64_t key = ndb_lane_number(number, is_edge);
    uint32_t lane = ndb_table_find(&m->lane_numbers, key);
    uint32_t next;

    if (lane == NDB_TABLE_NONE) {
        lane = m->lane_count++;
        m->lanes[lane] =
            (struct ndb_lane){ number, NDB_NO_ENTRY, version, is_edge };
        ndb_table_add(&m->lane_numbers, key, lane);
    }
    next = m->lanes[lane].head;
    if (next == NDB_NO_ENTRY)
        m->lanes[lane].first_version = version;
    m->lanes[lane].head = entry;
    return next;
}

static void lane_pop(struct ndb_memtable *m, uint32_t number, bool is_edge,
                     uint32_t next)
{
    uint32_t lane =
        ndb_table_find(&m->lane_numbers, ndb_lane_number(number, is_edge));

    m->lanes[lane].head = next;
}

/* The number of a key, to be changed; NULL: no such key. */
static uint32_t *table_number(struct ndb_table *table, uint64_t key)
{
    size_t at = ndb_hash_integer(key) & (table->capacity - 1);

    while (table->slots[at].key != 0) {
        if (table->slots[at].key == key)
            return &table->slots[at].number;
        at = (at + 1) & (table->capacity - 1);
    }
    return NULL;
}

static void link_node(struct ndb_memtable *m, uint32_t number, uint64_t version,
                      uint64_t key_hash)
{
    struct ndb_node_entry *entry = &m->nodes[number];
    uint32_t *slot;

    entry->next_in_lane =
        lane_push(m, NAMIDB_ID_TABLE(entry->id), false, version, number);
    entry->key_hash = key_hash;
    entry->next_key = NDB_NO_ENTRY;
    if (key_hash == 0)
        return;
    /* A number that a rollback left behind is NDB_TABLE_NONE, as is a key that
     * was never there; only the table's slots tell them apart. */
    slot = table_number(&m->key_numbers, key_hash);
    if (slot != NULL) {
        entry->next_key = *slot;
        *slot = number;
        return;
    }
    ndb_table_add(&m->key_numbers, key_hash, number);
}

static void unlink_node(struct ndb_memtable *m, uint32_t number)
{
    struct ndb_node_entry *entry = &m->nodes[number];

    lane_pop(m, NAMIDB_ID_TABLE(entry->id), false, entry->next_in_lane);
    if (entry->key_hash != 0)
        *table_number(&m->key_numbers, entry->key_hash) = entry->next_key;
}

/* `from` and `to` are numbers of ends. */
static void link_edge(struct ndb_memtable *m, uint32_t number, uint64_t version,
                      uint32_t from, uint32_t to)
{
    struct ndb_edge_entry *entry = &m->edges[number];

    entry->next_out = m->ends[from].out;
    m->ends[from].out = number;
    entry->next_in = m->ends[to].in;
    m->ends[to].in = number;
    entry->next_in_lane =
        lane_push(m, NAMIDB_ID_TABLE(entry->id), true, version, number);
}

static void unlink_edge(struct ndb_memtable *m, uint32_t number)
{
    struct ndb_edge_entry *entry = &m->edges[number];

    m->ends[ends_of(m, entry->from)].out = entry->next_out;
    m->ends[ends_of(m, entry->to)].in = entry->next_in;
    lane_pop(m, NAMIDB_ID_TABLE(entry->id), true, entry->next_in_lane);
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

/* The entry of a node, made when there is none. Room was reserved. */
static uint32_t node_number(struct ndb_memtable *m, uint64_t id)
{
    uint32_t number = ndb_table_find(&m->node_numbers, id);

    if (number != NDB_TABLE_NONE)
        return number;
    number = m->node_count++;
    m->nodes[number] = (struct ndb_node_entry){ .id = id };
    ndb_table_add(&m->node_numbers, id, number);
    return number;
}

/* `row` without data: the node is deleted; `head` is of its last image. */
static int apply_node(struct ndb_memtable *m, uint64_t version, uint64_t id,
                      struct ndb_slice row, const struct row_head *head,
                      int delta)
{
    struct ndb_image *image;
    uint32_t number;
    int rc = reserve_node(m);

    if (rc >= 0)
        rc = ndb_memtable_reserve_journal(m, 1 + head->label_count);
    if (rc >= 0)
        rc = reserve_foreign(m, head->label_count);
    if (rc < 0)
        return rc;
    image = new_image(m, version, row);
    if (image == NULL)
        return NAMIDB_ENOMEM;
    number = node_number(m, id);
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

static int apply_edge(struct ndb_memtable *m, uint64_t version,
                      const struct ndb_record *record, struct ndb_slice props,
                      int delta)
{
    struct ndb_image *image;
    uint32_t number;
    uint32_t from;
    uint32_t to;
    int rc = reserve_edge(m);

    if (rc >= 0)
        rc = ndb_memtable_reserve_journal(m, 1);
    if (rc < 0)
        return rc;
    from = ends_of(m, record->from);
    to = ends_of(m, record->to);
    if (from == NDB_NO_ENTRY || to == NDB_NO_ENTRY)
        return NAMIDB_ENOMEM;
    image = new_image(m, version, props);
    if (image == NULL)
        return NAMIDB_ENOMEM;
    number = ndb_table_find(&m->edge_numbers, record->id);
    if (number == NDB_TABLE_NONE) {
        number = m->edge_count++;
        m->edges[number] = (struct ndb_edge_entry){ .id = record->id };
        ndb_table_add(&m->edge_numbers, record->id, number);
    }
    if (m->edges[number].newest == NULL) {
        m->edges[number].from = record->from;
        m->edges[number].to = record->to;
        link_edge(m, number, version, from, to);
    }
    image->older = m->edges[number].newest;
    m->edges[number].newest = image;
    ndb_memtable_journal(m, version, NDB_CHANGE_EDGE, number, delta);
    return NAMIDB_OK;
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

int ndb_memtable_apply(struct ndb_memtable *m, uint64_t version,
                       const struct ndb_record *record)
{
    const struct ndb_slice gone = { NULL, 0 };
    struct row_head head;
    int rc = NAMIDB_OK;

    if (record->kind == NDB_RECORD_NODE ||
        record->kind == NDB_RECORD_NODE_DELETE)
        rc = read_head(record->row, NAMIDB_ID_TABLE(record->id), &head);
    if (rc < 0)
        return rc;
    (void)pthread_rwlock_wrlock(&m->lock);
    rc = ndb_memtable_index_record(m, record);
    switch (rc < 0 ? NDB_RECORD_KIND_COUNT : record->kind) {
    case NDB_RECORD_NODE:
        rc = apply_node(m, version, record->id, record->row, &head,
                        record->is_new);
        break;
    case NDB_RECORD_NODE_DELETE:
        rc = apply_node(m, version, record->id, gone, &head, -1);
        break;
    case NDB_RECORD_EDGE:
        rc = apply_edge(m, version, record, present(record->row),
                        record->is_new);
        break;
    case NDB_RECORD_EDGE_DELETE:
        rc = apply_edge(m, version, record, gone, -1);
        break;
    case NDB_RECORD_LABEL:
        rc = apply_label(m, version, record);
        break;
    case NDB_RECORD_SCHEMA:
        rc = ndb_memtable_apply_schema(m, version, record);
        break;
    default:
        break;
    }
    (void)pthread_rwlock_unlock(&m->lock);
    return rc;
}

/* -------------------------------------------------------------- rollback -- */

static void take_back(struct ndb_memtable *m, const struct ndb_change *change)
{
    struct ndb_image **newest;

    if (change->kind == NDB_CHANGE_SCHEMA)
        m->schema_count--;
    if (change->kind >= NDB_CHANGE_LABEL)
        return;
    newest = change->kind == NDB_CHANGE_NODE ? &m->nodes[change->number].newest
                                             : &m->edges[change->number].newest;
    *newest = (*newest)->older;
    if (*newest != NULL)
        return;
    if (change->kind == NDB_CHANGE_NODE)
        unlink_node(m, change->number);
    else
        unlink_edge(m, change->number);
}

void ndb_memtable_rollback(struct ndb_memtable *m, uint64_t version)
{
    (void)pthread_rwlock_wrlock(&m->lock);
    while (m->journal_count != 0 &&
           m->journal[m->journal_count - 1].version >= version)
        take_back(m, &m->journal[--m->journal_count]);
    while (m->foreign_count != 0 &&
           m->foreign[m->foreign_count - 1].version >= version)
        m->foreign_count--;
    if (m->stats_at > m->journal_count)
        ndb_memtable_forget_stats(m);
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
        take_back(m, &m->journal[--m->journal_count]);
    if (m->stats_at > m->journal_count)
        ndb_memtable_forget_stats(m);
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
