#include "scanner/mail_account.h"

#include <string.h>

#include "reports/story.h"
#include "scanner/base/utf8.h"
#include "scanner/policy/route.h"

#define NAMED_MAX 5   /* unused entries that a finding names */

/* What sums up the mail of several destinations: an entry, or a next-hop. */
struct group {
    struct weight weight;
    size_t        message;     /* of the queue: the last one that was counted */
};

/* The groups that a destination's mail counts for. */
struct membership {
    struct group      *group;
    struct membership *next;
};

/* An entry in the making. */
struct row {
    struct mail_entry entry;   /* first: the index finds it */
    struct group      group;
    size_t            last;    /* the destination that was counted last, and one */
};

struct maker {
    struct region        *region;
    struct report        *report;
    const struct maillog *mail;
    struct mail_index    *index;
    struct row          **rows;        /* of the tables, then as they were found */
    size_t                row_count, row_room;
    struct dict          *nexthops;    /* struct group, by "transport:nexthop" */
    struct membership   **of;          /* by destination of the mail */
    struct view           view;
    bool                  whole;
    size_t                now;         /* the destination that is looked at, and one */
};

static void free_dict(void *dict)
{
    dict_free(dict);
}

const struct dict *mail_addresses_apart(struct region *region, const struct config *config)
{
    const struct table_list *list = &config->transport_maps;
    struct dict             *apart = dict_new();
    struct table_entry       entry;
    size_t                   i, k;

    region_defer(region, free_dict, apart);
    for (i = 0; i < list->count; i++)
        for (k = 0; table_can_list(list->tables[i]) && table_entry(list->tables[i], region, k, &entry); k++)
            if (entry.key[0] != '@' && strchr(entry.key, '@') != NULL)
                dict_put(apart, slice_of(entry.key), apart);
    return apart;
}

/* Entries */

/* Copies what the entry names. */
static struct row *new_row(struct maker *m, const struct mail_entry *entry)
{
    struct row *row = region_alloc(m->region, sizeof(*row));

    if (m->row_count == m->row_room) {
        struct row **rows = region_array(m->region, 2 * m->row_room + 64, sizeof(*rows));

        if (m->row_count > 0)
            memcpy(rows, m->rows, m->row_count * sizeof(*rows));
        m->row_room = 2 * m->row_room + 64;
        m->rows = rows;
    }
    m->rows[m->row_count++] = row;
    row->entry = *entry;
    row->entry.table = region_text(m->region, entry->table);
    row->entry.file = region_text(m->region, entry->file);
    row->entry.key = region_text(m->region, entry->key);
    row->entry.value = region_text(m->region, entry->value);
    mail_index_add(m->index, &row->entry);
    return row;
}

static struct mail_entry entry_of_item(struct maker *m, const struct table_list *list, const struct table *table,
                                       const struct table_item *item)
{
    static const enum mail_entry_kind kinds[] = { [TABLE_ITEM_ENTRY] = MAIL_ENTRY_KEY, [TABLE_ITEM_RULE] = MAIL_ENTRY_PATTERN,
                                                  [TABLE_ITEM_ANY] = MAIL_ENTRY_ANY };
    struct mail_entry entry = { .kind = kinds[item->kind], .parameter = list->parameter, .table = table_name(table),
                                .file = item->file, .line = item->line };

    entry.key = item->kind != TABLE_ITEM_ANY ? region_slice(m->region, item->head) : NULL;
    entry.value = region_slice(m->region, item->value);
    return entry;
}

/* A table may serve several transports, and stand there once. Of what is made of other tables only answers tell what is
 * used. A randmap is one entry. */
static void list_table(struct maker *m, const struct table_list *list, const struct table *table)
{
    struct table_item item;
    size_t            i;

    if (table_member(table, 0) != NULL)
        return;
    for (i = 0; table_item(table, i, &item); i++) {
        struct mail_entry   entry = entry_of_item(m, list, table, &item);
        struct table_answer answer = { .table = entry.table, .key = entry.key, .line = entry.line };
        struct mail_entry  *same = mail_index_find(m->index, &answer);

        if (same == NULL || same->line != entry.line)
            new_row(m, &entry);
    }
}

static bool has_policy_maps(const struct service *service)
{
    return *params_text(service->params, "smtp_tls_policy_maps") != '\0';
}

static void list_tables(struct maker *m)
{
    const struct service *service;
    size_t                i;

    for (service = m->report->config->services; service != NULL; service = service->next) {
        const struct table_list *list = &service->policy_maps;

        if (!service->is_client)
            continue;
        if (!has_policy_maps(service))
            list = &service->per_site;
        for (i = 0; i < list->count; i++)
            list_table(m, list, list->tables[i]);
    }
}

/* Who goes by which */

static void join(struct maker *m, size_t destination, struct group *group)
{
    struct membership *member = region_alloc(m->region, sizeof(*member));

    *member = (struct membership){ group, m->of[destination] };
    m->of[destination] = member;
}

