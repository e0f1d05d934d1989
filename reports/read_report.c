#include "reports/read_report.h"

#include <string.h>

#include "reports/json_parts.h"
#include "reports/mail.h"
#include "reports/reading.h"
#include "reports/saved.h"
#include "scanner/base/base64.h"

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----\n"
#define PEM_END "-----END CERTIFICATE-----\n"

/* Text → tree */

/* The header's and summary's members become the report's own; the destinations a list, their certificates an object. */
static void add_line(struct json *tree, struct json *destinations, struct json *certificates, const struct json *line)
{
    bool               is_destination = json_is_text(json_get(line, "destination"));
    struct json       *destination = json_object();
    struct json_cursor cursor = { line, NULL };
    const char        *key;
    const struct json *value;

    while (json_next(&cursor, &key, &value)) {
        if (!is_destination)
            json_put(tree, key, json_keep((struct json *)value));
        else if (strcmp(key, "certificates") != 0)
            json_put(destination, key, json_keep((struct json *)value));
    }
    cursor = (struct json_cursor){ json_get(line, "certificates"), NULL };
    while (is_destination && json_next(&cursor, &key, &value))
        json_put(certificates, key, json_keep((struct json *)value));
    if (is_destination)
        json_push(destinations, destination);
    else
        json_free(destination);
}

/* One header, at the beginning; one summary, at the end. */
static bool may_follow(const struct json *tree, const struct json *line, struct error *err)
{
    struct json_cursor cursor = { line, NULL };
    const char        *key;
    const struct json *value;

    if (json_get(tree, "format") == NULL || !json_next(&cursor, &key, &value))
        return true;
    if (json_get(line, "format") == NULL && json_get(tree, "summary") == NULL)
        return true;
    error_set(err, 0, "%s", json_get(line, "format") != NULL ? "another report begins here: there are two in the file"
                                                             : "more of a report after its summary");
    error_fix(err, "keep each report in a file of its own; merge joins them");
    return false;
}

/* Without a summary the lines end early, whatever the header says. */
static void note_cut(const struct json *tree)
{
    struct json *run = (struct json *)json_get(tree, "run");

    if (json_get(tree, "summary") == NULL && json_is_object(run))
        json_put(run, "complete", json_bool(false));
}

static struct json *parse_lines(struct slice text, struct error *err)
{
    struct json *tree = json_object(), *destinations = json_array(), *certificates = json_object();
    bool         good = true;
    int          number = 0;

    while (good && text.n > 0) {
        struct slice line = slice_head(text, slice_find(text, '\n'));
        struct json *json = slice_trim(line).n > 0 ? json_read(line, err) : json_object();

        number++;
        text = slice_from_index(text, line.n + 1);
        good = json != NULL && may_follow(tree, json, err);
        if (good)
            add_line(tree, destinations, certificates, json);
        else
            err->line = number;
        json_free(json);
    }
    note_cut(tree);
    /* At the end, for a line may have members of these names. */
    json_put(tree, "destinations", destinations);
    json_put(tree, "certificates", certificates);
    if (good)
        return tree;
    json_free(tree);
    return NULL;
}

/* JSON lines begin with a line that is a whole object, and not a whole report. */
static bool is_lines(struct slice text)
{
    struct json *first = json_read(slice_head(text, slice_find(text, '\n')), NULL);
    bool         lines = first != NULL && json_get(first, "destinations") == NULL;

    json_free(first);
    return lines;
}

static bool check_format(const struct json *tree, struct error *err)
{
    const char *format = json_get_text(tree, "format");

    if (format == NULL || strcmp(format, REPORT_FORMAT) != 0) {
        error_set(err, 0, "no report: its format is not %s", REPORT_FORMAT);
        error_fix(err, "reports are written by scan --json");
        return false;
    }
    if (json_get_integer(tree, "format_version", 0) == REPORT_FORMAT_VERSION)
        return true;
    error_set(err, 0, "a report of another format_version than %d", REPORT_FORMAT_VERSION);
    error_fix(err, "read it with the release that wrote it, or a later one");
    return false;
}

struct json *report_parse(struct slice text, struct error *err)
{
    struct json *tree = is_lines(text) ? parse_lines(text, err) : json_read(text, err);

