/* Two looks at a destination: worse, better, other, same; and two lists of them. */
#include "reports/compare.h"
#include "tests/lib/check.h"

/* verdict, reason, level, level in force, TLS word, hosts */
#define SENT(level, in_force, tls, hosts) { "x", VERDICT_DELIVER, "delivered", "2.0.0", tls, level, in_force, hosts, NULL, "", NULL }
#define BAD(verdict, reason, hosts) { "x", verdict, reason, "4.7.5", "none", "secure", "secure", hosts, NULL, "", NULL }

/* A deliver whose domain publishes that: states of DANE, MTA-STS, TLS reporting, the id and the policy. */
#define PUBLISHED(...) { "x", VERDICT_DELIVER, "delivered", "2.0.0", "trusted", "may", "may", "a", NULL, "", \
                         &(const struct standing_published){ __VA_ARGS__ } }

static const struct {
    const char      *name;
    struct standing  before, after;
    enum change_kind kind;
} rows[] = {
    { "nothing", SENT("may", "may", "trusted", "a"), SENT("may", "may", "trusted", "a"), CHANGE_SAME },
    { "another level", SENT("may", "may", "trusted", "a"), SENT("encrypt", "encrypt", "trusted", "a"), CHANGE_OTHER },
    { "another level in force", SENT("dane", "may", "trusted", "a"), SENT("dane", "dane", "trusted", "a"), CHANGE_OTHER },
    { "another TLS word", SENT("may", "may", "trusted", "a"), SENT("may", "may", "untrusted", "a"), CHANGE_OTHER },
    { "other hosts", SENT("may", "may", "trusted", "a"), SENT("may", "may", "trusted", "a b"), CHANGE_OTHER },
    { "deliver to downgrade", SENT("may", "may", "trusted", "a"), BAD(VERDICT_DOWNGRADE, "delivered-in-clear", "a"),
      CHANGE_WORSE },
    { "deliver to unknown", SENT("may", "may", "trusted", "a"), BAD(VERDICT_UNKNOWN, "probe-cut-short", "a"), CHANGE_WORSE },
    { "unknown to downgrade", BAD(VERDICT_UNKNOWN, "probe-cut-short", "a"), BAD(VERDICT_DOWNGRADE, "delivered-in-clear", "a"),
      CHANGE_WORSE },
    { "downgrade to defer", BAD(VERDICT_DOWNGRADE, "delivered-in-clear", "a"), BAD(VERDICT_DEFER, "starttls-not-offered", "a"),
      CHANGE_WORSE },
    { "defer to bounce", BAD(VERDICT_DEFER, "dns-lookup-failed", ""), BAD(VERDICT_BOUNCE, "no-such-domain", ""),
      CHANGE_WORSE },
    { "bounce to defer", BAD(VERDICT_BOUNCE, "no-such-domain", ""), BAD(VERDICT_DEFER, "dns-lookup-failed", ""),
      CHANGE_BETTER },
    { "defer to deliver", BAD(VERDICT_DEFER, "tlsa-mismatch", "a"), SENT("may", "may", "trusted", "a"), CHANGE_BETTER },
    { "unknown to deliver", BAD(VERDICT_UNKNOWN, "probe-cut-short", "a"), SENT("may", "may", "trusted", "a"), CHANGE_BETTER },
    { "defer to unknown is not better", BAD(VERDICT_DEFER, "tlsa-mismatch", "a"), BAD(VERDICT_UNKNOWN, "not-observed", "a"),
      CHANGE_OTHER },
    { "another fault", BAD(VERDICT_DEFER, "tlsa-mismatch", "a"), BAD(VERDICT_DEFER, "tlsa-lookup-failed", "a"),
      CHANGE_OTHER },
    { "a host that is away, otherwise", BAD(VERDICT_DEFER, "connect-refused", "a"), BAD(VERDICT_DEFER, "connect-timeout", "a"),
      CHANGE_SAME },
    { "a host that is away, then a fault", BAD(VERDICT_DEFER, "connect-refused", "a"), BAD(VERDICT_DEFER, "tlsa-mismatch", "a"),
      CHANGE_OTHER },
    { "unknown, and no hosts this time", BAD(VERDICT_UNKNOWN, "resolver-unavailable", "a"),
      BAD(VERDICT_UNKNOWN, "resolver-unavailable", ""), CHANGE_SAME },
    { "published alike", PUBLISHED("all", "enforce", "none", "1", "mode enforce"),
      PUBLISHED("all", "enforce", "none", "1", "mode enforce"), CHANGE_SAME },
    { "another mode", PUBLISHED("all", "testing", "none", "1", "mode testing"),
      PUBLISHED("all", "enforce", "none", "2", "mode enforce"), CHANGE_OTHER },
    { "no TLSA records now", PUBLISHED("all", NULL, NULL, NULL, NULL), PUBLISHED("none", NULL, NULL, NULL, NULL), CHANGE_OTHER },
    { "another policy", PUBLISHED("all", "enforce", "none", "1", "mx a"), PUBLISHED("all", "enforce", "none", "1", "mx b"),
      CHANGE_OTHER },
    { "another id alone", PUBLISHED("all", "enforce", "none", "1", "mx a"), PUBLISHED("all", "enforce", "none", "2", "mx a"),
      CHANGE_SAME },
    { "reports are wanted", PUBLISHED("all", NULL, "none", NULL, NULL), PUBLISHED("all", NULL, "valid", NULL, NULL), CHANGE_OTHER },
    { "not known this time", PUBLISHED("all", "enforce", "none", "1", "mx a"), PUBLISHED(NULL, NULL, NULL, "1", NULL),
      CHANGE_SAME },
    { "not asked this time", PUBLISHED("all", "enforce", "none", "1", "mx a"), SENT("may", "may", "trusted", "a"), CHANGE_SAME },
};

