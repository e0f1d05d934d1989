#include "tests/judge/server_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "scanner/base/region.h"
#include "tests/judge/pki.h"

static const struct behaviour {
    const char *word;
    enum phase  phase;
    enum ending ending;
    const char *reply;     /* that of the phase, when it matters */
    bool        offered, established;
    const char *error;
    const char *name;      /* in the EHLO reply */
    const char *refusal;   /* the first answer, before it was asked again */
    size_t      injected;
    bool        beyond_limit;
} behaviours[] = {
    { .word = "good", PHASE_DONE, ENDING_COMPLETE, .offered = true, .established = true },
    { .word = "plain", PHASE_EHLO, ENDING_COMPLETE },
    { .word = "late", PHASE_EHLO, ENDING_COMPLETE, .beyond_limit = true },
    { .word = "old", PHASE_HELO, ENDING_COMPLETE },
    { .word = "refused", PHASE_CONNECT, ENDING_CONNECT_FAILED, .error = "Connection refused" },
    { .word = "far", PHASE_CONNECT, ENDING_CONNECT_TIMEOUT },
    { .word = "greet554", PHASE_GREETING, ENDING_REFUSED, "554 5.7.1 no service\n554 5.7.1 for you" },
    { .word = "greet450", PHASE_GREETING, ENDING_REFUSED, "450 later" },
    { .word = "greet354", PHASE_GREETING, ENDING_REFUSED, "354 go on" },
    { .word = "silent", PHASE_GREETING, ENDING_TIMEOUT },
    { .word = "closed", PHASE_GREETING, ENDING_LOST },
    { .word = "ehlo421", PHASE_EHLO, ENDING_REFUSED, "421 4.3.2 bye" },
    { .word = "ehloclose", PHASE_EHLO, ENDING_LOST },
    { .word = "helo550", PHASE_HELO, ENDING_REFUSED, "550 no" },
    { .word = "helo450", PHASE_HELO, ENDING_REFUSED, "450 no" },
    { .word = "st454", PHASE_STARTTLS, ENDING_REFUSED, "454 4.7.0 not now", .offered = true },
    { .word = "st454twice", PHASE_STARTTLS, ENDING_REFUSED, "454 4.7.0 not now", .offered = true, .refusal = "454 x" },
    { .word = "st502", PHASE_STARTTLS, ENDING_REFUSED, "502 5.5.1 what", .offered = true },
    { .word = "st421", PHASE_STARTTLS, ENDING_REFUSED, "421 4.3.2 bye", .offered = true },
    { .word = "st354", PHASE_STARTTLS, ENDING_REFUSED, "354 hm", .offered = true },
    { .word = "stclose", PHASE_STARTTLS, ENDING_LOST, .offered = true },
    { .word = "badtls", PHASE_HANDSHAKE, ENDING_TLS_FAILED, .offered = true, .error = "wrong version number" },
    { .word = "hangtls", PHASE_HANDSHAKE, ENDING_TIMEOUT, .offered = true },
    { .word = "tlsclose", PHASE_TLS_EHLO, ENDING_LOST, .offered = true, .established = true },
    { .word = "tlshelo502", PHASE_TLS_HELO, ENDING_REFUSED, "502 5.5.1 no", .offered = true, .established = true },
    { .word = "tlsehlo421", PHASE_TLS_EHLO, ENDING_REFUSED, "421 no", .offered = true, .established = true },
    { .word = "cut", PHASE_GREETING, ENDING_CUT_SHORT },
    { .word = "cuttls", PHASE_HANDSHAKE, ENDING_CUT_SHORT, .offered = true },
    { .word = "excluded", PHASE_CONNECT, ENDING_EXCLUDED },
    { .word = "crashed", PHASE_GREETING, ENDING_CRASHED },
    { .word = "self", PHASE_DONE, ENDING_COMPLETE, .offered = true, .established = true, .name = "CLIENT.example.org" },
    { .word = "wrapped", PHASE_DONE, ENDING_COMPLETE, .established = true },
    { .word = "tlsgreet554", PHASE_TLS_GREETING, ENDING_REFUSED, "554 5.7.1 no", .established = true },
    { .word = "inject", PHASE_DONE, ENDING_COMPLETE, .offered = true, .established = true, .injected = 14 },
};

static const struct behaviour *behaviour_of(struct slice word)
{
    for (size_t i = 0; i < sizeof(behaviours) / sizeof(*behaviours); i++)
        if (slice_eq_text(word, behaviours[i].word))
            return &behaviours[i];
    printf("Bail out! no behaviour %.*s\n", (int)word.n, word.p);
    exit(EXIT_FAILURE);
}

