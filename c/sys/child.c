/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"

enum {
    CHUNK_BYTES = 4096,
    POLL_MS_MAX = 1000,
    LOOK_PAUSE_US_MAX = 20000, /* between looks whether it is over */
};

extern char **environ;

/* -------------------------------------------------------------- starting -- */

static int add_files(posix_spawn_file_actions_t *files, int output)
{
    int rc =
        posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);

    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(files, output, 1);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(files, 2, "/dev/null", O_WRONLY,
                                              0);
#ifdef __GLIBC__
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(files, 3);
#endif
    return rc;
}

static int add_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t all;
    int rc;

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    rc = posix_spawnattr_setsigmask(attributes, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attributes, &all);
    if (rc == 0)
        rc = posix_spawnattr_setpgroup(attributes, 0);
    if (rc == 0)
        rc = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
                                                      POSIX_SPAWN_SETSIGDEF |
                                                      POSIX_SPAWN_SETPGROUP);
    return rc;
}

/* An errno, or 0 and *child. */
static int start(char *const *argv, int output, pid_t *child)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int rc = posix_spawn_file_actions_init(&files);

    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attributes);
    if (rc == 0) {
        rc = add_files(&files, output);
        if (rc == 0)
            rc = add_attributes(&attributes);
        if (rc == 0)
            rc = posix_spawnp(child, argv[0], &files, &attributes, argv,
                              environ);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return rc;
}

/* --------------------------------------------------------------- reading -- */

static int ms_left(int64_t deadline_ns)
{
    int64_t left = (deadline_ns - ndb_clock_ns()) / NDB_NS_PER_MS;

    if (deadline_ns == NDB_NEVER || left > POLL_MS_MAX)
        return POLL_MS_MAX;
    return left > 0 ? (int)left + 1 : 0;
}

/* To the end of what it prints. */
static int read_all(int input, int64_t deadline_ns, struct ndb_buf *out)
{
    uint8_t chunk[CHUNK_BYTES];
    ssize_t got = 1;
    int rc = NAMIDB_OK;

    while (got != 0 && rc >= 0) {
        struct pollfd file = { .fd = input, .events = POLLIN };

        if (ndb_clock_ns() >= deadline_ns)
            rc = NAMIDB_ETIMEOUT;
        else if (poll(&file, 1, ms_left(deadline_ns)) <= 0)
            continue;
        else if ((got = read(input, chunk, sizeof chunk)) > 0)
            rc = ndb_buf_append(out, chunk, (size_t)got);
        else if (got < 0 && errno != EINTR)
            rc = NAMIDB_EIO;
    }
    explicit_bzero(chunk, sizeof chunk);
    return rc;
}

/* ------------------------------------------------------------------ ends -- */

enum end { AT_ITS_END, TAKEN, RUNNING };

/* Waits for the program itself, without taking its status: until then its
 * number, and its group's, can be nobody else's. TAKEN: somebody else in this
 * process did (a handler of SIGCHLD that waits for everything). */
static enum end await_end(pid_t child, int64_t deadline_ns)
{
    useconds_t pause_us = 100;

    for (;;) {
        siginfo_t info = { .si_pid = 0 };
        int rc = waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT);

        if (rc == 0 && info.si_pid == child)
            return AT_ITS_END;
        if (rc != 0 && errno != EINTR)
            return TAKEN;
        if (ndb_clock_ns() >= deadline_ns)
            return RUNNING;
        (void)usleep(pause_us);
        if (pause_us < LOOK_PAUSE_US_MAX)
            pause_us *= 2;
    }
}

/* Ends the program's group, and takes its status: 0 when somebody else did, and
 * then what it printed must do. */
static int reap(pid_t child, enum end end)
{
    int status = 0;

    if (end == TAKEN)
        return 0;
    (void)kill(-child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static int judge(const char *name, int rc, int status, namidb_error *err)
{
    switch (rc) {
    case NAMIDB_OK:
        break;
    case NAMIDB_ENOMEM:
        return ndb_fail_memory(err);
    case NAMIDB_ETIMEOUT:
        return ndb_fail(err, rc, "%.128s: not done in time", name);
    case NAMIDB_ELIMIT:
        return ndb_fail(err, rc, "%.128s: printed too much", name);
    default:
        return ndb_fail(err, rc, "%.128s: cannot read what it prints", name);
    }
    if (WIFSIGNALED(status))
        return ndb_fail(err, NAMIDB_EAUTH, "%.128s: ended by signal %d", name,
                        WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return ndb_fail(err, NAMIDB_EAUTH,
                        "%.128s: exit status %d; run it by hand to see why",
                        name, WEXITSTATUS(status));
    return NAMIDB_OK;
}

int ndb_child_run(char *const *argv, int64_t deadline_ns, struct ndb_buf *out,
                  namidb_error *err)
{
    int ends[2];
    enum end end;
    pid_t child;
    int status;
    int rc;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return ndb_fail(err, NAMIDB_EIO, "%.128s: no pipe", argv[0]);
    rc = start(argv, ends[1], &child);
    (void)close(ends[1]);
    if (rc != 0) {
        (void)close(ends[0]);
        return ndb_fail(err, NAMIDB_EAUTH, "%.128s: cannot be run: %s", argv[0],
                        strerror(rc));
    }
    rc = read_all(ends[0], deadline_ns, out);
    (void)close(ends[0]);
    end = await_end(child, rc >= 0 ? deadline_ns : 0);
    if (rc >= 0 && end == RUNNING)
        rc = NAMIDB_ETIMEOUT;
    status = reap(child, end);
    return judge(argv[0], rc, status, err);
}
