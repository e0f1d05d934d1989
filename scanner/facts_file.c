#include "scanner/facts_file.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "probes/wire/x509_facts.h"
#include "scanner/base/utc.h"
#include "scanner/exit_status.h"
#include "scanner/facts/facts_json.h"
#include "scanner/files.h"
#include "scanner/saved_file.h"

#define LINE_MAX_BYTES ((size_t)8 << 20)

/* Takes value. */
static bool write_line(const struct sink *sink, struct json *value)
{
    struct buf line;
    bool       good;

    buf_init(&line, LINE_MAX_BYTES);
    good = json_write(value, 0, &line) && buf_add_char(&line, '\n') && sink->write(sink->arg, line.p, line.n);
    buf_clear(&line);
    json_free(value);
    return good;
}

static const struct { const char *name; size_t offset; } counts[] = {
    { "questions_asked", offsetof(struct facts_header, sharing.questions_asked) },
    { "questions_needed", offsetof(struct facts_header, sharing.questions_needed) },
    { "conversations_asked", offsetof(struct facts_header, sharing.conversations_asked) },
    { "conversations_needed", offsetof(struct facts_header, sharing.conversations_needed) },
    { "policies_asked", offsetof(struct facts_header, sharing.policies_asked) },
    { "policies_needed", offsetof(struct facts_header, sharing.policies_needed) },
    { "workers_ended", offsetof(struct facts_header, lost.ended) },
    { "workers_silent", offsetof(struct facts_header, lost.silent) },
    { "workers_wrong", offsetof(struct facts_header, lost.wrong) },
    { "worker_signal", offsetof(struct facts_header, lost.signal) },
    { "asked_again", offsetof(struct facts_header, lost.again) },
};
#define COUNTS (sizeof(counts) / sizeof(counts[0]))

static size_t *count_of(struct facts_header *header, size_t i)
{
    return (size_t *)(void *)((char *)header + counts[i].offset);
}

static void add_allowed(struct region *region, struct facts_header *header, const struct prefix *more, size_t count)
{
    struct prefix *all = region_array(region, header->allow_count + count + 1, sizeof(*all));

    if (header->allow_count > 0)
        memcpy(all, header->allow, header->allow_count * sizeof(*all));
    if (count > 0)
        memcpy(all + header->allow_count, more, count * sizeof(*all));
    header->allow = all;
    header->allow_count += count;
}

static bool is_same_run(const struct facts_header *a, const struct facts_header *b)
{
    return a->started == b->started && a->finished == b->finished && a->allow_count == b->allow_count &&
           memcmp(&a->sharing, &b->sharing, sizeof(a->sharing)) == 0;
}

void facts_header_add(struct region *region, struct facts_header *all, const struct facts_header *one)
{
    struct facts_header more = *one;
    bool                same = all->resolver != NULL && one->resolver != NULL && strcmp(all->resolver, one->resolver) == 0;
    size_t              i, signal = more.lost.ended > 0 ? more.lost.signal : all->lost.signal;

    if (is_same_run(all, one))
        return;
    all->resolver = same ? all->resolver : NULL;
    all->complete = all->complete && one->complete;
    all->started = one->started < all->started ? one->started : all->started;
    all->finished = one->finished > all->finished ? one->finished : all->finished;
    for (i = 0; i < COUNTS; i++)
        *count_of(all, i) += *count_of(&more, i);
    all->lost.signal = signal;
    add_allowed(region, all, one->allow, one->allow_count);
}

static struct json *allowed_to_json(const struct facts_header *header)
{
    struct json *list = json_array();
    char         address[ADDRESS_TEXT_MAX], text[ADDRESS_TEXT_MAX + 16];
    size_t       i;

    for (i = 0; i < header->allow_count; i++) {
        address_to_text(&header->allow[i].address, address);
        snprintf(text, sizeof(text), "%s/%u", address, header->allow[i].bits);
        json_push(list, json_text(text));
    }
    return list;
}

static bool read_allowed(struct region *region, const struct json *list, struct facts_header *header)
{
    struct prefix *all = region_array(region, json_count(list) + 1, sizeof(*all));
    size_t         i;

    for (i = 0; i < json_count(list); i++)
        if (!prefix_parse(&all[i], json_as_slice(json_at(list, i))))
            return false;
    header->allow = all;
    header->allow_count = json_count(list);
    return true;
}

static struct json *words_to_json(const struct text_list *words)
{
    struct json *list = json_array();
    size_t       i;

    for (i = 0; i < words->count; i++)
        json_push(list, json_text(words->items[i]));
    return list;
}

