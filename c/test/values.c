/* SPDX-License-Identifier: Apache-2.0 */
#include "values.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* ------------------------------------------------------------- parsing -- */

struct text {
    namidb_arena *arena;
    const char *at;
};

static namidb_value parse(struct text *text);

static void need(bool is_met, const struct text *text)
{
    if (!is_met) {
        fprintf(stderr, "no value: %s\n", text->at);
        abort();
    }
}

static bool take(struct text *text, const char *word)
{
    size_t bytes = strlen(word);

    while (*text->at == ' ')
        text->at++;
    if (strncmp(text->at, word, bytes) != 0)
        return false;
    text->at += bytes;
    return true;
}

static const void *copy(struct text *text, const void *data, size_t bytes)
{
    const void *made = ndb_arena_copy(text->arena, data, bytes);

    need(made != NULL, text);
    return made;
}

static double parse_number(struct text *text)
{
    char *end;
    double number = strtod(text->at, &end);

    need(end != text->at, text);
    text->at = end;
    (void)take(text, ",");
    return number;
}

static int64_t parse_integer(struct text *text)
{
    char *end;
    int64_t integer = strtoll(text->at, &end, 10);

    need(end != text->at, text);
    text->at = end;
    (void)take(text, ",");
    return integer;
}

/* Behind the opening bracket. */
static namidb_value parse_items(struct text *text, const char *close)
{
    namidb_value items[64];
    uint32_t count = 0;

    while (!take(text, close)) {
        need(count < 64, text);
        items[count++] = parse(text);
        (void)take(text, ",");
    }
    return ndb_list(copy(text, items, count * sizeof *items), count);
}

static namidb_value parse_map(struct text *text)
{
    namidb_entry entries[64];
    uint32_t count = 0;

    while (!take(text, "}")) {
        const char *key = text->at;

        need(count < 64, text);
        while (*text->at != ':' && *text->at != 0)
            text->at++;
        entries[count].key = ndb_string(key, (size_t)(text->at - key));
        need(take(text, ":"), text);
        entries[count++].value = parse(text);
        (void)take(text, ",");
        (void)take(text, "");
    }
    return (namidb_value){ .kind = NAMIDB_MAP,
                           .size = count,
                           .as.entries =
                               copy(text, entries, count * sizeof *entries) };
}

static namidb_value parse_string(struct text *text)
{
    const char *begin = text->at;
    const char *end = strchr(begin, '\'');

    need(end != NULL, text);
    text->at = end + 1;
    return ndb_string(begin, (size_t)(end - begin));
}

static namidb_value parse_edge(struct text *text)
{
    namidb_edge edge = { .id = (uint64_t)parse_integer(text), .type = 1 };

    edge.from = edge.id;
    edge.to = edge.id + 1;
    return (namidb_value){ .kind = NAMIDB_EDGE,
                           .as.edge = copy(text, &edge, sizeof edge) };
}

static namidb_value parse_path(struct text *text)
{
    namidb_value list = parse_items(text, ")");
    namidb_path path = { .edge_count = list.size / 2 };
    namidb_value nodes[32], edges[32];

    for (uint32_t i = 0; i < list.size; i++)
        *(i % 2 == 0 ? &nodes[i / 2] : &edges[i / 2]) = list.as.items[i];
    path.nodes = copy(text, nodes, (list.size / 2 + 1) * sizeof *nodes);
    path.edges = copy(text, edges, list.size / 2 * sizeof *edges);
    return (namidb_value){ .kind = NAMIDB_PATH,
                           .as.path = copy(text, &path, sizeof path) };
}

static namidb_value parse_vector(struct text *text)
{
    namidb_value list = parse_items(text, "]");
    float floats[64];

    for (uint32_t i = 0; i < list.size; i++)
        floats[i] = list.as.items[i].kind == NAMIDB_INT
                        ? (float)list.as.items[i].as.integer
                        : (float)list.as.items[i].as.number;
    list.kind = NAMIDB_VECTOR;
    list.as.floats = copy(text, floats, list.size * sizeof *floats);
    return list;
}

