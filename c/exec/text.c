/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/text.h"

size_t ndb_text_step(const char *at, size_t left)
{
    uint8_t lead = (uint8_t)*at;
    size_t step = 1;

    if (lead >= 0xf0 && lead < 0xf8)
        step = 4;
    else if (lead >= 0xe0 && lead < 0xf0)
        step = 3;
    else if (lead >= 0xc0 && lead < 0xe0)
        step = 2;
    if (step > left)
        return 1;
    for (size_t i = 1; i < step; i++)
        if (((uint8_t)at[i] & 0xc0) != 0x80)
            return 1;
    return step;
}

uint32_t ndb_text_decode(const char *at, size_t left, size_t *step)
{
    uint8_t lead = (uint8_t)*at;
    uint32_t point;

    *step = ndb_text_step(at, left);
    if (*step == 1)
        return lead;
    point = lead & (0x7fu >> *step);
    for (size_t i = 1; i < *step; i++)
        point = point << 6 | ((uint8_t)at[i] & 0x3f);
    return point;
}

size_t ndb_text_encode(uint32_t point, char out[4])
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

size_t ndb_text_offset(struct ndb_slice text, size_t index)
{
    const char *bytes = (const char *)text.data;
    size_t at = 0;

    while (index > 0 && at < text.bytes) {
        at += ndb_text_step(bytes + at, text.bytes - at);
        index--;
    }
    return at;
}

size_t ndb_text_count(struct ndb_slice text)
{
    const char *bytes = (const char *)text.data;
    size_t count = 0;

    for (size_t at = 0; at < text.bytes; count++)
        at += ndb_text_step(bytes + at, text.bytes - at);
    return count;
}

size_t ndb_text_find(struct ndb_slice text, struct ndb_slice part, size_t from)
{
    const uint8_t *found;

    if (from > text.bytes || part.bytes > text.bytes - from)
        return SIZE_MAX;
    if (part.bytes == 0)
        return from;
    found = memmem(text.data + from, text.bytes - from, part.data, part.bytes);
    return found != NULL ? (size_t)(found - text.data) : SIZE_MAX;
}

/* Unicode's property White_Space. */
bool ndb_text_is_space(uint32_t point)
{
    if (point < 0x80)
        return point == ' ' || (point >= '\t' && point <= '\r');
    return point == 0x85 || point == 0xa0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200a) || point == 0x2028 ||
           point == 0x2029 || point == 0x202f || point == 0x205f ||
           point == 0x3000;
}

/* Where the code point begins that ends at `end`, which is not 0. */
static size_t step_back(struct ndb_slice text, size_t end)
{
    const char *bytes = (const char *)text.data;

    for (size_t step = 4; step > 1; step--)
        if (step <= end && ndb_text_step(bytes + end - step, step) == step)
            return end - step;
    return end - 1;
}

/* Whether the code point of `step` bytes at `at` is to be taken away. */
static bool is_trimmed(const char *at, size_t step, const struct ndb_slice *set)
{
    const char *bytes;
    size_t width;

    if (set == NULL)
        return ndb_text_is_space(ndb_text_decode(at, step, &width));
    bytes = (const char *)set->data;
    for (size_t i = 0; i < set->bytes; i += width) {
        width = ndb_text_step(bytes + i, set->bytes - i);
        if (width == step && memcmp(bytes + i, at, step) == 0)
            return true;
    }
    return false;
}

struct ndb_slice ndb_text_trim(struct ndb_slice text,
                               const struct ndb_slice *set, bool left,
                               bool right)
{
    const char *bytes = (const char *)text.data;
    size_t begin = 0, end = text.bytes;

    while (left && begin < end) {
        size_t step = ndb_text_step(bytes + begin, end - begin);

        if (!is_trimmed(bytes + begin, step, set))
            break;
        begin += step;
    }
    while (right && begin < end) {
        size_t last = step_back(text, end);

        if (!is_trimmed(bytes + last, end - last, set))
            break;
        end = last;
    }
    return ndb_slice(text.data + begin, end - begin);
}

static bool are_strings(const namidb_value *a, const namidb_value *b)
{
    return a->kind == NAMIDB_STRING && b->kind == NAMIDB_STRING;
}

enum ndb_truth ndb_starts_with(const namidb_value *text,
                               const namidb_value *part)
{
    if (!are_strings(text, part))
        return NDB_UNKNOWN;
    return part->size <= text->size &&
                   ndb_slice_equal(ndb_slice(text->as.bytes, part->size),
                                   ndb_text_of(part))
               ? NDB_TRUE
               : NDB_FALSE;
}

enum ndb_truth ndb_ends_with(const namidb_value *text, const namidb_value *part)
{
    if (!are_strings(text, part))
        return NDB_UNKNOWN;
    return part->size <= text->size &&
                   ndb_slice_equal(
                       ndb_slice(text->as.bytes + text->size - part->size,
                                 part->size),
                       ndb_text_of(part))
               ? NDB_TRUE
               : NDB_FALSE;
}

enum ndb_truth ndb_contains(const namidb_value *text, const namidb_value *part)
{
    if (!are_strings(text, part))
        return NDB_UNKNOWN;
    return ndb_text_find(ndb_text_of(text), ndb_text_of(part), 0) != SIZE_MAX
               ? NDB_TRUE
               : NDB_FALSE;
}
