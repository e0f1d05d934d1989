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
    static const char *const names[] = { "main.cf", "master.cf", "errors", "pid/unix.smtp", "pid/unix.lmtp" };
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

/* A folder of its own for run i. */
static void make_part(size_t i, char part[600])
{
    make_folder();
    snprintf(part, 600, "%s/%zu", folder, i);
    if (mkdir(part, 0700) != 0 && errno != EEXIST)
        bail_out(part);
}

/* Reads what the command says on standard error to its end. */
static bool says_fatal(FILE *pipe)
{
    char *line = NULL;
    size_t room = 0;
    bool found = false;

    while (pipe != NULL && getline(&line, &room, pipe) > 0)
        found = found || strstr(line, "fatal:") != NULL;
    free(line);
    if (pipe != NULL)
        pclose(pipe);
    return found;
}

void postconf_refusals(const char *const main_cf[], const char *const master_cf[], size_t count, const char *options,
                       bool refused[])
{
    FILE *pipes[POSTCONF_BATCH_MAX];

    fflush(stdout);
    for (size_t i = 0; i < count; i++) {
        char part[600], command[2048];

        make_part(i, part);
        write_file(part, "main.cf", main_cf[i]);
        write_file(part, "master.cf", master_cf[i]);
        snprintf(command, sizeof(command), PATH_PREFIX "postconf -c '%s' %s 2>&1 >/dev/null", part, options);
        pipes[i] = popen(command, "r");
    }
    for (size_t i = 0; i < count; i++)
        refused[i] = says_fatal(pipes[i]);
}

void postconf_starts(const char *daemon, const char *const main_cf[], size_t count, bool starts[])
{
    FILE *pipes[POSTCONF_BATCH_MAX];
    bool ok;
    char *folder_of_daemons = postconf_run("-d -h daemon_directory", &ok);

    fflush(stdout);
    for (size_t i = 0; i < count; i++) {
        char part[600], text[4096], command[4096];

        make_part(i, part);
        snprintf(text, sizeof(text), "%s\nqueue_directory = %s\ndata_directory = %s\n", main_cf[i], part, part);
        write_file(part, "main.cf", text);
        write_file(part, "master.cf", "");
        snprintf(command, sizeof(command),
                 "MAIL_CONFIG='%s' timeout 20 '%s/%s' -V -S -n %s -t unix 2>&1 >/dev/null </dev/null", part,
                 folder_of_daemons, daemon, daemon);
        pipes[i] = popen(command, "r");
    }
    for (size_t i = 0; i < count; i++)
        starts[i] = !says_fatal(pipes[i]);
    mem_free(folder_of_daemons);
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
