/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/unicode.h"

struct range {
    uint32_t first, last;
    enum ndb_unicode_class is;
};

/* What is no letter, in order. */
static const struct range RANGES[] = {
    { 0x0080, 0x009f, NDB_UNICODE_OTHER },
    { 0x00a0, 0x00a0, NDB_UNICODE_SPACE },
    { 0x00a1, 0x00a9, NDB_UNICODE_OTHER },
    { 0x00ab, 0x00ac, NDB_UNICODE_OTHER },
    { 0x00ad, 0x00ad, NDB_UNICODE_DASH },
    { 0x00ae, 0x00b4, NDB_UNICODE_OTHER },
    { 0x00b6, 0x00b9, NDB_UNICODE_OTHER },
    { 0x00bb, 0x00bf, NDB_UNICODE_OTHER },
    { 0x00d7, 0x00d7, NDB_UNICODE_OTHER },
    { 0x00f7, 0x00f7, NDB_UNICODE_OTHER },
    { 0x1680, 0x1680, NDB_UNICODE_SPACE },
    { 0x180e, 0x180e, NDB_UNICODE_SPACE },
    { 0x2000, 0x200a, NDB_UNICODE_SPACE },
    { 0x200b, 0x200f, NDB_UNICODE_OTHER },
    { 0x2010, 0x2015, NDB_UNICODE_DASH },
    { 0x2016, 0x2027, NDB_UNICODE_OTHER },
    { 0x2028, 0x2029, NDB_UNICODE_SPACE },
    { 0x202a, 0x202e, NDB_UNICODE_OTHER },
    { 0x202f, 0x202f, NDB_UNICODE_SPACE },
    { 0x2030, 0x203e, NDB_UNICODE_OTHER },
    { 0x2041, 0x2053, NDB_UNICODE_OTHER },
    { 0x2055, 0x205e, NDB_UNICODE_OTHER },
    { 0x205f, 0x205f, NDB_UNICODE_SPACE },
    { 0x2060, 0x206f, NDB_UNICODE_OTHER },
    { 0x207a, 0x207e, NDB_UNICODE_OTHER },
    { 0x208a, 0x208e, NDB_UNICODE_OTHER },
    { 0x2190, 0x2211, NDB_UNICODE_OTHER },
    { 0x2212, 0x2212, NDB_UNICODE_DASH },
    { 0x2213, 0x245f, NDB_UNICODE_OTHER },
    { 0x2500, 0x27e7, NDB_UNICODE_OTHER },
    { 0x27e8, 0x27e8, NDB_UNICODE_LESS },
    { 0x27e9, 0x27e9, NDB_UNICODE_GREATER },
    { 0x27ea, 0x2bff, NDB_UNICODE_OTHER },
    { 0x2e00, 0x2e7f, NDB_UNICODE_OTHER },
    { 0x2ff0, 0x2fff, NDB_UNICODE_OTHER },
    { 0x3000, 0x3000, NDB_UNICODE_SPACE },
    { 0x3001, 0x3004, NDB_UNICODE_OTHER },
    { 0x3008, 0x3008, NDB_UNICODE_LESS },
    { 0x3009, 0x3009, NDB_UNICODE_GREATER },
    { 0x300a, 0x3020, NDB_UNICODE_OTHER },
    { 0x3030, 0x3030, NDB_UNICODE_OTHER },
    { 0xd800, 0xf8ff, NDB_UNICODE_OTHER },
    { 0xfe10, 0xfe1f, NDB_UNICODE_OTHER },
    { 0xfe30, 0xfe32, NDB_UNICODE_OTHER },
    { 0xfe35, 0xfe4c, NDB_UNICODE_OTHER },
    { 0xfe50, 0xfe57, NDB_UNICODE_OTHER },
    { 0xfe58, 0xfe58, NDB_UNICODE_DASH },
    { 0xfe59, 0xfe62, NDB_UNICODE_OTHER },
    { 0xfe63, 0xfe63, NDB_UNICODE_DASH },
    { 0xfe64, 0xfe64, NDB_UNICODE_LESS },
    { 0xfe65, 0xfe65, NDB_UNICODE_GREATER },
    { 0xfe66, 0xfe6f, NDB_UNICODE_OTHER },
    { 0xfeff, 0xfeff, NDB_UNICODE_SPACE },
    { 0xff00, 0xff0c, NDB_UNICODE_OTHER },
    { 0xff0d, 0xff0d, NDB_UNICODE_DASH },
    { 0xff0e, 0xff0f, NDB_UNICODE_OTHER },
    { 0xff1a, 0xff1b, NDB_UNICODE_OTHER },
    { 0xff1c, 0xff1c, NDB_UNICODE_LESS },
    { 0xff1d, 0xff1d, NDB_UNICODE_OTHER },
    { 0xff1e, 0xff1e, NDB_UNICODE_GREATER },
    { 0xff1f, 0xff20, NDB_UNICODE_OTHER },
    { 0xff3b, 0xff3e, NDB_UNICODE_OTHER },
    { 0xff40, 0xff40, NDB_UNICODE_OTHER },
    { 0xff5b, 0xff65, NDB_UNICODE_OTHER },
    { 0xffe0, 0xffff, NDB_UNICODE_OTHER },
    { 0x1f000, 0x1fbef, NDB_UNICODE_OTHER },
    { 0xe0000, 0x10ffff, NDB_UNICODE_OTHER },
};

enum ndb_unicode_class ndb_unicode_class(uint32_t point)
{
    size_t low = 0, high = sizeof RANGES / sizeof *RANGES;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (point < RANGES[middle].first)
            high = middle;
        else if (point > RANGES[middle].last)
            low = middle + 1;
        else
            return RANGES[middle].is;
    }
    return NDB_UNICODE_LETTER;
}