static void count_row(struct maker *m, size_t destination, struct row *row, bool first)
{
    if (row->last == m->now)
        return;
    row->last = m->now;
    if (!first) {
        row->entry.fallbacks++;
        return;
    }
    row->entry.destinations++;
    join(m, destination, &row->group);
}

static struct row *row_of_answer(struct maker *m, const struct policy_step *step)
{
    const struct table_answer *answer = &step->answer;
    struct mail_entry         *found = mail_index_find(m->index, answer);
    struct mail_entry          entry = { .kind = MAIL_ENTRY_KEY, .parameter = step->parameter, .table = answer->table,
                                         .file = answer->file, .line = answer->line, .key = answer->key,
                                         .value = answer->value };

    return found != NULL ? (struct row *)found : new_row(m, &entry);
}

static struct row *row_of_level(struct maker *m, const struct result *result, const struct policy *policy)
{
    struct mail_entry  *found = mail_index_parameter(m->index, policy->source);
    struct table_answer at = policy_answer(result, policy);
    struct mail_entry   entry = { .kind = MAIL_ENTRY_PARAMETER, .parameter = policy->source, .file = at.file, .line = at.line,
                                  .value = at.value };

    return found != NULL ? (struct row *)found : new_row(m, &entry);
}

/* The same look-up once more, for every key that had an answer: two of them may merge in per-site tables. */
static void look_up(struct maker *m, size_t destination, const struct result *result, const struct hop_result *hop,
                    const char *host, bool first)
{
    struct region      *region = region_new();
    struct policy_step *step = NULL;
    struct policy       policy;

    policy_find(region, &policy, result->route->service, m->report->config, hop->nexthop, host, &m->view, &step);
    for (; step != NULL; step = step->next) {
        if (step->answer.status == TABLE_FOUND)
            count_row(m, destination, row_of_answer(m, step), first);
        else if (step->answer.status != TABLE_NOT_FOUND)
            m->whole = false;
    }
    if (!policy.from_table && policy.source != NULL)
        count_row(m, destination, row_of_level(m, result, &policy), first);
    region_free(region);
}

static void look_up_hop(struct maker *m, size_t destination, const struct result *result, const struct hop_result *hop,
                        bool first)
{
    size_t i;

    if (hop->nexthop == NULL)
        return;
    look_up(m, destination, result, hop, hop->nexthop->host, first);
    for (i = 0; !has_policy_maps(result->route->service) && i < hop->host_count; i++)
        look_up(m, destination, result, hop, hop->hosts[i].host->host, first);
}

static const char *nexthop_name(struct region *region, const struct result *result)
{
    if (result->route == NULL || result->route->kind != ROUTE_CLIENT || result->hop_count == 0 ||
        result->hops[0].nexthop == NULL)
        return NULL;
    return region_printf(region, "%s:%s", result->route->transport, result->hops[0].nexthop->text);
}

static void join_nexthop(struct maker *m, size_t destination, const struct result *result)
{
    const char   *name = nexthop_name(m->region, result);
    struct group *group = name != NULL ? dict_find(m->nexthops, slice_of(name)) : NULL;

    if (name == NULL)
        return;
    if (group == NULL) {
        group = region_alloc(m->region, sizeof(*group));
        dict_put(m->nexthops, slice_of(name), group);
    }
    join(m, destination, group);
}

static bool route_is_known(const struct result *result)
{
    return result->route != NULL && result->route->kind != ROUTE_UNREADABLE && result->route->kind != ROUTE_WANTS &&
           result->route->kind != ROUTE_TABLE_ERROR;
}

static void attribute(struct maker *m, size_t destination, const struct result *result)
{
    size_t i;

    if (result == NULL || !route_is_known(result)) {
        m->whole = false;
        return;
    }
    join_nexthop(m, destination, result);
    for (i = 0; i < result->hop_count; i++)
        look_up_hop(m, destination, result, &result->hops[i], i == 0);
}

/* What chooses another way than ours for some of a domain's mail. */
static bool has_other_ways(const struct config *config)
{
    size_t i;

    for (i = 0; i < config->transport_maps.count; i++)
        if (!table_can_list(config->transport_maps.tables[i]))
            return true;
    return config->sender_relayhost_maps.count > 0 || config->sender_transport_maps.count > 0;
}

static void attribute_all(struct maker *m)
{
    struct dict *by_text = dict_new();
    const char  *name;
    size_t       i;

    for (i = 0; i < m->report->count; i++)
        dict_put(by_text, slice_of(m->report->results[i]->destination->text), (void *)m->report->results[i]);
    for (i = 0; i < maillog_count(m->mail); i++) {
        maillog_at(m->mail, i, &name);
        m->now = i + 1;
        attribute(m, i, dict_find(by_text, slice_of(name)));
    }
    dict_free(by_text);
}

/* Sums */

