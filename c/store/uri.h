/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uri.h - the one parser of store URIs.
 *
 *   memory://name?ns=         shared by name within the process
 *   file:///abs/dir?ns=       file://./rel/dir?ns=
 *   s3://bucket/prefix?ns=&region=&...
 *
 * The public struct is namidb_uri of namidb.h.
 */
#ifndef NDB_STORE_URI_H
#define NDB_STORE_URI_H

#include "namidb.h"

/* The value of a parameter, or NULL. */
const char *ndb_uri_param(const namidb_uri *uri, const char *name);

#endif
