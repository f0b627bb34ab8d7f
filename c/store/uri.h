/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uri.h - the one parser of store URIs.
 *
 *   memory://name?ns=&far=    shared by name within the process
 *   file:///abs/dir?ns=&far=  file://./rel/dir?ns=&far=
 *   s3://bucket/prefix?ns=&region=&...
 *
 * The public struct is namidb_uri of namidb.h.
 */
#ifndef NDB_STORE_URI_H
#define NDB_STORE_URI_H

#include "namidb.h"

/* The value of a parameter, or NULL. */
const char *ndb_uri_param(const namidb_uri *uri, const char *name);

/* Which of some values (up to NULL) a parameter has; NAMIDB_NONE, *value as it
 * was: it is not there; NAMIDB_EINVAL: it has another. */
int ndb_uri_choice(const namidb_uri *uri, const char *name,
                   const char *const *choices, const char **value,
                   namidb_error *err);
/* The same of a switch, which is true where the parameter is `on`. */
int ndb_uri_switch(const namidb_uri *uri, const char *name, const char *off,
                   const char *on, bool *value, namidb_error *err);

#endif
