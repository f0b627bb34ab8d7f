/* SPDX-License-Identifier: Apache-2.0 */
#include "format/floats.h"

#include <math.h>

#include "base/error.h"
#include "base/mem.h"

#define SIGN (UINT64_C(1) << 63)
#define MANTISSA_BITS 52

/* Digits are below 2^51: 15 of them fit, and a half may be added. */
#define DIGITS_LIMIT ((double)(INT64_C(1) << 51))

/* What a scale byte says: 10^scale, 2^(scale - BINARY), or PLAIN. */
enum {
    SCALE_DECIMAL_MAX = 22, /* 10^22 is the last that a double has exactly */
    SCALE_BINARY = 64,
    SCALE_BINARY_MAX = SCALE_BINARY + 60,
    SCALE_PLAIN = 255,
};

enum {
    /* One exception for so many floats at most. */
    EXCEPTION_SHARE = 8,
    /* What one costs, about: its bits and its row. */
    EXCEPTION_BITS = 64 + 12,
    /* Floats that are looked at to find a scale, and one of how many of them
     * may be an exception. */
    SAMPLE_FLOATS = 256,
    SAMPLE_SHARE = 16,
};

static double divisor_of(unsigned scale)
{
    static const double powers[SCALE_DECIMAL_MAX + 1] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    };

    return scale < SCALE_BINARY ? powers[scale]
                                : ldexp(1, (int)scale - SCALE_BINARY);
}

static double float_of(uint64_t bits)
{
    double number;

    memcpy(&number, &bits, sizeof number);
    return number;
}

static bool is_too_large(double scaled)
{
    return !(fabs(scaled) < DIGITS_LIMIT); /* NaN is, too */
}

/* ------------------------------------------------------------- encoding -- */

/* Whether a float is digits / divisor, to the bit. */
static bool is_fraction(uint64_t bits, double divisor, int64_t *digits)
{
    double number = float_of(bits), scaled = number * divisor;
    double back;

    if (is_too_large(scaled))
        return false;
    *digits = (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    back = (double)*digits / divisor;
    return memcmp(&back, &bits, sizeof back) == 0;
}

/* The least power of ten that makes digits of a float, or SCALE_PLAIN. */
static unsigned decimal_of(uint64_t bits)
{
    int64_t digits;

    for (unsigned scale = 0; scale <= SCALE_DECIMAL_MAX; scale++) {
        double divisor = divisor_of(scale);

        if (is_fraction(bits, divisor, &digits))
            return scale;
        if (is_too_large(float_of(bits) * divisor))
            break;
    }
    return SCALE_PLAIN;
}

/* The least power of two that makes a float whole, or SCALE_PLAIN. */
static unsigned binary_of(uint64_t bits)
{
    uint64_t mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    int exponent = (int)(bits >> MANTISSA_BITS & 0x7ff) - 1023;
    int power = -exponent;

    if (exponent == -1023)
        return mantissa == 0 ? SCALE_BINARY : SCALE_PLAIN;
    if (mantissa != 0)
        power += MANTISSA_BITS - __builtin_ctzll(mantissa);
    if (exponent == 1024 || SCALE_BINARY + power > SCALE_BINARY_MAX)
        return SCALE_PLAIN;
    return SCALE_BINARY + (power > 0 ? (unsigned)power : 0);
}

/* The least scale that does for nearly all, to judge by some; SCALE_PLAIN:
 * none. */
static unsigned common_scale(unsigned scale_of(uint64_t bits),
                             const uint64_t *bits, size_t count)
{
    uint16_t counts[SCALE_PLAIN + 1] = { 0 };
    size_t step = count / SAMPLE_FLOATS + 1, taken = 0, covered = 0;

    for (size_t i = step / 2; i < count; i += step, taken++)
        counts[scale_of(bits[i])]++;
    for (unsigned scale = 0; scale < SCALE_PLAIN; scale++) {
        covered += counts[scale];
        if (covered >= taken - taken / SAMPLE_SHARE)
            return scale;
    }
    return SCALE_PLAIN;
}

/* The digits of all, and what has none. */
struct scaled {
    unsigned scale;
    uint64_t *digits;          /* sign bits turned over */
    uint64_t *rows, *oddities; /* exceptions */
    size_t exception_count;
    uint64_t cost; /* bits, about */
};

static void scaled_release(struct scaled *scaled)
{
    ndb_free(scaled->digits);
    ndb_free(scaled->rows);
    ndb_free(scaled->oddities);
}

static int scaled_init(struct scaled *scaled, size_t count)
{
    size_t most = count / EXCEPTION_SHARE + 1;

    *scaled = (struct scaled){
        .digits = ndb_realloc(NULL, count, sizeof *scaled->digits),
        .rows = ndb_realloc(NULL, most, sizeof *scaled->rows),
        .oddities = ndb_realloc(NULL, most, sizeof *scaled->oddities),
    };
    return scaled->digits != NULL && scaled->rows != NULL &&
                   scaled->oddities != NULL
               ? NAMIDB_OK
               : NAMIDB_ENOMEM;
}

/* false: too many exceptions. One of them repeats the digits before it. */
static bool scale_all(struct scaled *scaled, unsigned scale,
                      const uint64_t *bits, size_t count)
{
    int64_t digits, before = 0;
    double divisor;

    if (scale == SCALE_PLAIN)
        return false;
    divisor = divisor_of(scale);
    scaled->scale = scale;
    scaled->exception_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_fraction(bits[i], divisor, &digits)) {
            before = digits;
        } else {
            if (scaled->exception_count == count / EXCEPTION_SHARE)
                return false;
            scaled->rows[scaled->exception_count] = i;
            scaled->oddities[scaled->exception_count++] = bits[i];
        }
        scaled->digits[i] = (uint64_t)before ^ SIGN;
    }
    scaled->cost = ndb_ints_bits(scaled->digits, count) +
                   scaled->exception_count * EXCEPTION_BITS;
    return true;
}

