/* Records over a socket pair: a length of four octets, big-endian, then so many bytes. Non-blocking, both directions
 * buffered; every size bounded. What the other side sends is hostile input: a length beyond LIMIT_RECORD_BYTES, or the end
 * in the middle of a record, closes the channel. */
#ifndef PROBES_RECORD_H
#define PROBES_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "probes/engine/loop.h"
#include "scanner/base/slice.h"

struct record_channel;

/* Called from the loop; any of them may free the channel. The record is borrowed until on_record returns. After on_closed
 * (once) nothing is called any more. on_room: what waits to be sent fell below LIMIT_CHANNEL_SOON. */
struct record_events {
    void (*on_record)(void *arg, struct slice record);
    void (*on_closed)(void *arg, const char *why);
    void (*on_room)(void *arg);                         /* may be NULL */
};

/* Takes fd. Borrows events until it is freed. */
struct record_channel *record_channel_new(struct loop *, int fd, const struct record_events *events, void *arg);
void record_channel_free(struct record_channel *);

/* Queues a copy. False: too long, or more than LIMIT_CHANNEL_BYTES wait already; nothing was queued. */
bool record_channel_send(struct record_channel *, struct slice record);
/* True while less than LIMIT_CHANNEL_SOON waits to be sent. */
bool record_channel_has_room(const struct record_channel *);
/* Reads nothing while paused. */
void record_channel_pause(struct record_channel *, bool paused);

#endif
