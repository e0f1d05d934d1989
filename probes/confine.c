#include "probes/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define WORKER_FD 3

static void reset_signals(void)
{
    static const int ignored[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    /* What ends a whole group of processes is for the scanner, which ends us in its own time; we end with it at the
     * latest. */
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int confine_descriptors(int fd)
{
    int nowhere = open("/dev/null", O_RDWR);

    reset_signals();
    if (nowhere < 0 || dup2(nowhere, STDIN_FILENO) < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
        return -1;
    if (fd != WORKER_FD && dup2(fd, WORKER_FD) < 0)
        return -1;
    if (close_range(WORKER_FD + 1, ~0u, 0) != 0)
        return -1;
    fcntl(WORKER_FD, F_SETFD, FD_CLOEXEC);
    fcntl(WORKER_FD, F_SETFL, O_NONBLOCK);
    return WORKER_FD;
}

static bool failed(struct error *err, const char *what)
{
    error_set(err, 70, "%s: %s", what, strerror(errno));
    return false;
}

static bool drop_root(uint32_t uid, uint32_t gid, struct error *err)
{
    if (geteuid() != 0)
        return true;
    if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
        return failed(err, "the worker cannot give up root");
    if (uid != 0 && (setuid(0) == 0 || geteuid() == 0)) {
        error_set(err, 70, "the worker got root back");
        return false;
    }
    return true;
}

bool confine_process(uint32_t uid, uint32_t gid, struct error *err)
{
    struct rlimit no_core = { 0, 0 }, files;

    if (setrlimit(RLIMIT_CORE, &no_core) != 0)
        return failed(err, "core files cannot be turned off");
    /* As many descriptors as we may have: each conversation takes one. */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (!drop_root(uid, gid, err))
        return false;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failed(err, "privileges cannot be locked");
    /* After the change of user, which would have cleared it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return failed(err, "the parent's death cannot be watched");
    return true;
}