static bool read_words(struct region *region, const struct json *list, struct text_list *words)
{
    size_t i;

    *words = (struct text_list){ region_array(region, json_count(list) + 1, sizeof(*words->items)), json_count(list) };
    for (i = 0; i < words->count; i++)
        if ((words->items[i] = region_text(region, json_as_text(json_at(list, i)))) == NULL)
            return false;
    return true;
}

struct json *facts_header_to_json(const struct facts_header *header)
{
    struct facts_header numbers = *header;
    struct json *object = json_object();
    size_t       i;
    char         started[UTC_TEXT_MAX], finished[UTC_TEXT_MAX];

    utc_to_text(header->started, started);
    utc_to_text(header->finished, finished);
    json_put(object, "format", json_text(FACTS_FORMAT));
    json_put(object, "format_version", json_integer(FACTS_FORMAT_VERSION));
    json_put(object, "generator", json_text(PACKAGE_STRING));
    json_put(object, "started", json_text(started));
    json_put(object, "finished", json_text(finished));
    json_put(object, "complete", json_bool(header->complete));
    json_put(object, "resolver", json_text(header->resolver));
    for (i = 0; i < COUNTS; i++)
        json_put(object, counts[i].name, json_integer((int64_t)*count_of(&numbers, i)));
    json_put(object, "allowed", allowed_to_json(header));
    if (header->journal)
        json_put(object, "journal", json_bool(true));
    if (header->begun_for.count > 0)
        json_put(object, "begun_for", words_to_json(&header->begun_for));
    return object;
}

/* As long as it can become. */
static size_t header_room(const struct facts_header *header)
{
    struct facts_header longest = *header;
    struct json        *json;
    struct buf          line;
    size_t              i, n;

    for (i = 0; i < COUNTS; i++)
        *count_of(&longest, i) = INT64_MAX;
    longest.complete = false;
    buf_init(&line, LINE_MAX_BYTES);
    json = facts_header_to_json(&longest);
    json_write(json, 0, &line);
    json_free(json);
    n = line.n;
    buf_clear(&line);
    return n;
}

/* Blanks behind the value are JSON. */
bool facts_file_end(const struct facts_header *header, const struct sink *sink)
{
    size_t       room = header_room(header);
    struct json *json = facts_header_to_json(header);
    struct buf   line;
    bool         good;

    buf_init(&line, LINE_MAX_BYTES);
    good = json_write(json, 0, &line);
    while (good && line.n < room)
        good = buf_add_char(&line, ' ');
    good = good && buf_add_char(&line, '\n') && sink->write(sink->arg, line.p, line.n);
    buf_clear(&line);
    json_free(json);
    return good;
}

bool facts_file_begin(const struct facts_header *header, const struct sink *sink)
{
    return facts_file_end(header, sink);
}

bool facts_file_add_destination(const char *text, const struct sink *sink)
{
    return write_line(sink, facts_destination_to_json(text));
}

bool facts_file_add_dns(const struct dns_fact *fact, const struct sink *sink)
{
    return write_line(sink, facts_dns_to_json(fact));
}

bool facts_file_add_kept(struct facts *facts, const struct sink *sink)
{
    const struct dns_fact     *dns;
    const struct conversation *conversation;
    const struct table_fact   *table;
    const struct policy_fetch *fetch;
    struct certs              *certs = facts_certs(facts);
    bool                       good = true;
    size_t                     i;

    for (i = 0; good && i < facts_destination_count(facts); i++)
        good = facts_file_add_destination(facts_destination(facts, i), sink);
    for (i = 0; good && (table = facts_table_at(facts, i)) != NULL; i++)
        good = write_line(sink, facts_table_to_json(table));
    for (i = 0; good && (dns = facts_dns_at(facts, i)) != NULL; i++)
        good = facts_file_add_dns(dns, sink);
    for (i = 0; good && i < certs_count(certs); i++)
        good = write_line(sink, facts_cert_to_json(certs_at(certs, i)));
    for (i = 0; good && (conversation = facts_conversation_at(facts, i)) != NULL; i++)
        good = write_line(sink, facts_conversation_to_json(conversation));
    for (i = 0; good && (fetch = facts_fetch_at(facts, i)) != NULL; i++)
        good = write_line(sink, facts_fetch_to_json(fetch));
    return good;
}

bool facts_file_write(const struct facts_header *header, struct facts *facts, const struct sink *sink)
{
    return write_line(sink, facts_header_to_json(header)) && facts_file_add_kept(facts, sink);
}

static bool malformed(struct error *err, const char *path, int line, const char *what)
{
    error_set_at(err, EXIT_DATA_ERROR, path, line, "%s", what);
    error_fix(err, "facts files are written by scan --save-facts");
    return false;
}

static bool read_header(struct region *region, const char *path, const struct json *json, struct facts_header *header,
                        struct error *err)
{
    const char *format = json_get_text(json, "format");
    const char *resolver = json_get_text(json, "resolver");
    size_t      i;

