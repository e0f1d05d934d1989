/* DNS messages, good and hostile. */
#include "probes/wire/dns_message.h"

#include <string.h>

#include "scanner/base/buf.h"
#include "tests/lib/check.h"

static uint8_t question[DNS_QUESTION_MAX];
static size_t question_length;
static struct buf m;

static void put8(unsigned v)
{
    buf_add_char(&m, (char)v);
}

static void put16(unsigned v)
{
    put8(v >> 8);
    put8(v & 255);
}

/* "a.b" as labels; no compression. */
static void put_name(const char *name)
{
    while (*name) {
        size_t n = strcspn(name, ".");

        put8((unsigned)n);
        buf_add(&m, name, n);
        name += n + (name[n] == '.');
    }
    put8(0);
}

static void begin(const char *name, enum dns_type type, unsigned flags, unsigned answers, unsigned others)
{
    question_length = dns_message_question(name, type, 0x1234, question);
    buf_empty(&m);
    put16(0x1234);
    put16(0x8080 | flags);
    put16(1);
    put16(answers);
    put16(0);
    put16(others);
    put_name(name);
    put16(type);
    put16(1);
}

static void record(const char *owner, unsigned type, unsigned length)
{
    put_name(owner);
    put16(type);
    put16(1);
    put16(0);
    put16(300);
    put16(length);
}

static void put_a(const char *owner, unsigned last)
{
    record(owner, DNS_A, 4);
    put8(192);
    put8(0);
    put8(2);
    put8(last);
}

static void put_mx(const char *owner, unsigned preference, const char *target)
{
    record(owner, DNS_MX, (unsigned)(2 + (*target ? strlen(target) + 2 : 1)));
    put16(preference);
    put_name(target);
}

static enum dns_reply parse(struct region *region, struct dns_fact *fact)
{
    memset(fact, 0, sizeof *fact);
    return dns_message_answer(region, (const uint8_t *)m.p, m.n, question, question_length, fact);
}

static void check_question(void)
{
    static const uint8_t want[] = "\x12\x34\x01\x20\0\1\0\0\0\0\0\1\7Example\3org\0\0\x0f\0\1\0\0\x29\4\xd0\0\0\x80\0\0";

    question_length = dns_message_question("Example.org", DNS_MX, 0x1234, question);
    is_bytes(slice_from((char *)question, question_length), slice_from((const char *)want, sizeof want), "a question: RD, AD, EDNS, DO");
    check_ok(dns_message_question("", DNS_MX, 1, question) > 0, "the root can be asked for");
    is_int(dns_message_question("a..b", DNS_MX, 1, question), 0, "an empty label cannot");
    is_int(dns_message_question("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", DNS_MX, 1, question), 0,
           "nor one of more than 63 octets");
}

static void check_answers(void)
{
    struct region *region = region_new();
    struct dns_fact f;

    begin("example.org", DNS_MX, 0x20, 3, 0);
    put_mx("example.org", 10, "mx.example.org");
    put_mx("EXAMPLE.org", 20, "");
    record("example.org", 16, 2);
    put16(0x0161);
    is_int(parse(region, &f), DNS_REPLY_ANSWER, "an answer");
    check_ok(f.ad && !f.unparsable && f.rcode == 0, "its header");
    is_int(f.count, 2, "records of other types are left out");
    is_int(f.total, 2, "and not counted");
    is_text(f.records[0].target, "mx.example.org", "target");
    is_int(f.records[0].preference, 10, "preference");
    is_text(f.records[1].target, "", "the null MX");
    is_text(f.records[1].owner, "EXAMPLE.org", "case is kept");

    begin("www.example.org", DNS_A, 0, 3, 0);
    record("www.example.org", DNS_CNAME, 13);
    put_name("example.org");
    put_a("example.org", 1);
    record("example.org", DNS_AAAA, 16);
    for (int i = 0; i < 16; i++)
        put8((unsigned)i);
    parse(region, &f);
    is_int(f.count, 2, "aliases are kept, in order");
    is_int(f.records[0].type, DNS_CNAME, "alias first");
    is_text(f.records[0].target, "example.org", "alias target");
    is_int(f.records[1].address.bytes[3], 1, "then the address");
    check_ok(!f.ad, "no AD");

    begin("_25._tcp.mx", DNS_TLSA, 0x20, 4, 0);
    record("_25._tcp.mx", DNS_TLSA, 5);
    put8(3);
    put8(1);
    put8(2);
    put16(0xabcd);
    record("_25._tcp.mx", DNS_TLSA, 3);
    put8(2);
    put16(0);
    record("_25._tcp.mx", DNS_TLSA, 2);
    put16(0);
    record("_25._tcp.mx", DNS_TLSA, 0);
    parse(region, &f);
    is_int(f.count, 4, "TLSA of any length");
    check_ok(f.records[0].usage == 3 && f.records[0].selector == 1 && f.records[0].matching_type == 2
                 && f.records[0].data_length == 2 && f.records[0].data[0] == 0xab, "its fields");
    check_ok(f.records[1].rdata_length == 3 && f.records[1].data_length == 0, "without data");
    check_ok(f.records[2].rdata_length == 2 && !f.records[2].malformed, "too short is kept");

    begin("_smtp._tcp.x", DNS_SRV, 0, 1, 0);
    record("_smtp._tcp.x", DNS_SRV, 9);
    put16(1);
    put16(2);
    put16(2525);
    put_name("a");
    parse(region, &f);
    check_ok(f.records[0].preference == 1 && f.records[0].weight == 2 && f.records[0].port == 2525, "SRV");

    begin("x", DNS_TXT, 0, 1, 0);
    record("x", DNS_TXT, 6);
    buf_add(&m, "\2ab\2cd", 6);
    parse(region, &f);
    is_text(f.records[0].text, "abcd", "TXT strings joined");
    region_free(region);
}

