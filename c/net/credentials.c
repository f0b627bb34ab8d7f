/* SPDX-License-Identifier: Apache-2.0 */
#include "net/credentials.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/aws_files.h"
#include "net/credentials_places.h"
#include "sys/clock.h"
#include "sys/pool.h"
#include "sys/thread.h"

enum {
    AHEAD_MS = 10 * 60 * 1000, /* of expiry: asked in the background */
    LAST_MS = 30 * 1000,       /* of validity: no longer handed out */
    PAUSE_MS = 30 * 1000,      /* after a background question that failed */
    FETCH_MS = 10 * 1000,
};

struct ndb_credentials_source {
    struct ndb_credentials_place *place; /* constant after open */
    struct ndb_http *http;
    struct ndb_pool *pool;
    struct ndb_job fetching;
    struct ndb_job watching;

    pthread_mutex_t lock;
    struct ndb_credentials *current; /* NULL: none yet, or discarded */
    int64_t not_before_ms;           /* of the next background question */
    struct ndb_cond changed;         /* waiters, or the end of a question */
    bool is_fetching;
    bool is_watched;
    struct ndb_credentials_waiter *waiters;
};

/* ------------------------------------------------------------ snapshots -- */

/* What stands in a header and in an XML-free text: printable ASCII. */
static bool is_plain(struct ndb_slice text)
{
    for (size_t i = 0; i < text.bytes; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    return true;
}

static char *copy(struct ndb_slice text)
{
    return ndb_strndup((const char *)text.data, text.bytes);
}

static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    ndb_free(text);
}

int ndb_credentials_new(struct ndb_credentials **out,
                        struct ndb_slice access_key,
                        struct ndb_slice secret_key, struct ndb_slice token,
                        int64_t expires_ms)
{
    struct ndb_credentials *snapshot;

    *out = NULL;
    if (access_key.bytes == 0 || secret_key.bytes == 0 ||
        !is_plain(access_key) || !is_plain(secret_key) || !is_plain(token))
        return NAMIDB_EINVAL;
    snapshot = ndb_calloc(1, sizeof *snapshot);
    if (snapshot == NULL)
        return NAMIDB_ENOMEM;
    atomic_store(&snapshot->refs, 1);
    snapshot->expires_ms = expires_ms;
    snapshot->access_key = copy(access_key);
    snapshot->secret_key = copy(secret_key);
    snapshot->token = token.bytes != 0 ? copy(token) : NULL;
    if (snapshot->access_key == NULL || snapshot->secret_key == NULL ||
        (token.bytes != 0 && snapshot->token == NULL)) {
        ndb_credentials_unref(snapshot);
        return NAMIDB_ENOMEM;
    }
    *out = snapshot;
    return NAMIDB_OK;
}

struct ndb_credentials *ndb_credentials_ref(struct ndb_credentials *snapshot)
{
    atomic_fetch_add(&snapshot->refs, 1);
    return snapshot;
}

void ndb_credentials_unref(struct ndb_credentials *snapshot)
{
    if (snapshot == NULL || atomic_fetch_sub(&snapshot->refs, 1) != 1)
        return;
    ndb_free(snapshot->access_key);
    wipe(snapshot->secret_key);
    wipe(snapshot->token);
    ndb_free(snapshot);
}

/* --------------------------------------------------------------- asking -- */

/* What is left of the current snapshot; < 0: there is none. Under lock. */
static int64_t left_ms(const struct ndb_credentials_source *source)
{
    if (source->current == NULL)
        return -1;
    if (source->current->expires_ms == NDB_CREDENTIALS_FOREVER)
        return INT64_MAX;
    return source->current->expires_ms - ndb_clock_wall_ms();
}

/* `snapshot` NULL: they have their failures already. */
static void answer(struct ndb_credentials_waiter *waiters,
                   struct ndb_credentials *snapshot)
{
    while (waiters != NULL) {
        struct ndb_credentials_waiter *next = waiters->next;

        if (snapshot != NULL)
            waiters->snapshot = ndb_credentials_ref(snapshot);
        waiters->done(waiters);
        waiters = next;
    }
}

static void set_failure(struct ndb_credentials_waiter *waiters,
                        const namidb_error *err)
{
    for (; waiters != NULL; waiters = waiters->next)
        waiters->err = *err;
}

