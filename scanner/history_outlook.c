/* What has not come about yet: verdicts that will turn worse, and advice; each is told once. */
#include <string.h>

#include "reports/story.h"
#include "scanner/history_impl.h"
#include "scanner/judge/advice.h"

static void add_outlook(struct recording *r, struct outlook outlook)
{
    struct news *news = r->news;

    if (news->outlook_count == r->outlook_room) {
        size_t          room = r->outlook_room == 0 ? 16 : 2 * r->outlook_room;
        struct outlook *outlooks = region_array(r->region, room, sizeof(*outlooks));

        if (news->outlook_count > 0)
            memcpy(outlooks, news->outlooks, news->outlook_count * sizeof(*outlooks));
        news->outlooks = outlooks;
        r->outlook_room = room;
    }
    news->outlooks[news->outlook_count++] = outlook;
}

/* Soon */

/* What was known before this run of a verdict that is to turn worse. */
struct prospect {
    bool         known;
    enum verdict verdict;     /* before it does */
    int64_t      announced;   /* severity; -1: not told yet */
    int64_t      pending;     /* runs that saw something worse than what was told */
    const char  *text;        /* as told */
};

static struct prospect read_prospect(struct recording *r, int64_t destination)
{
    struct sql_query *query = sql_query(r->sql, "SELECT verdict, announced, pending, text FROM prospects WHERE destination = ?",
                                        "i", destination);
    struct prospect   prospect = { .announced = -1, .text = "" };

    if (!sql_next(query))
        return prospect;
    prospect = (struct prospect){ true, VERDICT_UNKNOWN, sql_integer(query, 1), sql_integer(query, 2),
                                  sql_text(query, 3, r->region) };
    verdict_parse(sql_text(query, 0, r->region), &prospect.verdict);
    sql_end(query);
    return prospect;
}

static void write_prospect(struct recording *r, int64_t destination, const struct prospect *prospect)
{
    sql_do(r->sql, "INSERT OR REPLACE INTO prospects(destination, verdict, announced, pending, text) VALUES(?,?,?,?,?)", "itiit",
           destination, verdict_word(prospect->verdict), prospect->announced, prospect->pending, prospect->text);
}

static void forget_prospect(struct recording *r, int64_t destination)
{
    sql_do(r->sql, "DELETE FROM prospects WHERE destination = ?", "i", destination);
}

static const struct finding *worst_of_horizon(const struct result *result)
{
    const struct finding *finding, *worst = NULL;

    for (finding = result->findings.first; finding != NULL; finding = finding->next)
        if (strcmp(finding->code, finding_word(FINDING_HORIZON)) == 0 &&
            (worst == NULL || finding->severity > worst->severity))
            worst = finding;
    return worst;
}

/* The date may move and the certificate may be another: it is told again only when it is worse. */
static void record_prospect(struct recording *r, int64_t destination, const struct result *result,
                            const struct finding *finding)
{
    struct prospect prospect = read_prospect(r, destination);
    int64_t         confirm = r->rules->confirm > 1 ? (int64_t)r->rules->confirm : 1;

    if (!prospect.known)
        prospect.verdict = result->verdict;
    if ((int64_t)finding->severity <= prospect.announced) {
        prospect.pending = 0;
    } else if (++prospect.pending >= confirm) {
        prospect = (struct prospect){ true, result->verdict, (int64_t)finding->severity, 0, finding->text };
        add_outlook(r, (struct outlook){ OUTLOOK_SOON, result->destination->text, finding->text, NULL });
    }
    write_prospect(r, destination, &prospect);
}

/* Nothing is in sight. */
static void record_no_prospect(struct recording *r, int64_t destination, const struct result *result, enum verdict said)
{
    struct prospect prospect = read_prospect(r, destination);

    if (!prospect.known)
        return;
    if (prospect.announced >= 0 && result->verdict <= prospect.verdict)
        add_outlook(r, (struct outlook){ OUTLOOK_AVERTED, result->destination->text,
                                        region_printf(r->region, "no longer true: %s", prospect.text), NULL });
    else if (prospect.announced >= 0 && result->verdict != said)
        return; /* it has come about, and that is still to be told */
    forget_prospect(r, destination);
}

