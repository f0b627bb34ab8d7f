/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aws_home.h - a folder for ~/.aws of a test's own, and no variable of AWS'.
 */
#ifndef NDB_TEST_AWS_HOME_H
#define NDB_TEST_AWS_HOME_H

/* For cmocka's groups: a folder under $TMPDIR, removed at the end. */
int aws_home_setup(void **state);
/* The same with an access key in the environment. */
int aws_home_setup_with_key(void **state);
int aws_home_teardown(void **state);

/* Removes the files and every variable that the database reads, but for HOME,
 * which is the folder; EC2's metadata service is switched off. */
void aws_home_clear(void);

/* Writes "credentials", "config" or another file of ~/.aws. */
void aws_home_write(const char *name, const char *text);
/* The path of such a file; valid until the next call. */
const char *aws_home_path(const char *name);

#endif
