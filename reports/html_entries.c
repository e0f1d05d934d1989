/* The table entries by the mail that they guard, where a log or the queue was read. */
#include "reports/html.h"
#include "reports/html_page.h"
#include "reports/mail.h"
#include "reports/story.h"

#define USED_SHOWN 15
#define UNUSED_SHOWN 200

static void put_count(struct buf *out, int64_t count)
{
    if (count > 0)
        html_printf(out, "<td class=\"n\">%zu</td>", (size_t)count);
    else
        buf_add_text(out, "<td class=\"n dim\">0</td>");
}

static void put_entry(struct region *region, struct buf *out, const struct mail_account *mail, const struct mail_entry *entry)
{
    const char *share = share_text(region, entry->weight.share);

    html_printf(out, "<tr><th scope=\"row\"><code>%s</code></th><td class=\"n\">%s</td>", mail_entry_name(region, entry, true),
                share != NULL ? share : "-");
    put_count(out, entry->weight.deliveries);
    put_count(out, entry->weight.deferrals);
    if (mail->total.waiting >= 0)
        put_count(out, entry->weight.waiting);
    html_printf(out, "<td class=\"n\">%s</td></tr>\n",
                entry->weight.last != 0 ? date_text(region, entry->weight.last) : "-");
}

static void put_used(struct region *region, struct buf *out, const struct mail_account *mail)
{
    const struct mail_entry **sorted = mail_by_weight(region, mail);
    size_t                    i, shown = 0, left = 0;

    html_printf(out, "<table class=\"rows entries\"><caption>%s</caption><thead><tr><th scope=\"col\">entry</th>"
                     "<th scope=\"col\" class=\"n\">guards</th><th scope=\"col\" class=\"n\">delivered</th>"
                     "<th scope=\"col\" class=\"n\">deferred</th>", mail_total_text(region, mail));
    if (mail->total.waiting >= 0)
        buf_add_text(out, "<th scope=\"col\" class=\"n\">waiting</th>");
    buf_add_text(out, "<th scope=\"col\" class=\"n\">last</th></tr></thead><tbody>\n");
    for (i = 0; i < mail->count; i++) {
        if (sorted[i]->destinations == 0)
            continue;
        if (shown++ < USED_SHOWN)
            put_entry(region, out, mail, sorted[i]);
        else
            left++;
    }
    buf_add_text(out, "</tbody></table>");
    if (left > 0)
        html_printf(out, "<p>%zu more entries guard less.</p>", left);
}

static bool is_idle(const struct mail_entry *entry)
{
    return entry->destinations == 0 && entry->kind <= MAIL_ENTRY_PATTERN;
}

static void put_idle(struct region *region, struct buf *out, const struct mail_account *mail)
{
    size_t i, count = 0, shown = 0;

    for (i = 0; i < mail->count; i++)
        count += is_idle(&mail->entries[i]);
    if (count == 0)
        return;
    html_printf(out, "<details><summary>%zu %s without mail</summary><dl>", count, count == 1 ? "entry" : "entries");
    for (i = 0; i < mail->count && shown < UNUSED_SHOWN; i++) {
        if (!is_idle(&mail->entries[i]))
            continue;
        html_printf(out, "<dt><code>%s</code></dt><dd>%s</dd>", mail_entry_name(region, &mail->entries[i], true),
                    mail_entry_text(region, mail, &mail->entries[i]));
        shown++;
    }
    buf_add_text(out, "</dl>");
    if (shown < count)
        html_printf(out, "<p>and %zu more</p>", count - shown);
    buf_add_text(out, "</details>");
}

void html_entries(struct html_page *page, struct buf *out)
{
    const struct mail_account *mail = page->report->mail;

    if (mail == NULL)
        return;
    buf_add_text(out, "<section aria-labelledby=\"entries\"><h2 id=\"entries\">Mail by table entry</h2>");
    put_used(page->region, out, mail);
    put_idle(page->region, out, mail);
    buf_add_text(out, "</section>\n");
}
