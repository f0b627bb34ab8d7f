/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens of any text: in order, inside of it, of known kinds, and no value
 * longer than what it was written as.
 */
#include "base/utf8.h"
#include "exec/lexer.h"
#include "fuzz.h"

static void check(const namidb_token *token, const char *text, size_t size)
{
    FUZZ_CHECK(token->begin < token->end && token->end <= size);
    FUZZ_CHECK(token->kind < NAMIDB_TOKEN_NAME ||
               ndb_lexer_kind_name(token->kind) != NULL);
    FUZZ_CHECK(token->value == NULL ||
               (token->value >= text + token->begin &&
                token->value + token->value_bytes <= text + token->end));
    if (token->is_escaped) {
        char *value = malloc(token->value_bytes + 1);
        size_t bytes = ndb_lexer_value(token, value);

        FUZZ_CHECK(bytes <= token->value_bytes);
        FUZZ_CHECK(token->kind != NAMIDB_TOKEN_STRING ||
                   ndb_utf8_is_valid(ndb_slice(value, bytes)));
        free(value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    namidb_lexer lexer = { .text = text, .bytes = size };
    namidb_token token;
    size_t last = 0;

    for (;;) {
        int rc = ndb_lexer_next(&lexer, &token);

        FUZZ_CHECK(rc == NAMIDB_OK || rc == NAMIDB_EINVAL);
        if (rc < 0)
            FUZZ_CHECK(lexer.fault_at >= last && lexer.fault_at <= size);
        if (rc < 0 || token.kind == NAMIDB_TOKEN_END)
            return 0;
        FUZZ_CHECK(token.begin >= last);
        check(&token, text, size);
        last = token.end;
    }
}
