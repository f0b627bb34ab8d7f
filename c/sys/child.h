/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - a program that is run for what it prints.
 *
 * No shell. It gets this process's environment, no input, no open file of ours,
 * default signals, and a process group of its own: what is left of that when
 * the program is over, too slow or too talkative is killed. What it says on its
 * error output goes nowhere, because it may be secret.
 */
#ifndef NDB_SYS_CHILD_H
#define NDB_SYS_CHILD_H

#include "base/buf.h"
#include "base/error.h"

/*
 * Appends what argv[0], sought in PATH, prints to `out`; `argv` ends with NULL.
 * NAMIDB_OK when it ended with status 0, NAMIDB_EAUTH when it could not be
 * started or ended otherwise, NAMIDB_ELIMIT when it printed more than `out` may
 * hold, NAMIDB_ETIMEOUT at the deadline, NAMIDB_ENOMEM, NAMIDB_EIO. No text
 * shows anything that it printed, nor an argument. Blocks.
 */
int ndb_child_run(char *const *argv, int64_t deadline_ns, struct ndb_buf *out,
                  namidb_error *err);

#endif
