/* What a next-hop's judgement says of each host. */
#include "scanner/judge/hop.h"

/* A host without an address: what its lookup came to. */
static void report_absent(const struct mail_host *host, struct host_result *out)
{
    out->verdict = VERDICT_UNKNOWN;
    out->reason = REASON_NO_ADDRESS;
    if (host->unknown != NULL) {
        reason_parse(host->unknown, &out->reason);
        return;
    }
    reason_parse(host->why.reason, &out->reason);
    out->dsn = host->why.dsn;
    out->text = host->why.text;
    out->verdict = host->why.dsn != NULL && host->why.dsn[0] == '5' ? VERDICT_BOUNCE : VERDICT_DEFER;
    out->tls = out->relay = "none";
}

static void report_attempt(const struct hop *hop, size_t k, struct host_result *out)
{
    const struct attempt_address *address = &hop->aged[k];
    const struct attempt *attempt = &address->by_policy_of[address->family == 6];
    bool soft = attempt->verdict == VERDICT_BOUNCE && params_bool(hop->service->params, "soft_bounce");

    out->verdict = soft ? VERDICT_DEFER : attempt->verdict;
    if (!hop->reachable[k])
        out->verdict = VERDICT_NOT_TRIED;
    out->reason = attempt->forecast.reason;
    out->dsn = attempt->forecast.dsn;
    out->tls = attempt->forecast.tls;
    out->text = attempt->forecast.text;
    out->relay = attempt->forecast.relay;
}

void hop_report(const struct hop *hop, struct hop_result *result)
{
    for (size_t i = 0; i < result->host_count; i++) {
        struct host_result *out = &result->hosts[i];
        const struct host_case *c = &hop->cases[i];

        out->host = c->host;
        out->policy = c->policy;
        out->effective = c->effective;
        out->profile = c->profile;
        out->conversation = c->conversation;
        out->certificate = c->certificate;
        if (!c->host->has_address)
            report_absent(c->host, out);
    }
    for (size_t k = 0; k < hop->count; k++)
        if (hop->mail_hosts.hosts[hop->places[k]].has_address)
            report_attempt(hop, k, &result->hosts[hop->places[k]]);
}