    if (tree != NULL && !check_format(tree, err)) {
        json_free(tree);
        tree = NULL;
    }
    return tree;
}

/* Tree → report */

static bool read_pem(const char *pem, struct buf *der)
{
    struct slice rest = slice_of(pem), line;
    struct buf   flat;
    bool         good;

    if (!slice_starts_with(rest, SLICE(PEM_BEGIN)) || !slice_ends_with(rest, SLICE(PEM_END)))
        return false;
    rest = slice_from_index(slice_head(rest, rest.n - sizeof(PEM_END) + 1), sizeof(PEM_BEGIN) - 1);
    buf_init(&flat, 2 * CERT_DER_MAX);
    while (slice_next_token(&rest, "\n", &line))
        buf_add_slice(&flat, line);
    good = !flat.overflow && base64_decode(buf_slice(&flat), der);
    buf_clear(&flat);
    return good;
}

static void copy_hex(struct reading *r, const struct json *json, const char *key, char *out, size_t size)
{
    const char *text = read_text(r, json, key);

    if (text != NULL && strlen(text) >= size)
        reading_fails(r, key, "is too long");
    else if (text != NULL)
        memcpy(out, text, strlen(text) + 1);
}

/* The fields that were null where the DER could not be read. */
static void read_certificate_text(struct reading *r, const struct json *json, struct cert *cert)
{
    struct text_list names = read_texts(r, need_array(r, json, "dns_names"), "dns_names");

    cert->subject = need_text(r, json, "subject");
    cert->issuer = need_text(r, json, "issuer");
    cert->not_before = need_time(r, json, "not_before");
    cert->not_after = need_time(r, json, "not_after");
    cert->key = need_text(r, json, "key");
    cert->signature = need_text(r, json, "signature");
    cert->dns_names = names.items;
    cert->dns_name_count = names.count;
    cert->dns_name_total = (size_t)read_number(r, json, "dns_name_count", INT32_MAX);
    if (cert->dns_name_total < names.count)
        cert->dns_name_total = names.count;
}

static void read_certificate(struct reading *r, const struct json *json, struct facts *facts)
{
    struct cert cert = { .unparsable = json_is_null(json_get(json, "subject")) };
    struct buf  der;

    copy_hex(r, json, "sha256", cert.id, sizeof(cert.id));
    if (!slice_starts_with(slice_of(r->where), SLICE("sha256:")) || strcmp(r->where + sizeof("sha256:") - 1, cert.id) != 0)
        reading_fails(r, "sha256", "is not the certificate's key");
    copy_hex(r, json, "sha1", cert.sha1, sizeof(cert.sha1));
    copy_hex(r, json, "spki_sha256", cert.spki_sha256, sizeof(cert.spki_sha256));
    copy_hex(r, json, "spki_sha1", cert.spki_sha1, sizeof(cert.spki_sha1));
    if (!cert.unparsable)
        read_certificate_text(r, json, &cert);
    buf_init(&der, CERT_DER_MAX);
    if (!read_pem(need_text(r, json, "pem"), &der))
        reading_fails(r, "pem", "is no certificate");
    cert.der = (const uint8_t *)der.p;
    cert.der_length = der.n;
    if (r->good)
        facts_add_cert(facts, &cert);
    buf_clear(&der);
}

static void free_facts(void *facts)
{
    facts_free(facts);
}

static void free_json(void *json)
{
    json_free(json);
}

static void read_certificates(struct reading *r, const struct json *object)
{
    struct facts      *facts = facts_new();
    struct json_cursor cursor = { object, NULL };
    const struct json *value;

    region_defer(r->region, free_facts, facts);
    r->report->facts = facts;
    while (r->good && json_next(&cursor, &r->where, &value))
        read_certificate(r, value, facts);
}

static void read_sharing(struct reading *r, const struct json *json)
{
    const struct json *questions = json_get(json, "questions"), *conversations = json_get(json, "conversations"),
                      *policies = json_get(json, "policies");

    r->report->sharing = (struct report_sharing){ (size_t)read_number(r, questions, "asked", INT64_MAX),
                                                  (size_t)read_number(r, questions, "needed", INT64_MAX),
                                                  (size_t)read_number(r, conversations, "asked", INT64_MAX),
                                                  (size_t)read_number(r, conversations, "needed", INT64_MAX),
                                                  (size_t)read_number(r, policies, "asked", INT64_MAX),
                                                  (size_t)read_number(r, policies, "needed", INT64_MAX) };
}

