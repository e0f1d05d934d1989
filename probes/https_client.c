#include "probes/https_impl.h"

#include <stdint.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "scanner/base/mem.h"

/* A descriptor that the library wants to be told of. */
struct socket_watch {
    struct https_client *client;
    curl_socket_t        fd;
    struct loop_watch   *watch;
};

/* The library's memory is mem.h's, so that running out of it ends the program in one place. */

static void *grow(void *p, size_t size)
{
    return mem_grow(p, 1, size);
}

static void *alloc(size_t size)
{
    return mem_grow(NULL, 1, size);
}

static void start_library(void)
{
    /* Where it names a file, the library would write there the keys of every session. */
    unsetenv("SSLKEYLOGFILE");
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, alloc, mem_free, grow, mem_text, mem_array);
}

const char *https_default_trust(void)
{
    return curl_version_info(CURLVERSION_NOW)->cainfo;
}

const char *https_library_version(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

/* The library on the loop. */

static void take_finished(struct https_client *client)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct https_fetch *f;

        if (message->msg != CURLMSG_DONE || curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &f) != CURLE_OK)
            continue;
        https_fetch_ended(f, message->data.result);
    }
}

static void on_ready(void *arg)
{
    const struct socket_watch *s = arg;
    struct https_client *client = s->client;
    int running;

    curl_multi_socket_action(client->multi, s->fd, 0, &running);
    take_finished(client);
}

static void on_timer(void *arg)
{
    struct https_client *client = arg;
    int running;

    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    take_finished(client);
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
    struct https_client *client = arg;

    (void)multi;
    if (ms < 0)
        loop_timer_clear(client->timer);
    else
        loop_timer_at(client->timer, loop_now_ms(client->setup.loop) + ms);
    return 0;
}

static struct socket_watch *watch_new(struct https_client *client, curl_socket_t fd)
{
    struct socket_watch *s = mem_alloc(sizeof *s);

    s->client = client;
    s->fd = fd;
    s->watch = loop_watch_new(client->setup.loop, fd, on_ready, s);
    curl_multi_assign(client->multi, fd, s);
    return s;
}

static int set_watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
    struct https_client *client = arg;
    struct socket_watch *s = of_socket;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s)
            loop_watch_free(s->watch);
        mem_free(s);
        return 0;
    }
    if (!s)
        s = watch_new(client, fd);
    loop_watch_set(s->watch, (what & CURL_POLL_IN ? LOOP_READ : 0u) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0u));
    return 0;
}

struct https_client *https_client_new(const struct https_setup *setup)
{
    struct https_client *client = mem_alloc(sizeof *client);

    start_library();
    client->setup = *setup;
    if (!client->setup.port)
        client->setup.port = HTTPS_PORT;
    client->trusted = X509_STORE_new();
    client->multi = curl_multi_init();
    if (!client->multi || !client->trusted)
        mem_exhausted();
    client->timer = loop_timer_new(setup->loop, on_timer, client);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, set_watch);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    return client;
}

void https_client_free(struct https_client *client)
{
    if (!client)
        return;
    curl_multi_cleanup(client->multi);
    loop_timer_free(client->timer);
    X509_STORE_free(client->trusted);
    curl_global_cleanup();
    mem_free(client);
}

size_t https_client_trust(struct https_client *client, struct slice pem)
{
    BIO *bio = pem.n <= INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
    STACK_OF(X509_INFO) *all = bio ? PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL) : NULL;
    size_t before = client->anchors;

    for (int i = 0; all && i < sk_X509_INFO_num(all); i++) {
        const X509_INFO *one = sk_X509_INFO_value(all, i);

        client->anchors += one->x509 && X509_STORE_add_cert(client->trusted, one->x509) == 1;
    }
    sk_X509_INFO_pop_free(all, X509_INFO_free);
    BIO_free(bio);
    ERR_clear_error();
    return client->anchors - before;
}

