/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encode.h - percent-encoding and hex, as S3 wants them.
 *
 * Only A-Z a-z 0-9 - . _ ~ stay as they are (RFC 3986's unreserved); hex digits
 * are upper case in URIs and lower case in hashes.
 */
#ifndef NDB_NET_ENCODE_H
#define NDB_NET_ENCODE_H

#include "base/buf.h"

/* Appends; NAMIDB_OK, NAMIDB_ENOMEM or NAMIDB_ELIMIT. '/' stays when
 * `is_path`. */
int ndb_uri_encode(struct ndb_buf *out, struct ndb_slice text, bool is_path);

/* The byte that two hex digits of either case stand for; -1: they are none. The
 * second is looked at only behind a first. */
int ndb_uri_decode_byte(const char *digits);

/* Lower case; `out` has room for 2 x bytes + 1 and is NUL-terminated. */
void ndb_hex(char *out, const uint8_t *data, size_t bytes);

#endif