static void read_run(struct reading *r, const struct json *run)
{
    struct report *report = r->report;

    r->where = "run";
    report->started = need_time(r, run, "started");
    report->evaluated_at = need_time(r, run, "evaluated_at");
    /* JSON lines that end early know neither. */
    report->finished = json_is_null(json_get(run, "finished")) ? report->started : need_time(r, run, "finished");
    report->complete = json_get_bool(run, "complete", false);
    report->cut_short_by = read_text(r, run, "cut_short_by");
    report->journal = read_text(r, run, "journal");
    report->resolver = read_text(r, run, "resolver");
    read_sharing(r, json_get(run, "sharing"));
    report->confinement = read_texts(r, json_get(run, "confinement"), "confinement");
}

static void read_destinations(struct reading *r, const struct json *array)
{
    struct report *report = r->report;
    size_t         i, count = json_count(array);

    report->results = region_array(r->region, count + 1, sizeof(*report->results));
    for (i = 0; r->good && i < count; i++) {
        r->where = "destinations";
        report->results[i] = read_result(r, json_at(array, i));
        report->count++;
    }
}

/* The same run under a proposed configuration; its results come with those of the run. */
static struct report *new_proposed(struct reading *r, const struct json *json)
{
    struct report *proposed = region_alloc(r->region, sizeof(*proposed));
    struct saved  *saved = region_alloc(r->region, sizeof(*saved));

    *saved = *r->report->saved;
    saved->configuration = (struct json *)json;
    *proposed = *r->report;
    proposed->saved = saved;
    proposed->findings = (struct findings){ 0 };
    read_findings(r, need_array(r, json, "findings"), &proposed->findings);
    return proposed;
}

static void add_proposed_results(struct region *region, const struct report *report, struct report *proposed)
{
    size_t i;

    proposed->results = region_array(region, report->count + 1, sizeof(*proposed->results));
    for (i = 0; i < report->count; i++)
        proposed->results[i] = report->results[i]->proposed;
    proposed->count = report->count;
    report_count(proposed);
}

bool report_read(struct region *region, struct report *report, struct json *tree, struct error *err)
{
    struct reading r = { region, report, "the report", err, true };
    struct saved  *saved = region_alloc(region, sizeof(*saved));
    struct report *proposed = NULL;

    *report = (struct report){ .saved = saved };
    region_defer(region, free_json, json_keep(tree));
    saved->generator = (struct json *)need_object(&r, tree, "generator");
    saved->configuration = (struct json *)need_object(&r, tree, "configuration");
    saved->certificates = (struct json *)need_object(&r, tree, "certificates");
    saved->run = (struct json *)need_object(&r, tree, "run");
    read_run(&r, saved->run);
    r.where = "findings";
    if (!json_is_null(json_get(tree, "findings")))   /* JSON lines that end early */
        read_findings(&r, need_array(&r, tree, "findings"), &report->findings);
    read_trend(&r, json_get(tree, "trend"));
    read_changes(&r, json_get(tree, "changes"));
    read_as(&r, json_get(tree, "as"));
    read_mail(&r, json_get(tree, "mail"));
    read_certificates(&r, saved->certificates);
    r.where = "the report";
    if (json_is_object(json_get(tree, "proposed")))
        report->proposed = proposed = new_proposed(&r, json_get(tree, "proposed"));
    read_destinations(&r, need_array(&r, tree, "destinations"));
    if (!r.good) {
        error_fix(err, "the file is damaged, or was written by another program; reports come from scan --json");
        return false;
    }
    report_count(report);
    report_count_as(report, report->as.mechanism);
    mail_join(report);
    if (proposed != NULL)
        add_proposed_results(region, report, proposed);
    return true;
}

struct json *saved_certificate_json(const struct report *report, const char *key)
{
    return json_keep((struct json *)json_get(report->saved->certificates, key));
}
