#include "scanner/config/main_cf.h"

#include "scanner/base/utf8.h"

#include <stdint.h>
#include <string.h>

/* sysexits(3): a configuration error. */
#define STATUS_CONFIG 78
/* A message quotes so much of a line. */
#define QUOTE_MAX 60
#define SLOTS_FIRST 256u /* a power of two */

struct slot { /* the entry in force under one name */
    struct main_cf_entry *entry;
    struct slot *next;
};

struct main_cf {
    struct region *region;
    struct main_cf_entry *first, **end;
    struct slot **slots;
    size_t slot_count, name_count; /* as many slots as names at least */
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Takes one physical line off *rest, without its newline. */
static struct slice take_physical(struct slice *rest)
{
    size_t n = slice_find(*rest, '\n');
    struct slice line = slice_head(*rest, n);

    *rest = slice_from_index(*rest, n < rest->n ? n + 1 : n);
    return line;
}

/* True when the next physical line belongs to the logical line already begun: it starts with white space, or is a
 * comment in the midst of it. An empty line counts as white space, as its first byte is the newline. */
static bool next_continues(struct slice rest)
{
    return rest.n > 0 && (rest.p[0] == '#' || is_space(rest.p[0]));
}

bool logical_line_next(struct region *region, struct slice *rest, int *line, struct logical_line *out,
                       bool *leading_blank)
{
    struct slice first = { NULL, 0 };
    struct buf joined;
    bool begun = false;

    buf_init(&joined, SIZE_MAX / 2);
    while (rest->n > 0) {
        struct slice physical = take_physical(rest);
        struct slice content = slice_trim_left(physical);

        if (content.n > 0 && content.p[0] != '#') {
            if (!begun) {
                begun = true;
                first = physical;
                out->line = *line;
            } else {
                if (joined.n == 0)
                    buf_add_slice(&joined, first);
                buf_add_slice(&joined, physical);
            }
        }
        ++*line;
        if (begun && !next_continues(*rest))
            break;
    }
    if (begun) {
        out->start = first.p;
        out->text = joined.n > 0 ? slice_from(region_slice(region, buf_slice(&joined)), joined.n) : first;
        *leading_blank = is_space(first.p[0]);
    }
    buf_clear(&joined);
    return begun;
}

static struct slot **slot_of(const struct main_cf *cf, const char *name)
{
    unsigned h = 5381;

    for (; *name != '\0'; name++)
        h = h * 33 + (unsigned char)*name;
    return &cf->slots[h & (cf->slot_count - 1)];
}

static void make_slots(struct main_cf *cf, size_t count)
{
    struct slot **old = cf->slots;
    size_t old_count = cf->slot_count;

    cf->slots = region_array(cf->region, count, sizeof(*cf->slots));
    cf->slot_count = count;
    for (size_t i = 0; i < old_count; i++)
        for (struct slot *slot = old[i], *next; slot != NULL; slot = next) {
            struct slot **place = slot_of(cf, slot->entry->name);

            next = slot->next;
            slot->next = *place;
            *place = slot;
        }
}

static struct slot **find_slot(struct main_cf *cf, const char *name)
{
    struct slot **slot = slot_of(cf, name);

    while (*slot != NULL && strcmp((*slot)->entry->name, name) != 0)
        slot = &(*slot)->next;
    return slot;
}

static void put_entry(struct main_cf *cf, const struct main_cf_entry *value)
{
    struct slot **slot;
    struct main_cf_entry *entry = region_copy(cf->region, value, sizeof(*value));

    entry->next = NULL;
    if (cf->name_count == cf->slot_count)
        make_slots(cf, 2 * cf->slot_count);
    slot = find_slot(cf, value->name);
    if (*slot == NULL) {
        *slot = region_alloc(cf->region, sizeof(**slot));
        cf->name_count++;
    } else {
        entry->overrides = strcmp((*slot)->entry->value, entry->value) != 0;
    }
    (*slot)->entry = entry;
    *cf->end = entry;
    cf->end = &entry->next;
}

static struct main_cf *new_main_cf(struct region *region)
{
    struct main_cf *cf = region_alloc(region, sizeof(*cf));

