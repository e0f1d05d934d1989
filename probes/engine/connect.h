/* Non-blocking sockets to an address. All descriptors are close-on-exec; the caller closes them. */
#ifndef PROBES_ENGINE_CONNECT_H
#define PROBES_ENGINE_CONNECT_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/address.h"

enum connect_kind { CONNECT_TCP, CONNECT_UDP };

enum connect_status {
    CONNECT_STARTED,     /* under way or done: wait until the descriptor can be written to, then connect_finish() */
    CONNECT_FAILED,      /* the network said no: error */
    CONNECT_BIND_FAILED, /* the source address cannot be used: error */
    CONNECT_LOCAL        /* this side has no descriptor, port or memory left: error */
};

struct endpoint {
    struct address address;
    uint16_t       port;
    uint32_t       scope;  /* interface of a link-local IPv6 address, else 0 */
};

/* from may be NULL. fd is -1 unless STARTED; *error is an errno. */
enum connect_status connect_start(enum connect_kind, const struct endpoint *to, const struct address *from, int *fd,
                                  int *error);

/* 0, or the errno of the failed connection. */
int connect_finish(int fd);
/* An errno that tells of this side's resources rather than of the network. */
bool connect_is_local(int error);

#endif
