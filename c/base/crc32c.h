/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crc32c.h - CRC-32 with Castagnoli's polynomial (RFC 3720), as S3 checks it.
 */
#ifndef NDB_BASE_CRC32C_H
#define NDB_BASE_CRC32C_H

#include "base/slice.h"

uint32_t ndb_crc32c(struct ndb_slice bytes);

#endif
