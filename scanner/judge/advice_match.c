/* What stands in match=, and who shows it. */
#include <string.h>
#include <strings.h>

#include "scanner/base/utc.h"
#include "scanner/judge/advice_impl.h"
#include "scanner/judge/fingerprint.h"
#include "scanner/judge/pkix.h"

/* Longer lists were not written by hand. */
#define ITEMS_MAX 32

#define DAY 86400

/* The list without item number left_out. */
static const char *list_without(struct region *region, const struct text_list *list, size_t left_out, const char *separator)
{
    const char *text = "";

    for (size_t i = 0; i < list->count; i++)
        if (i != left_out)
            text = region_printf(region, "%s%s%s", text, text[0] != '\0' ? separator : "", list->items[i]);
    return text;
}

/* Names */

static bool is_keyword(const char *name)
{
    return strcmp(name, "hostname") == 0 || strcmp(name, "nexthop") == 0 || strcmp(name, "dot-nexthop") == 0;
}

/* Does a host have a certificate with that name? True too where it cannot be told. */
static bool is_shown(struct advising *a, const char *name)
{
    const char   *value = advice_value(a, a->policy->level, name);
    struct result tried;

    if (value == NULL || advice_try(a, value, a->policy->level, &tried) != TRIAL_UNSAFE || tried.hop_count != 1)
        return true;
    for (size_t i = 0; i < tried.hops[0].host_count; i++) {
        const struct host_result *host = &tried.hops[0].hosts[i];

        if (host->certificate == NULL || host->certificate->matched)
            return true;
    }
    return false;
}

void advice_names(struct advising *a)
{
    const struct text_list *list = a->policy->match;

    if (!level_is_pkix(a->policy->level) || list == NULL || list->count < 2 || list->count > ITEMS_MAX ||
        a->policy->sts.type_sts)
        return;
    for (size_t i = 0; i < list->count; i++) {
        const char   *value;
        struct result tried;

        if (is_keyword(list->items[i]) || is_shown(a, list->items[i]))
            continue;
        value = advice_value(a, a->policy->level, list_without(a->region, list, i, ":"));
        if (value != NULL && advice_try(a, value, a->policy->level, &tried) == TRIAL_SAFE)
            advice_add(a, FINDING_NAME_UNUSED, value,
                       region_printf(a->region, "no host has a certificate with the name %s", list->items[i]));
    }
}

/* Fingerprints */

/* The digest of a host's certificate, or of its key, in the form of the list. */
static const char *digest_of(struct region *region, X509 *leaf, bool of_key, const char *digest)
{
    char  *text = (char *)fingerprint_text(region, leaf, of_key, digest), *to = text;
    size_t i;

    for (i = 0; text[i] != '\0'; i++)
        if (text[i] != ':')
            *to++ = text[i];
    *to = '\0';
    return text;
}

/* What one host shows. */
struct shown {
    const char *certificate, *key;   /* NULL: nothing was seen */
    int64_t     not_after;
};

static struct shown look_at(struct advising *a, const struct host_result *host)
{
    const struct conversation *seen = host->conversation;
    struct shown      shown = { NULL, NULL, INT64_MAX };
    struct pkix_chain chain;

    if (seen == NULL || !seen->established || seen->certificate_count == 0 || host->match == NULL)
        return shown;
    pkix_chain_read(&chain, seen, a->input->view->facts);
    if (chain.leaf != NULL && pkix_time(X509_get0_notAfter(chain.leaf), &shown.not_after)) {
        shown.certificate = digest_of(a->region, chain.leaf, false, host->match->digest);
        shown.key = digest_of(a->region, chain.leaf, true, host->match->digest);
    }
    pkix_chain_clear(&chain);
    return shown;
}

/* Of one host that has several addresses. */
struct tally {
    const char *name;
    size_t      with, all;
};

static const char *tally_text(struct region *region, const char *before, const struct tally *tally)
{
    const char *comma = before[0] != '\0' ? ", " : "";

    if (tally->with == 0)
        return before;
    if (tally->with == tally->all)
        return region_printf(region, "%s%s%s", before, comma, tally->name);
    return region_printf(region, "%s%s%s (%zu of %zu addresses)", before, comma, tally->name, tally->with, tally->all);
}

/* Which hosts show the fingerprint: they lie by name. */
static void find_hosts(struct advising *a, struct pin *pin, const struct shown *shown)
{
    struct tally tally = { "", 0, 0 };

    pin->hosts = "";
    for (size_t i = 0; i < a->hop->host_count; i++) {
        const char *name = a->hop->hosts[i].host->host;
        bool certificate = shown[i].certificate != NULL && strcmp(shown[i].certificate, pin->digits) == 0;
        bool key = shown[i].key != NULL && strcmp(shown[i].key, pin->digits) == 0;

        if (strcmp(name, tally.name) != 0) {
            pin->hosts = tally_text(a->region, pin->hosts, &tally);
            tally = (struct tally){ name, 0, 0 };
        }
        tally.all++;
        tally.with += certificate || key;
        pin->of_certificate |= certificate;
        pin->of_key |= key;
        if ((certificate || key) && shown[i].not_after < pin->not_after)
            pin->not_after = shown[i].not_after;
    }
    pin->hosts = tally_text(a->region, pin->hosts, &tally);
}

