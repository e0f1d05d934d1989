#include "scanner/base/region.h"
#include "tests/lib/check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_zeroed(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

/* Pieces of all sizes, each filled: none may reach into another. */
static void test_pieces(struct region *r)
{
    static const size_t sizes[] = { 0, 1, 15, 16, 17, 112, 113, 1000, 1024, 1025, 4096, 5000, 100000, 3 };
    char *pieces[300];
    const char *texts[300];
    size_t bad = 0, n = sizeof(sizes) / sizeof(sizes[0]);

    for (size_t i = 0; i < 300; i++) {
        pieces[i] = region_alloc(r, sizes[i % n]);
        bad += (uintptr_t)pieces[i] % _Alignof(max_align_t) != 0 || !is_zeroed(pieces[i], sizes[i % n]);
        memset(pieces[i], (int)i % 250 + 1, sizes[i % n]);
        texts[i] = region_printf(r, "%0*zu", (int)(i * 7 % 200), i);
    }
    is_int(bad, 0, "every piece is aligned and zeroed");
    for (size_t i = 0; i < 300; i++)
        for (size_t j = 0; j < sizes[i % n]; j++)
            bad += (unsigned char)pieces[i][j] != i % 250 + 1;
    for (size_t i = 0; i < 300; i++)
        bad += strtoul(texts[i], NULL, 10) != i;
    is_int(bad, 0, "no piece reaches into another");
    check_ok(region_used(r) >= 21 * 112000, "bytes are counted");
    region_free(r);
    region_free(NULL);
}

/* Emptied, it gives zeroed memory again, and has run what was to be done at its end. */
static void note_done(void *arg)
{
    ++*(int *)arg;
}

static void test_empty(void)
{
    static const size_t sizes[] = { 0, 40, 4000, 5000 };
    struct region *r = region_new();
    int done = 0;
    size_t bad = 0;

    region_empty(r);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *p = region_alloc(r, sizes[i]);

        bad += !is_zeroed(p, sizes[i]);
        memset(p, 1, sizes[i]);
        if (i % 2 == 0)
            memset(region_alloc(r, 300), 1, 300);
        region_text(r, "text");
        region_defer(r, note_done, &done);
        region_empty(r);
        bad += region_used(r) != 0 || done != (int)i + 1;
    }
    is_int(bad, 0, "an emptied region is as a new one");
    region_free(r);
    is_int(done, 4, "what was to be done was done once");
}

static void test_text(void)
{
    struct region *r = region_new();
    int numbers[] = { 1, 2, 3 };
    int *array = region_array(r, 3, sizeof(int));

    is_text(region_text(r, "abc"), "abc", "text");
    check_ok(region_text(r, NULL) == NULL, "no text");
    is_text(region_slice(r, slice_from("abcdef", 3)), "abc", "slice");
    is_text(region_slice(r, (struct slice){ 0 }), "", "empty slice");
    is_text(region_printf(r, "%s-%d", "x", 7), "x-7", "printed");
    is_int(strlen(region_printf(r, "%*s", 9000, "x")), 9000, "printed at length");
    check_ok(memcmp(region_copy(r, numbers, sizeof(numbers)), numbers, sizeof(numbers)) == 0, "copy");
    check_ok(array[0] == 0 && array[2] == 0, "array");
    region_free(r);
}

struct trail {
    char text[8];
    size_t n;
};
struct step {
    struct trail *trail;
    char          mark;
};

static void leave_mark(void *arg)
{
    const struct step *step = arg;

    step->trail->text[step->trail->n++] = step->mark;
}

/* The last one first, while what came from the region is still there. */
static void test_defer(void)
{
    struct region *region = region_new();
    struct trail trail = { 0 };

    for (char mark = 'a'; mark <= 'c'; mark++)
        region_defer(region, leave_mark, region_copy(region, &(struct step){ &trail, mark }, sizeof(struct step)));
    is_text(trail.text, "", "nothing is done early");
    region_free(region);
    is_text(trail.text, "cba", "all is done at the end");
}

int main(void)
{
    test_defer();
    test_pieces(region_new());
    test_pieces(region_new_small());
    test_empty();
    test_text();
    return check_done();
}
