/* SPDX-License-Identifier: Apache-2.0 */
/* Words by number against a plain list, and value sets that begin as words. */
#include "values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "exec/value_set.h"
#include "exec/word_set.h"

enum { WORDS = 3000, CALL_MAX = 200 };

/* Where words come from: each kind of range makes other tables. */
enum range { NEAR, FAR, UP, DOWN, BOTH, ENDS, OUTLIERS, RANGES };

static int64_t draw(struct ndb_rand *rand, enum range range, int64_t step)
{
    int64_t some = (int64_t)ndb_rand_below(rand, 500);

    switch (range) {
    case NEAR:
        return some - 250;
    case FAR:
        return (int64_t)ndb_rand_next(rand);
    case UP:
        return INT64_MAX - 4000 + step;
    case DOWN:
        return INT64_MIN + 4000 - step;
    case BOTH:
        return step % 2 == 0 ? step : -step;
    case ENDS:
        return some % 2 == 0 ? INT64_MIN + some : INT64_MAX - some;
    default:
        return step % 700 == 699 ? (int64_t)1 << step / 60 : step;
    }
}

/* The number of a word in a list; `count`: it is not there. */
static uint32_t search(const int64_t *list, uint32_t count, int64_t word)
{
    uint32_t at = 0;

    while (at < count && list[at] != word)
        at++;
    return at;
}

static void check_range(struct ndb_rand *rand, enum range range)
{
    struct values values;
    struct ndb_word_set set = { 0 };
    int64_t words[CALL_MAX], list[WORDS];
    uint32_t numbers[CALL_MAX], count = 0;

    values_init(&values);
    set.arena = &values.arena;
    for (int64_t step = 0; step < WORDS;) {
        uint32_t call = 1 + (uint32_t)ndb_rand_below(rand, CALL_MAX);

        call = step + call > WORDS ? (uint32_t)(WORDS - step) : call;
        for (uint32_t i = 0; i < call; i++)
            words[i] = draw(rand, range, step++);
        ndb_word_set_find(&set, words, call, numbers);
        for (uint32_t i = 0; i < call; i++) {
            uint32_t at = search(list, count, words[i]);

            assert_int_equal(numbers[i], at == count ? UINT32_MAX : at);
        }
        assert_int_equal(ndb_word_set_add(&set, words, call, numbers), 0);
        for (uint32_t i = 0; i < call; i++) {
            uint32_t at = search(list, count, words[i]);

            if (at == count)
                list[count++] = words[i];
            assert_int_equal(numbers[i], at);
        }
        assert_int_equal(set.count, count);
        assert_memory_equal(set.words, list, count * sizeof *list);
    }
    values_release(&values);
}

static void test_word_set__numbers_words_as_a_list_does(void **state)
{
    struct ndb_rand rand = { 17 };

    (void)state;
    for (int range = 0; range < RANGES; range++)
        check_range(&rand, (enum range)range);
}

/* Memory for words that lie close together is a few bytes for each. */
static void test_word_set__ascending_words_are_a_table_by_word(void **state)
{
    struct values values;
    struct ndb_word_set set = { 0 };
    uint32_t number;

    (void)state;
    values_init(&values);
    set.arena = &values.arena;
    for (int64_t word = 70000; word < 90000; word++)
        assert_int_equal(ndb_word_set_add(&set, &word, 1, &number), 0);
    assert_non_null(set.direct);
    assert_true(set.size < 100000);
    for (int64_t word = 1; word > 0; word = (int64_t)((uint64_t)word * 8))
        assert_int_equal(ndb_word_set_add(&set, &word, 1, &number), 0);
    assert_null(set.direct);
    values_release(&values);
}

static namidb_value some_value(struct ndb_rand *rand, bool is_mixed)
{
    int64_t some = (int64_t)ndb_rand_below(rand, 40);

    if (!is_mixed)
        return ndb_integer(some);
    switch (ndb_rand_below(rand, 4)) {
    case 0:
        return ndb_float((double)some / 2);
    case 1:
        return ndb_node((uint64_t)some);
    case 2:
        return ndb_null();
    default:
        return ndb_integer(some);
    }
}

static uint32_t search_value(const namidb_value *list, uint32_t count,
                             const namidb_value *value)
{
    uint32_t at = 0;

    while (at < count && !ndb_equivalent(&list[at], value))
        at++;
    return at;
}

/* Integers first; then what makes them rows. */
static void check_values(struct ndb_rand *rand)
{
    struct values values;
    struct ndb_value_set set;
    namidb_value list[200];
    uint32_t count = 0;

    values_init(&values);
    set = ndb_value_set_of(&values.arena, 1);
    for (uint32_t step = 0; step < 100; step++) {
        namidb_value value = some_value(rand, step > 50);
        namidb_value other = some_value(rand, true);
        uint32_t at = search_value(list, count, &value), number;
        bool is_new;

        assert_int_equal(ndb_value_set_add(&set, &value, &number, &is_new), 0);
        assert_int_equal(number, at);
        assert_int_equal(is_new, at == count);
        if (is_new)
            list[count++] = value;
        at = search_value(list, count, &other);
        assert_int_equal(ndb_value_set_find(&set, &other),
                         at == count ? UINT32_MAX : at);
        for (uint32_t i = 0; i < count; i++) {
            value = ndb_value_set_get(&set, i, 0);
            assert_int_equal(value.kind, list[i].kind);
            assert_true(ndb_equivalent(&value, &list[i]));
        }
    }
    values_release(&values);
}

static void test_value_set__words_become_rows(void **state)
{
    struct ndb_rand rand = { 18 };

    (void)state;
    for (int i = 0; i < 50; i++)
        check_values(&rand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_word_set__numbers_words_as_a_list_does),
        cmocka_unit_test(test_word_set__ascending_words_are_a_table_by_word),
        cmocka_unit_test(test_value_set__words_become_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
