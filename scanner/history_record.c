/* A run, added to the history; and what of it is news. */
#include <string.h>

#include "reports/story.h"
#include "scanner/base/mem.h"
#include "scanner/history_impl.h"

/* What was known of a destination before this run. */
struct state {
    bool            known, gone, acknowledged;
    int64_t         announced, latest;   /* standings */
    struct standing said;                /* that announced */
    int64_t         since;               /* when it was announced */
    int64_t         pending;
};

/* A destination on its way into the history. */
struct entry {
    struct result         *result;
    int64_t                destination, standing;   /* ids */
    const struct standing *now;
    struct state           state;
};

static void add_run(struct recording *r)
{
    const struct report *report = r->report;
    const size_t        *counts = report->counts.by_verdict;
    char                 version[VERSION_TEXT_MAX];

    version_to_text(report->config->version, version);
    r->news->before = sql_value(r->sql, 0, "SELECT max(id) FROM runs", "");
    r->news->since = sql_value(r->sql, 0, "SELECT started FROM runs WHERE id = ?", "i", r->news->before);
    sql_do(r->sql, "INSERT INTO runs(started, finished, evaluated_at, complete, config_dir, postfix_version, selection,"
                   " destinations, deliver, downgrade, defer, bounce, unknown) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
           "iiiitttiiiiii", report->started, report->finished, report->evaluated_at, (int64_t)report->complete,
           report->config->dir, version, r->rules->selection, (int64_t)report->count, (int64_t)counts[VERDICT_DELIVER],
           (int64_t)counts[VERDICT_DOWNGRADE], (int64_t)counts[VERDICT_DEFER], (int64_t)counts[VERDICT_BOUNCE],
           (int64_t)counts[VERDICT_UNKNOWN]);
    r->run = r->news->run = sql_last_id(r->sql);
}

static int64_t destination_id(struct recording *r, const char *name)
{
    int64_t id = sql_value(r->sql, 0, "SELECT id FROM destinations WHERE name = ?", "t", name);

    if (id != 0)
        return id;
    sql_do(r->sql, "INSERT INTO destinations(name) VALUES(?)", "t", name);
    return sql_last_id(r->sql);
}

/* An equal standing of this destination from before, or a new one. What is not compared is brought up to date. */
static int64_t standing_id(struct recording *r, int64_t destination, const struct standing *s)
{
    int64_t id = sql_value(r->sql, 0,
                           "SELECT id FROM standings WHERE destination = ? AND verdict = ? AND reason = ? AND level IS ?"
                           " AND effective_level IS ? AND tls IS ? AND hosts IS ?", "itttttt", destination,
                           verdict_word(s->verdict), s->reason, s->level, s->effective_level, s->tls, s->hosts);

    if (id == 0) {
        sql_do(r->sql, "INSERT INTO standings(destination, verdict, reason, level, effective_level, tls, hosts, dsn, entry,"
                       " why) VALUES(?,?,?,?,?,?,?,?,?,?)", "ittttttttt", destination, verdict_word(s->verdict), s->reason,
               s->level, s->effective_level, s->tls, s->hosts, s->dsn, s->entry, s->why);
        return sql_last_id(r->sql);
    }
    sql_do(r->sql, "UPDATE standings SET dsn = ?1, entry = ?2, why = ?3 WHERE id = ?4 AND"
                   " (dsn IS NOT ?1 OR entry IS NOT ?2 OR why IS NOT ?3)", "ttti", s->dsn, s->entry, s->why, id);
    return id;
}

static void read_state(struct recording *r, struct entry *entry)
{
    struct sql_query *query = sql_query(r->sql,
                                        "SELECT t.announced, t.since, t.latest, t.pending, t.acknowledged, t.gone, "
                                        STANDING_COLUMNS " FROM state t JOIN standings s ON s.id = t.announced"
                                        " WHERE t.destination = ?", "i", entry->destination);
    struct state     *state = &entry->state;

    *state = (struct state){ 0 };
    if (!sql_next(query))
        return;
    *state = (struct state){ .known = true, .announced = sql_integer(query, 0), .since = sql_integer(query, 1),
                             .latest = sql_integer(query, 2), .pending = sql_integer(query, 3),
                             .acknowledged = sql_integer(query, 4) != 0, .gone = sql_integer(query, 5) != 0 };
    history_read_standing(query, 6, r->region, entry->now->destination, &state->said);
    sql_end(query);
}

