/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/pack.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cache/fold.h"
#include "engine/pack_run.h"
#include "format/number.h"

struct ndb_pack {
    uint32_t refs;  /* atomic */
    bool was_whole; /* the cache's */

    /* Constant after open. */
    char ulid[NDB_ULID_CHARS + 1];
    struct ndb_path path;
    struct ndb_cache_pack cached;
    struct ndb_directory directory;
    namidb_arena arena; /* the directory's */
    struct ndb_segment_cache *cache;

    struct ndb_pack_runs runs;
};

/* Makes the pack without its directory. */
static struct ndb_pack *new_pack(const struct ndb_manifest_pack *entry,
                                 struct ndb_segment_cache *cache)
{
    struct ndb_pack *pack = ndb_calloc(1, sizeof *pack);

    if (pack == NULL)
        return NULL;
    pack->refs = 1;
    ndb_pack_runs_init(&pack->runs);
    memcpy(pack->ulid, entry->ulid, sizeof pack->ulid);
    pack->arena = NDB_ARENA_INIT;
    pack->cache = cache;
    pack->cached.number = ndb_segment_cache_pack_number(cache);
    pack->cached.path = ndb_path_pack(&pack->path, pack->ulid);
    pack->cached.bytes = entry->bytes;
    pack->cached.directory = &pack->directory;
    pack->cached.was_whole = &pack->was_whole;
    return pack;
}

/* Whether the labels and the type of a part have names. */
static bool is_named(const struct ndb_part *part,
                     const struct ndb_manifest *manifest)
{
    uint32_t label_count = manifest->name_count[NAMIDB_LABEL];
    bool is_of_edges = part->kind == NDB_PART_OUT ||
                       part->kind == NDB_PART_IN ||
                       part->kind == NDB_PART_EDGE_ID;

    if (part->kind == NDB_PART_INDEX || part->kind == NDB_PART_INDEX_FILTER)
        return true; /* its numbers are an index's */
    if (part->table > label_count ||
        (part->label_count != 0 &&
         part->labels[part->label_count - 1] > label_count))
        return false;
    return is_of_edges ? part->type != 0 &&
                             part->type <= manifest->name_count[NAMIDB_TYPE]
                       : part->type == 0;
}

/* A pack may have no names but those of the manifest that names it. */
static int check_names(const struct ndb_pack *pack,
                       const struct ndb_manifest *manifest, namidb_error *err)
{
    for (uint32_t i = 0; i < pack->directory.part_count; i++) {
        const struct ndb_part *part = &pack->directory.parts[i];

        if (!is_named(part, manifest))
            return ndb_fail_object(err, NAMIDB_ECORRUPT, pack->path.text,
                                   "part %u is of label %u and type %u, and "
                                   "one of its labels or that has no name",
                                   i, part->table, part->type);
    }
    return NAMIDB_OK;
}

static int decode_directory(struct ndb_pack *pack, struct ndb_slice stored,
                            const struct ndb_manifest *manifest,
                            namidb_error *err)
{
    int rc = ndb_directory_decode(stored, pack->cached.bytes, &pack->arena,
                                  &pack->directory);

    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(err);
    if (rc == NAMIDB_EUNSUPPORTED)
        return ndb_fail_object(err, rc, pack->path.text, NDB_FORMAT_OTHER);
    if (rc < 0)
        return ndb_fail_object(err, rc, pack->path.text, "bad directory");
    rc = check_names(pack, manifest, err);
    if (rc < 0)
        return rc;
    pack->cached.slots =
        ndb_calloc(pack->directory.segment_count, sizeof *pack->cached.slots);
    pack->cached.folds =
        ndb_calloc(pack->directory.part_count, sizeof *pack->cached.folds);
    return pack->cached.slots != NULL && pack->cached.folds != NULL
               ? NAMIDB_OK
               : ndb_fail_memory(err);
}

/* Sizes come from the manifest: input, so they are checked before use. */
static int ask_directory(const struct ndb_pack *pack,
                         const struct ndb_manifest_pack *entry,
                         int64_t deadline_ns, struct ndb_request *request,
                         namidb_error *err)
{
    if (entry->directory_bytes < NDB_PACK_TAIL_BYTES ||
        entry->directory_bytes >
            NDB_PACK_DIRECTORY_BYTES_MAX + NDB_PACK_TAIL_BYTES ||
        entry->directory_bytes > entry->bytes)
        return ndb_fail_object(err, NAMIDB_ECORRUPT, pack->path.text,
                               "directory of %u bytes, as the manifest says",
                               entry->directory_bytes);
    request->op = NDB_GET;
    request->key = pack->path.text;
    request->offset = entry->bytes - entry->directory_bytes;
    request->length = entry->directory_bytes;
    request->deadline_ns = deadline_ns;
    return NAMIDB_OK;
}

