/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Indexes of a memtable: a skip list of (key, id) for each that was asked for.
 *
 * A list is made when it is first looked at, from all that is in the memtable,
 * and follows every change from then on, so a memtable that nobody searches
 * pays nothing. Entries are never taken out: which of them count is decided by
 * the images, so rollbacks and versions need no care here.
 */
#include "base/mem.h"
#include "engine/memtable_internal.h"
#include "engine/schema.h"
#include "format/index_key.h"
#include "format/value.h"

enum { HEIGHT_MAX = 12, KEY_SCRATCH_MAX = 64 << 20 };

struct skip {
    struct ndb_index_entry entry;
    struct skip *previous; /* NULL: the first */
    struct skip *next[];   /* as many as it is high */
};

struct ndb_memtable_index {
    struct ndb_memtable_index *next;
    namidb_schema_item item;
    struct skip *heads[HEIGHT_MAX];
    struct skip *last;
    uint64_t random;
};

void ndb_memtable_index_free(struct ndb_memtable *m)
{
    while (m->indexes != NULL) {
        struct ndb_memtable_index *next = m->indexes->next;

        ndb_free(m->indexes); /* its entries are the arena's */
        m->indexes = next;
    }
}

/* Where an entry's predecessor on each level points to its successor; returns
 * the predecessor on the lowest, NULL: none. */
static struct skip *find(struct ndb_memtable_index *index,
                         const struct ndb_index_entry *entry,
                         struct skip **links[HEIGHT_MAX])
{
    struct skip *before = NULL;

    for (int level = HEIGHT_MAX - 1; level >= 0; level--) {
        struct skip **link =
            before != NULL ? &before->next[level] : &index->heads[level];

        while (*link != NULL &&
               ndb_index_entry_compare(&(*link)->entry, entry) < 0) {
            before = *link;
            link = &before->next[level];
        }
        links[level] = link;
    }
    return before;
}

static int random_height(struct ndb_memtable_index *index)
{
    int height = 1;
    uint64_t bits;

    index->random += UINT64_C(0x9e3779b97f4a7c15);
    bits = ndb_hash_integer(index->random);
    while (height < HEIGHT_MAX && (bits & 3) == 0) {
        height++;
        bits >>= 2;
    }
    return height;
}

static int insert(struct ndb_memtable *m, struct ndb_memtable_index *index,
                  const struct ndb_index_entry *entry)
{
    struct skip **links[HEIGHT_MAX];
    struct skip *before = find(index, entry, links);
    struct skip *made = *links[0];
    int height;

    if (made != NULL && ndb_index_entry_compare(&made->entry, entry) == 0) {
        /* An edge whose id was given back has other ends now. */
        made->entry.from = entry->from;
        made->entry.to = entry->to;
        return NAMIDB_OK;
    }
    height = random_height(index);
    made = ndb_arena_alloc(&m->arena, sizeof *made +
                                          (size_t)height * sizeof *made->next +
                                          entry->key.bytes);
    if (made == NULL)
        return NAMIDB_ENOMEM;
    made->entry = *entry;
    made->entry.key.data =
        memcpy(made->next + height, entry->key.data, entry->key.bytes);
    made->previous = before;
    if (*links[0] != NULL)
        (*links[0])->previous = made;
    else
        index->last = made;
    for (int level = 0; level < height; level++) {
        made->next[level] = *links[level];
        *links[level] = made;
    }
    return NAMIDB_OK;
}

/* ------------------------------------------------------------------ rows -- */

static int insert_row(struct ndb_memtable *m, struct ndb_memtable_index *index,
                      struct ndb_index_entry *entry,
                      const namidb_property *props, uint32_t count)
{
    struct ndb_buf key = NDB_BUF_INIT(KEY_SCRATCH_MAX);
    int rc = ndb_index_key_row(&key, &index->item, props, count);

    entry->key = ndb_buf_slice(&key);
    if (rc == NAMIDB_OK)
        rc = insert(m, index, entry);
    ndb_buf_release(&key);
    return rc < 0 ? rc : NAMIDB_OK;
}

static int insert_node(struct ndb_memtable *m, struct ndb_memtable_index *index,
                       uint64_t id, const namidb_node *node)
{
    struct ndb_index_entry entry = { .id = id };

    if (!ndb_schema_has_node(&index->item, node->labels, node->label_count))
        return NAMIDB_OK;
    return insert_row(m, index, &entry, node->props, node->prop_count);
}

static int insert_edge(struct ndb_memtable *m, struct ndb_memtable_index *index,
                       struct ndb_index_entry *entry, struct ndb_slice row)
{
    struct ndb_reader reader = ndb_reader(row);
    namidb_arena arena = NDB_ARENA_INIT;
    const namidb_property *props = NULL;
    uint32_t count = 0;
    int rc = NAMIDB_OK;

    if (!index->item.is_edge ||
        index->item.target != NAMIDB_ID_TABLE(entry->id))
        return NAMIDB_OK;
    if (row.bytes != 0)
        rc = ndb_props_decode(&reader, &arena, &props, &count);
    if (rc >= 0)
        rc = insert_row(m, index, entry, props, count);
    ndb_arena_release(&arena);
    return rc;
}

