#include "scanner/config/parameters.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "scanner/config/compat_level.h"
#include "scanner/config/parameters_table.h"

/* Longer than any value can usefully be; what is longer is an error. */
#define VALUE_MAX (4u << 20)

/* A parameter that is none of the program's own: defined by the user, or another program's. */
struct foreign {
    const char *name;
    const char *text;
    struct foreign *next;
};

#define ASKED_PLACES 1024

struct params {
    struct region *region;
    const struct main_cf *main_cf, *compiled;
    enum program program;
    struct version version;
    const char *config_dir;
    struct parameter *list;
    size_t count;
    struct parameter **by_name; /* sorted */
    struct parameter **asked;   /* ASKED_PLACES: where a search ended before, by the address of the name; it is compared */
    struct foreign **foreigns;  /* filled as they are asked for; not part of what params say */
};

/* Names of lmtp(8) that are not the smtp_ name with another prefix. */
static const struct {
    const char *smtp, *lmtp;
} odd_twins[] = {
    { "smtp_helo_timeout", "lmtp_lhlo_timeout" },
    { "smtp_helo_name", "lmtp_lhlo_name" },
    { "smtp_discard_ehlo_keywords", "lmtp_discard_lhlo_keywords" },
    { "smtp_discard_ehlo_keyword_address_maps", "lmtp_discard_lhlo_keyword_address_maps" },
};

static bool is_smtp_name(const char *name)
{
    return strncmp(name, "smtp_", 5) == 0;
}

static const char *twin_name(struct region *region, const char *smtp_name)
{
    for (size_t i = 0; i < sizeof(odd_twins) / sizeof(odd_twins[0]); i++)
        if (strcmp(odd_twins[i].smtp, smtp_name) == 0)
            return odd_twins[i].lmtp;
    return region_printf(region, "lmtp_%s", smtp_name + 5);
}

/* The default of a twin: $smtp_x in it becomes $lmtp_x. */
static const char *twin_default(struct region *region, const char *initial)
{
    char *copy = region_text(region, initial);

    for (char *p = strstr(copy, "smtp_"); p != NULL; p = strstr(p + 1, "smtp_"))
        if (p > copy && (p[-1] == '$' || p[-1] == '{'))
            memcpy(p, "lmtp_", 5);
    return copy;
}

