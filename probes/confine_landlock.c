/* Landlock, see landlock(7). libc has no wrappers, and a kernel may know more than the header we are built with, or less:
 * the structures stand here as the newest release that we use has them, and each part is masked by what the kernel says it
 * knows. */
#include "probes/confine_layers.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

#define CREATE_VERSION    1u
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT     2
#define ACCESS_READ_FILE  (UINT64_C(1) << 2)
#define ACCESS_READ_DIR   (UINT64_C(1) << 3)
#define NET_BIND_TCP      UINT64_C(1)
#define SCOPE_ALL         UINT64_C(3)   /* abstract sockets, signals */

struct ruleset {
    uint64_t fs, net, scoped;
};

struct path_rule {
    uint64_t allowed;
    int32_t  parent;
} __attribute__((packed));

struct port_rule {
    uint64_t allowed, port;
};

/* From which version of the interface on there are so many kinds of access to files. */
static const struct {
    int      abi;
    unsigned bits;
} file_accesses[] = { { 5, 16 }, { 3, 15 }, { 2, 14 }, { 1, 13 } };

static int kernel_abi(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_VERSION);
}

bool landlock_is_possible(void)
{
    return kernel_abi() >= 1;
}

static uint64_t accesses(int abi)
{
    for (size_t i = 0; i < sizeof file_accesses / sizeof *file_accesses; i++)
        if (abi >= file_accesses[i].abi)
            return (UINT64_C(1) << file_accesses[i].bits) - 1;
    return 0;
}

/* What getaddrinfo() reads: its settings, the libraries that these name, the socket of a name service daemon's folder. */
static void allow_lookups(int ruleset)
{
    static const char *const places[] = { "/etc", "/usr", "/lib", "/lib64", "/run" };

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct path_rule rule = { .allowed = ACCESS_READ_FILE | ACCESS_READ_DIR };

        rule.parent = open(places[i], O_PATH | O_CLOEXEC);
        if (rule.parent < 0)
            continue;
        syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0u);
        close(rule.parent);
    }
}

bool landlock_confine(bool lookups)
{
    int abi = kernel_abi();
    struct ruleset wish = { .fs = accesses(abi), .net = abi >= 4 ? NET_BIND_TCP : 0, .scoped = abi >= 6 ? SCOPE_ALL : 0 };
    struct port_rule any_port = { .allowed = NET_BIND_TCP };
    int ruleset;
    bool done;

    if (abi < 1)
        return false;
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &wish, sizeof wish, 0u);
    if (ruleset < 0)
        return false;
    if (lookups)
        allow_lookups(ruleset);
    /* A source address is bound with port 0. */
    if (wish.net)
        syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &any_port, 0u);
    done = syscall(SYS_landlock_restrict_self, ruleset, 0u) == 0;
    close(ruleset);
    return done;
}