    if (format == NULL || strcmp(format, FACTS_FORMAT) != 0)
        return malformed(err, path, 1, "no facts file: the first line is not its header");
    if (json_get_integer(json, "format_version", 0) != FACTS_FORMAT_VERSION)
        return malformed(err, path, 1, "a facts file of another format_version");
    if (!utc_parse(json_get_slice(json, "started"), &header->started) ||
        !utc_parse(json_get_slice(json, "finished"), &header->finished))
        return malformed(err, path, 1, "the header has no times");
    if (!read_allowed(region, json_get(json, "allowed"), header))
        return malformed(err, path, 1, "the header allows what is no address");
    if (!read_words(region, json_get(json, "begun_for"), &header->begun_for))
        return malformed(err, path, 1, "the header was begun for what is no text");
    header->complete = json_get_bool(json, "complete", true);
    header->journal = json_get_bool(json, "journal", false);
    header->resolver = region_text(region, resolver);
    for (i = 0; i < COUNTS; i++) {
        int64_t count = json_get_integer(json, counts[i].name, 0);

        *count_of(header, i) = count > 0 ? (size_t)count : 0;
    }
    return true;
}

static bool add_fact(struct region *region, const struct json *json, struct facts *facts, struct error *err)
{
    const char *kind = json_get_text(json, "fact");
    const char *text = json_get_text(json, "destination");
    struct dns_fact     dns = { 0 };
    struct table_fact   table = { 0 };
    struct cert         cert = { 0 }, whole = { 0 };
    struct policy_fetch fetch = { 0 };
    struct conversation conversation = { 0 };

    if (kind == NULL) {
        error_set(err, EXIT_DATA_ERROR, "a line without the member fact");
        if (json_get(json, "format") != NULL) {
            error_set(err, EXIT_DATA_ERROR, "another file begins here");
            error_fix(err, "keep each in a file of its own; replay and merge take several");
        }
        return false;
    }
    if (strcmp(kind, "dns") == 0 && facts_dns_from_json(region, json, &dns, err))
        return facts_add_dns(facts, &dns) != NULL;
    if (strcmp(kind, "table") == 0 && facts_table_from_json(region, json, &table, err))
        return facts_add_table(facts, &table) != NULL;
    if (strcmp(kind, "conversation") == 0 && facts_conversation_from_json(region, json, &conversation, err))
        return facts_add_conversation(facts, &conversation) != NULL;
    if (strcmp(kind, "fetch") == 0 && facts_fetch_from_json(region, json, &fetch, err))
        return facts_add_fetch(facts, &fetch) != NULL;
    if (strcmp(kind, "certificate") == 0 && facts_cert_from_json(region, json, &cert, err)) {
        x509_facts_read(region, cert.der, cert.der_length, &whole);
        return facts_add_cert(facts, &whole) != NULL;
    }
    if (strcmp(kind, "destination") == 0 && text != NULL) {
        facts_add_destination(facts, text);
        return true;
    }
    return false;
}

bool facts_file_read_line(struct region *region, const char *path, int number, struct slice line,
                          struct facts_header *header, struct facts *facts, struct error *err)
{
    struct region *scratch;
    struct json   *json;
    struct error   why = { 0 };
    bool           good;

    if (line.n > LINE_MAX_BYTES)
        return malformed(err, path, number, "a line is too long");
    json = json_read(line, &why);
    if (json == NULL)
        return malformed(err, path, number, why.text);
    if (number == 1) {
        good = read_header(region, path, json, header, err);
    } else {
        scratch = region_new();
        snprintf(why.text, sizeof(why.text), "an unknown kind of fact");
        good = add_fact(scratch, json, facts, &why);
        if (!good)
            malformed(err, path, number, why.text);
        if (!good && why.fix[0] != '\0')
            error_fix(err, "%s", why.fix);
        region_free(scratch);
    }
    json_free(json);
    return good;
}

bool facts_file_read(struct region *region, const char *path, struct facts_header *header, struct facts *facts,
                     struct error *err)
{
    struct slice text, rest, line;
    int          number = 0;

    if (!file_read(region, path, FILE_SIZE_MAX, &text, NULL, err))
        return false;
    rest = text;
    if (rest.n == 0)
        return malformed(err, path, 1, "an empty file");
    while (rest.n > 0) {
        line = slice_head(rest, slice_find(rest, '\n'));
        rest = slice_from_index(rest, line.n + 1);
        number++;
        if ((number == 1 || slice_trim(line).n > 0) && !facts_file_read_line(region, path, number, line, header, facts, err)) {
            if (number == 1)
                saved_kind_explain(path, text, SAVED_FACTS, err);
            return false;
        }
    }
    return true;
}
