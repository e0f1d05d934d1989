#include "scanner/policy/protocols.h"

#include <openssl/ssl.h>

#include "scanner/policy/ciphers.h"
#include "tests/lib/check.h"
#include "tests/policy/fixture.h"

#define OFF_SSL3 SSL_OP_NO_SSLv3
#define OFF_10   SSL_OP_NO_TLSv1
#define OFF_11   SSL_OP_NO_TLSv1_1
#define OFF_12   SSL_OP_NO_TLSv1_2
#define OFF_13   SSL_OP_NO_TLSv1_3

static const struct {
    const char *list;
    int         minor;   /* release 3.minor */
    uint16_t    min, max;
    uint64_t    disabled;
    const char *text;    /* NULL: *bad is the token below */
    const char *bad;
} lists[] = {
    { "", 7, 0, 0, 0, "SSLv3-TLSv1.3", NULL },
    { ">=TLSv1", 7, 0x0301, 0, 0, "TLSv1-TLSv1.3", NULL },
    { ">=TLSv1.2", 6, 0x0303, 0, 0, "TLSv1.2-TLSv1.3", NULL },
    { ">=TLSv1.2", 5, 0, 0, 0, NULL, ">=TLSv1.2" },
    { ">=tlsV1.1, <=TLSv1.2", 7, 0x0302, 0x0303, 0, "TLSv1.1-TLSv1.2", NULL },
    { ">=TLSv1.1:!TLSv1.3", 7, 0x0302, 0, OFF_13, "TLSv1.1-TLSv1.2", NULL },
    { "!SSLv2, !SSLv3", 4, 0, 0, OFF_SSL3, "TLSv1-TLSv1.3", NULL },
    { "!SSLv2,!SSLv3,!TLSv1,!TLSv1.1", 4, 0, 0, OFF_SSL3 | OFF_10 | OFF_11, "TLSv1.2-TLSv1.3", NULL },
    { "TLSv1", 7, 0, 0, OFF_SSL3 | OFF_11 | OFF_12 | OFF_13, "TLSv1", NULL },
    { "TLSv1.2 TLSv1.3", 7, 0, 0, OFF_SSL3 | OFF_10 | OFF_11, "TLSv1.2-TLSv1.3", NULL },
    { "TLSv1.2, !TLSv1.2", 7, 0, 0, OFF_SSL3 | OFF_10 | OFF_11 | OFF_12 | OFF_13, "none", NULL },
    { "!TLSv1.2", 7, 0, 0, OFF_12, "SSLv3-TLSv1.1", NULL },
    { "TLSv1:TLSv1.3", 7, 0, 0, OFF_SSL3 | OFF_11 | OFF_12, "TLSv1", NULL },
    { "SSLv2", 7, 0, 0, 0, "SSLv3-TLSv1.3", NULL },
    { "SSLv2, TLSv1.2", 7, 0, 0, OFF_SSL3 | OFF_10 | OFF_11 | OFF_13, "TLSv1.2", NULL },
    { ">=TLSv1.3 <=TLSv1.2", 7, 0x0304, 0x0303, 0, "none", NULL },
    { ">=TLSv1.3 >=TLSv1.1", 7, 0x0302, 0, 0, "TLSv1.1-TLSv1.3", NULL },
    { ">=", 7, 0, 0, 0, "SSLv3-TLSv1.3", NULL },
    { ">=None", 7, 0, 0, 0, "SSLv3-TLSv1.3", NULL },
    { ">=0303", 7, 0x0303, 0, 0, "TLSv1.2-TLSv1.3", NULL },
    { ">=0x0303", 7, 0x0303, 0, 0, "TLSv1.2-TLSv1.3", NULL },
    { ">=304", 7, 0x0304, 0, 0, "TLSv1.3", NULL },
    { ">=9999", 7, 0, 0, 0, "SSLv3-TLSv1.3", NULL },
    { ">=fffffffff", 7, 0, 0, 0, NULL, ">=fffffffff" },
    { ">=0x", 7, 0, 0, 0, NULL, ">=0x" },
    { ">=-1", 7, 0, 0, 0, NULL, ">=-1" },
    { ">=1.2", 7, 0, 0, 0, NULL, ">=1.2" },
    { ">=SSLv2", 7, 0, 0, 0, NULL, ">=SSLv2" },
    { "TLS1.2", 7, 0, 0, 0, NULL, "TLS1.2" },
    { "!SSLv2, TLSv1.4", 11, 0, 0, 0, NULL, "TLSv1.4" },
    { "!", 7, 0, 0, 0, NULL, "!" },
    { "!!TLSv1", 7, 0, 0, 0, NULL, "!!TLSv1" },
};

