/* Recipients and next-hops to transports: trivial-rewrite(8), then the queue manager. */
#include "scanner/policy/route.h"

#include <stdio.h>
#include <string.h>

#include "scanner/base/json.h"
#include "tests/lib/check.h"
#include "tests/policy/fixture.h"

static const struct memory_file files[] = {
    { "/t/transport",
      "full@example.com smtp:[full]\n"
      "plus+ext@example.com smtp:[plus]\n"
      "bare@example.com smtp:[bare]\n"
      "example.com smtp:[gw.example.com]:26\n"
      ".example.com smtp:[sub]\n"
      "example.net :[hop]\n"
      "example.org relay:\n"
      "noop.example :\n"
      "word.example relay\n"
      "gone.example error:5.7.1 this domain is gone\n"
      "gone2.example error:\n"
      "gone3.example error:no such place\n"
      "gone4.example error:4.7.1 odd code\n"
      "later.example retry:4.4.1 not now\n"
      "later2.example retry:not now\n"
      "later3.example retry\n"
      "hole.example discard:silently\n"
      "hole2.example discard:\n"
      "pipe.example local:\n"
      "nowhere.example nosuch:x\n"
      "lists.example smtp:[a], [b]\n"
      "wrong.example wrong:x\n"
      "b\xc3\xbc.example smtp:[idn]\n",
      TABLE_LOAD_OK },
    { "/t/star", "* smtp:[star]\nexample.com smtp:[domain]\n", TABLE_LOAD_OK },
    { "/t/regexp", "/^\\*$/ smtp:[wild]\n/^user@pat\\.example$/ smtp:[address]\n/^pat2\\.example$/ smtp:[never]\n",
      TABLE_LOAD_OK },
    { "/t/negated", "!/@example\\.com$/ smtp:[other]\n", TABLE_LOAD_OK },
    { "/t/captures", "/@(.*)$/ smtp:[$1]\n", TABLE_LOAD_OK },
    { "/t/relay", "relay.example x\n.dot.example x\nparent.example x\n", TABLE_LOAD_OK },
    { "/t/sender",
      "user@sender.example [by-address]\n"
      "@at.example [by-domain]\n"
      "<> [by-null]\n"
      "dunno@sender.example DUNNO\n"
      "root [by-local]\n",
      TABLE_LOAD_OK },
    { "/t/sendertrans",
      "user@sender.example smtp:[by-transport]:26\n"
      "relay@sender.example relay:\n"
      "dunno@sender.example DUNNO\n",
      TABLE_LOAD_OK },
    { NULL, NULL, TABLE_LOAD_OK },
};

#define BASE "mydestination = here.example, localhost\nmyhostname = mail.here.example\n"
#define TRANSPORT BASE "transport_maps = texthash:/t/transport\n"
#define SENDER BASE "myorigin = here.example\nsender_dependent_relayhost_maps = texthash:/t/sender\n" \
                    "sender_dependent_default_transport_maps = texthash:/t/sendertrans\n"
#define RELAYHOST "relayhost = [relay.host]\n"

