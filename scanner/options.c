#include "scanner/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "reports/formats.h"
#include "scanner/base/names.h"
#include "scanner/base/utc.h"

enum kind {
    KIND_TEXT,      /* const char * */
    KIND_LIST,      /* struct option_list, repeatable */
    KIND_TEXTS,     /* struct option_list, repeatable */
    KIND_COUNT,     /* unsigned long, 0 means no limit */
    KIND_SECONDS,   /* unsigned long */
    KIND_FLAG,      /* bool */
    KIND_PREFIX,    /* allow, repeatable */
    KIND_DAYS,      /* keep, and that it was given */
    KIND_TIME,      /* at or until, and that it was given */
    KIND_SENDER,
    KIND_PROGRESS,
    KIND_FAIL_ON,
    KIND_MECHANISM, /* as */
    KIND_OUTPUT     /* --FORMAT FILE */
};

struct row {
    const char *name;
    char        letter;
    enum kind   kind;
    size_t      offset;
    unsigned    commands;
    const char *argument;
    const char *group;      /* starts a new group in --help */
    const char *help;
};

#define AT(field) offsetof(struct options, field)

static const struct row rows[] = {
    { "config-dir", 'c', KIND_TEXT, AT(config_dir), FOR_CONFIG, "DIR", "Configuration",
      "the Postfix configuration directory (default: what postconf says, else /etc/postfix)" },
    { "override", 'o', KIND_LIST, AT(overrides), FOR_CONFIG, "NAME=VALUE", NULL, "as postconf -o; repeatable" },
    { "postfix-version", 0, KIND_TEXT, AT(postfix_version), FOR_CONFIG, "X.Y[.Z]", NULL,
      "judge as this release (default: the installed Postfix, else the newest known)" },
    { "sender", 0, KIND_SENDER, AT(sender), FOR_JUDGING, "ADDRESS", NULL,
      "the envelope sender, for sender-dependent tables; <> is the null sender" },
    { "proposed", 0, KIND_TEXT, AT(proposed), FOR_SCAN | FOR_REPLAY, "DIR", "Before a change",
      "judge the configuration in DIR too, on the same facts, and tell what turns worse, better, or otherwise" },
    { "proposed-override", 0, KIND_LIST, AT(proposed_overrides), FOR_SCAN | FOR_REPLAY, "NAME=VALUE", NULL,
      "the same with this parameter changed; repeatable; over --override" },
    { "proposed-version", 0, KIND_TEXT, AT(proposed_version), FOR_SCAN | FOR_REPLAY, "X.Y[.Z]", NULL,
      "the same as that release of Postfix" },
    { "file", 'f', KIND_TEXT, AT(file), FOR_PROBING, "FILE", "Destinations",
      "read destinations from FILE, one a line, # starts a comment; - is standard input" },
    { "from-log", 0, KIND_TEXTS, AT(logs), FOR_SCAN, "FILE", NULL,
      "the recipient domains in a log of Postfix and its rotations, with the mail they take; repeatable; - is standard input" },
    { "from-queue", 0, KIND_FLAG, AT(from_queue), FOR_SCAN, NULL, NULL,
      "the recipient domains of what waits in the queue now (postqueue -j)" },
    { "resolver", 0, KIND_TEXT, AT(resolver), FOR_PROBING, "ADDR[:PORT]", "Probing",
      "the DNS resolver (default: those of resolv.conf)" },
    { "concurrency", 0, KIND_COUNT, AT(concurrency), FOR_PROBING, "N", NULL,
      "conversations at a time (default 200)" },
    { "per-host", 0, KIND_COUNT, AT(per_host), FOR_PROBING, "N", NULL,
      "conversations at a time with one address (default 1)" },
    { "per-provider", 0, KIND_COUNT, AT(per_provider), FOR_PROBING, "N", NULL,
      "conversations at a time with one provider (default 2)" },
    { "rate", 0, KIND_COUNT, AT(rate), FOR_PROBING, "N", NULL, "new connections a second over all (default 50)" },
    { "interval", 0, KIND_SECONDS, AT(interval), FOR_PROBING, "SECONDS", NULL,
      "between two connections to one address (default 1)" },
    { "retry-after", 0, KIND_SECONDS, AT(retry_after), FOR_PROBING, "SECONDS", NULL,
      "ask again after a temporary refusal (default 60)" },
    { "timeout", 0, KIND_SECONDS, AT(timeout), FOR_PROBING, "SECONDS", NULL,
      "the longest wait for a connection, a reply, a handshake (default 60)" },
    { "deadline", 0, KIND_SECONDS, AT(deadline), FOR_PROBING, "SECONDS", NULL, "of the whole run (default: none)" },
    { "allow-address", 0, KIND_PREFIX, AT(allow), FOR_JUDGING, "PREFIX", NULL,
      "contact this private or loopback range although DNS names it; repeatable" },
    { "exclude", 0, KIND_TEXT, AT(exclude), FOR_PROBING, "FILE", NULL, "names and prefixes that are never probed" },
    { "dry-run", 0, KIND_FLAG, AT(dry_run), FOR_SCAN, NULL, NULL,
      "ask DNS, open no SMTP connection, print what would be contacted and how often" },
    { "advise", 0, KIND_FLAG, AT(advise), FOR_SCAN | FOR_EXPLAIN, NULL, NULL,
      "hold the conversations too that tell whether an entry can be tightened" },
    { "user", 0, KIND_TEXT, AT(user), FOR_PROBING, "NAME", NULL,
      "the user that the worker becomes when started as root (default nobody)" },
    { "resume", 0, KIND_TEXT, AT(resume), FOR_SCAN, "FILE", NULL,
      "keep a journal of what is observed in FILE, and go on with what an interrupted run left there" },
    { "syslog", 0, KIND_FLAG, AT(syslog), FOR_SCAN | FOR_REPLAY, NULL, NULL,
      "one line to syslog for each destination with a fault (with --changes-only: for each change), and one of counts" },
    { "offline", 0, KIND_FLAG, AT(offline), FOR_EXPLAIN, NULL, NULL, "the policy part alone, without any network" },
    { "mta-sts", 0, KIND_FLAG, AT(mta_sts), FOR_SCAN | FOR_EXPLAIN | FOR_REPLAY, NULL, "What domains publish",
      "ask for the MTA-STS policy and the TLS reporting record of each domain, and tell what it publishes, DANE included" },
    { "as", 0, KIND_MECHANISM, AT(as), FOR_SCAN | FOR_EXPLAIN | FOR_REPLAY, "MECHANISM", NULL,
      "dane or mta-sts: judge as if every destination followed it, whatever the tables say" },
    { "at", 0, KIND_TIME, AT(at), FOR_JUDGING, "TIME", "Judgement", "judge as of this time (RFC 3339 or a date)" },
    { "horizon", 0, KIND_COUNT, AT(horizon), FOR_JUDGING, "DAYS", NULL,
      "tell what will turn worse within so many days (default 14)" },
    { "fail-on", 0, KIND_FAIL_ON, AT(fail_on), FOR_EXPLAIN | FOR_REPORTS | FOR_DIFF, "VERDICT", NULL,
      "downgrade, defer or never: the verdict from which on the exit status is not 0 (default downgrade)" },
    { "history", 0, KIND_TEXT, AT(history), FOR_SCAN | FOR_REPLAY | FOR_DIFF | FOR_HISTORY | FOR_ACKNOWLEDGE | FOR_ADVISE, "FILE", "Past runs",
      "the file that keeps the verdicts of every run; scan and replay add theirs to it" },
    { "changes-only", 0, KIND_FLAG, AT(changes_only), FOR_SCAN | FOR_REPLAY, NULL, NULL,
      "tell only what changed since the last run, and critical findings of the run; else print nothing" },
    { "confirm", 0, KIND_COUNT, AT(confirm), FOR_SCAN | FOR_REPLAY, "N", NULL,
      "announce a change for the worse when N runs in a row have seen it (default 1)" },
    { "runs", 0, KIND_COUNT, AT(runs), FOR_SCAN | FOR_REPLAY | FOR_ADVISE, "N", NULL,
      "give advice when it held in N runs in a row (default 14)" },
    { "keep", 0, KIND_DAYS, AT(keep), FOR_HISTORY, "DAYS", NULL, "forget runs that are older" },
    { "until", 0, KIND_TIME, AT(until), FOR_ACKNOWLEDGE, "TIME", NULL,
      "when the fault counts again: a date or RFC 3339" },
    { "comment", 0, KIND_TEXT, AT(comment), FOR_ACKNOWLEDGE, "TEXT", NULL, "why it is tolerated; reports show it" },
    { "withdraw", 0, KIND_FLAG, AT(withdraw), FOR_ACKNOWLEDGE, NULL, NULL, "end the acknowledgement now" },
    { "save-facts", 0, KIND_TEXT, AT(save_facts), FOR_PROBING | FOR_MERGE, "FILE", "Output",
      "keep what was observed, for replay" },
    { "text", 0, KIND_OUTPUT, 0, FOR_REPORTS | FOR_LINT | FOR_DIFF | FOR_HISTORY, "FILE", NULL, "the report for people (default: to standard output)" },
    { "json", 0, KIND_OUTPUT, 0, FOR_EXPLAIN | FOR_REPORTS | FOR_LINT | FOR_DIFF | FOR_HISTORY, "FILE", NULL, "the report as one JSON object" },
    { "jsonl", 0, KIND_OUTPUT, 0, FOR_REPORTS, "FILE", NULL, "the report as JSON lines" },
    { "html", 0, KIND_OUTPUT, 0, FOR_REPORTS, "FILE", NULL, "the report as one HTML file, for a browser" },
    { "csv", 0, KIND_OUTPUT, 0, FOR_REPORTS, "FILE", NULL, "a table for spreadsheets, a row for each destination" },
    { "junit", 0, KIND_OUTPUT, 0, FOR_REPORTS, "FILE", NULL, "JUnit XML, a test case for each destination" },
    { "sarif", 0, KIND_OUTPUT, 0, FOR_REPORTS | FOR_LINT, "FILE", NULL, "SARIF 2.1.0: findings beside the table lines they are about" },
    { "metrics", 0, KIND_OUTPUT, 0, FOR_REPORTS, "FILE", NULL, "OpenMetrics, for a collector of text files" },
    { "progress", 0, KIND_PROGRESS, AT(progress), FOR_PROBING, "WHEN", NULL,
      "auto, always or never: progress on standard error (default: on a terminal)" },
    { "verbose", 'v', KIND_FLAG, AT(verbose), FOR_EXPLAIN | FOR_REPORTS, NULL, NULL, "the hosts under each destination, and their story" },
    { "quiet", 'q', KIND_FLAG, AT(quiet), FOR_EXPLAIN | FOR_REPORTS | FOR_LINT | FOR_DIFF | FOR_HISTORY, NULL, NULL, "no text report, no progress, errors only" },
    { "help", 'h', KIND_FLAG, AT(help), FOR_ALL, NULL, NULL, "this text" },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static const struct name progress_words[] = {
    { PROGRESS_AUTO, "auto" }, { PROGRESS_ALWAYS, "always" }, { PROGRESS_NEVER, "never" }, { 0, NULL } };
static const struct name fail_on_words[] = {
    { FAIL_ON_DOWNGRADE, "downgrade" }, { FAIL_ON_DEFER, "defer" }, { FAIL_ON_NEVER, "never" }, { 0, NULL } };

static void list_add(struct region *region, struct option_list *list, const char *item)
{
    const char **items = region_array(region, list->count + 1, sizeof(*items));

    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof(*items));
    items[list->count++] = item;
    list->items = items;
}

