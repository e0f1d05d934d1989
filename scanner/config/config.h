/* One Postfix configuration, read whole: the input of policy and judgement. Filled by scanner/load, then constant. */
#ifndef SCANNER_CONFIG_CONFIG_H
#define SCANNER_CONFIG_CONFIG_H

#include "scanner/base/hostname.h"
#include "scanner/base/region.h"
#include "scanner/config/main_cf.h"
#include "scanner/config/master_cf.h"
#include "scanner/config/parameters.h"
#include "scanner/config/table.h"
#include "scanner/config/version.h"

/* The content of a file the configuration names: trust anchors, client certificates. */
struct config_file {
    const char  *path;      /* as the parameter or attribute names it */
    struct slice text;      /* empty when absent; may hold NUL */
    const char  *error;     /* NULL, or why it could not be read */
    bool         only_ours; /* with error: smtp(8), which reads it as root, may well be able to */
    const char  *id;        /* SHA-256 of text, 64 hex digits in lower case; the loader fills it for client_chain, else NULL */
    struct config_file *next;
};

/* A transport: a master.cf service that runs smtp(8) or lmtp(8), or any other program. */
struct service {
    const char                  *name;
    const struct master_service *master;    /* NULL: master.cf has none */
    bool           is_client;               /* smtp or lmtp */
    bool           chrooted;
    struct params *params;                  /* is_client only */
    const struct error *start_error;        /* not NULL: the process dies at start; its mail stays queued */
    struct table_list policy_maps;          /* smtp_tls_policy_maps; count 0 when empty */
    struct table_list per_site;             /* smtp_tls_per_site */
    struct table_list discard_ehlo_maps;    /* smtp_discard_ehlo_keyword_address_maps */
    struct table_list pix_maps;             /* smtp_pix_workaround_maps */
    struct table_list reply_filter;         /* smtp_reply_filter */
    struct table_list sasl_password_maps;   /* smtp_sasl_password_maps when smtp_sasl_auth_enable */
    struct table_list dns_reply_filter;     /* smtp_dns_reply_filter */
    const struct config_file *ca_file;      /* smtp_tls_CAfile; NULL when not configured */
    const struct config_file *ca_path;      /* smtp_tls_CApath: all its hashed files joined; NULL when not configured */
    const struct config_file *default_ca;   /* OpenSSL's own, when tls_append_default_CA takes effect */
    const struct config_file *client_chain; /* certificates, then key, PEM; NULL when not configured */
    const char    *engine_error;            /* not NULL: "disabling TLS support", and why */
    /* The same client, were the mechanism followed for every destination; NULL: it can follow none (LMTP, wrapper mode). */
    const struct service *as_dane, *as_sts;
    bool           follows_sts;             /* this is such a copy, for MTA-STS */
    struct service *next;
};

struct config {
    struct region   *region;
    const char      *dir;
    struct version   version;
    bool             as_if;                 /* judged as if other mechanisms were followed, too */
    bool             version_installed;     /* settled by postconf, not by option or default */
    struct main_cf  *main_cf;
    struct master_cf *master_cf;
    struct params   *rewrite;               /* for routing */
    struct service  *services;
    /* routing tables, opened with the parameters of trivial-rewrite */
    struct table_list transport_maps, sender_relayhost_maps, sender_transport_maps;
    struct table_list virtual_alias_domains, virtual_mailbox_domains, relay_domains, mydestination; /* tables inside them */
    struct address  *own_addresses;         /* inet_interfaces (its "all": those of this machine) and proxy_interfaces */
    size_t           own_address_count;
    const struct table_guard *guard;        /* of all tables */
    struct config_file *files;              /* tafile and trust anchor files by path, read when the table named them */
    struct table_notice *notices;           /* of all tables opened */
};

/* The service of that name; NULL when master.cf has none. */
const struct service *config_service(const struct config *, const char *name);
/* Where a file is that the service opens after chroot(2): the path itself, or below queue_directory. Without a region for
 * the answer when it is the path itself. */
const char *config_inside(struct region *, const struct config *, const struct service *, const char *path);
/* The file of that path, as config_inside() gives it, or NULL when it was never read. */
const struct config_file *config_file(const struct config *, const char *path);

#endif