static void check_names(void)
{
    struct region *region = region_new();
    struct dns_fact f;

    begin("x", DNS_MX, 0, 6, 0);
    record("x", DNS_MX, 7);
    put16(1);
    buf_add(&m, "\3a\0b\0", 5);
    record("x", DNS_MX, 7);
    put16(1);
    buf_add(&m, "\3a b\0", 5);
    record("x", DNS_MX, 7);
    put16(1);
    buf_add(&m, "\3a.\\\0", 5);
    put_mx("x", 1, "-a.b");
    put_mx("x", 1, "*.b");
    put_mx("x", 1, "192.0.2.1");
    parse(region, &f);
    is_text(f.records[0].target, "a\\000b", "NUL in a name");
    check_ok(f.records[0].bad_name, "is no host name");
    is_text(f.records[1].target, "a\\032b", "space in a name");
    is_text(f.records[2].target, "a\\.\\\\", "dot and backslash in a label");
    check_ok(f.records[3].bad_name, "a hyphen in front");
    check_ok(!f.records[4].bad_name, "a wildcard passes, as in Postfix");
    check_ok(!f.records[5].bad_name, "so does an address written as a name");
    region_free(region);
}

static void check_malformed(void)
{
    struct region *region = region_new();
    struct dns_fact f;

    begin("x", DNS_MX, 0, 4, 0);
    record("x", DNS_MX, 2);
    put16(10);
    put_mx("x", 20, "good");
    record("x", DNS_MX, 4);
    put16(10);
    put16(0xc000 + (unsigned)m.n - 1); /* a pointer at itself, nearly */
    record("x", DNS_MX, 9);
    put16(10);
    put_name("a.b");
    put16(0);
    parse(region, &f);
    check_ok(!f.unparsable, "records that cannot be decoded do not spoil the others");
    is_int(f.count, 4, "all are kept");
    check_ok(f.records[0].malformed && !f.records[1].malformed && f.records[2].malformed && !f.records[3].malformed,
             "two octets, good, a loop, bytes behind the name, which nobody looks at");

    begin("x", DNS_A, 0, 1, 0);
    record("x", DNS_A, 3);
    put16(1);
    put8(1);
    parse(region, &f);
    check_ok(f.count == 1 && f.records[0].malformed, "an address of three octets");
    region_free(region);
}

