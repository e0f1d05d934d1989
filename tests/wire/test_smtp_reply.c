/* Replies as Postfix reads them. Each row is fed whole, and again byte by byte: the outcome must be the same. */
#include "probes/wire/smtp_reply.h"

#include <string.h>

#include "scanner/base/mem.h"
#include "tests/lib/check.h"

static const struct smtp_reply_limits limits = { 8192, 65536 };

static const struct row {
    const char            *bytes;
    enum smtp_reply_status status;
    int                    code;
    const char            *text, *dsn;
    bool                   garbage;
    size_t                 left;   /* bytes behind the reply */
} rows[] = {
    { "220 hello\r\n", SMTP_REPLY_DONE, 220, "220 hello", NULL, false, 0 },
    { "220 hello\n", SMTP_REPLY_DONE, 220, "220 hello", NULL, false, 0 },
    { "220 hello\r\r\r\n", SMTP_REPLY_DONE, 220, "220 hello", NULL, false, 0 },
    { "220\r\n", SMTP_REPLY_DONE, 220, "220", NULL, false, 0 },
    { "220 \r\n", SMTP_REPLY_DONE, 220, "220 ", NULL, false, 0 },
    { "250-a\r\n250-b\r\n250 c\r\n", SMTP_REPLY_DONE, 250, "250-a\n250-b\n250 c", NULL, false, 0 },
    { "250-a\r\n550 c\r\n", SMTP_REPLY_DONE, 550, "250-a\n550 c", NULL, false, 0 },
    { "220 a\r\n250 b\r\n", SMTP_REPLY_DONE, 220, "220 a", NULL, false, 7 },
    { "HTTP/1.1 400 Bad\r\n220 a\r\n", SMTP_REPLY_DONE, 220, "HTTP/1.1 400 Bad\n220 a", NULL, true, 0 },
    { "22 a\r\n220 a\r\n", SMTP_REPLY_DONE, 220, "22 a\n220 a", NULL, true, 0 },
    { "2200 a\r\n220 a\r\n", SMTP_REPLY_DONE, 220, "2200 a\n220 a", NULL, true, 0 },
    { "220a\r\n220 a\r\n", SMTP_REPLY_DONE, 220, "220a\n220 a", NULL, true, 0 },
    { "220\ta\r\n220 a\r\n", SMTP_REPLY_DONE, 220, "220\ta\n220 a", NULL, true, 0 },
    { " 220 a\r\n220 a\r\n", SMTP_REPLY_DONE, 220, " 220 a\n220 a", NULL, true, 0 },
    { "\r\n220 a\r\n", SMTP_REPLY_DONE, 220, "220 a", NULL, true, 0 },
    { "999 a\r\n", SMTP_REPLY_DONE, 999, "999 a", NULL, false, 0 },
    { "000 a\r\n", SMTP_REPLY_DONE, 0, "000 a", NULL, false, 0 },
    { "454 4.7.0 TLS not available\r\n", SMTP_REPLY_DONE, 454, "454 4.7.0 TLS not available", "4.7.0", false, 0 },
    { "454  4.7.0\r\n", SMTP_REPLY_DONE, 454, "454  4.7.0", "4.7.0", false, 0 },
    { "454 4.700.123 x\r\n", SMTP_REPLY_DONE, 454, "454 4.700.123 x", "4.700.123", false, 0 },
    { "454 4.7.0000 x\r\n", SMTP_REPLY_DONE, 454, "454 4.7.0000 x", NULL, false, 0 },
    { "454 4.7 x\r\n", SMTP_REPLY_DONE, 454, "454 4.7 x", NULL, false, 0 },
    { "454 4.7.0x\r\n", SMTP_REPLY_DONE, 454, "454 4.7.0x", NULL, false, 0 },
    { "454 5.7.0 x\r\n", SMTP_REPLY_DONE, 454, "454 5.7.0 x", NULL, false, 0 },
    { "354 3.7.0 x\r\n", SMTP_REPLY_DONE, 354, "354 3.7.0 x", NULL, false, 0 },
    { "550-5.1.1 a\r\n550 5.2.2 b\r\n", SMTP_REPLY_DONE, 550, "550-5.1.1 a\n550 5.2.2 b", "5.2.2", false, 0 },
    { "220-a\r\n", SMTP_REPLY_MORE, 0, "220-a", NULL, false, 0 },
    { "220 a", SMTP_REPLY_MORE, 0, NULL, NULL, false, 0 },
    { "", SMTP_REPLY_MORE, 0, NULL, NULL, false, 0 },
};

