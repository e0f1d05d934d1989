#include "scanner/judge/certificate.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "scanner/base/buf.h"
#include "scanner/base/mem.h"
#include "scanner/judge/dane.h"
#include "scanner/judge/fault.h"
#include "scanner/judge/fingerprint.h"
#include "scanner/judge/peername.h"
#include "scanner/judge/pkix.h"
#include "scanner/judge/trust.h"

#define KEY_CEILING   (64u << 20) /* a hundred TLSA records of 16 KiB and every name of a policy fit */
#define RENEWALS_MAX  8           /* a chain that ends may have another to take over; so often we look */
#define LEVEL_MATCHED 1           /* OpenSSL's security level where the peer must match; else 0 */

/* One judgement under way. */
struct judgement {
    const struct trust_service *service;
    const struct config        *config;
    const struct policy        *policy;
    const struct effective     *effective;
    const struct match         *match;
    const struct facts         *facts;
    const struct conversation  *conversation;
    int64_t                     when;
    enum level                  level;      /* in force once the records were handed over */
    SSL                        *ssl;
    struct pkix_chain           chain;
    struct pkix_setting         setting;
    struct pkix_result          result;
    enum blocker                blocker;
    bool                        own_anchors;
    bool                        wrong_name;
};

static const struct match no_match;

static const struct params *params_of(const struct judgement *j)
{
    return j->service->service->params;
}

/* What the session must match. */

static void block(struct judgement *j, enum blocker blocker)
{
    if (j->blocker == BLOCKER_NONE)
        j->blocker = blocker;
    j->setting.must_fail = true;
}

/* Before 3.6 Postfix compared names itself, afterwards. */
static void load_names(struct judgement *j)
{
    bool any = j->match->names.count + j->match->addresses.count > 0 && !j->match->none_loaded;

    if (j->setting.bookkeeping != PKIX_OWN)
        any = peername_load(j->ssl, j->match);
    if (!any)
        block(j, BLOCKER_NO_NAMES);
}

static void prepare_dane(struct judgement *j, struct certificate_verdict *out)
{
    const struct tlsa *tlsa = &j->effective->tlsa;
    struct dane_load load = { 0 };

    dane_enable(j->ssl, false);
    load_names(j);
    dane_add_records(j->ssl, &load, tlsa->usable, tlsa->usable_count);
    out->tlsa_unusable = load.unusable;
    if (load.broken || (load.usable == 0 && j->level == LEVEL_DANE_ONLY)) {
        block(j, BLOCKER_TLSA);
    } else if (load.usable == 0) {
        out->fell_to_encrypt = true;
        j->level = LEVEL_ENCRYPT;
    }
}

static void prepare_fingerprint(struct judgement *j, struct certificate_verdict *out)
{
    struct dane_load load = { 0 };

    (void)out;
    fingerprint_load(j->ssl, &load, j->match);
    if (load.broken || load.usable == 0)
        block(j, BLOCKER_FINGERPRINTS);
}

static void load_anchor_file(struct judgement *j, struct region *region, struct dane_load *load, const char *path)
{
    const struct config_file *file = config_file(j->config, config_inside(region, j->config, j->service->service, path));

    if (file != NULL)
        dane_add_anchors(j->ssl, load, file->text, &j->own_anchors);
}

/* The policy's files, or else those of main.cf. */
static void prepare_pkix(struct judgement *j, struct certificate_verdict *out)
{
    const struct text_list *files = j->policy->tafiles;
    struct region *region = region_new();
    struct dane_load load = { 0 };

    (void)out;
    if (files != NULL && files->count > 0) {
        for (size_t i = 0; i < files->count; i++)
            load_anchor_file(j, region, &load, files->items[i]);
    } else {
        struct slice rest = slice_of(params_text(params_of(j), "smtp_tls_trust_anchor_file")), path;

        while (slice_next_token(&rest, ", \t\r\n", &path))
            load_anchor_file(j, region, &load, region_slice(region, path));
    }
    region_free(region);
    load_names(j);
    if (j->own_anchors && (load.broken || load.usable == 0))
        block(j, BLOCKER_ANCHORS);
}

typedef void prepare_fn(struct judgement *, struct certificate_verdict *);

static prepare_fn *preparation(enum level level)
{
    if (level_is_dane(level))
        return prepare_dane;
    if (level_is_pkix(level))
        return prepare_pkix;
    return level == LEVEL_FINGERPRINT ? prepare_fingerprint : NULL;
}

