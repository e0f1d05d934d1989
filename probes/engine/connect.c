#include "probes/engine/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union any_address {
    struct sockaddr     any;
    struct sockaddr_in  v4;
    struct sockaddr_in6 v6;
};

static socklen_t address_fill(union any_address *out, const struct address *address, uint16_t port, uint32_t scope)
{
    memset(out, 0, sizeof *out);
    if (address->family == FAMILY_IPV4) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        memcpy(&out->v4.sin_addr, address->bytes, 4);
        return sizeof out->v4;
    }
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(port);
    out->v6.sin6_scope_id = scope;
    memcpy(&out->v6.sin6_addr, address->bytes, 16);
    return sizeof out->v6;
}

bool connect_is_local(int error)
{
    static const int local[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN, EADDRNOTAVAIL, EAFNOSUPPORT };

    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (error == local[i])
            return true;
    return false;
}

static enum connect_status failed(int fd, int *error, enum connect_status status)
{
    *error = errno;
    if (fd >= 0)
        close(fd);
    return status;
}

enum connect_status connect_start(enum connect_kind kind, const struct endpoint *to, const struct address *from, int *fd,
                                  int *error)
{
    union any_address address;
    socklen_t size;
    int s;

    *fd = -1;
    *error = 0;
    s = socket(to->address.family == FAMILY_IPV4 ? AF_INET : AF_INET6,
               (kind == CONNECT_TCP ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0)
        return failed(s, error, CONNECT_LOCAL);
    if (from) {
        size = address_fill(&address, from, 0, 0);
        if (bind(s, &address.any, size) != 0)
            return failed(s, error, CONNECT_BIND_FAILED);
    }
    size = address_fill(&address, &to->address, to->port, to->scope);
    if (connect(s, &address.any, size) != 0 && errno != EINPROGRESS)
        return failed(s, error, connect_is_local(errno) ? CONNECT_LOCAL : CONNECT_FAILED);
    *fd = s;
    return CONNECT_STARTED;
}

int connect_finish(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return errno;
    return error;
}
