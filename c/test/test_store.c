/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One conformance suite for every store: memory, a folder, the wrappers around
 * them, and the store that NAMIDB_TEST_URI names. It holds them to the promises
 * of store.h and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "place.h"
#include "store/store_file.h"
#include "store/store_memory.h"
#include "store/wrappers.h"
#include "sys/clock.h"
#include "sys/file.h"

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

static void remove_folder(const char *folder)
{
    char command[96];

    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
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
        remove_folder(fixture.folder);
    }
}

/* --------------------------------------------------------------- requests --
 */

static struct ndb_request request_of(enum ndb_store_op op, const char *key)
{
    return (struct ndb_request){ .op = op,
                                 .key = key,
                                 .deadline_ns = ndb_deadline_after(30000) };
}

/* Runs one; the caller releases it. */
static int run(struct ndb_store *store, struct ndb_request *request)
{
    return ndb_store_run(store, request, 1, NULL);
}

static int put(struct ndb_store *store, enum ndb_store_op op, const char *key,
               const char *text)
{
    struct ndb_request request = request_of(op, key);
    int status;

    request.body = ndb_slice_text(text);
    (void)run(store, &request);
    status = request.status;
    assert_true(status < 0 || request.date_ms > 0);
    ndb_request_release(&request);
    return status;
}

/* Whether the object is just that; NULL: it is absent. */
static bool holds(struct ndb_store *store, const char *key, const char *text)
{
    struct ndb_request request = request_of(NDB_GET, key);
    bool is_it;

    assert_true(run(store, &request) >= 0);
    is_it = text == NULL ? request.status == NAMIDB_NONE
                         : request.status == NAMIDB_OK &&
                               request.object_bytes == strlen(text) &&
                               ndb_slice_equal(ndb_buf_slice(&request.out),
                                               ndb_slice_text(text));
    ndb_request_release(&request);
    return is_it;
}

/* ------------------------------------------------------------- the promises --
 */

static void objects(struct fixture *f, enum kind kind)
{
    struct ndb_store *other = open_plain(f, kind);

    assert_true(holds(f->store, "a", NULL));
    assert_int_equal(put(f->store, NDB_PUT, "a", "one"), NAMIDB_OK);
    assert_true(holds(f->store, "a", "one"));
    assert_true(holds(other, "a", "one"));
    assert_int_equal(put(f->store, NDB_PUT, "a", ""), NAMIDB_OK);
    assert_true(holds(other, "a", ""));
    assert_int_equal(put(other, NDB_PUT_IF_ABSENT, "a", "two"),
                     NAMIDB_ECONFLICT);
    assert_true(holds(f->store, "a", ""));
    assert_int_equal(put(other, NDB_PUT_IF_ABSENT, "d/e/b", "two"), NAMIDB_OK);
    assert_true(holds(f->store, "d/e/b", "two"));
    assert_int_equal(put(f->store, NDB_DELETE, "d/e/b", ""), NAMIDB_OK);
    assert_int_equal(put(f->store, NDB_DELETE, "d/e/b", ""), NAMIDB_OK);
    assert_true(holds(other, "d/e/b", NULL));
    assert_int_equal(put(other, NDB_PUT_IF_ABSENT, "d/e/b", "3"), NAMIDB_OK);
    assert_true(holds(f->store, "d/e/b", "3"));
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
    struct ndb_request request = request_of(NDB_GET, "r");

    request.offset = offset;
    request.length = length;
    (void)run(store, &request);
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
    struct ndb_request bounded = request_of(NDB_GET, "r");

    (void)kind;
    assert_int_equal(put(f->store, NDB_PUT, "r", "0123456789"), NAMIDB_OK);
    range(f->store, 0, 0, "0123456789");
    range(f->store, 0, 1, "0");
    range(f->store, 3, 4, "3456");
    range(f->store, 9, 1, "9");
    range(f->store, 7, 100, "789");
    range(f->store, 4, 0, "456789");
    range(f->store, 11, 1, NULL);
    bounded.length_max = 9;
    assert_int_equal(run(f->store, &bounded), NAMIDB_ELIMIT);
    ndb_request_release(&bounded);
    bounded = request_of(NDB_GET, "r");
    bounded.length_max = 10;
    assert_int_equal(run(f->store, &bounded), NAMIDB_OK);
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
    struct ndb_request request = request_of(NDB_LIST, prefix);
    char text[256] = "";

    request.after = after;
    request.limit = limit;
    assert_int_equal(run(store, &request), NAMIDB_OK);
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
    struct ndb_request many = request_of(NDB_DELETE_MANY, "");

    (void)kind;
    list(f->store, "", NULL, 0, "", false);
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        assert_int_equal(put(f->store, NDB_PUT, KEYS[i], "x"), NAMIDB_OK);
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
    assert_int_equal(run(f->store, &many), NAMIDB_OK);
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
        requests[i] = request_of(NDB_PUT_IF_ABSENT, keys[i]);
        requests[i].body = ndb_slice_text(keys[i]);
    }
    (void)ndb_store_run(f->store, requests, COUNT, NULL);
    for (int i = 0; i < 50; i++) {
        /* Of two with one key one wins; an ambiguous one may have. */
        assert_true(requests[i].status != requests[i + 50].status ||
                    requests[i].is_ambiguous || requests[i + 50].is_ambiguous);
        assert_true(holds(f->store, keys[i], keys[i]));
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
    struct ndb_request request = request_of(NDB_PUT_IF_ABSENT, "large");

    (void)kind;
    for (size_t i = 0; i < bytes; i++)
        body[i] = (uint8_t)(i * 31 + i / 255);
    request.body = ndb_slice(body, bytes);
    assert_int_equal(run(f->store, &request), NAMIDB_OK);
    ndb_request_release(&request);
    request = request_of(NDB_GET, "large");
    assert_int_equal(run(f->store, &request), NAMIDB_OK);
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
    request = request_of(NDB_PUT_IF_ABSENT, key);
    request.body = ndb_slice_text(text);
    (void)run(store, &request);
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
    remove_folder(folder);
}

