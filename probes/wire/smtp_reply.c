#include "probes/wire/smtp_reply.h"

#include <string.h>

#define LINE_LIMIT_DEFAULT 2048

void smtp_reply_init(struct smtp_reply_reader *r, uint32_t line_limit, bool long_line_ends,
                     struct smtp_reply_limits limits)
{
    memset(r, 0, sizeof *r);
    r->line_limit = line_limit ? line_limit : LINE_LIMIT_DEFAULT;
    r->long_line_ends = long_line_ends;
    r->limits = limits;
    buf_init(&r->line, r->line_limit);
    buf_init(&r->text, 2 * (size_t)r->line_limit + 1);
}

void smtp_reply_clear(struct smtp_reply_reader *r)
{
    buf_clear(&r->line);
    buf_clear(&r->text);
}

static void line_begin(struct smtp_reply_reader *r)
{
    buf_empty(&r->line);
    r->line_length = 0;
}

void smtp_reply_begin(struct smtp_reply_reader *r)
{
    line_begin(r);
    buf_empty(&r->text);
    r->length = 0;
    r->cut = r->garbage = r->late_starttls = false;
    r->code = 0;
    r->dsn[0] = '\0';
}

/* Postfix turns what is not printable, tabs among it, into question marks before it looks at a line. The LF between two
 * lines of the text is its own. */
