#include "scanner/judge/trial.h"

#include "scanner/base/mem.h"

struct trial {
    struct config  config;     /* a copy, with services of its own */
    struct service *services;
    struct region *region;
    struct trust  *trust;      /* knows services by their address: those of the copy stay where they are */
};

struct trial *trial_new(const struct config *config)
{
    struct trial         *trial = mem_alloc(sizeof(*trial));
    const struct service *service;
    struct service      **last = &trial->services;

    trial->region = region_new();
    trial->trust = trust_new();
    for (service = config->services; service != NULL; service = service->next, last = &(*last)->next)
        *last = region_copy(trial->region, service, sizeof(*service));
    return trial;
}

void trial_free(struct trial *trial)
{
    if (trial == NULL)
        return;
    trust_free(trial->trust);
    region_free(trial->region);
    mem_free(trial);
}

/* Both kinds are all in their name: nothing is read. */
static enum table_load nothing_to_read(void *arg, struct region *region, const char *path, struct slice *text,
                                       struct error *err)
{
    (void)arg;
    (void)region;
    (void)text;
    error_set(err, 0, "%s", path);
    return TABLE_LOAD_MISSING;
}

static enum table_load nothing_to_dump(void *arg, struct region *region, const char *name, struct table_dump *dump,
                                       struct error *err)
{
    (void)dump;
    return nothing_to_read(arg, region, name, NULL, err);
}

static struct table *open_entry(struct region *region, const struct config *config, const char *value)
{
    static const struct table_loader loader = { nothing_to_read, nothing_to_dump, NULL };
    const struct table_options       options = { .version = config->version };
    const char *name = value != NULL ? region_printf(region, "static:%s", value) : "inline:{ { -=none } }";

    return table_open(region, slice_of(name), &options, &loader);
}

void trial_judge(struct region *region, struct result *result, struct trial *trial, const struct judge_input *input,
                 const struct destination *destination, const char *value)
{
    struct judge_input tried = *input;
    struct service    *service;

    trial->config = *input->config; /* files may have been read since */
    trial->config.services = trial->services;
    for (service = trial->services; service != NULL; service = service->next) {
        struct table **tables = region_array(region, 1, sizeof(struct table *));

        tables[0] = open_entry(region, &trial->config, value);
        service->policy_maps = (struct table_list){ "smtp_tls_policy_maps", tables, 1 };
    }
    tried.config = region_copy(region, &trial->config, sizeof(trial->config));
    tried.trust = trial->trust;
    tried.explain = tried.published = false;
    tried.as = MECHANISM_NONE;
    judge_destination(region, result, &tried, destination);
}
