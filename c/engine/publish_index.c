/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What edits do to a manifest's schema and to what its packs have indexed.
 *
 * Which index has entries for which pack is the pack's: a pack that a flush
 * wrote has them for all indexes that were declared by then, older ones get
 * them from a pack of entries that a build adds. So a declaration and the packs
 * need not know of each other, in whatever order they come.
 */
#include "engine/db_internal.h"

#include "base/limits.h"
#include "base/mem.h"
#include "sys/clock.h"

/* Whether an index is wanted: declared, or its declaration is in the log. */
static bool is_wanted(const struct ndb_manifest *body, uint32_t number)
{
    if (number >= body->schema_next)
        return true;
    for (uint32_t i = 0; i < body->schema_count; i++)
        if (body->schema[i].number == number)
            return true;
    return false;
}

/* Forgets indexes that were dropped, and packs that hold nothing else. */
static int drop_unwanted(namidb_arena *arena, struct ndb_manifest *body)
{
    struct ndb_manifest_pack *packs =
        ndb_arena_array(arena, body->pack_count, sizeof *packs);
    uint32_t kept = 0;

    if (packs == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < body->pack_count; i++) {
        struct ndb_manifest_pack pack = body->packs[i];
        uint32_t *indexes =
            ndb_arena_array(arena, pack.index_count, sizeof *indexes);
        uint32_t count = 0;

        if (indexes == NULL)
            return NAMIDB_ENOMEM;
        for (uint32_t j = 0; j < pack.index_count; j++)
            if (is_wanted(body, pack.indexes[j]))
                indexes[count++] = pack.indexes[j];
        pack.indexes = indexes;
        pack.index_count = count;
        if (!pack.is_index || count != 0)
            packs[kept++] = pack;
    }
    body->packs = packs;
    body->pack_count = kept;
    return NAMIDB_OK;
}

int ndb_edit_schema(const struct ndb_edit *edit, namidb_arena *arena,
                    struct ndb_manifest *body)
{
    const struct ndb_schema *schema = edit->schema;

    body->schema = ndb_arena_copy(arena, schema->items,
                                  schema->count * sizeof *schema->items);
    if (body->schema == NULL)
        return NAMIDB_ENOMEM;
    body->schema_count = schema->count;
    body->schema_next = schema->next_number;
    return drop_unwanted(arena, body);
}

/* Index of a pack in a manifest; pack_count: it is not there. */
static uint32_t find_pack(const struct ndb_manifest *body, const char *ulid)
{
    uint32_t at = 0;

    while (at < body->pack_count && strcmp(body->packs[at].ulid, ulid) != 0)
        at++;
    return at;
}

static bool has_index(const struct ndb_manifest_pack *pack, uint32_t number)
{
    for (uint32_t i = 0; i < pack->index_count; i++)
        if (pack->indexes[i] == number)
            return true;
    return false;
}

bool ndb_edit_can_cover(const struct ndb_edit *edit,
                        const struct ndb_manifest *body)
{
    bool is_covered = true;

    for (uint32_t i = 0; i < edit->covered_count; i++) {
        uint32_t at = find_pack(body, edit->covered[i].ulid);

        if (at == body->pack_count)
            return false;
        is_covered &= has_index(&body->packs[at], edit->index);
    }
    return !is_covered && is_wanted(body, edit->index);
}

bool ndb_edit_has_covered(const struct ndb_edit *edit,
                          const struct ndb_manifest *body)
{
    if (edit->pack != NULL &&
        find_pack(body, edit->pack->ulid) == body->pack_count)
        return false;
    for (uint32_t i = 0; i < edit->covered_count; i++) {
        uint32_t at = find_pack(body, edit->covered[i].ulid);

        if (at == body->pack_count || !has_index(&body->packs[at], edit->index))
            return false;
    }
    return true;
}

static int add_index(struct ndb_manifest_pack *pack, uint32_t number,
                     namidb_arena *arena)
{
    uint32_t *indexes;

    if (has_index(pack, number))
        return NAMIDB_OK;
    if (pack->index_count == NDB_SCHEMA_ITEMS_MAX)
        return NAMIDB_ELIMIT;
    indexes = ndb_arena_array(arena, pack->index_count + 1, sizeof *indexes);
    if (indexes == NULL)
        return NAMIDB_ENOMEM;
    if (pack->index_count != 0)
        memcpy(indexes, pack->indexes, pack->index_count * sizeof *indexes);
    indexes[pack->index_count++] = number;
    pack->indexes = indexes;
    return NAMIDB_OK;
}

int ndb_edit_cover(const struct ndb_edit *edit, namidb_arena *arena,
                   struct ndb_manifest *body)
{
    uint32_t above = find_pack(body, edit->covered[0].ulid);
    uint32_t extra = edit->pack != NULL;
    struct ndb_manifest_pack *packs =
        ndb_arena_array(arena, body->pack_count + extra, sizeof *packs);
    int rc = NAMIDB_OK;

    if (packs == NULL)
        return NAMIDB_ENOMEM;
    if (body->pack_count + extra > NDB_MANIFEST_PACKS_MAX)
        return NAMIDB_ELIMIT;
    memcpy(packs, body->packs, above * sizeof *packs);
    if (extra != 0)
        packs[above] = *edit->pack;
    memcpy(packs + above + extra, body->packs + above,
           (body->pack_count - above) * sizeof *packs);
    body->packs = packs;
    body->pack_count += extra;
    for (uint32_t i = 0; i < edit->covered_count && rc >= 0; i++) {
        uint32_t at = find_pack(body, edit->covered[i].ulid);

        rc = add_index(&packs[at], edit->index, arena);
    }
    return rc;
}

/* ----------------------------------------------------------------- turns -- */

void ndb_edit_begin(struct namidb *db)
{
    (void)pthread_mutex_lock(&db->lock);
    while (db->writer.is_editing)
        (void)ndb_cond_wait(&db->writer.edit_done, &db->lock, NDB_NEVER);
    db->writer.is_editing = true;
    (void)pthread_mutex_unlock(&db->lock);
}

void ndb_edit_end(struct namidb *db)
{
    (void)pthread_mutex_lock(&db->lock);
    db->writer.is_editing = false;
    ndb_cond_signal(&db->writer.edit_done);
    (void)pthread_mutex_unlock(&db->lock);
}
