#include "scanner/maillog_impl.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scanner/base/buf.h"
#include "scanner/base/dict.h"
#include "scanner/base/mem.h"
#include "scanner/base/utc.h"
#include "scanner/log_stream.h"

#define ROTATIONS_MAX 1000
#define DOMAIN_MAX 255
#define NAME_ROOM 512
#define SIZES ((size_t)1 << 18)      /* queue IDs remembered; an older one may give way to a newer */
#define SESSIONS ((size_t)1 << 12)   /* processes remembered */

/* A line taken apart. */
struct parts {
    struct slice time, program, process, body;
    int64_t      changed;
};

struct maillog *maillog_new(void)
{
    struct maillog *mail = mem_alloc(sizeof(*mail));

    mail->region = region_new();
    mail->destinations = dict_new();
    mail->sizes = mem_array(SIZES, sizeof(*mail->sizes));
    mail->sessions = mem_array(SESSIONS, sizeof(*mail->sessions));
    return mail;
}

void maillog_tell_apart(struct maillog *mail, const struct dict *addresses)
{
    mail->apart = addresses;
}

void maillog_free(struct maillog *mail)
{
    if (mail == NULL)
        return;
    dict_free(mail->destinations);
    region_free(mail->region);
    mem_free(mail->sizes);
    mem_free(mail->sessions);
    mem_free(mail->waits);
    mem_free(mail);
}

static uint64_t hash_add(uint64_t hash, struct slice text)
{
    size_t i;

    for (i = 0; i < text.n; i++)
        hash = (hash ^ (unsigned char)text.p[i]) * 1099511628211u;
    return hash;
}

static uint64_t hash_of(struct slice text)
{
    return hash_add(14695981039346656037u, text);
}

static struct slice take_token(struct slice *rest)
{
    size_t       n = slice_find(*rest, ' ');
    struct slice token = slice_head(*rest, n);

    *rest = slice_trim_left(slice_from_index(*rest, n + 1));
    return token;
}

/* Behind "<22>1 ": time, host, program, process, message id, structured data. */
static bool split_rfc5424(struct slice rest, struct parts *parts)
{
    parts->time = take_token(&rest);
    take_token(&rest);
    parts->program = take_token(&rest);
    parts->process = take_token(&rest);
    take_token(&rest);
    if (rest.n > 0 && rest.p[0] == '[') {
        const char *end = memmem(rest.p, rest.n, "] ", 2);

        rest = slice_from_index(rest, end != NULL ? (size_t)(end - rest.p) + 2 : rest.n);
    } else {
        take_token(&rest);
    }
    parts->body = slice_starts_with(rest, SLICE("\xef\xbb\xbf")) ? slice_from_index(rest, 3) : rest;
    return parts->body.n > 0;
}

/* "Nov 20 01:15:00 host postfix/smtp[123]: body", the time perhaps as in RFC 3339, a priority perhaps before it. */
static bool split_line(struct slice line, struct parts *parts)
{
    size_t bracket, colon;

    if (line.n > 0 && line.p[0] == '<') {
        line = slice_from_index(line, slice_find(line, '>') + 1);
        if (slice_starts_with(line, SLICE("1 ")))
            return split_rfc5424(slice_from_index(line, 2), parts);
    }
    if (line.n < 17)
        return false;
    if (line.p[0] >= '0' && line.p[0] <= '9') {
        parts->time = take_token(&line);
    } else {
        parts->time = slice_head(line, 15);
        line = slice_from_index(line, 16);
    }
    take_token(&line);
    bracket = slice_find(line, '[');
    colon = slice_find(line, ']');
    if (colon >= line.n || bracket >= colon || !slice_starts_with(slice_from_index(line, colon), SLICE("]: ")))
        return false;
    parts->program = slice_head(line, bracket);
    parts->process = slice_from(line.p + bracket + 1, colon - bracket - 1);
    parts->body = slice_from_index(line, colon + 3);
    return true;
}

/* "Nov  2 01:15:00" has neither year nor zone: UTC is near enough for a date, and the year is the latest that does not lie
 * behind the file's last change. */
static int64_t classic_time(struct slice text, int64_t changed)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char       *found = text.n == 15 ? memmem(months, sizeof(months) - 1, text.p, 3) : NULL;
    char              now[UTC_TEXT_MAX], then[UTC_TEXT_MAX + 64];
    unsigned long     year, day;
    int64_t           when = 0;
    int               back;

    utc_to_text(changed, now);
    if (found == NULL || (found - months) % 3 != 0 || !slice_to_number(slice_from(now, 4), 9999, &year) ||
        !slice_to_number(slice_trim(slice_from(text.p + 4, 2)), 31, &day))
        return 0;
    for (back = 0; back < 2; back++) {
        snprintf(then, sizeof(then), "%04lu-%02d-%02luT%.8sZ", year - (unsigned long)back, (int)(found - months) / 3 + 1, day,
                 text.p + 7);
        if (utc_parse(slice_of(then), &when) && when <= changed + 86400)
            return when;
    }
    return 0;
}

