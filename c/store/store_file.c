/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/rand.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/pool.h"
#include "sys/thread.h"

enum {
    PATH_BYTES = 4096,
    TEMPORARY_BYTES = PATH_BYTES + 32,
    THREADS_MAX = 4,
    STALE_SECONDS = 24 * 3600, /* a temporary name of a dead process */
};

static const char TEMPORARY[] = ".tmp-";

struct file_store {
    struct ndb_store base;
    struct ndb_pool *pool;
    char root[2600]; /* no slash at the end */

    pthread_mutex_t lock;
    struct ndb_cond idle;
    size_t in_flight;
};

struct put_job {
    struct ndb_job job;
    struct file_store *store;
    struct ndb_request *request;
};

/* ------------------------------------------------------------- names -- */

/* A key is names joined by slashes; none may be "", ".", ".." or hidden. */
static bool is_key(const char *key)
{
    size_t bytes = strlen(key);

    if (bytes == 0 || bytes >= NDB_STORE_KEY_BYTES_MAX)
        return false;
    for (size_t i = 0; i < bytes; i++) {
        bool is_start = i == 0 || key[i - 1] == '/';

        if (is_start && (key[i] == '.' || key[i] == '/'))
            return false;
    }
    return key[bytes - 1] != '/';
}

static void path_of(const struct file_store *store, const char *key,
                    char out[PATH_BYTES])
{
    (void)snprintf(out, PATH_BYTES, "%s/%s", store->root, key);
}

static int fail_with(struct ndb_request *request, const char *what,
                     int system_error)
{
    request->status =
        ndb_file_fail(&request->err, request->key, what, system_error);
    (void)snprintf(request->err.object, sizeof request->err.object, "%s",
                   request->key);
    return request->status;
}

/* -------------------------------------------------------------- reading -- */

static int read_range(int file, struct ndb_request *request, size_t length)
{
    if (ndb_buf_reserve(&request->out, length) < 0)
        return request->status = ndb_fail_memory(&request->err);
    while (request->out.bytes < length) {
        ssize_t got = pread(file, request->out.data + request->out.bytes,
                            length - request->out.bytes,
                            (off_t)(request->offset + request->out.bytes));

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return fail_with(request, "cannot read", got < 0 ? errno : EIO);
        request->out.bytes += (size_t)got;
    }
    return NAMIDB_OK;
}

static void get_open(int file, struct ndb_request *request)
{
    struct stat status;
    size_t length;

    if (fstat(file, &status) != 0) {
        (void)fail_with(request, "cannot read", errno);
        return;
    }
    if (!S_ISREG(status.st_mode)) {
        (void)fail_with(request, "cannot read", EISDIR);
        return;
    }
    if (ndb_request_range(request, (uint64_t)status.st_size, &length) ==
            NAMIDB_OK &&
        read_range(file, request, length) < 0)
        ndb_buf_release(&request->out);
}

static void get(struct file_store *store, struct ndb_request *request)
{
    char path[PATH_BYTES];
    int file;

    path_of(store, request->key, path);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            request->status = NAMIDB_NONE;
        else
            (void)fail_with(request, "cannot open", errno);
        return;
    }
    get_open(file, request);
    (void)close(file);
}

/* -------------------------------------------------------------- listing -- */

/* What a listing has gathered, before it is sorted and cut. */
struct walk {
    struct ndb_request *request;
    const char *root;
    struct ndb_listing found;
};

static int compare_listed(const void *left, const void *right)
{
    const struct ndb_listed *a = left;
    const struct ndb_listed *b = right;

    return strcmp(a->key, b->key);
}

/* Whether keys below `folder` can begin with the prefix, or the other way
 * round. */
static bool is_on_path(const char *folder, const char *prefix)
{
    size_t folder_bytes = strlen(folder);
    size_t prefix_bytes = strlen(prefix);

    return strncmp(folder, prefix,
                   folder_bytes < prefix_bytes ? folder_bytes : prefix_bytes) ==
           0;
}

static int walk_folder(struct walk *walk, const char *folder);