static bool add_override(struct region *region, struct option_list *list, const struct row *row, const char *value,
                         struct error *err)
{
    const char *equals = strchr(value, '=');

    if (equals == NULL || equals == value) {
        error_set(err, EXIT_USAGE_ERROR, "--%s %s: no name=value", row->name, value);
        error_fix(err, "write --%s smtp_tls_security_level=dane", row->name);
        return false;
    }
    list_add(region, list, value);
    return true;
}

static bool add_prefix(struct region *region, struct options *options, const char *value, struct error *err)
{
    struct prefix prefix;
    struct prefix *all;

    if (!prefix_parse(&prefix, slice_of(value))) {
        error_set(err, EXIT_USAGE_ERROR, "--allow-address %s: not an address or prefix", value);
        error_fix(err, "write an address or a range such as 10.0.0.0/8 or fd00::/8");
        return false;
    }
    all = region_array(region, options->allow_count + 1, sizeof(*all));
    if (options->allow_count > 0)
        memcpy(all, options->allow, options->allow_count * sizeof(*all));
    all[options->allow_count++] = prefix;
    options->allow = all;
    return true;
}

static bool add_output(struct options *options, const struct row *row, const char *value, struct error *err)
{
    size_t i;

    if (options->output_count == OUTPUTS_MAX) {
        error_set(err, EXIT_USAGE_ERROR, "more than %d outputs", OUTPUTS_MAX);
        return false;
    }
    for (i = 0; i < options->output_count; i++)
        if (strcmp(options->outputs[i].file, value) == 0) {
            error_set(err, EXIT_USAGE_ERROR, "--%s %s: --%s goes there already", row->name, value,
                      options->outputs[i].format);
            error_fix(err, "give each format a file of its own");
            return false;
        }
    options->outputs[options->output_count++] = (struct output_wish){ row->name, value };
    return true;
}

