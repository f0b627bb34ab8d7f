/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_uint fault_at;
static atomic_int fault_error;

void ndb_file_fail_at(unsigned k, int system_error)
{
    atomic_store(&fault_error, system_error);
    atomic_store(&fault_at, k);
}

int ndb_file_fault(void)
{
    if (atomic_load_explicit(&fault_at, memory_order_relaxed) == 0)
        return 0;
    return atomic_fetch_sub(&fault_at, 1) == 1 ? atomic_load(&fault_error) : 0;
}

int ndb_file_fail(namidb_error *err, const char *path, const char *what,
                  int system_error)
{
    char text[128];
    int code =
        system_error == EACCES || system_error == EPERM || system_error == EROFS
            ? NAMIDB_EAUTH
            : NAMIDB_EIO;

    if (system_error == ENOMEM)
        code = NAMIDB_ENOMEM;
    return ndb_fail(err, code, "%s: %s: %s", path, what,
                    strerror_r(system_error, text, sizeof text));
}

static int write_all(int file, struct ndb_slice bytes)
{
    while (bytes.bytes != 0) {
        ssize_t done;
        int fault = ndb_file_fault();

        if (fault != 0)
            return fault;
        done = write(file, bytes.data, bytes.bytes);
        if (done < 0) {
            if (errno == EINTR)
                continue;
            return errno;
        }
        bytes.data += done;
        bytes.bytes -= (size_t)done;
    }
    return 0;
}

static int sync_file(int file)
{
    int fault = ndb_file_fault();

    if (fault != 0)
        return fault;
    return fsync(file) == 0 ? 0 : errno;
}

int ndb_file_write_new(const char *path, struct ndb_slice bytes,
                       namidb_error *err)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    const char *what = "cannot write";
    int failed;

    if (file < 0)
        return ndb_file_fail(err, path, "cannot create", errno);
    failed = write_all(file, bytes);
    if (failed == 0) {
        what = "cannot sync";
        failed = sync_file(file);
    }
    if (close(file) != 0 && failed == 0)
        failed = errno;
    if (failed == 0)
        return NAMIDB_OK;
    (void)unlink(path);
    return ndb_file_fail(err, path, what, failed);
}

int ndb_folder_sync(const char *path, namidb_error *err)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed;

    if (folder < 0)
        return ndb_file_fail(err, path, "cannot open", errno);
    failed = sync_file(folder);
    (void)close(folder);
    return failed == 0 ? NAMIDB_OK
                       : ndb_file_fail(err, path, "cannot sync", failed);
}

/* Makes one folder and syncs the one that it is in; both or none. */
static int make_one(const char *path, size_t bytes, namidb_error *err)
{
    char folder[4096];
    char parent[4096];
    char *slash;
    int rc;

    (void)snprintf(folder, sizeof folder, "%.*s", (int)bytes, path);
    if (mkdir(folder, 0777) != 0) {
        struct stat status;
        int failed = errno;

        if (failed == EEXIST && stat(folder, &status) == 0)
            return S_ISDIR(status.st_mode)
                       ? NAMIDB_OK
                       : ndb_file_fail(err, folder, "cannot use", ENOTDIR);
        return ndb_file_fail(err, folder, "cannot create", failed);
    }
    (void)snprintf(parent, sizeof parent, "%s", folder);
    slash = strrchr(parent, '/');
    if (slash == NULL)
        memcpy(parent, ".", sizeof ".");
    else
        slash[slash == parent ? 1 : 0] = '\0';
    rc = ndb_folder_sync(parent, err);
    /* The next one who finds it would trust it. */
    if (rc < 0)
        (void)rmdir(folder);
    return rc;
}

int ndb_folder_make(const char *path, namidb_error *err)
{
    struct stat status;
    size_t bytes = strlen(path);

    if (bytes >= 4096)
        return ndb_file_fail(err, path, "cannot create", ENAMETOOLONG);
    if (stat(path, &status) == 0)
        return S_ISDIR(status.st_mode)
                   ? NAMIDB_OK
                   : ndb_file_fail(err, path, "cannot use", ENOTDIR);
    for (size_t i = 1; i <= bytes; i++) {
        int rc;

        if (i != bytes && path[i] != '/')
            continue;
        rc = make_one(path, i, err);
        if (rc < 0)
            return rc;
    }
    return NAMIDB_OK;
}
