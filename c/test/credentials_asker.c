/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials_asker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sys/clock.h"

static const struct ndb_credentials_wish WISH = { .region = "eu-north-1" };

static void on_done(struct ndb_credentials_waiter *waiter)
{
    struct asked *asked = (struct asked *)waiter;

    (void)pthread_mutex_lock(&asked->lock);
    asked->is_done = true;
    (void)pthread_cond_signal(&asked->changed);
    (void)pthread_mutex_unlock(&asked->lock);
}

void asked_begin(struct asked *asked)
{
    *asked = (struct asked){ .is_done = false };
    (void)pthread_mutex_init(&asked->lock, NULL);
    (void)pthread_cond_init(&asked->changed, NULL);
    asked->waiter.deadline_ns = NDB_NEVER;
    asked->waiter.done = on_done;
}

void asked_await(struct asked *asked)
{
    (void)pthread_mutex_lock(&asked->lock);
    while (!asked->is_done)
        (void)pthread_cond_wait(&asked->changed, &asked->lock);
    (void)pthread_mutex_unlock(&asked->lock);
    (void)pthread_cond_destroy(&asked->changed);
    (void)pthread_mutex_destroy(&asked->lock);
}

struct ndb_credentials *credentials_ask(struct ndb_credentials_source *source,
                                        namidb_error *err)
{
    struct asked asked;

    asked_begin(&asked);
    ndb_credentials_ask(source, &asked.waiter);
    asked_await(&asked);
    if (asked.waiter.snapshot == NULL)
        *err = asked.waiter.err;
    return asked.waiter.snapshot;
}

void credentials_assert_key(struct ndb_credentials_source *source,
                            const char *access_key)
{
    namidb_error err = { .code = 0 };
    struct ndb_credentials *keys = credentials_ask(source, &err);

    if (keys == NULL)
        fail_msg("%s", err.message);
    assert_string_equal(keys->access_key, access_key);
    ndb_credentials_unref(keys);
}

void credentials_assert_fails(struct ndb_credentials_source *source, int status,
                              const char *part)
{
    namidb_error err = { .code = 0 };
    struct ndb_credentials *keys = credentials_ask(source, &err);

    if (keys != NULL)
        fail_msg("%s was handed out", keys->access_key);
    if (err.code != status || strstr(err.message, part) == NULL)
        fail_msg("%d %s", err.code, err.message);
    assert_null(strstr(err.message, "hush"));
    assert_null(strstr(err.message, "TOKEN"));
}

struct ndb_credentials_source *credentials_open(void)
{
    struct ndb_credentials_source *source;
    namidb_error err = { .code = 0 };

    if (ndb_credentials_open(&source, &WISH, &err) < 0)
        fail_msg("%s", err.message);
    return source;
}

void credentials_assert_refused(int status, const char *part)
{
    struct ndb_credentials_source *source;
    namidb_error err = { .code = 0 };

    if (ndb_credentials_open(&source, &WISH, &err) != status ||
        strstr(err.message, part) == NULL)
        fail_msg("%d %s", err.code, err.message);
}
