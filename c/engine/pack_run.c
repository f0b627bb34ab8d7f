/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/pack_run.h"

#include "base/error.h"
#include "base/mem.h"
#include "engine/schema.h"

void ndb_pack_runs_init(struct ndb_pack_runs *runs)
{
    (void)pthread_mutex_init(&runs->making, NULL);
    (void)pthread_mutex_init(&runs->lock, NULL);
    runs->first = NULL;
}

void ndb_pack_runs_release(struct ndb_pack_runs *runs)
{
    while (runs->first != NULL) {
        struct ndb_pack_run *run = runs->first;

        runs->first = run->in_pack;
        ndb_pack_run_unref(run);
    }
    (void)pthread_mutex_destroy(&runs->making);
    (void)pthread_mutex_destroy(&runs->lock);
}

void ndb_pack_run_unref(struct ndb_pack_run *run)
{
    if (run == NULL || __atomic_sub_fetch(&run->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    ndb_index_run_release(&run->run);
    ndb_free(run);
}

/* The run that is there, with a reference; NULL: none. */
static struct ndb_pack_run *find(struct ndb_pack_runs *runs,
                                 const namidb_schema_item *item)
{
    struct ndb_pack_run *run;

    (void)pthread_mutex_lock(&runs->lock);
    run = runs->first;
    while (run != NULL && !ndb_schema_is_like(&run->run.item, item))
        run = run->in_pack;
    if (run != NULL)
        __atomic_add_fetch(&run->refs, 1, __ATOMIC_RELAXED);
    (void)pthread_mutex_unlock(&runs->lock);
    return run;
}

/* Reads the rows of the pack, and of nothing else. */
static int scan(const struct ndb_snapshot *snapshot, uint32_t layer,
                struct ndb_index_run *run, ndb_index_progress *progress,
                void *context, namidb_error *err)
{
    const struct ndb_view *view = snapshot->view;
    struct ndb_view *alone;
    struct ndb_snapshot at;
    int rc = ndb_view_new(&alone, NULL, &view->layers[layer], 1, view->cache,
                          view->dict);

    if (rc < 0)
        return ndb_fail_memory(err);
    at =
        (struct ndb_snapshot){ alone, snapshot->version, snapshot->timeout_ms };
    rc = ndb_index_run_scan(run, &at, progress, context, err);
    ndb_view_unref(alone);
    return rc;
}

static int make(const struct ndb_snapshot *snapshot, uint32_t layer,
                const namidb_schema_item *item, ndb_index_progress *progress,
                void *context, struct ndb_pack_run **out, namidb_error *err)
{
    struct ndb_pack_runs *runs =
        ndb_pack_runs_of(snapshot->view->layers[layer].pack);
    struct ndb_pack_run *made = ndb_calloc(1, sizeof *made);
    int rc;

    if (made == NULL)
        return ndb_fail_memory(err);
    made->refs = 1;
    ndb_index_run_init(&made->run, item);
    rc = scan(snapshot, layer, &made->run, progress, context, err);
    if (rc != NAMIDB_OK) {
        ndb_pack_run_unref(made);
        return rc;
    }
    made->refs = 2; /* the pack's, the caller's */
    (void)pthread_mutex_lock(&runs->lock);
    made->in_pack = runs->first;
    __atomic_store_n(&runs->first, made, __ATOMIC_RELAXED);
    (void)pthread_mutex_unlock(&runs->lock);
    *out = made;
    return NAMIDB_OK;
}

int ndb_pack_run_get(const struct ndb_snapshot *snapshot, uint32_t layer,
                     const namidb_schema_item *item,
                     ndb_index_progress *progress, void *context,
                     struct ndb_pack_run **out, namidb_error *err)
{
    struct ndb_pack *pack = snapshot->view->layers[layer].pack;
    struct ndb_pack_runs *runs = ndb_pack_runs_of(pack);
    int rc = NAMIDB_OK;

    *out = NULL;
    if (!ndb_schema_is_uncovered(snapshot->view, layer, item)) {
        ndb_pack_run_drop(pack, item);
        return NAMIDB_NONE;
    }
    *out = find(runs, item);
    if (*out != NULL)
        return NAMIDB_OK;
    (void)pthread_mutex_lock(&runs->making);
    *out = find(runs, item);
    if (*out == NULL)
        rc = make(snapshot, layer, item, progress, context, out, err);
    (void)pthread_mutex_unlock(&runs->making);
    return rc;
}

void ndb_pack_run_drop(struct ndb_pack *pack, const namidb_schema_item *item)
{
    struct ndb_pack_runs *runs = ndb_pack_runs_of(pack);
    struct ndb_pack_run **link = &runs->first, *dropped;

    if (__atomic_load_n(&runs->first, __ATOMIC_RELAXED) == NULL)
        return;
    (void)pthread_mutex_lock(&runs->lock);
    while (*link != NULL && !ndb_schema_is_like(&(*link)->run.item, item))
        link = &(*link)->in_pack;
    dropped = *link;
    if (dropped != NULL)
        __atomic_store_n(link, dropped->in_pack, __ATOMIC_RELAXED);
    (void)pthread_mutex_unlock(&runs->lock);
    ndb_pack_run_unref(dropped);
}
