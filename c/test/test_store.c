/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One conformance suite for every store: memory, a folder, the wrappers around
 * them, and the store that NAMIDB_TEST_URI names. It holds them to the promises
 * of store.h and nothing else.
 */
#include "store_calls.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "place.h"
#include "store/store_file.h"
#include "store/wrappers.h"

enum kind { MEMORY, FOLDER, COUNTING, FAULTY, ON_COUNTED_FOLDER, KINDS };

struct fixture {
    char uri[PLACE_URI_BYTES]; /* memory, or the user's */
    char folder[64];
    struct ndb_store *store;
};

/* A second handle on the same objects. */
static struct ndb_store *open_plain(struct fixture *fixture, enum kind kind)
{
    struct ndb_store *store = NULL;
    namidb_error err = { .code = 0 };
    int rc = kind == FOLDER || kind == ON_COUNTED_FOLDER
                 ? ndb_file_store_open(&store, fixture->folder, &err)
                 : ndb_store_open(&store, fixture->uri, &err);

    if (rc < 0)
        print_error("%s\n", err.message);
    assert_true(rc >= 0);
    return store;
}

static struct ndb_store *open_kind(struct fixture *fixture, enum kind kind)
{
    struct ndb_store *store = open_plain(fixture, kind);
    namidb_error err;

    if (kind == COUNTING || kind == ON_COUNTED_FOLDER)
        assert_int_equal(ndb_counting_open(&store, store, &err), 0);
    if (kind == FAULTY)
        assert_int_equal(ndb_faulty_open(&store, store, &err), 0);
    return store;
}

/* Runs one test on a fresh store of each kind. */
static void on_all(void (*test)(struct fixture *fixture, enum kind kind))
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct fixture fixture;

        place_new(fixture.uri);
        (void)snprintf(fixture.folder, sizeof fixture.folder,
                       "/tmp/ndb-store-XXXXXX");
        assert_non_null(mkdtemp(fixture.folder));
        fixture.store = open_kind(&fixture, (enum kind)kind);
        test(&fixture, (enum kind)kind);
        ndb_store_close(fixture.store);
        place_clear(fixture.uri);
        store_remove_folder(fixture.folder);
    }
}

/* ------------------------------------------------------------- the promises --
 */

static void objects(struct fixture *f, enum kind kind)
{
    struct ndb_store *other = open_plain(f, kind);

    assert_true(store_holds(f->store, "a", NULL));
    assert_int_equal(store_put(f->store, NDB_PUT, "a", "one"), NAMIDB_OK);
    assert_true(store_holds(f->store, "a", "one"));
    assert_true(store_holds(other, "a", "one"));
    assert_int_equal(store_put(f->store, NDB_PUT, "a", ""), NAMIDB_OK);
    assert_true(store_holds(other, "a", ""));
    assert_int_equal(store_put(other, NDB_PUT_IF_ABSENT, "a", "two"),
                     NAMIDB_ECONFLICT);
    assert_true(store_holds(f->store, "a", ""));
    assert_int_equal(store_put(other, NDB_PUT_IF_ABSENT, "d/e/b", "two"),
                     NAMIDB_OK);
    assert_true(store_holds(f->store, "d/e/b", "two"));
    assert_int_equal(store_put(f->store, NDB_DELETE, "d/e/b", ""), NAMIDB_OK);
    assert_int_equal(store_put(f->store, NDB_DELETE, "d/e/b", ""), NAMIDB_OK);
    assert_true(store_holds(other, "d/e/b", NULL));
    assert_int_equal(store_put(other, NDB_PUT_IF_ABSENT, "d/e/b", "3"),
                     NAMIDB_OK);
    assert_true(store_holds(f->store, "d/e/b", "3"));
    ndb_store_close(other);
}

static void test_store__keeps_objects(void **state)
{
    (void)state;
    on_all(objects);
}

static void range(struct ndb_store *store, uint64_t offset, uint64_t length,
                  const char *wanted)
{
    struct ndb_request request = store_request(NDB_GET, "r");

    request.offset = offset;
    request.length = length;
    (void)store_run(store, &request);
    if (wanted == NULL) {
        assert_int_equal(request.status, NAMIDB_EINVAL);
    } else {
        assert_int_equal(request.status, NAMIDB_OK);
        assert_true(ndb_slice_equal(ndb_buf_slice(&request.out),
                                    ndb_slice_text(wanted)));
        assert_int_equal(request.object_bytes, 10);
    }
    ndb_request_release(&request);
}