static const struct {
    const char *main_cf, *text, *sender, *result;
} rows[] = {
    /* Classes. */
    { BASE, "example.com", NULL, "default smtp:example.com" },
    { BASE, "user@Example.COM", NULL, "default smtp:Example.COM" },
    { BASE, "user@example.com.", NULL, "default smtp:example.com" },
    { BASE, "user@here.example", NULL, "local other local:mail.here.example" },
    { BASE, "user@HERE.example", NULL, "local other local:mail.here.example" },
    { BASE, "user@sub.here.example", NULL, "relay relay:sub.here.example" }, /* relay_domains = $mydestination */
    { BASE "compatibility_level = 2\n", "user@sub.here.example", NULL, "default smtp:sub.here.example" },
    { BASE "local_transport = lmtp:unix:/run/lmtp\n", "user@here.example", NULL, "local lmtp:unix:/run/lmtp" },
    { BASE "local_transport = lmtp\n", "user@here.example", NULL, "local lmtp:here.example" },
    { BASE, "user@[198.51.100.25]", NULL, "local other local:mail.here.example" },
    { BASE, "user@[IPv6:2001:db8::25]", NULL, "local other local:mail.here.example" },
    { BASE, "user@[192.0.2.1]", NULL, "default smtp:[192.0.2.1]" },
    { BASE, "user@[IPv6:2001:db8::1]", NULL, "default smtp:[IPv6:2001:db8::1]" },
    { BASE, "user@[2001:db8::1]", NULL, "bounced 5.1.3 bad address syntax" },
    { BASE, "user@[192.0.2.1]x", NULL, "bounced 5.1.3 bad address syntax" },
    { BASE, "user@192.0.2.1", NULL, "bounced 5.1.3 bad address syntax" },
    { BASE "resolve_numeric_domain = yes\n", "user@192.0.2.1", NULL, "default smtp:[192.0.2.1]" },
    { BASE "resolve_numeric_domain = yes\n", "user@198.51.100.25", NULL, "local other local:mail.here.example" },
    { BASE, "user@a..b", NULL, "bounced 5.1.3 bad address syntax" },
    { BASE, "user@example.com..", NULL, "bounced 5.1.3 bad address syntax" },
    { BASE, "user@-a.example", NULL, "bounced 5.1.3 bad address syntax" },
    { BASE, "-user@example.com", NULL, "bounced 5.1.3 bad address syntax" },
    { BASE "transport_maps = fail:x\n", "-user@example.com", NULL, "table error" },
    { BASE "allow_min_user = yes\n", "-user@example.com", NULL, "default smtp:example.com" },
    { BASE "soft_bounce = yes\n", "user@a..b", NULL, "deferred 4.1.3 bad address syntax" },
    { BASE "virtual_alias_domains = alias.example\n", "a@alias.example", NULL,
      "virtual alias bounced 5.1.1 User unknown in virtual alias table" },
    { BASE "virtual_alias_domains = alias.example\nshow_user_unknown_table_name = no\n", "a@alias.example", NULL,
      "virtual alias bounced 5.1.1 User unknown" },
    { BASE "virtual_alias_domains = alias.example\ntransport_maps = static:smtp:[x]\n", "a@alias.example", NULL,
      "virtual alias bounced 5.1.1 User unknown in virtual alias table" },
    { BASE "virtual_mailbox_domains = box.example\n", "a@box.example", NULL,
      "virtual mailbox other virtual:box.example" },
    { BASE "virtual_mailbox_domains = box.example\nvirtual_transport = lmtp:inet:127.0.0.1:24\n", "a@box.example", NULL,
      "virtual mailbox lmtp:inet:127.0.0.1:24" },
    { BASE RELAYHOST "virtual_mailbox_domains = box.example\nvirtual_transport = lmtp\n", "a@box.example", NULL,
      "virtual mailbox lmtp:box.example" },
    { BASE "mydestination = !no.example, static:x\n", "a@no.example", NULL, "default smtp:no.example" },
    { BASE "mydestination = !no.example, static:x\n", "a@yes.example", NULL, "local other local:mail.here.example" },
    { BASE "mydestination = /t/list, last.example\n", "a@listed.example", NULL, "local other local:mail.here.example" },
    { BASE "mydestination = !/t/list, static:x\n", "a@listed.example", NULL, "default smtp:listed.example" },
    { BASE "mydestination = /t/list, last.example\n", "a@last.example", NULL, "local other local:mail.here.example" },
    { BASE "mydestination = /t/unlisted\n", "a@last.example", NULL, "table error" },
    { BASE "mydestination = /t/wanted\n", "a@last.example", NULL, "wants" },
    { BASE "mydestination = fail:x\n", "a@last.example", NULL, "table error" },
    { BASE "mydestination = last.example fail:x\n", "a@last.example", NULL, "local other local:mail.here.example" },
    /* relay_domains: parents too. */
    { BASE "relay_domains = relay.example\n", "a@relay.example", NULL, "relay relay:relay.example" },
    { BASE "relay_domains = relay.example\n", "a@sub.relay.example", NULL, "relay relay:sub.relay.example" },
    { BASE "relay_domains = relay.example\n", "a@subrelay.example", NULL, "default smtp:subrelay.example" },
    { BASE "relay_domains = relay.example\nparent_domain_matches_subdomains =\n", "a@sub.relay.example", NULL,
      "default smtp:sub.relay.example" },
    { BASE "relay_domains = .relay.example\nparent_domain_matches_subdomains =\n", "a@sub.relay.example", NULL,
      "relay relay:sub.relay.example" },
    { BASE "relay_domains = .relay.example\n", "a@relay.example", NULL, "default smtp:relay.example" },
    { BASE "relay_domains = !no.relay.example relay.example\n", "a@no.relay.example", NULL,
      "default smtp:no.relay.example" },
    { BASE "relay_domains = texthash:/t/relay\n", "a@x.parent.example", NULL, "relay relay:x.parent.example" },
    { BASE "relay_domains = texthash:/t/relay\n", "a@x.dot.example", NULL, "default smtp:x.dot.example" },
    { BASE "relay_domains = texthash:/t/relay\nparent_domain_matches_subdomains =\n", "a@x.dot.example", NULL,
      "relay relay:x.dot.example" },
    { BASE "relay_domains = texthash:/t/relay\nparent_domain_matches_subdomains =\n", "a@x.parent.example", NULL,
      "default smtp:x.parent.example" },
    /* Next-hops by parameters. */
    { BASE RELAYHOST, "a@example.com", NULL, "default smtp:[relay.host] relayhost" },
    { BASE RELAYHOST "relay_domains = relay.example\n", "a@relay.example", NULL, "relay relay:[relay.host] relayhost" },
    { BASE RELAYHOST "default_transport = smtp:[gw]:26\n", "a@example.com", NULL, "default smtp:[gw]:26" },
    { BASE RELAYHOST "relay_domains = relay.example\nrelay_transport = relay:[inner]\n", "a@relay.example", NULL,
      "relay relay:[inner]" },
    { BASE RELAYHOST "default_transport = lmtp\n", "a@example.com", NULL, "default lmtp:[relay.host]" },
    { BASE "relayhost = [a], [b]\n", "a@example.com", NULL, "default smtp:[a], [b]" },
    { BASE "default_transport = error:5.9.9 no mail leaves\n", "a@example.com", NULL,
      "default bounced 5.9.9 no mail leaves" },
    { BASE "default_transport = error\n", "a@example.com", NULL, "default bounced 5.0.0 example.com" },
    { BASE "default_transport = nosuch:x\n", "a@example.com", NULL,
      "default missing deferred 4.3.0 mail transport unavailable" },
    { BASE "defer_transports = relay, smtp\n", "a@example.com", NULL, "default deferred 4.3.2 deferred transport" },
    /* transport_maps. */
    { TRANSPORT, "full@example.com", NULL, "default smtp:[full]" },
    { TRANSPORT, "FULL@EXAMPLE.com", NULL, "default smtp:[full]" },
    { TRANSPORT, "other@example.com", NULL, "default smtp:[gw.example.com]:26" },
    { TRANSPORT, "other@a.b.example.com", NULL, "default smtp:[sub]" },
    { TRANSPORT "parent_domain_matches_subdomains = transport_maps\n", "other@a.b.example.com", NULL,
      "default smtp:[gw.example.com]:26" },
    { TRANSPORT "recipient_delimiter = +\n", "plus+ext@example.com", NULL, "default smtp:[plus]" },
    { TRANSPORT "recipient_delimiter = +\n", "bare+ext@example.com", NULL, "default smtp:[bare]" },
    { TRANSPORT "recipient_delimiter = -+\n", "bare-ext@example.com", NULL, "default smtp:[bare]" },
    { TRANSPORT, "bare+ext@example.com", NULL, "default smtp:[gw.example.com]:26" },
    { TRANSPORT "recipient_delimiter = +\n", "postmaster@example.com", NULL, "default smtp:[gw.example.com]:26" },
    { TRANSPORT RELAYHOST, "a@example.net", NULL, "default smtp:[hop]" },
    { TRANSPORT RELAYHOST, "a@example.org", NULL, "default relay:example.org" },
    { TRANSPORT RELAYHOST, "a@word.example", NULL, "default relay:word.example" },
    { TRANSPORT RELAYHOST, "a@noop.example", NULL, "default smtp:[relay.host] relayhost" },
    { TRANSPORT, "a@gone.example", NULL, "default bounced 5.7.1 this domain is gone" },
    { TRANSPORT, "a@gone2.example", NULL, "default bounced 5.0.0 Address is undeliverable" },
    { TRANSPORT, "a@gone3.example", NULL, "default bounced 5.0.0 no such place" },
    { TRANSPORT, "a@gone4.example", NULL, "default bounced 5.0.0 odd code" },
    { TRANSPORT "soft_bounce = yes\n", "a@gone.example", NULL, "default deferred 4.7.1 this domain is gone" },
    { TRANSPORT, "a@later.example", NULL, "default deferred 4.4.1 not now" },
    { TRANSPORT, "a@later2.example", NULL, "default deferred 4.0.0 not now" },
    { TRANSPORT, "a@later3.example", NULL, "default deferred 4.0.0 Address is undeliverable" },
    { TRANSPORT, "a@hole.example", NULL, "default discard sent 2.0.0 silently" },
    { TRANSPORT, "a@hole2.example", NULL, "default discard sent 2.0.0 hole2.example" },
    { TRANSPORT, "a@pipe.example", NULL, "default other local:pipe.example" },
    { TRANSPORT, "a@nowhere.example", NULL, "default missing deferred 4.3.0 mail transport unavailable" },
    { TRANSPORT, "a@lists.example", NULL, "default smtp:[a], [b]" },
    { TRANSPORT, "a@wrong.example", NULL, "default deferred 4.3.0 unknown mail transport error" },
    { TRANSPORT, "a@here.example", NULL, "local other local:mail.here.example" },
    { TRANSPORT "compatibility_level = 3.6\n", "a@b\xc3\xbc.example", NULL, "default smtp:[idn]" },
    { BASE "transport_maps = texthash:/t/star\n", "a@example.com", NULL, "default smtp:[domain]" },
    { BASE "transport_maps = texthash:/t/star\n", "a@example.net", NULL, "default smtp:[star]" },
    { BASE "transport_maps = texthash:/t/star\n", "a@here.example", NULL, "local smtp:[star]" },
    { BASE "transport_maps = regexp:/t/regexp\n", "user@pat.example", NULL, "default smtp:[address]" },
    { BASE "transport_maps = regexp:/t/regexp\n", "user@pat2.example", NULL, "default smtp:[wild]" },
    { BASE "transport_maps = regexp:/t/regexp texthash:/t/star\n", "user@example.com", NULL, "default smtp:[domain]" },
    { BASE "transport_maps = regexp:/t/negated\n", "user@example.com", NULL, "default smtp:[other]" },
    { BASE "transport_maps = regexp:/t/captures\n", "user@example.com", NULL, "default smtp:example.com" },
    { BASE "transport_maps = texthash:/t/none\n", "user@example.com", NULL, "table error" },
    { BASE "transport_maps = texthash:/t/transport fail:x\n", "full@example.com", NULL, "default smtp:[full]" },
    { BASE "transport_maps = texthash:/t/transport fail:x\n", "other@example.com", NULL, "table error" },
    { BASE "transport_maps = pcre:/t/regexp\nvirtual_alias_domains = fail:x\n", "a@b.example", NULL, "table error" },
    /* Senders. */
    { SENDER, "a@example.com", NULL, "default smtp:example.com" },
    { SENDER, "a@example.com", "user@sender.example", "default smtp:[by-transport]:26" },
    { SENDER, "a@example.com", "USER@sender.example", "default smtp:[by-transport]:26" },
    { SENDER, "a@example.com", "relay@sender.example", "default relay:example.com" },
    { SENDER RELAYHOST, "a@example.com", "relay@sender.example", "default relay:[relay.host] relayhost" },
    { SENDER RELAYHOST, "a@example.com", "dunno@sender.example", "default smtp:[relay.host] relayhost" },
    { SENDER RELAYHOST, "a@example.com", "x@at.example", "default smtp:[by-domain]" },
    { SENDER, "a@example.com", "", "default smtp:[by-null]" },
    { SENDER, "a@example.com", "root@here.example", "default smtp:[by-local]" },
    { SENDER, "a@example.com", "root@localhost", "default smtp:[by-local]" },
    { SENDER, "a@example.com", "root@elsewhere.example", "default smtp:example.com" },
    { SENDER "relay_domains = relay.example\n", "a@relay.example", "user@sender.example", "relay relay:[by-address]" },
    { BASE "sender_dependent_relayhost_maps = fail:x\n", "a@example.com", "b@c", "table error" },
    { BASE "sender_dependent_relayhost_maps = fail:x\n", "a@example.com", NULL, "default smtp:example.com" },
    { BASE "sender_dependent_relayhost_maps = fail:x\n", "a@here.example", "b@c", "local other local:mail.here.example" },
    /* Next-hops and transports as they stand. */
    { BASE RELAYHOST, "[mx.example.com]:26", NULL, "smtp:[mx.example.com]:26" },
    { BASE "default_transport = relay:[gw]\n", "mx.example.com:26", NULL, "relay:mx.example.com:26" },
    { BASE "default_transport = error:5.1.1 no\n", "[mx.example.com]", NULL, "bounced 5.0.0 [mx.example.com]" },
    { TRANSPORT, "relay:example.com", NULL, "relay:example.com" },
    { TRANSPORT RELAYHOST, "smtp:[relay.host]", NULL, "smtp:[relay.host] relayhost" },
    { BASE, "error:5.2.2 full", NULL, "bounced 5.2.2 full" },
    { BASE, "error:", NULL, "bounced 5.0.0 Address is undeliverable" },
    { BASE, "retry:later", NULL, "deferred 4.0.0 later" },
    { BASE, "discard:x", NULL, "discard sent 2.0.0 x" },
    { BASE, "local:x", NULL, "other local:x" },
};

