/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "exec/op.h"
#include "sys/clock.h"

int ndb_run_no_memory(struct ndb_run *run)
{
    if (run->budget.is_too_deep)
        return ndb_raise(run->err, NDB_FAULT_TOO_LARGE,
                         "a value is nested deeper than %u",
                         NDB_VALUE_DEPTH_MAX);
    if (!run->budget.was_exceeded)
        return ndb_fail_memory(run->err);
    return ndb_raise(run->err, NDB_FAULT_MEMORY,
                     "the query needs more than its %zu bytes of memory "
                     "(max_memory)",
                     run->budget.bytes_max);
}

int ndb_run_absent(struct ndb_run *run, const char *what)
{
    if (run->are_there)
        return ndb_fail(run->err, NAMIDB_ECORRUPT,
                        "a %s that an index or a list names is not there",
                        what);
    return ndb_raise(run->err, NDB_FAULT_DELETED,
                     "the %s was deleted: it has no properties and no labels",
                     what);
}

static int check_canceled(struct ndb_run *run)
{
    if (run->is_canceled != NULL &&
        __atomic_load_n(run->is_canceled, __ATOMIC_RELAXED))
        return ndb_fail(run->err, NAMIDB_ECANCELED, "the query was canceled");
    return NAMIDB_OK;
}

static int check_clock(struct ndb_run *run)
{
    if (ndb_clock_ns() > run->deadline_ns)
        return ndb_fail(run->err, NAMIDB_ETIMEOUT,
                        "the query took longer than its timeout");
    return NAMIDB_OK;
}

int ndb_run_look_up(struct ndb_run *run)
{
    int rc = check_canceled(run);

    run->work = 0;
    return rc < 0 ? rc : check_clock(run);
}

void *ndb_run_keep(struct ndb_run *run, uint32_t place, size_t bytes,
                   void (*forget)(void *kept))
{
    void *kept = run->kept[place];

    if (kept != NULL)
        return kept;
    kept = ndb_arena_alloc(&run->arena, bytes);
    if (kept == NULL)
        return NULL;
    memset(kept, 0, bytes);
    run->kept[place] = kept;
    run->forget[place] = forget;
    return kept;
}

uint32_t ndb_run_number(struct ndb_run *run, uint32_t name)
{
    const struct ndb_plan_name *wanted = &run->plan->names[name];

    if (run->numbers[name] == 0)
        run->numbers[name] =
            ndb_dict_find(run->snapshot.view->dict, wanted->kind, wanted->text);
    return run->numbers[name];
}

int ndb_run_make_number(struct ndb_run *run, uint32_t name, uint32_t *number)
{
    const struct ndb_plan_name *wanted = &run->plan->names[name];

    *number = ndb_run_number(run, name);
    if (*number != 0)
        return NAMIDB_OK;
    return ndb_dict_add(run->snapshot.view->dict, wanted->kind, wanted->text,
                        number, run->err);
}
