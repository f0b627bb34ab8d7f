/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sts.h - the security token service: keys for a role.
 *
 * AssumeRoleWithWebIdentity trusts a token of somebody else's (EKS) and is not
 * signed; AssumeRole is signed with the keys that one has. The endpoint is that
 * of the region; AWS_ENDPOINT_URL_STS names another.
 */
#ifndef NDB_NET_STS_H
#define NDB_NET_STS_H

#include "net/credentials.h"
#include "net/http.h"

struct ndb_sts_call {
    const char *region;
    const char *role_arn;
    const char *session_name;           /* NULL or "": "namidb" */
    const char *external_id;            /* NULL: none; AssumeRole only */
    const char *web_token;              /* NULL: AssumeRole */
    const struct ndb_credentials *keys; /* who asks; AssumeRole */
    int64_t deadline_ns;
};

/* Blocks. NAMIDB_EAUTH with the service's code when it refuses. */
int ndb_sts_assume(struct ndb_http *http, const struct ndb_sts_call *call,
                   struct ndb_credentials **out, namidb_error *err);

#endif
