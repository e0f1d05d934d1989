#include "scanner/policy/nexthop.h"

#include <sysexits.h>

#include "scanner/base/address.h"
#include "scanner/base/hostname.h"
#include "scanner/policy/services.h"

#define SEPARATORS  ", \t\r\n"
#define IPV6_PREFIX SLICE("IPv6:")

/* What host_port() of Postfix makes of the text. */
struct host_port {
    struct slice host, service; /* service empty: not given */
    bool literal;
};

size_t nexthop_split(struct region *region, struct slice text, struct version version, struct slice *parts, size_t max)
{
    struct slice part;
    size_t count = 0;

    if (!version_at_least(version, 3, 5, 0)) {
        if (text.n == 0 || max == 0)
            return 0;
        parts[0] = slice_of(region_slice(region, text));
        return 1;
    }
    while (count < max && slice_next_token(&text, SEPARATORS, &part))
        parts[count++] = slice_of(region_slice(region, part));
    return count;
}

static bool is_address(struct slice text, enum address_family family)
{
    struct address address;

    return address_parse(&address, text) && (family == FAMILY_NONE || address.family == family);
}

static bool starts_with_nocase(struct slice text, struct slice prefix)
{
    return text.n >= prefix.n && slice_eq_nocase(slice_head(text, prefix.n), prefix);
}

/* "[host]:service", "[IPv6:address]". Gives Postfix's words for what is wrong, or NULL. */
static const char *split_bracketed(struct slice text, struct host_port *out)
{
    struct slice inner = slice_from_index(text, 1), after;
    bool ipv6 = starts_with_nocase(inner, IPV6_PREFIX);
    size_t end;

    if (ipv6)
        inner = slice_from_index(inner, IPV6_PREFIX.n);
    end = slice_find(inner, ']');
    if (end == inner.n)
        return "missing \"]\"";
    out->literal = true;
    out->host = slice_head(inner, end);
    after = slice_from_index(inner, end + 1);
    if (after.n > 0 && after.p[0] != ':')
        return "garbage after \"]\"";
    out->service = slice_from_index(after, 1);
    return ipv6 && !is_address(out->host, FAMILY_IPV6) ? "malformed IPv6 address" : NULL;
}

/* "host:service", split at the last colon. */
static const char *split_plain(struct slice text, struct host_port *out)
{
    size_t colon = slice_find_last(text, ':');

    out->literal = false;
    out->host = slice_head(text, colon);
    out->service = slice_from_index(text, colon + 1);
    return out->host.n == 0 ? "missing host information" : NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool all_digits(struct slice text)
{
    size_t i = 0;

    while (i < text.n && is_digit(text.p[i]))
        i++;
    return i == text.n;
}

static const char *split_host_port(struct slice text, bool utf8, struct host_port *out)
{
    bool bracketed = text.n > 0 && text.p[0] == '[';
    const char *wrong = bracketed ? split_bracketed(text, out) : split_plain(text, out);

    if (wrong != NULL)
        return wrong;
    if (!hostname_is_valid_utf8(out->host, utf8) && !is_address(out->host, FAMILY_NONE))
        return "valid hostname or network address required";
    if (out->service.n > 0 && is_digit(out->service.p[0]) && !all_digits(out->service))
        return "garbage after numerical service";
    return NULL;
}

static const char *to_ascii(struct region *region, const char *host)
{
    char ascii[HOSTNAME_MAX + 1];

    return hostname_to_ascii(slice_of(host), ascii) ? region_text(region, ascii) : host;
}

static bool find_port(struct nexthop *nh, const struct params *params, struct error *err)
{
    if (!service_port(slice_of(nh->service), params, &nh->port)) {
        error_set(err, EX_CONFIG, "unknown service: %s/tcp", nh->service);
        error_fix(err, "name a port number");
        return false;
    }
    if (nh->port == 0) {
        error_set(err, EX_CONFIG, "bad network port: %s for destination: %s", nh->service, nh->text);
        error_fix(err, "ports are 1 to 65535");
        return false;
    }
    return true;
}

static const char *remedy(struct slice part)
{
    if (part.n > 0 && part.p[0] != '[' && is_address(part, FAMILY_IPV6))
        return "write an IPv6 address in brackets";
    if (part.n > 0 && part.p[part.n - 1] == '.')
        return "leave the dot at its end away";
    return "write host, host:port, [host] or [host]:port";
}

static bool parse_inet(struct region *region, struct nexthop *nh, struct slice part, const struct params *params,
                       struct error *err)
{
    struct host_port split;
    const char *wrong = split_host_port(part, params_bool(params, "smtputf8_enable"), &split);

    nh->text = region_slice(region, part);
    if (wrong != NULL) {
        error_set(err, EX_CONFIG, "%s in server description: %s", wrong, nh->text);
        error_fix(err, "%s", remedy(part));
        return false;
    }
    nh->host = region_slice(region, split.host);
    nh->ascii = to_ascii(region, nh->host);
    nh->literal = split.literal;
    nh->service = split.service.n > 0 ? region_slice(region, split.service) : params_text(params, "smtp_tcp_port");
    return find_port(nh, params, err);
}

/* LMTP over a socket of this machine; nothing is looked up, and there is no port. */
static void set_unix(struct region *region, struct nexthop *nh, struct slice path)
{
    nh->is_unix = true;
    nh->literal = true;
    nh->text = nh->host = nh->ascii = region_slice(region, path);
    nh->service = "";
}

bool nexthop_parse(struct region *region, struct nexthop *nh, struct slice part, const struct params *params,
                   struct error *err)
{
    *nh = (struct nexthop){ .text = "", .host = "", .ascii = "", .service = "" };
    if (params_program(params) == PROGRAM_LMTP) {
        if (slice_starts_with(part, SLICE("unix:"))) {
            set_unix(region, nh, slice_from_index(part, 5));
            return true;
        }
        if (slice_starts_with(part, SLICE("inet:")))
            part = slice_from_index(part, 5);
    }
    return parse_inet(region, nh, part, params, err);
}
