-- A program: installs the servers that are not there yet. What cannot be
-- installed is told of; the specs that need it say that they are skipped.
--
-- usage: s3_install.lua NAME...

package.path = "spec/support/?.lua;" .. package.path
local s3_servers = require("s3_servers")

for _, name in ipairs(arg) do
    local ok, why = s3_servers.install(name)
    if not ok then io.stderr:write("# ", why, "\n") end
end
