#include "reports/html_parts.h"

#include <stdint.h>

#include "reports/html.h"
#include "scanner/base/dict.h"
#include "scanner/base/mem.h"

struct html_parts {
    struct dict *numbers;   /* markup -> number, plus one */
};

struct html_parts *html_parts_new(void)
{
    struct html_parts *parts = mem_alloc(sizeof(*parts));

    parts->numbers = dict_new();
    return parts;
}

void html_parts_free(struct html_parts *parts)
{
    if (parts == NULL)
        return;
    dict_free(parts->numbers);
    mem_free(parts);
}

void html_part(struct html_parts *parts, struct buf *out, const struct buf *markup)
{
    uintptr_t number;

    if (parts == NULL) {
        buf_add_slice(out, buf_slice(markup));
        return;
    }
    number = (uintptr_t)dict_find(parts->numbers, buf_slice(markup));
    if (number == 0) {
        number = dict_count(parts->numbers) + 1;
        dict_put(parts->numbers, buf_slice(markup), (void *)number);
    }
    html_printf(out, "<div data-part=%zu></div>", (size_t)number - 1);
}

bool html_lists_add(struct html_lists *lists, const char *markup)
{
    struct buf out;
    bool       good, first = lists->count % HTML_LIST_LENGTH == 0;

    buf_init(&out, HTML_MAX);
    if (first)
        html_printf(&out, "<script type=\"application/json\" id=\"%s-%zu\">[", lists->kind,
                    lists->count / HTML_LIST_LENGTH);
    else
        buf_add_text(&out, ",\n");
    html_json_markup(&out, markup);
    lists->count++;
    if (lists->count % HTML_LIST_LENGTH == 0)
        buf_add_text(&out, "]</script>\n");
    good = !out.overflow && sink_write(lists->sink, buf_slice(&out));
    buf_clear(&out);
    return good;
}

bool html_lists_end(struct html_lists *lists)
{
    return lists->count % HTML_LIST_LENGTH == 0 || sink_text(lists->sink, "]</script>\n");
}

bool html_parts_write(const struct html_parts *parts, const struct sink *sink)
{
    struct html_lists lists = { .kind = "part", .sink = sink };
    bool              good = true;
    size_t            i;

    for (i = 0; good && i < dict_count(parts->numbers); i++)
        good = html_lists_add(&lists, dict_key_at(parts->numbers, i));
    return good && html_lists_end(&lists);
}
