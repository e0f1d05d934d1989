/* The system calls that are left to a worker; every other one fails with EPERM. It is an error and not a kill, so that a
 * library that tries something newer falls back, and no conversation is lost to an update of one. */
#include "probes/confine_layers.h"

#include "config.h"

#if HAVE_SECCOMP

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <seccomp.h>

/* One rule: the call, and what its arguments must be. */
struct call {
    int number;
    struct scmp_arg_cmp when; /* .op 0: whatever they are */
};

#define ANY(name)                         { SCMP_SYS(name), { 0 } }
#define IF(name, argument, value)         { SCMP_SYS(name), { argument, SCMP_CMP_EQ, value, 0 } }
#define MASKED(name, argument, mask, value) { SCMP_SYS(name), { argument, SCMP_CMP_MASKED_EQ, mask, value } }

#define WRITE_BITS (O_ACCMODE | O_CREAT | O_TRUNC)

static const struct call always[] = {
    /* The loop. */
    ANY(epoll_create1), ANY(epoll_ctl), ANY(epoll_wait), ANY(epoll_pwait), ANY(epoll_pwait2), ANY(eventfd2),
    ANY(timerfd_create), ANY(timerfd_settime), ANY(timerfd_gettime), ANY(poll), ANY(ppoll), ANY(select), ANY(pselect6),
    ANY(pipe2), ANY(restart_syscall),
    /* Time, chance. */
    ANY(clock_gettime), ANY(clock_getres), ANY(clock_nanosleep), ANY(nanosleep), ANY(gettimeofday), ANY(time),
    ANY(getrandom),
    /* Sockets of the Internet; none that listens. */
    IF(socket, 0, AF_INET), IF(socket, 0, AF_INET6), ANY(connect), ANY(bind), ANY(getsockopt), ANY(setsockopt),
    ANY(getsockname), ANY(getpeername), ANY(shutdown), ANY(recvfrom), ANY(recvmsg), ANY(recvmmsg), ANY(sendto),
    ANY(sendmsg), ANY(sendmmsg), ANY(socketpair),
    /* What is open. */
    ANY(read), ANY(readv), ANY(write), ANY(writev), ANY(close), ANY(lseek), ANY(fstat), ANY(newfstatat), ANY(statx),
    IF(fcntl, 1, F_GETFD), IF(fcntl, 1, F_SETFD), IF(fcntl, 1, F_GETFL), IF(fcntl, 1, F_SETFL),
    IF(ioctl, 1, FIONBIO), IF(ioctl, 1, FIONREAD),
    /* Memory; none of it to be run. */
    ANY(brk), ANY(munmap), ANY(mremap), ANY(madvise), MASKED(mmap, 2, PROT_EXEC, 0), MASKED(mprotect, 2, PROT_EXEC, 0),
    /* Ourselves. */
    ANY(futex), ANY(sched_yield), ANY(sched_getaffinity), ANY(getpid), ANY(gettid), ANY(getppid), ANY(getuid), ANY(geteuid), ANY(getgid),
    ANY(getegid), ANY(uname), ANY(sysinfo), IF(prlimit64, 0, 0), ANY(getrlimit), ANY(getrusage), ANY(rt_sigaction),
    ANY(rt_sigprocmask), ANY(rt_sigreturn), ANY(sigaltstack), ANY(set_robust_list), ANY(rseq), ANY(membarrier), ANY(exit),
    ANY(exit_group),
};

/* For getaddrinfo() in threads: it reads its settings, loads what they name, asks the kernel which addresses there are, and
 * perhaps a daemon on this machine. */
static const struct call for_lookups[] = {
    MASKED(openat, 2, WRITE_BITS, O_RDONLY), MASKED(open, 1, WRITE_BITS, O_RDONLY), ANY(access), ANY(faccessat),
    ANY(faccessat2), ANY(stat), ANY(lstat), ANY(readlink), ANY(readlinkat), ANY(getdents64), ANY(pread64),
    ANY(getcwd), ANY(fstatfs),
    MASKED(mmap, 2, PROT_WRITE, 0), MASKED(clone, 0, CLONE_THREAD, CLONE_THREAD),
    IF(socket, 0, AF_NETLINK), IF(socket, 0, AF_UNIX), IF(prctl, 0, PR_SET_NAME),
};

static bool add_calls(scmp_filter_ctx filter, const struct call *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct call *call = &calls[i];
        bool any = call->when.op == 0;

        /* A call that this architecture does not have gives an error, and can be passed over. */
        if (seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call->number, any ? 0 : 1, any ? NULL : &call->when) != 0
            && call->number >= 0)
            return false;
    }
    return true;
}

static bool add_all(scmp_filter_ctx filter, bool lookups)
{
    struct scmp_arg_cmp to_us = { 0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0 };

    /* abort() is a signal to oneself. */
    if (!add_calls(filter, always, sizeof always / sizeof *always)
        || seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &to_us) != 0)
        return false;
    if (!lookups)
        return true;
    /* libc asks for the newer call first, whose flags no filter can see. */
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0
           && add_calls(filter, for_lookups, sizeof for_lookups / sizeof *for_lookups);
}

bool seccomp_confine(bool lookups)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool done;

    if (!filter)
        return false;
    done = add_all(filter, lookups) && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return done;
}

/* SECCOMP_GET_ACTION_AVAIL would tell of actions; this asks whether there is a filter mode at all. */
bool seccomp_is_possible(void)
{
    return prctl(PR_GET_SECCOMP) >= 0;
}

#else

bool seccomp_confine(bool lookups)
{
    (void)lookups;
    return false;
}

bool seccomp_is_possible(void)
{
    return false;
}

#endif
