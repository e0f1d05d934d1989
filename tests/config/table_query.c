/* table_query CONFIG_DIR VERSION TYPE:NAME < KEYS: what we say a table answers, a line for each key: "found VALUE",
 * "not found", "error", "unreadable". For postmap-agreement.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/buf.h"
#include "scanner/config/table.h"
#include "scanner/postmap.h"

#define FILE_MAX    (64u << 20)
#define ANSWERS_MAX 4096
#define ROUNDS_MAX  8

struct asked {
    const char         *type_name;
    struct slice        key;
    bool                answered;
    struct table_answer answer;
};

struct world {
    struct postmap postmap;
    struct region *region;
    struct asked   asked[ANSWERS_MAX];
    size_t         count;
};

static bool read_stream(struct region *region, FILE *f, struct slice *all)
{
    struct buf text;
    char piece[4096];
    size_t n;

    buf_init(&text, FILE_MAX);
    while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
        buf_add(&text, piece, n);
    *all = slice_from(region_slice(region, buf_slice(&text)), text.n);
    buf_clear(&text);
    return !ferror(f);
}

static enum table_load read_file(void *arg, struct region *region, const char *path, struct slice *text,
                                 struct error *err)
{
    FILE *f = fopen(path, "r");
    bool read = f != NULL && read_stream(region, f, text);

    (void)arg;
    if (!read)
        error_set(err, 0, "cannot be read");
    if (f != NULL)
        fclose(f);
    return read ? TABLE_LOAD_OK : TABLE_LOAD_MISSING;
}

static enum table_load dump(void *arg, struct region *region, const char *type_name, struct table_dump *out,
                            struct error *err)
{
    struct world *w = arg;

    return postmap_dump(&w->postmap, region, type_name, out, err);
}

static bool ask(void *arg, const char *type_name, struct slice key, struct table_answer *answer)
{
    struct world *w = arg;

    for (size_t i = 0; i < w->count; i++) {
        struct asked *a = &w->asked[i];

        if (strcmp(a->type_name, type_name) == 0 && slice_eq(a->key, key)) {
            answer->status = a->answer.status;
            answer->value = a->answer.value;
            answer->error = a->answer.error;
            return a->answered;
        }
    }
    if (w->count < ANSWERS_MAX)
        w->asked[w->count++] = (struct asked){ .type_name = type_name,
                                               .key = slice_from(region_slice(w->region, key), key.n) };
    return false;
}

/* Asks for all that is wanted, key by key; a batch is what test_postmap looks at. */
static bool fetch(struct world *w)
{
    bool any = false;

    for (size_t i = 0; i < w->count; i++) {
        struct asked *a = &w->asked[i];

        if (a->answered)
            continue;
        postmap_query(&w->postmap, w->region, a->type_name, &a->key, 1, &a->answer);
        a->answered = any = true;
    }
    return any;
}

static void print_answer(const struct table_answer *a)
{
    static const char *const words[] = { [TABLE_NOT_FOUND] = "not found", [TABLE_ERROR] = "error",
                                         [TABLE_UNREADABLE] = "unreadable", [TABLE_WANTED] = "wanted" };

    if (a->status == TABLE_FOUND)
        printf("found %s\n", a->value);
    else
        printf("%s\n", words[a->status]);
}

int main(int argc, char **argv)
{
    static struct world w;
    struct table_loader loader = { read_file, dump, &w };
    struct table_asker asker = { .ask = ask, .arg = &w };
    struct table_options options = { .utf8 = true };
    struct slice keys, key;
    struct table *t;
    bool more = true;

    if (argc != 4 || !version_parse(&options.version, slice_of(argv[2])))
        return 64;
    w.region = region_new();
    postmap_init(&w.postmap, w.region, argv[1]);
    t = table_open(w.region, slice_of(argv[3]), &options, &loader);
    for (const struct table_notice *n = table_notices(t); n != NULL; n = n->next)
        fprintf(stderr, "%s:%d: %s: %s%s\n", n->file != NULL ? n->file : "-", n->line, n->code, n->text,
                n->breaks ? " [breaks]" : "");
    if (!read_stream(w.region, stdin, &keys))
        return 66;
    for (int round = 0; more && round < ROUNDS_MAX; round++) {
        for (struct slice rest = keys; slice_next_token(&rest, "\n", &key);)
            table_lookup(t, w.region, key, &asker);
        more = fetch(&w);
    }
    while (slice_next_token(&keys, "\n", &key)) {
        struct table_answer a = table_lookup(t, w.region, key, &asker);

        print_answer(&a);
    }
    region_free(w.region);
    return 0;
}
