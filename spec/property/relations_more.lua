-- More families of relations.lua: joins, ranges, groups, unions of labels,
-- shortest paths, walks with conditions, lists.

local generate = require("spec.property.generate")
local render = require("spec.property.render")

local families = {}

local function literal(self, name)
    local v = generate.props(self.random, self.random:int(1, self.size))[name]
    return v and render.literal(v) or "null"
end

-- Equal values on both sides, by what a hash join or an index finds and by what
-- looks at all pairs.
function families.join(self)
    local random = self.random
    local key = random:pick({ "i", "i", "s", "m", "d", "b", "f", "l" })
    local a = ("(a%s) WHERE a.id %% %d = 1"):format(self:label(),
        self.size > 300 and 50 or 3)
    local b = "(b" .. self:label() .. ")"
    local columns = " RETURN a.id AS r, b.id AS o"
    local equal = ("a.%s = b.%s"):format(key, key)
    -- Points and durations have no order.
    local both = key == "m" and equal or
        ("a.%s >= b.%s AND a.%s <= b.%s"):format(key, key, key, key)
    return { { "MATCH " .. b .. ", " .. a .. " AND " .. equal .. columns },
             { "MATCH " .. a .. " MATCH " .. b .. " WHERE " .. equal ..
               columns },
             { "MATCH " .. a .. " WITH a, a." .. key .. " AS k MATCH (b" ..
               b:sub(3, -2) .. " {" .. key .. ": k})" .. columns },
             { "MATCH " .. a .. " CALL { WITH a MATCH " .. b .. " WHERE " ..
               equal .. " RETURN b }" .. columns },
             { "MATCH " .. a .. " MATCH " .. b .. " WITH a, b SKIP 0 WHERE " ..
               equal .. columns },
             { "MATCH " .. a .. " MATCH " .. b .. " WHERE " .. both ..
               columns } }
end

-- What an index may be searched for, each way round, and all that is left.
function families.range(self)
    local random = self.random
    local name = random:pick({ "i", "s", "f", "d", "m", "id", "dt", "l" })
    local op, other = "<", ">"
    if random:one_in(2) then op, other = ">=", "<=" end
    local v, node = literal(self, name), "MATCH (a" .. self:label() .. ")"
    local test = ("a.%s %s %s"):format(name, op, v)
    local r = " RETURN a.id AS r"
    if random:one_in(2) then
        return { { node .. r },
                 { node .. " WHERE " .. test .. r,
                   node .. " WHERE NOT " .. test .. r,
                   node .. " WHERE (" .. test .. ") IS NULL" .. r } }
    end
    return { { node .. " WHERE " .. test .. r },
             { node .. (" WHERE %s %s a.%s"):format(v, other, name) .. r },
             { node .. " WITH a SKIP 0 WHERE " .. test .. r },
             { node .. " WHERE " .. test .. (" AND a.%s IS NOT NULL"):format(
               name) .. r },
             { "UNWIND [" .. v .. "] AS v " .. node ..
               (" WHERE a.%s %s v"):format(name, op) .. r } }
end

function families.measures(self)
    local key = self.random:pick({ "i", "s", "b", "d", "m" })
    local base = "MATCH (a" .. self:label() .. ") WHERE " ..
        self:condition({ "a" })
    local of = self.random.is_wide and "size(a.s)" or "a.i"
    local measures = ("avg(x) AS av, sum(x) AS su, stDev(x) AS sd, " ..
        "percentileCont(x, 0.3) AS pc, percentileDisc(x, 0.7) AS pd")
    local direct = (measures:gsub("%(x", function() return "(" .. of end))
    return { { base .. " RETURN a." .. key .. " AS k, " .. direct },
             { base .. " WITH a." .. key .. " AS k, " .. of ..
               " AS x SKIP 0 RETURN k, " .. measures },
             { base .. " WITH a." .. key .. " AS k, collect(" .. of ..
               ") AS l UNWIND CASE l WHEN [] THEN [null] ELSE l END AS x " ..
               "RETURN k, " .. measures } }
