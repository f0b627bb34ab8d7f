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
    ndb_free(view->layers);
    ndb_free(view);
}
