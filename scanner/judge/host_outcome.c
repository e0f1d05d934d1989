#include "scanner/judge/host_outcome.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "scanner/base/address.h"

#define SMTP_PORT 25
#define SERVICE_CLOSING 421

/* One attempt on its way. */
struct dialogue {
    struct region             *region;
    const struct host_case    *c;
    const struct conversation *seen;
    bool                       aged;
    bool                       in_tls;   /* what is judged was said inside TLS */
    enum level                 level;    /* of the session */
};

/* Names and words */

const char *host_name_address(struct region *region, const struct mail_host *host)
{
    char address[ADDRESS_TEXT_MAX];

    address_to_text(&host->address, address);
    return region_printf(region, "%s[%s]", host->ascii, address);
}

const char *host_relay(struct region *region, const struct mail_host *host)
{
    return region_printf(region, "%s:%u", host_name_address(region, host), host->port);
}

/* Where smtp(8) says it was when the conversation broke off; row by phase: before TLS and as LMTP client. */
static const struct phase_words {
    const char *smtp, *lmtp;
} phase_words[] = {
    [PHASE_GREETING] = { "receiving the initial server greeting", "receiving the initial server greeting" },
    [PHASE_EHLO] = { "performing the EHLO handshake", "performing the LHLO handshake" },
    [PHASE_HELO] = { "performing the HELO handshake", "performing the LHLO handshake" },
    [PHASE_STARTTLS] = { "receiving the STARTTLS response", "receiving the STARTTLS response" },
    [PHASE_TLS_GREETING] = { "receiving the initial server greeting", "receiving the initial server greeting" },
    [PHASE_TLS_EHLO] = { "performing the EHLO handshake", "performing the LHLO handshake" },
    [PHASE_TLS_HELO] = { "performing the HELO handshake", "performing the LHLO handshake" },
};

static const char *level_text(const struct dialogue *d)
{
    return d->level < LEVEL_NONE ? NULL : level_word(d->level);
}

static const char *tls_word(const struct dialogue *d)
{
    return d->in_tls && d->c->certificate != NULL ? d->c->certificate->word : "none";
}

static struct attempt attempt_new(const struct dialogue *d, enum attempt_end end, enum verdict verdict,
                                  const char *status, const char *dsn, enum reason reason, const char *text)
{
    return (struct attempt){
        .end = end, .verdict = verdict,
        .forecast = { .status = status, .dsn = dsn, .relay = "none", .tls = "none",
                      .effective_level = level_text(d), .reason = reason, .text = text },
    };
}

static struct attempt sent(const struct dialogue *d, enum verdict verdict, enum reason reason)
{
    struct attempt attempt = attempt_new(d, ATTEMPT_SENT, verdict, "sent", "2.0.0", reason, NULL);

    attempt.counts_session = true;
    attempt.in_session = true;
    attempt.forecast.relay = host_relay(d->region, d->c->host);
    attempt.forecast.tls = tls_word(d);
    return attempt;
}

/* A failure within a session: the first digit of the DSN decides. */
static struct attempt failed(const struct dialogue *d, const char *dsn, enum reason reason, const char *text)
{
    bool hard = dsn[0] == '5';
    struct attempt attempt = attempt_new(d, hard ? ATTEMPT_HARD : ATTEMPT_SOFT, hard ? VERDICT_BOUNCE : VERDICT_DEFER,
                                         hard ? "bounced" : "deferred", dsn, reason, text);

    attempt.in_session = true;
    attempt.forecast.relay = host_relay(d->region, d->c->host);
    attempt.forecast.tls = tls_word(d);
    return attempt;
}

/* A lookup within the session failed. */
static struct attempt local_data_error(const struct dialogue *d)
{
    return failed(d, "4.3.0", REASON_TABLE_ERROR,
                  region_printf(d->region, "local data error while talking to %s",
                                host_name_address(d->region, d->c->host)));
}

/* The address is passed over before there is a session. */
static struct attempt skipped(const struct dialogue *d, const char *dsn, enum reason reason, const char *text)
{
    return attempt_new(d, ATTEMPT_SOFT, VERDICT_DEFER, "deferred", dsn, reason, text);
}

static struct attempt unknown(const struct dialogue *d, enum reason reason)
{
    struct attempt attempt = attempt_new(d, ATTEMPT_UNKNOWN, VERDICT_UNKNOWN, "unknown", NULL, reason, NULL);

