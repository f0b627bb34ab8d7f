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
    bool is_fips; /* the endpoint is that of this standard */
    const char *role_arn;
    const char *session_name;           /* NULL or "": "namidb" */
    const char *external_id;            /* NULL: none; AssumeRole only */
    const char *web_token;              /* NULL: AssumeRole */
    const struct ndb_credentials *keys; /* who asks; AssumeRole */
    int64_t deadline_ns;
};

enum { NDB_STS_ENDPOINT_BYTES = 160 };

/* AWS' own, of a region: "https://sts.eu-north-1.amazonaws.com". */
void ndb_sts_endpoint(const char *region, bool is_fips,
                      char out[NDB_STS_ENDPOINT_BYTES]);

/* Blocks. NAMIDB_EAUTH with the service's code when it refuses. */
int ndb_sts_assume(struct ndb_http *http, const struct ndb_sts_call *call,
                   struct ndb_credentials **out, namidb_error *err);

#endif
