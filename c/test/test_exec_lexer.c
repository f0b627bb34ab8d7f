/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "exec/lexer.h"
#include "exec/unicode.h"

/* Tokens as kind:value, without a value as their kind alone, each before a
 * space; at last what is wrong, as fault@place:code. */
static void list(const char *text, size_t bytes, char *out)
{
    namidb_lexer lexer = { .text = text, .bytes = bytes };
    namidb_token token;

    *out = '\0';
    for (;;) {
        const char *name;
        char value[64] = "";
        size_t size;

        if (ndb_lexer_next(&lexer, &token) < 0) {
            (void)snprintf(out, 64, "%d@%zu:%u", lexer.fault, lexer.fault_at,
                           lexer.code);
            return;
        }
        if (token.kind == NAMIDB_TOKEN_END)
            return;
        name = ndb_lexer_kind_name(token.kind);
        size = token.value_bytes;
        if (token.is_escaped)
            size = ndb_lexer_value(&token, value);
        else if (token.value != NULL)
            memcpy(value, token.value, size);
        out += name == NULL ? snprintf(out, 2, "%c", token.kind)
                            : snprintf(out, 32, "%s", name);
        if (token.value != NULL)
            out += snprintf(out, 64, ":%.*s", (int)size, value);
        out += snprintf(out, 2, " ");
    }
}

static void check(const char *text, const char *tokens)
{
    char out[512];

    list(text, strlen(text), out);
    assert_string_equal(out, tokens);
}

/* A fault of `kind` at a byte, from 0. */
static void fails(const char *text, enum namidb_token_fault kind, size_t at,
                  uint32_t code)
{
    char out[512], wanted[64];

    (void)snprintf(wanted, sizeof wanted, "%d@%zu:%u", kind, at, code);
    list(text, strlen(text), out);
    assert_non_null(strstr(out, wanted));
}

static void test_lexer__words_signs_and_numbers(void **state)
{
    (void)state;
    check("MATCH (n:A)-->(m) // to the end\n/* ** */ return n.x",
          "MATCH:MATCH ( name:n : name:A ) - - > ( name:m ) RETURN:return "
          "name:n . name:x ");
    check("<> <= >= =~ += .. != || :: ! | < =",
          "<> <= >= =~ += .. != || :: ! | < = ");
    check("1 1.5 .5 1e3 1.5E-7 0x1F 0o17 1..2",
          "integer:1 float:1.5 float:.5 float:1e3 float:1.5E-7 integer:0x1F "
          "integer:0o17 integer:1 .. integer:2 ");
    check("0x 0o8 12ab 1e", "number:0x number:0o8 number:12ab number:1e ");
    check("$a $1 $`b``c` $(d) `e f`",
          "parameter:a parameter:1 parameter:b`c $ ( name:d ) quoted:e f ");
}

static void test_lexer__keywords_in_any_case(void **state)
{
    (void)state;
    for (uint32_t kind = NAMIDB_TOKEN_TYPED + 1; kind < NAMIDB_TOKEN_KINDS;
         kind++) {
        char text[32], wanted[64];

        (void)snprintf(text, sizeof text, "%s", ndb_lexer_kind_name(kind));
        text[0] |= 0x20;
        (void)snprintf(wanted, sizeof wanted, "%s:%s ",
                       ndb_lexer_kind_name(kind), text);
        check(text, wanted);
        text[strlen(text) + 1] = '\0';
        text[strlen(text)] = 'x';
        (void)snprintf(wanted, sizeof wanted, "name:%s ", text);
        check(text, wanted);
    }
    assert_null(ndb_lexer_kind_name('-'));
    assert_null(ndb_lexer_kind_name(NAMIDB_TOKEN_KINDS));
}

static void test_lexer__strings_without_their_escapes(void **state)
{
    (void)state;
    check("'a' \"b'c\" 'd\\'e' '\\\\'",
          "string:a string:b'c string:d'e string:\\ ");
    check("'\\u00e9\\U0001F600\\uD83D\\uDE00\\t'",
          "string:\xc3\xa9\xf0\x9f\x98\x80\xf0\x9f\x98\x80\t ");
    fails("x 'a", NAMIDB_TOKEN_FAULT_STRING, 2, 0);
    fails("'a\\q'", NAMIDB_TOKEN_FAULT_ESCAPE, 2, 0);
    fails("'a\\", NAMIDB_TOKEN_FAULT_ESCAPE, 2, 0);
    fails("'\\u12'", NAMIDB_TOKEN_FAULT_DIGITS, 1, 4);
    fails("'\\U0000'", NAMIDB_TOKEN_FAULT_DIGITS, 1, 8);
    fails("'\\uD83D'", NAMIDB_TOKEN_FAULT_UNICODE, 1, 0);
    fails("'\\U00110000'", NAMIDB_TOKEN_FAULT_UNICODE, 1, 0);
    fails("'a\xff'", NAMIDB_TOKEN_FAULT_BYTES, 2, 0);
}

static void test_lexer__says_what_is_wrong_and_where(void **state)
{
    (void)state;
    fails("a `b", NAMIDB_TOKEN_FAULT_QUOTED, 2, 0);
    fails("a /* b", NAMIDB_TOKEN_FAULT_COMMENT, 2, 0);
    fails("a /*/", NAMIDB_TOKEN_FAULT_COMMENT, 2, 0);
    fails("a $ b", NAMIDB_TOKEN_FAULT_PARAMETER, 2, 0);
    fails("a # b", NAMIDB_TOKEN_FAULT_CHARACTER, 2, '#');
    fails("a \x01", NAMIDB_TOKEN_FAULT_CHARACTER, 2, 1);
    fails("a \xe2\x80\xa6", NAMIDB_TOKEN_FAULT_CHARACTER, 2, 0x2026);
    fails("a \xe2\x82", NAMIDB_TOKEN_FAULT_BYTES, 2, 0);
}

static void test_lexer__letters_beyond_ascii(void **state)
{
    (void)state;
    check("na\xc3\xafve \xe4\xb8\xad", "name:na\xc3\xafve name:\xe4\xb8\xad ");
    check("a\xc2\xa0"
          "b\xe3\x80\x80"
          "c",
          "name:a name:b name:c ");
    check("(a)\xe2\x80\x94(b)", "( name:a ) -:\xe2\x80\x94 ( name:b ) ");
    assert_int_equal(ndb_unicode_class(0x27e8), NDB_UNICODE_LESS);
    assert_int_equal(ndb_unicode_class(0xff1e), NDB_UNICODE_GREATER);
    assert_int_equal(ndb_unicode_class(0x10ffff), NDB_UNICODE_OTHER);
    assert_int_equal(ndb_unicode_class(0xaa), NDB_UNICODE_LETTER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lexer__words_signs_and_numbers),
        cmocka_unit_test(test_lexer__keywords_in_any_case),
        cmocka_unit_test(test_lexer__strings_without_their_escapes),
        cmocka_unit_test(test_lexer__says_what_is_wrong_and_where),
        cmocka_unit_test(test_lexer__letters_beyond_ascii),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
