/* Reading and tending the history. */
#include <string.h>

#include "scanner/exit_status.h"
#include "scanner/history_impl.h"

/* An array that grows in a region. */
struct list {
    struct region *region;
    void          *items;
    size_t         count, room;
};

static void *list_add(struct list *list, size_t size)
{
    if (list->count == list->room) {
        void *items = region_array(list->region, list->room == 0 ? 32 : list->room * 2, size);

        if (list->count > 0)
            memcpy(items, list->items, list->count * size);
        list->room = list->room == 0 ? 32 : list->room * 2;
        list->items = items;
    }
    return (char *)list->items + size * list->count++;
}

bool history_runs(struct history *history, struct region *region, size_t most, struct history_run **runs, size_t *count,
                  struct error *err)
{
    struct list       list = { .region = region };
    struct sql_query *query = sql_query(history->sql,
        "SELECT * FROM (SELECT id, started, finished, evaluated_at, complete, config_dir, postfix_version, selection,"
        " destinations, deliver, downgrade, defer, bounce, unknown,"
        " (SELECT count(*) FROM announcements WHERE run = runs.id) FROM runs ORDER BY id DESC LIMIT ?) ORDER BY id", "i",
        most == 0 ? (int64_t)-1 : (int64_t)most);
    int               verdict;

    while (sql_next(query)) {
        struct history_run *run = list_add(&list, sizeof(*run));

        *run = (struct history_run){ .id = sql_integer(query, 0), .started = sql_integer(query, 1),
                                     .finished = sql_integer(query, 2), .evaluated_at = sql_integer(query, 3),
                                     .complete = sql_integer(query, 4) != 0, .config_dir = sql_text(query, 5, region),
                                     .postfix_version = sql_text(query, 6, region), .selection = sql_text(query, 7, region),
                                     .destinations = (size_t)sql_integer(query, 8),
                                     .announced = (size_t)sql_integer(query, 14) };
        for (verdict = VERDICT_DELIVER; verdict <= VERDICT_UNKNOWN; verdict++)
            run->by_verdict[verdict] = (size_t)sql_integer(query, 9 + verdict);
    }
    *runs = list.items;
    *count = list.count;
    return !sql_failed(history->sql, err);
}

bool history_trend(struct history *history, struct region *region, const char *selection, struct report *report,
                   struct error *err)
{
    struct trend_run *runs = region_array(region, TREND_MAX, sizeof(*runs));
    struct sql_query *query = sql_query(history->sql,
        "SELECT * FROM (SELECT id, finished, deliver, downgrade, defer, bounce, unknown FROM runs WHERE selection IS ?"
        " ORDER BY id DESC LIMIT ?) ORDER BY id", "ti", selection, (int64_t)TREND_MAX);
    size_t            count = 0;
    int               verdict;

    while (sql_next(query)) {
        runs[count].finished = sql_integer(query, 1);
        for (verdict = VERDICT_DELIVER; verdict <= VERDICT_UNKNOWN; verdict++)
            runs[count].by_verdict[verdict] = (size_t)sql_integer(query, 2 + verdict);
        count++;
    }
    report->trend = runs;
    report->trend_count = count;
    return !sql_failed(history->sql, err);
}

bool history_standings(struct history *history, struct region *region, int64_t run, struct standing **standings,
                       size_t *count, struct error *err)
{
    struct list       list = { .region = region };
    struct sql_query *query;

    if (sql_value(history->sql, 0, "SELECT count(*) FROM runs WHERE id = ?", "i", run) == 0 && !sql_failed(history->sql, err)) {
        error_set(err, EXIT_USAGE_ERROR, "the history has no run %lld", (long long)run);
        error_fix(err, "posttls-audit history lists the runs");
        return false;
    }
    query = sql_query(history->sql, "SELECT d.name, " STANDING_COLUMNS " FROM results r JOIN destinations d ON"
                                    " d.id = r.destination JOIN standings s ON s.id = r.standing WHERE r.run = ?"
                                    " ORDER BY r.destination", "i", run);
    while (sql_next(query))
        history_read_standing(query, 1, region, sql_text(query, 0, region), list_add(&list, sizeof(struct standing)));
    published_add(history->sql, region, run, list.items, list.count);
    *standings = list.items;
    *count = list.count;
    return !sql_failed(history->sql, err);
}