static namidb_value parse_duration(struct text *text)
{
    namidb_duration duration = { .nanoseconds = 0 };

    duration.months = parse_integer(text);
    duration.days = parse_integer(text);
    duration.seconds = parse_integer(text);
    need(take(text, ")"), text);
    return (namidb_value){ .kind = NAMIDB_DURATION,
                           .as.duration =
                               copy(text, &duration, sizeof duration) };
}

static namidb_value parse_point(struct text *text)
{
    namidb_point point = { .dimensions = 2 };

    point.srid = (uint32_t)parse_integer(text);
    point.x = parse_number(text);
    point.y = parse_number(text);
    need(take(text, ")"), text);
    return (namidb_value){ .kind = NAMIDB_POINT,
                           .as.point = copy(text, &point, sizeof point) };
}

static namidb_value parse_plain_number(struct text *text)
{
    const char *end = text->at + (*text->at == '-');
    bool is_float = false;

    need(isdigit((unsigned char)*end), text);
    for (; isalnum((unsigned char)*end) || *end == '.' ||
           (*end == '-' && end[-1] == 'e');
         end++)
        is_float |= *end == '.' || *end == 'e';
    if (is_float)
        return ndb_float(strtod(text->at, (char **)&text->at));
    return ndb_integer(strtoll(text->at, (char **)&text->at, 10));
}

static namidb_value parse_word(struct text *text)
{
    if (take(text, "null"))
        return ndb_null();
    if (take(text, "true"))
        return ndb_boolean(true);
    if (take(text, "false"))
        return ndb_boolean(false);
    if (take(text, "NaN"))
        return ndb_float((double)NAN);
    if (take(text, "Infinity"))
        return ndb_float((double)INFINITY);
    if (take(text, "-Infinity"))
        return ndb_float((double)-INFINITY);
    return parse_plain_number(text);
}

static namidb_value parse(struct text *text)
{
    namidb_value value;

    if (take(text, "["))
        return parse_items(text, "]");
    if (take(text, "{"))
        return parse_map(text);
    if (take(text, "'"))
        return parse_string(text);
    if (take(text, "x'")) {
        value = parse_string(text);
        value.kind = NAMIDB_BYTES;
        return value;
    }
    if (take(text, "@"))
        return (namidb_value){ .kind = NAMIDB_DATE,
                               .as.integer = parse_integer(text) };
    if (take(text, "pt("))
        return parse_point(text);
    if (take(text, "p("))
        return parse_path(text);
    if (take(text, "P("))
        return parse_duration(text);
    if (take(text, "v["))
        return parse_vector(text);
    if (take(text, "e"))
        return parse_edge(text);
    if (text->at[0] == 'n' && isdigit((unsigned char)text->at[1])) {
        text->at++;
        return ndb_node((uint64_t)parse_integer(text));
    }
    return parse_word(text);
}

namidb_value values_parse(namidb_arena *arena, const char *text)
{
    struct text at = { arena, text };
    namidb_value value = parse(&at);

    need(*at.at == 0, &at);
    return value;
}

/* ------------------------------------------------------------ printing -- */

static void put(struct ndb_buf *buf, const char *text)
{
    if (ndb_buf_append(buf, text, strlen(text)) < 0)
        abort();
}

static void print(struct ndb_buf *buf, const namidb_value *value);

static void print_items(struct ndb_buf *buf, const namidb_value *items,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put(buf, i == 0 ? "" : ", ");
        print(buf, &items[i]);
    }
}

static void print_map(struct ndb_buf *buf, const namidb_value *map)
{
    put(buf, "{");
    for (uint32_t i = 0; i < map->size; i++) {
        const namidb_entry *entry = &map->as.entries[i];

        put(buf, i == 0 ? "" : ", ");
        if (ndb_buf_append(buf, entry->key.as.bytes, entry->key.size) < 0)
            abort();
        put(buf, ": ");
        print(buf, &entry->value);
    }
    put(buf, "}");
}

