/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread at a time leads: it takes what was submitted, keeps what may not
 * begin yet (a pause before a retry) or would be too many at once, gives the
 * rest to the multi handle, and sleeps in curl_multi_poll, from which submit
 * and cancel wake it. This is the leader and followers pattern (Schmidt et al.,
 * 2000): who waits for an answer had better fetch it himself, because being
 * woken by another thread costs more than a request. A thread of the client's
 * own leads when nobody else does and something is under way.
 *
 * Easy handles are used again: curl keeps parsed options in them, and making
 * one costs as much as a request on loopback.
 */
#include "net/http.h"

#include "base/mem.h"
#include "net/http_flight.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum {
    IDLE_HANDLES_MAX = 64,
    ACTIVE_MAX = 64,       /* connections at once */
    POLL_MS_MAX = 1000,    /* while something is under way */
    IDLE_POLL_MS = 600000, /* while nothing is: submit wakes */
};

struct queue {
    struct ndb_http_exchange *first;
    struct ndb_http_exchange **last; /* where the next is linked */
};

struct ndb_http {
    pthread_t thread;
    uint64_t fork_count; /* of the process that started it */

    pthread_mutex_t lock;
    uint32_t users;
    bool is_stopping;
    bool is_led;
    struct ndb_cond needed; /* the thread: to lead, or to stop */
    struct queue submitted;
    atomic_bool is_asleep; /* the leader, in the poll or about to be */

    /* The leader's own. */
    CURLM *multi;
    struct queue waiting;
    struct ndb_http_flight *idle;
    struct ndb_http_flight *active;
    size_t idle_count;
    size_t active_count;
};

static pthread_mutex_t process_lock = PTHREAD_MUTEX_INITIALIZER;
static struct ndb_http *process_http;

/* -------------------------------------------------------------- flights -- */

static void give_back(struct ndb_http *http, struct ndb_http_flight *flight)
{
    if (http->idle_count >= IDLE_HANDLES_MAX) {
        ndb_http_flight_free(flight);
        return;
    }
    ndb_http_flight_reset(flight);
    flight->next = http->idle;
    http->idle = flight;
    http->idle_count++;
}

static struct ndb_http_flight *take_idle(struct ndb_http *http)
{
    struct ndb_http_flight *flight = http->idle;

    if (flight == NULL)
        return ndb_http_flight_new();
    http->idle = flight->next;
    http->idle_count--;
    return flight;
}

static void finish(struct ndb_http_exchange *exchange, int status,
                   const char *text)
{
    exchange->status = ndb_fail(&exchange->err, status, "%s", text);
    exchange->done(exchange);
}

static void start(struct ndb_http *http, struct ndb_http_exchange *exchange)
{
    struct ndb_http_flight *flight = take_idle(http);
    int rc;

    if (flight == NULL) {
        finish(exchange, NAMIDB_ENOMEM, "out of memory");
        return;
    }
    rc = ndb_http_flight_set_up(flight, exchange);
    if (rc >= 0 && curl_multi_add_handle(http->multi, flight->easy) != CURLM_OK)
        rc = NAMIDB_ENOMEM;
    if (rc < 0) {
        give_back(http, flight);
        finish(exchange, rc,
               rc == NAMIDB_EINVAL ? "a header is too long or has a line end"
                                   : "out of memory");
        return;
    }
    flight->next = http->active;
    http->active = flight;
    http->active_count++;
}

static void end(struct ndb_http *http, struct ndb_http_flight *flight,
                CURLcode code)
{
    struct ndb_http_exchange *exchange = flight->exchange;
    struct ndb_http_flight **link = &http->active;

    while (*link != flight)
        link = &(*link)->next;
    *link = flight->next;
    http->active_count--;
    ndb_http_flight_finish(flight, code);
    curl_multi_remove_handle(http->multi, flight->easy);
    give_back(http, flight);
    exchange->done(exchange);
}

/* -------------------------------------------------------- a leader's turn --
 */

static void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static void queue_add(struct queue *queue, struct ndb_http_exchange *exchange)
{
    exchange->next = NULL;
    *queue->last = exchange;
    queue->last = &exchange->next;
}