static void read_spans(struct history *history, struct region *region, int64_t id, const char *destination,
                       struct history_life *life)
{
    struct list       list = { .region = region };
    struct sql_query *query = sql_query(history->sql, "SELECT r.standing, n.started, " STANDING_COLUMNS
                                                      " FROM results r JOIN runs n ON n.id = r.run JOIN standings s ON"
                                                      " s.id = r.standing WHERE r.destination = ? ORDER BY r.run", "i", id);
    int64_t           last = 0;

    while (sql_next(query)) {
        struct history_span *span = list.count > 0 ? (struct history_span *)list.items + list.count - 1 : NULL;

        if (span == NULL || last != sql_integer(query, 0)) {
            span = list_add(&list, sizeof(*span));
            *span = (struct history_span){ .from = sql_integer(query, 1) };
            history_read_standing(query, 2, region, destination, &span->standing);
        }
        last = sql_integer(query, 0);
        span->to = sql_integer(query, 1);
        span->runs++;
    }
    life->spans = list.items;
    life->span_count = list.count;
}

static void read_standing(struct history *history, struct region *region, int64_t id, const char *destination,
                          struct standing *standing)
{
    struct sql_query *query = sql_query(history->sql, "SELECT " STANDING_COLUMNS " FROM standings s WHERE id = ?", "i", id);

    *standing = (struct standing){ .destination = destination, .verdict = VERDICT_UNKNOWN, .hosts = "",
                                   .reason = reason_code(REASON_NOT_OBSERVED) };
    if (sql_next(query))
        history_read_standing(query, 0, region, destination, standing);
    sql_end(query);
}

static void read_changes(struct history *history, struct region *region, int64_t id, const char *destination,
                         struct history_life *life)
{
    struct list       list = { .region = region };
    struct sql_query *query = sql_query(history->sql, "SELECT before, after, first_seen, last_seen, times FROM changes WHERE"
                                                      " destination = ? ORDER BY first_seen, before, after", "i", id);

    while (sql_next(query)) {
        struct history_change *change = list_add(&list, sizeof(*change));

        *change = (struct history_change){ .first_seen = sql_integer(query, 2), .last_seen = sql_integer(query, 3),
                                           .times = (size_t)sql_integer(query, 4) };
        read_standing(history, region, sql_integer(query, 0), destination, &change->before);
        read_standing(history, region, sql_integer(query, 1), destination, &change->after);
        change->kind = standing_compare(&change->before, &change->after);
    }
    life->changes = list.items;
    life->change_count = list.count;
}

static int64_t find_destination(struct history *history, const char *name)
{
    return sql_value(history->sql, 0, "SELECT id FROM destinations WHERE name = ?", "t", name);
}

bool history_life(struct history *history, struct region *region, const char *destination, struct history_life *life,
                  struct error *err)
{
    int64_t id = find_destination(history, destination);

    *life = (struct history_life){ 0 };
    if (id != 0) {
        read_spans(history, region, id, destination, life);
        read_changes(history, region, id, destination, life);
        published_life(history->sql, region, id, life);
    }
    return !sql_failed(history->sql, err);
}

bool history_acknowledgements(struct history *history, struct region *region, int64_t when,
                              struct history_acknowledgement **items, size_t *count, struct error *err)
{
    struct list       list = { .region = region };
    struct sql_query *query = sql_query(history->sql, "SELECT d.name, a.reason, a.comment, a.made, a.until FROM"
                                                      " acknowledgements a JOIN destinations d ON d.id = a.destination"
                                                      " WHERE a.until > ? ORDER BY d.name, a.id", "i", when);

    while (sql_next(query)) {
        struct history_acknowledgement *one = list_add(&list, sizeof(*one));

        *one = (struct history_acknowledgement){ sql_text(query, 0, region), sql_text(query, 1, region),
                                                 sql_text(query, 2, region), sql_integer(query, 3), sql_integer(query, 4) };
    }
    *items = list.items;
    *count = list.count;
    return !sql_failed(history->sql, err);
}

