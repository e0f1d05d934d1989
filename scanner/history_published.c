/* What domains publish, from run to run: kept once for each destination, like standings. */
#include <string.h>

#include "scanner/history_impl.h"

static const struct standing_published *read_columns(const struct sql_query *query, int first, struct region *region)
{
    struct standing_published *published = region_alloc(region, sizeof(*published));

    *published = (struct standing_published){ .dane = sql_text(query, first, region), .sts = sql_text(query, first + 1, region),
                                              .tlsrpt = sql_text(query, first + 2, region),
                                              .sts_id = sql_text(query, first + 3, region),
                                              .sts_policy = sql_text(query, first + 4, region) };
    return published;
}

/* What was last known, each part of it from the last run that knew it. */
const struct standing_published *published_before(struct recording *r, int64_t destination)
{
    struct sql_query *query;
    const struct standing_published *published = NULL;

    if (sql_value(r->sql, 0, "SELECT count(*) FROM publications WHERE destination = ?", "i", destination) == 0)
        return NULL;
    query = sql_query(r->sql,
        "WITH past AS (SELECT x.run, p.* FROM published x JOIN publications p ON p.id = x.publication"
        " WHERE x.destination = ?1 AND x.run < ?2), policy AS (SELECT * FROM past WHERE sts NOT NULL ORDER BY run DESC LIMIT 1)"
        " SELECT (SELECT dane FROM past WHERE dane NOT NULL ORDER BY run DESC LIMIT 1), (SELECT sts FROM policy),"
        " (SELECT tlsrpt FROM past WHERE tlsrpt NOT NULL ORDER BY run DESC LIMIT 1), (SELECT sts_id FROM policy),"
        " (SELECT sts_policy FROM policy)", "ii", destination, r->run);
    if (sql_next(query))
        published = read_columns(query, 0, r->region);
    sql_end(query);
    return published;
}

static int64_t publication_id(struct recording *r, int64_t destination, const struct standing_published *p)
{
    int64_t id = sql_value(r->sql, 0, "SELECT id FROM publications WHERE destination = ? AND dane IS ? AND sts IS ? AND"
                                      " tlsrpt IS ? AND sts_id IS ? AND sts_policy IS ?", "ittttt", destination, p->dane,
                           p->sts, p->tlsrpt, p->sts_id, p->sts_policy);

    if (id != 0)
        return id;
    sql_do(r->sql, "INSERT INTO publications(destination, dane, sts, tlsrpt, sts_id, sts_policy) VALUES(?,?,?,?,?,?)", "ittttt",
           destination, p->dane, p->sts, p->tlsrpt, p->sts_id, p->sts_policy);
    return sql_last_id(r->sql);
}

void published_record(struct recording *r, int64_t destination, const struct standing_published *now)
{
    if (now != NULL)
        sql_do(r->sql, "INSERT OR REPLACE INTO published(run, destination, publication) VALUES(?,?,?)", "iii", r->run,
               destination, publication_id(r, destination, now));
}

/* A history that no run has been added to since this is kept in it. */
static bool is_kept(struct sql *sql)
{
    return sql_value(sql, 0, "SELECT count(*) FROM sqlite_schema WHERE name = 'published'", "") > 0;
}

void published_add(struct sql *sql, struct region *region, int64_t run, struct standing *standings, size_t count)
{
    struct sql_query *query;
    size_t            i = 0;

    if (!is_kept(sql))
        return;
    query = sql_query(sql, "SELECT d.name, p.dane, p.sts, p.tlsrpt, p.sts_id, p.sts_policy FROM published x JOIN publications p"
                           " ON p.id = x.publication JOIN destinations d ON d.id = x.destination WHERE x.run = ?"
                           " ORDER BY x.destination", "i", run);
    while (sql_next(query)) {
        const char *name = sql_text(query, 0, region);

        /* Both are in the order of destinations. */
        while (i < count && strcmp(standings[i].destination, name) != 0)
            i++;
        if (i < count)
            standings[i].published = read_columns(query, 1, region);
    }
}

void published_life(struct sql *sql, struct region *region, int64_t destination, struct history_life *life)
{
    struct sql_query *query;
    int64_t           last = 0;
    size_t            room;

    if (!is_kept(sql))
        return;
    room = (size_t)sql_value(sql, 0, "SELECT count(*) FROM published WHERE destination = ?", "i", destination);
    life->publications = region_array(region, room + 1, sizeof(*life->publications));
    query = sql_query(sql, "SELECT x.publication, n.started, p.dane, p.sts, p.tlsrpt, p.sts_id, p.sts_policy FROM published x"
                           " JOIN publications p ON p.id = x.publication JOIN runs n ON n.id = x.run"
                           " WHERE x.destination = ? ORDER BY x.run", "i", destination);
    while (sql_next(query)) {
        struct history_publication *one;

        if (life->publication_count == 0 || last != sql_integer(query, 0)) {
            one = &life->publications[life->publication_count++];
            *one = (struct history_publication){ read_columns(query, 2, region), sql_integer(query, 1), 0, 0 };
        }
        last = sql_integer(query, 0);
        one = &life->publications[life->publication_count - 1];
        one->to = sql_integer(query, 1);
        one->runs++;
    }
}

void published_prune(struct sql *sql, int64_t first)
{
    sql_do(sql, "DELETE FROM published WHERE run < ?", "i", first);
    sql_do(sql, "DELETE FROM publications WHERE id NOT IN (SELECT publication FROM published)", "");
}
