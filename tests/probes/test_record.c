/* Records over a socket pair. */
#include "probes/record.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes/id_set.h"
#include "probes/limits.h"
#include "scanner/base/mem.h"
#include "tests/lib/check.h"
#include "tests/lib/run_for.h"

static struct loop *loop;
static struct record_channel *a, *b;
static size_t records, bytes, wanted, rooms;
static char last[64], closed[64];
static bool free_on_record, pause_on_record;

static void on_record(void *arg, struct slice record)
{
    (void)arg;
    records++;
    bytes += record.n;
    snprintf(last, sizeof last, "%.*s", (int)(record.n < 60 ? record.n : 60), record.n ? record.p : "");
    if (free_on_record) {
        record_channel_free(b);
        b = NULL;
    }
    if (pause_on_record)
        record_channel_pause(b, true);
    if (records == wanted)
        loop_stop(loop);
}

static void on_closed(void *arg, const char *why)
{
    (void)arg;
    snprintf(closed, sizeof closed, "%s", why);
    loop_stop(loop);
}

static void on_room(void *arg)
{
    (void)arg;
    rooms++;
}

static const struct record_events events = { on_record, on_closed, on_room };

/* b reads; the other end is a channel, or a bare descriptor. */
static int open_pair(bool bare)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
        return -1;
    records = bytes = rooms = 0;
    wanted = 1;
    closed[0] = last[0] = '\0';
    free_on_record = pause_on_record = false;
    a = bare ? NULL : record_channel_new(loop, pair[0], &events, NULL);
    b = record_channel_new(loop, pair[1], &events, NULL);
    return pair[0];
}

static void close_pair(void)
{
    record_channel_free(a);
    record_channel_free(b);
}

static void check_sizes(void)
{
    char *big = mem_alloc(LIMIT_RECORD_BYTES + 1);

    open_pair(false);
    check_ok(record_channel_send(a, SLICE("hello")), "a record is queued");
    loop_run(loop);
    is_text(last, "hello", "and arrives");
    record_channel_send(a, SLICE(""));
    wanted = 2;
    loop_run(loop);
    is_int(records, 2, "so does an empty one");
    check_ok(record_channel_send(a, slice_from(big, LIMIT_RECORD_BYTES)), "one as long as may be");
    check_ok(!record_channel_send(a, slice_from(big, LIMIT_RECORD_BYTES + 1)), "not one that is longer");
    wanted = 3;
    loop_run(loop);
    is_int(bytes, 5 + LIMIT_RECORD_BYTES, "the long one arrives");
    close_pair();
    mem_free(big);
}

static void check_many(void)
{
    char chunk[1000] = "x";

    open_pair(false);
    for (int i = 0; i < 20000; i++)
        record_channel_send(a, slice_from(chunk, sizeof chunk));
    check_ok(!record_channel_has_room(a), "20 MB wait: no room");
    wanted = 20000;
    loop_run(loop);
    is_int(bytes, 20000000, "all arrive");
    check_ok(record_channel_has_room(a), "room again");
    is_int(rooms, 1, "which is told once");
    close_pair();
}

static void check_pause(void)
{
    int fd = open_pair(true);

    pause_on_record = true;
    wanted = 99;
    if (write(fd, "\0\0\0\1a\0\0\0\1b\0\0\0\1c", 15) != 15)
        return;
    run_for(loop, 50);
    is_int(records, 1, "paused after the first");
    record_channel_pause(b, false);
    is_int(records, 1, "nothing from inside the call");
    run_for(loop, 50);
    is_int(records, 2, "and after the second");
    pause_on_record = false;
    record_channel_pause(b, false);
    run_for(loop, 50);
    is_text(last, "c", "then the rest");
    close(fd);
    close_pair();
}

static void check_ends(void)
{
    static const struct {
        const char *raw;
        size_t      n;
        const char *why;
    } rows[] = {
        { "", 0, "the end" },
        { "\0\0", 2, "the end in the middle of a record" },
        { "\0\0\0\5abc", 7, "the end in the middle of a record" },
        { "\0\x10\0\1", 4, "a record that is too long" },
        { "\xff\xff\xff\xff", 4, "a record that is too long" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int fd = open_pair(true);

        if (write(fd, rows[i].raw, rows[i].n) != (ssize_t)rows[i].n)
            return;
        close(fd);
        loop_run(loop);
        is_text(closed, rows[i].why, "row %zu", i);
        check_ok(!record_channel_send(b, SLICE("x")), "nothing can be sent then");
        close_pair();
    }
}

static void check_free_inside(void)
{
    int fd = open_pair(true);

    free_on_record = true;
    if (write(fd, "\0\0\0\1a\0\0\0\1b", 10) != 10)
        return;
    loop_run(loop);
    run_for(loop, 20);
    is_int(records, 1, "a channel that is freed by its callback says no more");
    close(fd);
    close_pair();
}

static void check_id_set(void)
{
    struct id_set set;
    char id[CERT_ID_TEXT];
    int wrong = 0;

    id_set_init(&set);
    check_ok(!id_set_has(&set, "00"), "an empty set");
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(id, sizeof id, "%08x%056x", i * 2654435761u, i);
        wrong += !id_set_add(&set, id) || id_set_add(&set, id) || !id_set_has(&set, id);
    }
    is_int(wrong, 0, "5000 ids, each once");
    is_int(set.count, 5000, "and counted");
    check_ok(!id_set_add(&set, "short"), "no id");
    id_set_clear(&set);
}

int main(void)
{
    loop = loop_new();
    check_sizes();
    check_many();
    check_pause();
    check_ends();
    check_free_inside();
    check_id_set();
    loop_free(loop);
    return check_done();
}