    attempt.forecast.relay = attempt.forecast.tls = NULL;
    return attempt;
}

static struct attempt unknown_code(const struct dialogue *d, const char *code)
{
    enum reason reason = REASON_LOCAL_FAULT;

    reason_parse(code, &reason);
    return unknown(d, reason);
}

/* Nothing is logged of the message: it goes to the deferred queue without a word. */
static struct attempt dies(const struct dialogue *d, enum reason reason, const char *text)
{
    return attempt_new(d, ATTEMPT_DIES, VERDICT_DEFER, "deferred", NULL, reason, text);
}

/* Replies */

/* The DSN of a reply: its enhanced code, else its class; what is none of 2, 4, 5 is a protocol error. */
static const char *reply_dsn(const struct dialogue *d, const struct reply *reply)
{
    int class = reply->code / 100;

    if (class != 2 && class != 4 && class != 5)
        return "5.5.0";
    return reply->dsn != NULL ? reply->dsn : region_printf(d->region, "%d.0.0", class);
}

/* The reply on one line, as Postfix quotes it. */
static const char *reply_line(const struct dialogue *d, const struct reply *reply)
{
    char *line = region_text(d->region, reply->text != NULL ? reply->text : "");

    for (char *p = line; *p != '\0'; p++)
        if (*p == '\n')
            *p = ' ';
    return line;
}

static enum reason refusal_reason(const struct reply *reply, enum reason reason)
{
    int class = reply->code / 100;

    return class == 4 || class == 5 ? reason : REASON_SMTP_PROTOCOL_ERROR;
}

static struct attempt refuses_to_talk(const struct dialogue *d, const struct reply *reply, const char *dsn,
                                      enum reason reason)
{
    return failed(d, dsn, refusal_reason(reply, reason),
                  region_printf(d->region, "host %s refused to talk to me: %s",
                                host_name_address(d->region, d->c->host), reply_line(d, reply)));
}

/* smtp_skip_5xx_greeting: another server may be kinder. */
static struct attempt refuses_greeting(const struct dialogue *d, const struct reply *reply)
{
    const char *dsn = reply_dsn(d, reply);

    if (reply->code / 100 == 5 && params_bool(d->c->service->params, "smtp_skip_5xx_greeting"))
        dsn = region_printf(d->region, "4%s", dsn + 1);
    return refuses_to_talk(d, reply, dsn, REASON_GREETING_REFUSED);
}

/* Broken off */

/* What ended the observation says nothing of the server. */
static const struct unknown_ending {
    enum ending ending;
    enum reason reason;
} unknown_endings[] = {
    { ENDING_CUT_SHORT, REASON_PROBE_CUT_SHORT }, { ENDING_CRASHED, REASON_PROBE_CRASHED },
    { ENDING_NOT_ALLOWED, REASON_ADDRESS_NOT_ALLOWED }, { ENDING_EXCLUDED, REASON_EXCLUDED },
    { ENDING_INTERRUPTED, REASON_INTERRUPTED }, { ENDING_DEADLINE, REASON_DEADLINE },
    { ENDING_LOCAL, REASON_LOCAL_FAULT },
};

static struct attempt not_observed(const struct dialogue *d)
{
    for (size_t i = 0; i < sizeof(unknown_endings) / sizeof(*unknown_endings); i++)
        if (unknown_endings[i].ending == d->seen->ending)
            return unknown(d, unknown_endings[i].reason);
    return unknown(d, REASON_NOT_OBSERVED);
}

static bool broke_off(const struct conversation *seen)
{
    return seen->ending == ENDING_LOST || seen->ending == ENDING_TIMEOUT;
}

static struct attempt lost(const struct dialogue *d)
{
    const struct phase_words *words = &phase_words[d->seen->phase];
    const char *where = d->seen->profile != NULL && d->seen->profile->lmtp ? words->lmtp : words->smtp;
    const char *host = host_name_address(d->region, d->c->host);

    if (d->seen->ending == ENDING_TIMEOUT)
        return failed(d, "4.4.2", REASON_CONNECTION_LOST,
                      region_printf(d->region, "conversation with %s timed out while %s", host, where));
    return failed(d, "4.4.2", REASON_CONNECTION_LOST,
                  region_printf(d->region, "lost connection with %s while %s", host, where));
}

