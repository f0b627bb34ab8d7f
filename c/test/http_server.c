/* SPDX-License-Identifier: Apache-2.0 */
#include "http_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OPEN_MAX = 256, HEAD_BYTES_MAX = 32 << 10, DRIP_BYTES = 16 << 10 };

struct connection {
    struct http_server *server;
    pthread_t thread;
    int socket; /* -1: this place is free */
    unsigned number;
    bool is_over; /* the thread is at its end */
};

struct http_server {
    http_handler *handler;
    void *context;
    int listener;
    int port;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_uint drip_us; /* for each KiB of a body; 0: no pause */
    atomic_uint dripped;
    bool is_stopping;
    unsigned requests;
    unsigned count; /* of connections, ever */
    struct connection connections[OPEN_MAX];
};

/* ---------------------------------------------------------- connections -- */

/* Reads up to the blank line; the bytes after it go to *rest. */
static ssize_t read_head(int socket, char *head, size_t *rest)
{
    size_t bytes = 0;

    while (bytes < HEAD_BYTES_MAX - 1) {
        ssize_t got = recv(socket, head + bytes, HEAD_BYTES_MAX - 1 - bytes, 0);
        char *end;

        if (got <= 0)
            return -1;
        bytes += (size_t)got;
        head[bytes] = '\0';
        end = strstr(head, "\r\n\r\n");
        if (end != NULL) {
            size_t head_bytes = (size_t)(end - head) + 4;

            *rest = bytes - head_bytes;
            return (ssize_t)head_bytes;
        }
    }
    return -1;
}

static bool read_body(const struct connection *connection, uint8_t *body,
                      size_t bytes, size_t have)
{
    struct http_server *server = connection->server;

    while (have < bytes) {
        unsigned drip_us = atomic_load(&server->drip_us);
        size_t wanted = bytes - have;
        ssize_t got;

        if (drip_us != 0 && wanted > DRIP_BYTES)
            wanted = DRIP_BYTES;
        got = recv(connection->socket, body + have, wanted, 0);
        if (got <= 0)
            return false;
        have += (size_t)got;
        if (drip_us != 0) {
            atomic_fetch_add(&server->dripped, 1);
            (void)usleep((unsigned)((size_t)got * drip_us / 1024));
        }
    }
    return true;
}

static unsigned count_request(struct http_server *server)
{
    unsigned index;

    (void)pthread_mutex_lock(&server->lock);
    index = ++server->requests;
    (void)pthread_cond_broadcast(&server->changed);
    (void)pthread_mutex_unlock(&server->lock);
    return index;
}

static bool serve_one(struct connection *connection, char *head)
{
    struct http_server *server = connection->server;
    struct http_request request = { .server = server,
                                    .socket = connection->socket,
                                    .connection = connection->number };
    size_t have;
    ssize_t head_bytes = read_head(connection->socket, head, &have);
    char length[32] = "0";
    char *save = NULL;
    uint8_t *body;
    size_t bytes;
    bool stays = false;

    if (head_bytes < 0)
        return false;
    request.headers = strstr(head, "\r\n");
    (void)http_request_header(&request, "Content-Length", length,
                              sizeof length);
    bytes = strtoul(length, NULL, 10);
    body = malloc(bytes + have + 1);
    if (body == NULL)
        abort();
    memcpy(body, head + head_bytes, have);
    head[head_bytes - 2] = '\0';
    if (read_body(connection, body, bytes, have)) {
        *strstr(head, "\r\n") = '\0';
        request.headers = head + strlen(head) + 1;
        request.method = strtok_r(head, " ", &save);
        request.target = strtok_r(NULL, " ", &save);
        request.body = ndb_slice(body, bytes);
        request.index = count_request(server);
        stays = server->handler(server->context, &request);
    }
    free(body);
    return stays;
}

static void *serve(void *context)
{
    struct connection *connection = context;
    char *head = malloc(HEAD_BYTES_MAX);

    if (head == NULL)
        abort();
    while (serve_one(connection, head))
        ;
    free(head);
    (void)pthread_mutex_lock(&connection->server->lock);
    (void)shutdown(connection->socket, SHUT_RDWR);
    connection->is_over = true;
    (void)pthread_mutex_unlock(&connection->server->lock);
    return NULL;
}

static void end_connection(struct connection *connection)
{
    (void)pthread_join(connection->thread, NULL);
    (void)close(connection->socket);
    connection->socket = -1;
}

/* A place that nobody has, or whose connection is over. Under lock. */
static struct connection *free_place(struct http_server *server)
{
    for (unsigned i = 0; i < OPEN_MAX; i++) {
        struct connection *connection = &server->connections[i];

        if (connection->socket >= 0 && connection->is_over)
            end_connection(connection);
        if (connection->socket < 0)
            return connection;
    }
    abort();
}

