/* By hand: one question or conversation through a worker, the facts as JSON.
 *   probe_one dns NAME TYPE-NUMBER [RESOLVER [PORT]]
 *   probe_one smtp ADDRESS PORT [wrapper] [sni=NAME] [min=303] [max=303] [ciphers=LIST] [level=1] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/facts/facts_json.h"
#include "scanner/resolv_conf.h"
#include "scanner/workers.h"

static struct loop *loop;

static void show(struct json *value)
{
    struct buf text;

    buf_init(&text, 1 << 22);
    json_write(value, 2, &text);
    puts(buf_text(&text));
    buf_clear(&text);
    json_free(value);
}

static void on_dns(void *arg, uint64_t id, const struct dns_fact *fact)
{
    (void)arg;
    (void)id;
    show(facts_dns_to_json(fact));
    loop_stop(loop);
}

static void on_conversation(void *arg, uint64_t id, const struct conversation *fact)
{
    (void)arg;
    (void)id;
    show(facts_conversation_to_json(fact));
    loop_stop(loop);
}

static void on_cert(void *arg, const struct cert *cert)
{
    (void)arg;
    printf("certificate %s\n  %s, issuer %s, %s, %s\n", cert->id, cert->subject, cert->issuer, cert->key, cert->signature);
    for (size_t i = 0; i < cert->dns_name_count; i++)
        printf("  %s\n", cert->dns_names[i]);
}

static void on_note(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "note: %s\n", text);
}

static void read_word(struct profile *p, const char *word)
{
    if (strcmp(word, "wrapper") == 0)
        p->wrapper = true;
    else if (strncmp(word, "sni=", 4) == 0)
        p->sni = word + 4;
    else if (strncmp(word, "min=", 4) == 0)
        p->min_version = (uint16_t)strtoul(word + 4, NULL, 16);
    else if (strncmp(word, "max=", 4) == 0)
        p->max_version = (uint16_t)strtoul(word + 4, NULL, 16);
    else if (strncmp(word, "ciphers=", 8) == 0)
        p->ciphers = word + 8;
    else if (strncmp(word, "level=", 6) == 0)
        p->security_level = (int)strtol(word + 6, NULL, 10);
}

int main(int argc, char **argv)
{
    static const struct workers_events events = { on_dns, on_conversation, on_cert, on_note, NULL };
    struct worker_setup setup = { .timeout = 60 };
    struct profile p = { .helo_name = "probe.example", .connect_timeout = 30, .helo_timeout = 300, .starttls_timeout = 300,
                         .line_limit = 2048, .min_version = 0x301,
                         .ciphers = "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH",
                         .groups = "X25519 X448 prime256v1 secp521r1 secp384r1" };
    struct resolv_conf conf;
    struct workers *workers;
    struct error err;

    if (argc < 4 || !resolv_conf_read(RESOLV_CONF_FILE, &conf, &err))
        return 64;
    setup.dns = conf.dns;
    if (strcmp(argv[1], "dns") == 0 && argc > 4) {
        setup.dns.count = 1;
        address_parse(&setup.dns.resolvers[0].address, slice_of(argv[4]));
        setup.dns.resolvers[0].port = argc > 5 ? (uint16_t)strtoul(argv[5], NULL, 10) : 53;
    }
    loop = loop_new();
    workers = workers_start(loop, &setup, &events, NULL, &err);
    if (!workers) {
        fprintf(stderr, "%s\n", err.text);
        return 70;
    }
    if (strcmp(argv[1], "dns") == 0) {
        workers_ask_dns(workers, 1, argv[2], (enum dns_type)strtoul(argv[3], NULL, 10));
    } else {
        address_parse(&p.address, slice_of(argv[2]));
        p.port = (uint16_t)strtoul(argv[3], NULL, 10);
        for (int i = 4; i < argc; i++)
            read_word(&p, argv[i]);
        workers_converse(workers, 1, &p);
    }
    loop_run(loop);
    workers_free(workers);
    loop_free(loop);
    return 0;
}
