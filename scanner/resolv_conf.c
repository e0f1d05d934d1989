#include "scanner/resolv_conf.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "scanner/base/buf.h"

#define NAMESERVERS_MAX 3
#define TIMEOUT_MAX     30
#define ATTEMPTS_MAX    5
#define FILE_MAX        65536

/* "fe80::1%eth0" or "fe80::1%2". */
static bool read_scope(struct slice text, uint32_t *scope)
{
    char name[IF_NAMESIZE];
    unsigned long number;

    if (slice_to_number(text, UINT32_MAX, &number)) {
        *scope = (uint32_t)number;
        return true;
    }
    if (text.n == 0 || text.n >= sizeof name)
        return false;
    memcpy(name, text.p, text.n);
    name[text.n] = '\0';
    *scope = if_nametoindex(name);
    return *scope != 0;
}

static void read_nameserver(struct resolv_conf *conf, struct slice rest)
{
    struct resolver_address resolver = { .port = 53 };
    struct slice word;
    size_t percent;

    if (conf->dns.count == NAMESERVERS_MAX || !slice_next_token(&rest, " \t\r", &word))
        return;
    percent = slice_find(word, '%');
    if (percent < word.n && !read_scope(slice_from_index(word, percent + 1), &resolver.scope))
        return;
    if (address_parse(&resolver.address, slice_head(word, percent)))
        conf->dns.resolvers[conf->dns.count++] = resolver;
}

/* "timeout:3": the number, at least 1 and at most max; else what it was. */
static void read_number(struct slice word, struct slice name, unsigned long max, uint32_t *value)
{
    unsigned long number;

    if (slice_starts_with(word, name) && slice_to_number(slice_from_index(word, name.n), UINT32_MAX, &number))
        *value = number > max ? (uint32_t)max : number ? (uint32_t)number : 1;
}

static void read_options(struct resolv_conf *conf, struct slice rest)
{
    struct slice word;

    while (slice_next_token(&rest, " \t\r", &word)) {
        read_number(word, SLICE("timeout:"), TIMEOUT_MAX, &conf->dns.timeout);
        read_number(word, SLICE("attempts:"), ATTEMPTS_MAX, &conf->dns.attempts);
        if (slice_eq_text(word, "trust-ad"))
            conf->trust_ad = true;
    }
}

/* A keyword stands at the very beginning of its line. */
static void read_line(struct resolv_conf *conf, struct slice line)
{
    static const struct {
        const char *word;
        void (*read)(struct resolv_conf *, struct slice);
    } keywords[] = { { "nameserver", read_nameserver }, { "options", read_options } };

    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        struct slice word = slice_of(keywords[i].word);

        if (slice_starts_with(line, word) && line.n > word.n && (line.p[word.n] == ' ' || line.p[word.n] == '\t'))
            keywords[i].read(conf, slice_from_index(line, word.n));
    }
}

void resolv_conf_parse(struct slice text, struct resolv_conf *conf)
{
    memset(conf, 0, sizeof *conf);
    conf->dns.timeout = 5;
    conf->dns.attempts = 2;
    while (text.n > 0) {
        size_t end = slice_find(text, '\n');

        read_line(conf, slice_head(text, end));
        text = slice_from_index(text, end + 1);
    }
    conf->by_default = conf->dns.count == 0;
    if (conf->by_default) {
        conf->dns.resolvers[0].port = 53;
        address_parse(&conf->dns.resolvers[0].address, SLICE("127.0.0.1"));
        conf->dns.count = 1;
    }
}

static bool read_all(FILE *file, struct buf *text)
{
    char chunk[4096];
    size_t n;

    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
        if (!buf_add(text, chunk, n))
            break;
    return !ferror(file);
}

bool resolv_conf_read(const char *path, struct resolv_conf *conf, struct error *err)
{
    FILE *file = fopen(path, "re");
    struct buf text;
    bool ok;

    buf_init(&text, FILE_MAX);
    ok = file ? read_all(file, &text) : errno == ENOENT;
    if (ok)
        resolv_conf_parse(buf_slice(&text), conf);
    else
        error_set_at(err, EX_NOINPUT, path, 0, "cannot be read: %s", strerror(errno));
    if (file)
        fclose(file);
    buf_clear(&text);
    return ok;
}
