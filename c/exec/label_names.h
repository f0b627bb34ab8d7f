/* SPDX-License-Identifier: Apache-2.0 */
/*
 * label_names.h - labels and types that are values: what $(...) of a pattern,
 * of SET and of REMOVE gives is a string, or a list of strings.
 */
#ifndef NDB_EXEC_LABEL_NAMES_H
#define NDB_EXEC_LABEL_NAMES_H

#include "exec/scalar.h"

/* The strings in `value`, a view of it; NDB_FAULT_ARGUMENT_TYPE if it is
 * anything else. */
int ndb_label_names(namidb_error *err, const namidb_value *value,
                    const namidb_value **names, uint32_t *count);

/* hasallnames(names, wanted), hasanyname(names, wanted): whether all, or any,
 * of what `wanted` names are in a list of names; null in null. */
extern const struct ndb_function NDB_LABEL_FUNCTIONS[];

#endif