static const char *const failures[] = {
    [ROUTE_TABLE_ERROR] = "table error",
    [ROUTE_UNREADABLE] = "unreadable",
    [ROUTE_WANTS] = "wants",
};

/* "CLASS transport:nexthop", with what else is known in front or behind. */
static const char *route_text(struct region *region, const struct route *route)
{
    const char *class = route->address_class != NULL ? region_printf(region, "%s ", route->address_class) : "";

    if (route->kind >= ROUTE_TABLE_ERROR)
        return failures[route->kind];
    if (route->kind == ROUTE_CLIENT)
        return region_printf(region, "%s%s:%s%s", class, route->transport, route->nexthop,
                             route->is_relayhost ? " relayhost" : "");
    if (route->kind == ROUTE_OTHER)
        return region_printf(region, "%sother %s:%s", class, route->transport, route->nexthop);
    return region_printf(region, "%s%s%s %s %s", class,
                         route->kind == ROUTE_DISCARD ? "discard " : route->kind == ROUTE_MISSING ? "missing " : "",
                         route->status, route->dsn, route->text);
}

static void set_own_addresses(struct fixture *f)
{
    static struct address own[2];

    address_parse(&own[0], SLICE("198.51.100.25"));
    address_parse(&own[1], SLICE("2001:db8::25"));
    f->config.own_addresses = own;
    f->config.own_address_count = 2;
    fixture_file(f, "/t/list", "# a comment\nother.example, listed.example\n", NULL);
    fixture_file(f, "/t/unlisted", "", "No such file or directory");
}

