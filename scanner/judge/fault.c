#include "scanner/judge/fault.h"

#include <openssl/x509_vfy.h>

#include "scanner/base/buf.h"
#include "scanner/base/utc.h"
#include "scanner/judge/dane.h"
#include "scanner/judge/fingerprint.h"
#include "scanner/judge/peername.h"

#define KINDS_SHOWN      3
#define SENTENCE_CEILING 8192

typedef void sentence_fn(struct region *, struct buf *out, const struct fault_context *, const struct pkix_fault *);

/* The certificate of the fault: "the certificate", or the one of the chain by its subject. */
static const char *which(struct region *region, const struct pkix_fault *fault)
{
    if (fault->depth == 0)
        return "the certificate";
    if (fault->x509 == NULL)
        return "a certificate of the chain";
    return region_printf(region, "the certificate \"%s\" in its chain", peername_subject(region, fault->x509));
}

static const char *date_text(struct region *region, const ASN1_TIME *time)
{
    char    text[UTC_TEXT_MAX];
    int64_t seconds;

    if (!pkix_time(time, &seconds))
        return "a time that cannot be read";
    utc_to_text(seconds, text);
    return region_text(region, text);
}

static void say_expired(struct region *region, struct buf *out, const struct fault_context *context,
                        const struct pkix_fault *fault)
{
    (void)context;
    buf_printf(out, "%s expired at %s", which(region, fault),
               fault->x509 == NULL ? "an unknown time" : date_text(region, X509_get0_notAfter(fault->x509)));
}

static void say_not_yet(struct region *region, struct buf *out, const struct fault_context *context,
                        const struct pkix_fault *fault)
{
    (void)context;
    buf_printf(out, "%s is not valid before %s", which(region, fault),
               fault->x509 == NULL ? "an unknown time" : date_text(region, X509_get0_notBefore(fault->x509)));
}

static const char *authorities(const struct fault_context *context)
{
    return context->own_anchors ? "the trust anchors of the policy" : "the authorities that Postfix trusts";
}

/* Without any authority it does not matter who issued what. */
static bool say_no_authority(struct buf *out, const struct fault_context *context)
{
    bool none = !context->own_anchors && !context->effective->dane_in_use && context->service->anchors == 0;

    if (none)
        buf_printf(out, "no certificate authority is configured (%s, %s), so no certificate is trusted",
                   params_name(context->service->service->params, "smtp_tls_CAfile"),
                   params_name(context->service->service->params, "smtp_tls_CApath"));
    return none;
}

static void say_self_signed(struct region *region, struct buf *out, const struct fault_context *context,
                            const struct pkix_fault *fault)
{
    (void)region;
    (void)fault;
    if (!say_no_authority(out, context))
        buf_printf(out, "the certificate is self-signed and not among %s", authorities(context));
}

static void say_foreign_root(struct region *region, struct buf *out, const struct fault_context *context,
                             const struct pkix_fault *fault)
{
    if (!say_no_authority(out, context))
        buf_printf(out, "the chain ends at \"%s\", which is not among %s",
                   fault->x509 == NULL ? "?" : peername_subject(region, fault->x509), authorities(context));
}

static void say_no_issuer(struct region *region, struct buf *out, const struct fault_context *context,
                          const struct pkix_fault *fault)
{
    if (!say_no_authority(out, context))
        buf_printf(out, "%s was issued by \"%s\", which the server does not send and which is not among %s",
                   which(region, fault), fault->x509 == NULL ? "?" : peername_issuer(region, fault->x509),
                   authorities(context));
}

static void say_too_long(struct region *region, struct buf *out, const struct fault_context *context,
                         const struct pkix_fault *fault)
{
    const struct params *params = context->service->service->params;

    (void)region;
    (void)fault;
    buf_printf(out, "the chain is longer than %s = %d allows", params_name(params, "smtp_tls_scert_verifydepth"),
               context->service->depth);
}

