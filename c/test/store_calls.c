/* SPDX-License-Identifier: Apache-2.0 */
#include "store_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/clock.h"

struct ndb_request store_request(enum ndb_store_op op, const char *key)
{
    return (struct ndb_request){ .op = op,
                                 .key = key,
                                 .deadline_ns = ndb_deadline_after(30000) };
}

int store_run(struct ndb_store *store, struct ndb_request *request)
{
    return ndb_store_run(store, request, 1, NULL);
}

int store_put(struct ndb_store *store, enum ndb_store_op op, const char *key,
              const char *text)
{
    struct ndb_request request = store_request(op, key);
    int status;

    request.body = ndb_slice_text(text);
    (void)store_run(store, &request);
    status = request.status;
    assert_true(status < 0 || request.date_ms > 0);
    ndb_request_release(&request);
    return status;
}

bool store_holds(struct ndb_store *store, const char *key, const char *text)
{
    struct ndb_request request = store_request(NDB_GET, key);
    bool is_it;

    assert_true(store_run(store, &request) >= 0);
    is_it = text == NULL ? request.status == NAMIDB_NONE
                         : request.status == NAMIDB_OK &&
                               request.object_bytes == strlen(text) &&
                               ndb_slice_equal(ndb_buf_slice(&request.out),
                                               ndb_slice_text(text));
    ndb_request_release(&request);
    return is_it;
}

void store_remove_folder(const char *folder)
{
    char command[512];

    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}
