#include "scanner/config/master_cf.h"

#include <string.h>

#include "scanner/base/mem.h"
#include "scanner/base/utf8.h"
#include "scanner/config/main_cf.h"

#define STATUS_CONFIG 78
#define QUOTE_MAX     60
#define BLANKS        " \t\r\n"

enum field { NAME, TYPE, PRIVATE, UNPRIVILEGED, CHROOT, WAKEUP, PROCESS_LIMIT, COMMAND, FIELD_COUNT };

struct parser {
    struct region *region;
    const char *file;
    int line;
    struct error *err;
};

static bool fail(const struct parser *p, const char *field, struct slice value, const char *fix)
{
    int shown = (int)(value.n < QUOTE_MAX ? value.n : QUOTE_MAX);

    error_set_at(p->err, STATUS_CONFIG, p->file, p->line, "field \"%s\": bad value: \"%.*s\"", field, shown, value.p);
    error_fix(p->err, "%s", fix);
    return false;
}

static bool is_type(struct slice value)
{
    static const char *const types[] = { "inet", "unix", "fifo", "pass", "unix-dgram" };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (slice_eq_text(value, types[i]))
            return true;
    return false;
}

static bool is_yes_no(struct slice value)
{
    return value.n == 1 && (value.p[0] == 'y' || value.p[0] == 'n' || value.p[0] == '-');
}

static bool is_number(struct slice value)
{
    size_t n = 0;

    while (n < value.n && value.p[n] >= '0' && value.p[n] <= '9')
        n++;
    return slice_eq_text(value, "-") || (n > 0 && n == value.n);
}

/* A number of seconds; a question mark behind it makes the wakeup conditional. */
static bool is_wakeup(struct slice value)
{
    return is_number(value.n > 1 && value.p[value.n - 1] == '?' ? slice_head(value, value.n - 1) : value);
}

static bool is_command(struct slice value)
{
    return !slice_eq_text(value, "-");
}

static bool is_anything(struct slice value)
{
    (void)value;
    return true;
}

static const struct {
    const char *name;
    bool (*is_valid)(struct slice value);
    const char *fix;
} fields[FIELD_COUNT] = {
    [NAME] = { "service name", is_anything, "" },
    [TYPE] = { "type", is_type, "the second field is inet, unix, fifo, pass or unix-dgram" },
    [PRIVATE] = { "private", is_yes_no, "the third field is y, n or -" },
    [UNPRIVILEGED] = { "unprivileged", is_yes_no, "the fourth field is y, n or -" },
    [CHROOT] = { "chroot", is_yes_no, "the fifth field is y, n or -" },
    [WAKEUP] = { "wakeup", is_wakeup, "the sixth field is a number of seconds, which may end in ?, or -" },
    [PROCESS_LIMIT] = { "process limit", is_number, "the seventh field is a number or -" },
    [COMMAND] = { "command", is_command, "the eighth field is the name of a program, such as smtp" },
};

/* Takes the eight fields off *rest. */
static bool take_fields(const struct parser *p, struct slice *rest, struct slice values[FIELD_COUNT])
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (!slice_next_token(rest, BLANKS, &values[i])) {
            error_set_at(p->err, STATUS_CONFIG, p->file, p->line, "bad field count: \"%s\" is missing", fields[i].name);
            error_fix(p->err, "a service has eight fields: service type private unpriv chroot wakeup maxproc command; "
                              "see master(5)");
            return false;
        }
        if (!fields[i].is_valid(values[i]))
            return fail(p, fields[i].name, values[i], fields[i].fix);
    }
    if (slice_eq_text(values[TYPE], "inet") && !slice_eq_text(values[PRIVATE], "n"))
        return fail(p, "private", values[PRIVATE], "an inet service cannot be private: the third field must be n");
    return true;
}

