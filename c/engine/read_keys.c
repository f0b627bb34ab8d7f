/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key is looked up by its hash: memtables and key parts give candidates, and
 * a candidate counts only if the newest image of its row lives and has that
 * very key. So stale entries of old packs and colliding hashes do no harm.
 */
#include "base/error.h"
#include "engine/node_place.h"
#include "engine/prefetch.h"
#include "engine/read.h"
#include "format/value.h"

enum { AHEAD_KEYS = 64 }; /* whose memory is asked for together */

/* A node that may have the key of a probe. */
struct candidate {
    uint64_t id;
    uint32_t probe;
    struct ndb_node_place place;
};

/* A pack with keys of a table. */
struct keyed {
    struct ndb_pack *pack;
    const struct ndb_part *part;
    const struct ndb_filter_segment *filter; /* NULL: none, or not in use */
};

/* Where the row of what is found goes, of a single probe. */
struct found {
    namidb_arena *arena;
    namidb_node *row;
};

struct lookup {
    struct ndb_gather gather;
    struct ndb_key_probe *probes;
    size_t count;
    uint64_t *hashes;    /* per probe */
    struct keyed *keyed; /* packs with keys of keyed_table */
    uint32_t keyed_count, keyed_table;
    uint32_t *key_refs;      /* count + 1: first of `keys` of each probe */
    struct ndb_refs keys;    /* segments of key parts */
    struct ndb_refs rows;    /* segments of candidates */
    struct ndb_refs filters; /* those in use */
    struct ndb_ids ids;      /* from one memtable */
    struct found *found;     /* NULL: only the id is wanted */
    struct candidate *candidates;
    uint32_t candidate_count, candidate_capacity;
    namidb_error *err;
};

/* Whether the image has the key: NAMIDB_OK, NAMIDB_NONE or a failure. */
static int compare_key(struct lookup *lookup,
                       const struct ndb_node_image *image,
                       const namidb_value *key)
{
    namidb_arena *scratch = &lookup->gather.scratch;
    namidb_value value;
    int rc;

    if (image->group != NULL) {
        rc = ndb_node_group_key(image->group, image->row, scratch, &value);
        if (rc < 0)
            return ndb_gather_fail(&lookup->gather, &image->ref, rc,
                                   lookup->err);
    } else {
        struct ndb_reader reader = ndb_reader(image->bytes);

        rc = ndb_value_decode(&reader, scratch, &value);
        if (rc == NAMIDB_ENOMEM)
            return ndb_fail_memory(lookup->err);
        if (rc < 0)
            return ndb_fail(lookup->err, rc, "log: a row does not decode");
    }
    return ndb_value_same(&value, key) ? NAMIDB_OK : NAMIDB_NONE;
}

/* Settles the probe of a candidate whose segments are there. */
static int verify(struct lookup *lookup, const struct candidate *candidate)
{
    struct ndb_key_probe *probe = &lookup->probes[candidate->probe];
    struct ndb_node_image image;
    int rc;

    if (probe->id != 0)
        return NAMIDB_OK;
    rc = ndb_node_place_find(&lookup->gather, candidate->id, &candidate->place,
                             &lookup->rows, &image);
    if (rc == NAMIDB_OK && image.group != NULL && lookup->found != NULL)
        ndb_prefetch_row_bytes(image.group, image.row);
    if (rc == NAMIDB_OK)
        rc = compare_key(lookup, &image, &probe->key);
    if (rc == NAMIDB_OK)
        probe->id = candidate->id;
    if (rc == NAMIDB_OK && lookup->found != NULL)
        rc = ndb_node_image_read(&lookup->gather, candidate->id, &image,
                                 lookup->found->arena, lookup->found->row,
                                 lookup->err);
    return rc < 0 ? rc : NAMIDB_OK;
}

static int keep(struct lookup *lookup, const struct candidate *candidate)
{
    if (lookup->candidate_count == lookup->candidate_capacity) {
        uint32_t capacity = lookup->candidate_capacity * 2 + 4;
        struct candidate *grown =
            ndb_arena_array(&lookup->gather.scratch, capacity, sizeof *grown);

        if (grown == NULL)
            return ndb_fail_memory(lookup->err);
        if (lookup->candidate_count != 0)
            memcpy(grown, lookup->candidates,
                   lookup->candidate_count * sizeof *grown);
        lookup->candidates = grown;
        lookup->candidate_capacity = capacity;
    }
    lookup->candidates[lookup->candidate_count++] = *candidate;
    return NAMIDB_OK;
}

