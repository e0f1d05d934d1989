/* SMTP replies as Postfix's SMTP client reads them. RFC 5321 section 4.2, RFC 3463, RFC 2034.
 *
 *   reply-line = 3DIGIT "-" text / 3DIGIT [ SP text ]     ; other lines are skipped
 *
 * Of a line longer than line_length_limit the rest is dropped. Lines are kept while the text before them is shorter than
 * line_length_limit; later ones only end the reply. */
#ifndef PROBES_WIRE_SMTP_REPLY_H
#define PROBES_WIRE_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/buf.h"
#include "scanner/base/region.h"
#include "scanner/base/slice.h"
#include "scanner/facts/conversation.h"

enum smtp_reply_status {
    SMTP_REPLY_MORE,      /* feed more */
    SMTP_REPLY_DONE,
    SMTP_REPLY_SHUT,      /* an earlier line was so long that Postfix reads no more: as the end of the connection */
    SMTP_REPLY_LONG_LINE, /* beyond our own limit for one line */
    SMTP_REPLY_LONG       /* beyond our own limit for a reply */
};

struct smtp_reply_limits {
    uint32_t line, reply;        /* our own, in bytes */
};

/* A reader for all replies of one conversation. */
struct smtp_reply_reader {
    uint32_t   line_limit;       /* Postfix's */
    struct smtp_reply_limits limits;
    bool       long_line_ends : 1, shut : 1;
    /* The reply being read. */
    bool       cut : 1, garbage : 1, late_starttls : 1;
    char       dsn[12];
    int        code;
    uint32_t   line_length;      /* in full, without LF */
    uint32_t   length;           /* of the whole reply */
    struct buf line, text;       /* line: what Postfix keeps of it; text: the lines that Postfix keeps, LF between them */
};

/* line_limit: 0 is 2048. */
void smtp_reply_init(struct smtp_reply_reader *, uint32_t line_limit, bool long_line_ends, struct smtp_reply_limits);
void smtp_reply_clear(struct smtp_reply_reader *);

/* Forgets the last reply. */
void smtp_reply_begin(struct smtp_reply_reader *);
/* Takes bytes up to the end of the reply; *used says how many. */
enum smtp_reply_status smtp_reply_feed(struct smtp_reply_reader *, struct slice bytes, size_t *used);
/* What was read so far into out, text in the region; code 0 while the reply is not complete. */
void smtp_reply_take(const struct smtp_reply_reader *, struct region *, struct reply *out);
/* STARTTLS was among the lines that Postfix does not look at. */
bool smtp_reply_late_starttls(const struct smtp_reply_reader *);

struct smtp_greeting {
    bool esmtp;   /* the word is in it */
    bool pix;     /* nothing but 2, 0, space and star */
};
void smtp_greeting_read(const struct smtp_reply_reader *, struct smtp_greeting *);

struct smtp_ehlo {
    const char *host;     /* the first word, in the region, or NULL */
    bool        starttls;
};
void smtp_ehlo_read(const struct smtp_reply_reader *, struct region *, struct smtp_ehlo *);

#endif
