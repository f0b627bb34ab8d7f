/* SPDX-License-Identifier: Apache-2.0 */
#include "packed_model.h"

#include "sys/clock.h"

void packed_model_open(struct model *model, uint64_t seed, uint64_t cache_bytes,
                       int packs)
{
    model_open(model, seed, cache_bytes);
    for (int i = 0; i < packs; i++) {
        model_change(model, 150);
        model_make_pack(model, i % 2 == 0);
    }
}

void packed_model_open_small(struct model *model)
{
    model_open(model, 1, 64 << 20);
    model_add_nodes(model, 1, 3);
    for (int pack = 0; pack < 4; pack++) {
        for (size_t to = 0; to < 3; to++)
            model_add_edge(model, 1, 0, to);
        model_make_pack(model, true);
    }
}

void packed_model_open_walked(struct model *model, uint64_t cache_bytes)
{
    model_open(model, 5, cache_bytes);
    model_add_nodes(model, 1, PACKED_WALKED);
    for (size_t pack = 0; pack < 3; pack++) {
        for (size_t i = 0; i < PACKED_WALKED; i++)
            model_add_edge(model, 1, i, i * 7 % PACKED_WALKED);
        model_make_pack(model, true);
    }
}

void packed_model_on_top(struct model *model, const struct ndb_snapshot *older,
                         struct ndb_snapshot *out)
{
    struct ndb_manifest manifest = { .packs = model->packs,
                                     .pack_count = model->pack_count,
                                     .name_count = MODEL_NAMES };
    struct ndb_pack *packs[MODEL_LAYERS_MAX], *old[MODEL_LAYERS_MAX];
    struct ndb_layer layers[MODEL_LAYERS_MAX + 1] = { { NULL, NULL } };
    uint32_t old_count = 0;

    for (uint32_t i = 0; i < older->view->layer_count; i++)
        if (older->view->layers[i].pack != NULL)
            old[old_count++] = older->view->layers[i].pack;
    assert_int_equal(ndb_packs_open(packs, &manifest, old, old_count,
                                    model->store, model->cache, NDB_NEVER,
                                    NULL),
                     0);
    layers[0].memtable = model->memtable;
    for (uint32_t i = 0; i < model->pack_count; i++)
        layers[i + 1].pack = packs[i];
    assert_int_equal(ndb_view_new(&out->view, NULL, layers,
                                  model->pack_count + 1, model->cache, NULL),
                     0);
    out->version = model->version;
    out->timeout_ms = -1;
    for (uint32_t i = 0; i < model->pack_count; i++)
        ndb_pack_unref(packs[i]);
}

namidb_cache_stats packed_model_stats(const struct model *model)
{
    namidb_cache_stats stats;

    ndb_segment_cache_stats(model->cache, &stats);
    return stats;
}
