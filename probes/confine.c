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

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

#include "probes/confine_layers.h"

#define WORKER_FD  3
#define FILE_BYTES ((rlim_t)1 << 20)

const struct name confinement_words[] = {
    { CONFINED_NO_ROOT, "no-root" },
    { CONFINED_NO_NEW_PRIVILEGES, "no-new-privileges" },
    { CONFINED_LIMITS, "resource-limits" },
    { CONFINED_LANDLOCK, "landlock" },
    { CONFINED_SECCOMP, "seccomp" },
    { 0, NULL }
};

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
    if (geteuid() != 0 || uid == 0)
        return true;
    if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
        return failed(err, "the worker cannot give up root");
    if (setuid(0) == 0 || geteuid() == 0) {
        error_set(err, 70, "the worker got root back");
        return false;
    }
    return true;
}

static bool limit(int what, rlim_t most)
{
    const struct rlimit limit = { most, most };

    return setrlimit((__rlimit_resource_t)what, &limit) == 0;
}

/* A message on standard error may go to a file; nothing greater is for us to write. */
static bool set_limits(bool lookups)
{
    struct rlimit files;

    signal(SIGXFSZ, SIG_IGN);
    /* As many descriptors as we may have: each conversation takes one. */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    return limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, FILE_BYTES) && limit(RLIMIT_MEMLOCK, 0)
           && limit(RLIMIT_MSGQUEUE, 0) && (lookups || limit(RLIMIT_NPROC, 0));
}

/* A sanitizer must read about the process now what it wants to tell later. */
static void tell_sanitizer(void)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_sandbox_arguments arguments = { 0 };

    __sanitizer_sandbox_on_notify(&arguments);
#endif
}

bool confine_process(const struct confine_wish *wish, unsigned *in_force, struct error *err)
{
    *in_force = 0;
    if (wish->layers & CONFINED_LIMITS) {
        if (!set_limits(wish->lookups))
            return failed(err, "limits cannot be set");
        *in_force |= CONFINED_LIMITS;
    }
    if (!drop_root(wish->uid, wish->gid, err))
        return false;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failed(err, "privileges cannot be locked");
    /* After the change of user, which would have cleared it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return failed(err, "the parent's death cannot be watched");
    *in_force |= CONFINED_NO_NEW_PRIVILEGES | (geteuid() != 0 ? CONFINED_NO_ROOT : 0u);
    /* Others of the same user cannot look into our memory, where a client key may lie. */
    prctl(PR_SET_DUMPABLE, 0);
    tell_sanitizer();
    if ((wish->layers & CONFINED_LANDLOCK) && landlock_confine(wish->lookups))
        *in_force |= CONFINED_LANDLOCK;
    if ((wish->layers & CONFINED_SECCOMP) && seccomp_confine(wish->lookups))
        *in_force |= CONFINED_SECCOMP;
    return true;
}

unsigned confine_possible(void)
{
    return (landlock_is_possible() ? CONFINED_LANDLOCK : 0u) | (seccomp_is_possible() ? CONFINED_SECCOMP : 0u);
}
