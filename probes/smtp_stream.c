#include "probes/smtp_stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "probes/limits.h"

void smtp_stream_init(struct smtp_stream *s, int fd)
{
    memset(s, 0, sizeof *s);
    s->fd = fd;
}

void smtp_stream_clear(struct smtp_stream *s)
{
    tls_client_free(s->tls);
    s->tls = NULL;
}

bool smtp_stream_say(struct smtp_stream *s, const char *command, const char *argument)
{
    int n = snprintf(s->out, sizeof s->out, "%s%s%s\r\n", command, argument ? " " : "", argument ? argument : "");

    s->out_at = s->out_end = 0;
    if (n < 0 || (size_t)n >= sizeof s->out)
        return false;
    s->out_end = (size_t)n;
    return true;
}

static enum stream_result lost(struct smtp_stream *s, const char *words)
{
    snprintf(s->error, sizeof s->error, "%s", words);
    return STREAM_LOST;
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
    return result;
}

struct slice smtp_stream_unread(const struct smtp_stream *s)
{
    return slice_from(s->in + s->in_at, s->in_end - s->in_at);
}

void smtp_stream_used(struct smtp_stream *s, size_t n)
{
    s->in_at += n;
}

static enum stream_result receive_plain(struct smtp_stream *s)
{
    ssize_t n = recv(s->fd, s->in, sizeof s->in, 0);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? STREAM_WANT_READ : lost(s, strerror(errno));
    if (n == 0)
        return lost(s, "the connection was closed");
    s->in_end = (size_t)n;
    return STREAM_OK;
}

/* Session tickets may come in any number, several in one record: each costs a call, and none is a byte of ours. */
static enum stream_result receive_tls(struct smtp_stream *s)
{
    uint64_t before = tls_client_bytes(s->tls);

    for (;;) {
        enum stream_result result = of_tls(s, tls_client_read(s->tls, s->in, sizeof s->in, &s->in_end));

        if (result == STREAM_LOST)
            return result;
        if (tls_client_bytes(s->tls) > LIMIT_TLS_BYTES) {
            snprintf(s->error, sizeof s->error, "more than %d bytes of TLS records", LIMIT_TLS_BYTES);
            return STREAM_TOO_MUCH;
        }
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

    s->in_at = s->in_end = 0;
    result = s->tls ? receive_tls(s) : receive_plain(s);
    if (result != STREAM_OK)
        return result;
    s->in_total += s->in_end;
    if (s->in_total <= LIMIT_SESSION_BYTES)
        return STREAM_OK;
    snprintf(s->error, sizeof s->error, "more than %d bytes in one conversation", LIMIT_SESSION_BYTES);
    return STREAM_TOO_MUCH;
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