static int walk_entry(struct walk *walk, const char *folder, const char *name)
{
    const struct ndb_request *request = walk->request;
    char key[NDB_STORE_KEY_BYTES_MAX];
    char path[PATH_BYTES];
    struct stat status;

    if (name[0] == '.' || (size_t)snprintf(key, sizeof key, "%s%s", folder,
                                           name) >= sizeof key - 1)
        return NAMIDB_OK; /* not ours */
    (void)snprintf(path, sizeof path, "%s/%s", walk->root, key);
    if (lstat(path, &status) != 0)
        return errno == ENOENT ? NAMIDB_OK /* deleted while we looked */
                               : ndb_file_fail(&walk->request->err, key,
                                               "cannot list", errno);
    if (S_ISDIR(status.st_mode)) {
        memcpy(key + strlen(key), "/", 2);
        return is_on_path(key, request->key) ? walk_folder(walk, key)
                                             : NAMIDB_OK;
    }
    if (!S_ISREG(status.st_mode) ||
        strncmp(key, request->key, strlen(request->key)) != 0 ||
        (request->after != NULL && strcmp(key, request->after) <= 0))
        return NAMIDB_OK;
    return ndb_listing_add(&walk->found, key, (uint64_t)status.st_size,
                           (int64_t)status.st_mtim.tv_sec * 1000 +
                               status.st_mtim.tv_nsec / NDB_NS_PER_MS);
}

/* `folder` is "" or ends with a slash. */
static int walk_folder(struct walk *walk, const char *folder)
{
    char path[PATH_BYTES];
    struct dirent *entry;
    int rc = NAMIDB_OK;
    DIR *stream;

    (void)snprintf(path, sizeof path, "%s/%s", walk->root, folder);
    stream = opendir(path);
    if (stream == NULL)
        return errno == ENOENT || errno == ENOTDIR
                   ? NAMIDB_OK
                   : ndb_file_fail(&walk->request->err, path, "cannot list",
                                   errno);
    while (rc >= 0 && (entry = readdir(stream)) != NULL)
        rc = walk_entry(walk, folder, entry->d_name);
    (void)closedir(stream);
    return rc;
}

static void list(struct file_store *store, struct ndb_request *request)
{
    uint32_t limit = request->limit != 0 ? request->limit : NDB_LIST_KEYS_MAX;
    struct walk walk = { .request = request, .root = store->root };

    request->status = walk_folder(&walk, "");
    if (request->status == NAMIDB_ENOMEM)
        (void)ndb_fail_memory(&request->err);
    if (request->status < 0) {
        ndb_listing_release(&walk.found);
        return;
    }
    if (walk.found.count != 0)
        qsort(walk.found.items, walk.found.count, sizeof *walk.found.items,
              compare_listed);
    while (walk.found.count > limit) {
        ndb_free(walk.found.items[--walk.found.count].key);
        walk.found.is_truncated = true;
    }
    request->listing = walk.found;
}

/* -------------------------------------------------------------- writing -- */

/* The folder of a path, in place of its last slash. */
static void folder_of(const char *path, char out[PATH_BYTES])
{
    (void)snprintf(out, PATH_BYTES, "%s", path);
    *strrchr(out, '/') = '\0';
}

static void temporary_in(const char *folder, char out[TEMPORARY_BYTES])
{
    uint64_t random;

    ndb_rand_bytes(&random, sizeof random);
    (void)snprintf(out, TEMPORARY_BYTES, "%s/%s%016llx", folder, TEMPORARY,
                   (unsigned long long)random);
}

/* Writes the body under a temporary name; makes the folder when it is absent.
 */
static int write_temporary(struct ndb_request *request, const char *folder,
                           const char *temporary)
{
    int rc = ndb_file_write_new(temporary, request->body, &request->err);

    if (rc < 0 && access(folder, F_OK) != 0 && errno == ENOENT) {
        rc = ndb_folder_make(folder, &request->err);
        if (rc >= 0)
            rc = ndb_file_write_new(temporary, request->body, &request->err);
    }
    return rc;
}

