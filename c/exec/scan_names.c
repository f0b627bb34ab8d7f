/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/scan_names.h"

#include "engine/counts.h"
#include "engine/dict.h"
#include "exec/label_names.h"

static bool is_among(const struct ndb_scan_names *names, uint32_t label)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (names->labels[i] == label)
            return true;
    return false;
}

/* The label with the fewest nodes comes first. */
static int put_least_first(struct ndb_op *op, struct ndb_scan_names *names)
{
    const struct ndb_snapshot *snapshot = &op->run->snapshot;
    uint32_t all = ndb_dict_count(snapshot->view->dict, NAMIDB_LABEL);
    uint64_t *counts = ndb_arena_array(&op->kept, all, sizeof *counts);
    uint32_t least = 0, first = names->labels[0];

    if (counts == NULL || ndb_counts(snapshot, NAMIDB_LABEL, counts, all) < 0)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 1; i < names->count; i++)
        if (counts[names->labels[i] - 1] < counts[names->labels[least] - 1])
            least = i;
    names->labels[0] = names->labels[least];
    names->labels[least] = first;
    return NAMIDB_OK;
}

int ndb_scan_names_of(struct ndb_op *op, const namidb_value *value, bool is_any,
                      struct ndb_scan_names *out)
{
    struct ndb_dict *dict = op->run->snapshot.view->dict;
    const namidb_value *wanted;
    uint32_t count;
    int rc = ndb_label_names(op->run->err, value, &wanted, &count);

    *out = (struct ndb_scan_names){ .is_any = is_any };
    if (rc < 0)
        return rc;
    out->labels = ndb_arena_array(&op->kept, count, sizeof *out->labels);
    if (out->labels == NULL)
        return NAMIDB_ENOMEM;
    out->is_over = is_any && count == 0;
    for (uint32_t i = 0; i < count; i++) {
        struct ndb_slice name = ndb_slice(wanted[i].as.bytes, wanted[i].size);
        uint32_t label = ndb_dict_find(dict, NAMIDB_LABEL, name);

        if (label != 0 && !is_among(out, label))
            out->labels[out->count++] = label;
        else if (label == 0 && !is_any)
            out->is_over = true; /* no node has a label that nobody named */
    }
    out->is_over = out->is_over || (is_any && out->count == 0);
    if (out->is_over || is_any || out->count < 2)
        return NAMIDB_OK;
    return put_least_first(op, out);
}

int ndb_scan_names_next(struct ndb_scan_names *names, uint32_t *label)
{
    if (names->labels == NULL || names->is_over)
        return NAMIDB_NONE;
    *label = names->count == 0 ? NAMIDB_ANY : names->labels[names->at++];
    names->is_over = !names->is_any || names->at == names->count;
    return NAMIDB_OK;
}

/* The ids of the rows of a stretch that count. */
static uint64_t *ids_of(struct ndb_op *op, const struct ndb_stretch *stretch)
{
    uint64_t *ids = ndb_arena_array(&op->arena, stretch->count, sizeof *ids);
    const struct ndb_vector rows = { .form = NDB_FORM_ROWS,
                                     .table = (uint16_t)stretch->table,
                                     .first = stretch->first,
                                     .as.group = stretch->group };

    for (uint32_t i = 0; ids != NULL && i < stretch->count; i++)
        ids[i] = stretch->group == NULL
                     ? stretch->ids[i]
                     : ndb_vector_row_id(
                           &rows, stretch->rows != NULL ? stretch->rows[i] : i);
    return ids;
}

/* Keeps those of a stretch's rows for which is_kept[i]; `ids` are theirs. */
static int keep(struct ndb_op *op, uint64_t *ids, const bool *is_kept,
                struct ndb_stretch *stretch)
{
    uint32_t kept = 0;
    uint16_t *rows = ndb_arena_array(&op->arena, stretch->count, sizeof *rows);

    if (rows == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < stretch->count; i++) {
        if (!is_kept[i])
            continue;
        rows[kept] = stretch->rows != NULL ? stretch->rows[i] : (uint16_t)i;
        ids[kept++] = ids[i];
    }
    stretch->count = kept;
    if (stretch->group != NULL) {
        stretch->rows = rows;
        return NAMIDB_OK;
    }
    stretch->ids = ids;
    stretch->extent = kept;
    return NAMIDB_OK;
}

/* $any: whether each of ids has none of the labels that were scanned before. */
static int find_new(struct ndb_op *op, const struct ndb_scan_names *names,
                    const uint64_t *ids, uint32_t count, bool *is_new)
{
    bool *has = ndb_arena_alloc(&op->arena, count);
    size_t absent;
    int rc = has != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;

    memset(is_new, true, count);
    for (uint32_t i = 0; rc >= 0 && i + 1 < names->at; i++) {
        struct ndb_label_probe probe = { &names->labels[i], 1, true };

        rc = ndb_read_labels(&op->run->snapshot, ids, count, &probe, has,
                             &absent, op->run->err);
        for (uint32_t k = 0; rc >= 0 && k < count; k++)
            is_new[k] = is_new[k] && !has[k];
    }
    return rc;
}

int ndb_scan_names_narrow(struct ndb_op *op, const struct ndb_scan_names *names,
                          struct ndb_stretch *stretch)
{
    struct ndb_label_probe probe = { names->labels, names->count, true };
    bool is_needed = names->is_any ? names->at > 1 : names->count > 1;
    uint64_t *ids;
    bool *is_kept;
    size_t absent;
    int rc;

    if (!is_needed || stretch->count == 0)
        return NAMIDB_OK;
    ids = ids_of(op, stretch);
    is_kept = ndb_arena_alloc(&op->arena, stretch->count);
    if (ids == NULL || is_kept == NULL)
        return NAMIDB_ENOMEM;
    if (names->is_any)
        rc = find_new(op, names, ids, stretch->count, is_kept);
    else
        rc = ndb_read_labels(&op->run->snapshot, ids, stretch->count, &probe,
                             is_kept, &absent, op->run->err);
    return rc < 0 ? rc : keep(op, ids, is_kept, stretch);
}