static void find(struct fixture *f, const char *text, const char *sender, struct route *route)
{
    struct destination destination;
    struct error err;

    set_own_addresses(f);
    if (check_ok(destination_parse(f->region, &destination, slice_of(text), &f->config, &err), "\"%s\"", text))
        route_destination(f->region, route, &f->config, &destination, sender, &f->view);
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = fixture_new(rows[i].main_cf, "3.7.11", files);
        struct route route = { .kind = ROUTE_WANTS };

        find(f, rows[i].text, rows[i].sender, &route);
        is_text(route_text(f->region, &route), rows[i].result, "%s from %s with %s", rows[i].text,
                rows[i].sender ? rows[i].sender : "anybody", rows[i].main_cf + strlen(BASE));
        if (route.kind == ROUTE_TABLE_ERROR) {
            is_text(route.dsn, "4.3.0", "a failed table defers");
            is_text(route.text, "address resolver failure", "with these words");
            check_ok(route.answer.error != NULL, "and says why");
        }
        fixture_free(f);
    }
}

static void test_steps(void)
{
    struct fixture *f = fixture_new(TRANSPORT "recipient_delimiter = +\n", "3.7.11", files);
    struct route route;
    const char *keys = "";

    find(f, "u+x@a.example.net", NULL, &route);
    for (struct route_step *s = route.steps; s != NULL; s = s->next)
        if (strcmp(s->what, "transport_maps") == 0 && s->key != NULL)
            keys = region_printf(f->region, "%s %s", keys, s->key);
    is_text(keys, " u+x@a.example.net u@a.example.net a.example.net .example.net .net *", "keys in transport_maps");
    find(f, "\"a b\"@example.net", NULL, &route);
    keys = "";
    for (struct route_step *s = route.steps; s != NULL; s = s->next)
        if (strcmp(s->what, "transport_maps") == 0 && s->key != NULL)
            keys = region_printf(f->region, "%s %s", keys, s->key);
    is_text(keys, " \"a b\"@example.net a b@example.net example.net", "a quoted local part, both ways");
    fixture_free(f);
}

