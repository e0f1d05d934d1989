/* table_load TYPE:NAME: what it costs to load a table and to look up in it. Prints CPU seconds of loading, the peak of
 * memory after it in KiB, and nanoseconds for each of two look-ups, of keys taken at random: one that is found as it stands,
 * and one that is not there and whose parents are asked for too, as smtp(8) does it in smtp_tls_policy_maps. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "scanner/config/table.h"
#include "scanner/files.h"

#define KEYS 200000

static enum table_load read_file(void *arg, struct region *region, const char *path, struct slice *text,
                                 struct error *err)
{
    (void)arg;
    return file_read(region, path, FILE_SIZE_MAX, text, NULL, err) ? TABLE_LOAD_OK : TABLE_LOAD_MISSING;
}

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long peak_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* KEYS keys of the table, each with the letter x in front when it is not to be found. */
static struct slice *random_keys(const struct table *t, struct region *region, bool found)
{
    struct slice *keys = region_array(region, KEYS, sizeof(*keys));
    unsigned short seed[3] = { 1, 2, 3 };
    struct table_entry entry;
    size_t count = 0;

    while (table_entry(t, region, count, &entry))
        count++;
    for (size_t i = 0; i < KEYS && count > 0; i++) {
        table_entry(t, region, (size_t)nrand48(seed) % count, &entry);
        keys[i] = slice_of(region_printf(region, "%s%s", found ? "" : "x", entry.key));
    }
    return keys;
}

/* The key, then its parents. */
static bool find(const struct table *t, struct region *region, struct slice key)
{
    for (; key.n > 0; key = slice_from_index(key, slice_find(slice_from_index(key, 1), '.') + 1))
        if (table_lookup(t, region, key, NULL).status == TABLE_FOUND)
            return true;
    return false;
}

static double look_up(const struct table *t, struct region *region, bool wanted)
{
    const struct slice *keys = random_keys(t, region, wanted);
    struct region *scratch = region_new();
    double start = cpu_seconds();
    size_t found = 0;

    for (size_t i = 0; i < KEYS; i++) {
        found += find(t, scratch, keys[i]);
        region_empty(scratch);
    }
    start = cpu_seconds() - start;
    region_free(scratch);
    if (found != (wanted ? KEYS : 0)) {
        fprintf(stderr, "table_load: %zu of %d keys were found\n", found, KEYS);
        exit(1);
    }
    return start * 1e9 / KEYS;
}

int main(int argc, char **argv)
{
    struct table_loader loader = { read_file, NULL, NULL };
    struct table_options options = { .version = version_newest(), .utf8 = true };
    struct region *region = region_new();
    double start = cpu_seconds();
    struct table *t;

    if (argc != 2)
        return 64;
    t = table_open(region, slice_of(argv[1]), &options, &loader);
    printf("%.3f %ld", cpu_seconds() - start, peak_kib());
    for (const struct table_notice *n = table_notices(t); n != NULL; n = n->next)
        fprintf(stderr, "%d: %s\n", n->line, n->text);
    printf(" %.0f %.0f\n", look_up(t, region, true), look_up(t, region, false));
    region_free(region);
    return 0;
}
