/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h - the declarations that a snapshot sees.
 *
 * They are data like any other: a record in the log, a line in the memtable
 * under the version of its batch, an entry of the manifest once it is flushed.
 * So a batch that fails takes its declarations with it, and a snapshot's schema
 * never changes.
 */
#ifndef NDB_ENGINE_SCHEMA_H
#define NDB_ENGINE_SCHEMA_H

#include "engine/view.h"
#include "format/schema.h"

struct ndb_schema {
    namidb_schema_item *items; /* by number */
    uint32_t count, capacity;
    uint32_t next_number; /* above all that were ever given */
};
#define NDB_SCHEMA_INIT ((struct ndb_schema){ NULL, 0, 0, 1 })
void ndb_schema_release(struct ndb_schema *schema);

/* Adds an item, or takes one out. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_schema_add(struct ndb_schema *schema, const namidb_schema_item *item);
void ndb_schema_remove(struct ndb_schema *schema, uint32_t number);

/* While it is the same, so are the declarations and what they cover; 0: there
 * never was one. Cheap to find out. */
uint64_t ndb_schema_stamp(const struct ndb_snapshot *snapshot);
/* *schema is initialised. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_schema_read(const struct ndb_snapshot *snapshot,
                    struct ndb_schema *schema);

/* NULL: there is none. */
const namidb_schema_item *ndb_schema_named(const struct ndb_schema *schema,
                                           const char *name);
/* One whose index has the same rows and properties, in this order. */
const namidb_schema_item *ndb_schema_index(const struct ndb_schema *schema,
                                           const namidb_schema_item *like);

/* Whether two have the same target and properties. */
bool ndb_schema_is_like(const namidb_schema_item *a,
                        const namidb_schema_item *b);

/* Whether a node is among those that an item is about. */
bool ndb_schema_has_node(const namidb_schema_item *item, const uint32_t *labels,
                         uint32_t label_count);

/* Whether layer `layer` of a view, a pack, can have rows that an item is about
 * and no entries of its index for them. */
bool ndb_schema_is_uncovered(const struct ndb_view *view, uint32_t layer,
                             const namidb_schema_item *item);

#endif
