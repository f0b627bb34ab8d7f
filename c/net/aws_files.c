/* SPDX-License-Identifier: Apache-2.0 */
#include "net/aws_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/ini.h"
#include "sys/file.h"

enum { FILE_BYTES_MAX = 1 << 20, PATH_BYTES = 4096, SECTION_BYTES = 512 };

static const char *text_of(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *ndb_aws_profile(void)
{
    const char *profile = text_of("AWS_PROFILE");

    return profile != NULL ? profile : "default";
}

/* False: there is no such path, because there is no home. */
static bool path_of(char path[PATH_BYTES], const char *variable,
                    const char *name)
{
    const char *given = text_of(variable);
    const char *home = text_of("HOME");

    if (given == NULL && home == NULL)
        return false;
    if (given != NULL)
        (void)snprintf(path, PATH_BYTES, "%s", given);
    else
        (void)snprintf(path, PATH_BYTES, "%s/.aws/%s", home, name);
    return true;
}

static int read_all(int file, struct ndb_buf *out)
{
    for (;;) {
        ssize_t got;
        int rc = ndb_buf_reserve(out, 4096);

        if (rc < 0)
            return rc;
        got = read(file, out->data + out->bytes, 4096);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? NAMIDB_OK : NAMIDB_EIO;
        out->bytes += (size_t)got;
    }
}

static int read_file(struct ndb_buf *out, const char *variable,
                     const char *name, namidb_error *err)
{
    char path[PATH_BYTES];
    int file;
    int rc;

    if (!path_of(path, variable, name))
        return NAMIDB_OK;
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? NAMIDB_OK
                   : ndb_file_fail(err, path, "cannot open", errno);
    rc = read_all(file, out);
    if (rc == NAMIDB_EIO)
        (void)ndb_file_fail(err, path, "cannot read", errno);
    else if (rc == NAMIDB_ELIMIT)
        (void)ndb_fail(err, rc, "%s: longer than 1 MiB", path);
    else if (rc < 0)
        (void)ndb_fail_memory(err);
    (void)close(file);
    return rc;
}

int ndb_aws_files_read(struct ndb_aws_files *files, namidb_error *err)
{
    int rc;

    files->credentials = NDB_BUF_INIT(FILE_BYTES_MAX);
    files->config = NDB_BUF_INIT(FILE_BYTES_MAX);
    rc = read_file(&files->credentials, "AWS_SHARED_CREDENTIALS_FILE",
                   "credentials", err);
    if (rc >= 0)
        rc = read_file(&files->config, "AWS_CONFIG_FILE", "config", err);
    if (rc < 0)
        ndb_aws_files_release(files);
    return rc;
}

static void wipe(struct ndb_buf *buf)
{
    if (buf->data != NULL)
        explicit_bzero(buf->data, buf->capacity);
    ndb_buf_release(buf);
}

void ndb_aws_files_release(struct ndb_aws_files *files)
{
    wipe(&files->credentials);
    wipe(&files->config);
}

/* "[default]", but "[profile other]". */
static void config_section(char out[SECTION_BYTES], const char *profile)
{
    (void)snprintf(out, SECTION_BYTES, "%s%s",
                   strcmp(profile, "default") == 0 ? "" : "profile ", profile);
}

bool ndb_aws_files_has(const struct ndb_aws_files *files, const char *profile)
{
    char section[SECTION_BYTES];

    config_section(section, profile);
    return ndb_ini_has_section(ndb_buf_slice(&files->credentials), profile) ||
           ndb_ini_has_section(ndb_buf_slice(&files->config), section);
}

struct ndb_slice ndb_aws_files_get(const struct ndb_aws_files *files,
                                   const char *profile, const char *name)
{
    char section[SECTION_BYTES];
    struct ndb_slice value;

    if (ndb_ini_get(ndb_buf_slice(&files->credentials), profile, name,
                    &value) != NAMIDB_OK) {
        config_section(section, profile);
        (void)ndb_ini_get(ndb_buf_slice(&files->config), section, name, &value);
    }
    return value;
}