/* Replies that are not the answer, or are not usable. */
static void check_others(void)
{
    struct region *region = region_new();
    struct dns_fact f;

    begin("x", DNS_A, 0, 1, 0);
    put_a("x", 1);
    m.p[0] = 0;
    is_int(parse(region, &f), DNS_REPLY_OTHER, "another id");
    begin("x", DNS_A, 0, 1, 0);
    put_a("x", 1);
    m.p[2] &= 0x7f;
    is_int(parse(region, &f), DNS_REPLY_ANSWER, "not marked as a reply");
    begin("x", DNS_A, 0, 1, 0);
    put_a("x", 1);
    m.p[2] |= 0x08;
    is_int(parse(region, &f), DNS_REPLY_OTHER, "another opcode");
    begin("x", DNS_A, 0, 1, 0);
    put_a("x", 1);
    m.p[13] = 'y';
    is_int(parse(region, &f), DNS_REPLY_OTHER, "another name");
    begin("x", DNS_A, 0, 1, 0);
    put_a("x", 1);
    m.p[13] = 'X';
    is_int(parse(region, &f), DNS_REPLY_ANSWER, "the same name in capitals");
    begin("x", DNS_A, 0, 1, 0);
    put_a("x", 1);
    m.p[16] = DNS_AAAA;
    is_int(parse(region, &f), DNS_REPLY_OTHER, "another type");
    begin("x", DNS_A, 0, 1, 0);
    put_a("x", 1);
    m.p[5] = 2;
    is_int(parse(region, &f), DNS_REPLY_OTHER, "two questions");
    begin("x", DNS_A, 0x0200, 0, 0);
    is_int(parse(region, &f), DNS_REPLY_TRUNCATED, "truncated");
    begin("x", DNS_A, 0x0220, 1, 0);
    put_a("x", 1);
    is_int(parse(region, &f), DNS_REPLY_TRUNCATED, "truncated, with something in it");
    begin("x", DNS_A, 3, 0, 0);
    is_int(parse(region, &f), DNS_REPLY_ANSWER, "NXDOMAIN");
    is_int(f.rcode, RCODE_NXDOMAIN, "its code");
    begin("x", DNS_A, 1, 0, 0);
    m.p[5] = 0;
    m.n = 12;
    is_int(parse(region, &f), DNS_REPLY_ANSWER, "FORMERR without the question");
    begin("x", DNS_A, 0, 65535, 0);
    put_a("x", 1);
    is_int(parse(region, &f), DNS_REPLY_ANSWER, "more records promised than there are");
    check_ok(f.unparsable && f.count == 0, "is unparsable");
    begin("x", DNS_A, 0, 1, 0);
    put_a("x", 1);
    m.p[m.n - 11] = 3;
    parse(region, &f);
    check_ok(f.unparsable, "a class other than IN spoils the message, as in Postfix");
    region_free(region);
}

static void check_additional(void)
{
    struct region *region = region_new();
    struct dns_fact f;

    begin("x", DNS_A, 0, 1, 1);
    put_a("x", 1);
    record("", 41, 0);
    parse(region, &f);
    check_ok(!f.unparsable && f.count == 1, "one OPT");
    begin("x", DNS_A, 0, 1, 2);
    put_a("x", 1);
    record("", 41, 0);
    record("", 41, 0);
    parse(region, &f);
    check_ok(f.unparsable, "two OPT");
    begin("x", DNS_A, 0, 1, 20);
    put_a("x", 1);
    for (int i = 0; i < 20; i++)
        record("key", 250, 0);
    parse(region, &f);
    check_ok(f.unparsable, "20 TSIG");
    region_free(region);
}

static void check_truncations(void)
{
    struct region *region = region_new();
    struct dns_fact f;
    size_t whole;

    begin("example.org", DNS_MX, 0, 2, 1);
    put_mx("example.org", 10, "mx.example.org");
    put_mx("example.org", 10, "mx2.example.org");
    record("", 41, 0);
    whole = m.n;
    for (size_t n = 0; n < whole; n++) {
        /* A copy of just the size, so that the sanitizer sees a byte too far. */
        uint8_t *exact = region_copy(region, m.p, n + !n);
        enum dns_reply reply;

        memset(&f, 0, sizeof f);
        reply = dns_message_answer(region, exact, n, question, question_length, &f);
        check_ok(reply == DNS_REPLY_OTHER || (reply == DNS_REPLY_ANSWER && f.unparsable && f.count == 0),
                 "the first %zu of %zu bytes", n, whole);
    }
    region_free(region);
}

static void check_many(void)
{
    struct region *region = region_new();
    struct dns_fact f;

    begin("x", DNS_A, 0, 3000, 0);
    for (unsigned i = 0; i < 3000; i++)
        put_a("x", i & 255);
    parse(region, &f);
    is_int(f.count, DNS_RECORDS_MAX, "so many records are kept");
    is_int(f.total, 3000, "and all are counted");
    check_ok(region_used(region) < 512 * 1024, "in %zu bytes", region_used(region));
    region_free(region);
}

int main(void)
{
    buf_init(&m, 65536);
    check_question();
    check_answers();
    check_names();
    check_malformed();
    check_others();
    check_additional();
    check_truncations();
    check_many();
    buf_clear(&m);
    return check_done();
}
