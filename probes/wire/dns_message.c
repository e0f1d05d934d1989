#include "probes/wire/dns_message.h"

#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "scanner/base/buf.h"
#include "scanner/base/hostname.h"
#include "scanner/base/mem.h"

#define HEADER        12
#define RECORD_FIXED  10       /* type, class, TTL, length */
#define CLASS_IN      1
#define TYPE_OPT      41
#define TYPE_TSIG     250
#define EDNS_SIZE     1232
#define EDNS_DO       0x8000
#define FLAG_RD       0x0100
#define FLAG_AD       0x0020
#define NAME_TEXT_MAX 1100     /* 255 octets, each as \DDD, and the dots */

/* A message, and where we are in it. Nothing reads past end. */
struct cursor {
    const uint8_t *wire;
    size_t         n, at;
    struct region *region;
};

struct header {
    uint16_t id, flags, questions, answers, authorities, additionals;
};

struct fixed {
    uint16_t type, class, length;
};

static uint16_t number_at(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* No memory is no fault of the message. */
static bool is_good(ldns_status status)
{
    if (status == LDNS_STATUS_MEM_ERR)
        mem_exhausted();
    return status == LDNS_STATUS_OK;
}

static uint8_t *put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
    return p + 2;
}

static uint8_t *put_header(uint8_t *p, uint16_t id)
{
    p = put16(p, id);
    p = put16(p, FLAG_RD | FLAG_AD);
    p = put16(p, 1);
    p = put16(p, 0);
    p = put16(p, 0);
    return put16(p, 1);
}

/* RFC 6891 section 6.1.2; DO is RFC 3225 section 3. */
static uint8_t *put_edns(uint8_t *p)
{
    *p++ = 0;
    p = put16(p, TYPE_OPT);
    p = put16(p, EDNS_SIZE);
    p = put16(p, 0);
    p = put16(p, EDNS_DO);
    return put16(p, 0);
}

size_t dns_message_question(const char *name, enum dns_type type, uint16_t id, uint8_t out[DNS_QUESTION_MAX])
{
    ldns_rdf *owner = NULL;
    uint8_t *p;

    if (!is_good(ldns_str2rdf_dname(&owner, *name ? name : ".")))
        return 0;
    if (!owner) /* the library says that all is well */
        mem_exhausted();
    p = put_header(out, id);
    memcpy(p, ldns_rdf_data(owner), ldns_rdf_size(owner));
    p = put16(p + ldns_rdf_size(owner), (unsigned)type);
    p = put16(p, CLASS_IN);
    ldns_rdf_deep_free(owner);
    return (size_t)(put_edns(p) - out);
}

static bool header_read(const uint8_t *wire, size_t n, struct header *h)
{
    uint16_t *const fields[] = { &h->id, &h->flags, &h->questions, &h->answers, &h->authorities, &h->additionals };

    if (n < HEADER)
        return false;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        *fields[i] = number_at(wire + 2 * i);
    return true;
}

/* Labels of an uncompressed name to text. */
static char *name_text(struct region *region, const uint8_t *labels, size_t n)
{
    struct buf text;
    char *out;

    buf_init(&text, NAME_TEXT_MAX);
    for (size_t i = 0; i < n && labels[i];) {
        size_t end = i + 1 + labels[i];

        if (text.n > 0)
            buf_add_char(&text, '.');
        for (i++; i < end && i < n; i++) {
            if (labels[i] == '.' || labels[i] == '\\')
                buf_printf(&text, "\\%c", labels[i]);
            else if (labels[i] > ' ' && labels[i] < 0x7f)
                buf_add_char(&text, (char)labels[i]);
            else
                buf_printf(&text, "\\%03u", labels[i]);
        }
    }
    out = region_text(region, buf_text(&text));
    buf_clear(&text);
    return out;
}

/* A name, possibly compressed; NULL when it cannot be decoded. Stays in place then. */
static const char *take_name(struct cursor *c)
{
    ldns_rdf *name = NULL;
    size_t at = c->at;
    const char *text;

    if (at >= c->n || !is_good(ldns_wire2dname(&name, c->wire, c->n, &at)) || !name || at > c->n) {
        ldns_rdf_deep_free(name);
        return NULL;
    }
    text = name_text(c->region, ldns_rdf_data(name), ldns_rdf_size(name));
    ldns_rdf_deep_free(name);
    c->at = at;
    return text;
}