/* Unlinks the exchange that `link` leads to. */
static void queue_remove(struct queue *queue, struct ndb_http_exchange **link)
{
    struct ndb_http_exchange *exchange = *link;

    *link = exchange->next;
    if (queue->last == &exchange->next)
        queue->last = link;
}

static void take_submitted(struct ndb_http *http)
{
    (void)pthread_mutex_lock(&http->lock);
    if (http->submitted.first != NULL) {
        *http->waiting.last = http->submitted.first;
        http->waiting.last = http->submitted.last;
        queue_init(&http->submitted);
    }
    (void)pthread_mutex_unlock(&http->lock);
}

/* Starts what is due, in order; ends what was canceled or came too late. */
static void take_waiting(struct ndb_http *http)
{
    struct ndb_http_exchange **link = &http->waiting.first;
    int64_t now_ns = ndb_clock_ns();

    while (*link != NULL) {
        struct ndb_http_exchange *exchange = *link;
        bool is_canceled = ndb_http_is_canceled(exchange);
        bool is_late = exchange->deadline_ns <= now_ns;

        if (!is_canceled && !is_late &&
            (exchange->not_before_ns > now_ns ||
             http->active_count >= ACTIVE_MAX)) {
            link = &exchange->next;
            continue;
        }
        queue_remove(&http->waiting, link);
        if (is_canceled)
            finish(exchange, NAMIDB_ECANCELED, "canceled");
        else if (is_late)
            finish(exchange, NAMIDB_ETIMEOUT, "deadline passed before sending");
        else
            start(http, exchange);
    }
}

/* Ends those in flight that were canceled. */
static void take_canceled(struct ndb_http *http)
{
    struct ndb_http_flight *flight = http->active;

    while (flight != NULL) {
        struct ndb_http_flight *next = flight->next;

        if (ndb_http_is_canceled(flight->exchange))
            end(http, flight, CURLE_ABORTED_BY_CALLBACK);
        flight = next;
    }
}

static void take_done(struct ndb_http *http)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        struct ndb_http_flight *flight = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
                          (char **)&flight);
        end(http, flight, message->data.result);
    }
}

/* Tells of those in flight that have not been answered in time. */
static void take_late(struct ndb_http *http)
{
    int64_t now_ns = ndb_clock_ns();

    for (struct ndb_http_flight *flight = http->active; flight != NULL;
         flight = flight->next)
        ndb_http_flight_check_late(flight, now_ns);
}

static int64_t ms_until(int64_t at_ns, int64_t now_ns)
{
    return at_ns <= now_ns ? 0 : (at_ns - now_ns) / NDB_NS_PER_MS + 1;
}

/* How long nothing happens by itself, but for what curl knows of. What waits
 * for a connection need not wait when one has become free. */
static int poll_ms(const struct ndb_http *http)
{
    const struct ndb_http_exchange *exchange = http->waiting.first;
    bool has_room = http->active_count < ACTIVE_MAX;
    int64_t now_ns = ndb_clock_ns();
    int64_t ms = http->active != NULL ? POLL_MS_MAX : IDLE_POLL_MS;

    for (; exchange != NULL; exchange = exchange->next) {
        int64_t at_ns = exchange->deadline_ns;

        if (has_room || exchange->not_before_ns > now_ns)
            at_ns = exchange->not_before_ns < at_ns ? exchange->not_before_ns
                                                    : at_ns;
        if (ms_until(at_ns, now_ns) < ms)
            ms = ms_until(at_ns, now_ns);
    }
    for (const struct ndb_http_flight *flight = http->active; flight != NULL;
         flight = flight->next)
        if (ms_until(flight->late_ns, now_ns) < ms)
            ms = ms_until(flight->late_ns, now_ns);
    return (int)ms;
}

static bool has_submitted(struct ndb_http *http)
{
    bool has_some;

    (void)pthread_mutex_lock(&http->lock);
    has_some = http->submitted.first != NULL;
    (void)pthread_mutex_unlock(&http->lock);
    return has_some;
}

