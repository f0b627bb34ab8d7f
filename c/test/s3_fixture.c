/* SPDX-License-Identifier: Apache-2.0 */
#include "s3_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aws_home.h"
#include "sys/clock.h"

void s3_fixture_begin_with(struct s3_fixture *fixture, const char *params)
{
    char uri[512];

    aws_home_clear();
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", S3_FIXTURE_SECRET, 1);
    fixture->server = s3_server_start();
    (void)snprintf(uri, sizeof uri,
                   "s3://bucket/some%%20prefix+?ns=prod&endpoint="
                   "http://127.0.0.1:%d%s",
                   s3_server_port(fixture->server), params);
    if (ndb_store_open(&fixture->store, uri, &fixture->err) < 0)
        fail_msg("%s", fixture->err.message);
}

void s3_fixture_begin(struct s3_fixture *fixture)
{
    s3_fixture_begin_with(fixture, "&region=us-east-1");
}

void s3_fixture_end(struct s3_fixture *fixture)
{
    ndb_store_close(fixture->store);
    s3_server_stop(fixture->server);
}

struct ndb_request s3_request(enum ndb_store_op op, const char *key)
{
    return (struct ndb_request){ .op = op,
                                 .key = key,
                                 .deadline_ns = ndb_deadline_after(20000) };
}

struct ndb_request s3_put_request(enum ndb_store_op op, const char *key,
                                  const char *body)
{
    struct ndb_request put = s3_request(op, key);

    put.body = ndb_slice_text(body);
    return put;
}

int s3_fixture_run(struct s3_fixture *fixture, struct ndb_request *request)
{
    (void)ndb_store_run(fixture->store, request, 1, NULL);
    return request->status;
}

void s3_fixture_put(struct s3_fixture *fixture, const char *key,
                    const char *body)
{
    struct ndb_request put = s3_put_request(NDB_PUT, key, body);

    assert_int_equal(s3_fixture_run(fixture, &put), NAMIDB_OK);
}

void assert_s3_body(const struct ndb_request *get, const char *body)
{
    assert_true(
        ndb_slice_equal(ndb_buf_slice(&get->out), ndb_slice_text(body)));
}