/* Asks memory for the row of a candidate in the packs. */
static void prefetch_row(const struct lookup *lookup,
                         const struct candidate *candidate)
{
    uint64_t sequence = NAMIDB_ID_SEQUENCE(candidate->id);

    for (uint32_t i = 0; i < candidate->place.ref_count; i++) {
        const struct ndb_segment *segment =
            lookup->rows.items[candidate->place.first_ref + i].segment;
        int64_t row;

        if (segment == NULL) /* not there yet */
            continue;
        row = ndb_node_group_row(&segment->as.node, sequence);
        if (row >= 0)
            ndb_prefetch_row(&segment->as.node, (uint32_t)row);
    }
}

/* Settles a candidate at once if memtables alone decide, else keeps it until
 * its segments are there. `first`: of the kept ones of the same probe. */
static int consider(struct lookup *lookup, uint32_t probe, uint64_t id,
                    uint32_t first)
{
    struct candidate candidate = { .id = id, .probe = probe };

    for (uint32_t i = first; i < lookup->candidate_count; i++)
        if (lookup->candidates[i].id == id)
            return NAMIDB_OK;
    if (ndb_node_place_plan(&lookup->gather, id, &candidate.place,
                            &lookup->rows) < 0)
        return ndb_fail_memory(lookup->err);
    if (candidate.place.ref_count == 0)
        return verify(lookup, &candidate);
    if (lookup->found != NULL)
        prefetch_row(lookup, &candidate);
    return keep(lookup, &candidate);
}

/* Candidates that memtables know; most are settled here. */
static int ask_memtables(struct lookup *lookup, uint32_t index)
{
    struct ndb_key_probe *probe = &lookup->probes[index];
    uint32_t first = lookup->candidate_count;

    for (uint32_t i = 0; i < lookup->gather.layer_count; i++) {
        struct ndb_memtable *memtable = lookup->gather.layers[i].memtable;

        if (memtable == NULL)
            continue;
        lookup->ids.count = 0;
        if (ndb_memtable_key(memtable, probe->table, lookup->hashes[index],
                             lookup->gather.snapshot->version,
                             &lookup->ids) < 0)
            return ndb_fail_memory(lookup->err);
        for (size_t j = 0; j < lookup->ids.count && probe->id == 0; j++) {
            int rc = consider(lookup, index, lookup->ids.items[j], first);

            if (rc < 0)
                return rc;
        }
    }
    return NAMIDB_OK;
}

/* Asks memory for what memtables know of the keys from `begin` on, so that the
 * misses of many overlap. */
static void prefetch_keys(const struct lookup *lookup, size_t begin)
{
    size_t end = begin;

    while (end < lookup->count && end < begin + AHEAD_KEYS &&
           lookup->probes[end].table == lookup->probes[begin].table)
        end++;
    for (uint32_t i = 0; i < lookup->gather.layer_count; i++)
        if (lookup->gather.layers[i].memtable != NULL)
            ndb_memtable_prefetch_keys(lookup->gather.layers[i].memtable,
                                       lookup->probes[begin].table,
                                       lookup->hashes + begin, end - begin);
}

static int ask_all_memtables(struct lookup *lookup)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < lookup->count && rc >= 0; i++) {
        if (i % AHEAD_KEYS == 0 && lookup->count > 1)
            prefetch_keys(lookup, i);
        rc = ask_memtables(lookup, i);
    }
    return rc;
}

/* ----------------------------------------------------------------- packs -- */

/* Wants the filter of a table; its number is left in `filters`, which is empty
 * when the pack has none. */
static int want_filter(struct lookup *lookup, struct ndb_gather_layer *layer,
                       uint32_t table)
{
    int rc =
        ndb_gather_parts(&lookup->gather, layer, NDB_PART_FILTER, 0, table);

    lookup->filters.count = 0;
    if (rc < 0 || layer->part_count == 0 || layer->one->segment_count == 0)
        return rc;
    return ndb_gather_add(&lookup->gather, layer->pack, layer->one, 0,
                          &lookup->filters);
}

/* Lists the packs that have keys of a table: a graph that was loaded has many
 * without. Their filters are wanted; `has_filters`: they were fetched. */
static int list_keyed(struct lookup *lookup, uint32_t table, bool use_filters,
                      bool has_filters)
{
    struct ndb_gather *gather = &lookup->gather;
    int rc = NAMIDB_OK;

    if (lookup->keyed_table == table)
        return NAMIDB_OK;
    lookup->keyed_count = 0;
    lookup->keyed_table = table;
    for (uint32_t i = 0; i < gather->layer_count && rc >= 0; i++) {
        struct ndb_gather_layer *layer = &gather->layers[i];
        struct keyed *keyed = &lookup->keyed[lookup->keyed_count];

        if (layer->pack == NULL)
            continue;
        rc = ndb_gather_parts(gather, layer, NDB_PART_KEY, 0, table);
        if (rc < 0 || layer->part_count == 0)
            continue;
        *keyed = (struct keyed){ layer->pack, layer->one, NULL };
        lookup->keyed_count++;
        if (use_filters)
            rc = want_filter(lookup, layer, table);
        if (rc >= 0 && has_filters && lookup->filters.count != 0)
            keyed->filter =
                &ndb_gather_segment(gather, &lookup->filters.items[0])
                     ->as.filter;
    }
    return rc;
}

