std = "max"
max_line_length = 80
cache = false
files["spec/**/*_spec.lua"] = { std = "max+busted" }
files["**/*meta.lua"] = {
    unused = false, max_line_length = false, max_comment_line_length = false,
}