/* On the source's thread. A failure leaves what is still valid in place. */
static void fetch(struct ndb_job *job)
{
    struct ndb_credentials_source *source =
        (struct ndb_credentials_source *)((char *)job -
                                          offsetof(
                                              struct ndb_credentials_source,
                                              fetching));
    struct ndb_credentials *fresh = NULL;
    struct ndb_credentials *old = NULL;
    struct ndb_credentials_waiter *waiters;
    namidb_error err = { .code = 0 };
    int rc = source->place->fetch(source->place, source->http,
                                  ndb_deadline_after(FETCH_MS), &fresh, &err);

    (void)pthread_mutex_lock(&source->lock);
    if (rc >= 0) {
        old = source->current;
        source->current = ndb_credentials_ref(fresh);
        source->not_before_ms = 0;
    } else {
        source->not_before_ms = ndb_clock_wall_ms() + PAUSE_MS;
    }
    waiters = source->waiters;
    source->waiters = NULL;
    source->is_fetching = false;
    ndb_cond_broadcast(&source->changed);
    (void)pthread_mutex_unlock(&source->lock);
    ndb_credentials_unref(old);
    if (rc < 0) {
        ndb_prefix(&err, "credentials from %s", source->place->name);
        set_failure(waiters, &err);
    }
    answer(waiters, fresh);
    ndb_credentials_unref(fresh);
}

/* Whether it waits no longer; why is its failure then. */
static bool is_over(struct ndb_credentials_waiter *waiter, int64_t now_ns,
                    const char *place)
{
    if (waiter->is_called_off != NULL && atomic_load(waiter->is_called_off))
        (void)ndb_fail(&waiter->err, NAMIDB_ECANCELED, "canceled");
    else if (waiter->deadline_ns <= now_ns)
        (void)ndb_fail(&waiter->err, NAMIDB_ETIMEOUT,
                       "credentials from %s: not there before the deadline",
                       place);
    else
        return false;
    return true;
}

/* Unlinks those that wait no longer; *next_ns is the deadline of the next.
 * Under lock. */
static struct ndb_credentials_waiter *
take_over(struct ndb_credentials_source *source, int64_t *next_ns)
{
    struct ndb_credentials_waiter **link = &source->waiters;
    struct ndb_credentials_waiter *over = NULL;
    int64_t now_ns = ndb_clock_ns();

    *next_ns = NDB_NEVER;
    while (*link != NULL) {
        struct ndb_credentials_waiter *waiter = *link;

        if (is_over(waiter, now_ns, source->place->name)) {
            *link = waiter->next;
            waiter->next = over;
            over = waiter;
            continue;
        }
        if (waiter->deadline_ns < *next_ns)
            *next_ns = waiter->deadline_ns;
        link = &waiter->next;
    }
    return over;
}

/* As long as somebody waits for a question under way: nobody longer than his
 * deadline or his wish, however slow the place is. */
static void watch(struct ndb_job *job)
{
    struct ndb_credentials_source *source =
        (struct ndb_credentials_source *)((char *)job -
                                          offsetof(
                                              struct ndb_credentials_source,
                                              watching));

    (void)pthread_mutex_lock(&source->lock);
    while (source->is_fetching) {
        int64_t next_ns;
        struct ndb_credentials_waiter *over = take_over(source, &next_ns);

        if (over == NULL) {
            (void)ndb_cond_wait(&source->changed, &source->lock, next_ns);
            continue;
        }
        (void)pthread_mutex_unlock(&source->lock);
        answer(over, NULL);
        (void)pthread_mutex_lock(&source->lock);
    }
    source->is_watched = false;
    (void)pthread_mutex_unlock(&source->lock);
}

void ndb_credentials_ask(struct ndb_credentials_source *source,
                         struct ndb_credentials_waiter *waiter)
{
    bool must_fetch = false;
    bool must_watch = false;
    bool is_ready;
    int64_t left;

