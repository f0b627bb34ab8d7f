/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_process: a script that prints what a file has, and notes its
 * arguments in another.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "aws_home.h"
#include "credentials_asker.h"
#include "net/credentials.h"
#include "sys/clock.h"

enum { PAUSE_US = 1000 };

static char folder[] = "/tmp/namidb process XXXXXX"; /* with blanks */

static const char *in_folder(const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void read_file(const char *name, char *out, size_t capacity)
{
    FILE *file = fopen(in_folder(name), "r");
    size_t bytes = 0;

    if (file != NULL) {
        bytes = fread(out, 1, capacity - 1, file);
        (void)fclose(file);
    }
    out[bytes] = '\0';
}

static int begin(void **state)
{
    if (aws_home_setup(state) != 0 || mkdtemp(folder) == NULL)
        return -1;
    write_file("give", "#!/bin/sh\n"
                       "cd \"$(dirname \"$0\")\"\n"
                       "for a; do echo \"[$a]\"; done >arguments\n"
                       "echo x >>runs\n"
                       "echo hush >&2\n"
                       ". ./answer\n");
    return chmod(in_folder("give"), 0700);
}

static int finish(void **state)
{
    static const char *const names[] = { "give", "arguments", "runs",
                                         "answer" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)unlink(in_folder(names[i]));
    (void)rmdir(folder);
    return aws_home_teardown(state);
}

static size_t runs(void)
{
    char text[256];

    read_file("runs", text, sizeof text);
    return strlen(text) / 2;
}

/* What the script does at its end. */
static void set_answer(const char *text)
{
    write_file("answer", text);
    (void)unlink(in_folder("runs"));
}

static void set_keys(int64_t lifetime_s)
{
    time_t at = (time_t)(ndb_clock_wall_ms() / 1000 + lifetime_s);
    char expires[32];
    char text[512];
    struct tm utc;

    (void)gmtime_r(&at, &utc);
    (void)strftime(expires, sizeof expires, "%Y-%m-%dT%H:%M:%SZ", &utc);
    (void)snprintf(text, sizeof text,
                   "cat <<E\n{\"Version\": 1, \"AccessKeyId\": \"KEY$(wc -l "
                   "<runs)\", \"SecretAccessKey\": \"hush\", \"SessionToken\": "
                   "\"TOKEN\", \"Expiration\": \"%s\"}\nE\n",
                   expires);
    set_answer(text);
}

static int open_source(struct ndb_credentials_source **source,
                       const char *arguments, bool can_run, namidb_error *err)
{
    const struct ndb_credentials_wish wish = { .region = "us-east-1",
                                               .can_run = can_run };
    char config[512];

    aws_home_clear();
    (void)snprintf(config, sizeof config,
                   "[default]\ncredential_process = \"%s/give\" %s\n", folder,
                   arguments);
    aws_home_write("config", config);
    return ndb_credentials_open(source, &wish, err);
}

/* --------------------------------------------------------------- asking -- */

/* The keys, "id secret token", or "" and the failure. */
static void ask(struct ndb_credentials_source *source, char text[128],
                namidb_error *err)
{
    struct ndb_credentials *keys = credentials_ask(source, err);

    text[0] = '\0';
    if (keys != NULL)
        (void)snprintf(text, 128, "%s %s %s", keys->access_key,
                       keys->secret_key,
                       keys->token != NULL ? keys->token : "-");
    ndb_credentials_unref(keys);
}

static void assert_keys(struct ndb_credentials_source *source,
                        const char *expected)
{
    namidb_error err = { .code = 0 };
    char text[128];

    ask(source, text, &err);
    if (strcmp(text, expected) != 0)
        fail_msg("'%s': %s", text, err.message);
}

/* ---------------------------------------------------------------- tests -- */

static void test_process__is_run_by_leave_only(void **state)
{
    struct ndb_credentials_source *source;
    namidb_error err;

    (void)state;
    set_keys(3600);
    assert_int_equal(open_source(&source, "", false, &err),
                     NAMIDB_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "credential_process=allow"));
    assert_int_equal(runs(), 0);

    assert_int_equal(open_source(&source, "", true, &err), NAMIDB_OK);
    assert_string_equal(ndb_credentials_place(source),
                        "credential_process of profile 'default'");
    assert_int_equal(runs(), 0); /* not before somebody asks */
    assert_keys(source, "KEY1 hush TOKEN");
    assert_keys(source, "KEY1 hush TOKEN");
    assert_int_equal(runs(), 1);
    ndb_credentials_close(source);
}

