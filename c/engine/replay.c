/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/replay.h"

#include "base/error.h"
#include "base/limits.h"
#include "format/number.h"
#include "format/path.h"
#include "format/record.h"

/* Records that are applied together. */
enum { BLOCK_RECORDS = 64 };

/* The next records of a batch, as many as a block holds; those that define
 * names are carried out at once. NAMIDB_NONE: these were the last ones. */
static int read_block(struct ndb_reader *reader, struct ndb_dict *dict,
                      struct ndb_record block[BLOCK_RECORDS], uint32_t *count,
                      uint32_t *names)
{
    int rc = NAMIDB_OK;

    *count = *names = 0;
    while (rc == NAMIDB_OK && *count < BLOCK_RECORDS) {
        struct ndb_record *record = &block[*count];

        rc = ndb_record_next(reader, record);
        if (rc != NAMIDB_OK)
            break;
        if (record->kind != NDB_RECORD_NAME) {
            (*count)++;
            continue;
        }
        rc = ndb_dict_define(dict, record->name_kind, record->number,
                             record->text);
        (*names)++;
    }
    return rc;
}

/* Whether the tables and labels of a block have names. Those of its names are
 * known by now. */
static bool is_named(struct ndb_dict *dict, const struct ndb_record *block,
                     uint32_t count)
{
    uint32_t label_count = ndb_dict_count(dict, NAMIDB_LABEL);
    uint32_t type_count = ndb_dict_count(dict, NAMIDB_TYPE);

    for (uint32_t i = 0; i < count; i++) {
        const struct ndb_record *record = &block[i];
        bool is_edge = record->kind == NDB_RECORD_EDGE ||
                       record->kind == NDB_RECORD_EDGES ||
                       record->kind == NDB_RECORD_EDGE_DELETE;

        if (NAMIDB_ID_TABLE(record->id) > (is_edge ? type_count : label_count))
            return false;
        if (record->kind == NDB_RECORD_LABEL && record->number > label_count)
            return false;
    }
    return true;
}

/* Applies all records of a batch under one version. */
static int apply(struct ndb_slice payload, uint32_t record_count,
                 uint64_t version, struct ndb_memtable *memtable,
                 struct ndb_dict *dict)
{
    struct ndb_reader reader = ndb_reader(payload);
    struct ndb_record block[BLOCK_RECORDS];
    uint32_t total = 0;
    int rc;

    do {
        uint32_t count, names;
        int applied;

        rc = read_block(&reader, dict, block, &count, &names);
        if (rc < 0)
            return rc;
        if (!is_named(dict, block, count))
            return NAMIDB_ECORRUPT;
        applied = ndb_memtable_apply(memtable, version, block, count);
        if (applied < 0)
            return applied;
        total += count + names;
    } while (rc != NAMIDB_NONE);
    return total == record_count ? NAMIDB_OK : NAMIDB_ECORRUPT;
}

/* Whether a batch follows what is before it. */
static int check_batch(const struct ndb_place *place,
                       const struct ndb_slot *slot, const char *key,
                       namidb_error *err)
{
    if (slot->epoch != place->epoch)
        return ndb_fail_object(err, NAMIDB_ECORRUPT, key,
                               "a batch of epoch %zu, expected %zu",
                               (size_t)slot->epoch, (size_t)place->epoch);
    if (!ndb_hash128_equal(slot->previous, place->chain))
        return ndb_fail_object(err, NAMIDB_ECORRUPT, key,
                               "does not follow the slot before it");
    return NAMIDB_OK;
}

static int fail_at(namidb_error *err, int rc, const char *key)
{
    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(err);
    return ndb_fail_object(err, rc, key,
                           rc == NAMIDB_EUNSUPPORTED ? NDB_FORMAT_OTHER
                                                     : "bad bytes");
}

int ndb_replay_slot(struct ndb_place *place, struct ndb_slice object,
                    struct ndb_memtable *memtable, struct ndb_dict *dict,
                    namidb_error *err)
{
    struct ndb_buf payload = NDB_BUF_INIT(NDB_BATCH_BYTES_MAX);
    struct ndb_slot slot;
    struct ndb_hash128 hash;
    struct ndb_path path;
    const char *key = ndb_path_slot(&path, place->next);
    int rc = ndb_slot_decode(object, place->next, &slot, &payload, &hash);

    if (rc < 0) {
        rc = fail_at(err, rc, key);
        goto out;
    }
    if (slot.kind == NDB_SLOT_BATCH) {
        rc = check_batch(place, &slot, key, err);
        if (rc < 0)
            goto out;
        rc = apply(ndb_buf_slice(&payload), slot.record_count, place->next,
                   memtable, dict);
        if (rc < 0) {
            ndb_memtable_rollback(memtable, place->next);
            rc = fail_at(err, rc, key);
            goto out;
        }
    }
    place->next++;
    place->epoch = slot.epoch;
    place->chain = hash;
    place->nonce = slot.nonce;
out:
    ndb_buf_release(&payload);
    return rc;
}