    waiter->snapshot = NULL;
    waiter->next = NULL;
    (void)pthread_mutex_lock(&source->lock);
    left = left_ms(source);
    is_ready = left > LAST_MS;
    if (!source->is_fetching && left < AHEAD_MS &&
        (!is_ready || ndb_clock_wall_ms() >= source->not_before_ms))
        must_fetch = source->is_fetching = true;
    if (is_ready) {
        waiter->snapshot = ndb_credentials_ref(source->current);
    } else {
        waiter->next = source->waiters;
        source->waiters = waiter;
        must_watch = !source->is_watched;
        source->is_watched = true;
        ndb_cond_broadcast(&source->changed);
    }
    (void)pthread_mutex_unlock(&source->lock);
    if (must_fetch)
        ndb_pool_submit(source->pool, &source->fetching);
    if (must_watch)
        ndb_pool_submit(source->pool, &source->watching);
    if (is_ready) /* else it may be done, and gone, by now */
        waiter->done(waiter);
}

void ndb_credentials_wake(struct ndb_credentials_source *source)
{
    (void)pthread_mutex_lock(&source->lock);
    ndb_cond_broadcast(&source->changed);
    (void)pthread_mutex_unlock(&source->lock);
}

void ndb_credentials_discard(struct ndb_credentials_source *source,
                             const struct ndb_credentials *snapshot)
{
    struct ndb_credentials *old = NULL;

    (void)pthread_mutex_lock(&source->lock);
    /* What was read at open cannot be had anew. */
    if (source->current == snapshot && !source->place->is_fixed) {
        old = source->current;
        source->current = NULL;
    }
    (void)pthread_mutex_unlock(&source->lock);
    ndb_credentials_unref(old);
}

/* ------------------------------------------------------- open and close -- */

static int no_place(const char *profile, namidb_error *err)
{
    return ndb_fail(
        err, NAMIDB_EAUTH,
        "no credentials: looked at AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, "
        "profile '%.64s' in ~/.aws/credentials and ~/.aws/config, "
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI, and the "
        "metadata service of EC2 (switched off)",
        profile);
}

static int find_place(struct ndb_credentials_place **place,
                      const struct ndb_credentials_wish *wish,
                      namidb_error *err)
{
    const char *profile = wish->profile;
    const char *named = getenv("AWS_PROFILE");
    int rc;

    if (profile != NULL && profile[0] != '\0')
        return ndb_place_profile(place, profile, true, wish, err);
    rc = ndb_place_environment(place, err);
    if (rc == NAMIDB_NONE)
        rc = ndb_place_web_identity(place, wish, err);
    if (rc == NAMIDB_NONE)
        rc = ndb_place_profile(place, ndb_aws_profile(),
                               named != NULL && named[0] != '\0', wish, err);
    if (rc == NAMIDB_NONE)
        rc = ndb_place_container(place, err);
    if (rc == NAMIDB_NONE)
        rc = ndb_place_ec2(place, err);
    return rc == NAMIDB_NONE ? no_place(ndb_aws_profile(), err) : rc;
}

int ndb_credentials_open(struct ndb_credentials_source **out,
                         const struct ndb_credentials_wish *wish,
                         namidb_error *err)
{
    struct ndb_credentials_source *source = ndb_calloc(1, sizeof *source);
    int rc;

    *out = NULL;
    if (source == NULL)
        return ndb_fail_memory(err);
    (void)pthread_mutex_init(&source->lock, NULL);
    source->fetching.run = fetch;
    source->watching.run = watch;
    ndb_cond_init(&source->changed);
    rc = find_place(&source->place, wish, err);
    if (rc >= 0)
        rc = ndb_http_open(&source->http, err);
    if (rc >= 0) {
        source->pool = ndb_pool_new(2); /* one fetches, one watches */
        if (source->pool == NULL)
            rc = ndb_fail_memory(err);
    }
    if (rc >= 0 && source->place->is_fixed)
        rc = source->place->fetch(source->place, source->http, NDB_NEVER,
                                  &source->current, err);
    if (rc < 0) {
        ndb_credentials_close(source);
        return rc;
    }
    *out = source;
    return NAMIDB_OK;
}

void ndb_credentials_close(struct ndb_credentials_source *source)
{
    if (source == NULL)
        return;
    ndb_pool_free(source->pool);
    ndb_http_close(source->http);
    if (source->place != NULL)
        source->place->free(source->place);
    ndb_credentials_unref(source->current);
    ndb_cond_release(&source->changed);
    (void)pthread_mutex_destroy(&source->lock);
    ndb_free(source);
}

const char *ndb_credentials_place(const struct ndb_credentials_source *source)
{
    return source->place->name;
}