/* The change from the look before, announced or not: first seen, last seen, how often. */
static void note_change(struct recording *r, const struct entry *entry)
{
    struct sql_query *query;
    struct standing   latest;
    enum change_kind  kind;

    if (!entry->state.known || entry->state.latest == entry->standing)
        return;
    query = sql_query(r->sql, "SELECT " STANDING_COLUMNS " FROM standings s WHERE s.id = ?", "i", entry->state.latest);
    if (!sql_next(query))
        return;
    history_read_standing(query, 0, r->region, entry->now->destination, &latest);
    sql_end(query);
    kind = standing_compare(&latest, entry->now);
    if (kind != CHANGE_SAME)
        sql_do(r->sql, "INSERT INTO changes(destination, before, after, kind, first_seen, last_seen, times)"
                       " VALUES(?,?,?,?,?5,?5,1) ON CONFLICT DO UPDATE SET last_seen = excluded.last_seen, times = times + 1",
               "iiiti", entry->destination, entry->state.latest, entry->standing, change_word(kind), r->when);
}

static void announce(struct recording *r, struct entry *entry, enum change_kind kind, const char *note)
{
    const struct standing *before = NULL;

    if (kind != CHANGE_APPEARED) {
        struct standing *copy = region_alloc(r->region, sizeof(*copy));

        *copy = entry->state.said;
        before = copy;
    }
    changes_add(&r->news->changes, (struct change){ kind, before, entry->now, note });
    sql_do(r->sql, "INSERT INTO announcements(run, destination, kind, before, after, note) VALUES(?,?,?,nullif(?,0),?,?)",
           "iitiit", r->run, entry->destination, change_word(kind), entry->state.announced, entry->standing, note);
}

/* An acknowledgement holds for the fault it was made for. */
static bool find_acknowledgement(struct recording *r, const struct entry *entry)
{
    struct sql_query *query = sql_query(r->sql, "SELECT until, comment FROM acknowledgements WHERE destination = ? AND"
                                                " reason = ? AND made <= ?3 AND until > ?3 ORDER BY id DESC LIMIT 1",
                                        "iti", entry->destination, entry->now->reason, r->when);
    struct acknowledgement *acknowledged;

    if (entry->now->verdict == VERDICT_DELIVER || !sql_next(query)) {
        sql_end(query);
        return false;
    }
    acknowledged = region_alloc(r->region, sizeof(*acknowledged));
    acknowledged->until = sql_integer(query, 0);
    acknowledged->comment = sql_text(query, 1, r->region);
    sql_end(query);
    entry->result->acknowledged = acknowledged;
    return true;
}

/* How a change for the worse is told from a single bad night, and a flapping host from a fault. */
static const char *note_of(struct recording *r, const struct entry *entry, enum change_kind kind)
{
    int64_t before = sql_value(r->sql, 0, "SELECT sum(c.times) FROM changes c JOIN standings s ON s.id = c.after"
                                          " WHERE c.destination = ? AND c.kind = 'worse' AND s.verdict = ?", "it",
                               entry->destination, verdict_word(entry->now->verdict));
    int64_t first = sql_value(r->sql, 0, "SELECT min(c.first_seen) FROM changes c JOIN standings s ON s.id = c.after"
                                         " WHERE c.destination = ? AND c.kind = 'worse' AND s.verdict = ?", "it",
                              entry->destination, verdict_word(entry->now->verdict));

    if (kind == CHANGE_BETTER)
        return region_printf(r->region, "%s since %s", verdict_word(entry->state.said.verdict),
                             time_text(r->region, entry->state.since));
    if (kind != CHANGE_WORSE || before < 2)
        return NULL;
    return region_printf(r->region, "seen %lld times since %s", (long long)before, date_text(r->region, first));
}

static bool turns_worse(enum change_kind kind, const struct entry *entry)
{
    return kind == CHANGE_WORSE || (kind == CHANGE_OTHER && entry->now->verdict == VERDICT_UNKNOWN);
}