static void ranges(struct fixture *f, enum kind kind)
{
    struct ndb_request bounded = store_request(NDB_GET, "r");

    (void)kind;
    assert_int_equal(store_put(f->store, NDB_PUT, "r", "0123456789"),
                     NAMIDB_OK);
    range(f->store, 0, 0, "0123456789");
    range(f->store, 0, 1, "0");
    range(f->store, 3, 4, "3456");
    range(f->store, 9, 1, "9");
    range(f->store, 7, 100, "789");
    range(f->store, 4, 0, "456789");
    range(f->store, 11, 1, NULL);
    bounded.length_max = 9;
    assert_int_equal(store_run(f->store, &bounded), NAMIDB_ELIMIT);
    ndb_request_release(&bounded);
    bounded = store_request(NDB_GET, "r");
    bounded.length_max = 10;
    assert_int_equal(store_run(f->store, &bounded), NAMIDB_OK);
    ndb_request_release(&bounded);
}

static void test_store__reads_ranges(void **state)
{
    (void)state;
    on_all(ranges);
}

/* Keys below a prefix, joined. */
static void list(struct ndb_store *store, const char *prefix, const char *after,
                 uint32_t limit, const char *wanted, bool is_truncated)
{
    struct ndb_request request = store_request(NDB_LIST, prefix);
    char text[256] = "";

    request.after = after;
    request.limit = limit;
    assert_int_equal(store_run(store, &request), NAMIDB_OK);
    for (size_t i = 0; i < request.listing.count; i++) {
        size_t used = strlen(text);

        (void)snprintf(text + used, sizeof text - used, "%s%s",
                       used != 0 ? " " : "", request.listing.items[i].key);
        assert_true(request.listing.items[i].modified_ms > 0);
        assert_int_equal(request.listing.items[i].bytes, 1);
    }
    assert_string_equal(text, wanted);
    /* Some servers say so when the bucket has more, but not of the prefix. */
    assert_true(request.listing.is_truncated == is_truncated ||
                (place_is_remote() && request.listing.count == limit));
    assert_true(request.date_ms > 0);
    ndb_request_release(&request);
}

static void listings(struct fixture *f, enum kind kind)
{
    static const char *const KEYS[] = { "b/2",  "a",     "b/1", "b-",
                                        "b/10", "c/x/y", "b/Z" };
    const char *doomed[] = { "b/1", "b/2", "nothing" };
    struct ndb_request many = store_request(NDB_DELETE_MANY, "");

    (void)kind;
    list(f->store, "", NULL, 0, "", false);
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        assert_int_equal(store_put(f->store, NDB_PUT, KEYS[i], "x"), NAMIDB_OK);
    list(f->store, "", NULL, 0, "a b- b/1 b/10 b/2 b/Z c/x/y", false);
    list(f->store, "b/", NULL, 0, "b/1 b/10 b/2 b/Z", false);
    list(f->store, "b/1", NULL, 0, "b/1 b/10", false);
    list(f->store, "b/", "b/10", 0, "b/2 b/Z", false);
    list(f->store, "b/", "b/11", 0, "b/2 b/Z", false);
    list(f->store, "b/", NULL, 2, "b/1 b/10", true);
    list(f->store, "b/", "b/10", 2, "b/2 b/Z", false);
    list(f->store, "zzz", NULL, 0, "", false);
    many.keys = doomed;
    many.key_count = 3;
    assert_int_equal(store_run(f->store, &many), NAMIDB_OK);
    ndb_request_release(&many);
    list(f->store, "b", NULL, 0, "b- b/10 b/Z", false);
}

static void test_store__lists_in_byte_order(void **state)
{
    (void)state;
    on_all(listings);
}

/* One submission of everything: each request has its own result. */
static void crowd(struct fixture *f, enum kind kind)
{
    enum { COUNT = 100 };
    struct ndb_request requests[COUNT];
    char keys[COUNT][16];

    (void)kind;
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "k/%d", i % 50);
        requests[i] = store_request(NDB_PUT_IF_ABSENT, keys[i]);
        requests[i].body = ndb_slice_text(keys[i]);
    }
    (void)ndb_store_run(f->store, requests, COUNT, NULL);
    for (int i = 0; i < 50; i++) {
        /* Of two with one key one wins; an ambiguous one may have. */
        assert_true(requests[i].status != requests[i + 50].status ||
                    requests[i].is_ambiguous || requests[i + 50].is_ambiguous);
        assert_true(store_holds(f->store, keys[i], keys[i]));
    }
    for (int i = 0; i < COUNT; i++)
        ndb_request_release(&requests[i]);
}

static void test_store__takes_many_at_once(void **state)
{
    (void)state;
    on_all(crowd);
}