static bool set_number(unsigned long *place, const struct row *row, const char *value, struct error *err)
{
    if (slice_to_number(slice_of(value), 1000000000, place))
        return true;
    error_set(err, EXIT_USAGE_ERROR, "--%s %s: not a whole number", row->name, value);
    return false;
}

static bool set_word(int *place, const struct row *row, const struct name *words, const char *value, struct error *err)
{
    if (name_code(words, slice_of(value), place))
        return true;
    error_set(err, EXIT_USAGE_ERROR, "--%s %s: unknown word", row->name, value);
    error_fix(err, "one of %s, %s, %s", words[0].word, words[1].word, words[2].word);
    return false;
}

static bool set_time(struct options *options, const struct row *row, const char *value, struct error *err)
{
    bool at = row->offset == AT(at);

    *(at ? &options->has_at : &options->has_until) = true;
    if (utc_parse(slice_of(value), at ? &options->at : &options->until))
        return true;
    error_set(err, EXIT_USAGE_ERROR, "--%s %s: not a time", row->name, value);
    error_fix(err, "write a date, 2026-12-01, or RFC 3339, 2026-12-01T06:00:00Z");
    return false;
}

static bool set_sender(struct options *options, const char *value, struct error *err)
{
    options->sender = strcmp(value, "<>") == 0 ? "" : value;
    if (options->sender[0] == '\0' || strchr(value, '@') != NULL)
        return true;
    error_set(err, EXIT_USAGE_ERROR, "--sender %s: not an address", value);
    error_fix(err, "write user@example.org, or <> for the null sender");
    return false;
}

