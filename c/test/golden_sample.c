/* SPDX-License-Identifier: Apache-2.0 */
#include "golden_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/value.h"

void golden_print(const char *name, struct ndb_slice bytes)
{
    if (getenv("NAMIDB_GOLDEN") == NULL)
        return;
    printf("static const uint8_t %s[] = {", name);
    for (size_t i = 0; i < bytes.bytes; i++)
        printf("%s0x%02x,", i % 12 == 0 ? "\n    " : " ", bytes.data[i]);
    printf("\n};\n");
}

namidb_value golden_text(enum namidb_kind kind, const char *text)
{
    return (namidb_value){ .kind = (uint32_t)kind,
                           .size = (uint32_t)strlen(text),
                           .as.bytes = text };
}

namidb_node golden_node(void)
{
    static const uint32_t LABELS[2] = { 3, 9 };
    static namidb_property props[2] = { { .name = 2 }, { .name = 70 } };

    props[0].value = (namidb_value){ .kind = NAMIDB_INT, .as.integer = 30 };
    props[1].value = golden_text(NAMIDB_STRING, "Alice");
    return (namidb_node){ .id = NAMIDB_ID(5, 3),
                          .key = golden_text(NAMIDB_STRING, "alice"),
                          .labels = LABELS,
                          .label_count = 2,
                          .prop_count = 2,
                          .props = props };
}

void golden_check_node(const namidb_node *read)
{
    const namidb_node node = golden_node();

    assert_true(ndb_value_same(&read->key, &node.key));
    assert_int_equal(read->label_count, 2);
    assert_memory_equal(read->labels, node.labels, 2 * sizeof(uint32_t));
    assert_int_equal(read->prop_count, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read->props[i].name, node.props[i].name);
        assert_true(
            ndb_value_same(&read->props[i].value, &node.props[i].value));
    }
}

namidb_schema_item golden_item(void)
{
    return (namidb_schema_item){ .number = 4,
                                 .rule = NAMIDB_RULE_UNIQUE,
                                 .target = 1,
                                 .prop_count = 2,
                                 .props = { 3, 1 },
                                 .name = "one \"name\"" };
}

void golden_check_item(const namidb_schema_item *read)
{
    const namidb_schema_item item = golden_item();

    assert_int_equal(read->rule, item.rule);
    assert_int_equal(read->is_edge, item.is_edge);
    assert_int_equal(read->target, item.target);
    assert_int_equal(read->prop_count, item.prop_count);
    assert_memory_equal(read->props, item.props, sizeof read->props);
    assert_int_equal(read->kinds, item.kinds);
    assert_int_equal(read->item_kinds, item.item_kinds);
    assert_string_equal(read->name, item.name);
}