static void test_protocols(void)
{
    struct region *region = region_new();

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct version version = { 3, lists[i].minor, 0 };
        struct slice bad = { NULL, 0 };
        struct protocols protocols;
        bool good = protocols_parse(&protocols, slice_of(lists[i].list), version, &bad);

        is_int(good, lists[i].bad == NULL, "\"%s\" in 3.%d", lists[i].list, lists[i].minor);
        if (!good) {
            is_slice(bad, lists[i].bad, "the token in \"%s\"", lists[i].list);
            continue;
        }
        is_int(protocols.min, lists[i].min, "\"%s\" from", lists[i].list);
        is_int(protocols.max, lists[i].max, "\"%s\" to", lists[i].list);
        is_int(protocols.disabled, lists[i].disabled, "\"%s\" off", lists[i].list);
        is_text(protocols_to_text(region, &protocols), lists[i].text, "\"%s\" in words", lists[i].list);
    }
    region_free(region);
}

static const struct {
    const char *version, *grade, *exclusions, *implicit, *list, *why;
} ciphers[] = {
    { "3.7.11", "medium", "", "", "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH", NULL },
    { "3.7.11", "HIGH", "", "aNULL", "aNULL:-aNULL:HIGH:@STRENGTH:!aNULL", NULL },
    { "3.7.11", "high", "RC4, MD5:DES", "eNULL", "aNULL:-aNULL:HIGH:@STRENGTH:!RC4:!MD5:!DES:!eNULL", NULL },
    { "3.7.11", "null", "", "aNULL", "eNULL:!aNULL:!aNULL", NULL },
    { "3.7.11", "low", "", "", "aNULL:-aNULL:HIGH:MEDIUM:LOW:+RC4:@STRENGTH", NULL },
    { "3.7.11", "export", "", "", "aNULL:-aNULL:HIGH:MEDIUM:LOW:EXPORT:+RC4:@STRENGTH", NULL },
    { "3.8.6", "low", "x", "",
      "aNULL:-aNULL:HIGH:MEDIUM:!SEED:!IDEA:!3DES:!RC2:!RC4:!RC5:!kDH:!kECDH:!aDSS:!MD5:+RC4:@STRENGTH:!x", NULL },
    { "3.7.11", "strong", "", "", NULL, "invalid cipher grade: \"strong\"" },
    { "3.7.11", "default", "", "", NULL, "invalid cipher grade: \"default\"" },
    { "3.7.11", "", "", "", NULL, "invalid cipher grade: \"\"" },
    { "3.7.11", "high", "RC4 !MD5", "", NULL, "invalid unary '!+-@' in cipher exclusion: \"!MD5\"" },
    { "3.7.11", "high", "@STRENGTH", "", NULL, "invalid unary '!+-@' in cipher exclusion: \"@STRENGTH\"" },
    { "3.7.11", "high", "+RC4", "aNULL", NULL, "invalid unary '!+-@' in cipher exclusion: \"+RC4\"" },
};

static void test_ciphers(void)
{
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
        struct fixture *f = fixture_new("", ciphers[i].version, NULL);
        const char *why = NULL;

        is_text(ciphers_list(f->region, ciphers[i].grade, ciphers[i].exclusions, ciphers[i].implicit, f->smtp->params,
                             &why),
                ciphers[i].list, "%s without %s %s in %s", ciphers[i].grade, ciphers[i].exclusions,
                ciphers[i].implicit, ciphers[i].version);
        is_text(why, ciphers[i].why, "why");
        fixture_free(f);
    }
}

int main(void)
{
    test_protocols();
    test_ciphers();
    return check_done();
}