static struct attempt connect_failed(const struct dialogue *d)
{
    bool timeout = d->seen->ending == ENDING_CONNECT_TIMEOUT;
    const char *error = d->seen->error != NULL ? d->seen->error : "Connection refused";

    return skipped(d, "4.4.1", timeout ? REASON_CONNECT_TIMEOUT : REASON_CONNECT_REFUSED,
                   region_printf(d->region, "connect to %s: %s", host_relay(d->region, d->c->host),
                                 timeout ? "Connection timed out" : error));
}

static struct attempt bind_failed(const struct dialogue *d)
{
    if (params_bool(d->c->service->params, "smtp_bind_address_enforce"))
        return skipped(d, "4.4.0", REASON_LOCAL_FAULT, "server configuration error");
    return unknown(d, REASON_LOCAL_FAULT); /* Postfix goes on without the address */
}

/* The conversation ended in one of the phases in which a greeting or an EHLO is awaited. */
static struct attempt stopped(const struct dialogue *d, const struct reply *greeting, const struct reply *ehlo,
                              const struct reply *helo)
{
    enum phase phase = d->seen->phase;
    const struct reply *reply = helo;

    if (broke_off(d->seen))
        return lost(d);
    if (d->seen->ending != ENDING_REFUSED)
        return not_observed(d);
    if (phase == PHASE_GREETING || phase == PHASE_TLS_GREETING)
        return refuses_greeting(d, greeting);
    if (phase == PHASE_EHLO || phase == PHASE_TLS_EHLO)
        reply = ehlo;
    return refuses_to_talk(d, reply, reply_dsn(d, reply), REASON_HELO_REFUSED);
}

/* The other server is ourselves: it greets with our name on the port where mail loops. */
static bool loops(const struct dialogue *d)
{
    const struct params *params = d->c->service->params;

    return d->c->host->port == SMTP_PORT && params_program(params) == PROGRAM_SMTP && d->seen->ehlo_host != NULL &&
           strcasecmp(d->seen->ehlo_host, params_text(params, "myhostname")) == 0;
}

static struct attempt looped(const struct dialogue *d)
{
    return failed(d, d->c->best ? "5.4.6" : "4.4.6", REASON_LOOPS_BACK,
                  region_printf(d->region, "mail for %s loops back to myself", d->c->delivery));
}

/* What smtp(8) looks at in an EHLO reply before it thinks of TLS or mail. True: the attempt ends here. */
static bool ehlo_settles(const struct dialogue *d, const struct reply *ehlo, struct attempt *attempt)
{
    if (ehlo->code / 100 != 2)
        return false; /* HELO: no keywords, no name */
    if (d->c->discards_starttls == ANSWER_ERROR)
        *attempt = local_data_error(d);
    else if (loops(d))
        *attempt = looped(d);
    else
        return false;
    return true;
}

/* TLS or not */

static bool offers_starttls(const struct host_case *c)
{
    return c->conversation->starttls_offered && c->discards_starttls != ANSWER_YES &&
           c->filter != FILTER_HIDES_STARTTLS;
}

enum reason host_clear_cause(const struct host_case *c)
{
    if (c->policy->level <= LEVEL_NONE)
        return REASON_DELIVERED_IN_CLEAR;
    if (!offers_starttls(c))
        return REASON_STARTTLS_NOT_OFFERED;
    return c->service->engine_error != NULL ? REASON_TLS_ENGINE_UNAVAILABLE : REASON_STARTTLS_REFUSED;
}

static struct attempt sent_in_clear(const struct dialogue *d)
{
    bool wanted = d->c->policy->level <= LEVEL_NONE;

    return sent(d, wanted ? VERDICT_DELIVER : VERDICT_DOWNGRADE, REASON_DELIVERED_IN_CLEAR);
}

/* At may, broken TLS is followed by another session with the same server, in the clear: for mail that has waited, and not
 * where a password would be sent. */
static struct attempt retry_or(const struct dialogue *d, struct attempt failure)
{
    struct dialogue clear = *d;

