#include "scanner/facts/members.h"

#include "scanner/facts/facts.h"

/* Longest texts taken from JSON, in bytes. A broken byte was written as U+FFFD, three bytes. */
#define REPLY_TEXT_LIMIT (3 * REPLY_TEXT_MAX)
#define NAME_LIMIT       4096         /* 255 octets as \DDD are 1020 characters */
#define TXT_LIMIT        (3 * 65535)
#define VALUE_LIMIT      (1u << 20)   /* what a configuration or a table may say */
#define WORDS_LIMIT      4096         /* an error, for people */
#define BODY_LIMIT       (3 * POLICY_BODY_MAX)
#define MEDIA_LIMIT      (3 * MEDIA_TYPE_MAX)

#define WIDTH(type, field) sizeof(((struct type *)0)->field)
#define BOOL(type, field) { .key = #field, .kind = MEMBER_BOOL, .offset = offsetof(struct type, field) }
#define NUMBER(type, field) \
    { .key = #field, .kind = MEMBER_NUMBER, .offset = offsetof(struct type, field), .width = WIDTH(type, field) }
#define SIGNED(type, field) \
    { .key = #field, .kind = MEMBER_SIGNED, .offset = offsetof(struct type, field), .width = WIDTH(type, field) }
#define NUMBER_TO(type, field, limit) \
    { .key = #field, .kind = MEMBER_NUMBER, .offset = offsetof(struct type, field), .width = WIDTH(type, field), \
      .max = (limit) }
#define WORD(type, field, table) \
    { .key = #field, .kind = MEMBER_WORD, .offset = offsetof(struct type, field), .words = (table) }
#define TEXT(type, field, limit) \
    { .key = #field, .kind = MEMBER_TEXT, .offset = offsetof(struct type, field), .max = (limit) }
#define ADDRESS(type, field) { .key = #field, .kind = MEMBER_ADDRESS, .offset = offsetof(struct type, field) }
#define BYTES(type, field, count, limit) \
    { .key = #field, .kind = MEMBER_BYTES, .offset = offsetof(struct type, field), \
      .count_offset = offsetof(struct type, count), .max = (limit) }
#define TEXTS(type, field, count, limit) \
    { .key = #field, .kind = MEMBER_TEXTS, .offset = offsetof(struct type, field), \
      .count_offset = offsetof(struct type, count), .max = (limit) }
#define RECORD(type, field, table) \
    { .key = #field, .kind = MEMBER_RECORD, .offset = offsetof(struct type, field), .members = (table) }
#define RECORD_PTR(type, field, inner, table) \
    { .key = #field, .kind = MEMBER_RECORD_PTR, .offset = offsetof(struct type, field), \
      .width = sizeof(struct inner), .members = (table) }
#define RECORDS(type, field, count, inner, table, limit) \
    { .key = #field, .kind = MEMBER_RECORDS, .offset = offsetof(struct type, field), \
      .count_offset = offsetof(struct type, count), .width = sizeof(struct inner), .max = (limit), .members = (table) }
#define END { .key = NULL }

static const struct name phase_words[] = {
    { PHASE_CONNECT, "connect" },
    { PHASE_GREETING, "greeting" },
    { PHASE_EHLO, "ehlo" },
    { PHASE_HELO, "helo" },
    { PHASE_STARTTLS, "starttls" },
    { PHASE_HANDSHAKE, "handshake" },
    { PHASE_TLS_GREETING, "tls-greeting" },
    { PHASE_TLS_EHLO, "tls-ehlo" },
    { PHASE_TLS_HELO, "tls-helo" },
    { PHASE_DONE, "done" },
    { 0, NULL },
};

static const struct name ending_words[] = {
    { ENDING_COMPLETE, "complete" },
    { ENDING_REFUSED, "refused" },
    { ENDING_CONNECT_FAILED, "connect-failed" },
    { ENDING_CONNECT_TIMEOUT, "connect-timeout" },
    { ENDING_LOST, "lost" },
    { ENDING_TIMEOUT, "timeout" },
    { ENDING_TLS_FAILED, "tls-failed" },
    { ENDING_BIND_FAILED, "bind-failed" },
    { ENDING_CUT_SHORT, "cut-short" },
    { ENDING_CRASHED, "crashed" },
    { ENDING_NOT_ALLOWED, "not-allowed" },
    { ENDING_EXCLUDED, "excluded" },
    { ENDING_INTERRUPTED, "interrupted" },
    { ENDING_DEADLINE, "deadline" },
    { ENDING_LOCAL, "local" },
    { 0, NULL },
};

const char *ending_word(enum ending ending)
{
    return name_word(ending_words, ending);
}

bool ending_parse(struct slice word, enum ending *ending)
{
    int code;

    if (!name_code_exact(ending_words, word, &code))
        return false;
    *ending = (enum ending)code;
    return true;
}

static const struct name dns_type_words[] = {
    { DNS_A, "A" },       { DNS_CNAME, "CNAME" }, { DNS_MX, "MX" },     { DNS_TXT, "TXT" },       { DNS_AAAA, "AAAA" },
    { DNS_SRV, "SRV" },   { DNS_TLSA, "TLSA" },   { DNS_NATIVE, "native" }, { 0, NULL },
};

static const struct name dns_outcome_words[] = {
    { DNS_ANSWERED, "answered" }, { DNS_TIMEOUT, "timeout" },   { DNS_NO_RESOLVER, "no-resolver" },
    { DNS_CUT_SHORT, "cut-short" }, { DNS_CRASHED, "crashed" }, { DNS_EXCLUDED, "excluded" },
    { 0, NULL },
};

static const struct name table_status_words[] = {
    { TABLE_FACT_NOT_FOUND, "not-found" },
    { TABLE_FACT_FOUND, "found" },
    { TABLE_FACT_ERROR, "error" },
    { TABLE_FACT_UNREADABLE, "unreadable" },
    { 0, NULL },
};

static const struct name fetch_outcome_words[] = {
    { FETCH_ANSWERED, "answered" },
    { FETCH_CONNECT_FAILED, "connect-failed" },
    { FETCH_TLS_FAILED, "tls-failed" },
    { FETCH_NOT_TRUSTED, "not-trusted" },
    { FETCH_EXPIRED, "expired" },
    { FETCH_NAME_MISMATCH, "name-mismatch" },
    { FETCH_TIMEOUT, "timeout" },
    { FETCH_TOO_LARGE, "too-large" },
    { FETCH_LOST, "lost" },
    { FETCH_NO_HTTP, "no-http" },
    { FETCH_NO_ANCHORS, "no-anchors" },
    { FETCH_CUT_SHORT, "cut-short" },
    { FETCH_CRASHED, "crashed" },
    { FETCH_NOT_ALLOWED, "not-allowed" },
    { FETCH_EXCLUDED, "excluded" },
    { FETCH_INTERRUPTED, "interrupted" },
    { FETCH_DEADLINE, "deadline" },
    { FETCH_LOCAL, "local" },
    { 0, NULL },
};

const char *fetch_outcome_word(enum fetch_outcome outcome)
{
    return name_word(fetch_outcome_words, outcome);
}

const struct member profile_members[] = {
    ADDRESS(profile, address),
    NUMBER(profile, port),
    BOOL(profile, lmtp),
    BOOL(profile, wrapper),
    TEXT(profile, helo_name, VALUE_LIMIT),
    BOOL(profile, never_ehlo),
    BOOL(profile, ehlo_needs_esmtp),
    BOOL(profile, pix_no_esmtp),
    NUMBER(profile, line_limit),
    BOOL(profile, long_line_ends),
    NUMBER(profile, connect_timeout),
    NUMBER(profile, helo_timeout),
    NUMBER(profile, starttls_timeout),
    BOOL(profile, no_handshake),
    NUMBER(profile, min_version),
    NUMBER(profile, max_version),
    NUMBER(profile, options),
    TEXT(profile, ciphers, VALUE_LIMIT),
    TEXT(profile, groups, VALUE_LIMIT),
    NUMBER_TO(profile, security_level, 5),
    TEXT(profile, sni, VALUE_LIMIT),
    TEXT(profile, client_chain, CERT_ID_TEXT - 1),
    TEXT(profile, source_address, VALUE_LIMIT),
    END,
};

static const struct member reply_members[] = {
    NUMBER_TO(reply, code, 999),
    TEXT(reply, text, REPLY_TEXT_LIMIT),
    TEXT(reply, dsn, 16),
    BOOL(reply, cut),
    BOOL(reply, garbage),
    END,
};

const struct member conversation_members[] = {
    RECORD_PTR(conversation, profile, profile, profile_members),
    NUMBER(conversation, attempts),
    RECORD(conversation, first_refusal, reply_members),
    WORD(conversation, phase, phase_words),
    WORD(conversation, ending, ending_words),
    TEXT(conversation, error, WORDS_LIMIT),
    RECORD(conversation, greeting, reply_members),
    RECORD(conversation, ehlo, reply_members),
    RECORD(conversation, helo, reply_members),
    RECORD(conversation, starttls, reply_members),
    RECORD(conversation, tls_greeting, reply_members),
    RECORD(conversation, tls_ehlo, reply_members),
    RECORD(conversation, tls_helo, reply_members),
    BOOL(conversation, esmtp_in_greeting),
    BOOL(conversation, pix_banner),
    BOOL(conversation, starttls_offered),
    BOOL(conversation, starttls_beyond_limit),
    TEXT(conversation, ehlo_host, REPLY_TEXT_LIMIT),
    NUMBER(conversation, injected),
    BOOL(conversation, established),
    TEXT(conversation, protocol, NAME_LIMIT),
    TEXT(conversation, cipher, NAME_LIMIT),
    NUMBER_TO(conversation, bits, 65535),
    TEXT(conversation, group, NAME_LIMIT),
    BOOL(conversation, anonymous),
    BOOL(conversation, client_certificate_wanted),
    TEXTS(conversation, certificates, certificate_count, CONVERSATION_CERTIFICATES_MAX),
    NUMBER(conversation, ms_connect),
    NUMBER(conversation, ms_starttls),
    NUMBER(conversation, ms_handshake),
    SIGNED(conversation, when),
    END,
};

static const struct member dns_record_members[] = {
    TEXT(dns_record, owner, NAME_LIMIT),
    WORD(dns_record, type, dns_type_words),
    BOOL(dns_record, malformed),
    BOOL(dns_record, bad_name),
    TEXT(dns_record, target, NAME_LIMIT),
    NUMBER(dns_record, preference),
    NUMBER(dns_record, weight),
    NUMBER(dns_record, port),
    ADDRESS(dns_record, address),
    NUMBER(dns_record, rdata_length),
    NUMBER(dns_record, usage),
    NUMBER(dns_record, selector),
    NUMBER(dns_record, matching_type),
    BYTES(dns_record, data, data_length, DNS_TLSA_DATA_MAX),
    TEXT(dns_record, text, TXT_LIMIT),
    END,
};

const struct member dns_members[] = {
    TEXT(dns_fact, name, NAME_LIMIT),
    WORD(dns_fact, type, dns_type_words),
    WORD(dns_fact, outcome, dns_outcome_words),
    NUMBER_TO(dns_fact, rcode, 4095),
    BOOL(dns_fact, ad),
    BOOL(dns_fact, loopback),
    BOOL(dns_fact, unparsable),
    RECORDS(dns_fact, records, count, dns_record, dns_record_members, DNS_RECORDS_MAX),
    NUMBER(dns_fact, total),
    TEXT(dns_fact, error, WORDS_LIMIT),
    END,
};

/* `id` is an array in struct cert; facts_json.c puts it. */
const struct member cert_members[] = {
    BYTES(cert, der, der_length, CERT_DER_MAX),
    END,
};

const struct member cert_text_members[] = {
    TEXT(cert, subject, VALUE_LIMIT),
    TEXT(cert, issuer, VALUE_LIMIT),
    TEXT(cert, key, VALUE_LIMIT),
    TEXT(cert, signature, VALUE_LIMIT),
    BYTES(cert, der, der_length, CERT_DER_MAX),
    END,
};

const struct member table_members[] = {
    TEXT(table_fact, table, VALUE_LIMIT),
    TEXT(table_fact, key, VALUE_LIMIT),
    WORD(table_fact, status, table_status_words),
    TEXT(table_fact, value, VALUE_LIMIT),
    TEXT(table_fact, error, WORDS_LIMIT),
    END,
};

const struct member fetch_members[] = {
    TEXT(policy_fetch, domain, NAME_LIMIT),
    WORD(policy_fetch, outcome, fetch_outcome_words),
    ADDRESS(policy_fetch, address),
    NUMBER_TO(policy_fetch, status, 999),
    TEXT(policy_fetch, media_type, MEDIA_LIMIT),
    TEXT(policy_fetch, body, BODY_LIMIT),
    BOOL(policy_fetch, body_broken),
    NUMBER_TO(policy_fetch, verify, 65535),
    TEXT(policy_fetch, error, WORDS_LIMIT),
    NUMBER(policy_fetch, ms),
    SIGNED(policy_fetch, when),
    END,
};

static const struct member address_members[] = {
    { .key = "address", .kind = MEMBER_ADDRESS },
    END,
};

const struct member want_fetch_members[] = {
    TEXT(want_fetch, domain, NAME_LIMIT),
    RECORDS(want_fetch, addresses, count, address, address_members, FETCH_ADDRESSES_MAX),
    END,
};
