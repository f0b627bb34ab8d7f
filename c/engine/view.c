/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/view.h"

#include <assert.h>

#include "base/error.h"
#include "base/mem.h"
#include "format/number.h"
#include "format/path.h"

int ndb_version_decode(struct ndb_version **out, struct ndb_slice object,
                       uint64_t number, namidb_error *err)
{
    struct ndb_version *version = ndb_calloc(1, sizeof *version);
    struct ndb_path path;
    int rc;

    *out = NULL;
    if (version == NULL)
        return ndb_fail_memory(err);
    version->refs = 1;
    version->arena = NDB_ARENA_INIT;
    rc = ndb_manifest_decode(object, number, &version->arena, &version->body);
    if (rc < 0) {
        ndb_version_unref(version);
        if (rc == NAMIDB_ENOMEM)
            return ndb_fail_memory(err);
        ndb_path_manifest(&path, number);
        if (rc == NAMIDB_EUNSUPPORTED)
            return ndb_fail_object(err, rc, path.text, NDB_FORMAT_OTHER);
        return ndb_fail_object(err, rc, path.text, "not a whole manifest");
    }
    *out = version;
    return NAMIDB_OK;
}

struct ndb_version *ndb_version_ref(struct ndb_version *version)
{
    __atomic_add_fetch(&version->refs, 1, __ATOMIC_RELAXED);
    return version;
}

void ndb_version_unref(struct ndb_version *version)
{
    if (version == NULL ||
        __atomic_sub_fetch(&version->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    ndb_arena_release(&version->arena);
    ndb_free(version);
}

int ndb_view_new(struct ndb_view **out, struct ndb_version *manifest,
                 const struct ndb_layer *layers, uint32_t layer_count,
                 struct ndb_segment_cache *cache, struct ndb_dict *dict)
{
    struct ndb_view *view = ndb_calloc(1, sizeof *view);

    *out = NULL;
    if (view == NULL)
        return NAMIDB_ENOMEM;
    view->layers = ndb_calloc(layer_count, sizeof *view->layers);
    if (view->layers == NULL) {
        ndb_free(view);
        return NAMIDB_ENOMEM;
    }
    view->refs = 1;
    view->manifest = manifest != NULL ? ndb_version_ref(manifest) : NULL;
    view->layer_count = layer_count;
    view->cache = cache;
    view->dict = dict;
    for (uint32_t i = 0; i < layer_count; i++) {
        assert((layers[i].memtable == NULL) != (layers[i].pack == NULL));
        if (layers[i].memtable != NULL)
            view->layers[i].memtable = ndb_memtable_ref(layers[i].memtable);
        else
            view->layers[i].pack = ndb_pack_ref(layers[i].pack);
    }
    *out = view;
    return NAMIDB_OK;
}

struct ndb_view *ndb_view_ref(struct ndb_view *view)
{
    __atomic_add_fetch(&view->refs, 1, __ATOMIC_RELAXED);
    return view;
}

static void free_parts(struct ndb_view *view)
{
    for (uint32_t i = 0; i < NDB_VIEW_BUCKETS; i++) {
        struct ndb_view_parts *parts = atomic_load(&view->parts[i]);

        while (parts != NULL) {
            struct ndb_view_parts *next = parts->next;

            ndb_free(parts);
            parts = next;
        }
    }
}

void ndb_view_unref(struct ndb_view *view)
{
    if (view == NULL ||
        __atomic_sub_fetch(&view->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    for (uint32_t i = 0; i < view->layer_count; i++) {
        ndb_memtable_unref(view->layers[i].memtable);
        ndb_pack_unref(view->layers[i].pack);
    }
    ndb_version_unref(view->manifest);
    free_parts(view);
    ndb_free(view->layers);
    ndb_free(view);
}

static bool are_of(const struct ndb_view_parts *parts, enum ndb_part_kind kind,
                   uint32_t type, uint32_t table)
{
    return parts->kind == kind && parts->type == type && parts->table == table;
}

static struct ndb_view_parts *find_parts(const struct ndb_view *view,
                                         enum ndb_part_kind kind, uint32_t type,
                                         uint32_t table)
{
    struct ndb_view_parts *parts =
        ndb_calloc(1, sizeof *parts + view->layer_count * sizeof(void *));

    if (parts == NULL)
        return NULL;
    parts->kind = kind;
    parts->type = type;
    parts->table = table;
    for (uint32_t i = 0; i < view->layer_count; i++)
        if (view->layers[i].pack != NULL)
            parts->items[i] = ndb_directory_find(
                ndb_pack_directory(view->layers[i].pack), kind, type, table);
    return parts;
}

const struct ndb_view_parts *ndb_view_parts(struct ndb_view *view,
                                            enum ndb_part_kind kind,
                                            uint32_t type, uint32_t table)
{
    _Atomic(struct ndb_view_parts *) *bucket =
        &view->parts[(type * 8 + table + kind * 3) % NDB_VIEW_BUCKETS];
    struct ndb_view_parts *first = atomic_load(bucket), *parts = first;

    while (parts != NULL && !are_of(parts, kind, type, table))
        parts = parts->next;
    if (parts != NULL)
        return parts;
    parts = find_parts(view, kind, type, table);
    if (parts == NULL)
        return NULL;
    parts->next = first;
    /* Another thread may put the same there: then there are two. */
    while (!atomic_compare_exchange_weak(bucket, &first, parts))
        parts->next = first;
    return parts;
}