static char visible(char c)
{
    return ((unsigned char)c < ' ' && c != '\n') || c == 0x7f ? '?' : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Skips separators, then takes bytes up to the next one and that one too: each call's own set. */
static bool next_word(struct slice *rest, const char *separators, struct slice *word)
{
    size_t i = 0, start;

    while (i < rest->n && strchr(separators, visible(rest->p[i])))
        i++;
    start = i;
    while (i < rest->n && !strchr(separators, visible(rest->p[i])))
        i++;
    if (i == start)
        return false;
    *word = slice_from(rest->p + start, i - start);
    *rest = slice_from_index(*rest, i < rest->n ? i + 1 : i);
    return true;
}

static bool next_line(struct slice *rest, struct slice *line)
{
    do {
        size_t end = slice_find(*rest, '\n');

        if (rest->n == 0)
            return false;
        *line = slice_head(*rest, end);
        *rest = slice_from_index(*rest, end + 1);
    } while (line->n == 0);
    return true;
}

/* The first word behind the code: "250-STARTTLS", "250 SIZE=1000". */
static bool line_keyword(struct slice line, struct slice *keyword)
{
    struct slice code;

    return next_word(&line, "- ", &code) && next_word(&line, " \t=", keyword);
}

/* d.ddd.ddd, and then the end or white space; 0 when it is not that. */
static size_t dsn_length(struct slice s)
{
    size_t i = 1;

    if (s.n < 5 || !strchr("245", s.p[0]))
        return 0;
    for (int part = 0; part < 2; part++) {
        size_t digits = 0;

        if (i >= s.n || s.p[i++] != '.')
            return 0;
        for (; i < s.n && is_digit(s.p[i]); i++)
            digits++;
        if (digits < 1 || digits > 3)
            return 0;
    }
    return i == s.n || s.p[i] == ' ' ? i : 0;
}

static void read_dsn(struct smtp_reply_reader *r, struct slice line)
{
    struct slice rest = slice_from_index(line, 4);
    size_t n;

    while (rest.n > 0 && rest.p[0] == ' ')
        rest = slice_from_index(rest, 1);
    n = dsn_length(rest);
    if (n == 0 || n >= sizeof r->dsn || rest.p[0] != line.p[0])
        return;
    memcpy(r->dsn, rest.p, n);
    r->dsn[n] = '\0';
}

static void keep_line(struct smtp_reply_reader *r, struct slice line)
{
    struct slice keyword;

    if (r->text.n < r->line_limit) {
        if (r->text.n > 0)
            buf_add_char(&r->text, '\n');
        buf_add_slice(&r->text, line);
        return;
    }
    r->cut = true;
    if (line_keyword(line, &keyword) && slice_eq_text_nocase(keyword, "STARTTLS"))
        r->late_starttls = true;
}

/* Postfix's view of the line: at most line_limit bytes; CRs before the LF go unless the LF was out of its reach; C text
 * ends at a NUL. */
static struct slice line_seen(struct smtp_reply_reader *r)
{
    struct slice line = buf_slice(&r->line);
    bool lf_in_reach = r->line_length < r->line_limit
        || (r->line_length == r->line_limit && line.n > 0 && line.p[line.n - 1] == '\r');

    if (r->line_length > line.n)
        r->cut = true;
    while (lf_in_reach && line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    return slice_head(line, slice_find(line, '\0'));
}

/* True when the reply is complete with this line. */
static bool line_end(struct smtp_reply_reader *r)
{
    struct slice line = line_seen(r);
    size_t digits = 0;

    keep_line(r, line);
    while (digits < line.n && is_digit(line.p[digits]))
        digits++;
    if (digits == 3 && line.n > 3 && line.p[3] == '-')
        return false;
    if (digits != 3 || (line.n > 3 && line.p[3] != ' ')) {
        r->garbage = true;
        return false;
    }
    r->code = (line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + (line.p[2] - '0');
    read_dsn(r, line);
    return true;
}

/* Bytes of a line up to its LF, or as many as there are. */
static enum smtp_reply_status line_add(struct smtp_reply_reader *r, struct slice piece)
{
    size_t room = r->line_limit - r->line.n;

    buf_add_slice(&r->line, slice_head(piece, room));
    r->line_length += piece.n;
    r->length += piece.n;
    if (r->long_line_ends && r->line_length >= 2 * (size_t)r->line_limit)
        r->shut = true;
    else if (r->line_length > r->limits.line)
        return SMTP_REPLY_LONG_LINE;
    return r->length > r->limits.reply ? SMTP_REPLY_LONG : SMTP_REPLY_MORE;
}

/* Where Postfix stops to read the connection it still takes the line that it was at, as far as it kept it. */
static enum smtp_reply_status shut_now(struct smtp_reply_reader *r)
{
    return line_end(r) ? SMTP_REPLY_DONE : SMTP_REPLY_SHUT;
}

enum smtp_reply_status smtp_reply_feed(struct smtp_reply_reader *r, struct slice bytes, size_t *used)
{
    *used = 0;
    if (r->shut)
        return SMTP_REPLY_SHUT;
    while (*used < bytes.n) {
        struct slice rest = slice_from_index(bytes, *used);
        size_t end = slice_find(rest, '\n');
        enum smtp_reply_status status = line_add(r, slice_head(rest, end));
        bool whole = end < rest.n;

        *used += end + whole;
        if (r->shut)
            return shut_now(r);
        if (status != SMTP_REPLY_MORE)
            return status;
        if (!whole)
            break;
        if (line_end(r)) {
            line_begin(r);
            return SMTP_REPLY_DONE;
        }
        line_begin(r);
    }
    return SMTP_REPLY_MORE;
}

void smtp_reply_take(const struct smtp_reply_reader *r, struct region *region, struct reply *out)
{
    struct slice text = buf_slice(&r->text);

    memset(out, 0, sizeof *out);
    out->code = r->code;
    out->cut = r->cut || text.n > REPLY_TEXT_MAX;
    out->garbage = r->garbage;
    if (r->code || text.n > 0)
        out->text = region_slice(region, slice_head(text, REPLY_TEXT_MAX));
    if (r->dsn[0])
        out->dsn = region_text(region, r->dsn);
}

bool smtp_reply_late_starttls(const struct smtp_reply_reader *r)
{
    return r->late_starttls;
}

void smtp_greeting_read(const struct smtp_reply_reader *r, struct smtp_greeting *out)
{
    struct slice text = buf_slice(&r->text), rest = text, word;

    memset(out, 0, sizeof *out);
    out->pix = true;
    for (size_t i = 0; i < text.n; i++)
        if (!strchr("20 *\n", text.p[i]))
            out->pix = false;
    /* Only the first code of several lines is taken off, and only spaces and line ends part the words then. */
    if (!next_word(&rest, "- \t\n", &word))
        return;
    for (size_t i = 0; i < rest.n;) {
        size_t start = i;

        while (i < rest.n && rest.p[i] != ' ' && rest.p[i] != '\n')
            i++;
        if (slice_eq_text_nocase(slice_from(rest.p + start, i - start), "ESMTP"))
            out->esmtp = true;
        i++;
    }
}

void smtp_ehlo_read(const struct smtp_reply_reader *r, struct region *region, struct smtp_ehlo *out)
{
    struct slice rest = buf_slice(&r->text), line, word;
    size_t n = 0;

    memset(out, 0, sizeof *out);
    /* A line without any word does not count: the word behind it is then taken for the host name. */
    while (next_line(&rest, &line)) {
        if (!line_keyword(line, &word))
            continue;
        if (n++ == 0)
            out->host = region_slice(region, word);
        else if (slice_eq_text_nocase(word, "STARTTLS"))
            out->starttls = true;
    }
}
