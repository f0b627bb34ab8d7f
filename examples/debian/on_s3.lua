-- Runs a command with a MinIO of its own, which ends with it: the command gets
-- DEMO_URI and credentials from the environment.
--
-- usage: on_s3.lua COMMAND

package.path = "./spec/support/?.lua;" .. package.path

local s3_servers = require("s3_servers")

local server, why = s3_servers.start("minio")
if not server then
    io.stderr:write(why, "\n")
    os.exit(1)
end
local uri = ("s3://bucket/demo?ns=debian&region=us-east-1&endpoint=" ..
    "http://127.0.0.1:%d"):format(server.port)
local done = os.execute(("env %s DEMO_URI='%s' %s"):format(
    server:environment(), uri, arg[1]))
server:stop()
os.exit((done == true or done == 0) and 0 or 1)