/* Without decoding: the labels, or those before a pointer. */
static bool skip_name(struct cursor *c)
{
    while (c->at < c->n) {
        uint8_t length = c->wire[c->at];

        if ((length & 0xc0) == 0xc0) {
            c->at += 2;
            return c->at <= c->n;
        }
        if (length & 0xc0)
            return false;
        c->at += 1 + length;
        if (length == 0)
            return c->at <= c->n;
    }
    return false;
}

static bool take_fixed(struct cursor *c, struct fixed *fixed)
{
    const uint8_t *p = c->wire + c->at;

    if (c->n - c->at < RECORD_FIXED)
        return false;
    fixed->type = number_at(p);
    fixed->class = number_at(p + 2);
    fixed->length = number_at(p + 8);
    c->at += RECORD_FIXED;
    return fixed->length <= c->n - c->at;
}

static bool same_letters(const uint8_t *a, const uint8_t *b, size_t n)
{
    return slice_eq_nocase(slice_from((const char *)a, n), slice_from((const char *)b, n));
}

/* The question section must be the one that was sent; it stands uncompressed at the same place. */
static bool question_matches(struct cursor *c, const uint8_t *question, size_t question_length)
{
    struct cursor asked = { question, question_length, HEADER, NULL };
    size_t end;

    if (!skip_name(&asked))
        return false;
    end = asked.at + 4;
    if (end > question_length || end > c->n || !same_letters(c->wire + HEADER, question + HEADER, asked.at - HEADER)
        || memcmp(c->wire + asked.at, question + asked.at, 4) != 0)
        return false;
    c->at = end;
    return true;
}

static bool bad_host_name(const char *name)
{
    struct address address;
    struct slice s = slice_of(name);

    if (s.n == 0 || address_parse(&address, s))
        return false;
    if (slice_starts_with(s, SLICE("*.")))
        s = slice_from_index(s, 2);
    return !hostname_is_valid(s);
}

/* What follows the name in the data is nothing that Postfix looks at. */
static void read_target(struct cursor *data, struct dns_record *record)
{
    record->target = take_name(data);
    record->malformed = !record->target;
    if (!record->malformed)
        record->bad_name = bad_host_name(record->target);
}

static void read_alias(struct cursor *data, struct dns_record *record)
{
    read_target(data, record);
}

static void read_mx(struct cursor *data, struct dns_record *record)
{
    record->malformed = data->n - data->at < 3;
    if (record->malformed)
        return;
    record->preference = number_at(data->wire + data->at);
    data->at += 2;
    read_target(data, record);
}

static void read_srv(struct cursor *data, struct dns_record *record)
{
    record->malformed = data->n - data->at < 7;
    if (record->malformed)
        return;
    record->preference = number_at(data->wire + data->at);
    record->weight = number_at(data->wire + data->at + 2);
    record->port = number_at(data->wire + data->at + 4);
    data->at += 6;
    read_target(data, record);
}

static void read_address(struct cursor *data, struct dns_record *record)
{
    size_t n = record->type == DNS_A ? 4 : 16;

    record->malformed = data->n - data->at != n;
    if (record->malformed)
        return;
    record->address.family = n == 4 ? FAMILY_IPV4 : FAMILY_IPV6;
    memcpy(record->address.bytes, data->wire + data->at, n);
}

static void read_tlsa(struct cursor *data, struct dns_record *record)
{
    const uint8_t *p = data->wire + data->at;
    size_t n = data->n - data->at;

    record->rdata_length = (uint16_t)n;
    if (n < 3)
        return;
    record->usage = p[0];
    record->selector = p[1];
    record->matching_type = p[2];
    record->data_length = n - 3 > DNS_TLSA_DATA_MAX ? DNS_TLSA_DATA_MAX : n - 3;
    record->data = region_copy(data->region, p + 3, record->data_length);
}

static void read_txt(struct cursor *data, struct dns_record *record)
{
    struct buf text;

    buf_init(&text, LDNS_MAX_PACKETLEN);
    while (data->at < data->n && !record->malformed) {
        size_t length = data->wire[data->at++];

        record->malformed = length > data->n - data->at;
        if (!record->malformed)
            buf_add(&text, data->wire + data->at, length);
        data->at += length;
    }
    if (!record->malformed)
        record->text = region_text(data->region, buf_text(&text));
    buf_clear(&text);
}

