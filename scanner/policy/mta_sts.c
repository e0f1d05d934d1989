#include "scanner/policy/mta_sts.h"

#include <string.h>
#include <strings.h>

#include "scanner/base/hostname.h"
#include "scanner/base/names.h"
#include "scanner/policy/txt_record.h"

#define VERSION       "v=STSv1"
#define ID_MAX        32
#define MAX_AGE_DIGITS 10

static const struct fault_row {
    const char *word, *sentence;
} fault_rows[STS_FAULT_COUNT] = {
#define STS_FAULT(name, word, sentence) [STS_FAULT_##name] = { word, sentence },
#include "scanner/policy/sts_faults.def"
#undef STS_FAULT
};

static const struct name modes[] = {
    { STS_MODE_NONE, "none" }, { STS_MODE_TESTING, "testing" }, { STS_MODE_ENFORCE, "enforce" }, { 0, NULL },
};

const char *sts_fault_word(enum sts_fault fault)
{
    return fault_rows[fault].word;
}

const char *sts_fault_sentence(enum sts_fault fault)
{
    return fault_rows[fault].sentence;
}

const char *sts_mode_word(enum sts_mode mode)
{
    return name_word(modes, (int)mode);
}

/* The record */

static enum sts_fault fault_of(enum txt_fault fault)
{
    static const enum sts_fault faults[] = {
        [TXT_FINE] = STS_FAULT_FINE,
        [TXT_SEVERAL] = STS_FAULT_RECORD_SEVERAL,
        [TXT_VERSION] = STS_FAULT_RECORD_VERSION,
        [TXT_CHARACTER] = STS_FAULT_RECORD_CHARACTER,
        [TXT_FIELD] = STS_FAULT_RECORD_FIELD,
        [TXT_FIELD_NAME] = STS_FAULT_RECORD_FIELD_NAME,
        [TXT_FIELD_VALUE] = STS_FAULT_RECORD_FIELD_VALUE,
        [TXT_FIELD_EMPTY] = STS_FAULT_RECORD_FIELD_EMPTY,
    };

    return faults[fault];
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static enum sts_fault check_id(struct slice id)
{
    for (size_t i = 0; i < id.n; i++)
        if (!is_digit(id.p[i]) && !(id.p[i] >= 'A' && id.p[i] <= 'Z') && !(id.p[i] >= 'a' && id.p[i] <= 'z'))
            return STS_FAULT_RECORD_ID_CHARACTER;
    if (id.n == 0)
        return STS_FAULT_RECORD_ID_EMPTY;
    return id.n > ID_MAX ? STS_FAULT_RECORD_ID_LONG : STS_FAULT_FINE;
}

enum sts_fault sts_record_parse(struct region *region, struct slice text, const char **id)
{
    struct slice     rest;
    struct txt_field field;
    enum txt_fault   fault = txt_begin(text, VERSION, &rest);
    enum sts_fault   wrong;

    *id = NULL;
    while (fault == TXT_FINE && txt_next(&rest, &field, &fault)) {
        if (fault != TXT_FINE)
            break;
        if (!slice_eq_text(field.name, "id")) {
            fault = txt_value_is_valid(field.value) ? TXT_FINE : TXT_FIELD_VALUE;
        } else if (*id == NULL) { /* of several the first counts */
            if ((wrong = check_id(field.value)) != STS_FAULT_FINE)
                return wrong;
            *id = region_slice(region, field.value);
        }
    }
    if (fault == TXT_FINE && *id == NULL)
        return STS_FAULT_RECORD_ID_MISSING;
    return fault_of(fault);
}

bool sts_record_select(struct region *region, const struct dns_fact *fact, enum sts_fault *fault, const char **id)
{
    enum txt_fault which;
    struct slice   text;

    *id = NULL;
    if (!txt_select(fact, VERSION, &which, &text))
        return false;
    *fault = which == TXT_FINE ? sts_record_parse(region, text, id) : fault_of(which);
    return true;
}

/* The policy */

struct parser {
    struct region     *region;
    struct sts_policy *policy;
    struct sts_place  *place;
    bool               version, mode, max_age; /* seen */
};

static enum sts_fault read_version(struct parser *parser, struct slice value)
{
    if (parser->version)
        return STS_FAULT_FINE;
    parser->version = true;
    return slice_eq_text(value, "STSv1") ? STS_FAULT_FINE : STS_FAULT_POLICY_VERSION;
}

static enum sts_fault read_mode(struct parser *parser, struct slice value)
{
    int code;

    if (parser->mode)
        return STS_FAULT_FINE;
    parser->mode = true;
    if (!name_code_exact(modes, value, &code))
        return STS_FAULT_POLICY_MODE;
    parser->policy->mode = (enum sts_mode)code;
    return STS_FAULT_FINE;
}

static enum sts_fault read_max_age(struct parser *parser, struct slice value)
{
    if (parser->max_age)
        return STS_FAULT_FINE;
    parser->max_age = true;
    if (value.n > MAX_AGE_DIGITS)
        return STS_FAULT_POLICY_MAX_AGE;
    parser->policy->max_age = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (!is_digit(value.p[i]))
            return STS_FAULT_POLICY_MAX_AGE;
        parser->policy->max_age = parser->policy->max_age * 10 + (value.p[i] - '0');
    }
    return parser->policy->max_age > STS_MAX_AGE_MAX ? STS_FAULT_POLICY_MAX_AGE_LARGE : STS_FAULT_FINE;
}