    if (d->level != LEVEL_MAY || !d->aged || d->c->credentials == ANSWER_YES)
        return failure;
    if (d->c->credentials == ANSWER_UNKNOWN)
        return unknown(d, REASON_TABLE_UNREADABLE);
    if (d->c->credentials == ANSWER_ERROR)
        return local_data_error(d);
    clear.in_tls = false;
    return sent(&clear, VERDICT_DOWNGRADE, REASON_PLAINTEXT_RETRY);
}

static struct attempt handshake_failed(const struct dialogue *d)
{
    return retry_or(d, failed(d, "4.7.5", REASON_TLS_HANDSHAKE_FAILED, "Cannot start TLS: handshake failure"));
}

/* With the protection that the policy asks for? */
static struct attempt sent_in_tls(const struct dialogue *d)
{
    const struct effective *effective = d->c->effective;

    if (d->c->policy->level == LEVEL_DANE && effective->left_aside)
        return sent(d, VERDICT_DOWNGRADE, REASON_TLSA_LEFT_ASIDE);
    if (d->c->policy->level == LEVEL_DANE && (effective->unusable || d->c->certificate->fell_to_encrypt))
        return sent(d, VERDICT_DOWNGRADE, REASON_TLSA_UNUSABLE);
    return sent(d, VERDICT_DELIVER, REASON_DELIVERED);
}

/* The handshake is behind us: certificate, then EHLO (after a greeting in wrapper mode). */
static struct attempt after_handshake(struct dialogue *d)
{
    const struct conversation *seen = d->seen;
    struct attempt attempt;

    d->in_tls = true;
    if (d->c->certificate == NULL || d->c->certificate->reason == REASON_NOT_OBSERVED)
        return unknown(d, REASON_NOT_OBSERVED);
    if (d->c->certificate->fell_to_encrypt)
        d->level = LEVEL_ENCRYPT;
    if (level_needs_match(d->level) && d->c->certificate->reason == REASON_CERTIFICATE_NOT_TRUSTED &&
        d->c->service->ca_file != NULL && d->c->service->ca_file->only_ours)
        return unknown(d, REASON_LOCAL_FAULT);
    if (level_needs_match(d->level) && !d->c->certificate->matched)
        return failed(d, "4.7.5", d->c->certificate->reason, "Server certificate not verified");
    if (seen->ending != ENDING_COMPLETE && seen->phase >= PHASE_TLS_GREETING && seen->phase <= PHASE_TLS_HELO) {
        attempt = stopped(d, &seen->tls_greeting, &seen->tls_ehlo, &seen->tls_helo);
        return broke_off(seen) ? retry_or(d, attempt) : attempt;
    }
    if (seen->ending != ENDING_COMPLETE)
        return not_observed(d);
    if (d->c->profile->wrapper && ehlo_settles(d, &seen->tls_ehlo, &attempt))
        return attempt;
    return sent_in_tls(d);
}

static struct attempt handshake(struct dialogue *d)
{
    if (d->c->profile->no_handshake)
        return handshake_failed(d);
    if (d->seen->established)
        return after_handshake(d);
    if (d->seen->ending == ENDING_TLS_FAILED || (d->seen->phase == PHASE_HANDSHAKE && broke_off(d->seen)))
        return handshake_failed(d);
    return not_observed(d);
}

static struct attempt starttls_refused(const struct dialogue *d)
{
    const struct reply *reply = &d->seen->starttls;
    const char *host = host_name_address(d->region, d->c->host);
    struct attempt attempt;

    if (level_needs_tls(d->level))
        return failed(d, reply_dsn(d, reply), refusal_reason(reply, REASON_STARTTLS_REFUSED),
                      region_printf(d->region, "TLS is required, but host %s refused to start TLS: %s", host,
                                    reply_line(d, reply)));
    if (reply->code != SERVICE_CLOSING)
        return sent_in_clear(d);
    /* It goes on in the clear, but the server has said good-bye. */
    attempt = failed(d, "4.4.2", REASON_STARTTLS_REFUSED,
                     region_printf(d->region, "lost connection with %s while sending MAIL FROM", host));
    attempt.counts_session = true;
    return attempt;
}

/* STARTTLS was sent. */
static struct attempt starttls(struct dialogue *d)
{
    if (d->seen->phase == PHASE_STARTTLS && broke_off(d->seen))
        return lost(d);
    if (d->seen->phase < PHASE_STARTTLS)
        return not_observed(d);
    if (d->seen->starttls.code != 0 && d->seen->starttls.code / 100 != 2)
        return starttls_refused(d);
    return handshake(d);
}