static int take_directory(struct ndb_pack *pack,
                          const struct ndb_request *request,
                          const struct ndb_manifest *manifest,
                          namidb_error *err)
{
    if (request->status == NAMIDB_NONE)
        return ndb_fail_object(err, NAMIDB_ECORRUPT, pack->path.text,
                               "absent, but the manifest names it");
    if (request->object_bytes != pack->cached.bytes ||
        request->out.bytes != request->length)
        return ndb_fail_object(err, NAMIDB_ECORRUPT, pack->path.text,
                               "%llu bytes, expected %llu",
                               (unsigned long long)request->object_bytes,
                               (unsigned long long)pack->cached.bytes);
    return decode_directory(pack, ndb_buf_slice(&request->out), manifest, err);
}

/* One round for all directories that the manifest does not carry; `missing`
 * are the indexes of their packs. */
static int fetch_directories(struct ndb_pack **packs,
                             const struct ndb_manifest *manifest,
                             const uint32_t *missing, size_t count,
                             struct ndb_store *store, int64_t deadline_ns,
                             namidb_error *err)
{
    struct ndb_request *requests = ndb_calloc(count, sizeof *requests);
    int rc = NAMIDB_OK;

    if (requests == NULL)
        return ndb_fail_memory(err);
    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = ask_directory(packs[missing[i]], &manifest->packs[missing[i]],
                           deadline_ns, &requests[i], err);
    if (rc >= 0)
        rc = ndb_store_run(store, requests, count, err);
    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = take_directory(packs[missing[i]], &requests[i], manifest, err);
    for (size_t i = 0; i < count; i++)
        ndb_request_release(&requests[i]);
    ndb_free(requests);
    return rc < 0 ? rc : NAMIDB_OK;
}

/* A new manifest mostly has the packs of the old one, in the same order: the
 * search goes on where the last one ended. */
static struct ndb_pack *find_old(struct ndb_pack *const *old, size_t count,
                                 const char *ulid, size_t *at)
{
    for (size_t i = 0; i < count; i++) {
        size_t index = (*at + i) % count;

        if (strcmp(old[index]->ulid, ulid) == 0) {
            *at = index + 1;
            return old[index];
        }
    }
    return NULL;
}

/* Shares or makes out[i]; notes it in `missing` when it needs a request. */
static int open_one(struct ndb_pack **out, const struct ndb_manifest *manifest,
                    uint32_t index, struct ndb_pack *shared,
                    struct ndb_segment_cache *cache, bool *is_missing,
                    namidb_error *err)
{
    const struct ndb_manifest_pack *entry = &manifest->packs[index];

    *is_missing = false;
    if (shared != NULL) {
        *out = ndb_pack_ref(shared);
        return NAMIDB_OK;
    }
    *out = new_pack(entry, cache);
    if (*out == NULL)
        return ndb_fail_memory(err);
    if (entry->directory.bytes != 0)
        return decode_directory(*out, entry->directory, manifest, err);
    *is_missing = true;
    return NAMIDB_OK;
}

int ndb_packs_open(struct ndb_pack **out, const struct ndb_manifest *manifest,
                   struct ndb_pack *const *old, size_t old_count,
                   struct ndb_store *store, struct ndb_segment_cache *cache,
                   int64_t deadline_ns, namidb_error *err)
{
    uint32_t *missing = ndb_calloc(manifest->pack_count, sizeof *missing);
    uint32_t opened = 0;
    size_t missing_count = 0, at = 0;
    int rc = NAMIDB_OK;

    if (missing == NULL)
        return ndb_fail_memory(err);
    while (opened < manifest->pack_count && rc >= 0) {
        const struct ndb_manifest_pack *entry = &manifest->packs[opened];
        bool is_missing;

        rc = open_one(&out[opened], manifest, opened,
                      find_old(old, old_count, entry->ulid, &at), cache,
                      &is_missing, err);
        if (is_missing)
            missing[missing_count++] = opened;
        opened++;
    }
    if (rc >= 0 && missing_count > 0)
        rc = fetch_directories(out, manifest, missing, missing_count, store,
                               deadline_ns, err);
    if (rc < 0) {
        while (opened > 0) {
            ndb_pack_unref(out[--opened]);
            out[opened] = NULL;
        }
    }
    ndb_free(missing);
    return rc;
}

struct ndb_pack *ndb_pack_ref(struct ndb_pack *pack)
{
    __atomic_add_fetch(&pack->refs, 1, __ATOMIC_RELAXED);
    return pack;
}

void ndb_pack_unref(struct ndb_pack *pack)
{
    if (pack == NULL ||
        __atomic_sub_fetch(&pack->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    ndb_segment_cache_forget(pack->cache, pack->cached.number);
    if (pack->cached.folds != NULL)
        ndb_folds_free(pack->cache, &pack->cached);
    ndb_pack_runs_release(&pack->runs);
    ndb_arena_release(&pack->arena);
    ndb_free(pack->cached.folds);
    ndb_free(pack->cached.slots);
    ndb_free(pack);
}

const char *ndb_pack_ulid(const struct ndb_pack *pack)
{
    return pack->ulid;
}

struct ndb_pack_runs *ndb_pack_runs_of(struct ndb_pack *pack)
{
    return &pack->runs;
}

const struct ndb_cache_pack *ndb_pack_cached(const struct ndb_pack *pack)
{
    return &pack->cached;
}

const struct ndb_directory *ndb_pack_directory(const struct ndb_pack *pack)
{
    return &pack->directory;
}
