/* What a confined process can no longer do, layer by layer, and what it still can. Each attempt is made in a process of its
 * own, so that nothing but the layers under test stands in its way. */
#include "probes/confine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes/engine/loop.h"
#include "probes/tls_client.h"
#include "tests/lib/check.h"

#define NOBODY 65534

static char folder[] = "/tmp/posttls-confine-XXXXXX", present[64], absent[64];

/* Attempts: true when it came off. */

static bool opened(int fd)
{
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool open_for_writing(void)
{
    return opened(open(present, O_WRONLY));
}

static bool open_for_appending(void)
{
    return opened(open(present, O_RDWR | O_APPEND));
}

static bool create(void)
{
    return opened(open(absent, O_CREAT | O_WRONLY, 0600));
}

static bool open_nameless(void)
{
    return opened(open(folder, O_TMPFILE | O_WRONLY, 0600));
}

static bool cut(void)
{
    return truncate(present, 0) == 0;
}

static bool remove_file(void)
{
    return unlink(present) == 0;
}

static bool rename_file(void)
{
    return rename(present, absent) == 0;
}

static bool make_folder(void)
{
    return mkdir(absent, 0700) == 0;
}

static bool make_link(void)
{
    return symlink(present, absent) == 0;
}

static bool read_file(void)
{
    return opened(open(present, O_RDONLY));
}

static bool read_settings(void)
{
    return opened(open("/etc/passwd", O_RDONLY));
}

/* 42 is the shell's; a process that could not become one comes back. */
static bool execute(void)
{
    execl("/bin/sh", "sh", "-c", "exit 42", (char *)NULL);
    return false;
}

static bool trace_parent(void)
{
    return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) == 0;
}