end

function families.distinct(self)
    local key = self.random:pick({ "i", "s", "b", "d", "m", "l", "f" })
    local base = "MATCH (a" .. self:label() .. ") WHERE " ..
        self:condition({ "a" })
    local of = "a." .. key .. " AS k"
    return { { base .. " RETURN DISTINCT " .. of },
             { base .. " WITH " .. of .. ", count(*) AS c RETURN k" },
             { base .. " WITH " .. of .. " SKIP 0 RETURN DISTINCT k" },
             { base .. " RETURN " .. of .. " UNION MATCH (a:none) RETURN " ..
               of } }
end

function families.either(self)
    local p, r = self:condition({ "a" }), " RETURN a.id AS r"
    return { { "MATCH (a:A|B) WHERE " .. p .. r },
             { "MATCH (a:A) WHERE " .. p .. r,
               "MATCH (a:B) WHERE NOT a:A AND " .. p .. r },
             { "MATCH (a:A) WHERE " .. p .. r .. " UNION MATCH (a:B) WHERE " ..
               p .. r },
             { "MATCH (a:$any(['A', 'B'])) WHERE " .. p .. r },
             { "MATCH (a) WHERE (a:A OR a:B) AND " .. p .. r } }
end

-- How far it is, and in how many ways, by walks of all lengths.
function families.shortest(self)
    local random, pin = self.random, self:pin()
    local way, last = self:direction(), self:label()
    local edge, most = "[es" .. self:type() .. "*1..%d]", random:int(2, 3)
    edge = edge:format(self.size > 300 and 2 or most)
    local function path(name)
        return "(a)" .. way[1] .. edge .. way[2] .. "(" .. name .. ")"
    end
    local begin = "MATCH (a" .. pin .. ") MATCH (b" .. last ..
        ") WHERE a <> b "
    local walks = "MATCH (a" .. pin .. ") MATCH " .. path("b" .. last) ..
        " WHERE a <> b WITH b, size(es) AS n "
    if random:one_in(2) then
        return { { begin .. "MATCH p = shortestPath(" .. path("b") ..
                   ") RETURN b.id AS r, length(p) AS n" },
                 { walks .. "RETURN b.id AS r, min(n) AS n" } }
    end
    return { { begin .. "MATCH p = allShortestPaths(" .. path("b") ..
               ") RETURN b.id AS r, count(p) AS c" },
             { walks .. "WITH b, collect(n) AS l, min(n) AS n " ..
               "RETURN b.id AS r, size([x IN l WHERE x = n]) AS c" } }
end

-- What walks lead to, beside the walks themselves.
function families.reach(self)
    local random, pin, last = self.random, self:pin(), self:label()
    local way, least = self:direction(), random:int(0, 1)
    local most = self.size > 300 and 2 or random:int(2, 3)
    local where = random:one_in(2) and " WHERE " .. self:condition({ "e" }) or
        ""
    local walk = ("(a%s)%s[e%s*%d..%d%s]%s(b%s)"):format(pin, way[1],
        self:type(), least, most, where, way[2], last)
    return { { "MATCH " .. walk .. " RETURN DISTINCT b.id AS r" },
             { "MATCH " .. walk .. " WITH b, size(e) AS n SKIP 0 " ..
               "RETURN DISTINCT b.id AS r" },
             { "MATCH (b" .. last .. ") WHERE EXISTS { " .. walk .. " } " ..
               "RETURN b.id AS r" } }
end

