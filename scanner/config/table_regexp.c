/* regexp_table(5) and pcre_table(5): rules "/pattern/flags result". */
#include "scanner/config/table_regexp.h"

#include <limits.h>
#include <string.h>

#include "scanner/config/table_impl.h"

/* A result is text and numbers of groups in turn. */
struct part {
    struct slice text;
    size_t group; /* 0: the text */
};
struct expansion {
    struct part *parts;
    size_t count, room;
    size_t highest; /* group; 0: none is used */
};

struct rule_patterns {
    struct regexp_pattern first, second;
    bool has_second;
    struct slice head, result;    /* as written */
};

struct rule_item {
    const struct rule *rule;
    bool in_block;
};

struct regexp_table {
    const struct regexp_engine *engine;
    struct rules rules;
    struct rule_item *items;
    size_t item_count;
};

/* The index of the closing delimiter; s.n when there is none. */
static size_t find_delimiter(const struct regexp_engine *engine, struct slice s, char delimiter)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\') {
            if (i + 1 == s.n)
                return engine->backslash_closes ? i : s.n;
            i++;
        } else if (s.p[i] == delimiter) {
            return i;
        }
    }
    return s.n;
}

static const struct regexp_flag *find_flag(const struct regexp_engine *engine, char letter)
{
    const struct regexp_flag *f = engine->flags;

    while (f->letter != 0 && f->letter != letter)
        f++;
    return f->letter != 0 ? f : NULL;
}

/* Takes a pattern with its flags off *rest. NULL, or what is wrong. */
static const char *take_pattern(const struct regexp_engine *engine, struct slice *rest, struct regexp_pattern *p)
{
    char delimiter;
    size_t end;

    p->negated = rule_negated(rest);
    if (rest->n == 0)
        return "no regular expression";
    delimiter = rest->p[0];
    *rest = slice_from_index(*rest, 1);
    end = find_delimiter(engine, *rest, delimiter);
    if (end == rest->n)
        return "no closing delimiter";
    p->text = slice_head(*rest, end);
    p->options = engine->options;
    for (*rest = slice_from_index(*rest, end + 1); rest->n > 0 && !is_space(rest->p[0]);
         *rest = slice_from_index(*rest, 1)) {
        const struct regexp_flag *flag = find_flag(engine, rest->p[0]);

        if (engine->second_pattern && rest->p[0] == '!')
            break;
        if (flag == NULL)
            return "unknown regular expression option";
        p->options ^= flag->option;
    }
    return NULL;
}

static void add_part(struct region *region, struct expansion *e, struct part part)
{
    if (e->count == e->room) {
        struct part *bigger = region_array(region, e->room = e->room > 0 ? 2 * e->room : 4, sizeof(*bigger));

        if (e->count > 0)
            memcpy(bigger, e->parts, e->count * sizeof(*bigger));
        e->parts = bigger;
    }
    e->parts[e->count++] = part;
}

/* Takes the name behind a '$' off *rest: "name", "(name)", "{name}", brackets of the same kind nested. */
static bool take_name(struct slice *rest, struct slice *name)
{
    char open = rest->n > 0 ? rest->p[0] : '\0', close = open == '(' ? ')' : '}';
    size_t depth = 0, i = 0;

    if (open != '(' && open != '{') {
        while (i < rest->n && (is_alnum(rest->p[i]) || rest->p[i] == '_'))
            i++;
        *name = slice_head(*rest, i);
        *rest = slice_from_index(*rest, i);
        return i > 0;
    }
    for (; i < rest->n; i++) {
        if (rest->p[i] == open)
            depth++;
        else if (rest->p[i] == close && --depth == 0)
            break;
    }
    if (i == rest->n)
        return false;
    *name = slice_head(slice_from_index(*rest, 1), i - 1);
    *rest = slice_from_index(*rest, i + 1);
    return name->n > 0;
}