static void large(struct fixture *f, enum kind kind)
{
    size_t bytes = (size_t)5 << 20;
    uint8_t *body = malloc(bytes);
    struct ndb_request request = store_request(NDB_PUT_IF_ABSENT, "large");

    (void)kind;
    for (size_t i = 0; i < bytes; i++)
        body[i] = (uint8_t)(i * 31 + i / 255);
    request.body = ndb_slice(body, bytes);
    assert_int_equal(store_run(f->store, &request), NAMIDB_OK);
    ndb_request_release(&request);
    request = store_request(NDB_GET, "large");
    assert_int_equal(store_run(f->store, &request), NAMIDB_OK);
    assert_true(
        ndb_slice_equal(ndb_buf_slice(&request.out), ndb_slice(body, bytes)));
    ndb_request_release(&request);
    free(body);
}

static void test_store__keeps_large_objects(void **state)
{
    (void)state;
    on_all(large);
}

/* ----------------------------------------------------------------- racing --
 */

enum { RACERS = 8, RACES = 25 };

struct racer {
    struct ndb_store *store;
    int number;
    pthread_barrier_t *barrier;
    uint32_t won; /* bits */
    uint32_t unsure;
};

static void race(struct ndb_store *store, int number, int round, uint32_t *won,
                 uint32_t *unsure)
{
    char key[24];
    char text[8];
    struct ndb_request request;

    (void)snprintf(key, sizeof key, "race/%d", round);
    (void)snprintf(text, sizeof text, "%d", number % 10);
    request = store_request(NDB_PUT_IF_ABSENT, key);
    request.body = ndb_slice_text(text);
    (void)store_run(store, &request);
    if (request.status == NAMIDB_OK)
        *won |= 1u << round;
    else if (request.is_ambiguous)
        *unsure |= 1u << round;
    ndb_request_release(&request);
}

static void *race_all(void *context)
{
    struct racer *racer = context;

    for (int round = 0; round < RACES; round++) {
        (void)pthread_barrier_wait(racer->barrier);
        race(racer->store, racer->number, round, &racer->won, &racer->unsure);
    }
    return NULL;
}

static void threads(struct fixture *f, enum kind kind)
{
    struct racer racers[RACERS];
    pthread_t ids[RACERS];
    pthread_barrier_t barrier;

    (void)pthread_barrier_init(&barrier, NULL, RACERS);
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){ open_plain(f, kind), i, &barrier, 0, 0 };
        assert_int_equal(pthread_create(&ids[i], NULL, race_all, &racers[i]),
                         0);
    }
    for (int i = 0; i < RACERS; i++)
        (void)pthread_join(ids[i], NULL);
    for (int round = 0; round < RACES; round++) {
        int winners = 0;
        bool is_sure = true;

        for (int i = 0; i < RACERS; i++) {
            winners += (int)(racers[i].won >> round & 1);
            is_sure = is_sure && !(racers[i].unsure >> round & 1);
        }
        assert_true(winners <= 1);
        assert_true(winners == 1 || !is_sure);
    }
    for (int i = 0; i < RACERS; i++)
        ndb_store_close(racers[i].store);
    (void)pthread_barrier_destroy(&barrier);
}

static void test_store__of_racing_threads_one_wins(void **state)
{
    (void)state;
    on_all(threads);
}

/* A process that races and says what it won by a bit in a pipe. */
static void race_in_child(const char *folder, int number, int out)
{
    struct ndb_store *store;
    uint32_t won = 0;
    uint32_t unsure = 0;
    namidb_error err;

    if (ndb_file_store_open(&store, folder, &err) < 0)
        _exit(1);
    for (int round = 0; round < RACES; round++)
        race(store, number, round, &won, &unsure);
    ndb_store_close(store);
    _exit(unsure != 0 || write(out, &won, sizeof won) != sizeof won);
}

static void test_store__of_racing_processes_one_wins(void **state)
{
    char folder[] = "/tmp/ndb-store-XXXXXX";
    int pipes[2];
    uint32_t seen = 0;

    (void)state;
#ifdef __SANITIZE_THREAD__
    skip(); /* it cannot start threads in a child */
#endif
    assert_non_null(mkdtemp(folder));
    assert_int_equal(pipe(pipes), 0);
    for (int i = 0; i < RACERS; i++)
        if (fork() == 0)
            race_in_child(folder, i, pipes[1]);
    for (int i = 0; i < RACERS; i++) {
        int status;
        uint32_t won;

        assert_true(wait(&status) > 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_int_equal(read(pipes[0], &won, sizeof won), sizeof won);
        assert_int_equal(seen & won, 0);
        seen |= won;
    }
    assert_int_equal(seen, (1u << RACES) - 1);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
    store_remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* Processes first: nothing has started a thread yet. */
        cmocka_unit_test(test_store__of_racing_processes_one_wins),
        cmocka_unit_test(test_store__keeps_objects),
        cmocka_unit_test(test_store__reads_ranges),
        cmocka_unit_test(test_store__lists_in_byte_order),
        cmocka_unit_test(test_store__takes_many_at_once),
        cmocka_unit_test(test_store__keeps_large_objects),
        cmocka_unit_test(test_store__of_racing_threads_one_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