    cf->region = region;
    cf->end = &cf->first;
    make_slots(cf, SLOTS_FIRST);
    return cf;
}

/* Splits "name = value"; NULL when it is one, else what is wrong with it. */
static const char *split_name_value(struct slice text, struct slice *name, struct slice *value)
{
    size_t n = 0;
    struct slice rest;

    text = slice_trim(text);
    while (n < text.n && !is_space(text.p[n]) && text.p[n] != '=')
        n++;
    *name = slice_head(text, n);
    rest = slice_trim_left(slice_from_index(text, n));
    if (name->n == 0)
        return "missing attribute name";
    if (rest.n == 0 || rest.p[0] != '=')
        return "missing '=' after attribute name";
    *value = slice_trim(slice_from_index(rest, 1));
    return NULL;
}

/* Postfix reads C strings: what follows a NUL byte in a logical line is lost to it. */
static struct slice cut_at_nul(struct slice text)
{
    return slice_head(text, slice_find(text, '\0'));
}

static void report_line(struct error *err, const char *file, int line, const char *what, struct slice text)
{
    int shown = (int)(text.n < QUOTE_MAX ? text.n : QUOTE_MAX);

    if (utf8_has_mark(text)) {
        error_set_at(err, STATUS_CONFIG, file, line, "%s: the file begins with a byte order mark", what);
        error_fix(err, "save it without one: Postfix takes it for text");
        return;
    }
    error_set_at(err, STATUS_CONFIG, file, line, "%s: \"%.*s%s\"", what, shown, text.p,
                 text.n > QUOTE_MAX ? "..." : "");
    error_fix(err,
              "write \"name = value\"; a line that continues the one before must start with white space, a comment "
              "with #");
}

struct main_cf *main_cf_parse(struct region *region, const char *file, struct slice text, struct error *err)
{
    struct main_cf *cf = new_main_cf(region);
    struct logical_line line;
    int number = 1;
    bool leading_blank;

    file = region_text(region, file);
    while (logical_line_next(region, &text, &number, &line, &leading_blank)) {
        struct slice content = cut_at_nul(line.text), name, value;
        const char *wrong;

        if (leading_blank)
            continue; /* Postfix warns and reads on with the next line */
        wrong = split_name_value(content, &name, &value);
        if (wrong != NULL) {
            report_line(err, file, line.line, wrong, content);
            return NULL;
        }
        put_entry(cf, &(struct main_cf_entry){ .name = region_slice(region, name),
                                               .value = region_slice(region, value),
                                               .file = file,
                                               .line = line.line });
    }
    return cf;
}

void main_cf_set(struct main_cf *cf, const char *name, const char *value, const char *file, int line)
{
    put_entry(cf, &(struct main_cf_entry){ .name = region_text(cf->region, name),
                                           .value = region_text(cf->region, value),
                                           .file = region_text(cf->region, file),
                                           .line = line });
}

struct main_cf *main_cf_copy(struct region *region, const struct main_cf *from)
{
    struct main_cf *cf = new_main_cf(region);

    for (const struct main_cf_entry *e = from->first; e != NULL; e = e->next)
        put_entry(cf, e); /* texts are shared: they outlive both, or the caller copies into the same region */
    return cf;
}

const struct main_cf_entry *main_cf_find(const struct main_cf *cf, const char *name)
{
    for (const struct slot *slot = *slot_of(cf, name); slot != NULL; slot = slot->next)
        if (strcmp(slot->entry->name, name) == 0)
            return slot->entry;
    return NULL;
}

const struct main_cf_entry *main_cf_entries(const struct main_cf *cf)
{
    return cf->first;
}
