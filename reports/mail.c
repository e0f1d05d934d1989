#include "reports/mail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/story.h"
#include "scanner/base/dict.h"
#include "scanner/base/mem.h"
#include "scanner/base/names.h"
#include "scanner/base/utf8.h"

#define DAY 86400
#define KEY_MAX ((size_t)1 << 20)

static const struct name kind_words[] = {
    { MAIL_ENTRY_KEY, "key" }, { MAIL_ENTRY_PATTERN, "pattern" }, { MAIL_ENTRY_ANY, "any" },
    { MAIL_ENTRY_PARAMETER, "parameter" }, { 0, NULL },
};

const char *mail_entry_kind_word(enum mail_entry_kind kind)
{
    return name_word(kind_words, (int)kind);
}

bool mail_entry_kind_parse(const char *word, enum mail_entry_kind *kind)
{
    int code;

    if (word == NULL || !name_code_exact(kind_words, slice_of(word), &code))
        return false;
    *kind = (enum mail_entry_kind)code;
    return true;
}

int64_t mail_days(const struct mail_account *mail)
{
    return mail->from != 0 && mail->total.last > mail->from ? (mail->total.last - mail->from) / DAY : 0;
}

bool mail_entry_is_unused(const struct mail_account *mail, const struct mail_entry *entry)
{
    return mail->has_log && mail->whole && entry->kind <= MAIL_ENTRY_PATTERN && entry->destinations == 0 &&
           entry->fallbacks == 0;
}

/* The index: an entry stands under each name that an answer may give it. */

struct mail_index {
    struct dict *names;
    struct buf   room;
};

/* 'k': table, line and key; 't': table and key; 'p': table and line; 'a': table alone; 'm': a parameter. */
static struct slice index_name(struct mail_index *index, char how, const char *table, int line, const char *key)
{
    buf_empty(&index->room);
    buf_printf(&index->room, "%c%s\n%d\n", how, table, line);
    if (key != NULL)
        text_fold(slice_of(key), true, &index->room);
    return buf_slice(&index->room);
}

struct mail_index *mail_index_new(void)
{
    struct mail_index *index = mem_alloc(sizeof(*index));

    index->names = dict_new();
    buf_init(&index->room, KEY_MAX);
    return index;
}

void mail_index_free(struct mail_index *index)
{
    dict_free(index->names);
    buf_clear(&index->room);
    mem_free(index);
}

static void add_name(struct mail_index *index, struct slice name, struct mail_entry *entry)
{
    if (dict_find(index->names, name) == NULL)
        dict_put(index->names, name, entry);
}

void mail_index_add(struct mail_index *index, struct mail_entry *entry)
{
    switch (entry->kind) {
    case MAIL_ENTRY_KEY:
        if (entry->line > 0)
            add_name(index, index_name(index, 'k', entry->table, entry->line, entry->key), entry);
        add_name(index, index_name(index, 't', entry->table, 0, entry->key), entry);
        break;
    case MAIL_ENTRY_PATTERN:
        add_name(index, index_name(index, 'p', entry->table, entry->line, NULL), entry);
        break;
    case MAIL_ENTRY_ANY:
        add_name(index, index_name(index, 'a', entry->table, 0, NULL), entry);
        break;
    case MAIL_ENTRY_PARAMETER:
        add_name(index, index_name(index, 'm', entry->parameter, 0, NULL), entry);
        break;
    }
}

struct mail_entry *mail_index_find(const struct mail_index *read_only, const struct table_answer *answer)
{
    struct mail_index *index = (struct mail_index *)read_only;   /* for its room */
    struct mail_entry *found = NULL;

    if (answer->table == NULL)
        return NULL;
    if (answer->key != NULL && answer->line > 0)
        found = dict_find(index->names, index_name(index, 'k', answer->table, answer->line, answer->key));
    if (found == NULL && answer->line > 0)
        found = dict_find(index->names, index_name(index, 'p', answer->table, answer->line, NULL));
    if (found == NULL && answer->key != NULL)
        found = dict_find(index->names, index_name(index, 't', answer->table, 0, answer->key));
    return found != NULL ? found : dict_find(index->names, index_name(index, 'a', answer->table, 0, NULL));
}

struct mail_entry *mail_index_parameter(const struct mail_index *index, const char *parameter)
{
    return dict_find(index->names, index_name((struct mail_index *)index, 'm', parameter, 0, NULL));
}

static const struct mail_entry *entry_of(const struct mail_index *index, const struct result *result)
{
    const struct policy *policy = result->hop_count > 0 ? result->hops[0].policy : NULL;

    if (policy == NULL)
        return NULL;
    if (policy->from_table)
        return mail_index_find(index, &policy->answer);
    return policy->source != NULL ? mail_index_parameter(index, policy->source) : NULL;
}

void mail_join(struct report *report)
{
    struct mail_index *index;
    size_t             i;

    if (report->mail == NULL)
        return;
    index = mail_index_new();
    for (i = 0; i < report->mail->count; i++)
        mail_index_add(index, &report->mail->entries[i]);
    for (i = 0; i < report->count; i++)
        ((struct result *)report->results[i])->entry = entry_of(index, report->results[i]);
    mail_index_free(index);
}

/* Words */

static void add_count(struct buf *out, int64_t count, const char *one, const char *many)
{
    if (count > 0)
        buf_printf(out, "%s%lld %s", buf_slice(out).n > 0 ? ", " : "", (long long)count, count == 1 ? one : many);
}

