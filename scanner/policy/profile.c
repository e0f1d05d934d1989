#include "scanner/policy/profile.h"

#include <openssl/ssl.h> /* its option bits; nothing of it is called */
#include <string.h>

#include "scanner/base/hostname.h"
#include "scanner/policy/ciphers.h"
#include "scanner/policy/protocols.h"
#include "scanner/policy/words.h"

/* A reply line beyond twice line_length_limit ends the session. */
static const struct version ends_long_lines[] = { { 3, 8, 18 }, { 3, 9, 12 }, { 3, 10, 11 },
                                                  { 3, 11, 4 }, { 3, 12, 0 }, { 0, 0, 0 } };

/* What one profile is made of. */
struct making {
    struct region *region;
    struct profile *out;
    const struct params *params;
    const struct service *service;
    const struct nexthop *nexthop;
    const struct policy *policy;
    const struct mail_host *host;
    const struct effective *effective;
    enum level level;  /* that chooses lists: none counts as may */
    const char *error; /* why the handshake fails before it begins */
};

static void fail_handshake(struct making *m, const char *error)
{
    m->out->no_handshake = true;
    if (m->error == NULL)
        m->error = error;
}

/* the dialogue */

static uint32_t seconds(const struct params *params, const char *name)
{
    int64_t value = params_time(params, name);

    return value < 0 ? 0 : value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

/* smtp_bind_address of the family, its brackets taken off. */
static const char *source_address(struct making *m)
{
    bool ipv6 = m->host->address.family == FAMILY_IPV6;
    struct slice text = slice_of(params_text(m->params, ipv6 ? "smtp_bind_address6" : "smtp_bind_address"));

    if (text.n > 1 && text.p[0] == '[' && text.p[text.n - 1] == ']')
        text = slice_from(text.p + 1, text.n - 2);
    return text.n > 0 ? region_slice(m->region, text) : NULL;
}

static void set_dialogue(struct making *m)
{
    struct profile *out = m->out;
    const struct params *params = m->params;
    long limit = params_number(params, "line_length_limit");

    out->address = m->host->address;
    out->port = m->host->port;
    out->lmtp = params_program(params) == PROGRAM_LMTP;
    out->wrapper = params_bool(params, "smtp_tls_wrappermode");
    out->helo_name = params_text(params, "smtp_helo_name");
    out->never_ehlo = !out->lmtp && params_bool(params, "smtp_never_send_ehlo");
    out->ehlo_needs_esmtp = !out->lmtp && !params_bool(params, "smtp_always_send_ehlo");
    out->pix_no_esmtp = words_have(params, "smtp_pix_workarounds", "disable_esmtp");
    out->line_limit = limit < 0 ? 0 : limit > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)limit;
    out->long_line_ends = version_has(params_version(params), ends_long_lines);
    out->connect_timeout = seconds(params, "smtp_connect_timeout");
    out->helo_timeout = seconds(params, "smtp_helo_timeout");
    out->starttls_timeout = seconds(params, "smtp_starttls_timeout");
    out->source_address = source_address(m);
}

/* versions and ciphers */

static void set_versions(struct making *m)
{
    const char *parameter = m->level == LEVEL_MAY ? "smtp_tls_protocols" : "smtp_tls_mandatory_protocols";
    const char *list = m->policy->protocols != NULL ? m->policy->protocols : params_text(m->params, parameter);
    struct protocols protocols;

    if (!protocols_parse(&protocols, slice_of(list), params_version(m->params), NULL)) {
        fail_handshake(m, region_printf(m->region, "Invalid TLS protocol list \"%s\": aborting TLS session", list));
        return;
    }
    m->out->min_version = protocols.min;
    m->out->max_version = protocols.max;
    m->out->options |= protocols.disabled;
    if (level_is_dane(m->level))
        m->out->options |= SSL_OP_NO_SSLv3; /* RFC 7672 section 3.1: TLS 1.0 at least; there is no SSL 2 any more */
}

