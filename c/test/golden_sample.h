/* SPDX-License-Identifier: Apache-2.0 */
/*
 * golden_sample.h - the formats, byte by byte: what is written is just what
 * golden.h holds, and what it holds reads as what it was made from. Where zstd
 * is in between, only reading is exact: another version may compress otherwise.
 *
 * After a format was changed on purpose, NAMIDB_GOLDEN=1 makes the tests print
 * golden.h anew.
 */
#ifndef NDB_TEST_GOLDEN_SAMPLE_H
#define NDB_TEST_GOLDEN_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/hash.h"
#include "golden.h"
#include "namidb.h"

static const struct ndb_hash128 GOLDEN_CHAIN = { 0x0123456789abcdef,
                                                 0xfedcba9876543210 };

/* Prints the bytes as an array of golden.h, if NAMIDB_GOLDEN is set. */
void golden_print(const char *name, struct ndb_slice bytes);

/* Just those bytes. */
#define assert_golden(golden, buf)                                             \
    do {                                                                       \
        golden_print(#golden, ndb_buf_slice(buf));                             \
        assert_int_equal((buf)->bytes, sizeof golden);                         \
        assert_memory_equal((buf)->data, golden, sizeof golden);               \
    } while (0)

/* A text, or bytes. */
namidb_value golden_text(enum namidb_kind kind, const char *text);

/* A node of two labels and two properties. */
namidb_node golden_node(void);
void golden_check_node(const namidb_node *read);

/* A unique constraint on two properties. */
namidb_schema_item golden_item(void);
void golden_check_item(const namidb_schema_item *read);

#endif
