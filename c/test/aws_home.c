/* SPDX-License-Identifier: Apache-2.0 */
#include "aws_home.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static char home[256];

static const char *const FILES[] = { "credentials", "config", "token", "keys" };

int aws_home_setup(void **state)
{
    const char *folder = getenv("TMPDIR");

    (void)state;
    (void)snprintf(home, sizeof home, "%.200s/namidb-home-XXXXXX",
                   folder != NULL ? folder : "/tmp");
    if (mkdtemp(home) == NULL || setenv("HOME", home, 1) != 0)
        return -1;
    aws_home_clear();
    return mkdir(aws_home_path(""), 0700);
}

int aws_home_setup_with_key(void **state)
{
    if (aws_home_setup(state) != 0)
        return -1;
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
    return 0;
}

int aws_home_teardown(void **state)
{
    (void)state;
    aws_home_clear();
    (void)rmdir(aws_home_path(""));
    return rmdir(home);
}

/* The first variable of AWS' that is set, without its value. */
static const char *find_variable(void)
{
    static char name[128];

    for (char **at = environ; *at != NULL; at++)
        if (strncmp(*at, "AWS_", 4) == 0 &&
            strncmp(*at, "AWS_EC2_METADATA_DISABLED=",
                    strlen("AWS_EC2_METADATA_DISABLED=")) != 0) {
            (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(*at, "="),
                           *at);
            return name;
        }
    return NULL;
}

void aws_home_clear(void)
{
    const char *name;

    while ((name = find_variable()) != NULL)
        (void)unsetenv(name);
    (void)setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
        (void)unlink(aws_home_path(FILES[i]));
}

const char *aws_home_path(const char *name)
{
    static char path[512];

    (void)snprintf(path, sizeof path, "%s/.aws/%s", home, name);
    return path;
}

void aws_home_write(const char *name, const char *text)
{
    FILE *file = fopen(aws_home_path(name), "w");

    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
}
