/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/log.h"

#include "base/limits.h"
#include "format/path.h"
#include "sys/backoff.h"
#include "sys/clock.h"

/* What is known after a step. */
enum verdict { AGAIN, SETTLED, FAILED };

struct attempt {
    struct ndb_store *store;
    struct ndb_slot_create *create;
    struct ndb_path path;
    bool is_ambiguous; /* some try may have been applied */
    struct ndb_backoff backoff;
    namidb_error *err;
    int rc;
};

static enum verdict settled(struct attempt *attempt, enum ndb_slot_owner owner,
                            int64_t date_ms)
{
    attempt->create->owner = owner;
    attempt->create->date_ms = date_ms;
    attempt->rc = NAMIDB_OK;
    return SETTLED;
}

/* Reads the slot that is said to be there and compares. */
static enum verdict compare(struct attempt *attempt)
{
    struct ndb_slot_create *create = attempt->create;
    struct ndb_request get = { .op = NDB_GET,
                               .key = attempt->path.text,
                               .length_max = NDB_SLOT_BYTES_MAX,
                               .deadline_ns = create->deadline_ns };
    enum verdict verdict = AGAIN;
    int rc = ndb_store_run(attempt->store, &get, 1, attempt->err);

    /* It is there, whoever made it: from now on not knowing is `unknown`. */
    attempt->is_ambiguous = true;
    if (rc >= 0 && get.status == NAMIDB_NONE) {
        verdict = settled(attempt, NDB_SLOT_FOREIGN, get.date_ms);
    } else if (rc >= 0 &&
               ndb_slice_equal(ndb_buf_slice(&get.out), create->object)) {
        verdict = settled(attempt, NDB_SLOT_MINE, get.date_ms);
    } else if (rc >= 0) {
        create->foreign = get.out;
        get.out = NDB_BUF_INIT(0);
        verdict = settled(attempt, NDB_SLOT_FOREIGN, get.date_ms);
    }
    ndb_request_release(&get);
    return verdict;
}

static enum verdict judge(struct attempt *attempt,
                          const struct ndb_request *put)
{
    if (put->status == NAMIDB_OK)
        return settled(attempt, NDB_SLOT_MINE, put->date_ms);
    if (put->status == NAMIDB_ECONFLICT)
        return compare(attempt);
    if (put->is_ambiguous)
        attempt->is_ambiguous = true;
    if (attempt->err != NULL)
        *attempt->err = put->err;
    if (attempt->is_ambiguous)
        return AGAIN;
    attempt->rc = put->status;
    return FAILED;
}

static enum verdict try_once(struct attempt *attempt)
{
    struct ndb_request put = { .op = NDB_PUT_IF_ABSENT,
                               .key = attempt->path.text,
                               .body = attempt->create->object,
                               .deadline_ns = attempt->create->deadline_ns };
    enum verdict verdict;

    (void)ndb_store_run(attempt->store, &put, 1, attempt->err);
    verdict = judge(attempt, &put);
    ndb_request_release(&put);
    return verdict;
}

static int finish(struct attempt *attempt, enum verdict verdict)
{
    while (verdict == AGAIN) {
        if (attempt->create->deadline_ns <= ndb_clock_ns()) {
            char text[NAMIDB_MESSAGE_BYTES];

            text[0] = '\0';
            if (attempt->err != NULL)
                memcpy(text, attempt->err->message, sizeof text);
            return ndb_fail(attempt->err, NAMIDB_EUNKNOWN,
                            "%s: whether it was written is not known: %.300s",
                            attempt->path.text, text);
        }
        (void)ndb_backoff_pause(&attempt->backoff,
                                attempt->create->deadline_ns);
        verdict = try_once(attempt);
    }
    return attempt->rc;
}

static void begin(struct attempt *attempt, struct ndb_store *store,
                  struct ndb_slot_create *create, namidb_error *err)
{
    *attempt = (struct attempt){ .store = store,
                                 .create = create,
                                 .backoff = NDB_BACKOFF_INIT,
                                 .err = err };
    (void)ndb_path_slot(&attempt->path, create->number);
    create->foreign = NDB_BUF_INIT(0);
}

int ndb_slot_create(struct ndb_store *store, struct ndb_slot_create *create,
                    namidb_error *err)
{
    struct attempt attempt;

    begin(&attempt, store, create, err);
    return finish(&attempt, try_once(&attempt));
}

int ndb_slot_settle(struct ndb_store *store, struct ndb_slot_create *create,
                    const struct ndb_request *request, namidb_error *err)
{
    struct attempt attempt;

    begin(&attempt, store, create, err);
    return finish(&attempt, judge(&attempt, request));
}

void ndb_slot_create_release(struct ndb_slot_create *create)
{
    ndb_buf_release(&create->foreign);
}

int ndb_fence_encode(struct ndb_buf *out, uint64_t number,
                     const struct ndb_nonce *nonce, struct ndb_hash128 *hash)
{
    const struct ndb_slot fence = { .kind = NDB_SLOT_FENCE,
                                    .number = number,
                                    .epoch = number,
                                    .nonce = *nonce };

    return ndb_slot_encode(out, &fence, ndb_slice(NULL, 0), hash);
}
