#include "scanner/config/master_cf.h"

#include <assert.h>
#include <string.h>

#include "scanner/base/buf.h"
#include "tests/config/postconf.h"
#include "tests/lib/check.h"

/* The overrides of the first service, as "name=value|name=value". */
static const struct {
    const char *text, *program, *overrides;
} good[] = {
    { "s unix - - y - - smtp", "smtp", "" },
    { "s unix - - n 300? 1 qmgr", "qmgr", "" },
    { "s inet n - - 60 - smtpd", "smtpd", "" },
    { "s unix-dgram n - n - 1 postlogd", "postlogd", "" },
    { "s unix - - - - 0 smtp", "smtp", "" },
    { "s unix - - n - - /usr/lib/postfix/sbin/lmtp", "lmtp", "" },
    { "s unix - - n - - smtp -o a=b", "smtp", "a=b" },
    { "s unix - - n - - smtp -oa=b -v -o c=", "smtp", "a=b|c=" },
    { "s unix - - n - - smtp -vvo a=b -D -c -o c=d", "smtp", "a=b|c=d" },
    { "s unix - - n - - smtp\n -o a=b\n# c\n -o c=d", "smtp", "a=b|c=d" },
    { "s unix - - n - - smtp -o { a = b c }", "smtp", "a=b c" },
    { "s unix - - n - - smtp -o {a=b c} -o d=e", "smtp", "a=b c|d=e" },
    { "s unix - - n - - smtp {-o} {a=b}", "smtp", "a=b" },
    { "s unix - - n - - smtp {-o a = b }", "smtp", "a=b" },
    { "s unix - - n - - smtp -o a={b c}", "smtp", "a={b c}" },
    { "s unix - - n - - smtp -o a=b -o a=c", "smtp", "a=b|a=c" },
    { "s unix - - n - - smtp -o {a = {b} {c}}", "smtp", "a={b} {c}" },
    { "s unix - - n - - smtp -m 5 -i 3s -o a=b", "smtp", "max_use=5|max_idle=3s|a=b" },
    { "s unix - - n - - smtp -o a = b", "smtp", "!" },
    { "s unix - - n - - smtp -o a", "smtp", "!" },
    { "s unix - - n - - smtp -o =a", "smtp", "!" },
    { "s unix - - n - - smtp -o", "smtp", "!" },
    { "s unix - - n - - smtp -o {a b = c}", "smtp", "!" },
    { "s unix - - n - - smtp -x", "smtp", "!" },
    { "s unix - - n - - smtp x -o a=b", "smtp", "!" },
    { "s unix - - n - - smtp -- -o a=b", "smtp", "!" },
    { "s unix - - n - - smtp -o a=b -- flags=DORX", "smtp", "a=b" },
    { "s unix - - n - - lmtp -o a=b flags=X FLAGS=", "lmtp", "a=b" },
    { "s unix - - n - - lmtp flags=Fq", "lmtp", "!" },
    { "s unix - - n - - smtp -", "smtp", "!" },
    { "s unix - - n - - smtp -o a=b {}", "smtp", "!" },
    { "s unix - - n - - smtp -o {}", "smtp", "!" },
    { "s unix - n n - - pipe\n  flags=R user=x argv=/bin/cat -o ${nexthop}", "pipe", "" },
    { "s unix - n n - - pipe -x y", "pipe", "" },
};

/* accepted: postconf takes it, master(8) does not. */
static const struct {
    const char *text;
    int line;
    const char *message;
    bool accepted;
} bad[] = {
    { "s unix - - y - -", 1, "command", false },
    { "s", 1, "type", false },
    { "s foo - - y - - smtp", 1, "\"foo\"", false },
    { "s - - - y - - smtp", 1, "type", false },
    { "s UNIX - - y - - smtp", 1, "\"UNIX\"", false },
    { "# c\ns unix x - y - - smtp", 2, "private", false },
    { "s unix - yes y - - smtp", 1, "unprivileged", false },
    { "s unix - - maybe - - smtp", 1, "chroot", false },
    { "s unix - - Y - - smtp", 1, "chroot", false },
    { "s unix - - y x - smtp", 1, "wakeup", false },
    { "s unix - - y 5x? - smtp", 1, "wakeup", false },
    { "s unix - - y -1 - smtp", 1, "wakeup", false },
    { "s unix - - y - abc smtp", 1, "process limit", false },
    { "s unix - - y - 5? smtp", 1, "process limit", false },
    { "s unix - - y ? - smtp", 1, "wakeup", true },
    { "s unix - - y - - -", 1, "command", true },
    { "s inet - - y - - smtpd", 1, "private", true },
    { "s inet y - y - - smtpd", 1, "private", true },
    { "s unix - - y - - smtp -o {a = b", 1, "{a = b", true },
    { "s unix - - y - - smtp -o {a = b}c", 1, "}c", true },
    { "t unix - - y - - smtp\ns unix - - y\n", 2, "bad field count", false },
    { "[section]", 1, "type", false },
};

