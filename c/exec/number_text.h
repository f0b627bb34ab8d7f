/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number_text.h - numbers and their decimal text, whatever the locale.
 *
 * A float's text is the shortest that reads back as the same float, with a
 * point or an exponent in it: "1.0", "0.1", "1.0e21", "5.0e-324", "NaN",
 * "Infinity".
 */
#ifndef NDB_EXEC_NUMBER_TEXT_H
#define NDB_EXEC_NUMBER_TEXT_H

#include "base/slice.h"

/* Longest text, NUL included. */
#define NDB_NUMBER_TEXT_BYTES 48

/* Both return the length; the text ends with a NUL. */
size_t ndb_number_format(double number, char text[NDB_NUMBER_TEXT_BYTES]);
size_t ndb_number_format_integer(int64_t integer,
                                 char text[NDB_NUMBER_TEXT_BYTES]);

/* [+-] digits, and nothing else. false: it is no such text, or too large. */
bool ndb_number_parse_integer(struct ndb_slice text, int64_t *integer);
/* [+-] digits [. digits] [e [+-] digits], with digits on either side of the
 * point; [+-] Infinity, NaN. Beyond the range it is infinite. */
bool ndb_number_parse(struct ndb_slice text, double *number);

/* How ndb_number_round treats what it drops. */
#define NDB_ROUND_MAP(X)                                                       \
    X(UP)      /* away from zero */                                            \
    X(DOWN)    /* towards zero */                                              \
    X(CEILING) /* towards positive infinity */                                 \
    X(FLOOR)                                                                   \
    X(HALF_UP) /* to the nearest; ties away from zero */                       \
    X(HALF_DOWN)                                                               \
    X(HALF_EVEN)

enum ndb_round {
#define NDB_X(name) NDB_ROUND_##name,
    NDB_ROUND_MAP(NDB_X)
#undef NDB_X
        NDB_ROUND_COUNT
};

/* Rounds the decimal text of a number to so many places behind the point: 2.675
 * is a tie there though its binary fraction is not. */
double ndb_number_round(double number, uint32_t places, enum ndb_round mode);

#endif
