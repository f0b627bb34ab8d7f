/* SPDX-License-Identifier: Apache-2.0 */
#include "net/encode.h"

#include "base/error.h"

static bool is_unreserved(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
           byte == '_' || byte == '~';
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

int ndb_uri_decode_byte(const char *digits)
{
    int high = hex_digit(digits[0]);
    int low = high < 0 ? -1 : hex_digit(digits[1]);

    return low < 0 ? -1 : high * 16 + low;
}

int ndb_uri_encode(struct ndb_buf *out, struct ndb_slice text, bool is_path)
{
    static const char digits[] = "0123456789ABCDEF";
    int rc;

    if (text.bytes > SIZE_MAX / 3)
        return NAMIDB_ELIMIT;
    rc = ndb_buf_reserve(out, text.bytes * 3);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < text.bytes; i++) {
        uint8_t byte = text.data[i];

        if (is_unreserved(byte) || (is_path && byte == '/')) {
            out->data[out->bytes++] = byte;
            continue;
        }
        out->data[out->bytes++] = '%';
        out->data[out->bytes++] = (uint8_t)digits[byte >> 4];
        out->data[out->bytes++] = (uint8_t)digits[byte & 15];
    }
    return NAMIDB_OK;
}

void ndb_hex(char *out, const uint8_t *data, size_t bytes)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes; i++) {
        *out++ = digits[data[i] >> 4];
        *out++ = digits[data[i] & 15];
    }
    *out = '\0';
}
