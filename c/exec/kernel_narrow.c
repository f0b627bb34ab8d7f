/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums, differences and multiples of integers that are stored in a few bytes,
 * in as few as the result may need: what is stored says how large it can get,
 * so that nothing has to be checked item by item.
 *
 * An operand is base + item, 0 <= item <= max. So is a result, and its item is
 * start + scale * item + scale * item, modulo the result's width: differences
 * and negative factors count from the other end.
 */
#include "exec/kernel.h"

struct narrow {
    const struct ndb_vector *vector; /* NULL: a constant, that is the base */
    int64_t base;
    uint64_t max;
    uint32_t scale;
};

static bool take_narrow(const struct ndb_vector *vector, struct narrow *out)
{
    *out = (struct narrow){ .vector = vector, .scale = 1 };
    if (vector->is_constant) {
        namidb_value value = ndb_vector_get(vector, 0);

        out->vector = NULL;
        out->base = value.as.integer;
        return value.kind == NAMIDB_INT;
    }
    out->base = vector->with.base;
    out->max = vector->width == 4 ? UINT32_MAX
                                  : (UINT64_C(1) << 8 * vector->width) - 1;
    return vector->form == NDB_FORM_NARROW;
}

/* What items of a result start from, and its base. */
struct narrow_result {
    int64_t base;
    uint64_t max;
    uint32_t start;
};

static bool add_narrow(const struct narrow pair[2], struct narrow_result *out)
{
    out->max = pair[0].max + pair[1].max;
    return !__builtin_add_overflow(pair[0].base, pair[1].base, &out->base);
}

static bool subtract_narrow(struct narrow pair[2], struct narrow_result *out)
{
    int64_t last;

    pair[1].scale = UINT32_MAX; /* -1 */
    out->max = pair[0].max + pair[1].max;
    out->start = (uint32_t)pair[1].max;
    return !__builtin_add_overflow(pair[1].base, (int64_t)pair[1].max, &last) &&
           !__builtin_sub_overflow(pair[0].base, last, &out->base);
}

/* By a constant. */
static bool multiply_narrow(struct narrow pair[2], struct narrow_result *out)
{
    struct narrow *of = &pair[pair[0].vector == NULL ? 1 : 0];
    int64_t factor = pair[pair[0].vector == NULL ? 0 : 1].base;
    int64_t end = of->base;
    uint64_t size = factor < 0 ? 0 - (uint64_t)factor : (uint64_t)factor;

    if ((pair[0].vector == NULL) == (pair[1].vector == NULL) ||
        size > UINT32_MAX)
        return false;
    of->scale = (uint32_t)factor;
    out->max = of->max * size;
    if (factor < 0) {
        out->start = (uint32_t)out->max;
        if (__builtin_add_overflow(of->base, (int64_t)of->max, &end))
            return false;
    }
    return !__builtin_mul_overflow(end, factor, &out->base);
}

static void add_to_halves(const struct narrow *of, uint32_t extent,
                          uint16_t *out)
{
    const uint8_t *bytes = of->vector->as.items;
    const uint16_t *halves = of->vector->as.items;
    uint32_t scale = of->scale & UINT16_MAX;

    if (of->vector->width == 1)
        for (uint32_t i = 0; i < extent; i++)
            out[i] = (uint16_t)(out[i] + scale * bytes[i]);
    else
        for (uint32_t i = 0; i < extent; i++)
            out[i] = (uint16_t)(out[i] + scale * halves[i]);
}

static void add_to_words(const struct narrow *of, uint32_t extent,
                         uint32_t *out)
{
    const uint8_t *bytes = of->vector->as.items;
    const uint16_t *halves = of->vector->as.items;
    const uint32_t *words = of->vector->as.items;

    if (of->vector->width == 1)
        for (uint32_t i = 0; i < extent; i++)
            out[i] += of->scale * bytes[i];
    else if (of->vector->width == 2)
        for (uint32_t i = 0; i < extent; i++)
            out[i] += of->scale * halves[i];
    else
        for (uint32_t i = 0; i < extent; i++)
            out[i] += of->scale * words[i];
}

static void make_halves(const struct narrow pair[2], uint32_t start,
                        uint32_t extent, uint16_t *out)
{
    for (uint32_t i = 0; i < extent; i++)
        out[i] = (uint16_t)start;
    for (int i = 0; i < 2; i++)
        if (pair[i].vector != NULL)
            add_to_halves(&pair[i], extent, out);
}

static void make_words(const struct narrow pair[2], uint32_t start,
                       uint32_t extent, uint32_t *out)
{
    for (uint32_t i = 0; i < extent; i++)
        out[i] = start;
    for (int i = 0; i < 2; i++)
        if (pair[i].vector != NULL)
            add_to_words(&pair[i], extent, out);
}

bool ndb_kernel_narrow(enum ndb_expr_kind kind, const struct ndb_vector *a,
                       const struct ndb_vector *b, uint32_t extent,
                       uint32_t *room, struct ndb_vector *out)
{
    struct narrow_result result = { 0, 0, 0 };
    struct narrow pair[2];
    int64_t last;
    bool fits;

    if (!take_narrow(a, &pair[0]) || !take_narrow(b, &pair[1]))
        return false;
    fits = kind == NDB_EXPR_ADD   ? add_narrow(pair, &result)
           : kind == NDB_EXPR_SUB ? subtract_narrow(pair, &result)
                                  : multiply_narrow(pair, &result);
    if (!fits || result.max > UINT32_MAX ||
        __builtin_add_overflow(result.base, (int64_t)result.max, &last))
        return false;
    if (result.max <= UINT16_MAX)
        make_halves(pair, result.start, extent, (uint16_t *)room);
    else
        make_words(pair, result.start, extent, room);
    *out = (struct ndb_vector){ .form = NDB_FORM_NARROW,
                                .width = result.max <= UINT16_MAX ? 2 : 4,
                                .with.base = result.base,
                                .as.items = room };
    return true;
}
