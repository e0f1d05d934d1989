#include "scanner/exclusion.h"

#include <string.h>

#include "scanner/base/utf8.h"
#include "scanner/exit_status.h"
#include "scanner/files.h"

struct item {
    const char   *name;      /* NULL: a prefix */
    struct prefix prefix;
    const char   *place;
    struct item  *next;
};

struct exclusion {
    struct item *items;
};

struct exclusion *exclusion_read(struct region *region, const char *path, struct error *err)
{
    struct exclusion *exclusion = region_alloc(region, sizeof(*exclusion));
    struct slice      rest = { "", 0 }, line;
    int               number = 0;

    if (path != NULL && !file_read(region, path, FILE_SIZE_MAX, &rest, NULL, err))
        return NULL;
    if (utf8_has_mark(rest))
        rest = slice_from_index(rest, strlen(UTF8_MARK));
    while (rest.n > 0) {
        struct item *item = region_alloc(region, sizeof(*item));

        line = slice_head(rest, slice_find(rest, '\n'));
        rest = slice_from_index(rest, line.n + 1);
        number++;
        line = slice_trim(slice_head(line, slice_find(line, '#')));
        if (line.n == 0)
            continue;
        if (!prefix_parse(&item->prefix, line)) {
            if (line.p[0] == '.')
                line = slice_from_index(line, 1);
            if (!hostname_is_valid_utf8(line, true)) {
                error_set_at(err, EXIT_USAGE_ERROR, path, number, "neither a name nor an address range: %.*s",
                             (int)(line.n > 80 ? 80 : line.n), line.p);
                error_fix(err, "write example.org, 192.0.2.0/24 or 2001:db8::/32, one a line");
                return NULL;
            }
            item->name = region_slice(region, line);
        }
        item->place = region_printf(region, "%s:%d", path, number);
        item->next = exclusion->items;
        exclusion->items = item;
    }
    return exclusion;
}

const char *exclusion_of_name(const struct exclusion *exclusion, const char *name)
{
    const struct item *item;
    struct slice       text = slice_of(name);

    for (item = exclusion->items; item != NULL; item = item->next) {
        size_t n;

        if (item->name == NULL || (n = strlen(item->name)) > text.n)
            continue;
        if (slice_eq_text_nocase(slice_from_index(text, text.n - n), item->name) &&
            (text.n == n || text.p[text.n - n - 1] == '.'))
            return item->place;
    }
    return NULL;
}

const char *exclusion_of_address(const struct exclusion *exclusion, const struct address *address)
{
    const struct item *item;

    for (item = exclusion->items; item != NULL; item = item->next)
        if (item->name == NULL && prefix_has(&item->prefix, address))
            return item->place;
    return NULL;
}
