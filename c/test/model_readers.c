/* SPDX-License-Identifier: Apache-2.0 */
#include "model_readers.h"

static void *run(void *context)
{
    const struct model_readers *readers = context;

    readers->check(readers->model, readers->snapshot);
    return NULL;
}

void model_readers_start(struct model_readers *readers,
                         const struct model *model,
                         const struct ndb_snapshot *snapshot,
                         model_check *check)
{
    readers->model = model;
    readers->snapshot = snapshot;
    readers->check = check;
    for (int i = 0; i < MODEL_READERS; i++)
        assert_int_equal(
            pthread_create(&readers->threads[i], NULL, run, readers), 0);
}

void model_readers_join(struct model_readers *readers)
{
    for (int i = 0; i < MODEL_READERS; i++)
        assert_int_equal(pthread_join(readers->threads[i], NULL), 0);
}

void model_read_at_once(const struct model *model,
                        const struct ndb_snapshot *snapshot, model_check *check)
{
    struct model_readers readers;

    model_readers_start(&readers, model, snapshot, check);
    model_readers_join(&readers);
}