static struct parameter *search(const struct params *p, const char *name)
{
    size_t low = 0, high = p->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, p->by_name[middle]->name);

        if (order == 0)
            return p->by_name[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* A judgement asks for two hundred, most by names that stand in the program. */
static struct parameter *find_exact(const struct params *p, const char *name)
{
    struct parameter **asked = &p->asked[((uintptr_t)name ^ (uintptr_t)name >> 8) % ASKED_PLACES], *found;

    if (*asked != NULL && strcmp((*asked)->name, name) == 0)
        return *asked;
    found = search(p, name);
    if (found != NULL)
        *asked = found;
    return found;
}

const struct parameter *params_find(const struct params *p, const char *name)
{
    if (p->program == PROGRAM_LMTP && is_smtp_name(name)) {
        const char *twin = NULL;
        char text[128];

        for (size_t i = 0; i < sizeof(odd_twins) / sizeof(odd_twins[0]); i++)
            if (strcmp(odd_twins[i].smtp, name) == 0)
                twin = odd_twins[i].lmtp;
        if (twin == NULL && strlen(name) < sizeof(text)) {
            memcpy(text, name, strlen(name) + 1);
            memcpy(text, "lmtp", 4);
            twin = text;
        }
        return twin != NULL ? find_exact(p, twin) : NULL;
    }
    return find_exact(p, name);
}

const struct parameter *params_list(const struct params *p, size_t *count)
{
    *count = p->count;
    return p->list;
}

/* What daemons enter before they read main.cf, or find out by themselves. */
static const char *predefined(const struct params *p, const char *name)
{
    static const char *const process_names[] = {
        [PROGRAM_SMTP] = "smtp", [PROGRAM_LMTP] = "lmtp", [PROGRAM_REWRITE] = "trivial-rewrite", [PROGRAM_OTHER] = NULL
    };

    if (strcmp(name, "config_directory") == 0)
        return p->config_dir;
    if (strcmp(name, "process_name") == 0)
        return process_names[p->program];
    return NULL;
}

/* What $name stands for at this point of the reading: main.cf rules, else a parameter already read. */
static const char *value_of(void *arg, const char *name)
{
    const struct params *p = arg;
    const struct main_cf_entry *entry = main_cf_find(p->main_cf, name);
    const struct parameter *own;

    if (entry != NULL)
        return entry->value;
    own = find_exact(p, name);
    return own != NULL ? own->text : predefined(p, name);
}

/* The expansion, or "" and why not. */
static const char *expand(const struct params *p, const char *text, struct error *err)
{
    struct buf out;
    const char *result = "";

    if (strchr(text, '$') == NULL)
        return text;
    buf_init(&out, VALUE_MAX);
    if (main_cf_expand(text, p->version, value_of, (void *)p, &out, err))
        result = region_text(p->region, buf_text(&out));
    buf_clear(&out);
    return result;
}

/* Defaults that Postfix finds out by itself. */

#define NO_DOMAIN "localdomain"

/* The name of the machine. postconf -d shows it completed with the fallback domain, as it does not look at main.cf; a
 * daemon completes it with $mydomain. */
static const char *default_myhostname(const struct params *p, const char *compiled)
{
    const struct main_cf_entry *mydomain = main_cf_find(p->main_cf, "mydomain");
    const char *host = compiled != NULL && compiled[0] != '\0' ? compiled : "localhost." NO_DOMAIN;
    const char *dot = strchr(host, '.');

    if (mydomain == NULL || dot == NULL || strcmp(dot + 1, NO_DOMAIN) != 0)
        return host;
    return region_printf(p->region, "%.*s.%s", (int)(dot - host), host, expand(p, mydomain->value, NULL));
}

static const char *default_mydomain(const struct params *p)
{
    const struct parameter *myhostname = find_exact(p, "myhostname");
    const char *dot = myhostname->text != NULL ? strchr(myhostname->text, '.') : NULL;

    return dot != NULL ? dot + 1 : NO_DOMAIN;
}

static const char *default_mail_version(const struct params *p)
{
    char text[VERSION_TEXT_MAX];

    version_to_text(p->version, text);
    return region_text(p->region, text);
}

static const char *find_default(const struct params *p, const struct parameter *own)
{
    const struct main_cf_entry *entry = p->compiled != NULL ? main_cf_find(p->compiled, own->name) : NULL;
    const char *compiled = entry != NULL ? entry->value : NULL;

    if (strcmp(own->name, "myhostname") == 0)
        return default_myhostname(p, compiled);
    if (strcmp(own->name, "mydomain") == 0) /* depends on the name in force, which postconf -d does not know */
        return default_mydomain(p);
    if (compiled != NULL)
        return compiled;
    if (strcmp(own->name, "mail_version") == 0)
        return default_mail_version(p);
    if (p->program == PROGRAM_LMTP && own->row->group == GROUP_CLIENT)
        return twin_default(p->region, own->row->initial);
    return own->row->initial;
}

static void read_parameter(const struct params *p, struct parameter *own)
{
    struct error err = { .status = 0 };

    own->initial = find_default(p, own);
    own->entry = main_cf_find(p->main_cf, own->name);
    own->origin =
        own->entry == NULL && own->initial[0] == '$' ? main_cf_find(p->main_cf, own->initial + 1) : own->entry;
    own->text = expand(p, own->entry != NULL ? own->entry->value : own->initial, &err);
    if (err.status != 0)
        own->error = region_copy(p->region, &err, sizeof(err));
}

static int compare_names(const void *a, const void *b)
{
    const struct parameter *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static void add_rows(struct params *p)
{
    p->list = region_array(p->region, parameter_row_count, sizeof(*p->list));
    for (size_t i = 0; i < parameter_row_count; i++) {
        const struct parameter_row *row = &parameter_rows[i];
        bool twin = p->program == PROGRAM_LMTP && row->group == GROUP_CLIENT && is_smtp_name(row->name);

        if (!parameter_row_applies(row, p->program, p->version))
            continue;
        p->list[p->count++] =
            (struct parameter){ .row = row, .name = twin ? twin_name(p->region, row->name) : row->name };
    }
    p->by_name = region_array(p->region, p->count, sizeof(*p->by_name));
    p->asked = region_array(p->region, ASKED_PLACES, sizeof(*p->asked));
    for (size_t i = 0; i < p->count; i++)
        p->by_name[i] = &p->list[i];
    qsort(p->by_name, p->count, sizeof(*p->by_name), compare_names);
}

struct params *params_new(struct region *region, const struct main_cf *main_cf, const struct main_cf *compiled,
                          enum program program, struct version version, const char *config_dir)
{
    struct params *p = region_alloc(region, sizeof(*p));

    p->region = region;
    p->main_cf = main_cf;
    p->compiled = compiled;
    p->program = program;
    p->version = version;
    p->config_dir = region_text(region, config_dir);
    p->foreigns = region_alloc(region, sizeof(*p->foreigns));
    add_rows(p);
    for (size_t i = 0; i < p->count; i++)
        read_parameter(p, &p->list[i]);
    return p;
}

struct params *params_with(struct region *region, const struct params *p, const char *const (*settings)[2], size_t count,
                           const char *file)
{
    struct main_cf *changed = main_cf_copy(region, p->main_cf);

    for (size_t i = 0; i < count; i++)
        main_cf_set(changed, settings[i][0], settings[i][1], file, 0);
    return params_new(region, changed, p->compiled, p->program, p->version, p->config_dir);
}

enum program params_program(const struct params *p)
{
    return p->program;
}

struct version params_version(const struct params *p)
{
    return p->version;
}

const char *params_name(const struct params *p, const char *name)
{
    const struct parameter *own = params_find(p, name);

    return own != NULL ? own->name : name;
}

/* Any other name: main.cf alone knows it. Expanded once. */
static const char *foreign_text(const struct params *p, const char *name)
{
    struct foreign *f = *p->foreigns;
    const char *value;

    while (f != NULL && strcmp(f->name, name) != 0)
        f = f->next;
    if (f == NULL) {
        f = region_alloc(p->region, sizeof(*f));
        value = value_of((void *)p, name);
        f->name = region_text(p->region, name);
        f->text = value != NULL ? expand(p, value, NULL) : "";
        f->next = *p->foreigns;
        *p->foreigns = f;
    }
    return f->text;
}

const char *params_text(const struct params *p, const char *name)
{
    const struct parameter *own = params_find(p, name);

    return own != NULL ? own->text : foreign_text(p, name);
}

bool params_is_set(const struct params *p, const char *name, const struct main_cf_entry **entry)
{
    const struct main_cf_entry *found = main_cf_find(p->main_cf, params_name(p, name));

    if (entry != NULL)
        *entry = found;
    return found != NULL;
}

bool parameter_read_bool(const char *text, bool *value)
{
    *value = strcasecmp(text, "yes") == 0;
    return *value || strcasecmp(text, "no") == 0;
}

bool parameter_read_number(const char *text, long *value)
{
    char *end;

    errno = 0;
    *value = strtol(text, &end, 10);
    return *text != '\0' && *end == '\0' && errno != ERANGE && *value >= INT_MIN && *value <= INT_MAX;
}

static int64_t unit_seconds(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 60 * 60;
    case 'd':
        return 24 * 60 * 60;
    case 'w':
        return 7 * 24 * 60 * 60;
    }
    return 0;
}

/* Postfix looks at the first letter behind the number only: "5 minutes" is refused, "5minutes" is five minutes. */
bool parameter_read_time(const char *text, char unit, int64_t *seconds)
{
    char *end;
    long value;
    int64_t factor;

    *seconds = 0;
    errno = 0;
    value = strtol(text, &end, 10);
    factor = unit_seconds(*end != '\0' ? *end : unit);
    if (*text == '\0' || errno == ERANGE || value < 0 || value > INT_MAX || factor == 0)
        return false;
    if (factor > 1 && value >= INT_MAX / factor)
        return false;
    *seconds = value * factor;
    return true;
}

char parameter_unit(const struct parameter *own)
{
    const char *p = own->initial;

    while (*p != '\0' && !(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z'))
        p++;
    return *p;
}

bool params_bool(const struct params *p, const char *name)
{
    const struct parameter *own = params_find(p, name);
    bool value;

    if (!parameter_read_bool(params_text(p, name), &value) && own != NULL)
        parameter_read_bool(expand(p, own->initial, NULL), &value);
    return value;
}

long params_number(const struct params *p, const char *name)
{
    const struct parameter *own = params_find(p, name);
    long value;

    if (parameter_read_number(params_text(p, name), &value))
        return value;
    return own != NULL && parameter_read_number(expand(p, own->initial, NULL), &value) ? value : 0;
}

int64_t params_time(const struct params *p, const char *name)
{
    const struct parameter *own = params_find(p, name);
    char unit = own != NULL ? parameter_unit(own) : 's';
    int64_t value;

    if (!parameter_read_time(params_text(p, name), unit, &value) && own != NULL)
        parameter_read_time(expand(p, own->initial, NULL), unit, &value);
    return value;
}

struct version params_compatibility_level(const struct params *p)
{
    struct version level;

    compat_level_parse(&level, params_text(p, "compatibility_level"));
    return level;
}