/* Advice */

bool outlook_is_kept(struct sql *sql)
{
    return sql_value(sql, 0, "SELECT count(*) FROM sqlite_schema WHERE name = 'advice'", "") > 0;
}

size_t outlook_runs(struct sql *sql, int64_t destination, const char *code, const char *line)
{
    return (size_t)sql_value(sql, 0,
                             "SELECT count(*) FROM advice WHERE destination = ?1 AND code = ?2 AND line = ?3 AND run >"
                             " coalesce((SELECT max(r.run) FROM results r JOIN standings s ON s.id = r.standing WHERE"
                             " r.destination = ?1 AND s.verdict <> 'unknown' AND NOT EXISTS (SELECT 1 FROM advice a WHERE"
                             " a.run = r.run AND a.destination = ?1 AND a.code = ?2 AND a.line = ?3)), 0)", "itt",
                             destination, code, line);
}

/* What the night may have shown by chance has to hold for a while. */
static bool must_hold(enum finding_code code)
{
    return code != FINDING_FINGERPRINT_ENDS && code != FINDING_ENTRY_NEEDLESS;
}

static void record_shown(struct recording *r, int64_t destination, const struct pin *pin)
{
    for (; pin != NULL; pin = pin->next)
        if (pin->hosts[0] != '\0')
            sql_do(r->sql, "INSERT OR REPLACE INTO shown(destination, pin, last_seen) VALUES(?,?,?)", "iti", destination,
                   pin->digits, r->when);
}

/* A fingerprint that no host has shown yet is one of a key to come. Else since when none does. */
static bool is_to_come(struct sql *sql, struct region *region, int64_t destination, struct advice *advice)
{
    int64_t last;

    if (advice->pin == NULL)
        return false;
    last = sql_value(sql, 0, "SELECT last_seen FROM shown WHERE destination = ? AND pin = ?", "it", destination,
                     advice->pin->digits);
    if (last != 0)
        advice->text = region_printf(region, "no host shows the fingerprint %.20s... any more; one last did on %s", advice->pin->text,
                                     date_text(region, last));
    return last == 0;
}

static unsigned long needed(unsigned long runs)
{
    return runs > 0 ? runs : ADVICE_RUNS;
}

static void hold(struct sql *sql, struct region *region, const struct result *result, unsigned long runs)
{
    int64_t        destination = sql_value(sql, 0, "SELECT id FROM destinations WHERE name = ?", "t", result->destination->text);
    struct advice *advice = result->advice != NULL ? result->advice->advice : NULL;
    bool           kept = outlook_is_kept(sql);

    for (; advice != NULL; advice = advice->next) {
        const char *line = advice_line(region, advice);

        advice->runs = kept ? outlook_runs(sql, destination, finding_word(advice->code), line != NULL ? line : "") : 0;
        advice->held_back = (must_hold(advice->code) && advice->runs < needed(runs)) ||
                            (kept && is_to_come(sql, region, destination, advice));
    }
}

bool history_hold_advice(struct history *history, struct region *region, const struct report *report, unsigned long runs,
                         struct error *err)
{
    size_t i;

    for (i = 0; i < report->count && !sql_failed(history->sql, NULL); i++)
        hold(history->sql, region, report->results[i], runs);
    return !sql_failed(history->sql, err);
}

#define OF_LAST_RUN " FROM advice a JOIN destinations d ON d.id = a.destination JOIN results r ON r.run = a.run AND" \
    " r.destination = a.destination JOIN standings s ON s.id = r.standing WHERE a.run = (SELECT max(id) FROM runs)"

static enum finding_code code_of(const char *word)
{
    int code;