/* Somebody may have died between the name and its sync. Who is told that the
 * object is there takes it for durable. */
static void refuse(struct ndb_request *request, const char *folder)
{
    request->status = ndb_folder_sync(folder, &request->err);
    request->is_ambiguous = request->status < 0;
    if (request->status >= 0)
        request->status = ndb_fail_object(&request->err, NAMIDB_ECONFLICT,
                                          request->key, "is there already");
}

/* What a server of files may answer, or have answered for it, after it did what
 * was asked. */
static bool may_be_done(int system_error)
{
    return system_error == EIO || system_error == ETIMEDOUT ||
           system_error == EINTR || system_error == ESTALE;
}

/* Gives the temporary file its name. */
static void publish(struct ndb_request *request, const char *folder,
                    const char *temporary, const char *path)
{
    bool is_new = request->op == NDB_PUT_IF_ABSENT;
    int failed = ndb_file_fault();

    if (failed == 0 &&
        (is_new ? link(temporary, path) : rename(temporary, path)) != 0)
        failed = errno;
    if (failed == EEXIST && is_new) {
        refuse(request, folder);
    } else if (failed != 0) {
        (void)fail_with(request, "cannot create", failed);
        request->is_ambiguous = may_be_done(failed);
    } else {
        request->status = ndb_folder_sync(folder, &request->err);
        request->is_ambiguous = request->status < 0;
    }
    if (is_new || failed != 0)
        (void)unlink(temporary);
}

/* Temporary files that a process left when it died, in one folder. */
static void sweep(const struct file_store *store, const char *name)
{
    char folder[PATH_BYTES];
    struct dirent *entry;
    DIR *stream;

    path_of(store, name, folder);
    stream = opendir(folder);
    if (stream == NULL)
        return;
    while ((entry = readdir(stream)) != NULL) {
        char path[PATH_BYTES];
        struct stat status;

        if (strncmp(entry->d_name, TEMPORARY, sizeof TEMPORARY - 1) != 0 ||
            (size_t)snprintf(path, sizeof path, "%s/%s", folder,
                             entry->d_name) >= sizeof path)
            continue;
        if (lstat(path, &status) == 0 &&
            ndb_clock_wall_ms() / 1000 - status.st_mtim.tv_sec > STALE_SECONDS)
            (void)unlink(path);
    }
    (void)closedir(stream);
}

static void put(struct file_store *store, struct ndb_request *request)
{
    char path[PATH_BYTES];
    char folder[PATH_BYTES];
    char temporary[TEMPORARY_BYTES];

    path_of(store, request->key, path);
    folder_of(path, folder);
    temporary_in(folder, temporary);
    request->status = write_temporary(request, folder, temporary);
    if (request->status >= 0)
        publish(request, folder, temporary, path);
    /* A manifest is written once per flush: often enough to look. */
    if (request->status >= 0 && strncmp(request->key, "manifest/", 9) == 0) {
        sweep(store, "log");
        sweep(store, "pack");
        sweep(store, "manifest");
    }
    request->date_ms = ndb_clock_wall_ms();
}

static void delete_key(struct file_store *store, struct ndb_request *request,
                       const char *key)
{
    char path[PATH_BYTES];

    if (!is_key(key)) {
        request->status =
            ndb_fail(&request->err, NAMIDB_EINVAL, "'%.64s' is no key", key);
        return;
    }
    path_of(store, key, path);
    if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR)
        request->status =
            ndb_file_fail(&request->err, key, "cannot delete", errno);
}

/* ------------------------------------------------------------ requests -- */

static void finish(struct file_store *store, struct ndb_request *request)
{
    if (request->date_ms == 0)
        request->date_ms = ndb_clock_wall_ms();
    request->done(request);
    (void)pthread_mutex_lock(&store->lock);
    if (--store->in_flight == 0)
        ndb_cond_broadcast(&store->idle);
    (void)pthread_mutex_unlock(&store->lock);
}

static void run_put(struct ndb_job *job)
{
    struct put_job *put_job = (struct put_job *)job;
    struct file_store *store = put_job->store;
    struct ndb_request *request = put_job->request;

    ndb_free(put_job);
    put(store, request);
    finish(store, request);
}

