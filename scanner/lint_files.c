#include "scanner/lint_files.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY_MAX 16384

struct search {
    struct region          *region;
    const struct config    *config;
    const struct lint_file *first;
    uid_t                   owner;
    gid_t                   group;
    bool                    owner_known;
};

/* Postfix gives its daemons the one group of mail_owner and no other. */
static void find_owner(struct search *s)
{
    char           buffer[ENTRY_MAX];
    struct passwd  entry, *found = NULL;
    const char    *name = params_text(s->config->rewrite, "mail_owner");

    if (getpwnam_r(name, &entry, buffer, sizeof(buffer), &found) != 0 || found == NULL)
        return;
    s->owner = found->pw_uid;
    s->group = found->pw_gid;
    s->owner_known = true;
}

/* By the permission bits alone. */
static bool may(const struct search *s, const struct stat *status, mode_t bit)
{
    if (s->owner == 0)
        return true;
    if (status->st_uid == s->owner)
        return (status->st_mode & (bit << 6)) != 0;
    if (status->st_gid == s->group)
        return (status->st_mode & (bit << 3)) != 0;
    return (status->st_mode & bit) != 0;
}

/* The file, and the way to it. */
static bool owner_reads(const struct search *s, const char *path, const struct stat *file)
{
    struct stat directory;
    const char *slash = path;

    if (!s->owner_known)
        return true;
    while ((slash = strchr(slash + 1, '/')) != NULL) {
        const char *part = region_slice(s->region, slice_from(path, (size_t)(slash - path)));

        if (stat(part, &directory) == 0 && !may(s, &directory, S_IXOTH))
            return false;
    }
    return may(s, file, S_IROTH);
}

/* An indexed table is read from its index. */
static const char *read_path(struct region *region, const struct table *t)
{
    static const struct { const char *type, *suffix; } suffixes[] = {
        { "hash", ".db" }, { "btree", ".db" }, { "lmdb", ".lmdb" }, { "cdb", ".cdb" },
    };
    size_t i;

    for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        if (strcmp(table_type(t), suffixes[i].type) == 0)
            return region_printf(region, "%s%s", table_rest(t), suffixes[i].suffix);
    return table_rest(t);
}

static void add_table(struct search *s, const struct table *t)
{
    const struct lint_file *known = s->first;
    const char             *path = table_rest(t);
    struct lint_file       *file;
    struct stat             source, status;
    bool                    has_source;

    if (table_type(t) == NULL || path[0] != '/')
        return;
    while (known != NULL && strcmp(known->path, path) != 0)
        known = known->next;
    has_source = stat(path, &source) == 0 && S_ISREG(source.st_mode);
    if (known != NULL || stat(read_path(s->region, t), &status) != 0 || !S_ISREG(status.st_mode))
        return;
    file = region_alloc(s->region, sizeof(*file));
    file->path = path;
    file->owner_reads = owner_reads(s, read_path(s->region, t), &status);
    file->all_write = (status.st_mode & S_IWOTH) != 0 || (has_source && (source.st_mode & S_IWOTH) != 0);
    file->next = s->first;
    s->first = file;
}

static void add_list(struct search *s, const struct table_list *list)
{
    const struct table *member;
    size_t              i, k;

    for (i = 0; i < list->count; i++) {
        add_table(s, list->tables[i]);
        for (k = 0; (member = table_member(list->tables[i], k)) != NULL; k++)
            add_table(s, member);
    }
}

const struct lint_file *lint_files_find(struct region *region, const struct config *config)
{
    struct search         s = { .region = region, .config = config };
    const struct service *service;

    find_owner(&s);
    for (service = config->services; service != NULL; service = service->next) {
        add_list(&s, &service->policy_maps);
        add_list(&s, &service->per_site);
    }
    add_list(&s, &config->transport_maps);
    add_list(&s, &config->sender_relayhost_maps);
    add_list(&s, &config->sender_transport_maps);
    return s.first;
}