static int fetch_filters(struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++)
        if (lookup->probes[i].id == 0 &&
            list_keyed(lookup, lookup->probes[i].table, true, false) < 0)
            return ndb_fail_memory(lookup->err);
    lookup->keyed_table = NAMIDB_ANY;
    return ndb_gather_fetch(&lookup->gather, lookup->err);
}

/* Wants the key segments of one probe in one pack. */
static int want_keys(struct lookup *lookup, const struct keyed *keyed,
                     uint64_t hash)
{
    if (keyed->filter != NULL && !ndb_filter_segment_has(keyed->filter, hash))
        return NAMIDB_OK;
    return ndb_gather_find(&lookup->gather, keyed->pack, keyed->part, hash,
                           &lookup->keys);
}

/* Asks memory for what filters say of the probes from `begin` on that are of
 * the table. */
static void prefetch_filters(const struct lookup *lookup, size_t begin)
{
    for (size_t i = begin; i < lookup->count && i < begin + AHEAD_KEYS; i++)
        for (uint32_t j = 0; j < lookup->keyed_count; j++)
            if (lookup->keyed[j].filter != NULL &&
                lookup->probes[i].table == lookup->keyed_table)
                ndb_filter_segment_prefetch(lookup->keyed[j].filter,
                                            lookup->hashes[i]);
}

static int fetch_keys(struct lookup *lookup, bool use_filters)
{
    for (uint32_t i = 0; i < lookup->count; i++) {
        lookup->key_refs[i] = lookup->keys.count;
        if (i % AHEAD_KEYS == 0 && lookup->count > 1)
            prefetch_filters(lookup, i);
        if (lookup->probes[i].id != 0)
            continue;
        if (list_keyed(lookup, lookup->probes[i].table, use_filters,
                       use_filters) < 0)
            return ndb_fail_memory(lookup->err);
        for (uint32_t j = 0; j < lookup->keyed_count; j++)
            if (want_keys(lookup, &lookup->keyed[j], lookup->hashes[i]) < 0)
                return ndb_fail_memory(lookup->err);
    }
    lookup->key_refs[lookup->count] = lookup->keys.count;
    return ndb_gather_fetch(&lookup->gather, lookup->err);
}

static const struct ndb_pair_segment *pairs_of(const struct lookup *lookup,
                                               uint32_t ref)
{
    return &ndb_gather_segment(&lookup->gather, &lookup->keys.items[ref])
                ->as.pair;
}

/* Candidates of one probe from the key segments that were fetched. */
static int take_keys(struct lookup *lookup, uint32_t index)
{
    uint32_t first = lookup->candidate_count;

    for (uint32_t i = lookup->key_refs[index]; i < lookup->key_refs[index + 1];
         i++) {
        const struct ndb_pair_segment *pairs = pairs_of(lookup, i);
        uint32_t count;
        uint32_t at =
            ndb_pair_segment_find(pairs, lookup->hashes[index], &count);

        for (uint32_t j = 0; j < count; j++) {
            uint64_t id =
                NAMIDB_ID(pairs->values[at + j], lookup->probes[index].table);
            int rc = consider(lookup, index, id, first);

            if (rc < 0)
                return rc;
        }
    }
    return NAMIDB_OK;
}

/* Asks memory for the pairs of the probes from `begin` on. */
static void prefetch_pairs(const struct lookup *lookup, size_t begin)
{
    for (size_t i = begin; i < lookup->count && i < begin + AHEAD_KEYS; i++)
        for (uint32_t j = lookup->key_refs[i]; j < lookup->key_refs[i + 1]; j++)
            ndb_pair_segment_prefetch(pairs_of(lookup, j), lookup->hashes[i]);
}

static int take_all_keys(struct lookup *lookup)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < lookup->count && rc >= 0; i++) {
        if (i % AHEAD_KEYS == 0)
            prefetch_pairs(lookup, i);
        if (lookup->probes[i].id == 0)
            rc = take_keys(lookup, i);
    }
    return rc;
}

/* Where the candidates from `begin` on have their keys is two steps away, each
 * anywhere in memory: each is taken for all of them before the next. */
