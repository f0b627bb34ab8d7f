/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_flight.h - one exchange in curl's hands.
 *
 * All that is known of curl's easy interface: options, callbacks, what its
 * results mean. Only the client's leader (http.c) calls this.
 */
#ifndef NDB_NET_HTTP_FLIGHT_H
#define NDB_NET_HTTP_FLIGHT_H

#include <curl/curl.h>

#include "net/http.h"

struct ndb_http_flight {
    CURL *easy;
    struct curl_slist *headers;
    struct ndb_http_exchange *exchange; /* NULL: idle */
    bool is_started;                    /* sending, for the first time */
    bool has_ca_bundle;
    size_t populated; /* bytes of the answer's buffer that have pages */
    int64_t started_ns;
    int64_t late_ns; /* when to call `late`; NDB_NEVER: not any more */
    char text[CURL_ERROR_SIZE];
    struct ndb_http_flight *next; /* the owner's list */
};

/* Alone, or with others. */
static inline bool
ndb_http_is_canceled(const struct ndb_http_exchange *exchange)
{
    return atomic_load(&exchange->is_canceled) ||
           (exchange->is_called_off != NULL &&
            atomic_load(exchange->is_called_off));
}

/* NULL: no memory. */
struct ndb_http_flight *ndb_http_flight_new(void);
void ndb_http_flight_free(struct ndb_http_flight *flight);

/* Makes it ready to be added to a multi handle. NAMIDB_OK, NAMIDB_ENOMEM, or
 * NAMIDB_EINVAL for a header that cannot be sent. */
int ndb_http_flight_set_up(struct ndb_http_flight *flight,
                           struct ndb_http_exchange *exchange);

/* Calls `late` of an exchange that is. */
void ndb_http_flight_check_late(struct ndb_http_flight *flight, int64_t now_ns);

/* Fills the exchange's results from curl's, err included. */
void ndb_http_flight_finish(struct ndb_http_flight *flight, CURLcode code);

/* Forgets the exchange; curl keeps what makes the next one cheap. */
void ndb_http_flight_reset(struct ndb_http_flight *flight);

#endif