static int64_t time_of(const struct parts *parts)
{
    int64_t when = 0;

    if (parts->time.n > 0 && parts->time.p[0] >= '0' && parts->time.p[0] <= '9')
        return utc_parse(parts->time, &when) ? when : 0;
    return classic_time(parts->time, parts->changed);
}

/* An address up to the > that ends it: quoted local parts may hold anything. n when there is none. */
static size_t address_end(struct slice text)
{
    bool   quoted = false;
    size_t i;

    for (i = 0; i < text.n; i++) {
        if (text.p[i] == '\\' && quoted)
            i++;
        else if (text.p[i] == '"')
            quoted = !quoted;
        else if (text.p[i] == '>' && !quoted)
            return i;
    }
    return text.n;
}

/* In lower case; false: there is something in it that no domain has. */
static bool lower_case(struct slice text, char *lower)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f)
            return false;
        lower[i] = text.p[i] >= 'A' && text.p[i] <= 'Z' ? (char)(text.p[i] + 32) : text.p[i];
    }
    return true;
}

/* What the mail to an address is counted under: the domain, for an address literal with a local part, lest it be taken for
 * a next-hop. Empty: nothing. */
static struct slice name_of(const struct maillog *mail, struct slice address, char *room)
{
    static const char someone[] = "postmaster@";
    size_t            skip = sizeof(someone) - 1, at = slice_find_last(address, '@');
    struct slice      domain = slice_from_index(address, at + 1);

    if (mail->apart != NULL && address.n < NAME_ROOM && lower_case(address, room) &&
        dict_find(mail->apart, slice_from(room, address.n)) != NULL)
        return slice_from(room, address.n);
    if (domain.n == 0 || domain.n > DOMAIN_MAX || !lower_case(domain, room + skip))
        return slice_from(room, 0);
    if (domain.p[0] != '[')
        return slice_from(room + skip, domain.n);
    memcpy(room, someone, skip);
    return slice_from(room, skip + domain.n);
}

struct place *maillog_place(struct maillog *mail, struct slice address)
{
    char          room[NAME_ROOM];
    struct slice  name = name_of(mail, address, room);
    struct place *place = name.n > 0 ? dict_find(mail->destinations, name) : NULL;

    if (place != NULL || name.n == 0)
        return place;
    if (dict_count(mail->destinations) >= MAILLOG_DESTINATIONS_MAX) {
        mail->cut = true;
        return NULL;
    }
    place = region_alloc(mail->region, sizeof(*place));
    place->number = (uint32_t)dict_count(mail->destinations);
    dict_put(mail->destinations, name, place);
    return place;
}

/* The process is that of the program of this name: instances share process IDs over the years, not over minutes. */
static struct session_slot *session_of(struct maillog *mail, const struct parts *parts, uint64_t *process)
{
    *process = hash_add(hash_of(parts->program), parts->process);
    return &mail->sessions[*process % SESSIONS];
}

/* "Untrusted TLS connection established to mx.example.net[192.0.2.1]:25: TLSv1.3 with cipher ..." */
static bool note_session(struct maillog *mail, const struct parts *parts)
{
    static const char *const words[] = { "Anonymous", "Untrusted", "Trusted", "Verified" };
    struct slice             rest = parts->body, word = take_token(&rest);
    const char              *to, *end;
    int                      i;

    for (i = 0; i < WEIGHT_TLS_COUNT && !slice_eq_text(word, words[i]); i++)
        ;
    if (i == WEIGHT_TLS_COUNT || !slice_starts_with(rest, SLICE("TLS connection ")))
        return false;
    to = memmem(rest.p, rest.n, " to ", 4);
    end = to != NULL ? memmem(to, rest.n - (size_t)(to - rest.p), ": ", 2) : NULL;
    if (end != NULL) {
        struct session_slot *session;
        uint64_t             process;

        session = session_of(mail, parts, &process);
        *session = (struct session_slot){ process, hash_of(slice_from(to + 4, (size_t)(end - to) - 4)), i };
    }
    return true;
}

static void count_tls(struct maillog *mail, const struct parts *parts, struct slice relay, struct weight *weight)
{
    uint64_t                   process;
    const struct session_slot *session = session_of(mail, parts, &process);

    if (session->process == process && session->relay == hash_of(relay))
        weight->tls[session->tls]++;
}

/* LMTP to a socket of this machine is no mail that leaves. */
static bool is_local(struct slice relay)
{
    size_t bracket = slice_find(relay, '[');

    return bracket + 1 < relay.n && relay.p[bracket + 1] != ':' && !isxdigit((unsigned char)relay.p[bracket + 1]);
}