static const char main_cf[] = "compatibility_level = 3.6\n";

static void compare_with_postconf(void)
{
    enum { GOOD = sizeof(good) / sizeof(good[0]), BAD = sizeof(bad) / sizeof(bad[0]) };
    const char *main_cfs[GOOD + BAD], *master_cfs[GOOD + BAD];
    bool refused[GOOD + BAD];

    static_assert(GOOD + BAD <= POSTCONF_BATCH_MAX, "too many rows for one batch");
    for (size_t i = 0; i < GOOD + BAD; i++) {
        main_cfs[i] = main_cf;
        master_cfs[i] = i < GOOD ? good[i].text : bad[i - GOOD].text;
    }
    postconf_refusals(main_cfs, master_cfs, GOOD + BAD, "-M", refused);
    for (size_t i = 0; i < GOOD + BAD; i++)
        is_int(refused[i], i >= GOOD && !bad[i - GOOD].accepted, "whether postconf refuses \"%s\"", master_cfs[i]);
}

static void overrides_text(const struct master_service *s, struct buf *out)
{
    for (size_t i = 0; i < s->override_count; i++)
        buf_printf(out, "%s%s=%s", i > 0 ? "|" : "", s->overrides[i].name, s->overrides[i].value);
}

static void test_good(void)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct region *region = region_new();
        struct error err = { .status = 0 };
        struct master_cf *cf = master_cf_parse(region, "master.cf", slice_of(good[i].text), &err);
        bool refused = strcmp(good[i].overrides, "!") == 0;
        struct buf text;

        buf_init(&text, 4096);
        if (check_ok(cf != NULL && cf->service_count == 1, "\"%s\" is a service %s", good[i].text, err.text)) {
            overrides_text(&cf->services[0], &text);
            is_text(cf->services[0].name, "s", "its name");
            is_text(cf->services[0].program, good[i].program, "its program");
            is_int(cf->services[0].option_error != NULL, refused, "whether its options stop it");
            if (!refused)
                is_text(buf_text(&text), good[i].overrides, "its overrides");
        }
        buf_clear(&text);
        region_free(region);
    }
}

static void test_bad(void)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct region *region = region_new();
        struct error err = { .status = 0 };

        check_ok(master_cf_parse(region, "/etc/postfix/master.cf", slice_of(bad[i].text), &err) == NULL,
                 "\"%s\" is refused", bad[i].text);
        check_ok(strstr(err.text, bad[i].message) != NULL, "says \"%s\": %s", bad[i].message, err.text);
        is_int(err.line, bad[i].line, "the line");
        is_int(err.status, 78, "the status");
        is_text(err.file, "/etc/postfix/master.cf", "the file");
        check_ok(err.fix[0] != '\0', "a remedy is given");
        region_free(region);
    }
}

static void test_transport(void)
{
    static const char text[] = "smtp inet n - n - - smtpd\n"
                               "smtp unix - - y - - smtp\n"
                               "relay unix - - n - - smtp -o a=1\n"
                               "relay unix - - - - - smtp -o a=2\n"
                               "public unix n - n - - smtp\n"
                               "pipe fifo - - n - - pipe\n"
                               "  not a service\n"
                               "cf pass - - n - - smtpd\n";
    struct region *region = region_new();
    struct master_cf *cf = master_cf_parse(region, "master.cf", slice_of(text), NULL);

    is_text(master_cf_transport(cf, "smtp")->program, "smtp", "the unix service, not the inet one");
    is_int(master_cf_transport(cf, "smtp")->chroot, 'y', "its chroot field");
    is_int(master_cf_transport(cf, "smtp")->line, 2, "its line");
    is_text(master_cf_transport(cf, "relay")->overrides[0].value, "2", "of two services with one name the last");
    is_int(master_cf_transport(cf, "relay")->chroot, '-', "its chroot field as written");
    check_ok(master_cf_transport(cf, "public") == NULL, "the queue manager does not reach a public service");
    check_ok(master_cf_transport(cf, "cf") == NULL, "a pass service is no transport");
    check_ok(master_cf_transport(cf, "none") == NULL, "a service that is not there");
    region_free(region);
}

int main(void)
{
    struct version installed;

    test_good();
    test_bad();
    test_transport();
    if (postconf_installed(&installed))
        compare_with_postconf();
    else
        check_skip("postconf is not installed: nothing to compare with");
    return check_done();
}