int ndb_memtable_index_record(struct ndb_memtable *m,
                              const struct ndb_record *record)
{
    struct ndb_index_entry entry = { .id = record->id,
                                     .from = record->from,
                                     .to = record->to };
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_node node;
    int rc = NAMIDB_OK;

    if (m->indexes == NULL)
        return NAMIDB_OK;
    if (record->kind == NDB_RECORD_NODE)
        rc = ndb_row_decode(record->row, &arena, &node);
    for (struct ndb_memtable_index *index = m->indexes;
         index != NULL && rc >= 0; index = index->next) {
        if (record->kind == NDB_RECORD_NODE)
            rc = insert_node(m, index, record->id, &node);
        else if (record->kind == NDB_RECORD_EDGE)
            rc = insert_edge(m, index, &entry, record->row);
    }
    ndb_arena_release(&arena);
    return rc;
}

/* ---------------------------------------------------------------- making -- */

static int fill_nodes(struct ndb_memtable *m, struct ndb_memtable_index *index)
{
    namidb_arena arena = NDB_ARENA_INIT;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < m->node_count && rc >= 0; i++) {
        const struct ndb_image *image = m->nodes[i].newest;

        for (; image != NULL && rc >= 0; image = image->older) {
            namidb_node node;

            if (image->row.data == NULL)
                continue;
            ndb_arena_reset(&arena);
            rc = ndb_row_decode(image->row, &arena, &node);
            if (rc >= 0)
                rc = insert_node(m, index, m->nodes[i].id, &node);
        }
    }
    ndb_arena_release(&arena);
    return rc;
}

static int fill_edges(struct ndb_memtable *m, struct ndb_memtable_index *index)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < m->edge_count && rc >= 0; i++) {
        const struct ndb_image *image = m->edges[i].newest;
        struct ndb_index_entry entry = { .id = m->edges[i].id,
                                         .from = m->edges[i].from,
                                         .to = m->edges[i].to };

        for (; image != NULL && rc >= 0; image = image->older)
            if (image->row.data != NULL)
                rc = insert_edge(m, index, &entry, image->row);
    }
    return rc;
}

static struct ndb_memtable_index *known(const struct ndb_memtable *m,
                                        const namidb_schema_item *item)
{
    struct ndb_memtable_index *index = m->indexes;

    while (index != NULL && !ndb_schema_is_like(&index->item, item))
        index = index->next;
    return index;
}

/* Under the lock, for writing. */
static int make(struct ndb_memtable *m, const namidb_schema_item *item)
{
    struct ndb_memtable_index *index;
    int rc;

    if (known(m, item) != NULL)
        return NAMIDB_OK;
    index = ndb_calloc(1, sizeof *index);
    if (index == NULL)
        return NAMIDB_ENOMEM;
    index->item = *item;
    rc = item->is_edge ? ndb_memtable_make_entries(m) : fill_nodes(m, index);
    if (rc >= 0 && item->is_edge)
        rc = fill_edges(m, index);
    if (rc < 0) {
        ndb_free(index);
        return rc;
    }
    index->next = m->indexes;
    m->indexes = index;
    return NAMIDB_OK;
}

/* --------------------------------------------------------------- reading -- */

static size_t take(struct ndb_memtable_index *index,
                   const struct ndb_index_entry *at, bool is_descending,
                   struct ndb_index_entry *out, size_t max)
{
    struct skip **links[HEIGHT_MAX];
    struct skip *skip;
    size_t count = 0;

    if (at == NULL) {
        skip = is_descending ? index->last : index->heads[0];
    } else {
        struct skip *before = find(index, at, links);

        skip = is_descending ? before : *links[0];
    }
    while (skip != NULL && count < max) {
        out[count++] = skip->entry;
        skip = is_descending ? skip->previous : skip->next[0];
    }
    return count;
}

int ndb_memtable_index(struct ndb_memtable *m, const namidb_schema_item *item,
                       const struct ndb_index_entry *at, bool is_descending,
                       struct ndb_index_entry *out, size_t max, size_t *count)
{
    struct ndb_memtable_index *index;
    int rc = NAMIDB_OK;

    *count = 0;
    (void)pthread_rwlock_rdlock(&m->lock);
    if (m->node_count == 0 && m->edge_count == 0 && m->block_count == 0) {
        (void)pthread_rwlock_unlock(&m->lock);
        return NAMIDB_OK;
    }
    index = known(m, item);
    if (index == NULL) {
        (void)pthread_rwlock_unlock(&m->lock);
        (void)pthread_rwlock_wrlock(&m->lock);
        rc = make(m, item);
        (void)pthread_rwlock_unlock(&m->lock);
        (void)pthread_rwlock_rdlock(&m->lock);
        index = known(m, item);
    }
    if (index != NULL && rc >= 0)
        *count = take(index, at, is_descending, out, max);
    (void)pthread_rwlock_unlock(&m->lock);
    return rc;
}
