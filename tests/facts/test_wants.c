#include "scanner/facts/facts.h"
#include "tests/lib/check.h"

static void test_noting(void)
{
    struct wants *w = wants_new();
    struct profile p = { .port = 25, .helo_name = "me.example" };
    struct address addresses[FETCH_ADDRESSES_MAX + 1] = { { FAMILY_IPV4, { 192, 0, 2, 1 } }, { FAMILY_IPV4, { 192, 0, 2, 2 } } };

    check_ok(wants_empty(w), "nothing wanted at first");
    wants_dns(w, "b.example", DNS_MX);
    wants_dns(w, "a.example", DNS_MX);
    wants_dns(w, "B.example", DNS_MX);
    wants_dns(w, "b.example", DNS_A);
    check_ok(!wants_empty(w), "something wanted");
    is_text(wants_dns_at(w, 0)->name, "b.example", "first question");
    is_text(wants_dns_at(w, 1)->name, "a.example", "second question");
    is_int(wants_dns_at(w, 2)->type, DNS_A, "another type is another question");
    check_ok(wants_dns_at(w, 3) == NULL, "each once");

    wants_conversation(w, &p);
    wants_conversation(w, &p);
    p.port = 26;
    wants_conversation(w, &p);
    is_int(wants_conversation_at(w, 0)->port, 25, "first conversation, copied");
    is_int(wants_conversation_at(w, 1)->port, 26, "second conversation");
    check_ok(wants_conversation_at(w, 2) == NULL, "each conversation once");

    wants_table(w, "ldap:x", SLICE("k"));
    wants_table(w, "ldap:x", SLICE("k"));
    wants_table(w, "ldap:x", SLICE("l"));
    is_text(wants_table_at(w, 1)->key, "l", "second key");
    check_ok(wants_table_at(w, 2) == NULL, "each key once");

    wants_file(w, "/etc/ssl/ca.pem");
    wants_file(w, "/etc/ssl/ca.pem");
    is_text(wants_file_at(w, 0), "/etc/ssl/ca.pem", "a file");
    check_ok(wants_file_at(w, 1) == NULL, "once");

    wants_fetch(w, "example.net", addresses, 2);
    wants_fetch(w, "Example.net", addresses, 1);
    addresses[0].bytes[0] = 0;
    wants_fetch(w, "example.org", NULL, 0);
    is_text(wants_fetch_at(w, 0)->domain, "example.net", "a policy");
    is_int(wants_fetch_at(w, 0)->count, 2, "with the addresses of its host");
    is_int(wants_fetch_at(w, 0)->addresses[0].bytes[0], 192, "copied");
    is_int(wants_fetch_at(w, 1)->count, 0, "and one whose host may not be asked");
    check_ok(wants_fetch_at(w, 2) == NULL, "each policy once");
    wants_fetch(w, "many.example", addresses, FETCH_ADDRESSES_MAX);
    wants_fetch(w, "more.example", addresses, FETCH_ADDRESSES_MAX + 1);
    is_int(wants_fetch_at(w, 2)->count, FETCH_ADDRESSES_MAX, "so many addresses");
    is_int(wants_fetch_at(w, 3)->count, FETCH_ADDRESSES_MAX, "and no more");

    wants_clear(w);
    check_ok(wants_empty(w), "cleared");
    check_ok(wants_dns_at(w, 0) == NULL && wants_file_at(w, 0) == NULL && wants_fetch_at(w, 0) == NULL,
             "nothing left");
    wants_file(w, "/x");
    check_ok(!wants_empty(w), "a file alone is a wish");
    wants_clear(w);
    wants_fetch(w, "x", NULL, 0);
    check_ok(!wants_empty(w), "so is a policy");
    wants_free(w);
    wants_free(NULL);
}

static void test_views(void)
{
    struct facts *f = facts_new();
    struct wants *w = wants_new();
    struct view view = { .facts = f, .wants = w }, replay = { .facts = f };
    struct profile p = { .port = 25 };

    facts_add_dns(f, &(struct dns_fact){ .name = "known.example", .type = DNS_A });
    check_ok(view_dns(&view, "known.example", DNS_A) != NULL && wants_empty(w), "what is known is not wanted");
    check_ok(view_dns(&view, "new.example", DNS_A) == NULL, "what is not known is NULL");
    check_ok(view_conversation(&view, &p) == NULL, "so is a conversation");
    check_ok(view_table(&view, "ldap:x", SLICE("k")) == NULL, "and an answer of a table");
    check_ok(view_fetch(&view, "example.net", &(struct address){ .family = FAMILY_IPV6 }, 1) == NULL, "and a policy");
    is_int(wants_fetch_at(w, 0)->addresses[0].family, FAMILY_IPV6, "the policy is wanted");
    facts_add_fetch(f, &(struct policy_fetch){ .domain = "there.example" });
    check_ok(view_fetch(&view, "there.example", NULL, 0) != NULL, "one that is there is given");
    check_ok(wants_fetch_at(w, 1) == NULL, "and not wanted");
    is_text(wants_dns_at(w, 0)->name, "new.example", "the question is wanted");
    is_int(wants_conversation_at(w, 0)->port, 25, "the conversation is wanted");
    is_text(wants_table_at(w, 0)->table, "ldap:x", "the table's answer is wanted");
    check_ok(view_dns(&replay, "x.example", DNS_A) == NULL && view_conversation(&replay, &p) == NULL &&
             view_table(&replay, "ldap:x", SLICE("k")) == NULL && view_fetch(&replay, "x", NULL, 0) == NULL, "a replay wants nothing");
    facts_free(f);
    wants_free(w);
}

int main(void)
{
    test_noting();
    test_views();
    return check_done();
}
