/* main() of a fuzz target that is built without libFuzzer: feeds it seeds, a TAP line each.
 * Arguments are files and folders. Without any: tests/fuzz/seeds/NAME of the source tree, for the program fuzz_NAME,
 * and an empty input, so that a target without seeds is run at least once. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SEED_MAX (4u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fed;

static void feed(const uint8_t *data, size_t size, const char *name)
{
    LLVMFuzzerTestOneInput(data, size);
    printf("ok %d - %s, %zu bytes\n", ++fed, name, size);
    fflush(stdout);
}

static void feed_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data, *exact;
    size_t n;

    if (file == NULL || (data = malloc(SEED_MAX)) == NULL) {
        printf("Bail out! %s cannot be read\n", path);
        exit(EXIT_FAILURE);
    }
    n = fread(data, 1, SEED_MAX, file);
    fclose(file);
    /* A block of its own size, so that a read past the end is seen. */
    if ((exact = malloc(n ? n : 1)) == NULL)
        abort();
    memcpy(exact, data, n);
    free(data);
    printf("# %s\n", path);
    fflush(stdout);
    feed(exact, n, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
    free(exact);
}

static void feed_path(const char *path)
{
    struct stat st;
    struct dirent **entries;
    int n;

    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
        feed_file(path);
        return;
    }
    n = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char child[4096];

        snprintf(child, sizeof(child), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            feed_path(child);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

static void feed_own_seeds(const char *program)
{
    const char *name = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
    const char *top = getenv("abs_top_srcdir");
    char path[4096];

    name += strncmp(name, "fuzz_", 5) == 0 ? 5 : 0;
    snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/%s", top ? top : ".", name);
    feed_path(path);
}

int main(int argc, char **argv)
{
    static const uint8_t nothing[1];

    feed(nothing, 0, "empty input");
    for (int i = 1; i < argc; i++)
        feed_path(argv[i]);
    if (argc == 1)
        feed_own_seeds(argv[0]);
    printf("1..%d\n", fed);
    return EXIT_SUCCESS;
}
