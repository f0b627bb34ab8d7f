/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aws_files.h - what a profile says, in ~/.aws/credentials and ~/.aws/config.
 *
 * AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name other files. A file that
 * is not there is empty.
 */
#ifndef NDB_NET_AWS_FILES_H
#define NDB_NET_AWS_FILES_H

#include "base/buf.h"
#include "base/error.h"

struct ndb_aws_files {
    struct ndb_buf credentials;
    struct ndb_buf config;
};

/* NAMIDB_EAUTH when a file may not be read, NAMIDB_ELIMIT when it is too long.
 */
int ndb_aws_files_read(struct ndb_aws_files *files, namidb_error *err);
void ndb_aws_files_release(struct ndb_aws_files *files);

bool ndb_aws_files_has(const struct ndb_aws_files *files, const char *profile);

/* The setting of a profile; the credentials file counts first. Empty when there
 * is none. In place. */
struct ndb_slice ndb_aws_files_get(const struct ndb_aws_files *files,
                                   const char *profile, const char *name);

/* AWS_PROFILE, or "default". */
const char *ndb_aws_profile(void);

#endif
