#include "tests/config/postconf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/base/buf.h"
#include "scanner/base/mem.h"

#define OUTPUT_MAX (1u << 20)

#define PATH_PREFIX "PATH=\"$PATH:/usr/sbin:/sbin\" "

static char folder[512];

static void bail_out(const char *path)
{
    printf("Bail out! %s: %s\n", path, strerror(errno));
    exit(EXIT_FAILURE);
}

static void remove_folder(void)
{
    static const char *const names[] = { "main.cf", "master.cf", "errors" };
    char path[700];

    for (int i = -1; i < POSTCONF_BATCH_MAX; i++) {
        char part[600];

        snprintf(part, sizeof(part), i < 0 ? "%s" : "%s/%d", folder, i);
        for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            snprintf(path, sizeof(path), "%s/%s", part, names[k]);
            unlink(path);
        }
        if (i >= 0)
            rmdir(part);
    }
    rmdir(folder);
}

static void make_folder(void)
{
    const char *top = getenv("TMPDIR");

    if (folder[0] != '\0')
        return;
    snprintf(folder, sizeof(folder), "%s/test_config.XXXXXX", top != NULL ? top : "/tmp");
    if (mkdtemp(folder) == NULL)
        bail_out(folder);
    atexit(remove_folder);
}

static void write_file(const char *in, const char *name, const char *text)
{
    char path[700];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", in, name);
    file = fopen(path, "w");
    if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0)
        bail_out(path);
    /* Postfix reads a file that is only just written again and again, until it "cools down". */
    utimensat(AT_FDCWD, path, (struct timespec[2]){ { .tv_sec = 1 }, { .tv_sec = 1 } }, 0);
}

static bool file_has(const char *name, const char *word)
{
    char path[600], line[4096];
    bool found = false;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "r");
    while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
        found = strstr(line, word) != NULL;
    if (file != NULL)
        fclose(file);
    return found;
}

void postconf_configure(const char *main_cf, const char *master_cf)
{
    make_folder();
    if (main_cf != NULL)
        write_file(folder, "main.cf", main_cf);
    if (master_cf != NULL)
        write_file(folder, "master.cf", master_cf);
}

char *postconf_run(const char *options, bool *ok)
{
    char command[2048], chunk[4096], *text;
    struct buf out;
    FILE *pipe;
    size_t n;

    make_folder();
    buf_init(&out, OUTPUT_MAX);
    snprintf(command, sizeof(command), PATH_PREFIX "postconf -c '%s' %s 2>'%s/errors'", folder, options, folder);
    fflush(stdout);
    pipe = popen(command, "r");
    while (pipe != NULL && (n = fread(chunk, 1, sizeof(chunk), pipe)) > 0)
        buf_add(&out, chunk, n);
    *ok = pipe != NULL && pclose(pipe) == 0 && !file_has("errors", "fatal:");
    if (out.n > 0 && out.p[out.n - 1] == '\n')
        out.p[--out.n] = '\0';
    text = mem_text(buf_text(&out));
    buf_clear(&out);
    return text;
}

static FILE *start(size_t i, const char *main_cf, const char *master_cf, const char *options)
{
    char part[600], command[2048];

    make_folder();
    snprintf(part, sizeof(part), "%s/%zu", folder, i);
    if (mkdir(part, 0700) != 0 && errno != EEXIST)
        bail_out(part);
    write_file(part, "main.cf", main_cf);
    write_file(part, "master.cf", master_cf);
    snprintf(command, sizeof(command), PATH_PREFIX "postconf -c '%s' %s 2>&1 >/dev/null", part, options);
    fflush(stdout);
    return popen(command, "r");
}

void postconf_refusals(const char *const main_cf[], const char *const master_cf[], size_t count, const char *options,
                       bool refused[])
{
    FILE *pipes[POSTCONF_BATCH_MAX];
    char line[4096];

    for (size_t i = 0; i < count; i++)
        pipes[i] = start(i, main_cf[i], master_cf[i], options);
    for (size_t i = 0; i < count; i++) {
        refused[i] = false;
        while (pipes[i] != NULL && fgets(line, sizeof(line), pipes[i]) != NULL)
            refused[i] = refused[i] || strstr(line, "fatal:") != NULL;
        if (pipes[i] != NULL)
            pclose(pipes[i]);
    }
}

bool postconf_installed(struct version *v)
{
    bool ok;
    char *text;

    postconf_configure("", "");
    text = postconf_run("-d -h mail_version", &ok);
    ok = ok && version_parse(v, slice_of(text));
    mem_free(text);
    return ok;
}