static bool set_mechanism(enum mechanism *as, const char *value, struct error *err)
{
    if (mechanism_parse(value, as) && (*as == MECHANISM_DANE || *as == MECHANISM_STS))
        return true;
    error_set(err, EXIT_USAGE_ERROR, "--as %s: no such mechanism", value);
    error_fix(err, "write dane or mta-sts");
    return false;
}

static bool set_option(struct region *region, struct options *options, const struct row *row, const char *value,
                       struct error *err)
{
    void *place = (char *)options + row->offset;
    int   word = 0;

    switch (row->kind) {
    case KIND_TEXT:
        *(const char **)place = value;
        return true;
    case KIND_FLAG:
        *(bool *)place = true;
        return true;
    case KIND_LIST:
        return add_override(region, place, row, value, err);
    case KIND_TEXTS:
        list_add(region, place, value);
        return true;
    case KIND_DAYS:
        options->has_keep = true;
        return set_number(place, row, value, err);
    case KIND_COUNT:
    case KIND_SECONDS:
        return set_number(place, row, value, err);
    case KIND_PREFIX:
        return add_prefix(region, options, value, err);
    case KIND_TIME:
        return set_time(options, row, value, err);
    case KIND_SENDER:
        return set_sender(options, value, err);
    case KIND_OUTPUT:
        return add_output(options, row, value, err);
    case KIND_PROGRESS:
        if (!set_word(&word, row, progress_words, value, err))
            return false;
        options->progress = (enum progress_wish)word;
        return true;
    case KIND_FAIL_ON:
        if (!set_word(&word, row, fail_on_words, value, err))
            return false;
        options->fail_on = (enum fail_on)word;
        return true;
    case KIND_MECHANISM:
        if (!set_mechanism(&options->as, value, err))
            return false;
        return true;
    }
    return false; /* there are no other kinds */
}

static void set_defaults(struct options *options)
{
    memset(options, 0, sizeof(*options));
    options->concurrency = 200;
    options->per_host = 1;
    options->per_provider = 2;
    options->rate = 50;
    options->interval = 1;
    options->retry_after = 60;
    options->timeout = 60;
    options->horizon = 14;
    options->user = "nobody";
}

/* getopt_long's own tables, made from ours: the value of a long option is its row. */
static void make_getopt(unsigned command, struct option *longs, char *shorts)
{
    size_t i, n = 0;

    *shorts++ = ':';
    for (i = 0; i < ROW_COUNT; i++) {
        if ((rows[i].commands & command) == 0)
            continue;
        longs[n++] = (struct option){ rows[i].name, rows[i].argument != NULL ? required_argument : no_argument, NULL,
                                      256 + (int)i };
        if (rows[i].letter != 0) {
            *shorts++ = rows[i].letter;
            if (rows[i].argument != NULL)
                *shorts++ = ':';
        }
    }
    longs[n] = (struct option){ NULL, 0, NULL, 0 };
    *shorts = '\0';
}

static const struct row *row_of(int code)
{
    size_t i;

    if (code >= 256)
        return &rows[code - 256];
    for (i = 0; i < ROW_COUNT; i++)
        if (rows[i].letter == code)
            return &rows[i];
    return NULL;
}

