/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ini.h - the files ~/.aws/config and ~/.aws/credentials.
 *
 *   [section]
 *   name = value        # comments begin a line, or follow a blank
 *     nested = value    lines that begin with a blank belong to the name above
 *
 * Names and sections are compared as written; a section that comes twice is
 * one; of a name that comes twice the last counts. Pure.
 */
#ifndef NDB_NET_INI_H
#define NDB_NET_INI_H

#include "base/slice.h"

bool ndb_ini_has_section(struct ndb_slice text, const char *section);

/* NAMIDB_OK, NAMIDB_NONE (then *value is empty). The value is in place. */
int ndb_ini_get(struct ndb_slice text, const char *section, const char *name,
                struct ndb_slice *value);

#endif