static void print_path(struct ndb_buf *buf, const namidb_path *path)
{
    put(buf, "p(");
    for (uint32_t i = 0; i <= path->edge_count; i++) {
        print(buf, &path->nodes[i]);
        if (i == path->edge_count)
            break;
        put(buf, " ");
        print(buf, &path->edges[i]);
        put(buf, " ");
    }
    put(buf, ")");
}

static void print_number(struct ndb_buf *buf, double number)
{
    char text[64];

    (void)snprintf(text, sizeof text, "%.15g", number);
    if (isnan(number))
        (void)snprintf(text, sizeof text, "NaN");
    else if (isinf(number))
        (void)snprintf(text, sizeof text, "%sInfinity", number < 0 ? "-" : "");
    put(buf, text);
    if (strpbrk(text, ".eNI") == NULL)
        put(buf, ".0");
}

static void print(struct ndb_buf *buf, const namidb_value *value)
{
    char text[128] = "";

    switch (value->kind) {
    case NAMIDB_NULL:
        put(buf, "null");
        return;
    case NAMIDB_BOOL:
        put(buf, value->as.boolean ? "true" : "false");
        return;
    case NAMIDB_INT:
        (void)snprintf(text, sizeof text, "%" PRId64, value->as.integer);
        break;
    case NAMIDB_FLOAT:
        print_number(buf, value->as.number);
        return;
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        put(buf, value->kind == NAMIDB_STRING ? "'" : "x'");
        if (ndb_buf_append(buf, value->as.bytes, value->size) < 0)
            abort();
        put(buf, "'");
        return;
    case NAMIDB_DATE:
        (void)snprintf(text, sizeof text, "@%" PRId64, value->as.integer);
        break;
    case NAMIDB_DURATION:
        (void)snprintf(text, sizeof text,
                       "P(%" PRId64 ", %" PRId64 ", %" PRId64 ")",
                       value->as.duration->months, value->as.duration->days,
                       value->as.duration->seconds);
        break;
    case NAMIDB_POINT:
        (void)snprintf(text, sizeof text, "pt(%u, %g, %g)",
                       value->as.point->srid, value->as.point->x,
                       value->as.point->y);
        break;
    case NAMIDB_LIST:
        put(buf, "[");
        print_items(buf, value->as.items, value->size);
        put(buf, "]");
        return;
    case NAMIDB_VECTOR:
        put(buf, "v[");
        for (uint32_t i = 0; i < value->size; i++) {
            (void)snprintf(text, sizeof text, "%s%g", i == 0 ? "" : ", ",
                           (double)value->as.floats[i]);
            put(buf, text);
        }
        put(buf, "]");
        return;
    case NAMIDB_MAP:
        print_map(buf, value);
        return;
    case NAMIDB_NODE:
        (void)snprintf(text, sizeof text, "n%" PRIu64, value->as.id);
        break;
    case NAMIDB_EDGE:
        (void)snprintf(text, sizeof text, "e%" PRIu64, value->as.edge->id);
        break;
    case NAMIDB_PATH:
        print_path(buf, value->as.path);
        return;
    default:
        abort();
    }
    put(buf, text);
}

const char *values_print(namidb_arena *arena, const namidb_value *value)
{
    struct ndb_buf buf = NDB_BUF_INIT((size_t)64 << 20);
    const char *text;

    print(&buf, value);
    if (ndb_buf_u8(&buf, 0) < 0)
        abort();
    text = ndb_arena_copy(arena, buf.data, buf.bytes);
    ndb_buf_release(&buf);
    return text;
}

/* -------------------------------------------------------------- random -- */

static namidb_value random_items(namidb_arena *arena, struct ndb_rand *rand,
                                 int depth)
{
    uint32_t count = (uint32_t)ndb_rand_below(rand, 4);
    namidb_value *items = ndb_arena_array(arena, count, sizeof *items);

    for (uint32_t i = 0; i < count; i++)
        items[i] = values_random(arena, rand, depth - 1);
    return ndb_list(items, count);
}

