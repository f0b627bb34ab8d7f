/* SPDX-License-Identifier: Apache-2.0 */
#include "net/hedge.h"

#include "base/mem.h"

/* Two exchanges for one: `first` is the caller's. */
struct pair {
    struct ndb_http *http;
    struct ndb_http_exchange *first;
    struct ndb_http_exchange second;
    struct ndb_http_exchange *good; /* NULL: none yet */
    int running;
    void (*done)(struct ndb_http_exchange *exchange); /* the caller's */
    void *context;
};

/* Worth more than to wait for the other one. */
static bool is_good(const struct ndb_http_exchange *exchange)
{
    int http = exchange->answer.status;

    return exchange->status >= 0 && http < 500 && http != 408 && http != 429;
}

/* The first one's wait stays its own. */
static void take_second(struct pair *pair)
{
    struct ndb_http_exchange *first = pair->first;
    struct ndb_http_exchange *second = &pair->second;

    ndb_buf_release(&first->out);
    first->status = second->status;
    first->answer = second->answer;
    first->out = second->out;
    first->err = second->err;
    second->out = NDB_BUF_INIT(0); /* the first owns it now */
}

static void end(struct pair *pair)
{
    struct ndb_http_exchange *first = pair->first;

    if (pair->good == &pair->second)
        take_second(pair);
    ndb_buf_release(&pair->second.out);
    first->done = pair->done;
    first->context = pair->context;
    ndb_free(pair);
    first->done(first);
}

static void part_done(struct ndb_http_exchange *exchange)
{
    struct pair *pair = exchange->context;

    pair->running--;
    if (pair->good == NULL && is_good(exchange)) {
        pair->good = exchange;
        if (pair->running != 0)
            ndb_http_cancel(pair->http, exchange == pair->first ? &pair->second
                                                                : pair->first);
    }
    if (pair->running == 0)
        end(pair);
}

void ndb_hedge_learn(struct ndb_hedge *hedge,
                     const struct ndb_http_exchange *exchange)
{
    ndb_latency_add(&hedge->latency, exchange->waited_ns);
    atomic_store(&hedge->late_ns, ndb_latency_late_ns(&hedge->latency));
}

void ndb_hedge_send(struct ndb_hedge *hedge, struct ndb_http *http,
                    struct ndb_http_exchange *exchange)
{
    struct pair *pair;

    if (!ndb_latency_spend(&hedge->latency))
        return;
    pair = ndb_calloc(1, sizeof *pair);
    if (pair == NULL)
        return; /* the first one is still under way */
    *pair = (struct pair){ .http = http,
                           .first = exchange,
                           .second = *exchange,
                           .running = 2,
                           .done = exchange->done,
                           .context = exchange->context };
    pair->second.out = NDB_BUF_INIT(0);
    pair->second.not_before_ns = 0;
    pair->second.late = NULL;
    exchange->done = pair->second.done = part_done;
    exchange->context = pair->second.context = pair;
    atomic_fetch_add(&hedge->count, 1);
    ndb_http_submit(http, &pair->second);
}
