/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_server.h - a small HTTP/1.1 server on loopback, in threads of a test.
 *
 * Each connection has a thread. For each request the test's function answers
 * by the calls below, in pieces and as wrongly as it likes, and says whether
 * the connection stays.
 */
#ifndef NDB_TEST_HTTP_SERVER_H
#define NDB_TEST_HTTP_SERVER_H

#include "base/buf.h"

struct http_server;

struct http_request {
    struct http_server *server;
    int socket;
    unsigned index;      /* from 1, over all connections */
    unsigned connection; /* from 1 */
    const char *method;
    const char *target;  /* "/path?query", as sent */
    const char *headers; /* lines, each "\r\nName: value" */
    struct ndb_slice body;
};

/* True: the connection stays open. Runs on the connection's thread. */
typedef bool http_handler(void *context, const struct http_request *request);

struct http_server *http_server_start(http_handler *handler, void *context);
/* Closes all connections and joins all threads. */
void http_server_stop(struct http_server *server);

int http_server_port(const struct http_server *server);
unsigned http_server_requests(struct http_server *server);
unsigned http_server_connections(struct http_server *server);
/* Waits until so many requests have come. */
void http_server_await(struct http_server *server, unsigned count);
/* Waits until the server is stopped, or the peer hangs up. */
void http_server_hang(const struct http_request *request);

/* From now on bodies are read a piece at a time, with a pause after each that
 * is so long for each KiB; 0: as they come. */
void http_server_drip(struct http_server *server, unsigned pause_us);
/* How many pieces were read so. */
unsigned http_server_dripped(struct http_server *server);

/* The value of a header, cut at `capacity`; false when it is not there. */
bool http_request_header(const struct http_request *request, const char *name,
                         char *out, size_t capacity);

/* Sends bytes as they are. */
void http_send(const struct http_request *request, const char *text);
void http_send_bytes(const struct http_request *request,
                     struct ndb_slice bytes);
/* A whole answer; `headers`: lines that end with "\r\n", or "". */
void http_reply(const struct http_request *request, int status,
                const char *headers, struct ndb_slice body);

#endif