/* Takes one argument off *rest; {...} loses its braces. *taken is false at the end. */
static bool take_argument(const struct parser *p, struct slice *rest, struct slice *argument, bool *taken)
{
    size_t end;
    int level = 0;

    *taken = slice_next_token_braced(rest, BLANKS, argument);
    if (!*taken || argument->p[0] != '{')
        return true;
    for (end = 0; end < argument->n; end++) {
        level += (argument->p[end] == '{') - (argument->p[end] == '}');
        if (level == 0)
            break;
    }
    if (end == argument->n)
        return fail(p, "command", *argument, "the closing } is missing");
    if (end + 1 < argument->n)
        return fail(p, "command", *argument, "put white space behind the closing }");
    *argument = slice_trim(slice_from(argument->p + 1, argument->n - 2));
    return true;
}

/* The arguments of one command, and the overrides found in them. */
struct options {
    struct slice *arguments;
    size_t argument_count;
    struct master_override *overrides;
    size_t override_count;
    struct error *error;
};

static void refuse_option(const struct parser *p, struct options *o, struct slice option, const char *why)
{
    int shown = (int)(option.n < QUOTE_MAX ? option.n : QUOTE_MAX);

    if (o->error != NULL)
        return;
    o->error = region_alloc(p->region, sizeof(*o->error));
    error_set_at(o->error, STATUS_CONFIG, p->file, p->line, "invalid option \"%.*s\": %s", shown, option.p, why);
    error_fix(o->error, "write \"-o name=value\", or \"-o { name = value }\" when there are spaces");
}

static void add_override(const struct parser *p, struct options *o, struct slice text)
{
    size_t equals = slice_find(text, '=');
    struct slice name = slice_trim(slice_head(text, equals));
    bool blank = false;

    for (size_t i = 0; i < name.n; i++)
        blank = blank || strchr(BLANKS "\v\f", name.p[i]) != NULL;
    if (name.n == 0) {
        refuse_option(p, o, text, "missing attribute name");
    } else if (equals == text.n || blank) {
        refuse_option(p, o, text, "missing '=' after attribute name");
    } else {
        struct slice value = slice_trim(slice_from_index(text, equals + 1));

        o->overrides[o->override_count++] =
            (struct master_override){ .name = region_slice(p->region, name), .value = region_slice(p->region, value) };
    }
}

/* "flags=" and letters that smtp(8) knows. */
static bool is_flags(struct slice word)
{
    static const struct slice flags = { "flags=", 6 };

    if (!slice_eq_nocase(slice_head(word, flags.n), flags))
        return false;
    for (size_t i = flags.n; i < word.n; i++)
        if (strchr("DORX", word.p[i]) == NULL)
            return false;
    return true;
}

static void add_setting(const struct parser *p, struct options *o, const char *name, struct slice value)
{
    o->overrides[o->override_count++] =
        (struct master_override){ .name = name, .value = region_slice(p->region, slice_trim(value)) };
}

/* An option with a value. "-i" and "-m" are older ways to say "-o max_idle=" and "-o max_use=". */
static void take_option(const struct parser *p, struct options *o, char letter, struct slice value)
{
    if (letter == 'o')
        add_override(p, o, value);
    else if (letter == 'i')
        add_setting(p, o, "max_idle", value);
    else if (letter == 'm')
        add_setting(p, o, "max_use", value);
}

/* Reads argument i, a group of option letters, and the value of the last one. Gives the number of the next argument. */
static size_t read_option_word(const struct parser *p, struct options *o, size_t i)
{
    static const char with_value[] = "imnorst", alone[] = "cdDlSuvVz";
    struct slice word = o->arguments[i++];

    for (size_t k = 1; k < word.n; k++) {
        struct slice value = slice_from_index(word, k + 1);

        if (strchr(alone, word.p[k]) != NULL)
            continue;
        if (strchr(with_value, word.p[k]) == NULL)
            refuse_option(p, o, word, "no such option");
        else if (value.n == 0 && i == o->argument_count)
            refuse_option(p, o, word, "its value is missing");
        else
            take_option(p, o, word.p[k], value.n > 0 ? value : o->arguments[i++]);
        break;
    }
    return i;
}

/* Reads the options as getopt(3) in the daemons does: letters may be joined, the first word that is no option ends
 * them. Behind them smtp(8) and lmtp(8) take "flags=" with letters only. */
