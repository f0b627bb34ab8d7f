/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/child.h"
#include "sys/clock.h"

enum { SOON_MS = 20000, PAUSE_US = 1000 };

/* Runs a line of sh; its status. */
static int run(const char *line, int64_t timeout_ms, size_t bytes_max,
               struct ndb_buf *out, namidb_error *err)
{
    char *const argv[] = { "sh", "-c", (char *)line, NULL };

    *out = NDB_BUF_INIT(bytes_max);
    return ndb_child_run(argv, ndb_deadline_after(timeout_ms), out, err);
}

static void assert_output(const char *line, const char *expected)
{
    namidb_error err = { .code = 0 };
    struct ndb_buf out;

    if (run(line, SOON_MS, 4096, &out, &err) < 0)
        fail_msg("%s", err.message);
    if (!ndb_slice_equal(ndb_buf_slice(&out), ndb_slice_text(expected)))
        fail_msg("%.*s", (int)out.bytes, (char *)out.data);
    ndb_buf_release(&out);
}

static void test_child__gives_what_a_program_prints(void **state)
{
    (void)state;
    (void)setenv("CHILD_TEST", "given on", 1);
    assert_output("echo hello; echo hush >&2; echo $CHILD_TEST",
                  "hello\ngiven on\n");
    assert_output("cat", ""); /* it has no input */
    assert_output("exit 0", "");
}

static void test_child__gets_no_file_and_no_signal_mask_of_ours(void **state)
{
    sigset_t all, old;
    int ends[2];
    char line[128];

    (void)state;
    assert_int_equal(pipe(ends), 0); /* without close-on-exec */
    (void)snprintf(line, sizeof line,
                   "test -e /proc/self/fd/%d || echo closed; "
                   "sed -nE 's/Sig(Blk|Ign).*(.{7})$/\\2/p' /proc/self/status",
                   ends[0]);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &old);
    (void)signal(SIGPIPE, SIG_IGN);
    assert_output(line, "closed\n0000000\n0000000\n");
    (void)signal(SIGPIPE, SIG_DFL);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void test_child__that_fails_is_an_error_that_shows_nothing(void **state)
{
    static const struct {
        const char *line;
        const char *text;
    } cases[] = {
        { "echo hush; echo hush >&2; exit 3", "sh: exit status 3" },
        { "echo hush; kill -9 $$", "sh: ended by signal 9" },
    };
    char *const absent[] = { "namidb-no-such-program", "hush", NULL };
    struct ndb_buf out;
    namidb_error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(run(cases[i].line, SOON_MS, 4096, &out, &err),
                         NAMIDB_EAUTH);
        assert_non_null(strstr(err.message, cases[i].text));
        assert_null(strstr(err.message, "hush"));
        ndb_buf_release(&out);
    }
    out = NDB_BUF_INIT(4096);
    assert_int_equal(ndb_child_run(absent, NDB_NEVER, &out, &err),
                     NAMIDB_EAUTH);
    assert_string_equal(err.message, "namidb-no-such-program: cannot be run: "
                                     "No such file or directory");
    ndb_buf_release(&out);
}

static void test_child__that_prints_too_much_is_ended(void **state)
{
    struct ndb_buf out;
    namidb_error err;

    (void)state;
    assert_int_equal(run("yes", SOON_MS, 64 << 10, &out, &err), NAMIDB_ELIMIT);
    ndb_buf_release(&out);
}

/* Reads the number that a child wrote; waits until nobody has it any more. */
static void assert_dead(const char *path)
{
    int64_t deadline_ns = ndb_deadline_after(SOON_MS);
    FILE *file = fopen(path, "r");
    long child = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld", &child), 1);
    (void)fclose(file);
    (void)unlink(path);
    while (kill((pid_t)child, 0) == 0) {
        char status[64];
        char text[256] = "";

        /* A zombie whose new parent has not looked yet is dead. */
        (void)snprintf(status, sizeof status, "/proc/%ld/stat", child);
        file = fopen(status, "r");
        if (file != NULL) {
            (void)!fgets(text, sizeof text, file);
            (void)fclose(file);
        }
        if (strstr(text, ") Z") != NULL)
            return;
        assert_true(ndb_clock_ns() < deadline_ns);
        (void)usleep(PAUSE_US);
    }
}

static void test_child__is_killed_at_the_deadline_with_its_own(void **state)
{
    static const char *const lines[] = {
        "sleep 600 & echo $! >%s; wait",           /* prints nothing */
        "sleep 600 & echo $! >%s; exec >&-; wait", /* and says so */
    };
    char path[] = "/tmp/namidb-child-XXXXXX";
    int file = mkstemp(path);

    (void)state;
    (void)close(file);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        int64_t start_ns = ndb_clock_ns();
        struct ndb_buf out;
        namidb_error err;
        char line[256];

        (void)snprintf(line, sizeof line, lines[i], path);
        assert_int_equal(run(line, 1500, 4096, &out, &err), NAMIDB_ETIMEOUT);
        assert_true(ndb_clock_ns() - start_ns < 10000 * NDB_NS_PER_MS);
        assert_dead(path);
        ndb_buf_release(&out);
    }
}

static void test_child__may_be_reaped_by_the_host(void **state)
{
    (void)state;
    (void)signal(SIGCHLD, SIG_IGN); /* the system reaps */
    assert_output("echo hello", "hello\n");
    (void)signal(SIGCHLD, SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_child__gives_what_a_program_prints),
        cmocka_unit_test(test_child__gets_no_file_and_no_signal_mask_of_ours),
        cmocka_unit_test(test_child__that_fails_is_an_error_that_shows_nothing),
        cmocka_unit_test(test_child__that_prints_too_much_is_ended),
        cmocka_unit_test(test_child__is_killed_at_the_deadline_with_its_own),
        cmocka_unit_test(test_child__may_be_reaped_by_the_host),
    };

    return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
