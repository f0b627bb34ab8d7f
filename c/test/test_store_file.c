/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a folder owes beyond other stores: names that outlive a power cut, and
 * nothing left behind by processes that died.
 */
#include "store_calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/store_file.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { PATH_BYTES = 256, DAY_SECONDS = 24 * 3600 };

struct fixture {
    char folder[PATH_BYTES];
    struct ndb_store *store;
};

static int begin(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    namidb_error err;

    (void)snprintf(fixture->folder, sizeof fixture->folder,
                   "/tmp/ndb-file-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    assert_int_equal(
        ndb_file_store_open(&fixture->store, fixture->folder, &err), 0);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    ndb_store_close(fixture->store);
    store_remove_folder(fixture->folder);
    free(fixture);
    return 0;
}

/* A create of which the k-th step fails; 0: none does. */
static int create_failing(struct fixture *fixture, const char *key, unsigned k,
                          int system_error, bool *is_ambiguous)
{
    struct ndb_request put = { .op = NDB_PUT_IF_ABSENT,
                               .key = key,
                               .body = ndb_slice_text("text"),
                               .deadline_ns = NDB_NEVER };

    ndb_file_fail_at(k, system_error);
    (void)ndb_store_run(fixture->store, &put, 1, NULL);
    ndb_file_fail_at(0, 0);
    ndb_request_release(&put);
    *is_ambiguous = put.is_ambiguous;
    return put.status;
}

static int create(struct fixture *fixture, const char *key, unsigned k,
                  bool *is_ambiguous)
{
    return create_failing(fixture, key, k, EIO, is_ambiguous);
}

/* Write, sync, link, sync of the folder. */
enum { LINK = 3, FOLDER_SYNC = 4 };

static void test_store_file__a_link_may_be_done_and_called_failed(void **state)
{
    static const int ERRORS[] = { EIO, ETIMEDOUT, EINTR, ESTALE };
    bool is_ambiguous;

    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++) {
        assert_int_equal(
            create_failing(*state, "new", LINK, ERRORS[i], &is_ambiguous),
            NAMIDB_EIO);
        assert_true(is_ambiguous);
    }
    assert_int_equal(create_failing(*state, "new", LINK, ENOSPC, &is_ambiguous),
                     NAMIDB_EIO);
    assert_false(is_ambiguous);
}

/* The name is there and may be gone after a power cut, so "is there already",
 * which the writer takes for "committed", is to be said only of one that was
 * synced. */
static void test_store_file__a_conflict_is_with_a_durable_name(void **state)
{
    bool is_ambiguous;

    assert_int_equal(create(*state, "new", FOLDER_SYNC, &is_ambiguous),
                     NAMIDB_EIO);
    assert_true(is_ambiguous);
    assert_int_equal(create(*state, "new", FOLDER_SYNC, &is_ambiguous),
                     NAMIDB_EIO);
    assert_true(is_ambiguous);
    assert_int_equal(create(*state, "new", 0, &is_ambiguous), NAMIDB_ECONFLICT);
    assert_false(is_ambiguous);
}

/* A folder whose own name could not be synced is not there for the next put,
 * which would trust it. */
static void test_store_file__a_folder_is_durable_or_not_there(void **state)
{
    struct fixture *fixture = *state;
    char path[PATH_BYTES + 8];
    struct stat status;
    bool is_ambiguous;

    (void)snprintf(path, sizeof path, "%s/log", fixture->folder);
    assert_int_equal(create(fixture, "log/a", 1, &is_ambiguous), NAMIDB_EIO);
    assert_int_not_equal(stat(path, &status), 0);
    assert_int_equal(create(fixture, "log/a", 0, &is_ambiguous), NAMIDB_OK);
}