static const struct match *match_of(const struct advising *a)
{
    return a->hop->host_count > 0 ? a->hop->hosts[0].match : NULL;
}

/* "AB:CD:...", as people write it. */
static const char *with_colons(struct region *region, const char *text)
{
    size_t n = strlen(text), k = 0;
    char  *copy = region_alloc(region, n + n / 2 + 1);

    for (size_t i = 0; i < n; i++) {
        if (i > 0 && i % 2 == 0)
            copy[k++] = ':';
        copy[k++] = text[i];
    }
    return copy;
}

/* "ends on 2026-11-28" */
static const char *ends_text(struct region *region, int64_t moment, int64_t when)
{
    char text[UTC_TEXT_MAX];

    utc_to_text(moment, text);
    return region_printf(region, "%s on %.*s", moment < when ? "ended" : "ends", (int)strcspn(text, "T"), text);
}

/* A certificate is pinned, its key is not, and nothing else in the list waits for the next one: the line with the key too. */
static void advise_key(struct advising *a, const struct pin *pin, const struct shown *shown)
{
    const char   *list = list_without(a->region, a->policy->match, SIZE_MAX, "|"), *value;
    int64_t       horizon = a->input->when + (int64_t)a->input->horizon_days * DAY;
    struct result tried;

    for (size_t i = 0; i < a->hop->host_count; i++) {
        const char *key = shown[i].certificate != NULL && strcmp(shown[i].certificate, pin->digits) == 0
                              ? with_colons(a->region, shown[i].key) : NULL;

        if (key != NULL && strstr(list, key) == NULL)
            list = region_printf(a->region, "%s|%s", list, key);
    }
    value = advice_value(a, LEVEL_FINGERPRINT, list);
    if (value != NULL && advice_try(a, value, LEVEL_FINGERPRINT, &tried) == TRIAL_SAFE)
        advice_add(a, FINDING_FINGERPRINT_ENDS, value,
                   region_printf(a->region, "the pinned certificate of %s %s: with the fingerprint of its key too, a "
                                            "renewal that keeps the key does no harm", pin->hosts,
                                 ends_text(a->region, pin->not_after, a->input->when)))->later = pin->not_after > horizon;
}

/* Is that what the judgement made of the item as written? */
static bool is_item(const char *item, const char *digest)
{
    for (; *item != '\0'; item++)
        if (*item != ':' && (*digest == '\0' || strncasecmp(item, digest++, 1) != 0))
            return false;
    return *digest == '\0';
}

/* Of a key that is gone, or of one to come: the reader knows. */
static void advise_unused(struct advising *a, const struct pin *pin)
{
    const struct text_list *list = a->policy->match;
    struct result           tried;

    for (size_t i = 0; list->count > 1 && i < list->count; i++) {
        const char *value;

        if (!is_item(list->items[i], pin->digits))
            continue;
        value = advice_value(a, LEVEL_FINGERPRINT, list_without(a->region, list, i, "|"));
        if (value != NULL && advice_try(a, value, LEVEL_FINGERPRINT, &tried) == TRIAL_SAFE)
            advice_add(a, FINDING_FINGERPRINT_UNUSED, value,
                       region_printf(a->region, "no host shows the fingerprint %.20s...: unless its key is still to come, it can "
                                                "go", list->items[i]))->pin = pin;
        return;
    }
}

static bool is_waiting(const struct pin *pins)
{
    for (; pins != NULL; pins = pins->next)
        if (pins->of_key || pins->hosts[0] == '\0')
            return true;
    return false;
}

static void advise_each(struct advising *a, const struct shown *shown)
{
    bool waiting = is_waiting(a->found->pins);

    if (a->policy->match == NULL || a->result->verdict != VERDICT_DELIVER || !a->result->certain)
        return;
    for (const struct pin *pin = a->found->pins; pin != NULL; pin = pin->next) {
        if (pin->hosts[0] == '\0')
            advise_unused(a, pin);
        else if (!waiting && pin->of_certificate)
            advise_key(a, pin, shown);
    }
}

void advice_pins(struct advising *a)
{
    const struct match *match = match_of(a);
    struct shown       *shown;

    if (a->policy->level != LEVEL_FINGERPRINT || match == NULL || match->digests.count > ITEMS_MAX)
        return;
    shown = region_array(a->region, a->hop->host_count, sizeof(*shown));
    for (size_t i = 0; i < a->hop->host_count; i++)
        shown[i] = look_at(a, &a->hop->hosts[i]);
    for (size_t i = 0; i < match->digests.count; i++) {
        struct pin *pin = region_alloc(a->region, sizeof(*pin));

        *pin = (struct pin){ .key = a->hop->nexthop->text, .text = with_colons(a->region, match->digests.items[i]),
                             .digits = match->digests.items[i], .not_after = INT64_MAX };
        find_hosts(a, pin, shown);
        *a->last_pin = pin;
        a->last_pin = &pin->next;
    }
    advise_each(a, shown);
}
