/* SMTP replies: the first byte says how the rest is cut into pieces. However it is cut, the outcome is the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/wire/smtp_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    enum smtp_reply_status status;
    struct reply           reply;
    struct smtp_ehlo       ehlo;
    struct smtp_greeting   greeting;
    size_t                 used;
};

static void read_by(struct region *region, const uint8_t *data, size_t n, size_t step, bool ends, struct outcome *out)
{
    static const struct smtp_reply_limits limits = { 8192, 65536 };
    struct smtp_reply_reader r;
    size_t used;

    memset(out, 0, sizeof *out);
    smtp_reply_init(&r, 2048, ends, limits);
    smtp_reply_begin(&r);
    while (out->used < n && out->status == SMTP_REPLY_MORE) {
        size_t left = n - out->used;

        out->status = smtp_reply_feed(&r, slice_from((const char *)data + out->used, left < step ? left : step), &used);
        out->used += used;
    }
    smtp_reply_take(&r, region, &out->reply);
    smtp_ehlo_read(&r, region, &out->ehlo);
    smtp_greeting_read(&r, &out->greeting);
    smtp_reply_clear(&r);
}

static void must(bool truth)
{
    if (!truth)
        abort();
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region *region;
    struct outcome whole, pieces;

    if (size < 1)
        return 0;
    region = region_new();
    read_by(region, data + 1, size - 1, size, data[0] & 1, &whole);
    read_by(region, data + 1, size - 1, 1u + data[0] / 2, data[0] & 1, &pieces);
    must(!whole.reply.text || strlen(whole.reply.text) <= REPLY_TEXT_MAX);
    must(whole.reply.code >= 0 && whole.reply.code <= 999);
    must(whole.status == SMTP_REPLY_DONE || whole.reply.code == 0);
    if (whole.status == SMTP_REPLY_DONE || whole.status == SMTP_REPLY_MORE) {
        /* Where a line ends the connection, the rest of it may be taken or left. */
        must(pieces.status == whole.status && (pieces.used == whole.used || data[0] & 1));
        must(pieces.reply.code == whole.reply.code && same_text(pieces.reply.text, whole.reply.text));
        must(pieces.ehlo.starttls == whole.ehlo.starttls && same_text(pieces.ehlo.host, whole.ehlo.host));
        must(pieces.greeting.esmtp == whole.greeting.esmtp && pieces.greeting.pix == whole.greeting.pix);
    }
    region_free(region);
    return 0;
}