static int put_plain(struct ndb_buf *out, const uint64_t *plain, size_t count)
{
    int rc = ndb_buf_u8(out, SCALE_PLAIN);

    return rc < 0 ? rc : ndb_ints_put(out, plain, count);
}

static int put_scaled(struct ndb_buf *out, const struct scaled *scaled,
                      size_t count)
{
    int rc = ndb_buf_u8(out, (uint8_t)scaled->scale);

    if (rc >= 0)
        rc = ndb_ints_put(out, scaled->digits, count);
    if (rc >= 0)
        rc = ndb_buf_varint(out, scaled->exception_count);
    if (rc >= 0)
        rc = ndb_ints_put(out, scaled->rows, scaled->exception_count);
    if (rc >= 0)
        rc = ndb_ints_put(out, scaled->oddities, scaled->exception_count);
    return rc;
}

/* The shortest of the three; `plain` is room for `count`. */
static int put_shortest(struct ndb_buf *out, const uint64_t *bits, size_t count,
                        struct scaled *scaled, uint64_t *plain)
{
    unsigned decimal = common_scale(decimal_of, bits, count);
    unsigned binary = common_scale(binary_of, bits, count);
    uint64_t plain_cost, binary_cost = UINT64_MAX;

    for (size_t i = 0; i < count; i++)
        plain[i] = bits[i] ^ SIGN;
    plain_cost = ndb_ints_bits(plain, count);
    if (scale_all(scaled, binary, bits, count))
        binary_cost = scaled->cost;
    if (scale_all(scaled, decimal, bits, count) && scaled->cost < binary_cost &&
        scaled->cost < plain_cost)
        return put_scaled(out, scaled, count);
    if (binary_cost < plain_cost && scale_all(scaled, binary, bits, count))
        return put_scaled(out, scaled, count);
    return put_plain(out, plain, count);
}

int ndb_floats_put(struct ndb_buf *out, const uint64_t *bits, size_t count)
{
    uint64_t *plain = ndb_realloc(NULL, count, sizeof *plain);
    struct scaled scaled;
    int rc = scaled_init(&scaled, count);

    if (plain == NULL)
        rc = NAMIDB_ENOMEM;
    if (rc >= 0)
        rc = put_shortest(out, bits, count, &scaled, plain);
    ndb_free(plain);
    scaled_release(&scaled);
    return rc;
}

/* ------------------------------------------------------------- decoding -- */

static bool is_scale(unsigned scale)
{
    return scale <= SCALE_DECIMAL_MAX ||
           (scale >= SCALE_BINARY && scale <= SCALE_BINARY_MAX) ||
           scale == SCALE_PLAIN;
}

static void get_exceptions(struct ndb_source *source, uint64_t *numbers,
                           size_t count)
{
    size_t exceptions = ndb_reader_varint_max(&source->reader, count);
    const uint64_t *rows, *bits;

    if (source->reader.is_failed || exceptions == 0)
        return;
    rows = ndb_ints_get(source, exceptions);
    bits = ndb_ints_get(source, exceptions);
    for (size_t i = 0; i < exceptions && !source->reader.is_failed; i++) {
        if (rows[i] >= count || (i != 0 && rows[i] <= rows[i - 1]))
            ndb_reader_fail(&source->reader);
        else
            numbers[rows[i]] = bits[i];
    }
}

const double *ndb_floats_get(struct ndb_source *source, size_t count)
{
    unsigned scale = ndb_reader_u8(&source->reader);
    uint64_t *numbers;
    double divisor;

    if (!is_scale(scale))
        ndb_reader_fail(&source->reader);
    numbers = ndb_ints_get(source, count);
    if (numbers == NULL || source->reader.is_failed)
        return NULL;
    for (size_t i = 0; i < count; i++)
        numbers[i] ^= SIGN;
    if (scale == SCALE_PLAIN)
        return (const double *)numbers;
    divisor = divisor_of(scale);
    for (size_t i = 0; i < count; i++) {
        double number = (double)(int64_t)numbers[i] / divisor;

        memcpy(&numbers[i], &number, sizeof number);
    }
    get_exceptions(source, numbers, count);
    return source->reader.is_failed ? NULL : (const double *)numbers;
}
