#include "scanner/policy/destination.h"

#include <string.h>
#include <sysexits.h>

#include "scanner/base/names.h"

/* Longer than any address or list of next-hops that Postfix itself would take from a table line in practice. */
#define TEXT_MAX 4096

#define DOMAIN_IS_FOR "postmaster@"

/* Services of every master.cf, so that they can be asked about without one. */
static const struct name usual_services[] = {
    { 1, "smtp" }, { 1, "lmtp" }, { 1, "relay" }, { 1, "error" }, { 1, "retry" }, { 1, "discard" }, { 0, NULL },
};

/* Services whose next-hop is a text, which may be empty. */
static const struct name text_services[] = { { 1, "error" }, { 1, "retry" }, { 1, "discard" }, { 0, NULL } };

static bool fail(struct error *err, struct slice text, const char *wrong)
{
    error_set(err, EX_USAGE, "\"%.*s\" is no destination: %s", (int)(text.n < 200 ? text.n : 200), text.p, wrong);
    error_fix(err, "write example.org, user@example.org, [host], [host]:port, host:port or transport:next-hop");
    return false;
}

static bool has_control(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
            return true;
    return false;
}

static bool is_digits(struct slice text)
{
    unsigned long value;

    return slice_to_number(text, 999999999, &value);
}

/* The first ':' outside brackets; text.n when there is none. */
static size_t find_colon(struct slice text)
{
    int depth = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '[')
            depth++;
        else if (text.p[i] == ']')
            depth -= depth > 0;
        else if (text.p[i] == ':' && depth == 0)
            return i;
    }
    return text.n;
}

static bool is_service(struct region *region, struct slice name, const struct config *config)
{
    int code;

    return name.n > 0 &&
           (name_code_exact(usual_services, name, &code) || config_service(config, region_slice(region, name)) != NULL);
}

static bool parse_transport(struct region *region, struct destination *destination, struct slice text, size_t colon,
                            struct error *err)
{
    struct slice transport = slice_head(text, colon), nexthop = slice_from_index(text, colon + 1);
    int          code;

    if (nexthop.n == 0 && !name_code_exact(text_services, transport, &code))
        return fail(err, text, "the next-hop is missing");
    destination->form = DESTINATION_TRANSPORT;
    destination->transport = region_slice(region, transport);
    destination->nexthop = region_slice(region, nexthop);
    destination->text = region_slice(region, text);
    return true;
}

/* Only the domain is checked here, for white space: what else is wrong with an address Postfix says itself. */
static bool parse_address(struct region *region, struct destination *destination, struct slice text, struct error *err)
{
    size_t at = slice_find_last(text, '@');
    struct slice domain = at == text.n ? text : slice_from_index(text, at + 1);

    if (domain.n == 0)
        return fail(err, text, "the domain is missing");
    if (at == 0)
        return fail(err, text, "the part before the @ is missing");
    if (slice_find(domain, ' ') < domain.n || slice_find(domain, ',') < domain.n)
        return fail(err, text, "a domain has no spaces or commas");
    destination->form = DESTINATION_ADDRESS;
    /* There may be a million: the domain is the end of the address. */
    destination->address = at < text.n ? region_slice(region, text)
                                       : region_printf(region, DOMAIN_IS_FOR "%.*s", (int)text.n, text.p);
    destination->text = destination->address + (at < text.n ? 0 : strlen(DOMAIN_IS_FOR));
    return true;
}

static void set_nexthop(struct region *region, struct destination *destination, struct slice text)
{
    destination->form = DESTINATION_NEXTHOP;
    destination->text = destination->nexthop = region_slice(region, text);
}

bool destination_parse(struct region *region, struct destination *destination, struct slice text,
                       const struct config *config, struct error *err)
{
    size_t colon;

    *destination = (struct destination){ .form = DESTINATION_ADDRESS };
    text = slice_trim(text);
    if (text.n == 0)
        return fail(err, text, "it is empty");
    if (text.n > TEXT_MAX)
        return fail(err, text, "it is too long");
    if (has_control(text))
        return fail(err, text, "it has control characters");
    colon = find_colon(text);
    if (colon < text.n && is_service(region, slice_head(text, colon), config) &&
        !is_digits(slice_from_index(text, colon + 1)))
        return parse_transport(region, destination, text, colon, err);
    if (slice_find(text, '@') < text.n)
        return parse_address(region, destination, text, err);
    if (text.p[0] == '[' || colon < text.n) {
        set_nexthop(region, destination, text);
        return true;
    }
    return parse_address(region, destination, text, err);
}
