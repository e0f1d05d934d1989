/* resolv.conf as a stub resolver reads it. */
#include "scanner/resolv_conf.h"

#include "tests/lib/check.h"

static const struct {
    const char *text;
    size_t      count;
    const char *first;
    unsigned    timeout, attempts;
    bool        trust_ad, by_default;
} rows[] = {
    { "", 1, "127.0.0.1", 5, 2, false, true },
    { "nameserver 192.0.2.1\n", 1, "192.0.2.1", 5, 2, false, false },
    { "nameserver 192.0.2.1", 1, "192.0.2.1", 5, 2, false, false },
    { "nameserver\t2001:db8::1 # words\r\n", 1, "2001:db8::1", 5, 2, false, false },
    { " nameserver 192.0.2.1\n", 1, "127.0.0.1", 5, 2, false, true },
    { "nameservers 192.0.2.1\n", 1, "127.0.0.1", 5, 2, false, true },
    { "#nameserver 192.0.2.1\n;nameserver 192.0.2.2\n", 1, "127.0.0.1", 5, 2, false, true },
    { "nameserver nonsense\nnameserver 192.0.2.1\n", 1, "192.0.2.1", 5, 2, false, false },
    { "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n", 3, "192.0.2.1", 5, 2, false, false },
    { "nameserver fe80::1%7\n", 1, "fe80::1", 5, 2, false, false },
    { "nameserver fe80::1%no-such-interface-here\n", 1, "127.0.0.1", 5, 2, false, true },
    { "options timeout:3 attempts:4 trust-ad edns0\n", 1, "127.0.0.1", 3, 4, true, true },
    { "options timeout:99 attempts:99\n", 1, "127.0.0.1", 30, 5, false, true },
    { "options timeout:0 attempts:x\n", 1, "127.0.0.1", 1, 2, false, true },
    { "options trust-ad\noptions rotate\n", 1, "127.0.0.1", 5, 2, true, true },
};

int main(void)
{
    struct resolv_conf conf;
    char address[ADDRESS_TEXT_MAX];
    struct error err;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        resolv_conf_parse(slice_of(rows[i].text), &conf);
        address_to_text(&conf.dns.resolvers[0].address, address);
        is_int(conf.dns.count, rows[i].count, "'%s': servers", rows[i].text);
        is_text(address, rows[i].first, "'%s': the first", rows[i].text);
        is_int(conf.dns.resolvers[0].port, 53, "'%s': port", rows[i].text);
        is_int(conf.dns.timeout, rows[i].timeout, "'%s': timeout", rows[i].text);
        is_int(conf.dns.attempts, rows[i].attempts, "'%s': attempts", rows[i].text);
        is_int(conf.trust_ad, rows[i].trust_ad, "'%s': trust-ad", rows[i].text);
        is_int(conf.by_default, rows[i].by_default, "'%s': by default", rows[i].text);
    }
    resolv_conf_parse(SLICE("nameserver fe80::1%7\n"), &conf);
    is_int(conf.dns.resolvers[0].scope, 7, "the scope of a link-local address");
    check_ok(resolv_conf_read("/no/such/file", &conf, &err) && conf.by_default, "a missing file is as an empty one");
    check_ok(!resolv_conf_read("/", &conf, &err), "one that cannot be read is an error: %s", err.text);
    return check_done();
}
