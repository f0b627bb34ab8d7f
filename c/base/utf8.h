/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8.h - whether bytes are UTF-8 (RFC 3629: no surrogates, shortest form,
 * at most U+10FFFF).
 */
#ifndef NDB_BASE_UTF8_H
#define NDB_BASE_UTF8_H

#include "base/slice.h"

bool ndb_utf8_is_valid(struct ndb_slice text);

/* Bytes of the character beyond ASCII at `at`; 0: there is none. */
size_t ndb_utf8_sequence(const uint8_t *at, size_t left);

#endif