/* True when the request was answered here and now. */
static bool run_inline(struct file_store *store, struct ndb_request *request)
{
    if (request->deadline_ns <= ndb_clock_ns()) {
        request->status = ndb_fail(&request->err, NAMIDB_ETIMEOUT,
                                   "deadline passed before sending");
        return true;
    }
    if (request->op != NDB_LIST && request->op != NDB_DELETE_MANY &&
        !is_key(request->key)) {
        request->status = ndb_fail(&request->err, NAMIDB_EINVAL,
                                   "'%.64s' is no key", request->key);
        return true;
    }
    switch (request->op) {
    case NDB_GET:
        get(store, request);
        return true;
    case NDB_LIST:
        list(store, request);
        return true;
    case NDB_DELETE:
        delete_key(store, request, request->key);
        return true;
    case NDB_SET_CLASS:
        request->status = ndb_fail(&request->err, NAMIDB_EUNSUPPORTED,
                                   "file:// has no storage classes");
        return true;
    case NDB_DELETE_MANY:
        for (size_t i = 0; i < request->key_count && request->status >= 0; i++)
            delete_key(store, request, request->keys[i]);
        return true;
    default:
        return false;
    }
}

static void file_submit(struct ndb_store *base, struct ndb_request *requests,
                        size_t count)
{
    struct file_store *store = (struct file_store *)base;

    (void)pthread_mutex_lock(&store->lock);
    store->in_flight += count;
    (void)pthread_mutex_unlock(&store->lock);
    for (size_t i = 0; i < count; i++) {
        struct ndb_request *request = &requests[i];
        struct put_job *job;

        if (run_inline(store, request)) {
            finish(store, request);
            continue;
        }
        job = ndb_alloc(sizeof *job);
        if (job == NULL) {
            request->status = ndb_fail_memory(&request->err);
            finish(store, request);
            continue;
        }
        *job = (struct put_job){ { NULL, run_put }, store, request };
        ndb_pool_submit(store->pool, &job->job);
    }
}

static void file_close(struct ndb_store *base)
{
    struct file_store *store = (struct file_store *)base;

    (void)pthread_mutex_lock(&store->lock);
    while (store->in_flight != 0)
        (void)ndb_cond_wait(&store->idle, &store->lock, NDB_NEVER);
    (void)pthread_mutex_unlock(&store->lock);
    ndb_pool_free(store->pool);
    ndb_cond_release(&store->idle);
    (void)pthread_mutex_destroy(&store->lock);
    ndb_free(store);
}

static void file_tell(struct ndb_store *base, struct ndb_store_facts *facts)
{
    (void)base;
    memcpy(facts->place.kind, "file", sizeof "file");
}

static const struct ndb_store_ops FILE_OPS = { .submit = file_submit,
                                               .close = file_close,
                                               .tell = file_tell };

int ndb_file_store_open(struct ndb_store **store, const char *root,
                        namidb_error *err)
{
    struct file_store *opened = ndb_calloc(1, sizeof *opened);

    *store = NULL;
    if (opened == NULL)
        return ndb_fail_memory(err);
    opened->pool = ndb_pool_new(THREADS_MAX);
    if (opened->pool == NULL) {
        ndb_free(opened);
        return ndb_fail_memory(err);
    }
    if ((size_t)snprintf(opened->root, sizeof opened->root, "%s", root) >=
        sizeof opened->root) {
        ndb_pool_free(opened->pool);
        ndb_free(opened);
        return ndb_fail(err, NAMIDB_ELIMIT, "folder name longer than %zu bytes",
                        sizeof opened->root - 1);
    }
    (void)pthread_mutex_init(&opened->lock, NULL);
    ndb_cond_init(&opened->idle);
    opened->base.ops = &FILE_OPS;
    (void)snprintf(opened->base.name, sizeof opened->base.name, "file://%.240s",
                   root);
    *store = &opened->base;
    return NAMIDB_OK;
}
