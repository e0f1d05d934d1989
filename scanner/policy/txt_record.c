#include "scanner/policy/txt_record.h"

#include <string.h>

#define NAME_MAX_LENGTH 32

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static struct slice skip_blanks(struct slice text)
{
    while (text.n > 0 && is_blank(text.p[0]))
        text = slice_from_index(text, 1);
    return text;
}

static struct slice drop_blanks(struct slice text)
{
    while (text.n > 0 && is_blank(text.p[text.n - 1]))
        text.n--;
    return text;
}

/* What follows the version and its semicolon. */
static bool after_version(struct slice text, const char *version, struct slice *rest)
{
    if (!slice_starts_with(text, slice_of(version)))
        return false;
    *rest = skip_blanks(slice_from_index(text, strlen(version)));
    if (rest->n == 0 || rest->p[0] != ';')
        return false;
    *rest = slice_from_index(*rest, 1);
    return true;
}

/* A record that somebody meant to begin with the version: blanks or a quote before it, another case, no semicolon, another
 * number. */
static bool was_meant(struct slice text, const char *version)
{
    size_t word = strlen(version) - 1; /* without the number */

    while (text.n > 0 && (is_blank(text.p[0]) || text.p[0] == '"'))
        text = slice_from_index(text, 1);
    return slice_eq_nocase(slice_head(text, word), slice_head(slice_of(version), word));
}

bool txt_select(const struct dns_fact *fact, const char *version, enum txt_fault *fault, struct slice *text)
{
    size_t found = 0, meant = 0;

    for (size_t i = 0; i < fact->count; i++) {
        const struct dns_record *record = &fact->records[i];
        struct slice             rest;

        if (record->type != DNS_TXT || record->malformed || record->text == NULL)
            continue;
        if (after_version(slice_of(record->text), version, &rest)) {
            *text = slice_of(record->text);
            found++;
        } else if (was_meant(slice_of(record->text), version)) {
            meant++;
        }
    }
    *fault = found > 1 ? TXT_SEVERAL : found == 0 ? TXT_VERSION : TXT_FINE;
    return found + meant > 0;
}

static bool is_printable(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!is_blank(text.p[i]) && (text.p[i] < '!' || text.p[i] > '~'))
            return false;
    return true;
}

enum txt_fault txt_begin(struct slice text, const char *version, struct slice *rest)
{
    if (!is_printable(text))
        return TXT_CHARACTER;
    return after_version(text, version, rest) ? TXT_FINE : TXT_VERSION;
}

bool txt_name_is_valid(struct slice name)
{
    if (name.n == 0 || name.n > NAME_MAX_LENGTH || !is_alphanumeric(name.p[0]))
        return false;
    for (size_t i = 1; i < name.n; i++)
        if (!is_alphanumeric(name.p[i]) && strchr("_-.", name.p[i]) == NULL)
            return false;
    return true;
}

bool txt_value_is_valid(struct slice value)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] < '!' || value.p[i] > '~' || value.p[i] == '=' || value.p[i] == ';')
            return false;
    return value.n > 0;
}

static enum txt_fault read_field(struct slice text, struct txt_field *field)
{
    size_t equals = slice_find(text, '=');

    if (text.n == 0)
        return TXT_FIELD_EMPTY;
    if (equals == text.n)
        return TXT_FIELD;
    *field = (struct txt_field){ slice_head(text, equals), slice_from_index(text, equals + 1) };
    return txt_name_is_valid(field->name) ? TXT_FINE : TXT_FIELD_NAME;
}

bool txt_next(struct slice *rest, struct txt_field *field, enum txt_fault *fault)
{
    struct slice text = skip_blanks(*rest);
    size_t       end = slice_find(text, ';');

    if (text.n == 0)
        return false;
    *rest = slice_from_index(text, end + 1);
    /* Blanks belong to the semicolon behind them; without one they are part of the value. */
    *fault = read_field(end < text.n ? drop_blanks(slice_head(text, end)) : text, field);
    return true;
}
