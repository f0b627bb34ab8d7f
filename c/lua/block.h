/* SPDX-License-Identifier: Apache-2.0 */
/*
 * block.h - the memory of nodes and edges that were read together: see row.c.
 */
#ifndef NDB_LUA_BLOCK_H
#define NDB_LUA_BLOCK_H

#include "lua/binding.h"

struct block {
    uint32_t count;
    bool is_int64;
    namidb_node *nodes; /* count, or NULL; id 0: there is none */
    namidb_edge *edges; /* count, or NULL */
};

/* names[number * 3 + kind] is a name's text, names[text] the number of the
 * property. Blocks keep the table: their names outlive the handle. */
static inline int ndb_lua_name_at(enum namidb_name_kind kind, uint32_t number)
{
    return (int)number * NAMIDB_NAME_KIND_COUNT + (int)kind;
}

/* Pushes the memory of the block at `block`, nil in what a program has made of
 * one, or its names. */
void ndb_lua_push_block_memory(lua_State *L, int block);
void ndb_lua_push_block_names(lua_State *L, int block);

#endif
