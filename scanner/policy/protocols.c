#include "scanner/policy/protocols.h"

#include <limits.h>
#include <openssl/ssl.h>

#include "scanner/base/names.h"

#define SEPARATORS ", \t\r\n:"

/* The protocols that Postfix knows, oldest first. Built with an OpenSSL that has no SSLv2, Postfix takes the word and
 * does nothing with it: a list that names SSLv2 alone is as good as an empty one (tls.h: TLS_PROTOCOL_SSLv2). */
static const struct {
    const char *word;
    uint16_t version;
    uint64_t off; /* the option that turns it off; SSLv2 is gone from OpenSSL */
} known[] = {
    { "SSLv2", 0, 0 },
    { "SSLv3", SSL3_VERSION, SSL_OP_NO_SSLv3 },
    { "TLSv1", TLS1_VERSION, SSL_OP_NO_TLSv1 },
    { "TLSv1.1", TLS1_1_VERSION, SSL_OP_NO_TLSv1_1 },
    { "TLSv1.2", TLS1_2_VERSION, SSL_OP_NO_TLSv1_2 },
    { "TLSv1.3", TLS1_3_VERSION, SSL_OP_NO_TLSv1_3 },
};
#define KNOWN (sizeof(known) / sizeof(known[0]))

/* The words of a bound: no SSLv2, but "None". */
static const struct name bounds[] = {
    { 0, "None" },
    { SSL3_VERSION, "SSLv3" },
    { TLS1_VERSION, "TLSv1" },
    { TLS1_1_VERSION, "TLSv1.1" },
    { TLS1_2_VERSION, "TLSv1.2" },
    { TLS1_3_VERSION, "TLSv1.3" },
    { 0, NULL },
};

static bool find_protocol(struct slice word, unsigned *bit)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (slice_eq_text_nocase(word, known[i].word)) {
            *bit = known[i].off != 0 ? 1u << i : 0;
            return true;
        }
    return false;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What strtoul(3) with base 16 makes of the whole text; an empty one is 0. Postfix takes no more than an int holds. */
static bool parse_hex(struct slice text, unsigned long *value)
{
    bool negative = text.n > 1 && text.p[0] == '-';

    if (negative || (text.n > 1 && text.p[0] == '+'))
        text = slice_from_index(text, 1);
    if (text.n > 2 && text.p[0] == '0' && (text.p[1] | 0x20) == 'x')
        text = slice_from_index(text, 2);
    *value = 0;
    for (size_t i = 0; i < text.n; i++) {
        int digit = hex_digit(text.p[i]);

        if (digit < 0)
            return false;
        *value = *value * 16 + (unsigned long)digit;
        if (*value > INT_MAX)
            return false;
    }
    return !negative || *value == 0;
}

/* A number that is no TLS version is refused by OpenSSL: smtp(8) warns, and the bound stays open. */
static bool parse_bound(struct slice word, uint16_t *bound)
{
    unsigned long value;
    int code;

    if (name_code(bounds, word, &code)) {
        *bound = (uint16_t)code;
        return true;
    }
    if (!parse_hex(word, &value))
        return false;
    *bound = value >= SSL3_VERSION && value <= TLS1_3_VERSION ? (uint16_t)value : 0;
    return true;
}

static bool parse_token(struct protocols *protocols, struct slice token, struct version version, unsigned *include,
                        unsigned *exclude)
{
    unsigned bit;

    if (version_at_least(version, 3, 6, 0) && slice_starts_with(token, SLICE(">=")))
        return parse_bound(slice_from_index(token, 2), &protocols->min);
    if (version_at_least(version, 3, 6, 0) && slice_starts_with(token, SLICE("<=")))
        return parse_bound(slice_from_index(token, 2), &protocols->max);
    if (slice_starts_with(token, SLICE("!"))) {
        if (!find_protocol(slice_from_index(token, 1), &bit))
            return false;
        *exclude |= bit;
        return true;
    }
    if (!find_protocol(token, &bit))
        return false;
    *include |= bit;
    return true;
}

bool protocols_parse(struct protocols *protocols, struct slice list, struct version version, struct slice *bad)
{
    unsigned include = 0, exclude = 0;
    struct slice token;

    *protocols = (struct protocols){ 0, 0, 0 };
    while (slice_next_token(&list, SEPARATORS, &token))
        if (!parse_token(protocols, token, version, &include, &exclude)) {
            if (bad != NULL)
                *bad = token;
            return false;
        }
    if (include != 0)
        exclude |= ~include;
    for (size_t i = 0; i < KNOWN; i++)
        if (exclude & (1u << i))
            protocols->disabled |= known[i].off;
    return true;
}

static bool is_offered(const struct protocols *protocols, size_t i)
{
    uint16_t version = known[i].version;

    return version != 0 && !(protocols->disabled & known[i].off) &&
           (protocols->min == 0 || version >= protocols->min) && (protocols->max == 0 || version <= protocols->max);
}

/* OpenSSL's client offers one range: the oldest version that is on, and those above it up to the first that is off. */
const char *protocols_to_text(struct region *region, const struct protocols *protocols)
{
    size_t first = 0, last;

    while (first < KNOWN && !is_offered(protocols, first))
        first++;
    if (first == KNOWN)
        return "none";
    last = first;
    while (last + 1 < KNOWN && is_offered(protocols, last + 1))
        last++;
    if (first == last)
        return known[first].word;
    return region_printf(region, "%s-%s", known[first].word, known[last].word);
}
