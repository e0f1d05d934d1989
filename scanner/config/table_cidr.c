/* cidr_table(5): network prefixes; the first one that has the key wins. */
#include <string.h>

#include "scanner/base/hostname.h"
#include "scanner/config/table_impl.h"

struct network {
    struct prefix prefix;
    bool negated;
};

/* "addr", "addr/len", with brackets around all of it or around the address. NULL, or what is wrong. */
static const char *parse_network(struct slice text, struct prefix *prefix)
{
    size_t slash, end;
    struct slice length;
    unsigned long bits;
    unsigned most;

    if (text.n > 0 && text.p[0] == '[') {
        text = slice_from_index(text, 1);
        end = slice_find(text, ']');
        if (end == text.n)
            return "missing ']'";
        length = slice_from_index(text, end + 1);
        if (length.n > 0 && length.p[0] != '/')
            return "garbage after ']'";
        text = slice_head(text, end);
        slash = slice_find(text, '/');
        /* A length behind the bracket wins; what follows a slash inside then makes a bad address. */
        if (length.n > 0)
            slash = text.n;
        else
            length = slice_from_index(text, slash);
    } else {
        slash = slice_find(text, '/');
        length = slice_from_index(text, slash);
    }
    most = slice_find(slice_head(text, slash), ':') < slash ? 128 : 32;
    prefix->bits = most;
    if (length.n > 0) {
        if (!slice_to_number(slice_from_index(length, 1), most, &bits))
            return "bad mask";
        prefix->bits = (unsigned)bits;
    }
    return address_parse(&prefix->address, slice_head(text, slash)) ? NULL : "bad address pattern";
}

static bool host_bits(const struct prefix *prefix)
{
    unsigned bytes = prefix->address.family == FAMILY_IPV6 ? 16 : 4;

    for (unsigned i = 0; i < bytes; i++) {
        unsigned kept = prefix->bits > 8 * i ? prefix->bits - 8 * i : 0;

        if (kept < 8 && (prefix->address.bytes[i] & (0xffu >> kept)) != 0)
            return true;
    }
    return false;
}

static const char *parse_pattern(struct table *t, struct slice text, bool negated, struct network **network)
{
    const char *wrong;

    if (text.n == 0)
        return "no address pattern";
    *network = region_alloc(t->region, sizeof(**network));
    (*network)->negated = negated;
    wrong = parse_network(text, &(*network)->prefix);
    if (wrong == NULL && host_bits(&(*network)->prefix))
        wrong = "non-null host address bits";
    return wrong;
}

static const char *parse_match(struct table *t, struct slice line, struct rule *rule)
{
    bool negated = rule_negated(&line);
    size_t end = 0;
    struct network *network = NULL;
    struct slice value;
    const char *wrong;

    while (end < line.n && !is_space(line.p[end]))
        end++;
    value = slice_trim(slice_from_index(line, end));
    wrong = parse_pattern(t, slice_head(line, end), negated, &network);
    if (wrong == NULL && value.n == 0)
        wrong = "no lookup result";
    if (wrong != NULL)
        return wrong;
    rule->pattern = network;
    rule->result = region_slice(t->region, value);
    return NULL;
}

static const char *parse_rule(struct rules *rules, struct slice line, struct rule *rule)
{
    struct network *network = NULL;
    struct slice rest;
    const char *wrong;
    bool negated;

    if (rule_word(line, "if", &rest)) {
        negated = rule_negated(&rest);
        wrong = parse_pattern(rules->table, slice_trim(rest), negated, &network);
        rule->op = RULE_IF;
        rule->pattern = network;
        return wrong;
    }
    if (rule_word(line, "endif", &rest)) {
        rule->op = RULE_ENDIF;
        return rest.n > 0 ? "garbage after endif" : rules->nesting == 0 ? "endif without if" : NULL;
    }
    rule->op = RULE_MATCH;
    return parse_match(rules->table, line, rule);
}

static bool network_matches(void *arg, const struct rule *rule)
{
    const struct address *address = arg;
    const struct network *network = rule->pattern;

    return address->family == network->prefix.address.family &&
           prefix_has(&network->prefix, address) != network->negated;
}

static void cidr_lookup(const struct table *t, struct query *q, struct slice key, struct table_answer *a)
{
    struct address address;
    const struct rule *rule;

    (void)q;
    if (!address_parse(&address, key))
        return;
    rule = rules_run(t->data, network_matches, &address);
    if (rule == NULL)
        return;
    a->status = TABLE_FOUND;
    a->value = rule->result;
    a->file = t->file;
    a->line = t->file != NULL ? rule->line : 0;
}

void table_open_cidr(struct table *t, const struct table_loader *loader)
{
    struct rules *rules = region_alloc(t->region, sizeof(*rules));
    struct table_lines lines;
    struct logical_line line;
    struct slice text;

    if (!table_rule_text(t, loader, &text))
        return;
    rules->table = t;
    table_lines_init(&lines, t, text);
    while (table_lines_next(&lines, &line)) {
        struct rule rule = { .line = line.line };
        const char *wrong = parse_rule(rules, line.text, &rule);

        if (wrong == NULL)
            rules_add(rules, rule);
        else
            table_note(t, "table-bad-rule", line.line, "%s: the rule is skipped", wrong);
    }
    rules_finish(rules);
    t->lookup = cidr_lookup;
    t->data = rules;
}