static void check_row(const struct row *row, size_t step)
{
    struct smtp_reply_reader r;
    struct region *region = region_new();
    size_t n = strlen(row->bytes), at = 0, used;
    enum smtp_reply_status status = SMTP_REPLY_MORE;
    struct reply reply;

    smtp_reply_init(&r, 0, false, limits);
    smtp_reply_begin(&r);
    while (at < n && status == SMTP_REPLY_MORE) {
        status = smtp_reply_feed(&r, slice_from(row->bytes + at, at + step < n ? step : n - at), &used);
        at += used;
    }
    smtp_reply_take(&r, region, &reply);
    is_int(status, row->status, "'%s' by %zu: status", row->bytes, step);
    is_int(reply.code, row->code, "'%s' by %zu: code", row->bytes, step);
    is_text(reply.text, row->text, "'%s' by %zu: text", row->bytes, step);
    is_text(reply.dsn, row->dsn, "'%s' by %zu: enhanced code", row->bytes, step);
    is_int(reply.garbage, row->garbage, "'%s' by %zu: garbage", row->bytes, step);
    is_int(n - at, row->left, "'%s' by %zu: left", row->bytes, step);
    smtp_reply_clear(&r);
    region_free(region);
}

/* EHLO replies: the host name and STARTTLS. */
static const struct {
    const char *bytes, *host;
    bool        starttls;
} ehlos[] = {
    { "250-mx\r\n250 STARTTLS\r\n", "mx", true },
    { "250-mx\r\n250 starttls\r\n", "mx", true },
    { "250-mx\r\n250-StartTLS foo\r\n250 SIZE\r\n", "mx", true },
    { "250-mx\r\n250 STARTTLS=1\r\n", "mx", true },
    { "250-mx\r\n250 XSTARTTLS\r\n", "mx", false },
    { "250-mx\r\n250 STARTTLSX\r\n", "mx", false },
    { "250-mx\r\n250 SIZE STARTTLS\r\n", "mx", false },
    { "250-mx\r\n250-  STARTTLS\r\n250 x\r\n", "mx", true },
    { "250-mx\r\n250--STARTTLS\r\n250 x\r\n", "mx", false },
    { "250-mx\r\n250-STARTTLS\t\r\n250 x\r\n", "mx", false },    /* the tab is a question mark by then */
    { "250 STARTTLS\r\n", "STARTTLS", false },                   /* the first word is the host's name */
    { "250 mx STARTTLS\r\n", "mx", false },
    { "250-\r\n250-STARTTLS\r\n250 x\r\n", "STARTTLS", false },  /* a line without words does not count */
    { "250-\r\n250-mx\r\n250 STARTTLS\r\n", "mx", true },
    { "250-mx\r\nsome STARTTLS\r\n250 x\r\n", "mx", true },      /* garbage counts */
    { "250-mx\r\nSTARTTLS\r\n250 x\r\n", "mx", false },
    { "250 \r\n", NULL, false },
};

static void check_ehlos(void)
{
    for (size_t i = 0; i < sizeof ehlos / sizeof *ehlos; i++) {
        struct smtp_reply_reader r;
        struct region *region = region_new();
        struct smtp_ehlo ehlo;
        size_t used;

        smtp_reply_init(&r, 0, false, limits);
        smtp_reply_begin(&r);
        is_int(smtp_reply_feed(&r, slice_of(ehlos[i].bytes), &used), SMTP_REPLY_DONE, "'%s': complete", ehlos[i].bytes);
        smtp_ehlo_read(&r, region, &ehlo);
        is_text(ehlo.host, ehlos[i].host, "'%s': host", ehlos[i].bytes);
        is_int(ehlo.starttls, ehlos[i].starttls, "'%s': STARTTLS", ehlos[i].bytes);
        smtp_reply_clear(&r);
        region_free(region);
    }
}

