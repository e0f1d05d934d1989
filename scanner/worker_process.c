#include "scanner/worker_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "probes/worker.h"

#define FAREWELL_MS 2000

/* The worker is this program's image without an exec: nothing has to be found, and a changed file does no harm. */
pid_t worker_process_start(int *fd, struct error *err)
{
    int   pair[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
        error_set(err, EX_SOFTWARE, "no socket for a worker process: %s", strerror(errno));
        return -1;
    }
    pid = fork();
    if (pid == 0) {
        close(pair[0]);
        _exit(worker_run(pair[1]));
    }
    close(pair[1]);
    *fd = pair[0];
    if (pid < 0) {
        close(pair[0]);
        error_set(err, EX_SOFTWARE, "no worker process: %s", strerror(errno));
    }
    return pid;
}

static void let_end(pid_t pid)
{
    siginfo_t info = { 0 };

    for (int waited = 0; waited < FAREWELL_MS && info.si_pid == 0; waited++) {
        poll(NULL, 0, 1);
        waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
    }
}

int worker_process_end(pid_t pid, bool gently)
{
    int status = 0;

    if (gently)
        let_end(pid);
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}
