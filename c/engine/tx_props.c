/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties on their way in: checked, in order, without nulls.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "engine/tx.h"
#include "format/value.h"

static int by_name(const void *a, const void *b)
{
    const namidb_property *left = a;
    const namidb_property *right = b;

    return (left->name > right->name) - (left->name < right->name);
}

void ndb_tx_name_fault(struct namidb_tx *tx, uint32_t number, namidb_error *err)
{
    const char *name =
        ndb_dict_name(ndb_db_dict(tx->db), NAMIDB_PROPERTY, number, NULL);

    ndb_prefix(err, "property %s", name != NULL ? name : "?");
}

static int check(struct namidb_tx *tx, const namidb_property *props,
                 size_t count, namidb_error *err)
{
    for (size_t i = 0; i < count; i++) {
        int rc;

        if (i != 0 && props[i].name == props[i - 1].name) {
            rc = ndb_fail(err, NAMIDB_EINVAL, "given twice");
            ndb_tx_name_fault(tx, props[i].name, err);
            return rc;
        }
        rc = ndb_tx_use_name(tx, NAMIDB_PROPERTY, props[i].name, err);
        if (rc < 0)
            return rc;
        rc = ndb_value_check(&props[i].value, err);
        if (rc < 0) {
            ndb_tx_name_fault(tx, props[i].name, err);
            return rc;
        }
    }
    return NAMIDB_OK;
}

static namidb_property *sorted(struct namidb_tx *tx, namidb_props given)
{
    namidb_property *props =
        ndb_arena_array(&tx->scratch, given.count, sizeof *props);

    if (props == NULL || given.count == 0)
        return props;
    memcpy(props, given.items, given.count * sizeof *props);
    for (size_t i = 1; i < given.count; i++)
        if (props[i].name < props[i - 1].name) {
            qsort(props, given.count, sizeof *props, by_name);
            break;
        }
    return props;
}

/* Both ascending; of equal names the new one counts, and null is none. */
static size_t merge(namidb_property *out, namidb_props old,
                    const namidb_property *given, size_t given_count)
{
    size_t count = 0;
    size_t at = 0;

    for (size_t i = 0; i < given_count; i++) {
        while (at < old.count && old.items[at].name < given[i].name)
            out[count++] = old.items[at++];
        if (at < old.count && old.items[at].name == given[i].name)
            at++;
        if (given[i].value.kind != NAMIDB_NULL)
            out[count++] = given[i];
    }
    while (at < old.count)
        out[count++] = old.items[at++];
    return count;
}

int ndb_tx_props(struct namidb_tx *tx, namidb_props old, namidb_props given,
                 bool is_merge, namidb_props *out, namidb_error *err)
{
    namidb_property *props = NULL;
    namidb_property *merged = NULL;
    int rc;

    if (!is_merge)
        old.count = 0;
    if (given.count <= NDB_ROW_PROPS_MAX) {
        props = sorted(tx, given);
        merged = ndb_arena_array(&tx->scratch, old.count + given.count,
                                 sizeof *merged);
        if (props == NULL || merged == NULL)
            return ndb_fail_memory(err);
        rc = check(tx, props, given.count, err);
        if (rc < 0)
            return rc;
        out->items = merged;
        out->count = merge(merged, old, props, given.count);
    }
    if (given.count > NDB_ROW_PROPS_MAX || out->count > NDB_ROW_PROPS_MAX)
        return ndb_fail(err, NAMIDB_ELIMIT, "more than %u properties",
                        NDB_ROW_PROPS_MAX);
    return NAMIDB_OK;
}