static void leave(const struct fixture *fixture, const char *name,
                  int64_t age_seconds)
{
    char path[2 * PATH_BYTES];
    int64_t now = ndb_clock_wall_ms() / 1000;
    const struct timespec times[2] = {
        { .tv_sec = (time_t)(now - age_seconds) },
        { .tv_sec = (time_t)(now - age_seconds) }
    };
    int file;

    (void)snprintf(path, sizeof path, "%s/%s", fixture->folder, name);
    file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(futimens(file, times), 0);
    (void)close(file);
}

static bool is_there(const struct fixture *fixture, const char *name)
{
    char path[2 * PATH_BYTES];

    (void)snprintf(path, sizeof path, "%s/%s", fixture->folder, name);
    return access(path, F_OK) == 0;
}

/* A process that died in the middle of a pack leaves up to 4 GiB. */
static void test_store_file__a_flush_sweeps_what_the_dead_left(void **state)
{
    static const char *const FOLDERS[] = { "log", "pack", "manifest" };
    struct fixture *fixture = *state;
    bool is_ambiguous;

    for (int i = 0; i < 3; i++) {
        char name[64];

        (void)snprintf(name, sizeof name, "%s/a", FOLDERS[i]);
        assert_int_equal(create(fixture, name, 0, &is_ambiguous), NAMIDB_OK);
        (void)snprintf(name, sizeof name, "%s/.tmp-old", FOLDERS[i]);
        leave(fixture, name, 2 * DAY_SECONDS);
        (void)snprintf(name, sizeof name, "%s/.tmp-new", FOLDERS[i]);
        leave(fixture, name, 60);
    }
    assert_int_equal(create(fixture, "manifest/b", 0, &is_ambiguous),
                     NAMIDB_OK);
    for (int i = 0; i < 3; i++) {
        char name[64];

        (void)snprintf(name, sizeof name, "%s/.tmp-old", FOLDERS[i]);
        assert_false(is_there(fixture, name));
        (void)snprintf(name, sizeof name, "%s/.tmp-new", FOLDERS[i]);
        assert_true(is_there(fixture, name));
        (void)snprintf(name, sizeof name, "%s/a", FOLDERS[i]);
        assert_true(is_there(fixture, name));
    }
}

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
    assert_int_equal(store_put(store, NDB_PUT, "there", "old"), NAMIDB_OK);
    for (unsigned k = 1; !is_done; k++) {
        struct ndb_request request =
            store_request(op, op == NDB_PUT ? "there" : "new");
        bool is_there;

        request.body = ndb_slice_text("text");
        ndb_file_fail_at(k, system_error);
        (void)store_run(store, &request);
        ndb_file_fail_at(0, 0);
        is_there = store_holds(store, request.key, "text");
        if (request.status == NAMIDB_OK) {
            is_done = true;
            assert_true(k > 2 && is_there);
        } else {
            assert_int_equal(request.status, code);
            assert_true(request.err.message[0] != '\0');
            assert_true(request.is_ambiguous || !is_there);
            if (!is_there)
                assert_true(store_holds(store, request.key,
                                        op == NDB_PUT ? "old" : NULL));
        }
        ndb_request_release(&request);
        assert_int_equal(store_put(store, NDB_DELETE, "new", ""), NAMIDB_OK);
        assert_int_equal(store_put(store, NDB_PUT, "there", "old"), NAMIDB_OK);
        assert_int_equal(count_files(folder), 1); /* nothing half written */
    }
    ndb_store_close(store);
    store_remove_folder(folder);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_store_file__a_link_may_be_done_and_called_failed, begin, end),
        cmocka_unit_test_setup_teardown(
            test_store_file__a_conflict_is_with_a_durable_name, begin, end),
        cmocka_unit_test_setup_teardown(
            test_store_file__a_folder_is_durable_or_not_there, begin, end),
        cmocka_unit_test_setup_teardown(
            test_store_file__a_flush_sweeps_what_the_dead_left, begin, end),
        cmocka_unit_test(
            test_store_file__a_full_disk_leaves_nothing_half_written),
        cmocka_unit_test(test_store_file__missing_permission_is_auth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