static void test_live(void)
{
    static const char live[] = "tcp:localhost:1";
    struct fixture *f = fixture_new(BASE "transport_maps = tcp:localhost:1\n", "3.7.11", NULL);
    struct table_fact fact = { .table = live, .key = "a@example.com", .status = TABLE_FACT_NOT_FOUND };
    struct route route;

    find(f, "a@example.com", NULL, &route);
    is_int(route.kind, ROUTE_WANTS, "a live table must be asked");
    is_text(wants_table_at(f->wants, 0)->key, "a@example.com", "with the address");
    facts_add_table(f->facts, &fact);
    wants_clear(f->wants);
    find(f, "a@example.com", NULL, &route);
    is_text(wants_table_at(f->wants, 0)->key, "*", "then, a pattern table, with the wildcard");
    fact = (struct table_fact){ .table = live, .key = "*", .status = TABLE_FACT_FOUND, .value = "smtp:[x]" };
    facts_add_table(f->facts, &fact);
    find(f, "a@example.com", NULL, &route);
    is_text(route_text(f->region, &route), "default smtp:[x]", "and then it is known");
    is_text(route.answer.key, "*", "by which key");
    fact.status = TABLE_FACT_UNREADABLE;
    facts_add_table(f->facts, &fact);
    find(f, "a@example.com", NULL, &route);
    is_int(route.kind, ROUTE_UNREADABLE, "unreadable here only");
    f->view.wants = NULL;
    find(f, "b@example.com", NULL, &route);
    is_int(route.kind, ROUTE_UNREADABLE, "never observed");
    is_int(route.answer.status, TABLE_WANTED, "as the answer says");
    fixture_free(f);
}

