/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest_text.h - what the encoder and the decoder of manifests share.
 */
#ifndef NDB_FORMAT_MANIFEST_TEXT_H
#define NDB_FORMAT_MANIFEST_TEXT_H

#include "namidb.h"

enum {
    /* "checksum":"<32 hex>"}\n */
    NDB_MANIFEST_CHECKSUM_BYTES = 12 + 32 + 3,
};

/* Members that hold the dictionary, by kind. */
static const char *const NDB_MANIFEST_NAMES[NAMIDB_NAME_KIND_COUNT] = {
    "labels", "types", "properties"
};

#endif