/* What is kept for the next run. */
static void write_state(struct recording *r, const struct entry *entry, bool said, bool acknowledged, int64_t pending)
{
    sql_do(r->sql, "INSERT OR REPLACE INTO state(destination, announced, since, latest, pending, acknowledged, gone, selection,"
                   " run) VALUES(?,?,?,?,?,?,0,?,?)", "iiiiiiti", entry->destination,
           said ? entry->standing : entry->state.announced, said ? r->when : entry->state.since, entry->standing, pending,
           (int64_t)acknowledged, r->rules->selection, r->run);
}

/* Seen for the first time, or again after it was gone. */
static void record_new(struct recording *r, struct entry *entry)
{
    bool acknowledged = find_acknowledgement(r, entry);

    entry->state.announced = 0;
    if (!acknowledged && (r->news->before != 0 || entry->now->verdict != VERDICT_DELIVER))
        announce(r, entry, CHANGE_APPEARED, NULL);
    write_state(r, entry, true, acknowledged, 0);
}

/* The verdict is held back, or known. What the domain publishes is not: it is compared with what was seen last, and would never
 * be told. */
static void announce_published(struct recording *r, const struct entry *entry)
{
    struct standing *after = region_copy(r->region, &entry->state.said, sizeof(*after));
    struct standing *before = region_copy(r->region, &entry->state.said, sizeof(*before));

    after->published = entry->now->published;
    if (standing_compare(before, after) == CHANGE_SAME)
        return;
    changes_add(&r->news->changes, (struct change){ CHANGE_OTHER, before, after, NULL });
    sql_do(r->sql, "INSERT INTO announcements(run, destination, kind, before, after) VALUES(?,?,?,?4,?4)", "iiti", r->run,
           entry->destination, change_word(CHANGE_OTHER), entry->state.announced);
}

static void record_known(struct recording *r, struct entry *entry)
{
    enum change_kind kind = standing_compare(&entry->state.said, entry->now);
    bool             worse = turns_worse(kind, entry);
    int64_t          pending = worse ? entry->state.pending + 1 : 0;
    const char      *note;

    if (find_acknowledgement(r, entry)) {
        announce_published(r, entry);
        write_state(r, entry, false, true, 0);
        return;
    }
    if (entry->state.acknowledged && entry->now->verdict != VERDICT_DELIVER && kind == CHANGE_SAME) {
        announce(r, entry, CHANGE_WORSE, "no longer acknowledged");
        write_state(r, entry, true, false, 0);
        return;
    }
    if (kind == CHANGE_SAME || (worse && pending < (int64_t)r->rules->confirm)) {
        announce_published(r, entry);
        write_state(r, entry, false, false, pending);
        return;
    }
    note = note_of(r, entry, kind);
    announce(r, entry, kind, note);
    write_state(r, entry, true, false, 0);
}

/* Cut off before its turn came: nothing is known of it. */
static bool was_looked_at(const struct standing *standing)
{
    return strcmp(standing->reason, reason_code(REASON_INTERRUPTED)) != 0 &&
           strcmp(standing->reason, reason_code(REASON_DEADLINE)) != 0;
}

/* What a fault of our own hid stands as it did, and is not gone. */
static void record_hidden(struct recording *r, const struct entry *entry)
{
    sql_do(r->sql, "UPDATE state SET selection = ?, run = ? WHERE destination = ? AND gone = 0", "tii", r->rules->selection,
           r->run, entry->destination);
}

static void record_result(struct recording *r, const struct result *result)
{
    struct standing *now = region_alloc(r->region, sizeof(*now));
    struct entry     entry = { .result = (struct result *)result, .now = now };

    standing_of_result(r->region, now, r->report, result);
    if (!was_looked_at(now))
        return;
    entry.destination = destination_id(r, now->destination);
    entry.standing = standing_id(r, entry.destination, now);
    sql_do(r->sql, "INSERT OR REPLACE INTO results(run, destination, standing) VALUES(?,?,?)", "iii", r->run,
           entry.destination, entry.standing);
    if (report_hides(r->report, result)) {
        record_hidden(r, &entry);
        return;
    }
    read_state(r, &entry);
    /* What changes in it is told at once, so that it is compared with what was known last. */
    entry.state.said.published = published_before(r, entry.destination);
    note_change(r, &entry);
    if (!entry.state.known || entry.state.gone)
        record_new(r, &entry);
    else
        record_known(r, &entry);
    published_record(r, entry.destination, now->published);
    outlook_record(r, entry.destination, result, entry.state.known ? entry.state.said.verdict : now->verdict);
}