static struct reply reply_of(const char *text)
{
    struct reply reply = { .code = atoi(text), .text = text };

    if (strlen(text) > 8 && text[4] == text[0] && text[5] == '.')
        reply.dsn = text[0] == '5' && text[6] == '7' ? "5.7.1" : text[0] == '5' ? "5.5.1" : text[6] == '7' ? "4.7.0" : "4.3.2";
    return reply;
}

static struct reply *reply_at(struct conversation *c, enum phase phase)
{
    struct reply *const replies[] = {
        [PHASE_GREETING] = &c->greeting, [PHASE_EHLO] = &c->ehlo, [PHASE_HELO] = &c->helo,
        [PHASE_STARTTLS] = &c->starttls, [PHASE_TLS_GREETING] = &c->tls_greeting, [PHASE_TLS_EHLO] = &c->tls_ehlo, [PHASE_TLS_HELO] = &c->tls_helo,
    };

    return replies[phase];
}

static void add_certificate(struct facts *facts, struct region *region, struct conversation *c, struct slice label)
{
    X509 *certificate = pki_certificate(label);
    struct cert cert = { .der = NULL };
    unsigned char *der = NULL, digest[EVP_MAX_MD_SIZE];
    int length = i2d_X509(certificate, &der);
    unsigned n;

    EVP_Digest(der, (size_t)length, digest, &n, EVP_sha256(), NULL);
    for (unsigned i = 0; i < n; i++)
        sprintf(cert.id + 2 * i, "%02x", digest[i]);
    cert.der = der;
    cert.der_length = (size_t)length;
    if (c->certificates == NULL)
        c->certificates = region_array(region, CONVERSATION_CERTIFICATES_MAX, sizeof(*c->certificates));
    c->certificates[c->certificate_count++] = region_text(region, cert.id);
    facts_add_cert(facts, &cert);
    OPENSSL_free(der);
}

static void present(struct facts *facts, struct region *region, struct conversation *c, struct slice chain)
{
    struct slice label;

    while (slice_next_token(&chain, ",", &label))
        add_certificate(facts, region, c, label);
    c->anonymous = c->certificate_count == 0;
    c->established = true;
    c->protocol = "TLSv1.3";
    c->cipher = "TLS_AES_256_GCM_SHA384";
}

static void hold(struct facts *facts, const struct profile *profile, const struct behaviour *b, struct slice chain)
{
    struct region *region = region_new();
    struct conversation c = { .profile = profile, .attempts = b->refusal != NULL ? 2 : 1, .phase = b->phase,
                              .ending = b->ending, .error = b->error, .starttls_offered = b->offered,
                              .starttls_beyond_limit = b->beyond_limit, .injected = b->injected,
                              .ehlo_host = b->name != NULL ? b->name : "mx.example.net" };

    if (b->phase > PHASE_GREETING)
        c.greeting = reply_of("220 mx.example.net ESMTP");
    if (b->phase == PHASE_EHLO || b->phase > PHASE_HELO)
        c.ehlo = reply_of("250 mx.example.net");
    if (b->phase == PHASE_HELO)
        c.helo = reply_of("250 mx.example.net");
    if (b->phase > PHASE_STARTTLS)
        c.starttls = reply_of("220 go ahead");
    if (b->refusal != NULL)
        c.first_refusal = reply_of(b->refusal);
    if (b->reply != NULL)
        *reply_at(&c, b->phase) = reply_of(b->reply);
    if (b->established)
        present(facts, region, &c, chain);
    facts_add_conversation(facts, &c);
    region_free(region);
}

static bool find_line(const char *servers, const char *address, struct slice *behaviour, struct slice *chain)
{
    struct slice rest = slice_of(servers), line, word;

    while (slice_next_token(&rest, "\n", &line)) {
        if (!slice_next_token(&line, " ", &word) || !slice_eq_text(word, address))
            continue;
        slice_next_token(&line, " ", behaviour);
        line = slice_trim(line);
        if (slice_starts_with(line, SLICE("chain=")))
            *chain = slice_from_index(line, 6);
        return true;
    }
    return false;
}

bool server_world_answer(struct facts *facts, const struct wants *wants, const char *servers)
{
    const struct profile *profile;
    size_t i = 0;

    for (; (profile = wants_conversation_at(wants, i)) != NULL; i++) {
        struct slice behaviour = SLICE("refused"), chain = { NULL, 0 };
        char address[ADDRESS_TEXT_MAX];

        address_to_text(&profile->address, address);
        find_line(servers, address, &behaviour, &chain);
        hold(facts, profile, behaviour_of(behaviour), chain);
    }
    return i > 0;
}
