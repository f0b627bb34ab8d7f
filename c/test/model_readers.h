/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_readers.h - threads that read one snapshot of a graph_model.h at once.
 */
#ifndef NDB_TEST_MODEL_READERS_H
#define NDB_TEST_MODEL_READERS_H

#include <pthread.h>

#include "graph_model.h"

enum { MODEL_READERS = 4 };

struct model_readers {
    const struct model *model;
    const struct ndb_snapshot *snapshot;
    model_check *check;
    pthread_t threads[MODEL_READERS];
};

/* Each thread calls `check` once. Both stay as they are until the join. */
void model_readers_start(struct model_readers *readers,
                         const struct model *model,
                         const struct ndb_snapshot *snapshot,
                         model_check *check);
void model_readers_join(struct model_readers *readers);
/* Both in a row. */
void model_read_at_once(const struct model *model,
                        const struct ndb_snapshot *snapshot,
                        model_check *check);

#endif
