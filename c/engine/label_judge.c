/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/label_judge.h"

#include "base/error.h"
#include "engine/pack.h"
#include "engine/places.h"

struct judge {
    struct ndb_gather gather; /* warm */
    struct ndb_places places;
    const struct ndb_label_probe *probe;
};

/* To be released in either case. NAMIDB_OK or NAMIDB_ENOMEM. */
static int judge_init(struct judge *judge, const struct ndb_snapshot *snapshot,
                      const struct ndb_label_probe *probe)
{
    int rc = ndb_gather_init(&judge->gather, snapshot, NDB_GATHER_WARM);

    judge->probe = probe;
    if (rc >= 0)
        ndb_places_init(&judge->places, &judge->gather, NDB_PART_NODE, 0);
    return rc;
}

static bool lists_label(const uint32_t *labels, uint32_t count, uint32_t label)
{
    for (uint32_t i = 0; i < count; i++)
        if (labels[i] == label)
            return true;
    return false;
}

/* Whether some node of the table has a label that is not its own. A memtable
 * may say so too often. */
static bool may_have(const struct judge *judge,
                     const struct ndb_place_list *list, uint32_t label)
{
    uint64_t version = judge->gather.snapshot->version;

    for (uint32_t i = 0; i < list->count && label != 0; i++) {
        const struct ndb_place *place = &list->items[i];

        if (place->memtable != NULL
                ? ndb_memtable_has_label(place->memtable, label, version)
                : lists_label(place->part->labels, place->part->label_count,
                              label))
            return true;
    }
    return false;
}

/* Whether some node of the table may be without its label. */
static bool may_lack(const struct ndb_place_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i].memtable != NULL || list->items[i].part->has_bare)
            return true;
    return false;
}

/* Whether all nodes of a table have the labels, or none has them. NAMIDB_OK,
 * NAMIDB_NONE: it depends, or NAMIDB_ENOMEM. */
static int judge_table(struct judge *judge, uint32_t table, bool *has)
{
    const struct ndb_place_list *list = ndb_places_of(&judge->places, table);
    const struct ndb_label_probe *probe = judge->probe;
    int rc = NAMIDB_OK;

    if (list == NULL)
        return NAMIDB_ENOMEM;
    *has = true;
    for (uint32_t i = 0; i < probe->count && *has; i++) {
        uint32_t label = probe->labels[i];
        bool is_own = label != 0 && label == table;

        if (is_own ? may_lack(list) : may_have(judge, list, label))
            rc = NAMIDB_NONE;
        else
            *has = is_own;
    }
    return *has ? rc : NAMIDB_OK;
}

/* What was found of tables, each at the place of its number's lower bits: twice
 * the number, and 1 if its nodes have the labels. */
enum { VERDICTS = 64, NO_VERDICT = UINT16_MAX };

_Static_assert(NAMIDB_TABLE_MAX < NO_VERDICT / 2, "a verdict has 16 bits");

static int find_verdict(struct judge *judge, uint32_t table, uint16_t *verdict)
{
    bool has = false;
    int rc = judge_table(judge, table, &has);

    *verdict = (uint16_t)(table * 2 + has);
    return rc;
}

/* The ends of edges are of any table, so nothing here depends on which. */
static int judge_ids(struct judge *judge, const uint64_t *ids, size_t count,
                     bool *has)
{
    uint16_t verdicts[VERDICTS];
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < VERDICTS; i++)
        verdicts[i] = NO_VERDICT;
    for (size_t i = 0; i < count && rc == NAMIDB_OK; i++) {
        uint32_t table = NAMIDB_ID_TABLE(ids[i]);
        uint16_t *verdict = &verdicts[table % VERDICTS];

        if (*verdict / 2u != table)
            rc = find_verdict(judge, table, verdict);
        has[i] = *verdict % 2u != 0;
    }
    return rc;
}