/* The nearest option of the command to a word that is none. */
static const char *nearest_option(const char *word, unsigned command)
{
    struct name names[ROW_COUNT + 1];
    size_t      i, n = 0;

    for (i = 0; i < ROW_COUNT; i++)
        if ((rows[i].commands & command) != 0)
            names[n++] = (struct name){ (int)i, rows[i].name };
    names[n] = (struct name){ 0, NULL };
    while (*word == '-')
        word++;
    return name_nearest(names, slice_head(slice_of(word), strcspn(word, "=")));
}

/* The commands that take an option which this one does not take, "scan and replay"; NULL: there are none. */
static const char *takers_of(struct region *region, const char *word, unsigned command)
{
    static const char *const commands[] = { "scan", "explain", "replay", "report", "merge", "diff",
                                            "history", "acknowledge", "lint", "migrate", "advise" }; /* by their bits */
    const struct row *row = NULL;
    const char       *text = NULL;
    unsigned          left;
    size_t            i;

    for (i = 0; i < ROW_COUNT && strncmp(word, "--", 2) == 0; i++)
        if (slice_eq_text(slice_head(slice_of(word + 2), strcspn(word + 2, "=")), rows[i].name))
            row = &rows[i];
    left = row != NULL && (row->commands & command) == 0 ? row->commands : 0;
    left &= (1U << sizeof(commands) / sizeof(commands[0])) - 1;
    for (i = 0; left != 0; i++) {
        if ((left & 1U << i) == 0)
            continue;
        left &= ~(1U << i);
        text = text == NULL ? commands[i] : region_printf(region, "%s%s%s", text, left != 0 ? ", " : " and ", commands[i]);
    }
    return text;
}

static bool bad_option(struct region *region, int code, char **argv, unsigned command, struct error *err)
{
    const char *word = argv[optind - 1], *takers = code == '?' ? takers_of(region, word, command) : NULL;
    const char *near = takers == NULL ? nearest_option(word, command) : NULL;

    if (code == ':')
        error_set(err, EXIT_USAGE_ERROR, "%s: a value is missing", word);
    else if (optopt != 0 && optopt < 256)
        error_set(err, EXIT_USAGE_ERROR, "unknown option -%c", optopt);
    else if (takers != NULL)
        error_set(err, EXIT_USAGE_ERROR, "%s: no option of %s, but of %s", word, argv[0], takers);
    else
        error_set(err, EXIT_USAGE_ERROR, "unknown option %s", word);
    if (near != NULL && code != ':')
        error_fix(err, "did you mean --%s?", near);
    else
        error_fix(err, "see posttls-audit %s --help", argv[0]);
    return false;
}

bool options_parse(struct region *region, struct options *options, int argc, char **argv, unsigned command,
                   struct error *err)
{
    struct option longs[ROW_COUNT + 1];
    char          shorts[2 * ROW_COUNT + 2];
    int           code;

    set_defaults(options);
    make_getopt(command, longs, shorts);
    opterr = 0;
    optind = 0;
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct row *row = code == '?' || code == ':' ? NULL : row_of(code);

        if (row == NULL)
            return bad_option(region, code, argv, command, err);
        if (!set_option(region, options, row, optarg, err))
            return false;
    }
    for (; optind < argc; optind++)
        list_add(region, &options->arguments, argv[optind]);
    return true;
}

static void print_wrapped(FILE *out, const char *text, int indent, int width)
{
    struct slice rest = slice_of(text), word;
    int          column = indent;

    while (slice_next_token(&rest, " ", &word)) {
        if (column > indent && column + 1 + (int)word.n > width) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        }
        column += fprintf(out, "%s%.*s", column > indent ? " " : "", (int)word.n, word.p);
    }
    fputc('\n', out);
}

void options_print(FILE *out, unsigned command)
{
    const char *group = NULL, *printed = NULL;
    char        left[64];
    size_t      i;

    for (i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];

        if (row->group != NULL)
            group = row->group;
        if ((row->commands & command) == 0)
            continue;
        if (group != printed)
            fprintf(out, "\n%s:\n", group);
        printed = group;
        if (row->letter != 0)
            snprintf(left, sizeof(left), "-%c, --%s %s", row->letter, row->name, row->argument ? row->argument : "");
        else
            snprintf(left, sizeof(left), "    --%s %s", row->name, row->argument ? row->argument : "");
        fprintf(out, "  %-29s ", left);
        if (strlen(left) > 29)
            fprintf(out, "\n%32s", "");
        print_wrapped(out, row->help, 32, 100);
    }
}
