/* Advice: what could be better than an entry, asked for round by round and judged on the same facts. */
#include "scanner/judge/advice.h"

#include <string.h>

#include "scanner/base/mem.h"
#include "scanner/judge/fingerprint.h"
#include "tests/judge/pki.h"
#include "tests/judge/server_world.h"
#include "tests/lib/check.h"
#include "tests/policy/dns_world.h"
#include "tests/policy/fixture.h"

#define ROUNDS_MAX 10

#define MAIN "inet_protocols = ipv4\nmyhostname = client.example.org\nmydestination =\nsmtp_dns_support_level = dnssec\n" \
    "smtp_tls_fingerprint_digest = sha256\n"
#define MAPS MAIN "smtp_tls_policy_maps = texthash:/t\n"
#define DEFAULT(word) MAPS "smtp_tls_security_level = " word "\n"

#define ONE "example.net MX ok MX 10 mx1.example.net\nmx1.example.net A ok A 192.0.2.1\n"
#define TWO                                                                                                            \
    "example.net MX ok MX 10 mx1.example.net; MX 20 mx2.example.net\nmx1.example.net A ok A 192.0.2.1\n"              \
    "mx2.example.net A ok A 192.0.2.2\n"
#define PAIR "example.net MX ok MX 10 mx1.example.net\nmx1.example.net A ok A 192.0.2.1; A 192.0.2.2\n"
#define GONE "example.net MX nxdomain\nexample.net A nxdomain\n"
#define TLSA "example.net MX here MX 10 mx1.example.net\nmx1.example.net A here A 192.0.2.1\n"                             \
    "_25._tcp.mx1.example.net TLSA here TLSA 3 1 1 {key:leaf}\n"

#define DOMAIN  "192.0.2.1 good chain=domain,int"
#define LEAF    "192.0.2.1 good chain=leaf,int"
#define OTHER   "192.0.2.1 good chain=wrong,int"
#define STRANGE "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF"

