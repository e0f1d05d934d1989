/* The parts of https_fetch.h: https_client.c has the library on the loop, https_fetch.c one request. */
#ifndef PROBES_HTTPS_IMPL_H
#define PROBES_HTTPS_IMPL_H

#include <curl/curl.h>
#include <openssl/x509.h>

#include "probes/https_fetch.h"

#define HTTPS_PORT 443

struct https_client {
    struct https_setup setup;
    CURLM             *multi;
    X509_STORE        *trusted;
    size_t             anchors;
    struct loop_timer *timer;      /* the library's */
};

/* The library says that a request is over. It is freed after its owner was told. */
void https_fetch_ended(struct https_fetch *, CURLcode);

#endif
