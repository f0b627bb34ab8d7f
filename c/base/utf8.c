/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

size_t ndb_utf8_sequence(const uint8_t *at, size_t left)
{
    uint8_t low = 0x80; /* bounds of the second byte */
    uint8_t high = 0xbf;
    size_t bytes;

    if (at[0] < 0xc2)
        return 0;
    if (at[0] < 0xe0)
        bytes = 2;
    else if (at[0] < 0xf0)
        bytes = 3;
    else if (at[0] < 0xf5)
        bytes = 4;
    else
        return 0;
    if (at[0] == 0xe0)
        low = 0xa0;
    else if (at[0] == 0xed)
        high = 0x9f;
    else if (at[0] == 0xf0)
        low = 0x90;
    else if (at[0] == 0xf4)
        high = 0x8f;
    if (left < bytes || at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < bytes; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return bytes;
}

bool ndb_utf8_is_valid(struct ndb_slice text)
{
    const uint8_t *at = text.data;
    const uint8_t *end = text.data + text.bytes;

    while (at < end) {
        size_t bytes;
        uint64_t word;

        /* Eight ASCII bytes at once. */
        if (end - at >= 8) {
            memcpy(&word, at, 8);
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                at += 8;
                continue;
            }
        }
        bytes = *at < 0x80 ? 1 : ndb_utf8_sequence(at, (size_t)(end - at));
        if (bytes == 0)
            return false;
        at += bytes;
    }
    return true;
}