static void begin_connection(struct http_server *server, int socket)
{
    struct connection *connection = free_place(server);

    *connection = (struct connection){ .server = server,
                                       .socket = socket,
                                       .number = ++server->count };
    if (pthread_create(&connection->thread, NULL, serve, connection) != 0)
        abort();
}

static void *accept_all(void *context)
{
    struct http_server *server = context;
    bool is_stopping = false;

    while (!is_stopping) {
        int socket = accept(server->listener, NULL, NULL);
        int on = 1;

        if (socket < 0)
            break;
        (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)pthread_mutex_lock(&server->lock);
        is_stopping = server->is_stopping;
        if (is_stopping)
            (void)close(socket);
        else
            begin_connection(server, socket);
        (void)pthread_mutex_unlock(&server->lock);
    }
    return NULL;
}

/* ------------------------------------------------------------ the server -- */

struct http_server *http_server_start(http_handler *handler, void *context)
{
    struct http_server *server = calloc(1, sizeof *server);
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t bytes = sizeof address;

    if (server == NULL)
        abort();
    server->handler = handler;
    server->context = context;
    for (unsigned i = 0; i < OPEN_MAX; i++)
        server->connections[i].socket = -1;
    (void)pthread_mutex_init(&server->lock, NULL);
    (void)pthread_cond_init(&server->changed, NULL);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 ||
        bind(server->listener, (struct sockaddr *)&address, bytes) != 0 ||
        listen(server->listener, 64) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &bytes) !=
            0 ||
        pthread_create(&server->thread, NULL, accept_all, server) != 0)
        abort();
    server->port = ntohs(address.sin_port);
    return server;
}

void http_server_stop(struct http_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    server->is_stopping = true;
    (void)pthread_cond_broadcast(&server->changed);
    for (unsigned i = 0; i < OPEN_MAX; i++)
        if (server->connections[i].socket >= 0)
            (void)shutdown(server->connections[i].socket, SHUT_RDWR);
    (void)pthread_mutex_unlock(&server->lock);
    (void)shutdown(server->listener, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    for (unsigned i = 0; i < OPEN_MAX; i++)
        if (server->connections[i].socket >= 0)
            end_connection(&server->connections[i]);
    (void)close(server->listener);
    (void)pthread_cond_destroy(&server->changed);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

unsigned http_server_requests(struct http_server *server)
{
    unsigned count;

    (void)pthread_mutex_lock(&server->lock);
    count = server->requests;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

unsigned http_server_connections(struct http_server *server)
{
    unsigned count;

    (void)pthread_mutex_lock(&server->lock);
    count = server->count;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

void http_server_drip(struct http_server *server, unsigned pause_us)
{
    atomic_store(&server->drip_us, pause_us);
}

unsigned http_server_dripped(struct http_server *server)
{
    return atomic_load(&server->dripped);
}

void http_server_await(struct http_server *server, unsigned count)
{
    (void)pthread_mutex_lock(&server->lock);
    while (server->requests < count)
        (void)pthread_cond_wait(&server->changed, &server->lock);
    (void)pthread_mutex_unlock(&server->lock);
}

void http_server_hang(const struct http_request *request)
{
    char byte;

    while (recv(request->socket, &byte, 1, 0) > 0)
        ;
}

/* -------------------------------------------------- requests and answers -- */

bool http_request_header(const struct http_request *request, const char *name,
                         char *out, size_t capacity)
{
    size_t name_bytes = strlen(name);
    const char *line = request->headers;

    while (line != NULL && *line != '\0') {
        while (*line == '\r' || *line == '\n')
            line++;
        if (strncasecmp(line, name, name_bytes) == 0 &&
            line[name_bytes] == ':') {
            const char *value = line + name_bytes + 1;

            while (*value == ' ')
                value++;
            (void)snprintf(out, capacity, "%.*s", (int)strcspn(value, "\r\n"),
                           value);
            return true;
        }
        line = strchr(line, '\n');
    }
    return false;
}

void http_send_bytes(const struct http_request *request, struct ndb_slice bytes)
{
    while (bytes.bytes != 0) {
        ssize_t sent =
            send(request->socket, bytes.data, bytes.bytes, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        bytes = ndb_slice(bytes.data + sent, bytes.bytes - (size_t)sent);
    }
}

void http_send(const struct http_request *request, const char *text)
{
    http_send_bytes(request, ndb_slice_text(text));
}

void http_reply(const struct http_request *request, int status,
                const char *headers, struct ndb_slice body)
{
    char head[1024];

    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 %d Some Text\r\nContent-Length: %zu\r\n%s\r\n",
                   status, body.bytes, headers);
    http_send(request, head);
    if (strcmp(request->method, "HEAD") != 0)
        http_send_bytes(request, body);
}