static const struct {
    const char *bytes;
    bool        esmtp, pix;
} greetings[] = {
    { "220 mx ESMTP Postfix\r\n", true, false },   { "220 mx esmtp\r\n", true, false },
    { "220 ESMTP\r\n", true, false },              { "220-mx SMTP\r\n220 bar ESMTP\r\n", true, false },
    { "220 mx SMTP\r\n", false, false },           { "220 mx XESMTP\r\n", false, false },
    { "220 mx ESMTP-like\r\n", false, false },     { "220-mx\r\n220-ESMTP\r\n220 x\r\n", false, false },
    { "220-ESMTP\r\n220 x\r\n", true, false },     { "220 mx\tESMTP\r\n", false, false },
    { "220 ****\r\n", false, true },               { "220 2*0 **2\r\n", false, true },
    { "220\r\n", false, true },                    { "220-***\r\n220 ***\r\n", false, false },
    { "220 *\t*\r\n", false, false },              { "220 **a\r\n", false, false },
};

static void check_greetings(void)
{
    for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++) {
        struct smtp_reply_reader r;
        struct smtp_greeting greeting;
        size_t used;

        smtp_reply_init(&r, 0, false, limits);
        smtp_reply_begin(&r);
        smtp_reply_feed(&r, slice_of(greetings[i].bytes), &used);
        smtp_greeting_read(&r, &greeting);
        is_int(greeting.esmtp, greetings[i].esmtp, "'%s': ESMTP", greetings[i].bytes);
        is_int(greeting.pix, greetings[i].pix, "'%s': mask", greetings[i].bytes);
        smtp_reply_clear(&r);
    }
}

/* A reply of a first line, filler lines of so many bytes (without CRLF), and a last line. */
static const struct {
    const char            *name;
    bool                   long_ends;
    size_t                 filler, count;
    const char            *last;
    enum smtp_reply_status status;
    bool                   starttls, late, cut;
} sizes[] = {
    { "one below the limit", false, 2041, 1, "250 STARTTLS\r\n", SMTP_REPLY_DONE, true, false, false },
    { "text of 2047 bytes", false, 2040, 1, "250 STARTTLS\r\n", SMTP_REPLY_DONE, true, false, false },
    { "text of 2048 bytes", false, 2042, 1, "250 STARTTLS\r\n", SMTP_REPLY_DONE, false, true, true },
    { "a line of 2048 bytes: the CR is the last that fits", false, 2047, 1, "250 STARTTLS\r\n", SMTP_REPLY_DONE, false, true, true },
    { "a line of 3000 bytes", false, 3000, 1, "250 STARTTLS\r\n", SMTP_REPLY_DONE, false, true, true },
    { "many lines", false, 100, 30, "250 STARTTLS\r\n", SMTP_REPLY_DONE, false, true, true },
    { "many lines, no STARTTLS", false, 100, 30, "250 SIZE\r\n", SMTP_REPLY_DONE, false, false, true },
    { "4093 bytes and CR, newer", true, 4094, 1, "250 STARTTLS\r\n", SMTP_REPLY_DONE, false, true, true },
    { "4095 bytes and CR, newer", true, 4095, 1, "250 STARTTLS\r\n", SMTP_REPLY_SHUT, false, false, true },
    { "4095 bytes and CR, older", false, 4095, 1, "250 STARTTLS\r\n", SMTP_REPLY_DONE, false, true, true },
    { "our limit for a line", false, 8191, 1, "250 x\r\n", SMTP_REPLY_DONE, false, false, true },
    { "one past it", false, 8192, 1, "250 x\r\n", SMTP_REPLY_LONG_LINE, false, false, false },
    { "our limit for a reply", false, 4094, 15, "250 x\r\n", SMTP_REPLY_DONE, false, false, true },
    { "past it", false, 4094, 17, "250 x\r\n", SMTP_REPLY_LONG, false, false, true },
};