static const char *join(struct making *m, const char *first, const char *second)
{
    char *both;

    if (first[0] == '\0' || second[0] == '\0')
        return first[0] == '\0' ? second : first;
    both = region_alloc(m->region, strlen(first) + 1 + strlen(second) + 1);
    memcpy(both, first, strlen(first));
    both[strlen(first)] = ' ';
    memcpy(both + strlen(first) + 1, second, strlen(second));
    return both;
}

static void set_ciphers(struct making *m)
{
    bool may = m->level == LEVEL_MAY;
    const char *grade = m->policy->ciphers, *exclude = m->policy->exclude, *why = NULL;
    const char *implicit = may ? "" : m->level == LEVEL_ENCRYPT ? "eNULL" : "aNULL";

    if (grade == NULL)
        grade = params_text(m->params, may ? "smtp_tls_ciphers" : "smtp_tls_mandatory_ciphers");
    if (exclude == NULL)
        exclude = join(m, params_text(m->params, "smtp_tls_exclude_ciphers"),
                       may ? "" : params_text(m->params, "smtp_tls_mandatory_exclude_ciphers"));
    m->out->ciphers = ciphers_list(m->region, grade, exclude, implicit, m->params, &why);
    if (m->out->ciphers == NULL)
        fail_handshake(m, why);
}

/* Does a TLSA record count in the handshake? With none, dane and half-dane go on as encrypt. */
static bool any_tlsa_counts(const struct making *m)
{
    const struct tlsa *tlsa = &m->effective->tlsa;

    for (size_t i = 0; i < tlsa->usable_count; i++)
        if (tlsa_is_usable_in_handshake(m->params, tlsa->usable[i]))
            return true;
    return false;
}

static int security_level(const struct making *m)
{
    if (!level_needs_match(m->level))
        return 0;
    if (m->level == LEVEL_DANE || m->level == LEVEL_HALF_DANE)
        return any_tlsa_counts(m) ? 1 : 0;
    return 1;
}

/* SNI */

static void set_sni(struct making *m)
{
    const char *name = m->policy->servername;
    char ascii[HOSTNAME_MAX + 1];

    if (name == NULL)
        name = params_text(m->params, "smtp_tls_servername");
    if (strcmp(name, "hostname") == 0)
        name = m->host->host;
    else if (strcmp(name, "nexthop") == 0)
        name = m->nexthop->is_unix ? params_text(m->params, "myhostname") : m->nexthop->host;
    if (m->effective->dane_in_use)
        name = m->effective->tlsa.base_domain;
    if (name[0] == '\0')
        return;
    if (hostname_to_ascii(slice_of(name), ascii))
        name = region_text(m->region, ascii);
    if (strlen(name) > TLSEXT_MAXLEN_host_name)
        fail_handshake(m, region_printf(m->region, "ignoring too long SNI hostname: %.100s...", name));
    else
        m->out->sni = name;
}

/* options of the library */

struct option {
    const char *word;
    uint64_t bits;
};

/* Which workarounds can be taken away from SSL_OP_ALL; most have long been nothing. */
static const struct option workarounds[] = {
    { "LEGACY_SERVER_CONNECT", SSL_OP_LEGACY_SERVER_CONNECT },
    { "TLSEXT_PADDING", SSL_OP_TLSEXT_PADDING },
    { "CRYPTOPRO_TLSEXT_BUG", SSL_OP_CRYPTOPRO_TLSEXT_BUG },
    { "DONT_INSERT_EMPTY_FRAGMENTS", SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS },
    { NULL, 0 },
};

static const struct option additions[] = {
    { "LEGACY_SERVER_CONNECT", SSL_OP_LEGACY_SERVER_CONNECT },
    { "NO_TICKET", SSL_OP_NO_TICKET },
    { "NO_COMPRESSION", SSL_OP_NO_COMPRESSION },
    { "NO_RENEGOTIATION", SSL_OP_NO_RENEGOTIATION },
    { "NO_SESSION_RESUMPTION_ON_RENEGOTIATION", SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION },
    { "PRIORITIZE_CHACHA", SSL_OP_PRIORITIZE_CHACHA },
    { "ENABLE_MIDDLEBOX_COMPAT", SSL_OP_ENABLE_MIDDLEBOX_COMPAT },
    { NULL, 0 },
};

