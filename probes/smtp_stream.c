#include "probes/smtp_stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "probes/limits.h"
#include "scanner/base/mem.h"

#define DIGITS_OF(number) #number
#define IN_DIGITS(number) DIGITS_OF(number)

void smtp_stream_init(struct smtp_stream *s, int fd)
{
    memset(s, 0, sizeof *s);
    s->fd = fd;
}

static void drop_in(struct smtp_stream *s)
{
    mem_free(s->in);
    s->in = NULL;
    s->in_at = s->in_end = 0;
}

static void drop_out(struct smtp_stream *s)
{
    mem_free(s->out);
    s->out = NULL;
    s->out_at = s->out_end = 0;
}

void smtp_stream_clear(struct smtp_stream *s)
{
    drop_in(s);
    drop_out(s);
    tls_client_free(s->tls);
    s->tls = NULL;
}

bool smtp_stream_say(struct smtp_stream *s, const char *command, const char *argument)
{
    char text[STREAM_OUT_MAX];
    int n = snprintf(text, sizeof text, "%s%s%s\r\n", command, argument ? " " : "", argument ? argument : "");

    drop_out(s);
    if (n < 0 || (size_t)n >= sizeof text)
        return false;
    s->out = mem_text(text);
    s->out_end = (size_t)n;
    return true;
}

static enum stream_result lost(struct smtp_stream *s, const char *words)
{
    s->error = words;
    return STREAM_LOST;
}

static enum stream_result too_much(struct smtp_stream *s, const char *words)
{
    s->error = words;
    return STREAM_TOO_MUCH;
}

static enum stream_result of_tls(struct smtp_stream *s, enum tls_result result)
{
    switch (result) {
    case TLS_DONE:
        return STREAM_OK;
    case TLS_WANT_READ:
        return STREAM_WANT_READ;
    case TLS_WANT_WRITE:
        return STREAM_WANT_WRITE;
    case TLS_CLOSED:
    case TLS_FAILED:
        break;
    }
    return lost(s, tls_client_error(s->tls));
}

static enum stream_result send_some(struct smtp_stream *s)
{
    size_t taken = 0;
    ssize_t n;

    if (s->tls) {
        enum stream_result result = of_tls(s, tls_client_write(s->tls, s->out + s->out_at, s->out_end - s->out_at, &taken));

        s->out_at += taken;
        return result;
    }
    n = send(s->fd, s->out + s->out_at, s->out_end - s->out_at, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? STREAM_WANT_WRITE : lost(s, strerror(errno));
    s->out_at += (size_t)n;
    return STREAM_OK;
}

enum stream_result smtp_stream_send(struct smtp_stream *s)
{
    enum stream_result result = STREAM_OK;

    while (result == STREAM_OK && s->out_at < s->out_end)
        result = send_some(s);
    if (s->out_at == s->out_end)
        drop_out(s);
    return result;
}

struct slice smtp_stream_unread(const struct smtp_stream *s)
{
    return s->in ? slice_from(s->in + s->in_at, s->in_end - s->in_at) : SLICE("");
}

void smtp_stream_used(struct smtp_stream *s, size_t n)
{
    s->in_at += n;
    if (s->in_at == s->in_end)
        drop_in(s);
}

static enum stream_result receive_plain(struct smtp_stream *s, char in[STREAM_READ_SIZE], size_t *length)
{
    ssize_t n = recv(s->fd, in, STREAM_READ_SIZE, 0);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? STREAM_WANT_READ : lost(s, strerror(errno));
    if (n == 0)
        return lost(s, "the connection was closed");
    *length = (size_t)n;
    return STREAM_OK;
}

/* Session tickets may come in any number, several in one record: each costs a call, and none is a byte of ours. */
static enum stream_result receive_tls(struct smtp_stream *s, char in[STREAM_READ_SIZE], size_t *length)
{
    uint64_t before = tls_client_bytes(s->tls);

    for (;;) {
        enum stream_result result = of_tls(s, tls_client_read(s->tls, in, STREAM_READ_SIZE, length));

        if (result == STREAM_LOST)
            return result;
        if (tls_client_bytes(s->tls) > LIMIT_TLS_BYTES)
            return too_much(s, "more than " IN_DIGITS(LIMIT_TLS_BYTES) " bytes of TLS records");
        if (result != STREAM_WANT_READ)
            return result;
        if (tls_client_bytes(s->tls) - before > LIMIT_TURN_BYTES)
            return STREAM_YIELD;
        if (!tls_client_has_more(s->tls))
            return STREAM_WANT_READ;
    }
}

enum stream_result smtp_stream_receive(struct smtp_stream *s)
{
    enum stream_result result;
    char in[STREAM_READ_SIZE];
    size_t n = 0;

    drop_in(s);
    result = s->tls ? receive_tls(s, in, &n) : receive_plain(s, in, &n);
    if (result != STREAM_OK)
        return result;
    s->in_total += n;
    if (s->in_total > LIMIT_SESSION_BYTES)
        return too_much(s, "more than " IN_DIGITS(LIMIT_SESSION_BYTES) " bytes in one conversation");
    s->in = mem_grow(NULL, n, 1);
    memcpy(s->in, in, n);
    s->in_end = n;
    return STREAM_OK;
}

bool smtp_stream_peek(struct smtp_stream *s, char out[STREAM_PEEK_MAX + 1])
{
    ssize_t n = recv(s->fd, out, STREAM_PEEK_MAX, MSG_PEEK | MSG_DONTWAIT);
    size_t length = 0;

    while (n > 0 && length < (size_t)n && out[length] >= ' ' && out[length] < 0x7f)
        length++;
    out[length] = '\0';
    return n > 0;
}