/* NULL, or what is wrong. */
static const char *parse_expansion(struct region *region, struct slice text, struct expansion *e)
{
    while (text.n > 0) {
        size_t dollar = slice_find(text, '$');
        unsigned long number;
        struct slice name;

        if (dollar > 0)
            add_part(region, e, (struct part){ .text = slice_head(text, dollar) });
        text = slice_from_index(text, dollar);
        if (text.n == 0)
            break;
        text = slice_from_index(text, 1);
        if (text.n > 0 && text.p[0] == '$') {
            add_part(region, e, (struct part){ .text = slice_head(text, 1) });
            text = slice_from_index(text, 1);
            continue;
        }
        if (!take_name(&text, &name))
            return "bad replacement syntax";
        if (!slice_to_number(name, INT_MAX, &number) || number == 0)
            return "bad replacement index";
        add_part(region, e, (struct part){ .group = number });
        if (number > e->highest)
            e->highest = number;
    }
    return NULL;
}

static const char *compile(struct table *t, const struct regexp_engine *engine, struct regexp_pattern *p,
                           size_t groups_wanted, int line)
{
    struct error err = { 0 };
    size_t groups = 0;

    p->engine = engine;
    p->text = slice_from(region_slice(t->region, p->text), p->text.n);
    p->groups = groups_wanted > 0;
    p->apart = engine->may_last(p->text);
    if (p->apart && t->options.guard != NULL)
        return regexp_compile_apart(t, p, groups_wanted, line);
    p->code = engine->compile(t->region, p->text.p, p->options, p->groups, &groups, &err);
    if (p->code == NULL)
        return region_text(t->region, err.text);
    return groups_wanted > groups ? "replacement index out of range" : NULL;
}

static const char *parse_match(struct table *t, const struct regexp_engine *engine, struct slice line,
                               struct rule *rule)
{
    const char *start = line.p;
    struct rule_patterns *patterns = region_alloc(t->region, sizeof(*patterns));
    struct expansion *result = region_alloc(t->region, sizeof(*result));
    const char *wrong = take_pattern(engine, &line, &patterns->first);
    bool second = wrong == NULL && line.n > 0 && line.p[0] == '!';

    if (second)
        wrong = take_pattern(engine, &line, &patterns->second);
    if (wrong != NULL)
        return wrong;
    patterns->head = slice_trim(slice_from(start, (size_t)(line.p - start)));
    line = slice_trim(line);
    patterns->result = line;
    wrong = parse_expansion(t->region, line, result);
    if (wrong == NULL && result->highest > 0 && patterns->first.negated)
        wrong = "$number in the result of a negative match";
    if (wrong == NULL && result->highest > 0 && t->options.no_regsub)
        wrong = "regular expression substitution is not allowed here";
    if (wrong == NULL)
        wrong = compile(t, engine, &patterns->first, result->highest, rule->line);
    if (wrong == NULL && second)
        wrong = compile(t, engine, &patterns->second, 0, rule->line);
    patterns->has_second = second;
    if (wrong == NULL && line.n == 0)
        table_note(t, "table-empty-result", rule->line, "no result: a match is an error");
    rule->op = RULE_MATCH;
    rule->pattern = patterns;
    rule->result = result;
    return wrong;
}

static const char *parse_if(struct table *t, const struct regexp_engine *engine, struct slice rest, struct rule *rule)
{
    struct rule_patterns *patterns = region_alloc(t->region, sizeof(*patterns));
    const char *wrong = take_pattern(engine, &rest, &patterns->first);

    if (wrong != NULL)
        return wrong;
    rest = slice_trim(rest);
    if (rest.n > 0)
        table_note(t, "table-extra-text", rule->line,
                   "text after if is ignored: \"%.*s\"; rules between if and endif must not begin with white space",
                   QUOTED(rest));
    rule->op = RULE_IF;
    rule->pattern = patterns;
    return compile(t, engine, &patterns->first, 0, rule->line);
}

/* NULL, or why the line is skipped. */
static const char *parse_rule(struct regexp_table *table, struct slice line, struct rule *rule)
{
    struct table *t = table->rules.table;
    struct slice rest;

    if (!is_alnum(line.p[0]))
        return parse_match(t, table->engine, line, rule);
    if (rule_word(line, "if", &rest))
        return parse_if(t, table->engine, rest, rule);
    if (!rule_word(line, "endif", &rest))
        return "unrecognized request";
    if (table->rules.nesting == 0)
        return "endif without if";
    if (rest.n > 0)
        table_note(t, "table-extra-text", rule->line, "text after endif is ignored: \"%.*s\"", QUOTED(rest));
    rule->op = RULE_ENDIF;
    return NULL;
}