static void test_process__gets_words_as_no_shell_would_give_them(void **state)
{
    struct ndb_credentials_source *source;
    namidb_error err;
    char text[512];

    (void)state;
    set_keys(3600);
    assert_int_equal(
        open_source(&source,
                    "$HOME 'single \"quoted\" \\' \"a \\\"b\\\" 'c'\" d\\ e "
                    "`date`;rm -rf *  ''  x\"y\"'z' | &",
                    true, &err),
        NAMIDB_OK);
    assert_keys(source, "KEY1 hush TOKEN");
    ndb_credentials_close(source);
    read_file("arguments", text, sizeof text);
    assert_string_equal(text, "[$HOME]\n[single \"quoted\" \\]\n[a \"b\" 'c']\n"
                              "[d e]\n[`date`;rm]\n[-rf]\n[*]\n[]\n[xyz]\n[|]\n"
                              "[&]\n");
}

static void test_process__a_line_that_is_none_is_an_error(void **state)
{
    struct ndb_credentials_source *source;
    namidb_error err;
    char words[512] = "";

    (void)state;
    assert_int_equal(open_source(&source, "'open", true, &err), NAMIDB_EAUTH);
    assert_non_null(strstr(err.message, "a quote does not end"));
    for (int i = 0; i < 64; i++)
        strncat(words, "a ", sizeof words - strlen(words) - 1);
    assert_int_equal(open_source(&source, words, true, &err), NAMIDB_ELIMIT);
}

static void test_process__that_gives_no_keys_is_an_error(void **state)
{
    static const struct {
        const char *answer;
        const char *text;
    } cases[] = {
        { "echo hush; exit 7", "exit status 7" },
        { "echo hush", "the answer is not Version 1" },
        { "true", "the answer is not Version 1" },
        { "echo '{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hush\"}'",
          "the answer is not Version 1" },
        { "echo '{\"Version\":2,\"AccessKeyId\":\"A\",\"SecretAccessKey\":"
          "\"hush\"}'",
          "the answer is not Version 1" },
        { "echo '{\"Version\":1,\"SecretAccessKey\":\"hush\"}'",
          "the answer is not Version 1" },
        { "echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":"
          "\"hush\",\"Expiration\":\"tomorrow\"}'",
          "the answer is not Version 1" },
        { "head -c 70000 /dev/zero", "printed too much" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndb_credentials_source *source;
        namidb_error err = { .code = 0 };
        char text[128];

        set_answer(cases[i].answer);
        assert_int_equal(open_source(&source, "hush", true, &err), NAMIDB_OK);
        ask(source, text, &err);
        if (strstr(err.message, cases[i].text) == NULL)
            fail_msg("case %zu: '%s' %s", i, text, err.message);
        assert_non_null(strstr(err.message, "profile 'default'"));
        assert_null(strstr(err.message, "hush"));
        ndb_credentials_close(source);
    }
}

static void test_process__without_expiration_is_run_once(void **state)
{
    struct ndb_credentials_source *source;
    namidb_error err;

    (void)state;
    set_answer("echo '{\"Version\":1,\"AccessKeyId\":\"A\","
               "\"SecretAccessKey\":\"hush\"}'");
    assert_int_equal(open_source(&source, "", true, &err), NAMIDB_OK);
    assert_keys(source, "A hush -");
    ndb_clock_advance(INT64_C(24 * 3600) * 1000 * NDB_NS_PER_MS);
    assert_keys(source, "A hush -");
    assert_int_equal(runs(), 1);
    ndb_credentials_close(source);
}

static void test_process__is_run_again_ahead_of_the_end(void **state)
{
    struct ndb_credentials_source *source;
    int64_t deadline_ns = ndb_deadline_after(60000);
    namidb_error err;
    char text[128];

    (void)state;
    set_keys(9 * 60); /* from 10 minutes before */
    assert_int_equal(open_source(&source, "", true, &err), NAMIDB_OK);
    assert_keys(source, "KEY1 hush TOKEN");
    assert_keys(source, "KEY1 hush TOKEN"); /* while the next one is fetched */
    do {
        assert_true(ndb_clock_ns() < deadline_ns);
        ask(source, text, &err);
    } while (strcmp(text, "KEY1 hush TOKEN") == 0);
    ndb_credentials_close(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process__is_run_by_leave_only),
        cmocka_unit_test(test_process__gets_words_as_no_shell_would_give_them),
        cmocka_unit_test(test_process__a_line_that_is_none_is_an_error),
        cmocka_unit_test(test_process__that_gives_no_keys_is_an_error),
        cmocka_unit_test(test_process__without_expiration_is_run_once),
        cmocka_unit_test(test_process__is_run_again_ahead_of_the_end),
    };

    return cmocka_run_group_tests_name("credentials_process", tests, begin,
                                       finish);
}
