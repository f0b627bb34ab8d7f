/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/regex.h"

#include <pcre2.h>

#include "base/error.h"
#include "base/mem.h"

enum {
    PATTERN_BYTES_MAX = 64 << 10,
    MATCH_STEPS_MAX = 1000000, /* some 10 ms */
    MATCH_HEAP_KIB_MAX = 64 << 10,
    STACK_BYTES_MIN = 32 << 10, /* of machine code; address space */
    STACK_BYTES_MAX = 8 << 20
};

struct ndb_regex {
    pcre2_general_context *general; /* our allocator */
    pcre2_match_context *limits;
    pcre2_code *code;
    pcre2_jit_stack *stack; /* NULL: no machine code */
    pcre2_match_data *match;
};

static void *allocate(size_t bytes, void *context)
{
    (void)context;
    return ndb_alloc(bytes);
}

static void release(void *block, void *context)
{
    (void)context;
    ndb_free(block);
}

static int bad_pattern(namidb_error *err, int code, size_t offset)
{
    char text[128];

    if (code == PCRE2_ERROR_NOMEMORY || code == PCRE2_ERROR_HEAP_FAILED)
        return ndb_fail_memory(err);
    if (pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof text) < 0)
        text[0] = 0;
    return ndb_raise(err, NDB_FAULT_ARGUMENT_VALUE,
                     "regular expression, at byte %zu: %s", offset + 1, text);
}

static int compile(struct ndb_regex *self, struct ndb_slice pattern,
                   namidb_error *err)
{
    const uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED |
                             PCRE2_NEVER_BACKSLASH_C;
    pcre2_compile_context *context =
        pcre2_compile_context_create(self->general);
    size_t offset;
    int code;

    if (context == NULL)
        return ndb_fail_memory(err);
    (void)pcre2_set_max_pattern_length(context, PATTERN_BYTES_MAX);
    self->code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.bytes, options,
                               &code, &offset, context);
    pcre2_compile_context_free(context);
    if (self->code == NULL)
        return bad_pattern(err, code, offset);
    /* Where machine code may not be made, the interpreter does it. */
    if (pcre2_jit_compile(self->code, PCRE2_JIT_COMPLETE) == 0)
        self->stack = pcre2_jit_stack_create(STACK_BYTES_MIN, STACK_BYTES_MAX,
                                             self->general);
    return NAMIDB_OK;
}

int ndb_regex_compile(struct ndb_regex **regex, struct ndb_slice pattern,
                      namidb_error *err)
{
    struct ndb_regex *self = ndb_calloc(1, sizeof *self);
    int rc;

    *regex = NULL;
    if (self == NULL)
        return ndb_fail_memory(err);
    self->general = pcre2_general_context_create(allocate, release, NULL);
    rc = self->general != NULL ? compile(self, pattern, err)
                               : ndb_fail_memory(err);
    if (rc < 0)
        goto out;
    self->limits = pcre2_match_context_create(self->general);
    /* One pair: only whether it matches is asked. */
    self->match = pcre2_match_data_create(1, self->general);
    if (self->limits == NULL || self->match == NULL) {
        rc = ndb_fail_memory(err);
        goto out;
    }
    if (self->stack != NULL)
        pcre2_jit_stack_assign(self->limits, NULL, self->stack);
    (void)pcre2_set_match_limit(self->limits, MATCH_STEPS_MAX);
    (void)pcre2_set_depth_limit(self->limits, MATCH_STEPS_MAX);
    (void)pcre2_set_heap_limit(self->limits, MATCH_HEAP_KIB_MAX);
    *regex = self;
    self = NULL; /* the caller owns it now */

out:
    ndb_regex_free(self);
    return rc;
}

int ndb_regex_match(struct ndb_regex *regex, struct ndb_slice text,
                    bool *is_match, namidb_error *err)
{
    PCRE2_SPTR subject =
        text.bytes != 0 ? (PCRE2_SPTR)text.data : (PCRE2_SPTR) "";
    int code = pcre2_match(regex->code, subject, text.bytes, 0, 0, regex->match,
                           regex->limits);

    /* The interpreter needs no stack. */
    if (code == PCRE2_ERROR_JIT_STACKLIMIT)
        code = pcre2_match(regex->code, subject, text.bytes, 0, PCRE2_NO_JIT,
                           regex->match, regex->limits);
    *is_match = code >= 0;
    if (code >= 0 || code == PCRE2_ERROR_NOMATCH)
        return NAMIDB_OK;
    if (code == PCRE2_ERROR_NOMEMORY)
        return ndb_fail_memory(err);
    if (code == PCRE2_ERROR_MATCHLIMIT || code == PCRE2_ERROR_DEPTHLIMIT ||
        code == PCRE2_ERROR_HEAPLIMIT)
        return ndb_raise(err, NDB_FAULT_TOO_LARGE,
                         "regular expression: it takes too many steps on a "
                         "text of %zu bytes",
                         text.bytes);
    return ndb_raise(err, NDB_FAULT_ARGUMENT_VALUE,
                     "regular expression: the text is not UTF-8");
}

void ndb_regex_free(struct ndb_regex *regex)
{
    if (regex == NULL)
        return;
    pcre2_match_data_free(regex->match);
    pcre2_match_context_free(regex->limits);
    pcre2_code_free(regex->code);
    pcre2_jit_stack_free(regex->stack);
    pcre2_general_context_free(regex->general);
    ndb_free(regex);
}
