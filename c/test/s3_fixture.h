/* SPDX-License-Identifier: Apache-2.0 */
/*
 * s3_fixture.h - the S3 store on a bucket in memory that misbehaves as it is
 * told. The group's setup is aws_home_setup.
 */
#ifndef NDB_TEST_S3_FIXTURE_H
#define NDB_TEST_S3_FIXTURE_H

#include "s3_server.h"
#include "store/store.h"

#define S3_FIXTURE_SECRET "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"

struct s3_fixture {
    struct s3_server *server;
    struct ndb_store *store;
    namidb_error err;
};

/* In us-east-1; the other with these parameters of the URI instead, "&a=b". */
void s3_fixture_begin(struct s3_fixture *fixture);
void s3_fixture_begin_with(struct s3_fixture *fixture, const char *params);
void s3_fixture_end(struct s3_fixture *fixture);

/* With a deadline of 20 s. */
struct ndb_request s3_request(enum ndb_store_op op, const char *key);
struct ndb_request s3_put_request(enum ndb_store_op op, const char *key,
                                  const char *body);
/* Runs one request; its status. */
int s3_fixture_run(struct s3_fixture *fixture, struct ndb_request *request);
void s3_fixture_put(struct s3_fixture *fixture, const char *key,
                    const char *body);

void assert_s3_body(const struct ndb_request *get, const char *body);

#endif