/* "0x1234"; other words are looked up. */
static bool hex_number(struct slice word, uint64_t *bits)
{
    *bits = 0;
    if (word.n < 3 || word.n > 18 || word.p[0] != '0' || (word.p[1] != 'x' && word.p[1] != 'X'))
        return false;
    for (size_t i = 2; i < word.n; i++) {
        const char *digits = "0123456789abcdef";
        const char *digit = strchr(digits, word.p[i] >= 'A' && word.p[i] <= 'F' ? word.p[i] - 'A' + 'a' : word.p[i]);

        if (digit == NULL || *digit == '\0')
            return false;
        *bits = *bits << 4 | (uint64_t)(digit - digits);
    }
    return true;
}

/* Unknown words are ignored with a warning. */
static uint64_t option_bits(const char *list, const struct option *table)
{
    struct slice rest = slice_of(list), word;
    uint64_t bits = 0, number;

    while (slice_next_token(&rest, ", \t\r\n", &word)) {
        if (hex_number(word, &number))
            bits |= number;
        for (size_t i = 0; table[i].word != NULL; i++)
            if (slice_eq_text_nocase(word, table[i].word))
                bits |= table[i].bits;
    }
    return bits;
}

/* Bits that have parameters of their own and are not to be had by tls_ssl_options. */
static const uint64_t managed_bits = SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_SSLv3 |
                                     SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3;

static void set_options(struct making *m)
{
    const char *disable = params_text(m->params, "tls_disable_workarounds");
    uint64_t bits = SSL_OP_ALL;

    if (disable[0] != '\0')
        bits &= ~(option_bits(disable, workarounds) | SSL_OP_SAFARI_ECDHE_ECDSA_BUG);
    bits |= option_bits(params_text(m->params, "tls_ssl_options"), additions) & ~(SSL_OP_ALL | managed_bits);
    if (version_at_least(params_version(m->params), 3, 8, 0))
        bits |= SSL_OP_NO_RENEGOTIATION;
    m->out->options |= bits;
}

/* One item after another, a single space between two. */
static const char *groups(struct making *m)
{
    struct slice rest = slice_of(params_text(m->params, "tls_eecdh_auto_curves")), token;
    const char *text = "";

    while (slice_next_token(&rest, ", \t\r\n", &token))
        text = join(m, text, region_slice(m->region, token));
    if (!version_at_least(params_version(m->params), 3, 8, 0))
        return text;
    rest = slice_of(params_text(m->params, "tls_ffdhe_auto_groups"));
    while (slice_next_token(&rest, ", \t\r\n", &token))
        text = join(m, text, region_slice(m->region, token));
    return text;
}

void profile_make(struct region *region, struct profile *out, const struct config *config,
                  const struct service *service, const struct nexthop *nexthop, const struct policy *policy,
                  const struct mail_hosts *hosts, const struct mail_host *host, const struct effective *effective,
                  const char **handshake_error)
{
    struct making m = { .region = region,
                        .out = out,
                        .params = service->params,
                        .service = service,
                        .nexthop = nexthop,
                        .policy = policy,
                        .host = host,
                        .effective = effective };

    (void)config;
    (void)hosts;
    *out = (struct profile){ .ciphers = "", .groups = "" };
    m.level = effective->level > LEVEL_NONE ? effective->level : LEVEL_MAY;
    set_dialogue(&m);
    set_versions(&m);
    set_ciphers(&m);
    set_options(&m);
    set_sni(&m);
    out->groups = groups(&m);
    out->security_level = security_level(&m);
    out->client_chain = service->client_chain != NULL ? service->client_chain->id : NULL;
    if (out->ciphers == NULL)
        out->ciphers = "";
    if (handshake_error != NULL)
        *handshake_error = m.error;
}
