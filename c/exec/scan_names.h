/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_names.h - the labels that a scan is for where a value names them: those
 * of $(x), all of which a node has, or of $any(x), one of which.
 *
 * Nodes with all of them are among those of the label that has the fewest;
 * nodes with one of them are those of the first, those of the second without
 * the first, and so on.
 */
#ifndef NDB_EXEC_SCAN_NAMES_H
#define NDB_EXEC_SCAN_NAMES_H

#include "engine/scan_groups.h"
#include "exec/op.h"

/* Zero: nothing to scan. */
struct ndb_scan_names {
    uint32_t *labels; /* numbers, each once; the first `at` are scanned or not
                         to be */
    uint32_t count, at;
    bool is_any, is_over;
};

/* The labels that `value` names, in memory of `op->kept`; fails where it names
 * none by its type. */
int ndb_scan_names_of(struct ndb_op *op, const namidb_value *value, bool is_any,
                      struct ndb_scan_names *out);

/* The label to scan next. NAMIDB_OK or NAMIDB_NONE. */
int ndb_scan_names_next(struct ndb_scan_names *names, uint32_t *label);

/* Leaves out of a stretch of the label that was given last what has not the
 * others, or was found by one before. */
int ndb_scan_names_narrow(struct ndb_op *op, const struct ndb_scan_names *names,
                          struct ndb_stretch *stretch);

#endif