static enum sts_fault read_mx(struct parser *parser, struct slice value)
{
    struct slice domain = slice_starts_with(value, SLICE("*.")) ? slice_from_index(value, 2) : value;

    if (slice_find(domain, '*') < domain.n)
        return STS_FAULT_POLICY_MX_WILDCARD;
    if (!hostname_is_valid(domain))
        return STS_FAULT_POLICY_MX;
    parser->policy->mx.items[parser->policy->mx.count++] = region_slice(parser->region, value);
    return STS_FAULT_FINE;
}

static const struct {
    const char *key;
    enum sts_fault (*read)(struct parser *, struct slice value);
} keys[] = { { "version", read_version }, { "mode", read_mode }, { "max_age", read_max_age }, { "mx", read_mx } };

static bool has_control(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
            return true;
    return false;
}

static enum sts_fault check_line(struct slice line)
{
    if (line.n == 0)
        return STS_FAULT_POLICY_BLANK_LINE;
    if (slice_find(line, '\r') < line.n)
        return STS_FAULT_POLICY_LINE_END;
    if (line.p[0] == ' ' || line.p[0] == '\t')
        return slice_trim(line).n == 0 ? STS_FAULT_POLICY_BLANK_LINE : STS_FAULT_POLICY_LEADING_BLANK;
    return STS_FAULT_FINE;
}

/* key, colon, blanks, value, blanks */
static enum sts_fault read_line(struct parser *parser, struct slice line)
{
    size_t         colon = slice_find(line, ':');
    struct slice   key = slice_head(line, colon), value;
    enum sts_fault fault = check_line(line);

    if (fault != STS_FAULT_FINE)
        return fault;
    parser->place->what = region_slice(parser->region, key);
    if (colon == line.n)
        return has_control(line) ? STS_FAULT_POLICY_CHARACTER : STS_FAULT_POLICY_NO_COLON;
    if (!txt_name_is_valid(key))
        return STS_FAULT_POLICY_KEY;
    value = slice_trim(slice_from_index(line, colon + 1));
    if (value.n == 0)
        return STS_FAULT_POLICY_VALUE_EMPTY;
    if (has_control(value) || !text_is_utf8(value))
        return STS_FAULT_POLICY_CHARACTER;
    parser->place->what = region_slice(parser->region, value);
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (slice_eq_text(key, keys[i].key))
            return keys[i].read(parser, value);
    return STS_FAULT_FINE;
}

static enum sts_fault check_whole(const struct parser *parser)
{
    if (!parser->version)
        return STS_FAULT_POLICY_VERSION_MISSING;
    if (!parser->mode)
        return STS_FAULT_POLICY_MODE_MISSING;
    if (!parser->max_age)
        return STS_FAULT_POLICY_MAX_AGE_MISSING;
    if (parser->policy->mx.count == 0 && parser->policy->mode != STS_MODE_NONE)
        return STS_FAULT_POLICY_MX_MISSING;
    return STS_FAULT_FINE;
}

static size_t count_lines(struct slice body)
{
    size_t count = 1;

    for (size_t i = 0; i < body.n; i++)
        count += body.p[i] == '\n';
    return count;
}

enum sts_fault sts_policy_parse(struct region *region, struct slice body, struct sts_policy *policy,
                                struct sts_place *place)
{
    struct parser  parser = { .region = region, .policy = policy, .place = place };
    enum sts_fault fault = STS_FAULT_FINE;

    *policy = (struct sts_policy){ .max_age = -1 };
    *place = (struct sts_place){ 0, NULL };
    if (body.n == 0)
        return STS_FAULT_POLICY_EMPTY;
    policy->mx.items = region_array(region, count_lines(body), sizeof(*policy->mx.items));
    while (body.n > 0 && fault == STS_FAULT_FINE) {
        size_t       end = slice_find(body, '\n');
        struct slice line = slice_head(body, end);

        *place = (struct sts_place){ place->line + 1, NULL };
        if (end < body.n && line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        fault = read_line(&parser, line);
        body = slice_from_index(body, end + 1);
    }
    if (fault != STS_FAULT_FINE)
        return fault;
    *place = (struct sts_place){ 0, NULL };
    return check_whole(&parser);
}

/* Mail hosts */

static bool pattern_fits(const char *pattern, const char *host)
{
    const char *dot = strchr(host, '.');

    if (strcasecmp(pattern, host) == 0)
        return true;
    return pattern[0] == '*' && pattern[1] == '.' && pattern[2] != '\0' && dot != NULL && dot > host &&
           strcasecmp(dot + 1, pattern + 2) == 0;
}

bool sts_mx_fits(const struct text_list *patterns, const char *host)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (pattern_fits(patterns->items[i], host))
            return true;
    return false;
}
