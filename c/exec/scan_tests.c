/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/scan_tests.h"

uint32_t ndb_scan_tests_max(const struct ndb_expr *expr)
{
    uint32_t count = 0;

    if (expr->kind != NDB_EXPR_AND)
        return 1;
    for (uint32_t i = 0; i < expr->count; i++)
        count += ndb_scan_tests_max(expr->args[i]);
    return count;
}

static bool is_property_of(const struct ndb_expr *expr, uint32_t slot)
{
    return expr->kind == NDB_EXPR_PROPERTY &&
           expr->args[0]->kind == NDB_EXPR_SLOT &&
           expr->args[0]->number == slot;
}

static bool known_value(struct ndb_run *run, const struct ndb_expr *expr,
                        namidb_value *out)
{
    if (expr->kind == NDB_EXPR_CONST)
        *out = expr->value;
    else if (expr->kind == NDB_EXPR_PARAM)
        *out = run->params[expr->number];
    else
        return false;
    return true;
}

/* What `property op value` wants, or, turned around, `value op property`. */
static bool want_of(enum ndb_expr_kind kind, bool is_turned,
                    enum ndb_zone_want *out)
{
    switch (kind) {
    case NDB_EXPR_EQ:
        *out = NDB_ZONE_EQUAL;
        return true;
    case NDB_EXPR_LT:
        *out = is_turned ? NDB_ZONE_GREATER : NDB_ZONE_LESS;
        return true;
    case NDB_EXPR_LE:
        *out = is_turned ? NDB_ZONE_GREATER_EQUAL : NDB_ZONE_LESS_EQUAL;
        return true;
    case NDB_EXPR_GT:
        *out = is_turned ? NDB_ZONE_LESS : NDB_ZONE_GREATER;
        return true;
    case NDB_EXPR_GE:
        *out = is_turned ? NDB_ZONE_LESS_EQUAL : NDB_ZONE_GREATER_EQUAL;
        return true;
    case NDB_EXPR_IN:
        *out = NDB_ZONE_IN;
        return !is_turned;
    default:
        return false;
    }
}

static bool test_of(struct ndb_run *run, const struct ndb_expr *expr,
                    uint32_t slot, struct ndb_zone_test *out)
{
    bool is_turned;

    if (expr->kind == NDB_EXPR_IS_NULL || expr->kind == NDB_EXPR_NOT_NULL) {
        if (!is_property_of(expr->args[0], slot))
            return false;
        out->want =
            expr->kind == NDB_EXPR_IS_NULL ? NDB_ZONE_NULL : NDB_ZONE_NOT_NULL;
        out->name = ndb_run_number(run, expr->args[0]->number);
        return true;
    }
    if (!want_of(expr->kind, false, &out->want))
        return false;
    is_turned = !is_property_of(expr->args[0], slot);
    if (!want_of(expr->kind, is_turned, &out->want) ||
        !is_property_of(expr->args[is_turned ? 1 : 0], slot) ||
        !known_value(run, expr->args[is_turned ? 0 : 1], &out->value))
        return false;
    out->name = ndb_run_number(run, expr->args[is_turned ? 1 : 0]->number);
    return true;
}

uint32_t ndb_scan_tests_add(struct ndb_run *run, const struct ndb_expr *expr,
                            uint32_t slot, struct ndb_zone_test *tests,
                            uint32_t count)
{
    struct ndb_zone_test test = { .value = ndb_null() };

    if (expr->kind == NDB_EXPR_AND) {
        for (uint32_t i = 0; i < expr->count; i++)
            count = ndb_scan_tests_add(run, expr->args[i], slot, tests, count);
        return count;
    }
    if (test_of(run, expr, slot, &test))
        tests[count++] = test;
    return count;
}