bool history_acknowledge(struct history *history, const char *destination, int64_t made, int64_t until, const char *comment,
                         struct error *err)
{
    struct region  *region = region_new();
    struct standing latest;
    int64_t         id, standing;

    history_change(history);
    id = find_destination(history, destination);
    standing = sql_value(history->sql, 0, "SELECT latest FROM state WHERE destination = ?", "i", id);
    read_standing(history, region, standing, destination, &latest);
    if (standing == 0) {
        error_set(err, EXIT_USAGE_ERROR, "%s: the history has never seen it", destination);
        error_fix(err, "write it as a run with --history had it");
    } else if (latest.verdict == VERDICT_DELIVER) {
        error_set(err, EXIT_USAGE_ERROR, "%s: there is nothing to acknowledge: it was last seen to deliver", destination);
    } else {
        sql_do(history->sql, "DELETE FROM acknowledgements WHERE destination = ? AND reason = ?", "it", id, latest.reason);
        sql_do(history->sql, "INSERT INTO acknowledgements(destination, reason, made, until, comment) VALUES(?,?,?,?,?)",
               "itiit", id, latest.reason, made, until, comment);
        err = sql_failed(history->sql, err) ? err : NULL;
    }
    region_free(region);
    return err == NULL;
}

bool history_withdraw(struct history *history, const char *destination, int64_t when, struct error *err)
{
    history_change(history);
    sql_do(history->sql, "UPDATE acknowledgements SET until = ?2 WHERE destination = ?1 AND until > ?2", "ii",
           find_destination(history, destination), when);
    if (sql_failed(history->sql, err))
        return false;
    if (sql_changed(history->sql) > 0)
        return true;
    error_set(err, EXIT_USAGE_ERROR, "%s: nothing of it is acknowledged", destination);
    return false;
}

bool history_prune(struct history *history, int64_t before, size_t *runs, struct error *err)
{
    struct sql *sql = history->sql;
    int64_t     first;

    history_change(history);
    /* Runs up to the first one to keep; the last is always kept, for the next is compared with it. */
    first = sql_value(sql, 0, "SELECT coalesce((SELECT min(id) FROM runs WHERE started >= ?), (SELECT max(id) FROM runs))",
                      "i", before);
    *runs = (size_t)sql_value(sql, 0, "SELECT count(*) FROM runs WHERE id < ?", "i", first);
    sql_do(sql, "DELETE FROM results WHERE run < ?", "i", first);
    sql_do(sql, "DELETE FROM announcements WHERE run < ?", "i", first);
    sql_do(sql, "DELETE FROM findings WHERE run < ?", "i", first);
    sql_do(sql, "DELETE FROM advice WHERE run < ?", "i", first);
    published_prune(sql, first);
    sql_do(sql, "DELETE FROM runs WHERE id < ?", "i", first);
    sql_do(sql, "DELETE FROM changes WHERE last_seen < ?", "i", before);
    sql_do(sql, "DELETE FROM acknowledgements WHERE until < ?", "i", before);
    sql_do(sql, "DELETE FROM state WHERE gone = 1 AND destination NOT IN (SELECT destination FROM results)", "");
    sql_do(sql, "DELETE FROM standings WHERE id NOT IN (SELECT standing FROM results) AND id NOT IN (SELECT announced FROM"
                " state) AND id NOT IN (SELECT latest FROM state) AND id NOT IN (SELECT before FROM changes) AND"
                " id NOT IN (SELECT after FROM changes)", "");
    sql_do(sql, "DELETE FROM advised WHERE destination NOT IN (SELECT destination FROM standings)", "");
    sql_do(sql, "DELETE FROM shown WHERE destination NOT IN (SELECT destination FROM standings)", "");
    sql_do(sql, "DELETE FROM prospects WHERE destination NOT IN (SELECT destination FROM standings)", "");
    sql_do(sql, "DELETE FROM destinations WHERE id NOT IN (SELECT destination FROM standings)", "");
    return !sql_failed(sql, err);
}
