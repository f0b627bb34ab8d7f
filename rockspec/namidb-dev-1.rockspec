rockspec_format = "3.0"
package = "namidb"
version = "dev-1"
source = {
    url = "git+file://.",
}
description = {
    summary = "A property graph whose only durable state is a bucket",
    detailed = [[
        namidb keeps a graph in an S3-compatible bucket, a folder or memory,
        without a server: one PUT is a commit, readers need no write
        permission, and what is warm costs no request.
    ]],
    license = "Apache-2.0",
}
dependencies = {
    "lua >= 5.1, < 5.5",
}
supported_platforms = { "linux" }
build = {
    type = "make",
    build_target = "rock",
    install_target = "rock-install",
    build_variables = {
        LUA_INCDIR = "$(LUA_INCDIR)",
    },
    install_variables = {
        LUA_INCDIR = "$(LUA_INCDIR)",
        LUADIR = "$(LUADIR)",
        LIBDIR = "$(LIBDIR)",
    },
}