static void prefetch_rows(const struct lookup *lookup, uint32_t begin)
{
    struct ndb_node_image images[AHEAD_KEYS];
    uint32_t count = lookup->candidate_count - begin;

    if (count > AHEAD_KEYS)
        count = AHEAD_KEYS;
    for (uint32_t i = 0; i < count; i++) {
        const struct candidate *candidate = &lookup->candidates[begin + i];

        images[i].group = NULL;
        if (ndb_node_place_find(&lookup->gather, candidate->id,
                                &candidate->place, &lookup->rows,
                                &images[i]) != NAMIDB_OK ||
            images[i].group == NULL)
            continue;
        ndb_node_group_prefetch_key(images[i].group, images[i].row, false);
    }
    for (uint32_t i = 0; i < count; i++)
        if (images[i].group != NULL)
            ndb_node_group_prefetch_key(images[i].group, images[i].row, true);
}

static int ask_packs(struct lookup *lookup, bool use_filters)
{
    int rc = use_filters ? fetch_filters(lookup) : NAMIDB_OK;

    if (rc >= 0)
        rc = fetch_keys(lookup, use_filters);
    if (rc >= 0)
        rc = take_all_keys(lookup);
    if (rc >= 0)
        rc = ndb_gather_fetch(&lookup->gather, lookup->err);
    for (uint32_t i = 0; i < lookup->candidate_count && rc >= 0; i++) {
        if (i % AHEAD_KEYS == 0 && lookup->candidate_count > 1)
            prefetch_rows(lookup, i);
        rc = verify(lookup, &lookup->candidates[i]);
    }
    return rc;
}

static int begin(struct lookup *lookup)
{
    namidb_arena *scratch = &lookup->gather.scratch;

    lookup->hashes = ndb_arena_array(scratch, lookup->count, sizeof(uint64_t));
    lookup->key_refs =
        ndb_arena_array(scratch, lookup->count + 1, sizeof(uint32_t));
    lookup->keyed = ndb_arena_array(scratch, lookup->gather.layer_count,
                                    sizeof *lookup->keyed);
    if (lookup->hashes == NULL || lookup->key_refs == NULL ||
        lookup->keyed == NULL)
        return ndb_fail_memory(lookup->err);
    for (size_t i = 0; i < lookup->count; i++) {
        lookup->probes[i].id = 0;
        lookup->hashes[i] = ndb_key_hash(&lookup->probes[i].key);
    }
    return NAMIDB_OK;
}

/* How keys are looked up. */
struct way {
    bool use_filters;
    struct found *found; /* see lookup */
};

static int read_in_mode(const struct ndb_snapshot *snapshot,
                        struct ndb_key_probe *probes, size_t count,
                        struct way way, enum ndb_gather_mode mode,
                        namidb_error *err)
{
    struct lookup lookup;
    int rc = ndb_gather_init(&lookup.gather, snapshot, mode);

    lookup.probes = probes;
    lookup.count = count;
    lookup.keys = lookup.rows = lookup.filters = NDB_REFS_INIT;
    lookup.ids = NDB_IDS_INIT;
    lookup.keyed_count = 0;
    lookup.keyed_table = NAMIDB_ANY;
    lookup.candidates = NULL;
    lookup.candidate_count = lookup.candidate_capacity = 0;
    lookup.found = way.found;
    lookup.err = err;
    if (rc < 0)
        ndb_fail_memory(err);
    else
        rc = begin(&lookup);
    if (rc >= 0)
        rc = ask_all_memtables(&lookup);
    if (rc >= 0)
        rc = ask_packs(&lookup, way.use_filters);
    ndb_ids_release(&lookup.ids);
    ndb_gather_release(&lookup.gather);
    return rc < 0 ? rc : NAMIDB_OK;
}

static int read_keys(const struct ndb_snapshot *snapshot,
                     struct ndb_key_probe *probes, size_t count, struct way way,
                     namidb_error *err)
{
    int rc = read_in_mode(snapshot, probes, count, way, NDB_GATHER_WARM, err);

    return rc != NDB_GATHER_COLD ? rc
                                 : read_in_mode(snapshot, probes, count, way,
                                                NDB_GATHER_PINNED, err);
}

int ndb_read_keys(const struct ndb_snapshot *snapshot,
                  struct ndb_key_probe *probes, size_t count, bool use_filters,
                  namidb_error *err)
{
    return read_keys(snapshot, probes, count, (struct way){ use_filters, NULL },
                     err);
}

int ndb_read_node_by_key(const struct ndb_snapshot *snapshot, uint32_t label,
                         namidb_value key, namidb_arena *arena,
                         namidb_node *out, namidb_error *err)
{
    struct ndb_key_probe probe = { .table = label, .key = key };
    struct found found = { arena, out };
    int rc = ndb_key_check(&key, err);

    out->id = 0;
    if (rc < 0)
        return rc;
    if (label == NAMIDB_ANY || label > NAMIDB_TABLE_MAX)
        return NAMIDB_NONE;
    rc = read_keys(snapshot, &probe, 1, (struct way){ false, &found }, err);
    return rc >= 0 && probe.id == 0 ? NAMIDB_NONE : rc;
}
