#include "scanner/load.h"
#include "scanner/run_impl.h"

/* Answers what this machine's own configuration can tell; true when that was anything. */
static bool answer_offline(struct run *run, bool ask_tables)
{
    size_t side;
    bool   any = false;

    run_move_table_wants(run);
    for (side = 0; side < run->request->side_count; side++) {
        struct config *config = run->request->sides[side].config;
        struct wants  *tables = run->tables[side];

        any |= wants_file_at(tables, 0) != NULL || (ask_tables && wants_table_at(tables, 0) != NULL);
        run_read_files(config, tables);
        if (ask_tables)
            load_table_answers(config, tables, run->facts);
        wants_clear(tables);
    }
    return any;
}

static void judge_offline(struct run *run, size_t index, bool ask_tables)
{
    do
        run_judge(run, index, false);
    while (answer_offline(run, ask_tables) && ++run->jobs[index].rounds < RUN_ROUNDS_MAX);
    run_judge(run, index, true);
    run_job_finish(run, index);
}

void run_offline(struct region *region, const struct run_request *request, struct facts *facts, bool ask_tables,
                 struct run_outcome *outcome)
{
    struct run run;
    size_t     i;

    run_init(&run, region, request, facts, outcome);
    for (i = 0; i < run.count; i++)
        judge_offline(&run, i, ask_tables);
    run_clear(&run);
}