/* ------------------------------------------------------- misfortunes of disks
 * -- */

static unsigned count_files(const char *folder)
{
    DIR *dir = opendir(folder);
    unsigned count = 0;

    for (struct dirent *e = dir != NULL ? readdir(dir) : NULL; e != NULL;
         e = readdir(dir))
        count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    if (dir != NULL)
        (void)closedir(dir);
    return count;
}

/* Every step of a put fails once. */
static void put_with_faults(enum ndb_store_op op, int system_error, int code)
{
    char folder[] = "/tmp/ndb-store-XXXXXX";
    bool is_done = false;
    struct ndb_store *store;
    namidb_error err;

    assert_non_null(mkdtemp(folder));
    assert_int_equal(ndb_file_store_open(&store, folder, &err), 0);
    assert_int_equal(put(store, NDB_PUT, "there", "old"), NAMIDB_OK);
    for (unsigned k = 1; !is_done; k++) {
        struct ndb_request request =
            request_of(op, op == NDB_PUT ? "there" : "new");
        bool is_there;

        request.body = ndb_slice_text("text");
        ndb_file_fail_at(k, system_error);
        (void)run(store, &request);
        ndb_file_fail_at(0, 0);
        is_there = holds(store, request.key, "text");
        if (request.status == NAMIDB_OK) {
            is_done = true;
            assert_true(k > 2 && is_there);
        } else {
            assert_int_equal(request.status, code);
            assert_true(request.err.message[0] != '\0');
            assert_true(request.is_ambiguous || !is_there);
            if (!is_there)
                assert_true(
                    holds(store, request.key, op == NDB_PUT ? "old" : NULL));
        }
        ndb_request_release(&request);
        assert_int_equal(put(store, NDB_DELETE, "new", ""), NAMIDB_OK);
        assert_int_equal(put(store, NDB_PUT, "there", "old"), NAMIDB_OK);
        assert_int_equal(count_files(folder), 1); /* nothing half written */
    }
    ndb_store_close(store);
    remove_folder(folder);
}

static void
test_store_file__a_full_disk_leaves_nothing_half_written(void **state)
{
    (void)state;
    put_with_faults(NDB_PUT, ENOSPC, NAMIDB_EIO);
    put_with_faults(NDB_PUT_IF_ABSENT, ENOSPC, NAMIDB_EIO);
}

static void test_store_file__missing_permission_is_auth(void **state)
{
    (void)state;
    put_with_faults(NDB_PUT, EACCES, NAMIDB_EAUTH);
    put_with_faults(NDB_PUT_IF_ABSENT, EROFS, NAMIDB_EAUTH);
}

/* --------------------------------------------------------------- wrappers --
 */

static void test_counting__counts_requests_bytes_and_rounds(void **state)
{
    struct ndb_store *store;
    struct ndb_store_counts counts;
    struct ndb_request gets[3];
    const char *keys[] = { "a", "b" };
    struct ndb_request many = request_of(NDB_DELETE_MANY, "");
    namidb_error err;

    (void)state;
    assert_int_equal(ndb_memory_open(&store, "counted", "", &err), 0);
    assert_int_equal(ndb_counting_open(&store, store, &err), 0);
    assert_int_equal(put(store, NDB_PUT, "a", "12345"), NAMIDB_OK);
    assert_int_equal(put(store, NDB_PUT_IF_ABSENT, "a", "123"),
                     NAMIDB_ECONFLICT);
    gets[0] = request_of(NDB_GET, "a");
    gets[1] = request_of(NDB_GET, "none");
    gets[2] = request_of(NDB_LIST, "");
    assert_int_equal(ndb_store_run(store, gets, 3, &err), 0);
    many.keys = keys;
    many.key_count = 2;
    assert_int_equal(run(store, &many), NAMIDB_OK);
    ndb_counting_read(store, &counts);
    assert_int_equal(counts.requests[NDB_PUT], 1);
    assert_int_equal(counts.requests[NDB_PUT_IF_ABSENT], 1);
    assert_int_equal(counts.requests[NDB_GET], 2);
    assert_int_equal(counts.requests[NDB_LIST], 1);
    assert_int_equal(counts.requests[NDB_DELETE_MANY], 2);
    assert_int_equal(counts.bytes_written, 8);
    assert_int_equal(counts.bytes_read, 5);
    assert_int_equal(counts.rounds, 4);
    assert_int_equal(counts.in_flight, 0);
    for (int i = 0; i < 3; i++)
        ndb_request_release(&gets[i]);
    ndb_store_close(store);
    ndb_memory_clear("counted");
}

