/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Declaring and dropping: records like any other. What is declared is checked
 * against all that the transaction sees: most of it by a survey, before the
 * transaction began.
 */
#include "base/error.h"
#include "base/limits.h"
#include "engine/survey.h"
#include "engine/tx.h"

static const char *what(const namidb_schema_item *item)
{
    return item->rule == NAMIDB_RULE_INDEX ? "index" : "constraint";
}

/* Whether one of the two makes the other pointless or ambiguous. */
static bool is_clash(const namidb_schema_item *a, const namidb_schema_item *b)
{
    return ndb_schema_is_like(a, b) &&
           (a->rule == b->rule ||
            (ndb_rule_has_index(a->rule) && ndb_rule_has_index(b->rule)));
}

static int check_place(const struct ndb_schema *schema,
                       const namidb_schema_item *item, namidb_error *err)
{
    const namidb_schema_item *named = ndb_schema_named(schema, item->name);

    if (named != NULL)
        return ndb_fail(err, NAMIDB_ECONSTRAINT, "there is %s %s named %s",
                        named->rule == NAMIDB_RULE_INDEX ? "an" : "a",
                        what(named), item->name);
    for (uint32_t i = 0; i < schema->count; i++)
        if (is_clash(&schema->items[i], item))
            return ndb_fail(err, NAMIDB_ECONSTRAINT,
                            "%s %s is about the same properties",
                            what(&schema->items[i]), schema->items[i].name);
    if (schema->count == NDB_SCHEMA_ITEMS_MAX)
        return ndb_fail(err, NAMIDB_ELIMIT,
                        "more than %u indexes and constraints",
                        NDB_SCHEMA_ITEMS_MAX);
    if (schema->next_number > NDB_SCHEMA_NUMBER_MAX)
        return ndb_fail(err, NAMIDB_ELIMIT,
                        "%u indexes and constraints were declared over time, "
                        "and no number is left",
                        NDB_SCHEMA_NUMBER_MAX);
    return NAMIDB_OK;
}

static int use_names(struct namidb_tx *tx, const namidb_schema_item *item,
                     namidb_error *err)
{
    int rc = ndb_tx_use_name(tx, item->is_edge ? NAMIDB_TYPE : NAMIDB_LABEL,
                             item->target, err);

    for (uint32_t i = 0; i < item->prop_count && rc >= 0; i++)
        rc = ndb_tx_use_name(tx, NAMIDB_PROPERTY, item->props[i], err);
    return rc;
}

static int write_item(struct namidb_tx *tx, const namidb_schema_item *item,
                      bool is_new, namidb_error *err)
{
    struct ndb_record record = { .kind = NDB_RECORD_SCHEMA,
                                 .number = item->number,
                                 .is_new = is_new };
    int rc;

    tx->row.bytes = 0;
    if (is_new && ndb_schema_item_encode(&tx->row, item) < 0)
        return ndb_fail_memory(err);
    record.row = ndb_buf_slice(&tx->row);
    rc = ndb_tx_write(tx, &record, 1, err);
    tx->is_schema_read = false;
    tx->turn.has_schema = true;
    return rc;
}

static int declare(struct namidb_tx *tx, namidb_schema_item *item,
                   struct namidb_survey *survey, namidb_error *err)
{
    const struct ndb_schema *schema;
    int rc = ndb_tx_schema(tx, &schema, err);

    if (rc < 0)
        return rc;
    item->number = schema->next_number;
    if (!ndb_schema_item_is_valid(item))
        return ndb_fail(err, NAMIDB_EINVAL,
                        "not an index or constraint: a name, a target, 1 to %u "
                        "different properties (1 for NOT NULL and types) are "
                        "wanted",
                        NAMIDB_SCHEMA_PROPS_MAX);
    rc = check_place(schema, item, err);
    if (rc >= 0)
        rc = use_names(tx, item, err);
    if (rc >= 0)
        rc = ndb_survey_finish(survey, &tx->snapshot, item, err);
    return rc < 0 ? rc : write_item(tx, item, true, err);
}

int ndb_tx_declare(struct namidb_tx *tx, namidb_schema_item *item,
                   struct namidb_survey *survey, namidb_error *err)
{
    struct ndb_tx_mark mark;
    int rc = ndb_tx_enter(tx, &mark, err);

    return rc < 0 ? rc
                  : ndb_tx_leave(tx, &mark, declare(tx, item, survey, err));
}

int ndb_tx_drop(struct namidb_tx *tx, const char *name, namidb_error *err)
{
    const namidb_schema_item *item = NULL;
    const struct ndb_schema *schema;
    struct ndb_tx_mark mark;
    int rc = ndb_tx_enter(tx, &mark, err);

    if (rc < 0)
        return rc;
    rc = ndb_tx_schema(tx, &schema, err);
    if (rc >= 0)
        item = ndb_schema_named(schema, name);
    if (rc >= 0 && item == NULL)
        rc = ndb_fail(err, NAMIDB_ENOTFOUND,
                      "there is no index and no constraint named %s", name);
    if (rc >= 0) {
        const namidb_schema_item gone = { .number = item->number };

        rc = write_item(tx, &gone, false, err);
    }
    return ndb_tx_leave(tx, &mark, rc);
}