static const struct {
    enum dns_type type;
    void (*read)(struct cursor *data, struct dns_record *record);
} readers[] = {
    { DNS_A, read_address }, { DNS_AAAA, read_address }, { DNS_CNAME, read_alias }, { DNS_MX, read_mx },
    { DNS_SRV, read_srv },   { DNS_TLSA, read_tlsa },    { DNS_TXT, read_txt },
};

/* Undecodable data leaves owner, type and the mark alone. */
static void read_data(struct cursor data, struct dns_record *record)
{
    struct dns_record blank = { .owner = record->owner, .type = record->type, .malformed = true };

    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (readers[i].type == record->type)
            readers[i].read(&data, record);
    if (record->malformed)
        *record = blank;
}

static bool is_wanted(uint16_t type, uint16_t asked)
{
    return type == asked || type == DNS_CNAME;
}

/* One record of the answer section. False: the rest of the message has no meaning. */
static bool take_answer(struct cursor *c, uint16_t asked, struct dns_fact *fact, size_t room)
{
    struct dns_record record = { .owner = NULL };
    struct fixed fixed;

    record.owner = take_name(c);
    if (!record.owner || !take_fixed(c, &fixed) || fixed.class != CLASS_IN)
        return false;
    if (is_wanted(fixed.type, asked)) {
        fact->total++;
        if (fact->count < room) {
            record.type = (enum dns_type)fixed.type;
            read_data((struct cursor){ c->wire, c->at + fixed.length, c->at, c->region }, &record);
            fact->records[fact->count++] = record;
        }
    }
    c->at += fixed.length;
    return true;
}

/* Authority and additional sections: nobody reads them, but a message that is cut off in them, or that carries more than
 * one OPT or TSIG record, is none. */
static bool skip_rest(struct cursor *c, size_t records)
{
    size_t opt = 0, tsig = 0;

    while (records-- > 0) {
        struct fixed fixed;

        if (!skip_name(c) || !take_fixed(c, &fixed))
            return false;
        c->at += fixed.length;
        opt += fixed.type == TYPE_OPT;
        tsig += fixed.type == TYPE_TSIG;
    }
    return opt <= 1 && tsig <= 1;
}

static bool take_sections(struct cursor *c, const struct header *h, uint16_t asked, struct dns_fact *fact)
{
    /* A record takes at least 11 octets, whatever the header says. */
    size_t most = c->n / 11, room = h->answers < most ? h->answers : most;

    if (room > DNS_RECORDS_MAX)
        room = DNS_RECORDS_MAX;
    fact->records = region_array(c->region, room ? room : 1, sizeof *fact->records);
    for (size_t i = 0; i < h->answers; i++)
        if (!take_answer(c, asked, fact, room))
            return false;
    return skip_rest(c, (size_t)h->authorities + h->additionals);
}

enum dns_reply dns_message_answer(struct region *region, const uint8_t *wire, size_t n, const uint8_t *question,
                                  size_t question_length, struct dns_fact *fact)
{
    struct cursor c = { wire, n, HEADER, region };
    struct header h;
    uint16_t asked;

    /* The C library that Postfix asks through does not look whether the QR bit is set. */
    if (!header_read(wire, n, &h) || h.id != number_at(question) || (h.flags & 0x7800))
        return DNS_REPLY_OTHER;
    fact->rcode = h.flags & 0x000f;
    fact->ad = (h.flags & 0x0020) != 0;
    fact->records = NULL;
    fact->count = fact->total = 0;
    fact->unparsable = false;
    /* A server that does not understand the question may leave it out. */
    if (h.questions == 0 && h.answers == 0 && fact->rcode == RCODE_FORMERR)
        return DNS_REPLY_ANSWER;
    if (h.questions != 1 || !question_matches(&c, question, question_length))
        return DNS_REPLY_OTHER;
    if (h.flags & 0x0200)
        return DNS_REPLY_TRUNCATED;
    asked = number_at(wire + c.at - 4);
    fact->unparsable = !take_sections(&c, &h, asked, fact);
    if (fact->unparsable) {
        fact->records = NULL;
        fact->count = fact->total = 0;
    }
    return DNS_REPLY_ANSWER;
}