static bool be_traced(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool read_parent(void)
{
    char byte, *there = folder;
    struct iovec ours = { &byte, 1 }, theirs = { there, 1 };

    return process_vm_readv(getppid(), &ours, 1, &theirs, 1, 0) == 1;
}

static bool signal_parent(void)
{
    return kill(getppid(), SIGWINCH) == 0;
}

static bool fork_child(void)
{
    pid_t pid = (pid_t)syscall(SYS_fork);

    if (pid == 0)
        _exit(0);
    return pid > 0;
}

static bool become_root(void)
{
    return setuid(0) == 0 && geteuid() == 0;
}

static bool raw_socket(void)
{
    return opened(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static bool local_socket(void)
{
    return opened(socket(AF_UNIX, SOCK_STREAM, 0));
}

static bool listen_to(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(50505),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0;
}

static bool run_memory(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool leave_namespace(void)
{
    return unshare(CLONE_NEWUSER) == 0;
}

static bool io_ring(void)
{
    char parameters[256] = { 0 };

    return opened((int)syscall(SYS_io_uring_setup, 1, parameters));
}

static bool core_files(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max != 0;
}

static bool new_privileges(void)
{
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}

static void *in_thread(void *arg)
{
    *(int *)arg = 1;
    return NULL;
}

static bool thread(void)
{
    pthread_t id;
    int ran = 0;

    return pthread_create(&id, NULL, in_thread, &ran) == 0 && pthread_join(id, NULL) == 0 && ran;
}

static bool look_up(void)
{
    struct addrinfo *list = NULL;
    bool found = getaddrinfo("localhost", NULL, NULL, &list) == 0;

    if (list)
        freeaddrinfo(list);
    return found;
}

static void stop(void *arg)
{
    loop_stop(arg);
}

static bool loop_and_timer(void)
{
    struct loop *loop = loop_new();
    struct loop_timer *timer = loop_timer_new(loop, stop, loop);

    loop_timer_at(timer, loop_now_ms(loop) + 5);
    loop_run(loop);
    loop_timer_free(timer);
    loop_free(loop);
    return true;
}

static bool connect_from(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool bound = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;

    address.sin_port = htons(1);
    return bound && connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED;
}

static bool ask_by_datagram(void)
{
    struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);

    return fd >= 0 && (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno != EPERM);
}

static bool chance(void)
{
    char byte;

    return getrandom(&byte, 1, 0) == 1;
}

static bool memory(void)
{
    char *block = malloc((size_t)32 << 20);
    bool got = block != NULL;

    if (block) {
        memset(block, 1, (size_t)32 << 20);
        block = realloc(block, (size_t)64 << 20);
    }
    free(block);
    return got;
}

static bool tls_context(void)
{
    struct tls_contexts *contexts = tls_contexts_new();

    tls_contexts_free(contexts);
    return true;
}

static bool tell(void)
{
    return write(STDERR_FILENO, "", 0) == 0;
}

enum { P = CONFINED_NO_NEW_PRIVILEGES, L = CONFINED_LIMITS, F = CONFINED_LANDLOCK, S = CONFINED_SECCOMP };

static const struct row {
    const char *name;
    bool (*attempt)(void);
    unsigned  stopped_by; /* any of these layers is enough */
    unsigned  left;       /* of these, those that let it through for one that looks up names */
} rows[] = {
    { "open a file for writing", open_for_writing, F | S, 0 },
    { "open a file for appending", open_for_appending, F | S, 0 },
    { "make a file", create, F | S, 0 },
    { "make a file without a name", open_nameless, F | S, 0 },
    { "cut a file", cut, S, 0 },
    { "remove a file", remove_file, F | S, 0 },
    { "rename a file", rename_file, F | S, 0 },
    { "make a folder", make_folder, F | S, 0 },
    { "make a link", make_link, F | S, 0 },
    { "read a file", read_file, F | S, S },
    { "read the system's settings", read_settings, F | S, F | S },
    { "execute a program", execute, F | S, 0 },
    { "trace the parent", trace_parent, F | S, 0 },
    { "be traced", be_traced, S, 0 },
    { "read the parent's memory", read_parent, F | S, 0 },
    { "signal the parent", signal_parent, S, 0 },
    { "start a process", fork_child, S, 0 },
    { "become root", become_root, S, 0 },
    { "open a raw socket", raw_socket, S, 0 },
    { "open a local socket", local_socket, S, S },
    { "listen", listen_to, S, 0 },
    { "run what was written to memory", run_memory, S, 0 },
    { "enter a namespace", leave_namespace, S, 0 },
    { "make an I/O ring", io_ring, S, 0 },
    { "leave a core file", core_files, L, 0 },
    { "gain privileges", new_privileges, P, 0 },
    { "start a thread", thread, S, S },
    { "look up a host", look_up, S, S },
    { "run a loop with a timer", loop_and_timer, 0, 0 },
    { "connect from an address", connect_from, 0, 0 },
    { "send a datagram", ask_by_datagram, 0, 0 },
    { "draw a random number", chance, 0, 0 },
    { "use memory", memory, 0, 0 },
    { "make TLS contexts", tls_context, 0, 0 },
    { "write to standard error", tell, 0, 0 },
};

enum { CAME_OFF = 42, FAILED = 43, NOT_CONFINED = 44 };

/* As the worker does it: from a process that has read what it needs. What is in force comes back through told. */
static int attempt(const struct row *row, const struct confine_wish *wish, unsigned *told)
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        struct error err;

        /* OpenSSL's settings. */
        tls_contexts_free(tls_contexts_new());
        if (!confine_process(wish, told, &err))
            _exit(NOT_CONFINED);
        _exit(row->attempt() ? CAME_OFF : FAILED);
    }
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

/* Which layers stand in the way of it. */
static unsigned stopping(const struct row *row, const struct confine_wish *wish)
{
    return row->stopped_by & ~(wish->lookups ? row->left : 0);
}

static void write_present(void)
{
    FILE *file = fopen(present, "we");

    if (file) {
        fputs("text\n", file);
        fclose(file);
    }
    /* So that permissions are not what is tested. */
    chmod(present, 0666);
    chmod(folder, 0777);
}

static void check_wish(const char *name, const struct confine_wish *wish, unsigned *told)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        int came;

        write_present();
        came = attempt(row, wish, told);
        if (came < 0 || came == NOT_CONFINED)
            check_ok(false, "%s: %s: the attempt was made (%d)", name, row->name, came);
        else if (stopping(row, wish) & *told)
            is_int(came, FAILED, "%s: cannot %s", name, row->name);
        else if (!stopping(row, wish))
            is_int(came, CAME_OFF, "%s: can %s", name, row->name);
        unlink(absent);
        rmdir(absent);
    }
}

/* What must be in force here, so that a layer that is silently missing is seen. */
static void check_in_force(const char *name, unsigned told, unsigned layers)
{
    unsigned wanted = (layers & (confine_possible() | CONFINED_LIMITS)) | CONFINED_NO_ROOT | CONFINED_NO_NEW_PRIVILEGES;

    is_int(told, wanted, "%s: in force", name);
}

int main(void)
{
    static const struct {
        const char *name;
        unsigned    layers;
        bool        lookups;
    } wishes[] = {
        { "all layers", CONFINED_ALL, false },
        { "Landlock alone", CONFINED_LANDLOCK | CONFINED_LIMITS, false },
        { "seccomp alone", CONFINED_SECCOMP, false },
        { "all layers, with lookups", CONFINED_ALL, true },
        { "Landlock alone, with lookups", CONFINED_LANDLOCK, true },
        { "seccomp alone, with lookups", CONFINED_SECCOMP, true },
    };
    unsigned *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (!mkdtemp(folder) || told == MAP_FAILED)
        return 99;
    snprintf(present, sizeof present, "%s/present", folder);
    snprintf(absent, sizeof absent, "%s/absent", folder);
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        struct confine_wish wish = { NOBODY, NOBODY, wishes[i].lookups, wishes[i].layers };

        check_wish(wishes[i].name, &wish, told);
        check_in_force(wishes[i].name, *told, wishes[i].layers);
    }
    unlink(present);
    rmdir(folder);
    munmap(told, sizeof *told);
    return check_done();
}
