#include "scanner/facts/record_binary.h"

#include <string.h>

#include "scanner/base/mem.h"
#include "scanner/facts/facts.h"
#include "scanner/facts/members.h"
#include "tests/lib/check.h"

static const struct profile profile = {
    .address = { FAMILY_IPV6, { 0x20, 1, 0x0d, 0xb8, [15] = 1 } }, .port = 465, .wrapper = true, .helo_name = "",
    .options = UINT64_C(1) << 62, .ciphers = "ALL:!aNULL", .security_level = 1, .line_limit = 2048,
};

static struct conversation a_conversation(void)
{
    static const char *ids[] = { "00ff", "11" };
    struct conversation c = { .profile = &profile, .attempts = 1, .phase = PHASE_TLS_EHLO, .ending = ENDING_LOST,
                              .greeting = { .code = 220, .text = "220 a\n220 b", .dsn = "2.0.0" }, .established = true,
                              .certificates = ids, .certificate_count = 2, .ms_connect = 300, .when = -5 };

    return c;
}

static struct dns_record records[] = {
    { .owner = "_25._tcp.mx.example", .type = DNS_TLSA, .rdata_length = 5, .usage = 3, .selector = 1, .matching_type = 1,
      .data = (const uint8_t *)"\0\1", .data_length = 2 },
    { .owner = "mx.example", .type = DNS_A, .address = { FAMILY_IPV4, { 192, 0, 2, 255 } } },
};

static const struct dns_fact dns = { .name = "example", .type = DNS_TLSA, .rcode = RCODE_NXDOMAIN, .ad = true,
                                     .records = records, .count = 2, .total = 700, .error = "words" };

/* Its JSON says all of a record. */
static char *text_of(const struct member *members, const void *record)
{
    struct json *j = json_object();
    struct buf text;

    buf_init(&text, 100000);
    record_to_json(members, record, j);
    json_write(j, 0, &text);
    json_free(j);
    return text.p;
}

static struct buf octets_of(const struct member *members, const void *record)
{
    struct buf out;

    buf_init(&out, 100000);
    record_to_binary(members, record, &out);
    return out;
}

static void check_round_trip(const struct member *members, const void *record, void *copy, const char *what)
{
    struct buf octets = octets_of(members, record);
    struct slice rest = buf_slice(&octets);
    struct region *r = region_new();
    struct error err;
    bool whole = record_from_binary(r, members, &rest, copy, &err);
    char *before = text_of(members, record), *after = whole ? text_of(members, copy) : NULL;
    size_t cut_and_read = 0;

    check_ok(whole && rest.n == 0, "%s is read to its end", what);
    is_text(after, before, "%s comes back", what);
    for (size_t n = 0; n < octets.n; n++) {
        rest = slice_from(octets.p, n);
        memset(copy, 0, members == dns_members ? sizeof(struct dns_fact) : sizeof(struct conversation));
        cut_and_read += record_from_binary(r, members, &rest, copy, &err);
    }
    is_int(cut_and_read, 0, "%s is not read when it is cut off anywhere", what);
    mem_free(before);
    mem_free(after);
    buf_clear(&octets);
    region_free(r);
}

static void test_round_trips(void)
{
    struct conversation c = a_conversation(), c_copy = { 0 };
    struct dns_fact dns_copy = { 0 };

    check_round_trip(conversation_members, &c, &c_copy, "a conversation");
    check_round_trip(dns_members, &dns, &dns_copy, "an answer");
}

static void test_text(void)
{
    struct reply reply = { .text = "\xff" "a" }, copy = { 0 };
    const struct member members[] = { { .key = "text", .kind = MEMBER_TEXT, .offset = offsetof(struct reply, text), .max = 4 },
                                      { .key = NULL } };
    struct buf octets = octets_of(members, &reply);
    struct slice rest = buf_slice(&octets);
    struct region *r = region_new();

    check_ok(record_from_binary(r, members, &rest, &copy, NULL), "text of just the length that is allowed");
    is_text(copy.text, "\xef\xbf\xbd" "a", "a byte that is no UTF-8");
    buf_clear(&octets);
    region_free(r);
}

/* Octets for a record with the one member. */
static const struct {
    const char   *what;
    struct member member;
    struct slice  octets;
    const char   *error;
} bad[] = {
    { "a longer text", { .kind = MEMBER_TEXT, .max = 4 }, SLICE("\6abcde"), "too long" },
    { "a text with NUL", { .kind = MEMBER_TEXT, .max = 4 }, SLICE("\4a\0c"), "is not text" },
    { "a text that is no UTF-8", { .kind = MEMBER_TEXT, .max = 4 }, SLICE("\2\xff"), "is not text" },
    { "a text longer than memory", { .kind = MEMBER_TEXT, .max = 4 }, SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"),
      "too long" },
    { "an endless number", { .kind = MEMBER_NUMBER, .width = 8 }, SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"),
      "cut off" },
    { "a number of 65 bits", { .kind = MEMBER_NUMBER, .width = 8 }, SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\2"),
      "cut off" },
    { "a number for more octets", { .kind = MEMBER_NUMBER, .width = 1 }, SLICE("\x80\2"), "out of range" },
    { "a number above its limit", { .kind = MEMBER_NUMBER, .width = 2, .max = 10 }, SLICE("\13"), "out of range" },
    { "a number below its limit", { .kind = MEMBER_SIGNED, .width = 4, .max = 10 }, SLICE("\25"), "out of range" },
    { "neither true nor false", { .kind = MEMBER_BOOL }, SLICE("\2"), "neither true nor false" },
    { "an address of no family", { .kind = MEMBER_ADDRESS }, SLICE("\5abcd"), "not an IP address" },
    { "octets above their limit", { .kind = MEMBER_BYTES, .count_offset = 8, .max = 1 }, SLICE("\2ab"), "too long" },
    { "a list above its limit", { .kind = MEMBER_TEXTS, .count_offset = 24, .max = 2 }, SLICE("\3\1\1\1"), "too long" },
    { "a list of nothing", { .kind = MEMBER_TEXTS, .count_offset = 24, .max = 2 }, SLICE("\1\0"), "not text" },
    { "a list longer than the rest", { .kind = MEMBER_RECORDS, .count_offset = 8, .width = 8, .max = 9 }, SLICE("\2"),
      "too long" },
};

static const struct name words[] = { { 1, "one" }, { 0, NULL } };

static void test_refusals(void)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct member members[2] = { bad[i].member, { .key = NULL } };
        struct region *r = region_new();
        struct slice rest = bad[i].octets;
        char record[64] = { 0 };
        struct error err;

        members[0].key = "m";
        check_ok(!record_from_binary(r, members, &rest, record, &err) && strstr(err.text, bad[i].error) != NULL,
                 "%s is refused: %s", bad[i].what, err.text);
        region_free(r);
    }
}

static void test_words(void)
{
    const struct member members[] = { { .key = "m", .kind = MEMBER_WORD, .words = words }, { .key = NULL } };
    const struct { struct slice octets; bool good; } rows[] = { { SLICE("\2"), true }, { SLICE("\4"), false },
                                                               { SLICE("\xff\xff\xff\xff\xff\xff\1"), false } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct region *r = region_new();
        struct slice rest = rows[i].octets;
        int code = 0;

        is_int(record_from_binary(r, members, &rest, &code, NULL), rows[i].good, "word %zu", i);
        is_int(code, rows[i].good ? 1 : 0, "its code");
        region_free(r);
    }
}

int main(void)
{
    test_round_trips();
    test_text();
    test_refusals();
    test_words();
    return check_done();
}