/* Texts may hold {certificate:LABEL} and {key:LABEL}: the fingerprint of a certificate, of its key. */
static const struct row {
    const char *main_cf, *table, *dns, *servers;
    const char *advice;   /* "CODE: LINE", one after the other with "; "; the line "-": it is to be taken out */
    bool        unseen;
} rows[] = {
    /* a level that every host would bear */
    { MAPS, "example.net may\n", ONE, "192.0.2.1 good", "can-be-tightened: example.net encrypt", true },
    { MAPS, "example.net may\n", ONE, LEAF, "can-be-tightened: example.net secure", true },
    { MAPS, "example.net may\n", ONE, OTHER, "can-be-tightened: example.net encrypt", true },
    { MAPS, "example.net may\n", ONE, DOMAIN, "can-be-tightened: example.net secure", true },
    { MAPS, "example.net may\n", TWO, DOMAIN "\n192.0.2.2 good", "can-be-tightened: example.net encrypt", true },
    { MAPS, "example.net may\n", TWO, DOMAIN "\n192.0.2.2 plain", "", false },
    { MAPS, "example.net may\n", PAIR, DOMAIN "\n192.0.2.2 refused", "", false },
    { MAPS, "example.net may\n", PAIR, DOMAIN "\n192.0.2.2 good chain=domain,int",
      "can-be-tightened: example.net secure", true },
    { MAPS, "example.net may\n", ONE, "192.0.2.1 plain", "", false },
    { MAPS, "example.net may\n", TLSA, LEAF, "can-be-tightened: example.net dane-only", true },
    { MAPS, "example.net may\n", TLSA, "192.0.2.1 good chain=domain,int", "can-be-tightened: example.net secure", true },
    { MAPS, "example.net encrypt\n", ONE, "192.0.2.1 good", "", false },
    { MAPS, "example.net encrypt\n", ONE, DOMAIN, "can-be-tightened: example.net secure", true },
    { MAPS, "example.net encrypt\n", TLSA, LEAF, "can-be-tightened: example.net dane-only", true },
    { MAPS, "example.net dane\n", TLSA, LEAF, "can-be-tightened: example.net dane-only", false },
    { MAPS, "example.net dane\n", ONE, DOMAIN, "can-be-tightened: example.net secure", true },
    { MAPS, "example.net dane\n", ONE, OTHER, "", false },
    { MAPS, "example.net verify\n", ONE, DOMAIN, "", false },
    { MAPS, "example.net verify\n", ONE, "192.0.2.1 good chain=wild,int", "can-be-tightened: example.net secure", false },
    { MAPS, "example.net secure\n", ONE, DOMAIN, "", false },
    { MAPS, "example.net dane-only\n", TLSA, LEAF, "", false },
    { MAPS, ".net may\n", "a.example.net MX ok MX 10 mx1.example.net\n" ONE, DOMAIN, "can-be-tightened: example.net secure",
      true },
    { MAPS, "", ONE, DOMAIN, "", false },

    /* attributes stay, or the entry stays as it is */
    { MAPS, "example.net may protocols=>=TLSv1.2\n", ONE, DOMAIN, "can-be-tightened: example.net secure protocols=>=TLSv1.2",
      true },
    { MAPS, "example.net encrypt ciphers=high exclude=aNULL\n", ONE, DOMAIN,
      "can-be-tightened: example.net secure ciphers=high exclude=aNULL", true },
    { MAPS, "example.net verify match=nexthop\n", ONE, DOMAIN, "", false },
    { MAPS, "example.net may servername=hostname\n", ONE, DOMAIN, "", false },

    /* main.cf has overtaken the entry */
    { DEFAULT("dane"), "example.net may\n", TLSA, LEAF, "entry-overtaken: -", true },
    { DEFAULT("dane"), "example.net none\n", TLSA, LEAF, "entry-overtaken: -", true },
    { DEFAULT("dane"), "example.net may\n", ONE, "192.0.2.1 good", "can-be-tightened: example.net encrypt", true },
    { DEFAULT("encrypt"), "example.net may\n", ONE, "192.0.2.1 good", "entry-overtaken: -", true },
    { DEFAULT("encrypt"), "example.net may\n", ONE, "192.0.2.1 plain", "", false },
    { DEFAULT("dane"), "example.net may\n.net may\n", TLSA, LEAF, "can-be-tightened: example.net dane-only", true },
    { DEFAULT("dane"), "example.net dane-only\n", TLSA, LEAF, "", false },
    { DEFAULT("secure"), "example.net secure\n", ONE, DOMAIN, "entry-needless: -", false },
    { DEFAULT("secure"), "example.net secure\n.net may\n", ONE, DOMAIN, "", false },
    { DEFAULT("secure"), "example.net secure ciphers=high\n", ONE, DOMAIN, "", false },
    { DEFAULT("dane"), "example.net dane\n", TLSA, LEAF, "can-be-tightened: example.net dane-only", false },
    { MAPS, "example.net secure\n", GONE, "", "entry-without-domain: -", false },
    { MAPS, ".net secure\n", GONE, "", "", false },

    /* names */
    { MAPS, "example.net secure match=example.net:gone.example\n", ONE, DOMAIN,
      "match-name-unused: example.net secure match=example.net", false },
    { MAPS, "example.net secure match=nexthop:old.example:older.example ciphers=high\n", ONE, DOMAIN,
      "match-name-unused: example.net secure match=nexthop:older.example ciphers=high; "
      "match-name-unused: example.net secure match=nexthop:old.example ciphers=high", false },
    { MAPS, "example.net secure match=example.net:dot-nexthop\n", ONE, DOMAIN, "", false },
    { MAPS, "example.net secure match=example.net:mx1.example.net\n", TWO, DOMAIN "\n192.0.2.2 good chain=leaf,int", "",
      false },
    { MAPS, "example.net secure match=example.org:gone.example\n", ONE, DOMAIN, "", false },

    /* fingerprints */
    { MAPS, "example.net fingerprint match={key:leaf}|" STRANGE "\n", ONE, LEAF,
      "fingerprint-unused: example.net fingerprint match={key:leaf}", false },
    { MAPS, "example.net fingerprint match=" STRANGE "|{key:leaf} ciphers=high\n", ONE, LEAF,
      "fingerprint-unused: example.net fingerprint match={key:leaf} ciphers=high", false },
    { MAPS, "example.net fingerprint match={key:leaf}|{certificate:self}\n", PAIR, LEAF "\n192.0.2.2 good chain=self", "",
      false },
    { MAPS, "example.net fingerprint match={certificate:leaf}\n", ONE, LEAF,
      "later fingerprint-ends: example.net fingerprint match={certificate:leaf}|{key:leaf}", false },
    { MAPS, "example.net fingerprint match={certificate:soon}\n", ONE, "192.0.2.1 good chain=soon,int",
      "fingerprint-ends: example.net fingerprint match={certificate:soon}|{key:soon}", false },
    { MAPS, "example.net fingerprint match={key:soon}\n", ONE, "192.0.2.1 good chain=soon,int", "", false },
    { MAPS, "example.net fingerprint match={certificate:soon}|" STRANGE "\n", ONE, "192.0.2.1 good chain=soon,int",
      "fingerprint-unused: example.net fingerprint match={certificate:soon}", false },
    { MAPS, "example.net fingerprint match=" STRANGE "\n", ONE, LEAF, "", false },
};

