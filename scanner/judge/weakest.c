#include "scanner/judge/weakest.h"

#include <string.h>

#include "scanner/judge/host_findings.h"

/* What a sent mail is protected by, least first. */
enum protection { PROTECTION_CLEAR, PROTECTION_TLS, PROTECTION_HALF, PROTECTION_FULL, PROTECTION_NONE_SENT };

static const char *const words[] = {
    [PROTECTION_CLEAR] = "in the clear",
    [PROTECTION_TLS] = "with TLS, but to a server that nobody has authenticated",
    [PROTECTION_HALF] = "to a server that is authenticated, but named by insecure MX records",
    [PROTECTION_FULL] = "to an authenticated server",
};

static enum protection protection_of(const struct host_case *c, const struct attempt *attempt)
{
    const struct certificate_verdict *certificate = c->certificate;

    if (attempt->end != ATTEMPT_SENT)
        return PROTECTION_NONE_SENT;
    if (attempt->forecast.tls == NULL || strcmp(attempt->forecast.tls, "none") == 0)
        return PROTECTION_CLEAR;
    if (!level_needs_match(c->effective->level) || certificate == NULL || !certificate->matched ||
        certificate->fell_to_encrypt)
        return PROTECTION_TLS;
    return c->effective->level == LEVEL_HALF_DANE ? PROTECTION_HALF : PROTECTION_FULL;
}

/* Of attempt number k. Where the first address that is tried decides the host's policy, whoever blocks the others chooses. */
static enum protection least_at(const struct hop *hop, size_t k)
{
    const struct attempt_address *address = &hop->aged[k];
    int own = address->family == 6;
    const struct host_case *crossed = hop->crossed[hop->places[k]];
    enum protection least = protection_of(&hop->cases[hop->places[k]], &address->by_policy_of[own]);

    if (crossed != NULL && protection_of(crossed, &address->by_policy_of[!own]) < least)
        least = protection_of(crossed, &address->by_policy_of[!own]);
    return least;
}

static enum protection protection_of_forecast(const struct inquiry *inquiry)
{
    const struct hop *hop = &inquiry->chain->hops[inquiry->end->hop];

    for (size_t k = 0; k < hop->count && strcmp(inquiry->result->forecast.status, "sent") == 0; k++)
        if (hop->places[k] == inquiry->end->place)
            return protection_of(&hop->cases[hop->places[k]], &hop->aged[k].by_policy_of[hop->aged[k].family == 6]);
    return PROTECTION_NONE_SENT;
}

/* Whether the list of the hop ends the delivery whatever its hosts do. */
static bool is_end(const struct hop *hop)
{
    return hop->count == 0 && hop->aged_ends.count > 0 && hop->aged_ends.outcomes[0].settled;
}

void weakest_tell(const struct inquiry *inquiry)
{
    enum protection now = protection_of_forecast(inquiry), least = now;
    const struct mail_host *weakest = NULL;

    if (now == PROTECTION_NONE_SENT)
        return;
    /* Fallback relays are the reader's own. */
    for (size_t i = 0; i < inquiry->chain->count; i++) {
        const struct hop *hop = &inquiry->chain->hops[i];

        if (hop->fallback || is_end(hop))
            break;
        for (size_t k = 0; k < hop->count; k++) {
            if (!hop->reachable[k] || least_at(hop, k) >= least)
                continue;
            least = least_at(hop, k);
            weakest = hop->cases[hop->places[k]].host;
        }
    }
    if (weakest != NULL)
        finding_add_once(inquiry, finding_word(FINDING_WEAKEST_HOST), finding_severity(FINDING_WEAKEST_HOST),
                         weakest->ascii, NULL, 0,
                         region_printf(inquiry->region, "whoever makes the better hosts unreachable can steer mail to this "
                                       "one, where it goes %s; now it goes %s", words[least], words[now]));
}
