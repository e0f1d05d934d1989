#include "probes/record.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes/limits.h"
#include "scanner/base/buf.h"
#include "scanner/base/mem.h"

#define LENGTH_SIZE 4
#define READ_SIZE   65536

struct record_channel {
    struct loop                *loop;
    struct loop_watch          *watch;
    struct loop_timer          *resume;        /* records that came in before a pause */
    const struct record_events *events;
    void                       *arg;
    int                         fd;
    struct buf                  in, out;
    size_t                      out_at;        /* sent already */
    bool                        paused, closed;
    bool                        busy, dead;    /* in a callback; freed by it, and to go when it returns */
};

static size_t waiting(const struct record_channel *c)
{
    return c->out.n - c->out_at;
}

static void watch_again(struct record_channel *c)
{
    loop_watch_set(c->watch, c->closed ? 0u : (c->paused ? 0u : LOOP_READ) | (waiting(c) ? LOOP_WRITE : 0u));
}

static uint32_t length_at(const char *p)
{
    const uint8_t *b = (const uint8_t *)p;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Hands over the complete records. NULL: all is well; else why the channel ends. */
static const char *deliver(struct record_channel *c)
{
    const char *why = NULL;
    size_t at = 0;

    while (c->in.n - at >= LENGTH_SIZE && !c->paused && !c->dead) {
        size_t n = length_at(c->in.p + at);

        if (n > LIMIT_RECORD_BYTES) {
            why = "a record that is too long";
            break;
        }
        if (c->in.n - at - LENGTH_SIZE < n)
            break;
        c->events->on_record(c->arg, slice_from(c->in.p + at + LENGTH_SIZE, n));
        at += LENGTH_SIZE + n;
    }
    buf_consume(&c->in, at);
    return why;
}

static const char *receive(struct record_channel *c)
{
    char chunk[READ_SIZE];
    size_t room = c->in.ceiling - c->in.n;
    ssize_t n;

    if (room == 0)
        return NULL;
    n = recv(c->fd, chunk, room < sizeof chunk ? room : sizeof chunk, 0);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? NULL : strerror(errno);
    if (n == 0)
        return c->in.n > 0 ? "the end in the middle of a record" : "the end";
    buf_add(&c->in, chunk, (size_t)n);
    return NULL;
}

static const char *transmit(struct record_channel *c)
{
    ssize_t n = send(c->fd, c->out.p + c->out_at, waiting(c), MSG_NOSIGNAL);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? NULL : strerror(errno);
    c->out_at += (size_t)n;
    /* What was sent goes once it is the greater part, so that moving the rest stays cheap. */
    if (c->out_at > c->out.n / 2) {
        buf_consume(&c->out, c->out_at);
        c->out_at = 0;
    }
    return NULL;
}

static void channel_close(struct record_channel *c, const char *why)
{
    c->closed = true;
    watch_again(c);
    c->events->on_closed(c->arg, why);
}

static void channel_turn(struct record_channel *c)
{
    bool had_room = record_channel_has_room(c);
    const char *why = NULL;

    if (waiting(c) > 0)
        why = transmit(c);
    if (!why && !c->paused)
        why = receive(c);
    if (!why)
        why = deliver(c);
    if (c->dead)
        return;
    if (why) {
        channel_close(c, why);
        return;
    }
    watch_again(c);
    if (!had_room && record_channel_has_room(c) && c->events->on_room)
        c->events->on_room(c->arg);
}

static void channel_free(struct record_channel *c)
{
    loop_watch_free(c->watch);
    loop_timer_free(c->resume);
    close(c->fd);
    buf_clear(&c->in);
    buf_clear(&c->out);
    mem_free(c);
}

static void channel_ready(void *arg)
{
    struct record_channel *c = arg;

    if (c->closed)
        return;
    c->busy = true;
    channel_turn(c);
    c->busy = false;
    if (c->dead)
        channel_free(c);
}

struct record_channel *record_channel_new(struct loop *loop, int fd, const struct record_events *events, void *arg)
{
    struct record_channel *c = mem_alloc(sizeof *c);

    c->loop = loop;
    c->fd = fd;
    c->events = events;
    c->arg = arg;
    buf_init(&c->in, LENGTH_SIZE + LIMIT_RECORD_BYTES);
    buf_init(&c->out, 2 * (size_t)LIMIT_CHANNEL_BYTES); /* what is sent goes in its own time */
    c->resume = loop_timer_new(loop, channel_ready, c);
    c->watch = loop_watch_new(loop, fd, channel_ready, c);
    watch_again(c);
    return c;
}

void record_channel_free(struct record_channel *c)
{
    if (!c)
        return;
    if (c->busy)
        c->dead = c->closed = true;
    else
        channel_free(c);
}

bool record_channel_send(struct record_channel *c, struct slice record)
{
    const char length[LENGTH_SIZE] = { (char)(record.n >> 24), (char)(record.n >> 16), (char)(record.n >> 8),
                                       (char)record.n };

    if (c->closed || record.n > LIMIT_RECORD_BYTES || waiting(c) + LENGTH_SIZE + record.n > LIMIT_CHANNEL_BYTES)
        return false;
    buf_add(&c->out, length, sizeof length);
    buf_add_slice(&c->out, record);
    watch_again(c);
    return true;
}

bool record_channel_has_room(const struct record_channel *c)
{
    return waiting(c) < LIMIT_CHANNEL_SOON;
}

void record_channel_pause(struct record_channel *c, bool paused)
{
    bool resumed = c->paused && !paused;

    c->paused = paused;
    if (resumed)
        loop_timer_at(c->resume, loop_now_ms(c->loop));
    if (!c->closed)
        watch_again(c);
}
