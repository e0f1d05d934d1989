#include "scanner/config/config.h"

#include <string.h>

const struct service *config_service(const struct config *config, const char *name)
{
    for (const struct service *s = config->services; s != NULL; s = s->next)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

const struct config_file *config_file(const struct config *config, const char *path)
{
    for (const struct config_file *f = config->files; f != NULL; f = f->next)
        if (strcmp(f->path, path) == 0)
            return f;
    return NULL;
}
