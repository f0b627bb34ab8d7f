/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "engine/replay.h"
#include "format/record.h"

struct log {
    struct ndb_place place;
    struct ndb_memtable *memtable;
    struct ndb_dict *dict;
    namidb_error err;
};

static void log_open(struct log *log)
{
    *log = (struct log){ .place = { .next = 1 } };
    assert_int_equal(ndb_memtable_new(&log->memtable), 0);
    assert_int_equal(ndb_dict_new(&log->dict), 0);
}

static void log_close(struct log *log)
{
    ndb_memtable_unref(log->memtable);
    ndb_dict_free(log->dict);
}

/* Takes in a slot as `slot` says, whose payload is records of names. */
static int take(struct log *log, const struct ndb_slot *slot,
                struct ndb_slice payload)
{
    struct ndb_buf object = NDB_BUF_INIT(NDB_SLOT_BYTES_MAX);
    struct ndb_hash128 hash;
    int rc;

    assert_int_equal(ndb_slot_encode(&object, slot, payload, &hash), 0);
    rc = ndb_replay_slot(&log->place, ndb_buf_slice(&object), log->memtable,
                         log->dict, &log->err);
    ndb_buf_release(&object);
    return rc;
}

static int take_fence(struct log *log, uint64_t number)
{
    const struct ndb_slot fence = { .kind = NDB_SLOT_FENCE,
                                    .number = number,
                                    .epoch = number };

    return take(log, &fence, ndb_slice(NULL, 0));
}

/* The batch that belongs next; `change` spoils it. */
static int take_batch(struct log *log, void (*change)(struct ndb_slot *slot))
{
    struct ndb_buf payload = NDB_BUF_INIT(NDB_BATCH_BYTES_MAX);
    const struct ndb_record record = {
        .kind = NDB_RECORD_NAME,
        .name_kind = NAMIDB_LABEL,
        .number = ndb_dict_count(log->dict, NAMIDB_LABEL) + 1,
        .text = ndb_slice_text(log->place.next % 2 ? "A" : "B")
    };
    struct ndb_slot slot = { .kind = NDB_SLOT_BATCH,
                             .number = log->place.next,
                             .epoch = log->place.epoch,
                             .previous = log->place.chain,
                             .record_count = 1 };
    int rc;

    assert_int_equal(ndb_record_encode(&payload, &record), 0);
    if (change != NULL)
        change(&slot);
    rc = take(log, &slot, ndb_buf_slice(&payload));
    ndb_buf_release(&payload);
    return rc;
}

static void other_chain(struct ndb_slot *slot)
{
    slot->previous.low ^= 1;
}

static void other_epoch(struct ndb_slot *slot)
{
    slot->epoch++;
}

static void other_number(struct ndb_slot *slot)
{
    slot->number++;
}

static void more_records(struct ndb_slot *slot)
{
    slot->record_count++;
}

static void test_replay__takes_batches_that_follow_one_another(void **state)
{
    struct log log;

    (void)state;
    log_open(&log);
    assert_int_equal(take_fence(&log, 1), 0);
    assert_int_equal(take_batch(&log, NULL), 0);
    assert_int_equal(take_batch(&log, NULL), 0);
    assert_int_equal(take_fence(&log, 4), 0);
    assert_int_equal(log.place.next, 5);
    assert_int_equal(log.place.epoch, 4);
    assert_int_equal(ndb_dict_count(log.dict, NAMIDB_LABEL), 2);
    log_close(&log);
}

/* Takes in a batch of one record. */
static int take_record(struct log *log, const struct ndb_record *record)
{
    struct ndb_buf payload = NDB_BUF_INIT(NDB_BATCH_BYTES_MAX);
    const struct ndb_slot slot = { .kind = NDB_SLOT_BATCH,
                                   .number = log->place.next,
                                   .epoch = log->place.epoch,
                                   .previous = log->place.chain,
                                   .record_count = 1 };
    int rc;

    assert_int_equal(ndb_record_encode(&payload, record), 0);
    rc = take(log, &slot, ndb_buf_slice(&payload));
    ndb_buf_release(&payload);
    return rc;
}

/* Label 1 is known, and no type. */
static void test_replay__refuses_what_has_no_name(void **state)
{
    static const uint8_t ROW[] = { 0, 0, 0 };
    const struct ndb_slice row = ndb_slice(ROW, sizeof ROW);
    const struct ndb_record bad[] = {
        { .kind = NDB_RECORD_NODE, .id = NAMIDB_ID(1, 2), .row = row },
        { .kind = NDB_RECORD_NODE_DELETE, .id = NAMIDB_ID(1, 2), .row = row },
        { .kind = NDB_RECORD_LABEL, .id = NAMIDB_ID(1, 1), .number = 2 },
        { .kind = NDB_RECORD_LABEL, .id = NAMIDB_ID(1, 2), .number = 1 },
        { .kind = NDB_RECORD_EDGE,
          .id = NAMIDB_ID(1, 1),
          .from = NAMIDB_ID(1, 1),
          .to = NAMIDB_ID(1, 1) },
        { .kind = NDB_RECORD_EDGE_DELETE,
          .id = NAMIDB_ID(1, 1),
          .from = NAMIDB_ID(1, 1),
          .to = NAMIDB_ID(1, 1) },
    };
    const struct ndb_record good = { .kind = NDB_RECORD_LABEL,
                                     .id = NAMIDB_ID(1, 1),
                                     .number = 1 };
    struct log log;

    (void)state;
    log_open(&log);
    assert_int_equal(take_fence(&log, 1), 0);
    assert_int_equal(take_batch(&log, NULL), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(take_record(&log, &bad[i]), NAMIDB_ECORRUPT);
        assert_true(ndb_memtable_is_empty(log.memtable));
        assert_int_equal(log.place.next, 3);
    }
    assert_int_equal(take_record(&log, &good), 0);
    log_close(&log);
}

/* Each kind of spoiled slot is corrupt, names its object and changes nothing.
 */
static void test_replay__refuses_what_does_not_follow(void **state)
{
    void (*const changes[])(struct ndb_slot *) = { other_chain, other_epoch,
                                                   other_number, more_records };

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct log log;

        log_open(&log);
        assert_int_equal(take_fence(&log, 1), 0);
        assert_int_equal(take_batch(&log, NULL), 0);
        assert_int_equal(take_batch(&log, changes[i]), NAMIDB_ECORRUPT);
        assert_true(strncmp(log.err.object, "log/", 4) == 0);
        assert_int_equal(log.place.next, 3);
        assert_int_equal(log.place.epoch, 1);
        if (changes[i] != more_records) /* which has defined its name */
            assert_int_equal(take_batch(&log, NULL), 0);
        log_close(&log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay__takes_batches_that_follow_one_another),
        cmocka_unit_test(test_replay__refuses_what_has_no_name),
        cmocka_unit_test(test_replay__refuses_what_does_not_follow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
