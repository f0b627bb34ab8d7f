/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of labels and types that are values, of which the dictionary need not
 * know: what is written is added to it.
 */
#include "exec/label_names.h"
#include "exec/write.h"

static int add_name(struct ndb_eval *eval, enum namidb_name_kind kind,
                    const namidb_value *name, uint32_t *number)
{
    return ndb_dict_add(eval->run->snapshot.view->dict, kind,
                        ndb_slice(name->as.bytes, name->size), number,
                        eval->run->err);
}

/* Of what is taken away a name that is new is none. */
static int label_of(struct ndb_eval *eval, const namidb_value *name,
                    bool is_added, uint32_t *label)
{
    if (is_added)
        return add_name(eval, NAMIDB_LABEL, name, label);
    *label = ndb_dict_find(eval->run->snapshot.view->dict, NAMIDB_LABEL,
                           ndb_slice(name->as.bytes, name->size));
    return NAMIDB_OK;
}

int ndb_write_labels(struct ndb_eval *eval, const namidb_value *value,
                     bool is_added, struct ndb_write_labels *labels)
{
    const namidb_value *names;
    uint32_t count;
    int rc = ndb_label_names(eval->run->err, value, &names, &count);

    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        if (labels->count == NDB_WRITE_LABELS_MAX)
            return ndb_fail(eval->run->err, NAMIDB_ELIMIT,
                            "more than %u labels at once",
                            NDB_WRITE_LABELS_MAX);
        rc = label_of(eval, &names[i], is_added, &labels->items[labels->count]);
        if (rc >= 0 && labels->items[labels->count] != 0)
            labels->count++;
    }
    return rc;
}

int ndb_write_type(struct ndb_eval *eval, const namidb_value *value,
                   uint32_t *type)
{
    const namidb_value *names;
    uint32_t count;
    int rc = ndb_label_names(eval->run->err, value, &names, &count);

    if (rc >= 0 && count != 1)
        return ndb_raise(eval->run->err, NDB_FAULT_ONE_TYPE,
                         "a relationship is created with one type, not %u",
                         count);
    return rc < 0 ? rc : add_name(eval, NAMIDB_TYPE, &names[0], type);
}
