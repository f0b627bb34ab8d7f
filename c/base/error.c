/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *namidb_status_name(int status)
{
    switch (status) {
#define NAMIDB_X(name, value, text)                                            \
    case NAMIDB_##name:                                                        \
        return text;
        NAMIDB_STATUS_MAP(NAMIDB_X)
#undef NAMIDB_X
    default:
        return "invalid";
    }
}

static bool is_retryable(int code)
{
    return code == NAMIDB_EIO || code == NAMIDB_EBUSY ||
           code == NAMIDB_ETIMEOUT || code == NAMIDB_ECONFLICT;
}

static void reset(namidb_error *err, int code)
{
    err->code = code;
    err->retryable = is_retryable(code);
    err->line = 0;
    err->column = 0;
    err->object[0] = '\0';
    err->message[0] = '\0';
    err->fault = NULL;
    err->place = 0;
}

int ndb_fail(namidb_error *err, int code, const char *format, ...)
{
    if (err != NULL) {
        va_list args;

        reset(err, code);
        va_start(args, format);
        (void)vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
    }
    return code;
}

int ndb_fail_object(namidb_error *err, int code, const char *object,
                    const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        int length;

        reset(err, code);
        (void)snprintf(err->object, sizeof err->object, "%s", object);
        length =
            snprintf(err->message, sizeof err->message, "%s: ", err->object);
        va_start(args, format);
        (void)vsnprintf(err->message + length,
                        sizeof err->message - (size_t)length, format, args);
        va_end(args);
    }
    return code;
}

int ndb_recode(namidb_error *err, int code)
{
    if (err != NULL) {
        err->code = code;
        err->retryable = is_retryable(code);
    }
    return code;
}

int ndb_fail_memory(namidb_error *err)
{
    return ndb_fail(err, NAMIDB_ENOMEM, "out of memory");
}

void ndb_prefix(namidb_error *err, const char *format, ...)
{
    char text[NAMIDB_MESSAGE_BYTES];
    va_list args;
    size_t bytes;

    if (err == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text - 2, format, args);
    va_end(args);
    bytes = strlen(text);
    text[bytes++] = ':';
    text[bytes++] = ' ';
    for (const char *at = err->message; *at != '\0' && bytes < sizeof text - 1;
         at++)
        text[bytes++] = *at;
    text[bytes] = '\0';
    memcpy(err->message, text, bytes + 1);
}