-- What is asked of each edge of a walk.
function families.way(self)
    local pin, type, last = self:pin(), self:type(), self:label()
    local p = self:condition({ "e" })
    local begin, count = "MATCH (a" .. pin .. ")", self.random:int(1, 2)
    local ends = "(b" .. last .. ") "
    local function walk(inside)
        return ("-[%s%s*1..%d%s]->"):format(inside.name, type, count,
            inside.where or "")
    end
    local columns = "RETURN b.id AS r, size(%s) AS n"
    return { { begin .. walk({ name = "es" }) .. ends ..
               "WHERE all(e IN es WHERE " .. p .. ") " ..
               columns:format("es") },
             { begin .. walk({ name = "e", where = " WHERE " .. p }) .. ends ..
               columns:format("e") },
             { begin .. ("((x)-[e%s]->(y) WHERE %s){1,%d}"):format(type, p,
               count) .. ends .. columns:format("e") },
             { begin .. walk({ name = "es" }) .. ends ..
               "WITH b, es SKIP 0 WHERE all(e IN es WHERE " .. p .. ") " ..
               columns:format("es") } }
end

-- A group that is walked `count` times by hand: what is `inner`, up to its last
-- node, gz, and the `test` of each time. Its names have two letters.
local function by_hand(begin, group, count, last)
    local text, tests, nodes, edges = "(a)", { "true" }, {}, {}
    for i = 1, count do
        local names = { gx = i == 1 and "a" or "z" .. i - 1, eg = "e" .. i,
                        gy = "y" .. i, eh = "f" .. i,
                        gz = i == count and "b" or "z" .. i }
        text = text .. group.inner:gsub("%f[%w]%w%w%f[%W]", names) .. "(" ..
            names.gz .. (i == count and last or "") .. ")"
        tests[i] = group.test:gsub("%f[%w]%w%w%f[%W]", names)
        nodes[i], edges[i] = names.gx .. ".id", names.eg .. ".id"
    end
    if count == 0 then text, tests[1] = "(b" .. last .. ")", "a = b" end
    return ("%s MATCH %s WHERE %s RETURN b.id AS r, [%s] AS x, [%s] AS e")
        :format(begin, text, table.concat(tests, " AND "),
                table.concat(nodes, ", "), table.concat(edges, ", "))
end

-- A group beside the patterns of each length that it stands for.
function families.repeated(self)
    local random, begin = self.random, "MATCH (a" .. self:pin() .. ")"
    local way, other, last = self:direction(), self:direction(), self:label()
    local group = { test = self:condition({ "gx", "eg", "gz" }),
        inner = ("%s[eg%s]%s(gy%s)%s[eh%s]%s"):format(way[1], self:type(),
            way[2], self:label(), other[1], self:type(), other[2]) }
    local most = self.size > 300 and 1 or 2
    local least, hands, each = random:int(0, most), {}, {}
    local function walked(times)
        return ("%s MATCH (a)((gx)%s(gz) WHERE %s){%s}(b%s) RETURN b.id AS " ..
            "r, [n IN gx | n.id] AS x, [n IN eg | n.id] AS e"):format(begin,
            group.inner, group.test, times, last)
    end
    for count = least, most do
        hands[#hands + 1] = by_hand(begin, group, count, last)
        each[#each + 1] = walked(tostring(count))
    end
    return { { walked(least .. "," .. most) }, hands, each,
             { table.concat(hands, " UNION ALL ") } }
end

function families.items(self)
    local op = self.random:pick({ ">", "<=", "=", "<>" })
    local test = ("x %s %s"):format(op, literal(self, "i"))
    local node, r = "MATCH (a" .. self:label() .. ")", " RETURN a.id AS r"
    return { { node .. " WHERE any(x IN a.l WHERE " .. test .. ")" .. r },
             { node .. " WHERE size([x IN a.l WHERE " .. test .. "]) > 0" ..
               r },
             { node .. " UNWIND a.l AS x WITH a, x WHERE " .. test ..
               " RETURN DISTINCT a.id AS r" },
             { node .. " WHERE EXISTS { UNWIND a.l AS x WITH x WHERE " ..
               test .. " RETURN x }" .. r },
             { node .. " WHERE reduce(n = 0, x IN a.l | n + CASE WHEN " ..
               test .. " THEN 1 ELSE 0 END) > 0" .. r } }
end

return families
