/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - every bound of the database, in one place.
 *
 * A bound is checked where input enters (`limit` error) and again where bytes
 * are decoded (`corrupt`), so that no size read from a store is ever trusted.
 */
#ifndef NDB_BASE_LIMITS_H
#define NDB_BASE_LIMITS_H

#include <stdint.h>

/* Names: labels, types, properties. */
#define NDB_NAME_BYTES_MAX 255u
#define NDB_LABEL_COUNT_MAX 65535u
#define NDB_TYPE_COUNT_MAX 8191u
#define NDB_PROPERTY_COUNT_MAX 65535u

/* Rows. */
#define NDB_KEY_BYTES_MAX 1024u
#define NDB_ROW_LABELS_MAX 64u
#define NDB_ROW_PROPS_MAX 4096u
#define NDB_VALUE_BYTES_MAX (16u << 20)
#define NDB_ROW_BYTES_MAX (32u << 20)
#define NDB_LIST_ITEMS_MAX (1u << 20)
#define NDB_VECTOR_DIMENSIONS_MAX 65536u
#define NDB_VALUE_DEPTH_MAX 128u /* NAMIDB_DEPTH_MAX */

/* Schema. */
#define NDB_SCHEMA_ITEMS_MAX 1024u
#define NDB_SCHEMA_NUMBER_MAX 65535u
#define NDB_INDEX_FILTER_BYTES_MAX (16u << 20)
#define NDB_INDEX_KEY_BYTES_MAX 1024u /* longer ones are cut off */

/* Log. */
#define NDB_BATCH_BYTES_MAX (64u << 20) /* payload, before compression */
#define NDB_BATCH_RECORDS_MAX (16u << 20)
/* Edges that are written together: edge_block.h. */
#define NDB_EDGE_BLOCK_EDGES_MAX 8192u
#define NDB_EDGE_BLOCK_ROWS_MAX (33u << 20)  /* bytes: one may be large */
#define NDB_EDGE_BLOCK_BYTES_MAX (34u << 20) /* and their ends */
#define NDB_ALIVE_BYTES_MAX (32u << 20) /* of bits, one a node; see alive.h */
#define NDB_SLOT_BYTES_MAX (72u << 20)  /* object */

/* Packs. */
#define NDB_SEGMENT_BYTES_MAX (64u << 20) /* compressed, and raw */
/* A test build may have less, so that small graphs have many segments. */
#ifndef NDB_SEGMENT_BYTES_TARGET
#define NDB_SEGMENT_BYTES_TARGET (64u << 10) /* compressed */
#endif
/* The same of what one is looked up of at a time: edges of a node, a key. */
#ifndef NDB_LOOKUP_BYTES_TARGET
#define NDB_LOOKUP_BYTES_TARGET (32u << 10)
#endif
#define NDB_GROUP_ROWS_MAX 4096u
#define NDB_SEGMENT_EDGES_MAX 0xffffu /* offsets of lists have 16 bits */
#define NDB_SEGMENT_PAIRS_MAX (1u << 17)
#define NDB_SEGMENT_INDEX_ENTRIES_MAX (1u << 16)
#define NDB_PACK_BYTES_MAX (UINT64_C(1) << 32)
#define NDB_PACK_PARTS_MAX 65536u
#define NDB_PACK_SEGMENTS_MAX (1u << 20)
#define NDB_PACK_DIRECTORY_INLINE_MAX 8192u
#define NDB_PACK_DIRECTORY_BYTES_MAX (32u << 20)

/* Manifest. */
#define NDB_MANIFEST_BYTES_MAX (64u << 20)
#define NDB_MANIFEST_PACKS_MAX 65536u
#define NDB_PROPERTY_STATS_MAX 256u
#define NDB_DEGREE_STATS_MAX 128u

/* Likewise, so that all is evicted all the time. */
#ifndef NDB_CACHE_BYTES_MIN
#define NDB_CACHE_BYTES_MIN (1u << 20)
#endif

/* Store. */
#define NDB_STORE_KEY_BYTES_MAX 1024u
#define NDB_LIST_KEYS_MAX 1000u
/* What an uplink is trusted to carry: a flush has, beside the handle's timeout,
 * the time that its pack takes at this rate. */
#define NDB_UPLINK_BYTES_PER_SECOND_MIN (128u << 10)

/* URI. */
#define NDB_URI_BYTES_MAX 4096u

#endif
