#include "scanner/policy/services.h"

#include "scanner/base/names.h"

/* services(5) compares with regard to case, aliases included. */
static const struct name system_services[] = {
    { 1, "tcpmux" },    { 7, "echo" },    { 9, "discard" },   { 13, "daytime" },      { 19, "chargen" },
    { 20, "ftp-data" }, { 21, "ftp" },    { 22, "ssh" },      { 23, "telnet" },       { 25, "smtp" },
    { 25, "mail" },     { 37, "time" },   { 43, "whois" },    { 53, "domain" },       { 79, "finger" },
    { 80, "http" },     { 80, "www" },    { 88, "kerberos" }, { 110, "pop3" },        { 110, "pop-3" },
    { 111, "sunrpc" },  { 113, "auth" },  { 119, "nntp" },    { 143, "imap2" },       { 143, "imap" },
    { 209, "qmtp" },    { 389, "ldap" },  { 443, "https" },   { 465, "submissions" }, { 465, "smtps" },
    { 465, "ssmtp" },   { 465, "urd" },   { 563, "nntps" },   { 587, "submission" },  { 628, "qmqp" },
    { 636, "ldaps" },   { 783, "spamd" }, { 993, "imaps" },   { 995, "pop3s" },       { 4190, "sieve" },
    { 0, NULL },
};

static bool is_number(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
    return text.n > 0;
}

static uint16_t to_port(struct slice digits)
{
    unsigned long value;

    return slice_to_number(digits, 65535, &value) ? (uint16_t)value : 0;
}

/* One "name = name = port". The first name given wins in Postfix, later ones are warned about. */
static bool find_in_association(struct slice text, struct slice service, struct slice *port)
{
    size_t last = slice_find_last(text, '=');
    struct slice names = slice_head(text, last), name;

    if (last == text.n)
        return false;
    *port = slice_trim(slice_from_index(text, last + 1));
    if (!is_number(*port))
        return false;
    while (slice_next_token(&names, "=", &name))
        if (slice_eq(slice_trim(name), service))
            return true;
    return false;
}

static bool find_known(struct slice list, struct slice service, struct slice *port)
{
    struct slice association;

    while (slice_next_token(&list, ",", &association))
        if (find_in_association(association, service, port))
            return true;
    return false;
}

bool service_port(struct slice service, const struct params *params, uint16_t *port)
{
    struct slice digits = service;
    int code;

    *port = 0;
    if (!is_number(service) && (!version_at_least(params_version(params), 3, 6, 0) ||
                                !find_known(slice_of(params_text(params, "known_tcp_ports")), service, &digits))) {
        if (!name_code_exact(system_services, service, &code))
            return false;
        *port = (uint16_t)code;
        return true;
    }
    *port = to_port(digits);
    return true;
}