/* A put through a store that misbehaves once: its result, and whether the
 * object is there before and after held requests are let go. */
static void misbehave(enum ndb_fault fault, int status, bool is_ambiguous,
                      bool is_there, bool is_there_later)
{
    struct ndb_store *inside, *store, *counting;
    struct ndb_store_counts counts;
    struct ndb_request request = request_of(NDB_PUT_IF_ABSENT, "k");
    namidb_error err;

    assert_int_equal(ndb_memory_open(&inside, "faulty", "", &err), 0);
    assert_int_equal(ndb_memory_open(&store, "faulty", "", &err), 0);
    assert_int_equal(ndb_faulty_open(&store, store, &err), 0);
    assert_int_equal(ndb_counting_open(&counting, store, &err), 0);
    ndb_faulty_plan(
        store, &(struct ndb_fault_plan){
                   .ops = 1u << NDB_PUT_IF_ABSENT, .fault = fault, .at = 1 });
    request.body = ndb_slice_text("x");
    (void)run(counting, &request);
    assert_int_equal(request.status, status);
    assert_true(request.is_ambiguous == is_ambiguous);
    ndb_counting_read(counting, &counts);
    assert_int_equal(counts.ambiguous, is_ambiguous);
    ndb_request_release(&request);
    assert_true(holds(inside, "k", is_there ? "x" : NULL));
    ndb_faulty_release(store);
    assert_true(holds(inside, "k", is_there_later ? "x" : NULL));
    assert_int_equal(ndb_faulty_seen(store), 1);
    ndb_store_close(counting);
    ndb_store_close(inside);
    ndb_memory_clear("faulty");
}

static void test_faulty__misbehaves_as_planned(void **state)
{
    (void)state;
    misbehave(NDB_FAULT_NONE, NAMIDB_OK, false, true, true);
    misbehave(NDB_FAULT_FAIL, NAMIDB_EIO, false, false, false);
    misbehave(NDB_FAULT_LOST, NAMIDB_EIO, true, false, false);
    misbehave(NDB_FAULT_DROP, NAMIDB_EIO, true, true, true);
    misbehave(NDB_FAULT_LATE, NAMIDB_ETIMEOUT, true, false, true);
    misbehave(NDB_FAULT_CONFLICT, NAMIDB_ECONFLICT, false, true, true);
}

static void get_damaged(enum ndb_fault fault, const char *not_this,
                        size_t bytes)
{
    struct ndb_store *store;
    struct ndb_request request = request_of(NDB_GET, "k");
    namidb_error err;

    assert_int_equal(ndb_memory_open(&store, "damaged", "", &err), 0);
    assert_int_equal(ndb_faulty_open(&store, store, &err), 0);
    assert_int_equal(put(store, NDB_PUT, "k", not_this), NAMIDB_OK);
    ndb_faulty_plan(store, &(struct ndb_fault_plan){
                               .ops = 1u << NDB_GET, .fault = fault, .at = 1 });
    assert_int_equal(run(store, &request), NAMIDB_OK);
    assert_int_equal(request.out.bytes, bytes);
    assert_false(
        ndb_slice_equal(ndb_buf_slice(&request.out), ndb_slice_text(not_this)));
    ndb_request_release(&request);
    assert_true(holds(store, "k", not_this)); /* once only */
    ndb_store_close(store);
    ndb_memory_clear("damaged");
}

static void test_faulty__damages_what_is_read(void **state)
{
    (void)state;
    get_damaged(NDB_FAULT_TRUNCATE, "abcdef", 5);
    get_damaged(NDB_FAULT_FLIP, "abcdef", 6);
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
        cmocka_unit_test(
            test_store_file__a_full_disk_leaves_nothing_half_written),
        cmocka_unit_test(test_store_file__missing_permission_is_auth),
        cmocka_unit_test(test_counting__counts_requests_bytes_and_rounds),
        cmocka_unit_test(test_faulty__misbehaves_as_planned),
        cmocka_unit_test(test_faulty__damages_what_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