/* policy_failure, since 3.10; not handed on to tlsproxy(8), which connection reuse needs. */
static bool failed_outside(const struct judgement *j)
{
    const struct policy *policy = j->policy;
    bool reuse = policy->connection_reuse >= 0 ? policy->connection_reuse == 1
                                               : params_bool(params_of(j), "smtp_tls_connection_reuse");

    return policy->sts.failure != NULL && !reuse;
}

static void prepare(struct judgement *j, struct certificate_verdict *out)
{
    prepare_fn *fn = preparation(j->level);

    j->ssl = SSL_new(j->service->context);
    if (j->ssl == NULL)
        mem_exhausted();
    j->setting.ssl = j->ssl;
    j->setting.depth = j->service->depth;
    j->setting.bookkeeping = pkix_bookkeeping(params_version(params_of(j)));
    if (fn != NULL)
        fn(j, out);
    if ((fn == NULL || fn == prepare_pkix) && !j->own_anchors)
        j->setting.signatures = j->service->signatures;
    if (failed_outside(j))
        block(j, BLOCKER_EXTERNAL);
    j->setting.auth_level = level_needs_match(j->level) ? LEVEL_MATCHED : 0;
}

/* What comes out. */

/* Whether Postfix's own comparison, made once the chain is trusted, finds a fault. */
static bool has_wrong_name_of_old(struct judgement *j)
{
    bool multiple = params_bool(params_of(j), "tls_wildcard_matches_multiple_labels");
    bool by_name = level_is_pkix(j->level) || (level_is_dane(j->level) && !dane_matched_end_entity(j->ssl));

    return j->setting.bookkeeping == PKIX_OWN && by_name && !peername_matches_old(j->chain.leaf, j->match, multiple);
}

static bool passes(struct judgement *j, struct pkix_result *result, int64_t when)
{
    pkix_verify(result, &j->setting, &j->chain, when);
    return result->error == X509_V_OK;
}

/* When the last chain that can be built of these certificates ends, and with which of them. */
static void find_valid_until(struct region *region, struct judgement *j, struct certificate_verdict *out)
{
    struct pkix_result later = j->result, next;

    for (int i = 0; i < RENEWALS_MAX && later.ends != INT64_MAX && !later.leaf_ends; i++) {
        if (!passes(j, &next, later.ends) || next.ends <= later.ends)
            break;
        later = next;
    }
    out->valid_until = later.ends;
    if (later.ending != NULL && !later.leaf_ends) {
        out->ending = peername_subject(region, later.ending);
        out->anchor_ends = later.anchor_ends;
    }
}

static bool leaf_is_out_of_date(const struct judgement *j)
{
    int64_t begins, ends;

    return (pkix_time(X509_get0_notBefore(j->chain.leaf), &begins) && j->when < begins) ||
           (pkix_time(X509_get0_notAfter(j->chain.leaf), &ends) && j->when >= ends);
}

static void note_success(struct region *region, struct judgement *j, struct certificate_verdict *out)
{
    bool by_pin = dane_matched_end_entity(j->ssl); /* OpenSSL then looks at nothing but the key size */

    if (level_is_dane(j->level))
        out->tlsa_matched = dane_matched_record(j->ssl, j->effective->tlsa.usable, j->effective->tlsa.usable_count);
    out->expired_ignored = by_pin && leaf_is_out_of_date(j);
    if (!by_pin)
        find_valid_until(region, j, out);
}

/* A name alone is wrong: some releases still call that Trusted. */
static bool trusted_but_for_name(const struct judgement *j)
{
    if (!level_needs_match(j->level))
        return false;
    return j->wrong_name ||
           (j->setting.bookkeeping == PKIX_NEAREST && j->result.error == X509_V_ERR_HOSTNAME_MISMATCH);
}

static const char *word_of(const struct judgement *j, bool passed)
{
    if (j->chain.leaf == NULL)
        return j->chain.unreadable > 0 ? "untrusted" : "anonymous";
    if (passed)
        return level_needs_match(j->level) && j->level != LEVEL_HALF_DANE ? "verified" : "trusted";
    return trusted_but_for_name(j) ? "trusted" : "untrusted";
}

static void explain(struct region *region, const struct judgement *j, struct certificate_verdict *out)
{
    struct fault_context context = { j->service, j->policy, j->effective, j->match, &j->chain, &j->result, j->blocker,
                                     j->own_anchors, j->wrong_name };

    out->reason = fault_reason(&context);
    out->detail = fault_sentence(region, &context);
}

