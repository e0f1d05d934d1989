#include "scanner/policy/tlsrpt.h"

#include "scanner/base/hostname.h"
#include "scanner/policy/txt_record.h"

#define VERSION "v=TLSRPTv1"

static const struct fault_row {
    const char *word, *sentence;
} fault_rows[TLSRPT_FAULT_COUNT] = {
#define TLSRPT_FAULT(name, word, sentence) [TLSRPT_FAULT_##name] = { word, sentence },
#include "scanner/policy/tlsrpt_faults.def"
#undef TLSRPT_FAULT
};

const char *tlsrpt_fault_word(enum tlsrpt_fault fault)
{
    return fault_rows[fault].word;
}

const char *tlsrpt_fault_sentence(enum tlsrpt_fault fault)
{
    return fault_rows[fault].sentence;
}

static enum tlsrpt_fault fault_of(enum txt_fault fault)
{
    static const enum tlsrpt_fault faults[] = {
        [TXT_FINE] = TLSRPT_FAULT_FINE,
        [TXT_SEVERAL] = TLSRPT_FAULT_SEVERAL,
        [TXT_VERSION] = TLSRPT_FAULT_VERSION,
        [TXT_CHARACTER] = TLSRPT_FAULT_CHARACTER,
        [TXT_FIELD] = TLSRPT_FAULT_FIELD,
        [TXT_FIELD_NAME] = TLSRPT_FAULT_FIELD_NAME,
        [TXT_FIELD_VALUE] = TLSRPT_FAULT_FIELD_VALUE,
        [TXT_FIELD_EMPTY] = TLSRPT_FAULT_FIELD_EMPTY,
    };

    return faults[fault];
}

/* RFC 3986 section 2: characters of a URI; those that RFC 8460 wants encoded left out. */
static bool has_uri_characters(struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c <= ' ' || c > '~' || slice_find(SLICE("\"<>\\^`{|}!;"), c) < sizeof("\"<>\\^`{|}!;") - 1)
            return false;
    }
    return true;
}

/* RFC 3986 section 3.1. */
static bool is_scheme(struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        bool letter = (text.p[i] >= 'A' && text.p[i] <= 'Z') || (text.p[i] >= 'a' && text.p[i] <= 'z');
        bool other = (text.p[i] >= '0' && text.p[i] <= '9') || slice_find(SLICE("+-."), text.p[i]) < 3;

        if (!letter && (i == 0 || !other))
            return false;
    }
    return text.n > 0;
}

/* Up to the first of the characters. */
static struct slice part_before(struct slice text, const char *ends)
{
    for (; *ends != '\0'; ends++)
        text = slice_head(text, slice_find(text, *ends));
    return text;
}

static bool has_mail_address(struct slice rest)
{
    struct slice address = part_before(rest, "?#");
    size_t       at = slice_find_last(address, '@');

    return at > 0 && at < address.n && hostname_is_valid(slice_from_index(address, at + 1));
}

static bool has_host(struct slice rest)
{
    struct slice   authority, host;
    struct address address;
    size_t         user;

    if (!slice_starts_with(rest, SLICE("//")))
        return false;
    authority = part_before(slice_from_index(rest, 2), "/?#");
    user = slice_find_last(authority, '@');
    if (user < authority.n)
        authority = slice_from_index(authority, user + 1);
    if (slice_starts_with(authority, SLICE("[")))
        return slice_find(authority, ']') < authority.n;
    host = part_before(authority, ":");
    return hostname_is_valid(host) || address_parse(&address, host);
}

static enum tlsrpt_fault check_uri(struct slice uri)
{
    size_t       colon = slice_find(uri, ':');
    struct slice scheme = slice_head(uri, colon), rest = slice_from_index(uri, colon + 1);

    if (uri.n == 0)
        return TLSRPT_FAULT_RUA_EMPTY;
    if (colon == uri.n || !is_scheme(scheme) || !has_uri_characters(uri))
        return TLSRPT_FAULT_RUA_URI;
    if (slice_eq_text_nocase(scheme, "mailto"))
        return has_mail_address(rest) ? TLSRPT_FAULT_FINE : TLSRPT_FAULT_RUA_ADDRESS;
    if (slice_eq_text_nocase(scheme, "https"))
        return has_host(rest) ? TLSRPT_FAULT_FINE : TLSRPT_FAULT_RUA_ADDRESS;
    return TLSRPT_FAULT_RUA_SCHEME;
}

static size_t count_commas(struct slice text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.n; i++)
        count += text.p[i] == ',';
    return count;
}

/* uri *(*WSP "," *WSP uri) */
static enum tlsrpt_fault read_rua(struct region *region, struct slice value, struct text_list *rua)
{
    size_t end;

    do {
        struct slice      uri;
        enum tlsrpt_fault fault;

        end = slice_find(value, ',');
        uri = slice_trim(slice_head(value, end));
        fault = check_uri(uri);
        if (fault != TLSRPT_FAULT_FINE)
            return fault;
        rua->items[rua->count++] = region_slice(region, uri);
        end = end < value.n ? end + 1 : 0;
        value = slice_from_index(value, end);
    } while (end > 0);
    return TLSRPT_FAULT_FINE;
}

enum tlsrpt_fault tlsrpt_record_parse(struct region *region, struct slice text, struct text_list *rua)
{
    struct slice      rest;
    struct txt_field  field;
    enum txt_fault    fault = txt_begin(text, VERSION, &rest);
    enum tlsrpt_fault wrong = TLSRPT_FAULT_FINE;
    bool              given = false;

    /* Each field but the first, and each URI of one but the first, has a separator before it. */
    *rua = (struct text_list){ region_array(region, count_commas(text) + text.n / 4 + 1, sizeof(*rua->items)), 0 };
    while (fault == TXT_FINE && wrong == TLSRPT_FAULT_FINE && txt_next(&rest, &field, &fault)) {
        if (fault != TXT_FINE)
            break;
        if (!slice_eq_text(field.name, "rua")) {
            fault = txt_value_is_valid(field.value) ? TXT_FINE : TXT_FIELD_VALUE;
        } else {
            given = true;
            wrong = read_rua(region, field.value, rua);
        }
    }
    if (fault != TXT_FINE)
        return fault_of(fault);
    return wrong == TLSRPT_FAULT_FINE && !given ? TLSRPT_FAULT_RUA_MISSING : wrong;
}

bool tlsrpt_record_select(struct region *region, const struct dns_fact *fact, enum tlsrpt_fault *fault,
                          struct text_list *rua)
{
    enum txt_fault which;
    struct slice   text;

    *rua = (struct text_list){ NULL, 0 };
    if (!txt_select(fact, VERSION, &which, &text))
        return false;
    *fault = which == TXT_FINE ? tlsrpt_record_parse(region, text, rua) : fault_of(which);
    return true;
}
