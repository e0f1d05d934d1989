/* Lines of logs, and what they weigh. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scanner/maillog.h"
#include "tests/lib/check.h"

#define CHANGED 1795996800 /* 2026-11-30 */
#define SENT "to=<u@a.example>, relay=mx.a.example[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 ok)"

static const struct row {
    const char *name;
    const char *lines;       /* separated by line feeds */
    const char *destination;
    const char *wanted;      /* deliveries deferrals bounces bytes last tls; "" when it has no weight */
} rows[] = {
    { "classic", "Nov 20 01:15:00 mx postfix/smtp[12]: 4XA: " SENT, "a.example", "1 0 0 0 2026-11-20 0/0/0/0" },
    { "classic, of last year", "Dec 24 01:15:00 mx postfix/smtp[12]: 4XA: " SENT, "a.example",
      "1 0 0 0 2025-12-24 0/0/0/0" },
    { "classic, day of one digit", "Nov  2 01:15:00 mx postfix/smtp[12]: 4XA: " SENT, "a.example",
      "1 0 0 0 2026-11-02 0/0/0/0" },
    { "RFC 3339", "2026-11-20T01:15:00.123456+01:00 mx postfix/smtp[12]: 4XA: " SENT, "a.example",
      "1 0 0 0 2026-11-20 0/0/0/0" },
    { "RFC 5424", "<22>1 2026-11-20T01:15:00.123Z mx postfix/smtp 12 - - 4XA: " SENT, "a.example",
      "1 0 0 0 2026-11-20 0/0/0/0" },
    { "RFC 5424 with data", "<22>1 2026-11-20T01:15:00Z mx postfix/smtp 12 ID [a@1 b=\"c\"] 4XA: " SENT, "a.example",
      "1 0 0 0 2026-11-20 0/0/0/0" },
    { "a priority before it", "<22>Nov 20 01:15:00 mx postfix/smtp[12]: 4XA: " SENT, "a.example",
      "1 0 0 0 2026-11-20 0/0/0/0" },
    { "another instance", "Nov 20 01:15:00 mx postfix-out/smtp[12]: 4XA: " SENT, "a.example", "1 0 0 0 2026-11-20 0/0/0/0" },
    { "a service with a name of its own", "Nov 20 01:15:00 mx postfix/relay/smtp[12]: 4XA: " SENT, "a.example",
      "1 0 0 0 2026-11-20 0/0/0/0" },
    { "capitals", "Nov 20 01:15:00 mx postfix/smtp[12]: 4XA: to=<U@A.Example>, relay=none, delay=1, status=deferred (x)",
      "a.example", "0 1 0 0 2026-11-20 0/0/0/0" },
    { "orig_to", "Nov 20 01:15:00 mx postfix/smtp[12]: 4XA: to=<u@a.example>, orig_to=<x@b.example>, relay=none, "
      "delay=1, status=bounced (x)", "a.example", "0 0 1 0 2026-11-20 0/0/0/0" },
    { "error(8)", "Nov 20 01:15:00 mx postfix/error[12]: 4XA: to=<u@a.example>, relay=none, delay=1, status=deferred (x)",
      "a.example", "0 1 0 0 2026-11-20 0/0/0/0" },
    { "sizes", "Nov 20 01:14:00 mx postfix/qmgr[9]: 4XA: from=<s@b.example>, size=1234, nrcpt=2 (queue active)\n"
      "Nov 20 01:15:00 mx postfix/smtp[12]: 4XA: " SENT "\nNov 20 01:15:00 mx postfix/smtp[12]: 4XA: " SENT, "a.example",
      "2 0 0 2468 2026-11-20 0/0/0/0" },
    { "another message's size", "Nov 20 01:14:00 mx postfix/qmgr[9]: 4XB: from=<>, size=1234, nrcpt=2 (queue active)\n"
      "Nov 20 01:15:00 mx postfix/smtp[12]: 4XA: " SENT, "a.example", "1 0 0 0 2026-11-20 0/0/0/0" },
    { "the TLS word", "Nov 20 01:14:00 mx postfix/smtp[12]: Verified TLS connection established to "
      "mx.a.example[192.0.2.1]:25: TLSv1.3 with cipher X\nNov 20 01:15:00 mx postfix/smtp[12]: 4XA: " SENT, "a.example",
      "1 0 0 0 2026-11-20 0/0/0/1" },
    { "another process's TLS word", "Nov 20 01:14:00 mx postfix/smtp[13]: Verified TLS connection established to "
      "mx.a.example[192.0.2.1]:25: TLSv1.3 with cipher X\nNov 20 01:15:00 mx postfix/smtp[12]: 4XA: " SENT, "a.example",
      "1 0 0 0 2026-11-20 0/0/0/0" },
    { "another relay's TLS word", "Nov 20 01:14:00 mx postfix/smtp[12]: Trusted TLS connection established to "
      "mx.b.example[192.0.2.1]:25: TLSv1.3 with cipher X\nNov 20 01:15:00 mx postfix/smtp[12]: 4XA: " SENT, "a.example",
      "1 0 0 0 2026-11-20 0/0/0/0" },
    { "a local part that plays tricks", "Nov 20 01:15:00 mx postfix/smtp[12]: 4XA: "
      "to=<\"u@b.example>, relay=none, status=sent (\"@a.example>, relay=none, delay=1, status=deferred (x)", "a.example",
      "0 1 0 0 2026-11-20 0/0/0/0" },
    { "and whose domain gets nothing", "Nov 20 01:15:00 mx postfix/smtp[12]: 4XA: "
      "to=<\"u@b.example>, relay=none, status=sent (\"@a.example>, relay=none, delay=1, status=deferred (x)", "b.example", "" },
    { "LMTP to a socket here", "Nov 20 01:15:00 mx postfix/lmtp[12]: 4XA: to=<u@a.example>, relay=mx[private/lmtp], delay=1, "
      "status=sent (ok)", "a.example", "" },
    { "other programs", "Nov 20 01:15:00 mx postfix/local[12]: 4XA: " SENT "\nNov 20 01:15:00 mx smtp[12]: 4XA: " SENT
      "\nNov 20 01:15:00 mx sendmail: 4XA: " SENT, "a.example", "" },
    { "what is no line", "\n<\n<22>\n<22>1 \n[\n]: \nNov 20 01:15:00 mx\nNov 20 01:15:00 mx postfix/smtp[12]: \n"
      "Nov 20 01:15:00 mx postfix/smtp[12]: 4XA: to=<\nNov 20 01:15:00 mx postfix/smtp[12]: 4XA: to=<@>, relay=, status=sent \n"
      "2026\n<22>1 a b c d e [", "a.example", "" },
};