/* Until something happens. What is submitted while the leader is at work costs
 * no wake: it looks once more after it has said that it sleeps. */
static void sleep_until(struct ndb_http *http)
{
    int ms = poll_ms(http);

    atomic_store(&http->is_asleep, true);
    if (has_submitted(http))
        ms = 0;
    (void)curl_multi_poll(http->multi, NULL, 0, ms, NULL);
    atomic_store(&http->is_asleep, false);
}

static void turn(struct ndb_http *http)
{
    int running;

    take_submitted(http);
    take_canceled(http);
    take_waiting(http);
    (void)curl_multi_perform(http->multi, &running);
    take_done(http);
    take_late(http);
}

/* ------------------------------------------------------------ the leader -- */

/* The lock is held. */
static bool has_work(const struct ndb_http *http)
{
    return http->submitted.first != NULL || http->waiting.first != NULL ||
           http->active != NULL;
}

/* What the calling thread submits wakes nobody: it is going to lead. */
static _Thread_local bool will_lead;

void ndb_http_will_lead(void)
{
    will_lead = true;
}

static bool try_lead(struct ndb_http *http)
{
    bool is_mine;

    (void)pthread_mutex_lock(&http->lock);
    is_mine = !http->is_led;
    http->is_led = true;
    (void)pthread_mutex_unlock(&http->lock);
    return is_mine;
}

void ndb_http_lead(struct ndb_http *http, bool (*is_over)(void *),
                   void *context)
{
    will_lead = false;
    if (!try_lead(http))
        return;
    turn(http);
    while (!is_over(context)) {
        sleep_until(http);
        turn(http);
    }
    (void)pthread_mutex_lock(&http->lock);
    http->is_led = false;
    if (has_work(http))
        ndb_cond_signal(&http->needed);
    (void)pthread_mutex_unlock(&http->lock);
}

static bool is_idle(void *context)
{
    struct ndb_http *http = context;
    bool is_so;

    (void)pthread_mutex_lock(&http->lock);
    is_so = !has_work(http);
    (void)pthread_mutex_unlock(&http->lock);
    return is_so;
}

static void *run(void *context)
{
    struct ndb_http *http = context;

    (void)pthread_mutex_lock(&http->lock);
    while (!http->is_stopping) {
        if (http->is_led || !has_work(http)) {
            (void)ndb_cond_wait(&http->needed, &http->lock, NDB_NEVER);
            continue;
        }
        (void)pthread_mutex_unlock(&http->lock);
        ndb_http_lead(http, is_idle, http);
        (void)pthread_mutex_lock(&http->lock);
    }
    (void)pthread_mutex_unlock(&http->lock);
    return NULL;
}

/* ------------------------------------------------------ open and close -- */

static pthread_once_t process_once = PTHREAD_ONCE_INIT;

static void lock_process(void)
{
    (void)pthread_mutex_lock(&process_lock);
}

static void unlock_process(void)
{
    (void)pthread_mutex_unlock(&process_lock);
}

/* A fork in the middle of another thread's open must not leave the child with
 * a lock that nobody holds. */
static void init_process(void)
{
    (void)pthread_atfork(lock_process, unlock_process, unlock_process);
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void client_free(struct ndb_http *http)
{
    while (http->idle != NULL) {
        struct ndb_http_flight *next = http->idle->next;

        ndb_http_flight_free(http->idle);
        http->idle = next;
    }
    if (http->multi != NULL)
        curl_multi_cleanup(http->multi);
    ndb_cond_release(&http->needed);
    (void)pthread_mutex_destroy(&http->lock);
    ndb_free(http);
}

static struct ndb_http *client_start(void)
{
    struct ndb_http *http = ndb_calloc(1, sizeof *http);

    if (http == NULL)
        return NULL;
    (void)pthread_mutex_init(&http->lock, NULL);
    ndb_cond_init(&http->needed);
    queue_init(&http->submitted);
    queue_init(&http->waiting);
    http->fork_count = ndb_fork_watch();
    http->multi = curl_multi_init();
    if (http->multi != NULL)
        curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)ACTIVE_MAX);
    if (http->multi == NULL || ndb_thread_start(&http->thread, run, http) < 0) {
        client_free(http);
        return NULL;
    }
    return http;
}

