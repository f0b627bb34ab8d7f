-- What expressions give, by chapters of the language.
-- A case has a graph of its own.

local language = require("spec.support.language")

local function chapter(name, setup, cases)
    it(name, function()
        for _, case in ipairs(cases) do language.check_alone(setup, case) end
    end)
end


describe("openCypher", function()
    chapter("chooses by CASE", nil, {
        { "UNWIND [-10, 0, 1, 10.0, 1.0, null] AS v RETURN CASE v WHEN -10 " ..
            "THEN 'm' WHEN 0 THEN 'z' WHEN 1 THEN 'o' WHEN 10 THEN 't' " ..
            "ELSE 'x' END AS r", "'m'", "'z'", "'o'", "'t'", "'o'", "'x'" },
        { "UNWIND ['', 'null', '0', null, true] AS v RETURN CASE v WHEN '' " ..
            "THEN 1 WHEN 'null' THEN 2 WHEN 0 THEN 3 WHEN true THEN 4 END " ..
            "AS r", "1", "2", "null", "null", "4" },
        { "UNWIND [[], [1], [null], [[1]], ['a', 1]] AS v RETURN CASE v " ..
            "WHEN [] THEN 0 WHEN [1.0] THEN 1 WHEN [null] THEN 2 WHEN " ..
            "[[1]] THEN 3 ELSE 4 END AS r", "0", "1", "4", "3", "4" },
        { "UNWIND [date('2020-01-01'), '2020-01-01'] AS v RETURN CASE v " ..
            "WHEN date('2020-01-01') THEN 1 ELSE 2 END AS r", "1", "2" },
        { "UNWIND [{a: 1}, {a: 2}, {}] AS v RETURN CASE v WHEN {a: 1} THEN " ..
            "1 WHEN {} THEN 3 ELSE 2 END AS r", "1", "2", "3" },
        { "UNWIND range(-2, 2) AS i RETURN CASE WHEN i > 0 THEN 'p' WHEN i " ..
            "= 0 THEN 'z' ELSE 'n' END AS r", "'n'", "'n'", "'z'", "'p'",
          "'p'" },
        { "RETURN CASE WHEN false THEN 1 END AS a, CASE WHEN null THEN 1 " ..
            "ELSE 2 END AS b, CASE true WHEN false THEN 1 WHEN true THEN 2 " ..
            "END AS c", "null | 2 | 2" },
        { "RETURN CASE 1 WHEN 2 THEN 1/0 ELSE 5 END AS a", "5" },
        { "RETURN CASE WHEN 1 THEN 2 END",
          fault = "SyntaxError.InvalidArgumentType" },
    })

    chapter("searches and cuts texts", "CREATE (:A {name: 'Some'}), " ..
            "(:B {name: 'some text'}), (:C {name: 'ABC'}), (:D {name: ''}), " ..
            "(:E), (:F {name: 5}), (:G {name: 'a\\nb'}), (:H {name: ' x '})", {
        { "MATCH (a) WHERE a.name ENDS WITH 'e' RETURN a.name", "'Some'" },
        { "MATCH (a) WHERE a.name ENDS WITH '' RETURN count(*)", "6" },
        { "MATCH (a) WHERE a.name ENDS WITH ' ' RETURN a.name", "' x '" },
        { "MATCH (a) WHERE a.name ENDS WITH null RETURN a.name" },
        { "MATCH (a) WHERE NOT a.name ENDS WITH null RETURN a.name" },
        { "MATCH (a) WHERE NOT a.name ENDS WITH 'e' RETURN count(*)", "5" },
        { "MATCH (a) WHERE a.name CONTAINS 'om' RETURN count(*)", "2" },
        { "MATCH (a) WHERE a.name CONTAINS '' RETURN count(*)", "6" },
        { "MATCH (a) WHERE a.name CONTAINS 'SOME' RETURN a" },
        { "MATCH (a) WHERE a.name STARTS WITH 'S' AND a.name CONTAINS 'm' " ..
            "AND a.name ENDS WITH 'e' RETURN a.name", "'Some'" },
        { "WITH [1, 3.14, true, [], {}, null] AS ops UNWIND ops AS l " ..
            "UNWIND ops AS r WITH l ENDS WITH r AS v RETURN v, count(*)",
          "null | 36" },
        { "WITH [1, 3.14, true, [], {}, null] AS ops UNWIND ops AS l " ..
            "UNWIND ops AS r WITH l CONTAINS r AS v RETURN v, count(*)",
          "null | 36" },
        { "RETURN reverse('raksO'), reverse(''), reverse(null), " ..
            "reverse([1, 'a'])", "'Oskar' | '' | null | ['a', 1]" },
        { "RETURN split('one1two', '1'), split('abc', ''), split('', ','), " ..
            "split(null, 'a'), split('a', null), split(',a,,', ',')",
          "['one', 'two'] | ['a', 'b', 'c'] | [''] | null | null | ['', " ..
            "'a', '', '']" },
        { "RETURN left('abc', 2), right('abc', 2), left('abc', 9), " ..
            "right('', 1), left(null, 1)", "'ab' | 'bc' | 'abc' | '' | null" },
        { "RETURN substring('0123456789', 1), substring('abc', 1, 1), " ..
            "substring('abc', 3), substring('abc', 0, 0), substring('a', 5)",
          "'123456789' | 'b' | '' | '' | ''" },
        { "RETURN toUpper('aé'), toLower('AÉ'), trim('  a '), lTrim(' a " ..
            "'), rTrim(' a ')", "'AÉ' | 'aé' | 'a' | 'a ' | ' a'" },
        { "RETURN substring('abc', -1)",
          fault = "ArgumentError.NumberOutOfRange", at = "runtime" },
    })

    chapter("asks what nodes and relationships have", "CREATE " ..
            "(a:A:B {x: 1, y: 'k'})-[:T {w: 3}]->(:C), (:D {n: null})", {
        { "MATCH (n) RETURN labels(n) AS l ORDER BY size(l) DESC, l",
          "['A', 'B']", "['C']", "['D']" },
        { "MATCH (n:A) RETURN properties(n), properties({a: 1, b: null})",
          "{x: 1, y: 'k'} | {a: 1, b: null}" },
        { "MATCH ()-[r]->() RETURN properties(r), properties(null)",
          "{w: 3} | null" },
        { "RETURN properties(1)", fault = "SyntaxError.InvalidArgumentType" },
        { "RETURN properties('a')", fault = "SyntaxError.InvalidArgumentType" },
        { "RETURN properties([true, false])",
          fault = "SyntaxError.InvalidArgumentType" },
        { "MATCH p = (:A) RETURN labels(p)",
          fault = "SyntaxError.InvalidArgumentType" },
        { "MATCH (a) WITH [a, 1] AS l RETURN labels(l[0]) AS x, labels(l[1])",
          fault = "TypeError.InvalidArgumentValue", at = "runtime" },
        { "MATCH ()-[r]->() WITH [r, 1] AS l RETURN type(l[0]), type(l[1])",
          fault = "TypeError.InvalidArgumentValue", at = "runtime" },
        { "MATCH (n) RETURN keys(n) AS k ORDER BY size(k) DESC LIMIT 1",
          "['x', 'y']" },
        { "RETURN keys({a: 1, b: null}), keys(null)", "['a', 'b'] | null" },
        { "MATCH ()-[r]-() RETURN type(r), startNode(r).x, endNode(r).x",
          "'T' | 1 | null", "'T' | 1 | null" },
        { "MATCH (n:A) RETURN n['x'], n['z'], n[null]", "1 | null | null" },
        { "MATCH (n:A) WITH 'y' AS k, n RETURN n[k]", "'k'" },
        { "MATCH (n) WHERE n:A:B RETURN n.x", "1" },
        { "MATCH (n) WHERE n:A AND n:D RETURN n.x" },
        { "MATCH (n) RETURN n:A AS a, count(*)", "true | 1", "false | 2" },
        { "MATCH (a)-[r]->(b) RETURN r:T, (a:A:B)", "true | true" },
        { "RETURN exists({a: 1}.a), exists({a: null}.a), exists(null.x)",
          "true | false | false" },
        { "MATCH (n:A) WHERE exists(n.x) RETURN n.y", "'k'" },
        { "MATCH (n) WHERE n.x IS NOT NULL RETURN n.y", "'k'" },
        { "MATCH (n) RETURN n.x IS NOT NULL AS b, count(*)", "true | 1",
          "false | 2" },
        { "WITH {a: 1, b: null} AS m RETURN m.a IS NOT NULL, m.b IS NOT " ..
            "NULL, m.c IS NOT NULL, null IS NOT NULL, [] IS NOT NULL",
          "true | false | false | false | true" },
        { "MATCH (n:A) RETURN n:Foo:A, NOT n:A", "false | false" },
    })

    chapter("compares, indexes and quantifies lists", nil, {
        { "RETURN [1, 2] = 'foo', [1] = [1, null], [1, 2] = [null, 2], [1, " ..
            "2] = [null, 3], [] = [], [[]] = [[]], [[1], [2]] = [[1], " ..
            "[null]], [[1]] = [[1], [null]]",
          "false | false | null | false | true | true | null | false" },
        { "RETURN [1, 2] <> [1, 2], [1, 2] <> [2, 1], null = [], [null] <> " ..
            "[null], [1] <> [2, null]", "false | true | null | null | true" },
        { "RETURN head([1, 2]), last([1, 2]), head([]), last([]), " ..
            "tail([1]), head(null)", "1 | 2 | null | null | [] | null" },
        { "RETURN [1,2,3][0], [1,2,3][-1], [1,2,3][5], [1,2,3][null], " ..
            "null[0], [1,2,3][1..], [1,2,3][..-1], [1,2,3][-2..], " ..
            "[1,2,3][2..1], [1,2,3][null..2], [1,2,3][0..100]",
          "1 | 3 | null | null | null | [2, 3] | [1, 2] | [2, 3] | [] | " ..
            "null | [1, 2, 3]" },
        { "WITH [1, 2, 3] AS l RETURN l['a']",
          fault = "TypeError.ListElementAccessByNonInteger", at = "runtime" },
        { "WITH {a: 1} AS m RETURN m[1]",
          fault = "TypeError.MapElementAccessByNonString", at = "runtime" },
        { "WITH [1] AS l RETURN l[1.5]",
          fault = "TypeError.ListElementAccessByNonInteger", at = "runtime" },
        { "RETURN none(x IN [1, 2] WHERE x = 3) = (NOT any(x IN [1, 2] " ..
            "WHERE x = 3)) AS b", "true" },
        { "UNWIND [[], [1], [1, 1], [null], [1, null]] AS l RETURN " ..
            "single(x IN l WHERE x = 1) AS s, none(x IN l WHERE x = 1) AS n",
          "false | true", "true | false", "false | false", "null | null",
          "null | false" },
        { "RETURN single(x IN [1,2,3] WHERE x = 2) = (size([x IN [1,2,3] " ..
            "WHERE x = 2 | x]) = 1) AS b", "true" },
        { "RETURN none(x IN [[], ['a']] WHERE none(y IN x WHERE y = 'a')) " ..
            "AS b, single(x IN [[1], [2]] WHERE all(y IN x WHERE y = 2)) " ..
            "AS c", "false | true" },
        { "RETURN none(x IN ['Clara'] WHERE x % 2 = 0)",
          fault = "SyntaxError.InvalidArgumentType" },
        { "RETURN all(x IN 1 WHERE true)",
          fault = "SyntaxError.InvalidArgumentType" },
        { "RETURN [x IN [1, 2, 3] WHERE x > 1 | x * 2], [x IN [1, 2] | x], " ..
            "[x IN [] | x], [x IN null | x]", "[4, 6] | [1, 2] | [] | null" },
        { "RETURN reduce(a = 0, x IN [1, 2, 3] | a + x), reduce(a = 'k', x " ..
            "IN null | a)", "6 | null" },
        { "RETURN range(0, 3), range(3, 0), range(3, 0, -1), range(0, 10, " ..
            "4), range(5, 5)",
          "[0, 1, 2, 3] | [] | [3, 2, 1, 0] | [0, 4, 8] | [5]" },
        { "RETURN range(true, 1)",
          fault = "ArgumentError.InvalidArgumentType", at = "runtime" },
        { "RETURN [1] + 2 + [3] + null", "null" },
        { "RETURN [1] + [2], [1] + 2, 1 + [2], [1] + [[2]], [] + []",
          "[1, 2] | [1, 2] | [1, 2] | [1, [2]] | []" },
        { "RETURN 1 IN [1, 2], [1] IN [1, [1]], null IN [null], [1, 2] IN " ..
            "[[null, 2]], [] IN [[]], 'a' IN ['A'], 1 IN [1.0]",
          "true | true | null | null | true | false | true" },
        { "RETURN size([1, [2, 3]]), size('abc'), size(null)", "2 | 3 | null" },
        { "RETURN size(1)", fault = "SyntaxError.InvalidArgumentType" },
    })

    chapter("takes dates and times apart", nil, {
        { "WITH date({year: 1984, month: 10, day: 11}) AS d RETURN d.year, " ..
            "d.quarter, d.month, d.week, d.weekYear, d.day, d.ordinalDay, " ..
            "d.weekDay, d.dayOfQuarter",
          "1984 | 4 | 10 | 41 | 1984 | 11 | 285 | 4 | 11" },
        { "WITH date({year: 1984, month: 1, day: 1}) AS d RETURN d.year, " ..
            "d.weekYear, d.week, d.weekDay", "1984 | 1983 | 52 | 7" },
        { "WITH localtime({hour: 12, minute: 31, second: 14, nanosecond: " ..
            "645876123}) AS d RETURN d.hour, d.minute, d.second, " ..
            "d.millisecond, d.microsecond, d.nanosecond",
          "12 | 31 | 14 | 645 | 645876 | 645876123" },
        { "WITH time({hour: 12, minute: 31, second: 14, nanosecond: " ..
            "645876123, timezone: '+01:00'}) AS d RETURN d.hour, " ..
            "d.nanosecond, d.timezone, d.offset, d.offsetMinutes, " ..
            "d.offsetSeconds",
          "12 | 645876123 | '+01:00' | '+01:00' | 60 | 3600" },
        { "WITH localdatetime({year: 1984, month: 11, day: 11, hour: 12, " ..
            "minute: 31, second: 14, nanosecond: 645876123}) AS d RETURN " ..
            "d.year, d.quarter, d.month, d.week, d.weekYear, d.day, " ..
            "d.ordinalDay, d.weekDay, d.dayOfQuarter, d.hour, d.millisecond",
          "1984 | 4 | 11 | 45 | 1984 | 11 | 316 | 7 | 42 | 12 | 645" },
        { "WITH datetime({year: 1984, month: 11, day: 11, hour: 12, " ..
            "minute: 31, second: 14, nanosecond: 645876123, timezone: " ..
            "'Europe/Stockholm'}) AS d RETURN d.timezone, d.offset, " ..
            "d.offsetMinutes, d.offsetSeconds, d.epochSeconds, " ..
            "d.epochMillis",
          "'Europe/Stockholm' | '+01:00' | 60 | 3600 | 469020674 | " ..
            "469020674645" },
        { "WITH duration({years: 1, months: 4, days: 10, hours: 1, " ..
            "minutes: 1, seconds: 1, nanoseconds: 111111111}) AS d RETURN " ..
            "d.years, d.quarters, d.months, d.weeks, d.days, d.hours, " ..
            "d.minutes, d.seconds, d.milliseconds, d.microseconds, " ..
            "d.nanoseconds",
          "1 | 5 | 16 | 1 | 10 | 1 | 61 | 3661 | 3661111 | 3661111111 | " ..
            "3661111111111" },
        { "WITH duration({years: 1, months: 4, days: 10, hours: 1, " ..
            "minutes: 1, seconds: 1, nanoseconds: 111111111}) AS d RETURN " ..
            "d.quartersOfYear, d.monthsOfQuarter, d.monthsOfYear, " ..
            "d.daysOfWeek, d.minutesOfHour, d.secondsOfMinute, " ..
            "d.millisecondsOfSecond, d.microsecondsOfSecond, " ..
            "d.nanosecondsOfSecond",
          "1 | 1 | 4 | 3 | 1 | 1 | 111 | 111111 | 111111111" },
        { "RETURN date({year: 1817, week: 1}), date({year: 1818, week: " ..
            "53}), date('2015-W30-2'), date('2015202'), date('2015-Q2-60')",
          "'1816-12-30' | '1818-12-28' | '2015-07-21' | '2015-07-21' | " ..
            "'2015-05-30'" },
        { "RETURN date('2020-01-31') + duration({months: 1}), " ..
            "date('2020-03-31') - duration({months: 1})",
          "'2020-02-29' | '2020-02-29'" },
        { "RETURN duration({days: 1}) * 1.5, duration('P1DT12H') / 2, " ..
            "duration({months: 1}) / 2",
          "'P1DT12H' | 'PT18H' | 'P15DT5H14M33S'" },
        { "RETURN duration.between(date('1984-10-11'), " ..
            "date('2015-06-24')), duration.inMonths(date('1984-10-11'), " ..
            "date('2015-06-24'))", "'P30Y8M13D' | 'P30Y8M'" },
        { "RETURN date(null), time(null), datetime(null), duration(null), " ..
            "date.truncate('day', null)", "null | null | null | null | null" },
    })

    chapter("converts, calculates and compares", nil, {
        { "RETURN toInteger('  5'), toInteger('1.7'), toInteger(' '), " ..
            "toInteger('1e3'), toInteger(true)",
          fault = "TypeError.InvalidArgumentValue", at = "runtime" },
        { "UNWIND ['2', '2.9', 'foo', '', '-3', '.5', '1e2'] AS x RETURN " ..
            "toInteger(x)", "2", "2", "null", "null", "-3", "0", "100" },
        { "RETURN toInteger(2.9), toInteger(-2.9), toInteger(null), " ..
            "toInteger(7)", "2 | -2 | null | 7" },
        { "RETURN toFloat('5'), toFloat('x'), toFloat(3), toFloat(3.5), " ..
            "toFloat('1e3'), toFloat(null), toFloat('')",
          "5.0 | null | 3.0 | 3.5 | 1000.0 | null | null" },
        { "RETURN toFloat(true)", fault = "TypeError.InvalidArgumentValue",
          at = "runtime" },
        { "RETURN toFloat([])", fault = "TypeError.InvalidArgumentValue",
          at = "runtime" },
        { "RETURN toBoolean(1.0)", fault = "TypeError.InvalidArgumentValue",
          at = "runtime" },
        { "RETURN toString(1), toString(1.0), toString(true), " ..
            "toString('a'), toString(null), toString(1 < 0)",
          "'1' | '1.0' | 'true' | 'a' | null | 'false'" },
        { "RETURN toString([])", fault = "TypeError.InvalidArgumentValue",
          at = "runtime" },
        { "MATCH (n) RETURN toString(n)" },
        { "RETURN [x IN [1, 2.5, 'a', true] | toString(x)]",
          "['1', '2.5', 'a', 'true']" },
        { "RETURN 1 + 2.0, 1 + '1', 'a' + 1.5, 'a' + 'b', 1 + null, [1] + " ..
            "'a', 'a' + [1]",
          "3.0 | '11' | 'a1.5' | 'ab' | null | [1, 'a'] | ['a', 1]" },
        { "RETURN 'a' + true", fault = "SyntaxError.InvalidArgumentType" },
        { "RETURN 7 % 3, -7 % 3, 7.5 % 2, 5 / 2, 5.0 / 2, -5 / 2, 2 ^ 3, 4 " ..
            "^ 0.5, 0 ^ 0", "1 | -1 | 1.5 | 2 | 2.5 | -2 | 8.0 | 2.0 | 1.0" },
        { "RETURN sign(-5), sign(0), sign(3.2), abs(-3), abs(2.5), " ..
            "ceil(1.2), floor(-1.2), round(1.5), round(-1.5), round(2.5), " ..
            "sqrt(16)",
          "-1 | 0 | 1 | 3 | 2.5 | 2.0 | -2.0 | 2.0 | -1.0 | 3.0 | 4.0" },
        { "RETURN round(3.14159, 2), round(1.249, 1, 'UP'), round(1.25, 1, " ..
            "'HALF_EVEN')", "3.14 | 1.3 | 1.2" },
        { "RETURN exp(0), log(1), log10(100), sin(0), cos(0), atan2(0, 1), " ..
            "degrees(0), radians(0), haversin(0)",
          "1.0 | 0.0 | 2.0 | 0.0 | 1.0 | 0.0 | 0.0 | 0.0 | 0.0" },
        { "RETURN sqrt(-1) <> sqrt(-1), 1.0 / 0.0 > 1, 0.0/0.0 > 1, 1 < " ..
            "0.0/0.0", "true | true | false | false" },
        { "RETURN sqrt(null), abs(null), sign(null), rand() < 1, pi() > 3, " ..
            "e() > 2", "null | null | null | true | true | true" },
        { "RETURN true AND false, true OR null, false AND null, null XOR " ..
            "true, NOT null, true XOR true, true XOR false XOR true",
          "false | true | false | null | null | false | false" },
        { "UNWIND [true, false, null] AS a UNWIND [true, false, null] AS b " ..
            "WITH a, b WHERE NOT (a AND b) IS NULL AND (NOT (a AND b)) = " ..
            "((NOT a) OR (NOT b)) RETURN count(*)", "6" },
        { "UNWIND [true, false, null] AS a UNWIND [true, false, null] AS b " ..
            "UNWIND [true, false, null] AS c WITH (a AND (b OR c)) = ((a " ..
            "AND b) OR (a AND c)) AS r RETURN r, count(*)", "true | 16",
          "null | 11" },
        { "RETURN true OR true XOR true, NOT true = false, true = true AND " ..
            "false, NOT false AND false", "true | true | false | false" },
        { "RETURN 123 AND true", fault = "SyntaxError.InvalidArgumentType" },
        { "RETURN true XOR 'a'", fault = "SyntaxError.InvalidArgumentType" },
        { "RETURN NOT []", fault = "SyntaxError.InvalidArgumentType" },
        { [[RETURN 'a\tb', "x'y", 'x"y', 'a\\\'b', '\u0041', "\"", ' ']],
          [['a\tb' | 'x\'y' | 'x"y' | 'a\\\'b' | 'A' | '"' | ' ']] },
        { "RETURN 1 AS `a b`, 2 AS `x``y`", "1 | 2" },
        { "RETURN 0xFF, 0XfF, 0o17, -0o7, 1.0e-2, 6.02E23, .1, 1e0",
          "255 | 255 | 15 | -7 | 0.01 | 6.02e23 | 0.1 | 1.0" },
        { "RETURN 017", "17" },
        { "RETURN 0x", fault = "SyntaxError.InvalidNumberLiteral" },
        { "RETURN 0xG", fault = "SyntaxError.InvalidNumberLiteral" },
        { "RETURN -9223372036854775809",
          fault = "SyntaxError.IntegerOverflow" },
        { "RETURN 1.34E999", fault = "SyntaxError.FloatingPointOverflow" },
        { "RETURN {a: 1, b_c: 2, c: {d: [1]}}, {}, [], [[]], [null], " ..
            "{null: 1}",
          "{a: 1, b_c: 2, c: {d: [1]}} | {} | [] | [[]] | [null] | {null: 1}" },
        { "RETURN {1: 2}", fault = "SyntaxError.UnexpectedSyntax" },
        { "RETURN [1, 2", fault = "SyntaxError.UnexpectedSyntax" },
        { "RETURN {a: 1", fault = "SyntaxError.UnexpectedSyntax" },
        { "return 1 aS x Union ALL ReTuRn 1 AS x", "1", "1" },
        { "RETURN null IS NULL IS NOT NULL, 1 IS NULL = false", "true | true" },
        { "RETURN 1 < 2 < 3, 1 < 3 < 2, 1 = 1.0, 'a' < 'b', [1] < [2], 1 < " ..
            "'a', true > false, null < 1, [1] < [1, 0], {} < {a: 1}",
          "true | false | true | true | true | null | true | null | true | " ..
            "null" },
        { "RETURN 1 = 'a', 1 <> 'a', [1] = 1, {a: 1} = {a: 1}, {a: null} = " ..
            "{a: 1}, {a: 1} <> {a: 2}, null <> 1",
          "false | true | false | true | null | true | null" },
        { "RETURN 2 + 3 * 4 ^ 2 / 2 - 1, -2 ^ 2, (1 + 2) * 3, 10 - 4 - 3, " ..
            "2 * -3", "25.0 | 4.0 | 9 | 3 | -6" },
        { "RETURN not true or true, 1 + 1 = 2 and 2 in [1 + 1], 'ab' " ..
            "starts with 'a' + 'b'", "true | true | true" },
        { "RETURN 1 IN [1] + [2], [1] IN [[1]] = true", "true | true" },
        { "RETURN -[1]", fault = "SyntaxError.InvalidArgumentType" },
    })
end)
