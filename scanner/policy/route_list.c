/* Lists of domains: match_list(3), string_list(3), domain_list(3) of Postfix. */
#include <string.h>

#include "scanner/base/address.h"
#include "scanner/base/buf.h"
#include "scanner/base/utf8.h"
#include "scanner/policy/route_impl.h"

#define SEPARATORS ", \t\r\n"
/* Files that name files; Postfix has no limit and would run until it crashed on a loop. */
#define DEPTH_MAX  10
#define FOLDED_MAX 4096

struct list_query {
    struct router *router;
    const struct table_list *tables;
    const char *domain; /* folded */
    bool with_parents;
    bool parents;               /* parent_domain_matches_subdomains names the parameter */
    struct table_answer answer; /* the table that had it, or failed */
};

static enum listed search(struct list_query *, struct slice items, bool negated, int depth, bool *hit);

static const char *fold(struct region *region, struct slice text, bool utf8)
{
    struct buf out;
    const char *folded;

    buf_init(&out, FOLDED_MAX);
    text_fold(text, utf8, &out);
    folded = region_slice(region, buf_slice(&out));
    buf_clear(&out);
    return folded;
}

static const struct table *find_table(const struct table_list *tables, struct slice name)
{
    for (size_t i = 0; i < tables->count; i++)
        if (slice_eq_text(name, table_name(tables->tables[i])))
            return tables->tables[i];
    return NULL;
}

/* The name, and where parents count its parents ("parent" or ".parent"), in a table. */
static enum listed search_table(struct list_query *query, struct slice name)
{
    struct router *router = query->router;
    const struct table *table = find_table(query->tables, name);
    const char *key = query->domain;

    if (table == NULL) {
        query->answer = (struct table_answer){ .status = TABLE_UNREADABLE,
                                               .error = "the table was not opened",
                                               .table = region_slice(router->region, name) };
        return LISTED_FAILED;
    }
    while (key != NULL && *key != '\0') {
        query->answer = table_lookup(table, router->region, slice_of(key), &router->asker);
        if (query->answer.status != TABLE_NOT_FOUND)
            return query->answer.status == TABLE_FOUND ? LISTED_YES : LISTED_FAILED;
        key = query->with_parents && table_is_fixed(table) ? strchr(key + 1, '.') : NULL;
        if (key != NULL && query->parents)
            key++;
    }
    return LISTED_NO;
}

/* Only items beyond ASCII are folded: a long list must cost no memory for each destination. */
static bool matches_plain(const struct list_query *query, struct slice item)
{
    struct slice domain = slice_of(query->domain);

    if (!text_is_ascii(item))
        item = slice_of(fold(query->router->region, item, true));
    if (slice_eq_nocase(domain, item))
        return true;
    if (!query->with_parents || item.n == 0 || domain.n <= item.n ||
        !slice_eq_nocase(slice_from_index(domain, domain.n - item.n), item))
        return false;
    return query->parents ? domain.p[domain.n - item.n - 1] == '.' : item.p[0] == '.';
}

/* The lines of a file are items; those that start with '#' are comments. */
static enum listed search_file(struct list_query *query, struct slice path, bool negated, int depth, bool *hit)
{
    struct router *router = query->router;
    const char *name = region_slice(router->region, path);
    const struct config_file *file = config_file(router->config, name);
    enum listed found = LISTED_NO;
    struct slice rest, line;

    query->answer = (struct table_answer){ .table = name, .file = name };
    if (file == NULL && router->view->wants != NULL)
        wants_file(router->view->wants, name);
    if (file == NULL || file->error != NULL || depth >= DEPTH_MAX) {
        query->answer.status = file == NULL ? TABLE_WANTED : file->only_ours ? TABLE_UNREADABLE : TABLE_ERROR;
        query->answer.error = file != NULL && file->error != NULL ? file->error : "cannot be read";
        return LISTED_FAILED;
    }
    rest = file->text;
    while (found == LISTED_NO && !*hit && slice_next_token(&rest, "\n", &line))
        if (line.p[0] != '#')
            found = search(query, line, negated, depth + 1, hit);
    return found;
}

static bool is_table(struct slice item)
{
    return item.n > 0 && item.p[0] != '[' && slice_find(item, ':') < item.n;
}

/* *hit: an item matched, so that the search ends; what the item says is the result. */
static enum listed search(struct list_query *query, struct slice items, bool negated, int depth, bool *hit)
{
    struct slice item;

    while (slice_next_token_braced(&items, SEPARATORS, &item)) {
        bool no = negated;
        enum listed found;

        if (item.p[0] == '#')
            break; /* Postfix warns of a comment at the end of a line, and reads no further */
        for (; item.n > 0 && item.p[0] == '!'; item = slice_from_index(item, 1))
            no = !no;
        if (item.n > 0 && item.p[0] == '/')
            found = search_file(query, item, no, depth, hit);
        else if (is_table(item))
            found = search_table(query, item);
        else
            found = matches_plain(query, item) ? LISTED_YES : LISTED_NO;
        if (found == LISTED_FAILED || *hit)
            return found;
        if (found == LISTED_YES) {
            *hit = true;
            return no ? LISTED_NO : LISTED_YES;
        }
    }
    return LISTED_NO;
}

bool router_names(const char *list, const char *name)
{
    struct slice rest = slice_of(list), item;

    while (slice_next_token_braced(&rest, SEPARATORS, &item)) {
        bool no = false;

        for (; item.n > 0 && item.p[0] == '!'; item = slice_from_index(item, 1))
            no = !no;
        if (slice_eq_text_nocase(item, name))
            return !no;
    }
    return false;
}

enum listed router_listed(struct router *router, const char *parameter, const struct table_list *tables,
                          const char *domain, bool with_parents)
{
    const struct params *params = router->config->rewrite;
    struct list_query query = { .router = router, .tables = tables, .with_parents = with_parents };
    bool hit = false;
    enum listed found;

    query.domain = fold(router->region, slice_of(domain), true);
    query.parents = with_parents && router_names(params_text(params, "parent_domain_matches_subdomains"), parameter);
    found = search(&query, slice_of(params_text(params, parameter)), false, 0, &hit);
    router_asked(router, parameter, query.domain, &query.answer,
                 found == LISTED_YES  ? "listed"
                 : found == LISTED_NO ? "not listed"
                                      : "lookup failed");
    if (found == LISTED_FAILED)
        router_fail(router, &query.answer);
    return found;
}

static bool is_own_literal(const struct config *config, struct slice domain)
{
    struct address address;

    if (domain.n < 2 || domain.p[0] != '[' || domain.p[domain.n - 1] != ']')
        return false;
    domain = slice_from(domain.p + 1, domain.n - 2);
    if (domain.n > 5 && slice_eq_text_nocase(slice_head(domain, 5), "IPv6:"))
        domain = slice_from_index(domain, 5);
    if (!address_parse(&address, domain))
        return false;
    for (size_t i = 0; i < config->own_address_count; i++)
        if (address_eq(&config->own_addresses[i], &address))
            return true;
    return false;
}

enum listed router_is_local(struct router *router, const char *domain)
{
    enum listed listed = router_listed(router, "mydestination", &router->config->mydestination, domain, false);

    if (listed != LISTED_NO || !is_own_literal(router->config, slice_of(domain)))
        return listed;
    router_say(router, "inet_interfaces", "%s is an address of this machine", domain);
    return LISTED_YES;
}