int ndb_http_open(struct ndb_http **http, namidb_error *err)
{
    int rc = NAMIDB_OK;

    (void)pthread_once(&process_once, init_process);
    lock_process();
    /* A parent's client stays the parent's: its thread is not here. */
    if (process_http != NULL && process_http->fork_count != ndb_fork_count())
        process_http = NULL;
    if (process_http == NULL)
        process_http = client_start();
    if (process_http == NULL)
        rc = ndb_fail_memory(err);
    else
        process_http->users++;
    *http = process_http;
    unlock_process();
    return rc;
}

void ndb_http_close(struct ndb_http *http)
{
    bool is_last;

    if (http == NULL || http->fork_count != ndb_fork_count())
        return;
    lock_process();
    is_last = --http->users == 0;
    if (is_last)
        process_http = NULL;
    unlock_process();
    if (!is_last)
        return;
    (void)pthread_mutex_lock(&http->lock);
    http->is_stopping = true;
    ndb_cond_signal(&http->needed);
    (void)pthread_mutex_unlock(&http->lock);
    (void)pthread_join(http->thread, NULL);
    client_free(http);
}

/* -------------------------------------------------- submit, cancel, run -- */

void ndb_http_submit(struct ndb_http *http, struct ndb_http_exchange *exchange)
{
    exchange->status = NAMIDB_OK;
    exchange->is_sent = false;
    exchange->answer = (struct ndb_http_answer){ .status = 0 };
    exchange->out = NDB_BUF_INIT(exchange->answer_bytes_max);
    exchange->took_ns = 0;
    exchange->waited_ns = 0;
    atomic_store(&exchange->is_canceled, false);
    (void)pthread_mutex_lock(&http->lock);
    queue_add(&http->submitted, exchange);
    if (!http->is_led && !will_lead)
        ndb_cond_signal(&http->needed);
    (void)pthread_mutex_unlock(&http->lock);
    if (atomic_exchange(&http->is_asleep, false))
        (void)curl_multi_wakeup(http->multi);
}

void ndb_http_cancel(struct ndb_http *http, struct ndb_http_exchange *exchange)
{
    atomic_store(&exchange->is_canceled, true);
    ndb_http_wake(http);
}

void ndb_http_wake(struct ndb_http *http)
{
    (void)curl_multi_wakeup(http->multi);
}

/* What ndb_http_run waits on, if it does not lead. */
struct waiter {
    pthread_mutex_t lock;
    struct ndb_cond cond;
    bool is_done;
};

static void wake(struct ndb_http_exchange *exchange)
{
    struct waiter *waiter = exchange->context;

    (void)pthread_mutex_lock(&waiter->lock);
    waiter->is_done = true;
    ndb_cond_signal(&waiter->cond);
    (void)pthread_mutex_unlock(&waiter->lock);
}

static bool is_done(void *context)
{
    struct waiter *waiter = context;
    bool is_so;

    (void)pthread_mutex_lock(&waiter->lock);
    is_so = waiter->is_done;
    (void)pthread_mutex_unlock(&waiter->lock);
    return is_so;
}

int ndb_http_run(struct ndb_http *http, struct ndb_http_exchange *exchange)
{
    struct waiter waiter = { .is_done = false };

    (void)pthread_mutex_init(&waiter.lock, NULL);
    ndb_cond_init(&waiter.cond);
    exchange->done = wake;
    exchange->context = &waiter;
    ndb_http_will_lead();
    ndb_http_submit(http, exchange);
    ndb_http_lead(http, is_done, &waiter);
    (void)pthread_mutex_lock(&waiter.lock);
    while (!waiter.is_done)
        (void)ndb_cond_wait(&waiter.cond, &waiter.lock, NDB_NEVER);
    (void)pthread_mutex_unlock(&waiter.lock);
    ndb_cond_release(&waiter.cond);
    (void)pthread_mutex_destroy(&waiter.lock);
    return exchange->status;
}
