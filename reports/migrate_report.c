#include "reports/migrate_report.h"

#include <string.h>

#include "reports/escape.h"

#define WIDTH 100

static bool put(const struct sink *sink, struct region *region, const char *text)
{
    return sink_text(sink, escape_text(region, text)) && sink_text(sink, "\n");
}

/* Words after "# ", and the following lines after "#   ". */
struct comment {
    const struct sink *sink;
    struct region *region;
    struct buf line;
    bool good;
};

static void comment_init(struct comment *c, const struct sink *sink, struct region *region)
{
    *c = (struct comment){ .sink = sink, .region = region, .good = true };
    buf_init(&c->line, (size_t)1 << 16);
    buf_add_text(&c->line, "#");
}

static void comment_flush(struct comment *c)
{
    c->good = c->good && put(c->sink, c->region, buf_text(&c->line));
    buf_empty(&c->line);
}

static void comment_words(struct comment *c, const char *text)
{
    struct slice rest = slice_of(text), word;

    while (slice_next_token(&rest, " ", &word)) {
        if (c->line.n > 3 && c->line.n + 1 + word.n > WIDTH) {
            comment_flush(c);
            buf_add_text(&c->line, "#  ");
        }
        buf_add_char(&c->line, ' ');
        buf_add_slice(&c->line, word);
    }
}

static bool comment_end(struct comment *c)
{
    comment_flush(c);
    buf_clear(&c->line);
    return c->good;
}

static bool put_comment(const struct sink *sink, struct region *region, const char *text)
{
    struct comment c;

    comment_init(&c, sink, region);
    comment_words(&c, text);
    return comment_end(&c);
}

static const char *spaced(struct region *region, const struct migrate_line *line)
{
    return region_printf(region, "%s %s", line->key[0] != '\0' ? line->key : "static", line->old_value);
}

static bool put_line(const struct sink *sink, struct region *region, const struct migrate_line *line)
{
    bool left_out = line->level == LEVEL_NOT_FOUND;

    if (line->has_remark && !put_comment(sink, region,
                                         region_printf(region, "%s%s: %s", left_out ? "left out: " : "",
                                                       spaced(region, line), migrate_remark_text(line->remark))))
        return false;
    if (left_out || line->key[0] == '\0')
        return true;
    return put(sink, region, region_printf(region, "%-32s %s", line->key, level_word(line->level)));
}

/* Keys that a host may have, one list for each value. */
static bool put_hosts(const struct sink *sink, struct region *region, const struct migrate_table *table)
{
    static const char *const values[] = { "NONE", "MAY", "MUST_NOPEERMATCH", "MUST" };
    bool good = true, any = false;

    for (size_t v = 0; good && v < sizeof(values) / sizeof(values[0]); v++) {
        struct comment c;
        size_t count = 0;

        for (size_t i = 0; i < table->count; i++) {
            const struct migrate_line *line = &table->lines[i];

            if (!line->is_host_name || !slice_eq_text_nocase(slice_of(line->old_value), values[v]))
                continue;
            if (!any)
                good =
                    put_comment(sink, region,
                                "Changed: per-site is also asked for the name of the mail host, a policy table is not. "
                                "Those of these keys that name a mail host have no equivalent: write an entry for each "
                                "destination that it serves.");
            any = true;
            if (count++ == 0) {
                comment_init(&c, sink, region);
                comment_words(&c, region_printf(region, "as a mail host %s:", values[v]));
            }
            comment_words(&c, line->key);
        }
        if (count > 0)
            good = comment_end(&c) && good;
    }
    return good;
}

static bool put_table(const struct sink *sink, struct region *region, const struct migrate_table *table)
{
    bool good;

    if (table->type == NULL)
        return put_comment(sink, region,
                           region_printf(region,
                                         "Not migrated: %s cannot be listed here, or is empty. Make it "
                                         "answer with levels: NONE none, MAY may, MUST_NOPEERMATCH "
                                         "encrypt, MUST verify; and name it in smtp_tls_policy_maps",
                                         table->old_name));
    if (strcmp(table->type, "static") == 0)
        good = put_comment(sink, region, region_printf(region, "%s", table->old_name));
    else
        good = put_comment(sink, region,
                           region_printf(region, "FILE: %s, in the place of %s", table->path, table->old_name));
    if (table->is_indexed)
        good = good &&
               put_comment(sink, region, region_printf(region, "then run: postmap %s:%s", table->type, table->path));
    if (table->is_rules)
        good =
            good && put_comment(sink, region,
                                "Changed: policy tables are also asked for .domain for every name below a domain, so "
                                "that a rule that matches it counts for these names too");
    good = good && put_hosts(sink, region, table);
    for (size_t i = 0; good && i < table->count; i++)
        good = put_line(sink, region, &table->lines[i]);
    return good;
}

/* What master.cf gives to a service is changed there. */
static bool put_setting(const struct sink *sink, struct region *region, const struct migrate_setting *s,
                        const struct config *config)
{
    const char *where = s->file != NULL ? region_printf(region, " (%s, line %d)", s->file, s->line) : "";

    if (s->value == NULL)
        return put_comment(sink, region, region_printf(region, "remove %s%s", s->name, where));
    if (s->in_master_cf)
        return put_comment(sink, region,
                           region_printf(region, "for the services named above, in %s/master.cf: -o { %s = %s }",
                                         config->dir, s->name, s->value));
    return put(sink, region, region_printf(region, "%s = %s", s->name, s->value));
}

static bool put_migration(const struct config *config, const struct migration *m, const struct sink *sink)
{
    struct region *region = region_new();
    bool good = put_comment(sink, region, region_printf(region, "For the services %s.", m->services));

    if (m->ignored)
        good = put_comment(sink, region,
                           region_printf(region,
                                         "%s is ignored today, because a policy table is set: its "
                                         "entries do nothing and are not carried over.",
                                         m->parameter));
    else if (m->table_count > 0)
        good = put_comment(sink, region, "Changed: a table that fails defers mail with 4.7.5 instead of 4.3.0.");
    for (size_t i = 0; good && i < m->table_count; i++)
        good = sink_text(sink, "\n") && put_table(sink, region, &m->tables[i]);
    good = good && sink_text(sink, "\n") &&
           put_comment(sink, region, region_printf(region, "FILE: %s/main.cf", config->dir));
    for (size_t i = 0; good && i < m->setting_count; i++)
        good = put_setting(sink, region, &m->settings[i], config);
    region_free(region);
    return good;
}

bool migrate_report(const struct config *config, const struct migration *m, const struct sink *sink)
{
    bool good = true;

    for (; good && m != NULL; m = m->next) {
        good = put_migration(config, m, sink);
        if (m->next != NULL)
            good = good && sink_text(sink, "\n");
    }
    return good;
}