static void count_end(struct maillog *mail, struct slice id, struct slice status, struct weight *weight)
{
    uint64_t          hash = hash_of(id);
    struct size_slot *size = &mail->sizes[hash % SIZES];

    if (slice_starts_with(status, SLICE("sent "))) {
        weight->deliveries++;
        mail->deliveries++;
        weight->bytes += size->id == hash ? size->bytes : 0;
    } else if (slice_starts_with(status, SLICE("deferred "))) {
        weight->deferrals++;
    } else if (slice_starts_with(status, SLICE("bounced "))) {
        weight->bounces++;
    }
}

static void note_time(struct maillog *mail, const struct parts *parts, struct weight *weight)
{
    int64_t when = time_of(parts);

    if (when == 0)
        return;
    weight->last = when > weight->last ? when : weight->last;
    mail->from = mail->from == 0 || when < mail->from ? when : mail->from;
}

/* "4XABC: to=<user@example.net>, relay=mx.example.net[192.0.2.1]:25, ..., dsn=2.0.0, status=sent (250 ok)" */
static void read_delivery(struct maillog *mail, const struct parts *parts)
{
    struct slice   rest = parts->body, id = take_token(&rest), address, relay;
    const char    *found;
    struct place  *place;

    if (!slice_starts_with(rest, SLICE("to=<"))) {
        note_session(mail, parts);
        return;
    }
    rest = slice_from_index(rest, 4);
    address = slice_head(rest, address_end(rest));
    rest = slice_from_index(rest, address.n + 1);
    if (slice_starts_with(rest, SLICE(", orig_to=<"))) {
        rest = slice_from_index(rest, 11);
        rest = slice_from_index(rest, address_end(rest) + 1);
    }
    if (!slice_starts_with(rest, SLICE(", relay=")))
        return;
    rest = slice_from_index(rest, 8);
    relay = slice_head(rest, slice_find(rest, ','));
    found = memmem(rest.p, rest.n, ", status=", 9);
    if (found == NULL || is_local(relay) || (place = maillog_place(mail, address)) == NULL)
        return;
    rest = slice_from_index(rest, (size_t)(found - rest.p) + 9);
    count_end(mail, id, rest, &place->weight);
    if (slice_starts_with(rest, SLICE("sent ")))
        count_tls(mail, parts, relay, &place->weight);
    note_time(mail, parts, &place->weight);
}

/* "4XABC: from=<user@example.org>, size=1234, nrcpt=1 (queue active)" */
static void read_size(struct maillog *mail, const struct parts *parts)
{
    struct slice  rest = parts->body, id = take_token(&rest);
    unsigned long bytes;
    uint64_t      hash = hash_of(id);

    if (!slice_starts_with(rest, SLICE("from=<")))
        return;
    rest = slice_from_index(rest, 6);
    rest = slice_from_index(rest, address_end(rest) + 1);
    if (!slice_starts_with(rest, SLICE(", size=")))
        return;
    rest = slice_from_index(rest, 7);
    if (slice_to_number(slice_head(rest, slice_find(rest, ',')), (unsigned long)1 << 40, &bytes))
        mail->sizes[hash % SIZES] = (struct size_slot){ hash, (int64_t)bytes };
}

static const struct {
    const char *daemon;
    void (*read)(struct maillog *, const struct parts *);
} readers[] = { { "smtp", read_delivery }, { "lmtp", read_delivery }, { "error", read_delivery }, { "qmgr", read_size } };

void maillog_line(struct maillog *mail, struct slice line, int64_t changed)
{
    struct parts parts = { .changed = changed };
    size_t       slash, i;

    if (!split_line(line, &parts) || (slash = slice_find_last(parts.program, '/')) >= parts.program.n)
        return;
    for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (slice_eq_text(slice_from_index(parts.program, slash + 1), readers[i].daemon))
            readers[i].read(mail, &parts);
}

static bool read_one(struct maillog *mail, const char *path, struct error *err)
{
    struct log_stream *log = log_stream_open(path, err);
    struct slice       line;

    if (log == NULL)
        return false;
    while (log_stream_line(log, &line))
        maillog_line(mail, line, log_stream_changed(log));
    return log_stream_close(log, err);
}

struct rotation {
    const char *path;
    int64_t     changed;
};

static int by_age(const void *a, const void *b)
{
    const struct rotation *one = a, *other = b;

    return one->changed != other->changed ? (one->changed > other->changed) - (one->changed < other->changed)
                                          : strcmp(one->path, other->path);
}

static bool is_rotation(struct slice name, struct slice base)
{
    return name.n > base.n + 1 && slice_starts_with(name, base) && (name.p[base.n] == '.' || name.p[base.n] == '-') &&
           name.p[base.n + 1] >= '0' && name.p[base.n + 1] <= '9';
}