static void add_weights(struct maker *m)
{
    struct membership *member;
    const char        *name;
    size_t             i, message, destination;

    for (i = 0; i < maillog_count(m->mail); i++)
        for (member = m->of[i]; member != NULL; member = member->next)
            weight_add(&member->group->weight, maillog_at(m->mail, i, &name));
    for (i = 0; maillog_wait(m->mail, i, &message, &destination); i++)
        for (member = m->of[destination]; member != NULL; member = member->next) {
            member->group->weight.waiting += member->group->message != message;
            member->group->message = message;
        }
}

static const struct weight *finished(struct maker *m, const struct weight *weight, bool repeated)
{
    struct weight *copy = region_copy(m->region, weight, sizeof(*weight));

    maillog_complete(m->mail, copy);
    copy->repeated = repeated;
    return copy;
}

/* The mail of a destination that was named otherwise than the mail names it: of its domain, or of all that goes to its
 * next-hop. */
static const struct weight *other_weight(struct maker *m, const struct result *result)
{
    const struct destination *destination = result->destination;
    const struct weight      *weight = NULL;
    const struct group       *group = NULL;
    const char               *name;
    struct buf                domain;

    if (destination->form == DESTINATION_ADDRESS) {
        buf_init(&domain, 4096);
        text_fold(slice_from_index(slice_of(destination->address), slice_find_last(slice_of(destination->address), '@') + 1),
                  false, &domain);
        weight = maillog_weight(m->mail, m->region, buf_text(&domain));
        buf_clear(&domain);
    } else if ((name = nexthop_name(m->region, result)) != NULL) {
        group = dict_find(m->nexthops, slice_of(name));
    }
    if (group != NULL)
        return finished(m, &group->weight, true);
    return weight != NULL ? finished(m, weight, true) : NULL;
}

static void give_weights(struct maker *m)
{
    size_t i;

    for (i = 0; i < m->report->count; i++) {
        struct result *result = (struct result *)m->report->results[i];

        result->weight = maillog_weight(m->mail, m->region, result->destination->text);
        if (result->weight == NULL)
            result->weight = other_weight(m, result);
    }
}

static struct mail_account *account_of(struct maker *m)
{
    struct maillog_whole whole = maillog_whole(m->mail);
    struct mail_account *account = region_alloc(m->region, sizeof(*account));
    size_t               i;

    *account = (struct mail_account){ .has_log = whole.read_log, .whole = m->whole && !whole.cut, .from = whole.from,
                                      .total = whole.weight, .count = m->row_count };
    account->entries = region_array(m->region, m->row_count + 1, sizeof(*account->entries));
    for (i = 0; i < m->row_count; i++) {
        account->entries[i] = m->rows[i]->entry;
        account->entries[i].weight = *finished(m, &m->rows[i]->group.weight, false);
    }
    return account;
}

/* One for each table, however many entries. */
static void tell_unused(struct maker *m, const struct mail_account *account, size_t first)
{
    const char *table = account->entries[first].table, *file = account->entries[first].file, *names[NAMED_MAX];
    size_t      i, all = 0, unused = 0;

    for (i = first; i < account->count; i++) {
        const struct mail_entry *entry = &account->entries[i];

        if (entry->table == NULL || strcmp(entry->table, table) != 0)
            continue;
        all++;
        if (!mail_entry_is_unused(account, entry))
            continue;
        if (unused < NAMED_MAX)
            names[unused] = entry->line > 0 ? region_printf(m->region, "%s (line %d)", entry->key, entry->line) : entry->key;
        unused++;
    }
    if (unused > 0)
        findings_add(m->region, &m->report->findings, finding_word(FINDING_ENTRIES_NOT_USED),
                     finding_severity(FINDING_ENTRIES_NOT_USED), NULL, file, 0,
                     "%s: %zu of %zu entries not used in the %lld days that the logs cover: %s", table, unused, all,
                     (long long)mail_days(account),
                     join_texts(m->region, names, unused < NAMED_MAX ? unused : NAMED_MAX, unused, ", ", NAMED_MAX));
}

static void find_unused(struct maker *m, const struct mail_account *account)
{
    struct dict *told = dict_new();
    size_t       i;

    for (i = 0; mail_days(account) >= MAIL_UNUSED_DAYS && i < account->count; i++)
        if (account->entries[i].table != NULL && dict_put(told, slice_of(account->entries[i].table), m))
            tell_unused(m, account, i);
    dict_free(told);
}

void mail_account_make(struct region *region, struct report *report, const struct maillog *mail)
{
    struct maker m = { .region = region, .report = report, .mail = mail, .index = mail_index_new(),
                       .nexthops = dict_new(), .view = { .facts = report->facts } };
    struct mail_account *account;

    m.whole = report->complete && !has_other_ways(report->config);
    m.of = region_array(region, maillog_count(mail) + 1, sizeof(struct membership *));
    list_tables(&m);
    attribute_all(&m);
    add_weights(&m);
    give_weights(&m);
    account = account_of(&m);
    find_unused(&m, account);
    report->mail = account;
    mail_join(report);
    mail_index_free(m.index);
    dict_free(m.nexthops);
}