static namidb_value random_map(namidb_arena *arena, struct ndb_rand *rand,
                               int depth)
{
    uint32_t count = 0;
    namidb_entry *entries = ndb_arena_array(arena, 3, sizeof *entries);

    for (int i = 0; i < 3; i++)
        if (ndb_rand_below(rand, 2) == 0) {
            entries[count].key = ndb_string(&"abc"[i], 1);
            entries[count++].value = values_random(arena, rand, depth - 1);
        }
    return (namidb_value){ .kind = NAMIDB_MAP,
                           .size = count,
                           .as.entries = entries };
}

/* Few different ones of each kind, the treacherous among them. */
static const char *const SCALARS[] = { "null",
                                       "true",
                                       "false",
                                       "0",
                                       "1",
                                       "-1",
                                       "9007199254740993",
                                       "9007199254740992",
                                       "9223372036854775807",
                                       "-9223372036854775808",
                                       "0.0",
                                       "-0.0",
                                       "1.0",
                                       "-1.0",
                                       "0.5",
                                       "9007199254740992.0",
                                       "9223372036854775808.0",
                                       "-9223372036854775808.0",
                                       "1e300",
                                       "5e-324",
                                       "NaN",
                                       "Infinity",
                                       "-Infinity",
                                       "''",
                                       "'a'",
                                       "'ab'",
                                       "'b'",
                                       "'\xc3\xa9'",
                                       "x''",
                                       "x'a'",
                                       "@0",
                                       "@1",
                                       "P(0, 1, 0)",
                                       "P(0, 0, 86400)",
                                       "P(1, 0, 0)",
                                       "pt(7203, 1, 2)",
                                       "pt(4326, 1, 2)",
                                       "pt(7203, 1, 3)",
                                       "n1",
                                       "n2",
                                       "e1",
                                       "e2",
                                       "p(n1)",
                                       "p(n1 e1 n2)",
                                       "p(n1 e2 n2)",
                                       "p(n2)",
                                       "v[]",
                                       "v[1, 2]",
                                       "v[1]" };

namidb_value values_random(namidb_arena *arena, struct ndb_rand *rand,
                           int depth)
{
    uint64_t pick = depth > 0 ? ndb_rand_below(rand, 10) : 9;

    if (pick < 3)
        return random_items(arena, rand, depth);
    if (pick < 5)
        return random_map(arena, rand, depth);
    return values_parse(
        arena, SCALARS[ndb_rand_below(rand, sizeof SCALARS / sizeof *SCALARS)]);
}

/* ------------------------------------------------------------- calling -- */

void values_init(struct values *values)
{
    memset(values, 0, sizeof *values);
    values->random = 1;
    values->scalar = (struct ndb_scalar){ .arena = &values->arena,
                                          .now_seconds = 1000000000,
                                          .now_nanoseconds = 5000000,
                                          .random = &values->random,
                                          .err = &values->err };
}

void values_release(struct values *values)
{
    ndb_arena_release(&values->arena);
}

const struct ndb_function *values_function(const struct ndb_function *family,
                                           const char *name)
{
    for (; family->name != NULL; family++)
        if (strcmp(family->name, name) == 0)
            return family;
    fprintf(stderr, "no function %s\n", name);
    abort();
}

const char *values_call(struct values *values,
                        const struct ndb_function *function, const char *list)
{
    namidb_value args = values_parse(&values->arena, list), out;

    if (args.size < function->arguments_min ||
        args.size > function->arguments_max)
        abort();
    for (uint32_t i = 0; i < args.size && !function->takes_null; i++)
        if (ndb_is_null(&args.as.items[i]))
            return "null";
    if (function->call(&values->scalar, args.as.items, args.size, &out) < 0)
        return values->err.fault != NULL ? values->err.fault
                                         : values->err.message;
    return values_print(&values->arena, &out);
}
