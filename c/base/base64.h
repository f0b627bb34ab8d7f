/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64.h - RFC 4648, with padding.
 */
#ifndef NDB_BASE_BASE64_H
#define NDB_BASE_BASE64_H

#include "base/buf.h"

/* Appends; NAMIDB_OK, NAMIDB_ENOMEM or NAMIDB_ELIMIT. */
int ndb_base64_encode(struct ndb_buf *out, struct ndb_slice bytes);

/* Writes to `out`, which has room for text.bytes / 4 * 3; *bytes is how many.
 * False when it is not exactly what encode writes. */
bool ndb_base64_decode(struct ndb_slice text, uint8_t *out, size_t *bytes);

#endif
