#include "scanner/config/config.h"

#include <string.h>

const struct service *config_service(const struct config *config, const char *name)
{
    for (const struct service *s = config->services; s != NULL; s = s->next)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

const char *config_inside(struct region *region, const struct config *config, const struct service *service,
                          const char *path)
{
    if (service == NULL || !service->chrooted || path[0] != '/')
        return path;
    return region_printf(region, "%s%s", params_text(config->rewrite, "queue_directory"), path);
}

const struct config_file *config_file(const struct config *config, const char *path)
{
    for (const struct config_file *f = config->files; f != NULL; f = f->next)
        if (strcmp(f->path, path) == 0)
            return f;
    return NULL;
}