/* "AB:CD:..." for a table, "abcd..." for DNS. */
static const char *fingerprint_of(struct region *region, struct slice what, bool colons)
{
    size_t      colon = slice_find(what, ':');
    const char *text = fingerprint_text(region, pki_certificate(slice_from_index(what, colon + 1)), what.p[0] == 'k', "sha256");
    char       *copy = region_text(region, text), *to = copy;

    for (; !colons && *text != '\0'; text++)
        if (*text != ':')
            *to++ = *text;
    if (!colons)
        *to = '\0';
    return copy;
}

static const char *filled(struct region *region, const char *text, bool colons)
{
    const char *out = "", *open;

    while ((open = strchr(text, '{')) != NULL) {
        const char *close = strchr(open, '}');

        out = region_printf(region, "%s%.*s%s", out, (int)(open - text), text,
                            fingerprint_of(region, slice_from(open + 1, (size_t)(close - open - 1)), colons));
        text = close + 1;
    }
    return region_printf(region, "%s%s", out, text);
}

/* What the loader would have set up. */
static void add_authority(struct fixture *f)
{
    struct config_file *file = region_alloc(f->region, sizeof(*file));
    char *pem = pki_pem("root");

    file->path = "/etc/ssl/roots.pem";
    file->text = slice_of(region_text(f->region, pem));
    mem_free(pem);
    f->smtp->ca_file = file;
}

/* One destination, and everything that is needed to judge and to advise. */
struct case_of {
    struct fixture     *f;
    const char         *servers;
    struct prefix       allow[1];
    struct judge_input  input;
    struct destination *destination;
    struct result       result;
    struct trial       *trial;
};

static void case_begin(struct case_of *c, struct fixture *f, const char *dns, const char *servers)
{
    struct error err = { 0 };

    add_authority(f);
    prefix_parse(&c->allow[0], SLICE("192.0.2.0/24"));
    c->f = f;
    c->servers = servers;
    c->input = (struct judge_input){ .config = &f->config, .view = &f->view, .trust = trust_new(), .when = PKI_NOW,
                                     .horizon_days = 14, .allow = c->allow, .allow_count = 1 };
    c->destination = region_alloc(f->region, sizeof(*c->destination));
    destination_parse(f->region, c->destination, SLICE("example.net"), &f->config, &err);
    dns_world_add(f->facts, dns);
    c->trial = trial_new(&f->config);
}

static void case_end(struct case_of *c)
{
    trial_free(c->trial);
    trust_free(c->input.trust);
}

static bool answer(struct case_of *c, int *rounds)
{
    return (*rounds)++ < ROUNDS_MAX && server_world_answer(c->f->facts, c->f->wants, c->servers);
}

static void case_judge(struct case_of *c)
{
    int rounds = 0;

    do {
        wants_clear(c->f->wants);
        judge_destination(c->f->region, &c->result, &c->input, c->destination);
    } while (c->result.wanted && answer(c, &rounds));
    check_ok(!c->result.wanted, "everything was seen");
}

/* As scan --advise: what is wanted is asked. */
static void case_advise(struct case_of *c, struct advice_found *found)
{
    int rounds = 0;

    do {
        wants_clear(c->f->wants);
        advice_find(c->f->region, found, c->trial, &c->input, &c->result, ADVICE_ENTRIES);
    } while (found->wanted && answer(c, &rounds));
    check_ok(!found->wanted, "all that is wanted was asked");
}

static const char *words(struct region *region, const struct advice *advice)
{
    const char *text = "";

    for (; advice != NULL; advice = advice->next) {
        const char *line = advice_line(region, advice);

        text = region_printf(region, "%s%s%s%s: %s", text, text[0] != '\0' ? "; " : "", advice->later ? "later " : "",
                             finding_word(advice->code), line != NULL ? line : "-");
    }
    return text;
}