static void add_bytes(struct buf *out, int64_t bytes)
{
    static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB" };
    double                   amount = (double)bytes;
    size_t                   i;

    for (i = 0; amount >= 1000 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
        amount /= 1000;
    if (bytes > 0)
        buf_printf(out, ", %.*f %s", i > 0 && amount < 10 ? 1 : 0, amount, units[i]);
}

/* "41 deliveries, 4.0 MB, 3 deferrals; last on 2026-11-20". */
static const char *counts_text(struct region *region, const struct weight *weight)
{
    struct buf  counts;
    const char *last = "", *text;

    buf_init(&counts, 1024);
    add_count(&counts, weight->deliveries, "delivery", "deliveries");
    add_bytes(&counts, weight->deliveries > 0 ? weight->bytes : 0);
    add_count(&counts, weight->deferrals, "deferral", "deferrals");
    add_count(&counts, weight->bounces, "bounce", "bounces");
    add_count(&counts, weight->waiting, "message waits now", "messages wait now");
    if (weight->last != 0)
        last = region_printf(region, "; last on %s", date_text(region, weight->last));
    text = region_printf(region, "%s%s", buf_slice(&counts).n > 0 ? buf_text(&counts) : "nothing", last);
    buf_clear(&counts);
    return text;
}

const char *share_text(struct region *region, double share)
{
    if (isnan(share))
        return NULL;
    return region_printf(region, "%.*f %%", share > 0 && share < 0.0995 ? 1 : 0, 100 * share);
}

const char *weight_text(struct region *region, const struct weight *weight)
{
    const char *share = share_text(region, weight->share), *counts = counts_text(region, weight);

    if (share == NULL)
        return counts;
    if (weight->deliveries == 0)
        return region_printf(region, "no mail delivered: %s", counts);
    return region_printf(region, "carries %s of your mail: %s", share, counts);
}

static const char *unused_text(struct region *region, const struct mail_account *mail)
{
    int64_t days = mail_days(mail);

    if (days < 1)
        return "not used in the logs";
    return region_printf(region, "not used in the %lld day%s that the logs cover", (long long)days, days == 1 ? "" : "s");
}

const char *mail_entry_text(struct region *region, const struct mail_account *mail, const struct mail_entry *entry)
{
    const char *share = share_text(region, entry->weight.share), *what;

    if (mail_entry_is_unused(mail, entry))
        return unused_text(region, mail);
    if (entry->destinations == 0)
        return entry->fallbacks > 0 ? "only for fallbacks" : "no mail";
    what = region_printf(region, "%lld destination%s: %s", (long long)entry->destinations,
                         entry->destinations == 1 ? "" : "s", counts_text(region, &entry->weight));
    return share != NULL ? region_printf(region, "guards %s of your mail, %s", share, what) : what;
}

static const char *entry_place(struct region *region, const struct mail_entry *entry)
{
    if (entry->file != NULL && entry->line > 0)
        return file_place(region, entry->file, entry->line);
    return mail_entry_name(region, entry, true);
}

const char *result_entry_text(struct region *region, const struct report *report, const struct result *result)
{
    const struct mail_entry *entry = result->entry;

    if (report->mail == NULL || entry == NULL || entry->kind == MAIL_ENTRY_PARAMETER)
        return NULL;
    if (entry->destinations <= 1 && result->weight != NULL)
        return NULL;
    return region_printf(region, "%s %s", entry_place(region, entry), mail_entry_text(region, report->mail, entry));
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

const char *mail_entry_name(struct region *region, const struct mail_entry *entry, bool full)
{
    const char *file = entry->file != NULL && !full ? base_name(entry->file) : entry->file;
    const char *place = file != NULL ? file_place(region, file, entry->line) : entry->table;

    if (entry->kind == MAIL_ENTRY_PARAMETER)
        return entry->file == NULL ? region_printf(region, "%s = %s", entry->parameter, entry->value)
                                   : region_printf(region, "%s: %s = %s", place, entry->parameter, entry->value);
    return entry->key != NULL ? region_printf(region, "%s: %s", place, entry->key) : place;
}

const char *mail_total_text(struct region *region, const struct mail_account *mail)
{
    const struct weight *total = &mail->total;
    struct weight        log = *total;
    const char          *waiting = NULL, *counts;

    log.waiting = -1;
    log.last = 0;
    counts = counts_text(region, &log);
    if (total->waiting >= 0)
        waiting = region_printf(region, "%lld message%s now", (long long)total->waiting,
                                total->waiting == 1 ? " waits" : "s wait");
    if (!mail->has_log)
        return waiting;
    if (mail->from != 0)
        counts = region_printf(region, "%s to %s, %s", date_text(region, mail->from), date_text(region, total->last), counts);
    return waiting != NULL ? region_printf(region, "%s; %s", counts, waiting) : counts;
}

static int by_weight(const void *a, const void *b)
{
    const struct mail_entry *one = *(const struct mail_entry *const *)a, *other = *(const struct mail_entry *const *)b;
    const int64_t            ones[] = { one->weight.deliveries, one->weight.waiting, one->weight.deferrals,
                                        one->destinations, one->fallbacks };
    const int64_t            others[] = { other->weight.deliveries, other->weight.waiting, other->weight.deferrals,
                                          other->destinations, other->fallbacks };

    for (size_t i = 0; i < sizeof(ones) / sizeof(ones[0]); i++)
        if (ones[i] != others[i])
            return ones[i] < others[i] ? 1 : -1;
    return one < other ? -1 : one > other;
}

const struct mail_entry **mail_by_weight(struct region *region, const struct mail_account *mail)
{
    const struct mail_entry **sorted = region_array(region, mail->count + 1, sizeof(*sorted));
    size_t                    i;

    for (i = 0; i < mail->count; i++)
        sorted[i] = &mail->entries[i];
    qsort(sorted, mail->count, sizeof(*sorted), by_weight);
    return sorted;
}
