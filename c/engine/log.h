/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - creating and reading slots: who owns slot N?
 *
 * A conditional PUT whose answer is lost may or may not have created the slot.
 * The same bytes are then sent again under the same condition until the store
 * says "created" or "is there". The second is never proof of losing, not even
 * on the first try, because something below may have resent silently: the slot
 * is read and its bytes compared with ours.
 */
#ifndef NDB_ENGINE_LOG_H
#define NDB_ENGINE_LOG_H

#include "base/buf.h"
#include "format/slot.h"
#include "store/store.h"

enum ndb_slot_owner {
    NDB_SLOT_MINE,
    NDB_SLOT_FOREIGN, /* `foreign` holds its bytes, or none when it was deleted:
                         then a manifest covers it */
};

/* One attempt to own a slot. */
struct ndb_slot_create {
    uint64_t number;
    struct ndb_slice object;
    int64_t deadline_ns;
    /* Results. */
    enum ndb_slot_owner owner;
    int64_t date_ms; /* the store's clock when it was settled */
    struct ndb_buf foreign;
};

/*
 * NAMIDB_OK: settled. NAMIDB_EUNKNOWN: a try was ambiguous and the deadline
 * passed before the store would say more; the slot may be ours, or become ours.
 * Any other failure is definite: the slot was not created by this call.
 */
int ndb_slot_create(struct ndb_store *store, struct ndb_slot_create *create,
                    namidb_error *err);
/* The same, when the first PUT was made elsewhere and gave `request`. */
int ndb_slot_settle(struct ndb_store *store, struct ndb_slot_create *create,
                    const struct ndb_request *request, namidb_error *err);
void ndb_slot_create_release(struct ndb_slot_create *create);

/* Encodes a fence for `number`. NAMIDB_OK, NAMIDB_ENOMEM. */
int ndb_fence_encode(struct ndb_buf *out, uint64_t number,
                     const struct ndb_nonce *nonce, struct ndb_hash128 *hash);

#endif