/* Each line, put into the table by itself: mail still goes to every host. */
static void check_lines(const struct row *row, const struct advice *advice)
{
    for (; advice != NULL; advice = advice->next) {
        struct region *region = region_new();
        const char    *line = advice_line(region, advice);
        struct memory_file files[] = { { "/t", line != NULL ? region_printf(region, "%s\n", line) : "", TABLE_LOAD_OK },
                                       { NULL, NULL, TABLE_LOAD_OK } };
        struct fixture *f = fixture_new(row->main_cf, "3.7.11", files);
        struct case_of  c;

        case_begin(&c, f, filled(f->region, row->dns, false), row->servers);
        case_judge(&c);
        check_ok(c.result.verdict == VERDICT_DELIVER || advice->code == FINDING_ENTRY_WITHOUT_DOMAIN,
                 "\"%s\" under \"%s\"", row->table, line != NULL ? line : "no entry");
        case_end(&c);
        fixture_free(f);
        region_free(region);
    }
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct row  *row = &rows[i];
        struct region     *region = region_new();
        struct memory_file files[] = { { "/t", filled(region, row->table, true), TABLE_LOAD_OK }, { NULL, NULL, TABLE_LOAD_OK } };
        struct fixture    *f = fixture_new(row->main_cf, "3.7.11", files);
        struct case_of     c;
        struct advice_found before, found;

        case_begin(&c, f, filled(region, row->dns, false), row->servers);
        case_judge(&c);
        c.f->view.wants = NULL;
        advice_find(f->region, &before, c.trial, &c.input, &c.result, ADVICE_ENTRIES);
        c.f->view.wants = c.f->wants;
        is_int(before.unseen, row->unseen, "\"%s\" %s: something was not seen", row->table, row->servers);
        case_advise(&c, &found);
        is_text(words(region, found.advice), filled(region, row->advice, true), "\"%s\" %s", row->table, row->servers);
        check_lines(row, found.advice);
        case_end(&c);
        fixture_free(f);
        region_free(region);
    }
}

/* Which hosts show a fingerprint. */
static void test_pins(void)
{
    struct region     *region = region_new();
    const char        *table = filled(region, "example.net fingerprint match={key:leaf}|{certificate:self}|" STRANGE "\n", true);
    struct memory_file files[] = { { "/t", table, TABLE_LOAD_OK }, { NULL, NULL, TABLE_LOAD_OK } };
    struct fixture    *f = fixture_new(MAPS, "3.7.11", files);
    struct case_of     c;
    struct advice_found found;

    case_begin(&c, f, PAIR, LEAF "\n192.0.2.2 good chain=self");
    case_judge(&c);
    case_advise(&c, &found);
    is_text(found.pins->hosts, "mx1.example.net (1 of 2 addresses)", "a key that one address shows");
    check_ok(found.pins->of_key && !found.pins->of_certificate, "it is that of the key");
    is_text(found.pins->next->hosts, "mx1.example.net (1 of 2 addresses)", "a certificate that one address shows");
    check_ok(!found.pins->next->of_key && found.pins->next->of_certificate, "it is that of the certificate");
    is_text(found.pins->next->next->hosts, "", "a fingerprint that nobody shows");
    check_ok(found.pins->next->next->not_after == INT64_MAX && found.pins->not_after > PKI_NOW, "how long they last");
    case_end(&c);
    fixture_free(f);
    region_free(region);
}

/* Nothing is asked for what cannot come to anything. */
static void test_politeness(void)
{
    static const struct {
        const char *table, *servers;
        size_t      wanted;
    } asks[] = {
        { "example.net encrypt\n", "192.0.2.1 good", 0 },                 /* an anonymous server is never secure */
        { "example.net encrypt\n", OTHER, 0 },                            /* nor is one with another name */
        { "example.net encrypt\n", "192.0.2.1 good chain=foreign,unknown", 0 },
        { "example.net encrypt\n", DOMAIN, 1 },
        { "example.net may\n", OTHER, 1 },
        { "example.net secure\n", DOMAIN, 0 },
        { "example.net may\n", "192.0.2.1 plain", 0 },
    };

    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        struct memory_file files[] = { { "/t", asks[i].table, TABLE_LOAD_OK }, { NULL, NULL, TABLE_LOAD_OK } };
        struct fixture    *f = fixture_new(MAPS, "3.7.11", files);
        struct case_of     c;
        struct advice_found found;
        size_t             wanted = 0;

        case_begin(&c, f, ONE, asks[i].servers);
        case_judge(&c);
        wants_clear(f->wants);
        advice_find(f->region, &found, c.trial, &c.input, &c.result, ADVICE_ENTRIES);
        while (wants_conversation_at(f->wants, wanted) != NULL)
            wanted++;
        is_int(wanted, asks[i].wanted, "%s %s: conversations more", asks[i].table, asks[i].servers);
        is_int(found.wanted, wanted > 0, "%s %s: wanted", asks[i].table, asks[i].servers);
        case_end(&c);
        fixture_free(f);
    }
}

int main(void)
{
    test_rows();
    test_pins();
    test_politeness();
    pki_clear();
    return check_done();
}
