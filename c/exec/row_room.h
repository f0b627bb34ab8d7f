/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row_room.h - memory for rows of values that come one by one: an allocation
 * for each would cost more than the row.
 */
#ifndef NDB_EXEC_ROW_ROOM_H
#define NDB_EXEC_ROW_ROOM_H

#include "base/arena.h"
#include "namidb.h"

/* Blocks are as large as all before, within these. */
enum { NDB_ROW_ROOM_MIN = 16, NDB_ROW_ROOM_MAX = 1024 };

/* Zeroed has none. */
struct ndb_row_room {
    namidb_value *next;
    uint32_t left; /* rows */
};

/* Where the next row goes, `count` being there; the same until it is taken.
 * NULL: no memory. */
static inline namidb_value *ndb_row_room_next(struct ndb_row_room *room,
                                              namidb_arena *arena,
                                              uint32_t count, uint32_t width)
{
    uint32_t rows = count < NDB_ROW_ROOM_MIN   ? NDB_ROW_ROOM_MIN
                    : count > NDB_ROW_ROOM_MAX ? NDB_ROW_ROOM_MAX
                                               : count;

    if (room->left != 0)
        return room->next;
    room->next =
        ndb_arena_array(arena, (size_t)rows * width, sizeof *room->next);
    room->left = room->next != NULL ? rows : 0;
    return room->next;
}

static inline void ndb_row_room_take(struct ndb_row_room *room, uint32_t width)
{
    room->next += width;
    room->left--;
}

#endif