/* And what of it is told. */
static const struct {
    struct standing_published before, after;
    const char               *text;
} differences[] = {
    { { "all", "testing", "none", "1", "mx a" }, { "none", "enforce", "valid", "2", "mx b" },
      "DANE all -> none, MTA-STS testing -> enforce, TLS reporting none -> valid, MTA-STS policy changed" },
    { { NULL, "enforce", NULL, "1", "mx a" }, { "all", "enforce", NULL, "1", "mx b" }, "MTA-STS policy changed under the same id" },
    { { NULL, "enforce", NULL, "1", "mx a" }, { NULL, "enforce", NULL, "2", "mx a" }, "MTA-STS id 1 -> 2 with the same policy" },
    { { "some", "enforce", NULL, "1", "mx a" }, { "some", NULL, "none", NULL, NULL }, "" },
};

static void test_published(void)
{
    struct region *region = region_new();
    size_t         i;

    for (i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
        struct standing before = { .reason = "delivered", .published = &differences[i].before };
        struct standing after = { .reason = "delivered", .published = &differences[i].after };

        is_text(standing_difference(region, &before, &after), differences[i].text, "what is told: %s", differences[i].text);
    }
    region_free(region);
}

static struct standing named(const char *name, enum verdict verdict)
{
    return (struct standing){ name, verdict, "delivered", NULL, NULL, NULL, NULL, "", NULL, "", NULL };
}

/* Kinds and names in their order: "worse b, other d, appeared e, vanished a". */
static const char *told(struct region *region, const struct changes *changes)
{
    const char *text = "";
    size_t      i;

    for (i = 0; i < changes->count; i++) {
        const struct change *change = &changes->items[i];

        text = region_printf(region, "%s%s%s %s", text, i > 0 ? ", " : "", change_word(change->kind),
                             change->after != NULL ? change->after->destination : change->before->destination);
    }
    return text;
}

static void test_lists(void)
{
    struct region  *region = region_new();
    struct standing before[] = { named("gone", VERDICT_DEFER), named("bad", VERDICT_DEFER), named("good", VERDICT_DELIVER),
                                 named("same", VERDICT_DELIVER), named("left", VERDICT_DELIVER) };
    struct standing after[] = { named("new", VERDICT_BOUNCE), named("same", VERDICT_DELIVER), named("good", VERDICT_DOWNGRADE),
                                named("bad", VERDICT_DELIVER), named("good", VERDICT_BOUNCE) };
    size_t          counts[VERDICT_UNKNOWN + 1];
    struct changes  changes;

    changes_find(&changes, region, before, 5, after, 5);
    is_text(told(region, &changes), "worse good, better bad, appeared new, vanished gone, vanished left",
            "by kind, then as given; a name that comes twice counts once");
    is_int(changes.by_kind[CHANGE_SAME], 1, "what is the same is counted");
    changes_count_verdicts(&changes, counts);
    is_int(counts[VERDICT_DOWNGRADE], 1, "the new verdict of what turned worse");
    is_int(counts[VERDICT_BOUNCE], 0, "what appeared did not turn worse");
    changes_find(&changes, region, NULL, 0, NULL, 0);
    is_int(changes.count, 0, "nothing and nothing");
    region_free(region);
}

static void test_difference(void)
{
    struct region  *region = region_new();
    struct standing a = SENT("dane", "may", "trusted", "mx.old"), b = SENT("dane", "dane", "verified", "mx.new");
    struct standing c = SENT("dane", "dane", NULL, "");

    is_text(standing_difference(region, &a, &b),
            "level in force may -> dane, TLS trusted -> verified, hosts mx.old -> mx.new", "what differs, in words");
    is_text(standing_difference(region, &b, &c), "TLS verified -> none, hosts mx.new -> none", "what is not known is none");
    c.level = NULL;
    is_text(standing_difference(region, &b, &c), "level dane -> undecided, TLS verified -> none, hosts mx.new -> none",
            "but none is a level: where there is none, that is told in another word");
    is_text(standing_difference(region, &a, &a), "", "nothing differs");
    is_text(standing_level(region, &a), "may (dane)", "another level in force than was asked for");
    is_text(standing_level(region, &b), "dane", "the level that was asked for");
    c.effective_level = NULL;
    is_text(standing_level(region, &c), "-", "no level");
    c.reason = "policy-invalid";
    is_text(standing_level(region, &c), "invalid", "a policy that Postfix rejects");
    is_text(standing_difference(region, &b, &c),
            "reason delivered -> policy-invalid, level dane -> invalid, level in force dane -> undecided, TLS verified -> none, "
            "hosts mx.new -> none", "what differs then");
    region_free(region);
}

int main(void)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        is_text(change_word(standing_compare(&rows[i].before, &rows[i].after)), change_word(rows[i].kind), "%s", rows[i].name);
    test_lists();
    test_difference();
    test_published();
    return check_done();
}