static void check_sizes(void)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct smtp_reply_reader r;
        struct region *region = region_new();
        struct smtp_ehlo ehlo;
        struct buf bytes;
        struct reply reply;
        size_t used;

        buf_init(&bytes, 1 << 20);
        buf_add_text(&bytes, "250-m\r\n");
        for (size_t n = 0; n < sizes[i].count; n++) {
            buf_add_text(&bytes, "250-");
            for (size_t k = 4; k < sizes[i].filler; k++)
                buf_add_char(&bytes, 'x');
            buf_add_text(&bytes, "\r\n");
        }
        buf_add_text(&bytes, sizes[i].last);
        smtp_reply_init(&r, 2048, sizes[i].long_ends, limits);
        smtp_reply_begin(&r);
        is_int(smtp_reply_feed(&r, buf_slice(&bytes), &used), sizes[i].status, "%s: status", sizes[i].name);
        smtp_ehlo_read(&r, region, &ehlo);
        smtp_reply_take(&r, region, &reply);
        is_int(ehlo.starttls, sizes[i].starttls, "%s: STARTTLS", sizes[i].name);
        is_int(smtp_reply_late_starttls(&r), sizes[i].late, "%s: STARTTLS too late", sizes[i].name);
        is_int(reply.cut, sizes[i].cut, "%s: cut", sizes[i].name);
        check_ok(!reply.text || strlen(reply.text) <= REPLY_TEXT_MAX, "%s: bounded", sizes[i].name);
        if (r.shut) {
            is_int(smtp_reply_feed(&r, SLICE("250 x\r\n"), &used), SMTP_REPLY_SHUT, "%s: nothing more is read", sizes[i].name);
            is_int(used, 0, "%s: not a byte", sizes[i].name);
        }
        buf_clear(&bytes);
        smtp_reply_clear(&r);
        region_free(region);
    }
}

/* A text of so many bytes, of which no line is long, where line_length_limit allows more. */
static struct reply reply_of(struct region *region, size_t n)
{
    static const char line[] = "220-0123456789\r\n";
    struct smtp_reply_reader r;
    struct reply reply;
    struct buf bytes;
    size_t used, kept = 0;

    buf_init(&bytes, 1 << 20);
    for (; kept + 200 < n; kept += sizeof line - 2)
        buf_add_text(&bytes, line);
    buf_add_text(&bytes, "220 ");
    for (kept += 4; kept < n; kept++)
        buf_add_char(&bytes, 'x');
    buf_add_text(&bytes, "\r\n");
    smtp_reply_init(&r, 2 * REPLY_TEXT_MAX, false, limits);
    smtp_reply_begin(&r);
    is_int(smtp_reply_feed(&r, buf_slice(&bytes), &used), SMTP_REPLY_DONE, "a reply of %zu bytes", n);
    smtp_reply_take(&r, region, &reply);
    smtp_reply_clear(&r);
    buf_clear(&bytes);
    return reply;
}

static void check_longest_text(void)
{
    struct region *region = region_new();
    struct reply whole = reply_of(region, REPLY_TEXT_MAX), cut = reply_of(region, REPLY_TEXT_MAX + 1);

    is_int(strlen(whole.text), REPLY_TEXT_MAX, "as much text as is kept");
    check_ok(!whole.cut, "is not cut");
    is_int(strlen(cut.text), REPLY_TEXT_MAX, "of one byte more so much is kept");
    check_ok(cut.cut, "and it is told");
    region_free(region);
}

static void check_nul(void)
{
    struct smtp_reply_reader r;
    struct region *region = region_new();
    struct reply reply;
    size_t used;

    smtp_reply_init(&r, 0, false, limits);
    smtp_reply_begin(&r);
    is_int(smtp_reply_feed(&r, SLICE("220 a\0b ESMTP\r\n"), &used), SMTP_REPLY_DONE, "a NUL ends the line's text, not the line");
    smtp_reply_take(&r, region, &reply);
    is_text(reply.text, "220 a", "what Postfix sees of it");
    smtp_reply_clear(&r);
    region_free(region);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_row(&rows[i], 1000);
        check_row(&rows[i], 1);
        check_row(&rows[i], 3);
    }
    check_ehlos();
    check_greetings();
    check_sizes();
    check_longest_text();
    check_nul();
    return check_done();
}
