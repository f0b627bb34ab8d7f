/* SPDX-License-Identifier: Apache-2.0 */
#include "packed_model.h"

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

namidb_cache_stats packed_model_stats(const struct model *model)
{
    namidb_cache_stats stats;

    ndb_segment_cache_stats(model->cache, &stats);
    return stats;
}
