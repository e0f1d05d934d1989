#include "reports/text_mail.h"

#include "reports/escape.h"
#include "reports/story.h"

#define ENTRIES_SHOWN 20
#define UNUSED_SHOWN 5
#define NAME_INDENT 8

enum column { SHARE, SENT, DEFERRED, WAITING, LAST, ENTRY, COLUMNS };

static void put(struct page *page, struct place place, const char *label, const char *text)
{
    place.label = label;
    if (text != NULL)
        page_text(page, place, text);
}

void page_weight(struct page *page, struct place place, struct region *region, const struct report *report,
                 const struct result *result)
{
    put(page, place, "weight", result->weight != NULL ? weight_text(region, result->weight) : NULL);
    put(page, place, "entry", result_entry_text(region, report, result));
}

static const char *count_text(struct region *region, int64_t count)
{
    return count > 0 ? region_printf(region, "%lld", (long long)count) : "-";
}

/* Without a queue there is no column for it. What does not fit behind the columns stands below them. */
static void put_row(struct page *page, struct region *region, bool queue, const struct cell *cells)
{
    struct cell row[COLUMNS];
    const char *entry = cells[ENTRY].text;
    size_t      i, n = 0;
    int         used = 0;

    for (i = 0; i < COLUMNS; i++) {
        if (i == WAITING && !queue)
            continue;
        row[n++] = cells[i];
        used += i == ENTRY ? text_width(slice_of(escape_text(region, entry))) : cells[i].width + 2;
    }
    if (used > page->width)
        row[n - 1].text = "";
    page_row(page, 0, row, n);
    if (used > page->width)
        page_text(page, (struct place){ .indent = NAME_INDENT }, entry);
}

static void put_heading(struct page *page, struct region *region, bool queue)
{
    static const struct cell cells[COLUMNS] = {
        [SHARE] = { 6, TONE_DIM, "GUARDS" },     [SENT] = { 9, TONE_DIM, "DELIVERED" },
        [DEFERRED] = { 8, TONE_DIM, "DEFERRED" }, [WAITING] = { 7, TONE_DIM, "WAITING" },
        [LAST] = { 10, TONE_DIM, "LAST" },        [ENTRY] = { 20, TONE_DIM, "ENTRY" },
    };

    put_row(page, region, queue, cells);
}

static void put_entry(struct page *page, struct region *region, bool queue, const struct mail_entry *entry)
{
    const struct weight *weight = &entry->weight;
    const char          *share = share_text(region, weight->share);
    const struct cell    cells[COLUMNS] = {
        [SHARE] = { 6, TONE_PLAIN, share != NULL ? share : "-" },
        [SENT] = { 9, TONE_PLAIN, count_text(region, weight->deliveries) },
        [DEFERRED] = { 8, weight->deferrals > 0 ? TONE_YELLOW : TONE_PLAIN, count_text(region, weight->deferrals) },
        [WAITING] = { 7, weight->waiting > 0 ? TONE_YELLOW : TONE_PLAIN, count_text(region, weight->waiting) },
        [LAST] = { 10, TONE_PLAIN, weight->last != 0 ? date_text(region, weight->last) : "-" },
        [ENTRY] = { 20, TONE_PLAIN, mail_entry_name(region, entry, false) },
    };

    put_row(page, region, queue, cells);
}

/* Those that guard mail, the heaviest first. */
static void put_used(struct page *page, struct region *region, const struct mail_account *mail, bool verbose)
{
    const struct mail_entry **sorted = mail_by_weight(region, mail);
    size_t                    i, shown = 0, left = 0;

    for (i = 0; i < mail->count; i++) {
        if (sorted[i]->destinations == 0)
            continue;
        if (shown == 0)
            put_heading(page, region, mail->total.waiting >= 0);
        if (shown < ENTRIES_SHOWN || verbose)
            put_entry(page, region, mail->total.waiting >= 0, sorted[i]);
        else
            left++;
        shown++;
    }
    if (left > 0)
        page_printf(page, (struct place){ 0 }, "%zu more entries guard less; --verbose lists them", left);
}

/* The others, with what is known of them. */
static void put_unused(struct page *page, struct region *region, const struct mail_account *mail, bool verbose)
{
    size_t i, shown = 0, left = 0;

    for (i = 0; i < mail->count; i++) {
        const struct mail_entry *entry = &mail->entries[i];

        if (entry->destinations > 0 || entry->kind > MAIL_ENTRY_PATTERN)
            continue;
        if (shown++ < UNUSED_SHOWN || verbose)
            page_printf(page, (struct place){ 0 }, "%s: %s", mail_entry_name(region, entry, false),
                        mail_entry_text(region, mail, entry));
        else
            left++;
    }
    if (left > 0)
        page_printf(page, (struct place){ 0 }, "%zu more entries without mail; --verbose lists them", left);
}

void page_mail(struct page *page, struct region *region, const struct report *report, bool verbose)
{
    const struct mail_account *mail = report->mail;

    if (mail == NULL)
        return;
    page_blank(page);
    page_printf(page, (struct place){ .tone = TONE_BOLD }, "Mail by table entry: %s", mail_total_text(region, mail));
    put_used(page, region, mail, verbose);
    put_unused(page, region, mail, verbose);
}