/* What a walk through the rules needs at hand. */
struct walk {
    const struct table *table;
    struct query *query;
    const char *key;
    struct table_answer *answer;
    struct regexp_groups groups; /* of the rule that was tried last */
    size_t room;                 /* for groups */
    const char *undecided;       /* why nobody knows what comes of it; NULL as long as that is known */
};

static void warn(struct walk *w, const struct rule *rule, const char *what)
{
    w->answer->warning = region_printf(w->query->region, "%s, line %d: %s", w->table->type_name, rule->line, what);
}

static const struct table_guard *guard_of(const struct walk *w)
{
    return w->table->options.guard;
}

static void give_up(struct walk *w, const struct rule *rule, const char *why)
{
    const struct table *t = w->table;

    w->undecided = region_printf(w->query->region, "%s, line %d: %s", t->type_name, rule->line, why);
}

static void tell_slow(const struct walk *w, const struct rule *rule, double seconds, bool given_up)
{
    regexp_tell_slow(w->table, w->query->region, rule->line, seconds, given_up, w->key);
}

/* The outcome, as far as it is to be had. */
static enum regexp_outcome try_pattern(struct walk *w, const struct rule *rule, const struct regexp_pattern *p,
                                       struct error *err)
{
    const struct regexp_table *table = w->table->data;
    enum regexp_outcome outcome = REGEXP_FAILED;

    if (guard_of(w) == NULL || !p->apart)
        return table->engine->match(p->code, w->key, &w->groups, err);
    if (!regexp_match_apart(guard_of(w), p, w->key, &w->groups, &outcome, err))
        give_up(w, rule, TABLE_PATTERN_ENDLESS);
    return outcome;
}

static bool pattern_matches(struct walk *w, const struct rule *rule, const struct regexp_pattern *p)
{
    const struct table_guard *guard = guard_of(w);
    double start = guard != NULL ? guard->clock() : 0;
    struct error err = { 0 };
    enum regexp_outcome outcome;

    if (guard != NULL && !guard->has_time(guard->arg)) {
        give_up(w, rule, TABLE_PATTERN_UNTRIED);
        return true;
    }
    outcome = try_pattern(w, rule, p, &err);
    if (guard != NULL && guard->clock() - start > TABLE_SLOW_SECONDS)
        tell_slow(w, rule, guard->clock() - start, w->undecided != NULL);
    if (w->undecided != NULL)
        return true;
    if (outcome == REGEXP_FAILED) {
        warn(w, rule, err.text);
        return false;
    }
    return (outcome == REGEXP_MATCH) != p->negated;
}

static void want_groups(struct walk *w, size_t count)
{
    if (count > w->room) {
        w->groups.at = region_array(w->query->region, count, sizeof(w->groups.at[0]));
        w->room = count;
    }
    w->groups.count = count;
}

/* Once it is undecided, every rule "matches": the walk ends at the next one. */
static bool rule_matches(void *arg, const struct rule *rule)
{
    struct walk *w = arg;
    const struct rule_patterns *patterns = rule->pattern;
    const struct expansion *result = rule->result;
    size_t groups = result != NULL && result->highest > 0 ? result->highest + 1 : 0;

    if (w->undecided != NULL)
        return true;
    want_groups(w, groups);
    if (!pattern_matches(w, rule, &patterns->first))
        return false;
    if (!patterns->has_second || w->undecided != NULL)
        return true;
    /* The second one leaves the groups of the first alone. */
    w->groups.count = 0;
    return pattern_matches(w, rule, &patterns->second);
}

static const char *expand(const struct walk *w, const struct expansion *e)
{
    size_t n = 0;
    char *out;

    for (size_t i = 0; i < e->count; i++) {
        size_t group = e->parts[i].group;

        n += group > 0 ? w->groups.at[group].end - w->groups.at[group].start : e->parts[i].text.n;
    }
    out = region_alloc(w->query->region, n + 1);
    n = 0;
    for (size_t i = 0; i < e->count; i++) {
        size_t group = e->parts[i].group;
        struct slice s = e->parts[i].text;

        if (group > 0)
            s = slice_from(w->key + w->groups.at[group].start, w->groups.at[group].end - w->groups.at[group].start);
        if (s.n > 0)
            memcpy(out + n, s.p, s.n);
        n += s.n;
    }
    return out;
}

