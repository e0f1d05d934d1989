#include <stdio.h>
#include <string.h>

#include "scanner/audit.h"
#include "scanner/command.h"

/* Policies that would be asked for; how many. */
static size_t print_policies(const struct facts *facts)
{
    const struct policy_fetch *fetch;
    size_t                     i, count = 0;

    for (i = 0; (fetch = facts_fetch_at(facts, i)) != NULL; i++)
        if (!fetch_was_left_out(fetch)) {
            printf("https://mta-sts.%s/.well-known/mta-sts.txt\n", fetch->domain);
            count++;
        }
    return count;
}

/* What a real run would contact, and how often. */
static int print_plan(const struct audit *audit)
{
    const struct conversation *conversation;
    char                       address[ADDRESS_TEXT_MAX];
    size_t                     i, addresses = 0, policies;

    for (i = 0; (conversation = facts_conversation_at(audit->facts, i)) != NULL; i++) {
        if (conversation->ending == ENDING_EXCLUDED || conversation->ending == ENDING_NOT_ALLOWED)
            continue;
        address_to_text(&conversation->profile->address, address);
        printf("%s port %u%s%s\n", address, conversation->profile->port,
               conversation->profile->sni != NULL ? " SNI " : "",
               conversation->profile->sni != NULL ? conversation->profile->sni : "");
        addresses++;
    }
    policies = print_policies(audit->facts);
    printf("destinations: %zu, questions to the resolver: %zu, conversations: %zu", audit->destinations.count,
           audit->outcome.questions, addresses);
    if (policies > 0)
        printf(", policies: %zu (each may lead to one more conversation with each mail host)", policies);
    putchar('\n');
    return 0;
}

static bool run_with_proposed(struct audit *audit, struct error *err)
{
    audit_add_proposed_destinations(audit);
    return audit_run(audit, err);
}

static bool scan(struct audit *audit, struct error *err)
{
    return audit_open_history(audit, err) && audit_open_journal(audit, err) &&
           audit_open_outputs(audit, !audit->options->dry_run, err) &&
           audit_read_mail(audit, err) &&
           destinations_collect(audit->region, &audit->destinations, audit->config, audit->options, audit->mail,
                                &audit->report.findings, err) &&
           run_with_proposed(audit, err) && audit_record(audit, err);
}

int cmd_scan(struct region *region, const struct options *options)
{
    struct audit audit;
    struct error err;
    int          status;

    if (!audit_init(&audit, region, options, &err))
        return command_fail(&err);
    if (!scan(&audit, &err) || (!options->dry_run && !audit_write(&audit, &err)))
        status = command_fail(&err);
    else
        status = options->dry_run ? print_plan(&audit) : audit_status(&audit);
    audit_clear(&audit);
    return status;
}