int ndb_judge_labels(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                     size_t count, const struct ndb_label_probe *probe,
                     bool *has, namidb_error *err)
{
    struct judge judge;
    int rc = judge_init(&judge, snapshot, probe);

    if (rc >= 0)
        rc = judge_ids(&judge, ids, count, has);
    ndb_gather_release(&judge.gather);
    return rc < 0 ? ndb_fail_memory(err) : rc;
}

/* ------------------------------------------------------------------ ends -- */

/* What is known of all tables so far that edges end in. */
struct ends {
    bool is_known; /* some end */
    bool has;
};

static int judge_end(struct judge *judge, uint32_t table, struct ends *ends)
{
    bool has;
    int rc = judge_table(judge, table, &has);

    if (rc != NAMIDB_OK)
        return rc;
    if (ends->is_known && ends->has != has)
        return NAMIDB_NONE;
    *ends = (struct ends){ true, has };
    return NAMIDB_OK;
}

/* A pack has edges at both of their ends. */
static int judge_pack(struct judge *judge,
                      const struct ndb_directory *directory,
                      const struct ndb_hop_kind *kind, struct ends *ends)
{
    enum ndb_part_kind wanted =
        kind->direction == NAMIDB_OUT ? NDB_PART_IN : NDB_PART_OUT;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < directory->part_count && rc == NAMIDB_OK; i++) {
        const struct ndb_part *part = &directory->parts[i];

        if (part->kind == wanted &&
            (kind->type == 0 || kind->type == part->type))
            rc = judge_end(judge, part->table, ends);
    }
    return rc;
}

/* Where as many edges came to a table as went, either there are none now, or
 * some that went were in a pack, or in another memtable, and that has them at
 * the table. */
static int judge_memtables(struct judge *judge,
                           const struct ndb_stat_deltas *hops,
                           const struct ndb_hop_kind *kind, struct ends *ends)
{
    int wanted = kind->direction == NAMIDB_OUT ? NDB_STAT_IN : NDB_STAT_OUT;
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < hops->count && rc == NAMIDB_OK; i++) {
        const struct ndb_stat_delta *delta = &hops->items[i];

        if ((int)delta->kind == wanted && delta->count != 0 &&
            (kind->type == 0 || kind->type == NDB_STAT_HOP_TYPE(delta->number)))
            rc = judge_end(judge, NDB_STAT_HOP_TABLE(delta->number), ends);
    }
    return rc;
}

static int judge_layers(struct judge *judge, const struct ndb_hop_kind *kind,
                        struct ends *ends)
{
    const struct ndb_snapshot *snapshot = judge->gather.snapshot;
    struct ndb_stat_deltas deltas = NDB_STAT_DELTAS_INIT;
    struct ndb_stat_deltas hops = NDB_STAT_DELTAS_INIT;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < snapshot->view->layer_count && rc == NAMIDB_OK;
         i++) {
        const struct ndb_layer *layer = &snapshot->view->layers[i];

        rc = layer->memtable != NULL
                 ? ndb_memtable_hop_stats(layer->memtable, snapshot->version,
                                          &deltas, &hops)
                 : judge_pack(judge, ndb_pack_directory(layer->pack), kind,
                              ends);
    }
    if (rc == NAMIDB_OK)
        rc = judge_memtables(judge, &hops, kind, ends);
    ndb_stat_deltas_release(&deltas);
    ndb_stat_deltas_release(&hops);
    return rc;
}

int ndb_judge_ends(const struct ndb_snapshot *snapshot,
                   const struct ndb_hop_kind *kind,
                   const struct ndb_label_probe *probe, bool *has,
                   namidb_error *err)
{
    struct ends ends = { false, false };
    struct judge judge;
    int rc;

    if (kind->direction == NAMIDB_BOTH)
        return NAMIDB_NONE;
    rc = judge_init(&judge, snapshot, probe);
    if (rc >= 0)
        rc = judge_layers(&judge, kind, &ends);
    ndb_gather_release(&judge.gather);
    *has = ends.has;
    return rc < 0 ? ndb_fail_memory(err) : rc;
}