static void regexp_lookup(const struct table *t, struct query *q, struct slice key, struct table_answer *a)
{
    const struct regexp_table *table = t->data;
    struct walk w = { .table = t, .query = q, .key = region_slice(q->region, key), .answer = a };
    const struct rule *rule = rules_run(&table->rules, rule_matches, &w);

    if (w.undecided != NULL) {
        a->status = TABLE_UNREADABLE;
        a->error = w.undecided;
        return;
    }
    if (rule == NULL)
        return;
    a->status = TABLE_FOUND;
    a->value = expand(&w, rule->result);
    a->file = t->file;
    a->line = t->file != NULL ? rule->line : 0;
}

/* Items are the rules with a result, without those that open and close blocks. */
static void list_matches(struct regexp_table *table)
{
    const struct rules *rules = &table->rules;
    size_t depth = 0;

    table->items = region_array(rules->table->region, rules->count + 1, sizeof(table->items[0]));
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->rules[i];

        depth += rule->op == RULE_IF;
        depth -= rule->op == RULE_ENDIF;
        if (rule->op == RULE_MATCH)
            table->items[table->item_count++] = (struct rule_item){ rule, depth > 0 };
    }
}

static bool regexp_item(const struct table *t, size_t i, struct table_item *item)
{
    const struct regexp_table *table = t->data;
    const struct rule_patterns *patterns;

    if (i >= table->item_count)
        return false;
    patterns = table->items[i].rule->pattern;
    *item = (struct table_item){ .kind = TABLE_ITEM_RULE,
                                 .key = patterns->first.text,
                                 .value = patterns->result,
                                 .head = patterns->head,
                                 .negated = patterns->first.negated,
                                 .narrowed = table->items[i].in_block || patterns->has_second,
                                 .file = t->file,
                                 .line = t->file != NULL ? table->items[i].rule->line : 0 };
    return true;
}

static bool regexp_item_matches(const struct table *t, size_t i, const char *text)
{
    const struct regexp_table *table = t->data;
    struct regexp_groups none = { NULL, 0 };
    const struct regexp_pattern *first;
    enum regexp_outcome outcome;
    struct error err = { 0 };

    if (i >= table->item_count)
        return false;
    first = &((const struct rule_patterns *)table->items[i].rule->pattern)->first;
    if (t->options.guard == NULL || !first->apart)
        outcome = table->engine->match(first->code, text, &none, &err);
    else if (!regexp_match_apart(t->options.guard, first, text, &none, &outcome, &err))
        return false;
    return (outcome == REGEXP_MATCH) != first->negated;
}

static void open_rules(struct table *t, const struct table_loader *loader, const struct regexp_engine *engine)
{
    struct regexp_table *table = region_alloc(t->region, sizeof(*table));
    struct table_lines lines;
    struct logical_line line;
    struct slice text;

    if (!table_rule_text(t, loader, &text))
        return;
    table->engine = engine;
    table->rules.table = t;
    t->data = table;
    t->lookup = regexp_lookup;
    t->item = regexp_item;
    t->matches = regexp_item_matches;
    table_lines_init(&lines, t, text);
    while (table_lines_next(&lines, &line)) {
        struct rule rule = { .line = line.line };
        const char *wrong = line.text.n > 0 ? parse_rule(table, line.text, &rule) : "empty line";

        if (wrong == NULL)
            rules_add(&table->rules, rule);
        else
            table_note(t, "table-bad-rule", line.line, "%s: the rule is skipped", wrong);
    }
    rules_finish(&table->rules);
    list_matches(table);
}

void table_open_regexp(struct table *t, const struct table_loader *loader)
{
    open_rules(t, loader, &regexp_posix);
}

void table_open_pcre(struct table *t, const struct table_loader *loader)
{
    open_rules(t, loader, &regexp_pcre);
}