/* After the first EHLO or HELO. */
static struct attempt decide_tls(struct dialogue *d)
{
    bool required = level_needs_tls(d->level);

    if (d->level <= LEVEL_NONE)
        return sent_in_clear(d);
    if (d->c->discards_starttls == ANSWER_UNKNOWN && d->seen->starttls_offered)
        return unknown(d, REASON_TABLE_UNREADABLE);
    if (!offers_starttls(d->c) && required)
        return failed(d, "4.7.4", REASON_STARTTLS_NOT_OFFERED,
                      region_printf(d->region, "TLS is required, but was not offered by host %s",
                                    host_name_address(d->region, d->c->host)));
    if (offers_starttls(d->c) && d->c->service->engine_error == NULL)
        return starttls(d);
    if (required)
        return failed(d, "4.7.5", REASON_TLS_ENGINE_UNAVAILABLE, "TLS is required, but our TLS engine is unavailable");
    return sent_in_clear(d);
}

static struct attempt converse(struct dialogue *d)
{
    const struct conversation *seen = d->seen;
    struct attempt attempt;

    if (d->c->profile->wrapper) {
        if (d->c->service->engine_error != NULL)
            return dies(d, REASON_TLS_ENGINE_UNAVAILABLE,
                        "smtp(8) crashes: wrapper mode without a TLS engine; the mail stays queued");
        return handshake(d);
    }
    if (seen->phase <= PHASE_HELO && seen->ending != ENDING_COMPLETE)
        return stopped(d, &seen->greeting, &seen->ehlo, &seen->helo);
    if (ehlo_settles(d, &seen->ehlo, &attempt))
        return attempt;
    return decide_tls(d);
}

/* From the connection on. */
static struct attempt contact(struct dialogue *d)
{
    d->seen = d->c->conversation;
    if (d->c->host->not_allowed)
        return unknown(d, REASON_ADDRESS_NOT_ALLOWED);
    if (d->seen == NULL || d->c->profile == NULL)
        return unknown(d, REASON_NOT_OBSERVED);
    if (d->seen->phase == PHASE_CONNECT) {
        if (d->seen->ending == ENDING_BIND_FAILED)
            return bind_failed(d);
        if (d->seen->ending == ENDING_CONNECT_FAILED || d->seen->ending == ENDING_CONNECT_TIMEOUT)
            return connect_failed(d);
        return not_observed(d);
    }
    if (d->c->filter == FILTER_CHANGES)
        return unknown(d, REASON_NOT_OBSERVED);
    if (d->c->filter == FILTER_ERROR)
        return local_data_error(d);
    return converse(d);
}

struct attempt host_outcome(struct region *region, const struct host_case *c, bool aged)
{
    const struct effective *effective = c->effective;
    struct dialogue d = { .region = region, .c = c, .aged = aged, .level = effective->level };
    enum reason reason = REASON_POLICY_INVALID;

    if (!c->host->has_address)
        return unknown_code(&d, c->host->unknown);
    if (effective->tlsa.panics)
        return dies(&d, REASON_TLSA_UNUSABLE, "smtp(8) panics over a TLSA record without data; the mail stays queued");
    if (c->policy->kills)
        return dies(&d, REASON_TABLE_ERROR, "smtp(8) dies of the SQL query of a table; the mail stays queued");
    if (effective->level == LEVEL_INVALID && effective->why.dsn != NULL) {
        struct attempt attempt;

        reason_parse(effective->why.reason, &reason);
        attempt = skipped(&d, effective->why.dsn, reason, effective->why.text);
        if (effective->unknown != NULL) {
            attempt.end = ATTEMPT_UNKNOWN;
            attempt.verdict = VERDICT_UNKNOWN;
            reason_parse(effective->unknown, &attempt.forecast.reason);
        }
        return attempt;
    }
    if (effective->unknown != NULL || effective->wanted)
        return unknown_code(&d, effective->unknown != NULL ? effective->unknown : "not-observed");
    if (effective->skipped_silently) {
        reason_parse(effective->skip_reason, &reason);
        return attempt_new(&d, ATTEMPT_SILENT, VERDICT_DEFER, "deferred", "4.3.0", reason,
                           "server unavailable or unable to receive mail");
    }
    return contact(&d);
}