/* For route-agreement.py: what we make of each row, a line of JSON each; the tables first. Rows that speak of no sender
 * where senders count are left out: Postfix always has one. */
static void print_json(struct json *value)
{
    struct buf out;

    buf_init(&out, 1u << 20);
    json_write(value, 0, &out);
    puts(buf_text(&out));
    buf_clear(&out);
    json_free(value);
}

static void print_files(void)
{
    struct json *value = json_object();

    for (size_t i = 0; files[i].path != NULL; i++)
        json_put(value, files[i].path, json_text(files[i].text));
    print_json(value);
}

static void print_row(size_t i)
{
    struct fixture *f = fixture_new(rows[i].main_cf, "3.7.11", files);
    struct json *value = json_object();
    struct destination destination;
    struct route route;
    struct error err;

    set_own_addresses(f);
    if (destination_parse(f->region, &destination, slice_of(rows[i].text), &f->config, &err) &&
        destination.form == DESTINATION_ADDRESS) {
        route_destination(f->region, &route, &f->config, &destination, rows[i].sender, &f->view);
        json_put(value, "main_cf", json_text(rows[i].main_cf));
        json_put(value, "address", json_text(destination.address));
        json_put(value, "sender", json_text(rows[i].sender));
        json_put(value, "failed", json_bool(route.kind == ROUTE_TABLE_ERROR));
        json_put(value, "class", json_text(route.address_class));
        json_put(value, "transport", json_text(route.transport));
        json_put(value, "nexthop", json_text(route.nexthop));
        if (route.kind != ROUTE_WANTS && (rows[i].sender != NULL || strstr(rows[i].main_cf, "sender_dep") == NULL))
            print_json(json_keep(value));
    }
    json_free(value);
    fixture_free(f);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--rows") == 0) {
        print_files();
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            print_row(i);
        return 0;
    }
    test_rows();
    test_steps();
    test_live();
    return check_done();
}