/* The rotations of a log, oldest first. */
static size_t find_rotations(struct region *region, const char *path, struct rotation *found)
{
    struct slice   all = slice_of(path);
    size_t         slash = slice_find_last(all, '/'), count = 0;
    bool           has_folder = slash < all.n;
    const char    *folder = has_folder ? region_slice(region, slice_head(all, slash + 1)) : "./";
    struct slice   base = has_folder ? slice_from_index(all, slash + 1) : all;
    DIR           *dir = opendir(folder);
    struct dirent *entry;
    struct stat    st;

    while (dir != NULL && count < ROTATIONS_MAX && (entry = readdir(dir)) != NULL) {
        if (!is_rotation(slice_of(entry->d_name), base))
            continue;
        found[count].path = region_printf(region, "%s%s", folder, entry->d_name);
        if (stat(found[count].path, &st) == 0 && S_ISREG(st.st_mode))
            found[count++].changed = st.st_mtime;
    }
    if (dir != NULL)
        closedir(dir);
    qsort(found, count, sizeof(*found), by_age);
    return count;
}

bool maillog_read(struct maillog *mail, const char *path, struct error *err)
{
    struct region   *region = region_new();
    struct rotation *found = region_array(region, ROTATIONS_MAX, sizeof(*found));
    size_t           count = strcmp(path, "-") != 0 ? find_rotations(region, path, found) : 0, i;
    bool             good = true;

    mail->read_log = true;
    for (i = 0; good && i < count; i++)
        good = read_one(mail, found[i].path, err);
    good = good && read_one(mail, path, err);
    region_free(region);
    return good;
}

struct row {
    const char *text;
    int64_t     weight;
};

static int heaviest_first(const void *a, const void *b)
{
    const struct row *one = a, *other = b;

    return one->weight != other->weight ? (one->weight < other->weight) - (one->weight > other->weight)
                                        : strcmp(one->text, other->text);
}

size_t maillog_destinations(struct maillog *mail, struct region *region, const char *const **texts)
{
    size_t       i, count = dict_count(mail->destinations);
    const char **names = region_array(region, count + 1, sizeof(*names));
    struct row  *rows = mem_array(count + 1, sizeof(*rows));

    for (i = 0; i < count; i++) {
        const struct weight *weight = &((struct place *)dict_at(mail->destinations, i))->weight;

        rows[i] = (struct row){ dict_key_at(mail->destinations, i),
                                weight->deliveries + weight->deferrals + weight->bounces + weight->waiting };
    }
    qsort(rows, count, sizeof(*rows), heaviest_first);
    for (i = 0; i < count; i++)
        names[i] = rows[i].text;
    mem_free(rows);
    *texts = names;
    return count;
}

void maillog_complete(const struct maillog *mail, struct weight *weight)
{
    weight->share = mail->read_log && mail->deliveries > 0 ? (double)weight->deliveries / (double)mail->deliveries : (double)NAN;
    if (!mail->read_queue)
        weight->waiting = -1;
}

const struct weight *maillog_weight(const struct maillog *mail, struct region *region, const char *destination)
{
    const struct place *found = dict_find(mail->destinations, slice_of(destination));
    struct weight      *weight;

    if (found == NULL)
        return NULL;
    weight = region_copy(region, &found->weight, sizeof(found->weight));
    maillog_complete(mail, weight);
    return weight;
}

size_t maillog_count(const struct maillog *mail)
{
    return dict_count(mail->destinations);
}

const struct weight *maillog_at(const struct maillog *mail, size_t i, const char **name)
{
    *name = dict_key_at(mail->destinations, i);
    return &((const struct place *)dict_at(mail->destinations, i))->weight;
}

void weight_add(struct weight *sum, const struct weight *weight)
{
    sum->deliveries += weight->deliveries;
    sum->deferrals += weight->deferrals;
    sum->bounces += weight->bounces;
    sum->bytes += weight->bytes;
    for (int i = 0; i < WEIGHT_TLS_COUNT; i++)
        sum->tls[i] += weight->tls[i];
    sum->last = weight->last > sum->last ? weight->last : sum->last;
}

struct maillog_whole maillog_whole(const struct maillog *mail)
{
    struct maillog_whole whole = { .read_log = mail->read_log, .cut = mail->cut, .from = mail->from };
    const char          *name;

    for (size_t i = 0; i < maillog_count(mail); i++)
        weight_add(&whole.weight, maillog_at(mail, i, &name));
    whole.weight.waiting = mail->messages;
    maillog_complete(mail, &whole.weight);
    return whole;
}

bool maillog_wait(const struct maillog *mail, size_t i, size_t *message, size_t *destination)
{
    if (i >= mail->wait_count)
        return false;
    *message = mail->waits[i].message;
    *destination = mail->waits[i].place;
    return true;
}