static void describe(const struct weight *weight, char *text, size_t room)
{
    struct tm tm;
    time_t    last = weight != NULL ? (time_t)weight->last : 0;

    text[0] = '\0';
    if (weight == NULL || gmtime_r(&last, &tm) == NULL)
        return;
    snprintf(text, room, "%d %d %d %d %04d-%02d-%02d %d/%d/%d/%d", (int)weight->deliveries, (int)weight->deferrals,
             (int)weight->bounces, (int)weight->bytes, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, (int)weight->tls[0],
             (int)weight->tls[1], (int)weight->tls[2], (int)weight->tls[3]);
}

static void test_row(const struct row *row)
{
    struct maillog *mail = maillog_new();
    struct region  *region = region_new();
    const char     *line = row->lines;
    char            text[200];

    for (;;) {
        size_t n = strcspn(line, "\n");

        maillog_line(mail, slice_from(line, n), CHANGED);
        if (line[n] == '\0')
            break;
        line += n + 1;
    }
    describe(maillog_weight(mail, region, row->destination), text, sizeof(text));
    is_text(text, row->wanted, "%s", row->name);
    region_free(region);
    maillog_free(mail);
}

static int count_waits(const struct maillog *mail)
{
    size_t message, destination;
    int    count = 0;

    while (maillog_wait(mail, (size_t)count, &message, &destination))
        count++;
    return count;
}

static void test_queue(void)
{
    static const char message[] = "{\"queue_name\": \"deferred\", \"queue_id\": \"4XA\", \"arrival_time\": 1, "
                                  "\"message_size\": 9, \"sender\": \"s@b.example\", \"recipients\": [{\"address\": "
                                  "\"u@a.example\", \"delay_reason\": \"x\"}, {\"address\": \"v@a.example\"}]}";
    struct maillog     *mail = maillog_new();
    struct region      *region = region_new();
    const char *const  *texts;
    const char         *name;

    maillog_queue_line(mail, slice_of(message));
    maillog_queue_line(mail, slice_of(message));
    maillog_queue_line(mail, slice_of("{\"recipients\": [{\"address\": \"u@c.example\"}, {}, 3]}"));
    maillog_queue_line(mail, slice_of("no JSON"));
    is_int(maillog_destinations(mail, region, &texts), 2, "domains that mail waits for");
    is_text(texts[0], "a.example", "the heaviest first");
    maillog_queue_line(mail, slice_of("{\"recipients\": [{\"address\": \"u@a.example\"}, {\"address\": \"u@c.example\"}, "
                                      "{\"address\": \"v@a.example\"}]}"));
    is_int(count_waits(mail), 5, "a message to two of a domain waits once for it, wherever they stand");
    is_int((int)maillog_at(mail, 0, &name)->waiting, 3, "that wait for a domain");
    region_free(region);
    maillog_free(mail);
}

static void feed(struct maillog *mail, const char *time, const char *address)
{
    struct region *region = region_new();

    maillog_line(mail, slice_of(region_printf(region, "%s mx postfix/smtp[12]: 4XA: to=<%s>, relay=mx[192.0.2.1]:25, delay=1, "
                                              "dsn=2.0.0, status=sent (250 ok)", time, address)), CHANGED);
    region_free(region);
}

/* Names that mail is counted under, and the span of a log. */
static void test_names(void)
{
    static const char *const names[] = { "boss@a.example", "a.example", "postmaster@[192.0.2.1]" };
    struct maillog          *mail = maillog_new();
    struct dict             *apart = dict_new();
    struct maillog_whole     whole;
    const char              *name = "";
    size_t                   i;

    dict_put(apart, SLICE("boss@a.example"), apart);
    maillog_tell_apart(mail, apart);
    feed(mail, "2026-11-20T01:15:00Z", "Boss@A.example");
    feed(mail, "2026-11-21T01:15:00Z", "boss@b@a.example");
    feed(mail, "2026-11-19T01:15:00Z", "boss@[192.0.2.1]");
    feed(mail, "2026-11-20T01:15:00Z", "boss@a.exam ple");
    is_int((int)maillog_count(mail), 3, "names");
    for (i = 0; i < maillog_count(mail); i++) {
        maillog_at(mail, i, &name);
        is_text(name, names[i], "name %d", (int)i);
    }
    whole = maillog_whole(mail);
    is_int((int)(whole.weight.last - whole.from), 2 * 86400, "from the first to the last, in whatever order");
    is_int((int)whole.weight.waiting, -1, "no queue was read");
    maillog_free(mail);
    dict_free(apart);
}

int main(void)
{
    test_names();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        test_row(&rows[i]);
    test_queue();
    return check_done();
}
