/* What a worker that has been taken over may say: records in their frames, to a scanner that waits for four answers. The
 * scanner's side is included whole, so that its checks can be reached without a process at the other end. */
#include "scanner/workers.c"

#include <stdlib.h>

#include "probes/wire/x509_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t answers;

static void must(bool truth)
{
    if (!truth)
        abort();
}

int worker_run(int fd)
{
    (void)fd;
    return 0;
}

static void heard_dns(void *arg, uint64_t id, const struct dns_fact *fact)
{
    (void)arg;
    must(id == 1 || id == 2);
    must(strcmp(fact->name, "example.org") == 0 && fact->type == (id == 1 ? DNS_MX : DNS_NATIVE));
    must(fact->count <= fact->total && fact->count <= DNS_RECORDS_MAX);
    answers++;
}

static void heard_conversation(void *arg, uint64_t id, const struct conversation *fact)
{
    (void)arg;
    must(id == 3 && fact->attempts == 1 && fact->first_refusal.code == 0);
    must(fact->profile->port == 25 && fact->certificate_count <= CONVERSATION_CERTIFICATES_MAX);
    answers++;
}

static void heard_fetch(void *arg, uint64_t id, const struct policy_fetch *fact)
{
    (void)arg;
    must(id == 4 && strcmp(fact->domain, "example.org") == 0);
    must(fact->address.family == FAMILY_NONE || fact->address.bytes[3] == 1);
    must(fact->body == NULL || (fact->status == 200 && strlen(fact->body) <= 3 * POLICY_BODY_MAX));
    must(!fetch_was_left_out(fact) || fact->outcome == FETCH_NO_ANCHORS);
    answers++;
}

static void heard_cert(void *arg, const struct cert *cert)
{
    char id[CERT_ID_TEXT];

    (void)arg;
    x509_facts_id(cert->der, cert->der_length, id);
    must(strcmp(id, cert->id) == 0);
}

static const struct workers_events heard = { heard_dns, heard_conversation, heard_cert, NULL, heard_fetch };

static void wait_for_answer(struct workers *w, uint64_t id, const struct worker_kind *kind, struct buf *request)
{
    w->questions_sent += kind->is_question;
    list_add(&w->sent, ask_new(w, id, kind, request));
}

static void wait_for_all(struct workers *w)
{
    struct profile profile = { .port = 25, .helo_name = "a", .ciphers = "", .groups = "" };
    struct want_fetch want = { "example.org", &profile.address, 1 };
    struct buf request;

    address_parse(&profile.address, slice_of("192.0.2.1"));
    request = request_begin(&worker_question, 1);
    worker_ask_question("example.org", DNS_MX, &request);
    wait_for_answer(w, 1, &worker_question, &request);
    request = request_begin(&worker_question, 2);
    worker_ask_question("example.org", DNS_NATIVE, &request);
    wait_for_answer(w, 2, &worker_question, &request);
    request = request_begin(&worker_conversation, 3);
    profiles_fold(w->profiles, &profile, &request);
    wait_for_answer(w, 3, &worker_conversation, &request);
    request = request_begin(&worker_policy, 4);
    want_fetch_to_binary(&want, &request);
    wait_for_answer(w, 4, &worker_policy, &request);
}

/* As record.c cuts the stream; a length beyond the limit ends it there. */
static bool next_record(struct slice *rest, struct slice *record)
{
    size_t n;

    if (rest->n < 2)
        return false;
    n = (size_t)(unsigned char)rest->p[0] << 8 | (unsigned char)rest->p[1];
    *rest = slice_from_index(*rest, 2);
    *record = slice_head(*rest, n);
    *rest = slice_from_index(*rest, record->n);
    return true;
}

static void take_stream(struct workers *w, struct slice rest)
{
    struct slice text;
    bool good = true;

    while (good && next_record(&rest, &text)) {
        struct region *region = region_new();
        struct error err;

        /* One bad record, and the worker is replaced. */
        good = take_record(w, text, region, &err);
        region_free(region);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct workers w;

    memset(&w, 0, sizeof w);
    w.events = &heard;
    id_set_init(&w.certificates);
    w.profiles = profiles_new();
    answers = 0;
    wait_for_all(&w);
    take_stream(&w, slice_from((const char *)data, size));
    must(answers + w.pending == 4);
    list_free(&w.sent);
    id_set_clear(&w.certificates);
    profiles_free(w.profiles);
    return 0;
}