    for (code = 0; code < FINDING_COUNT; code++)
        if (strcmp(word, finding_word((enum finding_code)code)) == 0)
            return (enum finding_code)code;
    return FINDING_CAN_BE_TIGHTENED; /* of another release: then as careful as can be */
}

static void read_advice(struct sql *sql, const struct sql_query *query, struct region *region, unsigned long runs,
                        struct history_advice *advice)
{
    const char       *line = sql_text(query, 2, region);
    enum finding_code code;
    size_t            held;

    *advice = (struct history_advice){ sql_text(query, 0, region), sql_text(query, 1, region), line[0] != '\0' ? line : NULL,
                                       NULL, sql_text(query, 3, region), false };
    code = code_of(advice->code);
    held = outlook_runs(sql, sql_integer(query, 4), advice->code, line);
    advice->held_back = must_hold(code) && held < needed(runs);
    advice->text = region_printf(region, "%s; so it was in the last %zu runs", finding_sentence(code), held);
}

bool history_advice(struct history *history, struct region *region, unsigned long runs, struct history_advice **advice,
                    size_t *count, struct error *err)
{
    struct sql_query *query;
    size_t            room;

    *count = 0;
    *advice = NULL;
    if (!outlook_is_kept(history->sql))
        return !sql_failed(history->sql, err);
    room = (size_t)sql_value(history->sql, 0, "SELECT count(*)" OF_LAST_RUN, "");
    *advice = region_array(region, room + 1, sizeof(**advice));
    query = sql_query(history->sql, "SELECT d.name, a.code, a.line, s.entry, d.id" OF_LAST_RUN
                                    " ORDER BY a.destination, a.code, a.line", "");
    while (*count < room && sql_next(query))
        read_advice(history->sql, query, region, runs, &(*advice)[(*count)++]);
    sql_end(query);
    return !sql_failed(history->sql, err);
}

static bool was_told(struct recording *r, int64_t destination, const char *code, const char *line)
{
    return sql_value(r->sql, 0, "SELECT count(*) FROM advised WHERE destination = ? AND code = ? AND line = ?", "itt",
                     destination, code, line) > 0;
}

static void record_advice(struct recording *r, int64_t destination, const struct result *result, struct advice *advice)
{
    const char *code = finding_word(advice->code), *paste = advice_line(r->region, advice), *line = paste != NULL ? paste : "";

    advice->held_back = is_to_come(r->sql, r->region, destination, advice);
    if (advice->held_back)
        return;
    sql_do(r->sql, "INSERT OR REPLACE INTO advice(run, destination, code, line) VALUES(?,?,?,?)", "iitt", r->run, destination,
           code, line);
    advice->runs = outlook_runs(r->sql, destination, code, line);
    advice->held_back = must_hold(advice->code) && advice->runs < needed(r->rules->runs);
    if (advice->held_back || advice->code == FINDING_ENTRY_NEEDLESS || was_told(r, destination, code, line))
        return;
    sql_do(r->sql, "INSERT INTO advised(destination, code, line, run) VALUES(?,?,?,?)", "itti", destination, code, line, r->run);
    add_outlook(r, (struct outlook){ OUTLOOK_ADVICE, result->destination->text, advice_text(r->region, advice), paste });
}

void outlook_record(struct recording *r, int64_t destination, const struct result *result, enum verdict said)
{
    const struct finding *finding = worst_of_horizon(result);
    struct advice        *advice = result->advice != NULL ? result->advice->advice : NULL;

    if (finding != NULL)
        record_prospect(r, destination, result, finding);
    else if (result->verdict != VERDICT_UNKNOWN)
        record_no_prospect(r, destination, result, said);
    record_shown(r, destination, result->advice != NULL ? result->advice->pins : NULL);
    for (; advice != NULL; advice = advice->next)
        if (!advice->later)
            record_advice(r, destination, result, advice);
}
