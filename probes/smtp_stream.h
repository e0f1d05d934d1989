/* The bytes of one conversation, in TLS or out of it: what was read and not looked at yet, what waits to be sent. It owns
 * the TLS session, not the descriptor. */
#ifndef PROBES_SMTP_STREAM_H
#define PROBES_SMTP_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "probes/tls_client.h"
#include "scanner/base/slice.h"

#define STREAM_READ_SIZE 4096  /* as Postfix's: how much of what a peer says too early lands in the buffer */
#define STREAM_OUT_MAX   1100
#define STREAM_PEEK_MAX  64

enum stream_result {
    STREAM_OK,
    STREAM_WANT_READ,
    STREAM_WANT_WRITE,
    STREAM_YIELD,      /* there is more, after the others had their turn */
    STREAM_LOST,       /* closed or reset: error */
    STREAM_TOO_MUCH    /* beyond a limit of ours: error */
};

/* Thousands of these wait for a peer at a time: there are buffers only while something is in them. */
struct smtp_stream {
    int                fd;
    uint32_t           in_total;              /* read, without TLS records */
    struct tls_client *tls;                   /* NULL: in the clear */
    char              *in;                    /* NULL: nothing is unread */
    uint32_t           in_at, in_end;
    char              *out;                   /* NULL: nothing is to be sent */
    uint32_t           out_at, out_end;
    const char        *error;
};

void smtp_stream_init(struct smtp_stream *, int fd);
void smtp_stream_clear(struct smtp_stream *);

/* Takes the place of what was to be sent before. False: too long. */
bool smtp_stream_say(struct smtp_stream *, const char *command, const char *argument);
/* STREAM_OK: all is sent. */
enum stream_result smtp_stream_send(struct smtp_stream *);

/* Not looked at yet. */
struct slice smtp_stream_unread(const struct smtp_stream *);
void smtp_stream_used(struct smtp_stream *, size_t n);
/* Only when nothing is unread. STREAM_OK: there is. */
enum stream_result smtp_stream_receive(struct smtp_stream *);

/* Printable text at the head of what has arrived and was not read; "" when there is none. False: nothing has arrived. */
bool smtp_stream_peek(struct smtp_stream *, char out[STREAM_PEEK_MAX + 1]);

#endif
