/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"

static const struct {
    int status;
    const char *text;
} FAULTS[] = {
#define NDB_X(name, status, text) { NAMIDB_##status, text },
    NDB_FAULT_MAP(NDB_X)
#undef NDB_X
};

int ndb_raise(namidb_error *err, enum ndb_fault fault, const char *format, ...)
{
    char text[NAMIDB_MESSAGE_BYTES];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)ndb_fail(err, FAULTS[fault].status, "%s", text);
    if (err != NULL)
        err->fault = FAULTS[fault].text;
    return FAULTS[fault].status;
}
