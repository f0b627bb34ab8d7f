/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codes of plans by name, so that the planner has no table of its own.
 */
#include "exec/plan.h"

struct code {
    const char *family;
    const char *name;
    uint32_t code;
};

static const struct code CODES[] = {
#define NDB_X(name) { "op", #name, NDB_OP_##name },
    NDB_OP_MAP(NDB_X)
#undef NDB_X
#define NDB_X(name) { "expr", #name, NDB_EXPR_##name },
        NDB_EXPR_MAP(NDB_X)
#undef NDB_X
#define NDB_X(name) { "aggregate", #name, NDB_AGGREGATE_##name },
            NDB_AGGREGATE_MAP(NDB_X)
#undef NDB_X
#define NDB_X(name) { "apply", #name, NDB_APPLY_##name },
                NDB_APPLY_MAP(NDB_X)
#undef NDB_X
#define NDB_X(name) { "subplan", #name, NDB_SUBPLAN_##name },
                    NDB_SUBPLAN_MAP(NDB_X)
#undef NDB_X
#define NDB_X(name) { "quantifier", #name, NDB_QUANTIFIER_##name },
                        NDB_QUANTIFIER_MAP(NDB_X)
#undef NDB_X
#define NDB_X(name) { "set", #name, NDB_SET_##name },
                            NDB_SET_MAP(NDB_X)
#undef NDB_X
                                { "expand", "INTO", NDB_EXPAND_INTO },
    { "expand", "ALL_SHORTEST", NDB_EXPAND_ALL_SHORTEST },
    { "expand", "NO_EDGE", NDB_EXPAND_NO_EDGE },
    { "expand", "NO_NODE", NDB_EXPAND_NO_NODE },
    { "expand", "LOOPS", NDB_EXPAND_LOOPS },
    { "expand", "ACYCLIC", NDB_EXPAND_ACYCLIC },
    { "expand", "SIMPLE", NDB_EXPAND_SIMPLE },
    { "join", "LASTING", NDB_JOIN_LASTING },
    { "join", "OUTER", NDB_JOIN_OUTER },
};

bool namidb_plan_code(size_t index, const char **family, const char **name,
                      uint32_t *code)
{
    if (index >= sizeof CODES / sizeof *CODES)
        return false;
    *family = CODES[index].family;
    *name = CODES[index].name;
    *code = CODES[index].code;
    return true;
}