static void say_wrong_name(struct region *region, struct buf *out, const struct fault_context *context,
                           const struct pkix_fault *fault)
{
    (void)fault;
    buf_printf(out, "the certificate names %s; the policy accepts %s",
               peername_of_certificate(region, context->chain->leaf), peername_of_match(region, context->match));
}

static void say_wrong_address(struct region *region, struct buf *out, const struct fault_context *context,
                              const struct pkix_fault *fault)
{
    (void)fault;
    buf_printf(out, "the certificate names %s; the policy demands the address %s",
               peername_addresses_of_certificate(region, context->chain->leaf),
               context->match->addresses.count > 0 ? context->match->addresses.items[0] : "?");
}

static void say_no_fingerprint(struct region *region, struct buf *out, const struct fault_context *context)
{
    const char *digest = context->match->digest == NULL ? "" : context->match->digest;

    buf_printf(out, "the %s fingerprints of the certificate, %s, and of its public key, %s, are not among the %zu that "
               "the policy lists", digest, fingerprint_text(region, context->chain->leaf, false, digest),
               fingerprint_text(region, context->chain->leaf, true, digest), context->match->digests.count);
}

static void say_no_record(struct region *region, struct buf *out, const struct fault_context *context)
{
    const struct tlsa *tlsa = &context->effective->tlsa;
    const struct dns_record *outranked = dane_outranked(context->service->service->params, tlsa->usable,
                                                        tlsa->usable_count, context->chain->sent);

    buf_printf(out, "the chain that the server sends matches none of the TLSA records (%s) of %s",
               dane_kinds(region, tlsa->usable, tlsa->usable_count),
               tlsa->base_domain == NULL ? "the host" : tlsa->base_domain);
    if (outranked != NULL)
        buf_printf(out, "; a record %u %u %u would match, but of several digests only the strongest counts",
                   outranked->usage, outranked->selector, outranked->matching_type);
}

static void say_no_match(struct region *region, struct buf *out, const struct fault_context *context,
                         const struct pkix_fault *fault)
{
    (void)fault;
    if (context->effective->level == LEVEL_FINGERPRINT)
        say_no_fingerprint(region, out, context);
    else if (context->own_anchors)
        buf_printf(out, "the chain that the server sends does not lead to %s", authorities(context));
    else
        say_no_record(region, out, context);
}

static void say_other(struct region *region, struct buf *out, const struct fault_context *context,
                      const struct pkix_fault *fault)
{
    (void)context;
    buf_printf(out, "%s fails the check: %s", which(region, fault), X509_verify_cert_error_string(fault->error));
}

static const struct fault_row {
    int          error;
    enum reason  reason;
    sentence_fn *say;
} rows[] = {
    { X509_V_ERR_CERT_HAS_EXPIRED, REASON_CERTIFICATE_EXPIRED, say_expired },
    { X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, REASON_CERTIFICATE_EXPIRED, say_expired },
    { X509_V_ERR_CERT_NOT_YET_VALID, REASON_CERTIFICATE_NOT_YET_VALID, say_not_yet },
    { X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, REASON_CERTIFICATE_NOT_YET_VALID, say_not_yet },
    { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, REASON_CERTIFICATE_NOT_TRUSTED, say_self_signed },
    { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, REASON_CERTIFICATE_NOT_TRUSTED, say_foreign_root },
    { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, REASON_CERTIFICATE_NOT_TRUSTED, say_no_issuer },
    { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, REASON_CERTIFICATE_NOT_TRUSTED, say_no_issuer },
    { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, REASON_CERTIFICATE_NOT_TRUSTED, say_no_issuer },
    { X509_V_ERR_CERT_CHAIN_TOO_LONG, REASON_CERTIFICATE_NOT_TRUSTED, say_too_long },
    { X509_V_ERR_HOSTNAME_MISMATCH, REASON_CERTIFICATE_NAME_MISMATCH, say_wrong_name },
    { X509_V_ERR_IP_ADDRESS_MISMATCH, REASON_CERTIFICATE_NAME_MISMATCH, say_wrong_address },
    { X509_V_ERR_DANE_NO_MATCH, REASON_TLSA_MISMATCH, say_no_match },
};

