/* The request for an MTA-STS policy, RFC 8461 3.3: GET https://mta-sts.DOMAIN/.well-known/mta-sts.txt, once, of addresses
 * that are handed over. The certificate is verified; no redirect is followed, nothing kept, no proxy asked, nothing of the
 * environment read. Only https_*.c name libcurl. */
#ifndef PROBES_HTTPS_FETCH_H
#define PROBES_HTTPS_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/engine/loop.h"
#include "scanner/base/slice.h"
#include "scanner/facts/facts.h"

struct https_setup {
    struct loop *loop;
    uint32_t     timeout;   /* seconds a request may take, when they are less than LIMIT_FETCH_SECONDS; 0: those */
    uint16_t     port;      /* 0: 443; tests have others */
};

/* What all requests of a process share. The library reads what it reads of the environment here: in a process that will be
 * confined, make it before that. Copies the setup. */
struct https_client;

struct https_client *https_client_new(const struct https_setup *);
/* After all requests. NULL is fine. */
void https_client_free(struct https_client *);

/* Takes the PEM certificates of a text as trusted authorities, beside those it has; what cannot be read is passed over. Gives
 * how many were taken. Without any, every request ends as FETCH_NO_ANCHORS. */
size_t https_client_trust(struct https_client *, struct slice pem);

typedef void https_done_fn(void *arg, const struct policy_fetch *);

struct https_fetch;

/* Copies the wish. done is called exactly once, from the loop,
 * never from inside this call, and the request is gone when it returns; it is not called after https_fetch_cancel(). What it is
 * given is borrowed until it returns. */
struct https_fetch *https_fetch_start(struct https_client *, const struct want_fetch *, https_done_fn *done, void *arg);
void https_fetch_cancel(struct https_fetch *);

/* The file of trusted authorities that libcurl was built with; NULL: none. */
const char *https_default_trust(void);

/* Of libcurl. */
const char *https_library_version(void);

#endif
