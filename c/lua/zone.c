/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time zones for the constructors of values.
 */
#include "lua/binding.h"

/* core.zone_offset(zone, local seconds since 1970, preferred offset) -> offset
 * | nil, message */
int ndb_lua_zone_offset(lua_State *L)
{
    size_t bytes;
    const char *zone = luaL_checklstring(L, 1, &bytes);
    int64_t local = (int64_t)luaL_checknumber(L, 2);
    int32_t preferred = (int32_t)luaL_checknumber(L, 3), offset;
    namidb_error err;

    if (namidb_zone_offset(zone, bytes, local, preferred, &offset, &err) < 0) {
        lua_pushnil(L);
        lua_pushstring(L, err.message);
        return 2;
    }
    lua_pushinteger(L, offset);
    return 1;
}
