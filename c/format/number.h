/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.h - the number of the formats of slots, manifests and packs.
 *
 * One for all of them: it goes up with every change to any byte that is stored
 * (a golden of c/test/test_golden_*.c or test_zone.c differs then), and
 * nothing reads what another number was written with.
 */
#ifndef NDB_FORMAT_NUMBER_H
#define NDB_FORMAT_NUMBER_H

#define NDB_FORMAT 7
#define NDB_FORMAT_TEXT_OF(number) #number
#define NDB_FORMAT_TEXT(number) NDB_FORMAT_TEXT_OF(number)

/* What NAMIDB_EUNSUPPORTED means of an object. */
#define NDB_FORMAT_OTHER                                                       \
    "written by another version of namidb: its format is not "                 \
    "number " NDB_FORMAT_TEXT(NDB_FORMAT)

#endif
