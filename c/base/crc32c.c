/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight bytes at a time through eight tables ("slicing"): table k says what a
 * byte does to the remainder when k more bytes follow it.
 */
#include "base/crc32c.h"

#include <pthread.h>

#define POLYNOMIAL 0x82f63b78u /* bits reversed */

static uint32_t tables[8][256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void fill_tables(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t rest = byte;

        for (int bit = 0; bit < 8; bit++)
            rest = rest >> 1 ^ ((rest & 1) != 0 ? POLYNOMIAL : 0);
        tables[0][byte] = rest;
    }
    for (uint32_t byte = 0; byte < 256; byte++)
        for (int k = 1; k < 8; k++)
            tables[k][byte] = tables[k - 1][byte] >> 8 ^
                              tables[0][tables[k - 1][byte] & 0xff];
}

uint32_t ndb_crc32c(struct ndb_slice bytes)
{
    const uint8_t *at = bytes.data;
    const uint8_t *end = at + bytes.bytes;
    uint32_t rest = 0xffffffffu;

    (void)pthread_once(&tables_once, fill_tables);
    for (; end - at >= 8; at += 8) {
        uint32_t low = rest ^ ((uint32_t)at[0] | (uint32_t)at[1] << 8 |
                               (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);

        rest = tables[7][low & 0xff] ^ tables[6][low >> 8 & 0xff] ^
               tables[5][low >> 16 & 0xff] ^ tables[4][low >> 24] ^
               tables[3][at[4]] ^ tables[2][at[5]] ^ tables[1][at[6]] ^
               tables[0][at[7]];
    }
    for (; at < end; at++)
        rest = rest >> 8 ^ tables[0][(rest ^ *at) & 0xff];
    return ~rest;
}