static const struct fault_row other_row = { X509_V_ERR_UNSPECIFIED, REASON_CERTIFICATE_NOT_TRUSTED, say_other };

static const struct fault_row *row_of(int error)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].error == error)
            return &rows[i];
    return &other_row;
}

static enum reason reason_of(const struct fault_context *context, int error)
{
    enum reason reason = row_of(error)->reason;

    if (reason != REASON_TLSA_MISMATCH)
        return reason;
    if (context->effective->level == LEVEL_FINGERPRINT)
        return REASON_FINGERPRINT_MISMATCH;
    return context->own_anchors ? REASON_CERTIFICATE_NOT_TRUSTED : REASON_TLSA_MISMATCH;
}

static const struct {
    enum reason reason;
    const char *sentence;
} blockers[] = {
    [BLOCKER_NO_NAMES] = { REASON_CERTIFICATE_NAME_MISMATCH,
                           "the policy accepts no name that Postfix could use, so no certificate matches" },
    [BLOCKER_FINGERPRINTS] = { REASON_FINGERPRINT_MISMATCH,
                               "none of the fingerprints that the policy lists fits smtp_tls_fingerprint_digest" },
    [BLOCKER_TLSA] = { REASON_TLSA_UNUSABLE, "none of the TLSA records can be used, and dane-only demands one" },
    [BLOCKER_ANCHORS] = { REASON_CERTIFICATE_NOT_TRUSTED, "none of the trust anchors of the policy can be used" },
    [BLOCKER_EXTERNAL] = { REASON_CERTIFICATE_NOT_TRUSTED,
                           "the policy says policy_failure, which makes every certificate fail" },
};

enum reason fault_reason(const struct fault_context *context)
{
    const struct pkix_result *result = context->result;

    if (context->blocker != BLOCKER_NONE)
        return blockers[context->blocker].reason;
    if (context->chain->leaf == NULL)
        return REASON_CERTIFICATE_NOT_TRUSTED;
    if (context->wrong_name)
        return REASON_CERTIFICATE_NAME_MISMATCH;
    return reason_of(context, result->fault_count > 0 ? result->faults[0].error : X509_V_ERR_UNSPECIFIED);
}

/* Each kind of fault once: one follows from the other, or the same is wrong with several certificates. */
static bool is_new_kind(const struct pkix_result *result, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        const struct fault_row *before = row_of(result->faults[i].error), *row = row_of(result->faults[at].error);

        if (before->say == row->say || (before->reason == row->reason && row->reason == REASON_CERTIFICATE_NOT_TRUSTED))
            return false;
    }
    return true;
}

static void say_faults(struct region *region, struct buf *out, const struct fault_context *context)
{
    const struct pkix_result *result = context->result;
    size_t shown = 0;

    for (size_t i = 0; i < result->fault_count && shown < KINDS_SHOWN; i++) {
        if (!is_new_kind(result, i))
            continue;
        if (shown++ > 0)
            buf_add_text(out, "; ");
        row_of(result->faults[i].error)->say(region, out, context, &result->faults[i]);
    }
}

const char *fault_sentence(struct region *region, const struct fault_context *context)
{
    struct buf out;
    char      *kept;

    if (context->blocker != BLOCKER_NONE)
        return blockers[context->blocker].sentence;
    buf_init(&out, SENTENCE_CEILING);
    if (context->chain->leaf == NULL)
        buf_add_text(&out, context->chain->unreadable > 0 ? "the certificate that the server sends cannot be read"
                                                          : "the server sends no certificate");
    else if (context->wrong_name)
        say_wrong_name(region, &out, context, NULL);
    else
        say_faults(region, &out, context);
    kept = region_text(region, buf_text(&out));
    buf_clear(&out);
    return kept;
}
