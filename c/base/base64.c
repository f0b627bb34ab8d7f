/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include "namidb.h"

static const char DIGITS[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int ndb_base64_encode(struct ndb_buf *out, struct ndb_slice bytes)
{
    uint8_t *at;
    int rc;

    if (bytes.bytes > SIZE_MAX / 2)
        return NAMIDB_ELIMIT;
    rc = ndb_buf_reserve(out, (bytes.bytes + 2) / 3 * 4);
    if (rc < 0)
        return rc;
    at = out->data + out->bytes;
    for (size_t i = 0; i < bytes.bytes; i += 3) {
        size_t left = bytes.bytes - i;
        uint32_t word = (uint32_t)bytes.data[i] << 16;

        if (left > 1)
            word |= (uint32_t)bytes.data[i + 1] << 8;
        if (left > 2)
            word |= bytes.data[i + 2];
        *at++ = (uint8_t)DIGITS[word >> 18];
        *at++ = (uint8_t)DIGITS[word >> 12 & 63];
        *at++ = (uint8_t)(left > 1 ? DIGITS[word >> 6 & 63] : '=');
        *at++ = (uint8_t)(left > 2 ? DIGITS[word & 63] : '=');
    }
    out->bytes += (bytes.bytes + 2) / 3 * 4;
    return NAMIDB_OK;
}

static int digit_value(uint8_t digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    if (digit == '+')
        return 62;
    return digit == '/' ? 63 : -1;
}

bool ndb_base64_decode(struct ndb_slice text, uint8_t *out, size_t *bytes)
{
    size_t count = 0;

    if (text.bytes % 4 != 0)
        return false;
    for (size_t i = 0; i < text.bytes; i += 4) {
        bool is_last = i + 4 == text.bytes;
        int pad = 0;
        uint32_t word = 0;

        if (is_last && text.data[i + 3] == '=')
            pad = text.data[i + 2] == '=' ? 2 : 1;
        for (int k = 0; k < 4; k++) {
            int value =
                k >= 4 - pad ? 0 : digit_value(text.data[i + (size_t)k]);

            if (value < 0)
                return false;
            word = word << 6 | (uint32_t)value;
        }
        /* What the padding cuts off must be zero, or two texts would mean the
         * same bytes. */
        if ((pad == 1 && (word & 0xff) != 0) ||
            (pad == 2 && (word & 0xffff) != 0))
            return false;
        out[count++] = (uint8_t)(word >> 16);
        if (pad < 2)
            out[count++] = (uint8_t)(word >> 8);
        if (pad < 1)
            out[count++] = (uint8_t)word;
    }
    *bytes = count;
    return true;
}