static void read_options(const struct parser *p, struct options *o)
{
    size_t i = 0;

    while (i < o->argument_count && o->error == NULL) {
        struct slice word = o->arguments[i];

        if (word.n < 2 || word.p[0] != '-')
            break;
        if (slice_eq_text(word, "--")) {
            i++;
            break;
        }
        i = read_option_word(p, o, i);
    }
    for (; i < o->argument_count && o->error == NULL; i++)
        if (!is_flags(o->arguments[i]))
            refuse_option(p, o, o->arguments[i], "neither an option nor flags=");
}

/* All arguments of a command. The caller frees arguments. */
static bool take_arguments(const struct parser *p, struct slice rest, struct options *o)
{
    size_t room = 0;
    struct slice argument;
    bool taken;

    for (;;) {
        if (!take_argument(p, &rest, &argument, &taken))
            return false;
        if (!taken)
            return true;
        if (o->argument_count == room) {
            room = room ? room * 2 : 8;
            o->arguments = mem_grow(o->arguments, room, sizeof(*o->arguments));
        }
        o->arguments[o->argument_count++] = argument;
    }
}

static bool runs_client(const char *program)
{
    return strcmp(program, "smtp") == 0 || strcmp(program, "lmtp") == 0;
}

static bool parse_service(const struct parser *p, struct slice text, struct master_service *service)
{
    struct slice values[FIELD_COUNT], command;
    struct options options = { NULL, 0, NULL, 0, NULL };
    size_t slash;
    bool ok;

    if (!take_fields(p, &text, values))
        return false;
    command = values[COMMAND];
    slash = slice_find_last(command, '/');
    *service = (struct master_service){ .name = region_slice(p->region, values[NAME]),
                                        .type = region_slice(p->region, values[TYPE]),
                                        .is_private = values[PRIVATE].p[0] != 'n',
                                        .chroot = values[CHROOT].p[0],
                                        .line = p->line };
    service->program = region_slice(p->region, slash < command.n ? slice_from_index(command, slash + 1) : command);
    ok = take_arguments(p, text, &options);
    if (ok) {
        options.overrides = region_array(p->region, options.argument_count + 1, sizeof(*options.overrides));
        read_options(p, &options);
        service->overrides = options.overrides;
        service->override_count = options.override_count;
        /* Only these programs are known to take these options. */
        service->option_error = runs_client(service->program) ? options.error : NULL;
    }
    mem_free(options.arguments);
    return ok;
}

static bool parse_services(struct parser *p, struct slice text, struct master_service **services, size_t *count)
{
    struct logical_line line;
    int number = 1;
    bool leading_blank;
    size_t room = 0;

    while (logical_line_next(p->region, &text, &number, &line, &leading_blank)) {
        struct slice content = slice_head(line.text, slice_find(line.text, '\0'));

        if (leading_blank)
            continue; /* Postfix warns and reads on with the next line */
        p->line = line.line;
        if (*count == room) {
            room = room ? room * 2 : 32;
            *services = mem_grow(*services, room, sizeof(**services));
        }
        if (!parse_service(p, content, &(*services)[*count])) {
            if (utf8_has_mark(content))
                error_fix(p->err, "save the file without the byte order mark at its front: Postfix takes it for text");
            return false;
        }
        ++*count;
    }
    return true;
}

struct master_cf *master_cf_parse(struct region *region, const char *file, struct slice text, struct error *err)
{
    struct parser parser = { .region = region, .file = region_text(region, file), .err = err };
    struct master_service *services = NULL;
    struct master_cf *cf = NULL;
    size_t count = 0;

    if (parse_services(&parser, text, &services, &count)) {
        cf = region_alloc(region, sizeof(*cf));
        cf->file = parser.file;
        cf->service_count = count;
        cf->services = count > 0 ? region_copy(region, services, count * sizeof(*services)) : NULL;
    }
    mem_free(services);
    return cf;
}

const struct master_service *master_cf_transport(const struct master_cf *cf, const char *name)
{
    for (size_t i = cf->service_count; i > 0; i--) {
        const struct master_service *service = &cf->services[i - 1];

        if (service->is_private && strcmp(service->type, "unix") == 0 && strcmp(service->name, name) == 0)
            return service;
    }
    return NULL;
}
