/* Tables that are all in their name: inline, static, internal; and rule tables written so. DATABASE_README. */
#include "scanner/base/hostname.h"
#include "scanner/config/table_impl.h"

const char *braces_open(struct slice text, struct slice *inside)
{
    size_t depth = 0, i;

    if (text.n == 0 || text.p[0] != '{')
        return "no '{' at start of text";
    for (i = 0; i < text.n; i++) {
        if (text.p[i] == '{')
            depth++;
        else if (text.p[i] == '}' && --depth == 0)
            break;
    }
    if (i == text.n)
        return "missing '}'";
    *inside = slice_head(slice_from_index(text, 1), i - 1);
    return i + 1 == text.n ? NULL : "syntax error after '}'";
}

/* "key = value"; the key may have parts in double quotes, which stay. NULL, or what is wrong. */
static const char *split_pair(struct slice text, struct slice *key, struct slice *value)
{
    bool quoted = false;
    size_t i;

    text = slice_trim_left(text);
    if (text.n == 0)
        return "no key found; expected format: key = value";
    for (i = 0; i < text.n; i++) {
        if (text.p[i] == '\\') {
            if (++i == text.n)
                break;
        } else if (text.p[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && (is_space(text.p[i]) || text.p[i] == '=')) {
            break;
        }
    }
    if (quoted)
        return "unbalanced '\"'";
    *key = slice_head(text, i);
    *value = slice_trim_left(slice_from_index(text, i));
    if (value->n == 0 || value->p[0] != '=')
        return "missing '=' after attribute name";
    *value = slice_trim(slice_from_index(*value, 1));
    return NULL;
}

static const char *inline_item(struct table *t, struct table_index *index, struct slice item)
{
    struct slice key, value;
    const char *wrong = NULL;
    size_t older;

    if (item.p[0] == '{')
        wrong = braces_open(item, &item);
    if (wrong == NULL)
        wrong = split_pair(item, &key, &value);
    if (wrong != NULL)
        return wrong;
    older = index_add(index, table_fold(t->region, key, table_stores_utf8(t)), value, 0);
    if (older != SIZE_MAX) {
        index_set_value(index, older, value);
        table_note(t, "table-duplicate-key", 0, "\"%.*s\" is given twice: the last one counts", QUOTED(key));
    }
    return NULL;
}

void table_open_inline(struct table *t, const struct table_loader *loader)
{
    struct slice name = slice_of(t->rest), inside, item;
    struct table_index *index;
    const char *wrong = NULL;

    (void)loader;
    if (t->options.utf8 && !text_is_utf8(name)) {
        table_break(t, false, "table-not-utf8", 0, "bad UTF-8 syntax: \"%s\"", t->type_name);
        return;
    }
    if (braces_open(name, &inside) != NULL || inside.n == 0) {
        table_break(t, false, "table-bad-syntax", 0, "bad syntax: \"%s\"; need \"inline:{name=value...}\"",
                    t->type_name);
        return;
    }
    index = index_new_entries(t->region, name.n, NULL);
    while (wrong == NULL && slice_next_token_braced(&inside, BRACES_SEPARATORS, &item))
        wrong = inline_item(t, index, item);
    if (wrong == NULL && index_count(index) == 0)
        wrong = "empty table";
    if (wrong != NULL)
        table_break(t, false, "table-bad-syntax", 0, "%s: \"%s\"; need \"inline:{name=value...}\"", wrong,
                    t->type_name);
    t->index = index;
    t->lookup = index_lookup;
}

static void static_lookup(const struct table *t, struct query *q, struct slice key, struct table_answer *a)
{
    (void)q;
    (void)key;
    a->status = TABLE_FOUND;
    a->value = t->data;
}

static bool static_item(const struct table *t, size_t i, struct table_item *item)
{
    *item = (struct table_item){ .kind = TABLE_ITEM_ANY, .value = slice_of(t->data) };
    return i == 0;
}

void table_open_static(struct table *t, const struct table_loader *loader)
{
    struct slice value = slice_of(t->rest);

    (void)loader;
    t->lookup = static_lookup;
    t->item = static_item;
    if (value.p[0] == '{') {
        const char *wrong = braces_open(value, &value);

        value = slice_trim(value);
        if (wrong != NULL)
            table_break(t, false, "table-bad-syntax", 0, "bad static:name syntax: %s in \"%s\"", wrong, t->rest);
    }
    t->data = region_slice(t->region, value);
}

static void empty_lookup(const struct table *t, struct query *q, struct slice key, struct table_answer *a)
{
    (void)t;
    (void)q;
    (void)key;
    a->status = TABLE_NOT_FOUND;
}

/* Memory of the process, which nobody has filled. */
void table_open_internal(struct table *t, const struct table_loader *loader)
{
    (void)loader;
    t->lookup = empty_lookup;
}

/* Each {rule} becomes a line. */
static bool inline_rules(struct table *t, struct slice *text)
{
    struct slice inside, item, rule;
    struct buf lines;
    const char *wrong = braces_open(slice_of(t->rest), &inside);

    buf_init(&lines, slice_of(t->rest).n + 1);
    while (wrong == NULL && slice_next_token_braced(&inside, BRACES_SEPARATORS, &item)) {
        wrong = braces_open(item, &rule);
        if (wrong == NULL) {
            buf_add_slice(&lines, slice_trim(rule));
            buf_add_char(&lines, '\n');
        }
    }
    *text = slice_from(region_slice(t->region, buf_slice(&lines)), lines.n);
    buf_clear(&lines);
    if (wrong != NULL)
        table_break(t, false, "table-bad-syntax", 0, "%s map: %s in \"%s\"", t->type->name, wrong, t->rest);
    return wrong == NULL;
}

bool table_rule_text(struct table *t, const struct table_loader *loader, struct slice *text)
{
    if (t->rest[0] == '{' && version_at_least(t->options.version, 3, 7, 0))
        return inline_rules(t, text);
    return table_read(t, loader, t->rest, text);
}