static void judge(struct region *region, struct judgement *j, struct certificate_verdict *out)
{
    bool passed = false;

    prepare(j, out);
    if (j->chain.leaf != NULL && passes(j, &j->result, j->when)) {
        j->wrong_name = has_wrong_name_of_old(j);
        passed = !j->wrong_name;
    }
    out->matched = passed || !level_needs_match(j->level);
    out->word = word_of(j, passed);
    out->x509_error = j->result.logged;
    if (passed)
        note_success(region, j, out);
    if (!out->matched)
        explain(region, j, out);
}

/* All that a verdict depends on, so that equal ones are judged once. */

static void add_number(struct buf *key, int64_t number)
{
    buf_add(key, &number, sizeof number);
}

static void add_text(struct buf *key, const char *text)
{
    add_number(key, text == NULL ? -1 : (int64_t)strlen(text));
    buf_add_text(key, text == NULL ? "" : text);
}

static void add_list(struct buf *key, const struct text_list *list)
{
    add_number(key, list == NULL ? -1 : (int64_t)list->count);
    for (size_t i = 0; list != NULL && i < list->count; i++)
        add_text(key, list->items[i]);
}

static void add_records(struct buf *key, const struct tlsa *tlsa)
{
    add_text(key, tlsa->base_domain);
    add_number(key, (int64_t)tlsa->usable_count);
    for (size_t i = 0; i < tlsa->usable_count; i++) {
        const struct dns_record *r = tlsa->usable[i];

        add_number(key, r->usage << 16 | r->selector << 8 | r->matching_type);
        add_number(key, (int64_t)r->data_length);
        buf_add(key, r->data, r->data_length);
    }
}

static void write_key(struct buf *key, const struct judgement *j)
{
    const struct conversation *c = j->conversation;

    buf_init(key, KEY_CEILING);
    buf_add(key, &j->service, sizeof j->service);
    add_number(key, j->when);
    add_number(key, j->level);
    add_number(key, failed_outside(j));
    for (size_t i = 0; i < c->certificate_count; i++)
        add_text(key, c->certificates[i]);
    if (!level_needs_match(j->level))
        return;
    add_list(key, &j->match->names);
    add_list(key, &j->match->addresses);
    add_list(key, &j->match->digests);
    add_number(key, j->match->none_loaded);
    add_list(key, j->policy->tafiles);
    if (level_is_dane(j->level))
        add_records(key, &j->effective->tlsa);
}

/* From the list of usable records to that of all. */
static int record_index(const struct tlsa *tlsa, int usable)
{
    for (size_t i = 0; usable >= 0 && i < tlsa->count; i++)
        if (tlsa->records[i] == tlsa->usable[usable])
            return (int)i;
    return -1;
}

static void judge_once(struct region *region, struct trust *trust, struct judgement *j, struct certificate_verdict *out)
{
    const struct certificate_verdict *known;
    struct buf key;

    write_key(&key, j);
    known = key.overflow ? NULL : trust_find(trust, buf_slice(&key));
    if (known != NULL) {
        *out = *known;
        out->detail = region_text(region, known->detail);
        out->ending = region_text(region, known->ending);
    } else {
        pkix_chain_read(&j->chain, j->conversation, j->facts);
        if (j->chain.missing)
            out->reason = REASON_NOT_OBSERVED;
        else
            judge(region, j, out);
        SSL_free(j->ssl);
        if (!j->chain.missing && !key.overflow)
            trust_keep(trust, buf_slice(&key), out);
        pkix_chain_clear(&j->chain);
    }
    buf_clear(&key);
    ERR_clear_error();
}

void certificate_judge(struct region *region, struct certificate_verdict *out, struct trust *trust,
                       const struct config *config, const struct service *service, const struct policy *policy,
                       const struct effective *effective, const struct match *match,
                       const struct conversation *conversation, const struct facts *facts, int64_t when)
{
    struct judgement j = { .service = trust_service(trust, service), .config = config, .policy = policy,
                           .effective = effective, .match = match == NULL ? &no_match : match, .facts = facts,
                           .conversation = conversation, .when = when, .level = effective->level };

    *out = (struct certificate_verdict){ .word = "untrusted", .valid_until = INT64_MAX, .tlsa_matched = -1 };
    judge_once(region, trust, &j, out);
    out->tlsa_matched = record_index(&effective->tlsa, out->tlsa_matched);
}
