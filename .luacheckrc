std = "min"
max_line_length = 80
cache = false
files["spec/**/*_spec.lua"] = { std = "min+busted" }
files["lua/resty"] = { std = "ngx_lua" }
files["spec/nginx/**"] = { std = "ngx_lua+busted" }