/* A table that cannot be read names no destinations: they are missed once it can be. */
static bool lacks_table(const struct report *report)
{
    const struct finding *finding;

    for (finding = report->findings.first; finding != NULL; finding = finding->next)
        if (strcmp(finding->code, finding_word(FINDING_TABLE_BROKEN)) == 0)
            return true;
    return false;
}

/* What an equal run would have had. */
static void record_vanished(struct recording *r)
{
    struct sql_query *query;

    if (r->rules->selection == NULL || !r->report->complete || lacks_table(r->report))
        return;
    query = sql_query(r->sql, "SELECT d.name, t.destination, t.announced, " STANDING_COLUMNS
                              " FROM state t JOIN destinations d ON d.id = t.destination JOIN standings s ON s.id = t.latest"
                              " WHERE t.gone = 0 AND t.selection = ? AND t.run < ? ORDER BY t.destination", "ti",
                      r->rules->selection, r->run);
    while (sql_next(query)) {
        struct standing *before = region_alloc(r->region, sizeof(*before));

        history_read_standing(query, 3, r->region, sql_text(query, 0, r->region), before);
        changes_add(&r->news->changes, (struct change){ CHANGE_VANISHED, before, NULL, NULL });
        sql_do(r->sql, "INSERT INTO announcements(run, destination, kind, before) VALUES(?,?,'vanished',?)", "iii", r->run,
               sql_integer(query, 1), sql_integer(query, 2));
    }
    sql_do(r->sql, "UPDATE state SET gone = 1 WHERE gone = 0 AND selection = ? AND run < ?", "ti", r->rules->selection,
           r->run);
}

/* ", since 2026-11-18" where the run before had the finding too, by the first of the runs in a row that have it; else "". */
static const char *since_of(struct recording *r, const struct finding *finding)
{
    int64_t last = sql_value(r->sql, 0, "SELECT max(id) FROM runs WHERE id < ? AND NOT EXISTS (SELECT 1 FROM findings f WHERE"
                                        " f.run = runs.id AND f.code = ? AND f.text = ?)", "itt", r->run, finding->code,
                             finding->text);

    if (last == r->news->before)
        return "";
    return region_printf(r->region, ", since %s",
                         date_text(r->region, sql_value(r->sql, 0, "SELECT started FROM runs WHERE id > ? ORDER BY id LIMIT 1",
                                                        "i", last)));
}

/* They are told in every run that has them: who hears nothing takes it that all is well. */
static void record_findings(struct recording *r)
{
    const struct finding *finding;

    for (finding = r->report->findings.first; finding != NULL; finding = finding->next) {
        if (finding->severity != SEVERITY_CRITICAL)
            continue;
        findings_add(r->region, &r->news->findings, finding->code, finding->severity, finding->host, finding->file,
                     finding->line, "%s%s", finding->text, since_of(r, finding));
        sql_do(r->sql, "INSERT INTO findings(run, code, file, line, text) VALUES(?,?,?,?,?)", "ittit", r->run, finding->code,
               finding->file, (int64_t)finding->line, finding->text);
    }
}

bool history_record(struct history *history, struct region *region, struct report *report, const struct history_rules *rules,
                    struct news *news, struct error *err)
{
    struct recording r = { .history = history, .sql = history->sql, .region = region, .report = report, .rules = rules,
                           .news = news, .when = report->evaluated_at };
    size_t           i;

    *news = (struct news){ 0 };
    history_change(history);
    changes_init(&news->changes, region,
                 report->count + (size_t)sql_value(r.sql, 0, "SELECT count(*) FROM state", ""));
    add_run(&r);
    for (i = 0; i < report->count && !sql_failed(r.sql, NULL); i++)
        record_result(&r, report->results[i]);
    record_vanished(&r);
    record_findings(&r);
    policies_record(&r);
    changes_sort(&news->changes, region);
    return !sql_failed(history->sql, err);
}
