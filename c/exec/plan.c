/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/plan.h"

#include <stdatomic.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "exec/plan_read.h"
#include "exec/query.h"
#include "exec/value_copy.h"

void ndb_plan_wrong(struct ndb_plan_reader *reader, const char *what)
{
    if (reader->wrong == NULL)
        reader->wrong = what;
    ndb_reader_fail(&reader->bytes);
}

void ndb_plan_beyond(struct ndb_plan_reader *reader, const char *what)
{
    if (reader->beyond == NULL)
        reader->beyond = what;
    ndb_reader_fail(&reader->bytes);
}

uint32_t ndb_plan_uint(struct ndb_plan_reader *reader)
{
    return (uint32_t)ndb_reader_varint_max(&reader->bytes, UINT32_MAX);
}

uint32_t ndb_plan_slot(struct ndb_plan_reader *reader)
{
    uint32_t slot = ndb_plan_uint(reader);

    if (slot < reader->plan->slot_count)
        return slot;
    ndb_plan_wrong(reader, "a slot beyond the last");
    return 0;
}

uint32_t ndb_plan_name_of(struct ndb_plan_reader *reader,
                          enum namidb_name_kind kind)
{
    uint32_t name = ndb_plan_uint(reader);

    if (name < reader->plan->name_count &&
        reader->plan->names[name].kind == kind)
        return name;
    ndb_plan_wrong(reader, "a name of another kind");
    return 0;
}

bool ndb_plan_flag(struct ndb_plan_reader *reader)
{
    return ndb_reader_varint_max(&reader->bytes, 1) != 0;
}

uint8_t ndb_plan_code(struct ndb_plan_reader *reader, uint32_t count)
{
    uint8_t code = ndb_reader_u8(&reader->bytes);

    if (code < count)
        return code;
    ndb_plan_wrong(reader, "an unknown code");
    return 0;
}

void *ndb_plan_array(struct ndb_plan_reader *reader, uint32_t count,
                     size_t size)
{
    void *data;

    if (reader->bytes.is_failed)
        return NULL;
    if (count > ndb_reader_left(&reader->bytes)) {
        ndb_plan_wrong(reader, "a list longer than its bytes");
        return NULL;
    }
    data = ndb_arena_array(&reader->plan->arena, count, size);
    if (data == NULL) {
        reader->has_no_memory = true;
        ndb_reader_fail(&reader->bytes);
        return NULL;
    }
    memset(data, 0, count * size);
    return data;
}

struct ndb_slice ndb_plan_text(struct ndb_plan_reader *reader)
{
    struct ndb_slice text =
        ndb_reader_bytes(&reader->texts, ndb_plan_uint(reader));

    if (reader->texts.is_failed)
        ndb_plan_wrong(reader, "a text");
    return text;
}

static uint32_t *read_numbers(struct ndb_plan_reader *reader, uint32_t *count,
                              int kind)
{
    uint32_t *items;

    *count = ndb_plan_uint(reader);
    items = ndb_plan_array(reader, *count, sizeof *items);
    if (items == NULL)
        *count = 0;
    for (uint32_t i = 0; i < *count; i++)
        items[i] = kind < 0
                       ? ndb_plan_slot(reader)
                       : ndb_plan_name_of(reader, (enum namidb_name_kind)kind);
    return items;
}

struct ndb_slots ndb_plan_slots(struct ndb_plan_reader *reader)
{
    struct ndb_slots slots;

    slots.items = read_numbers(reader, &slots.count, -1);
    return slots;
}

struct ndb_names ndb_plan_names(struct ndb_plan_reader *reader,
                                enum namidb_name_kind kind)
{
    struct ndb_names names;

    names.items = read_numbers(reader, &names.count, (int)kind);
    return names;
}

static void read_names(struct ndb_plan_reader *reader)
{
    uint32_t count = ndb_plan_uint(reader);
    struct ndb_plan_name *names = ndb_plan_array(reader, count, sizeof *names);

    if (names == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        names[i].kind = (enum namidb_name_kind)ndb_plan_code(
            reader, NAMIDB_NAME_KIND_COUNT);
        names[i].text = ndb_plan_text(reader);
    }
    reader->plan->names = names;
    reader->plan->name_count = count;
}

static void read_params(struct ndb_plan_reader *reader)
{
    uint32_t count = ndb_plan_uint(reader);
    struct ndb_slice *params = ndb_plan_array(reader, count, sizeof *params);

    if (params == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        params[i] = ndb_plan_text(reader);
    reader->plan->params = params;
    reader->plan->param_count = count;
}

static void read_columns(struct ndb_plan_reader *reader)
{
    uint32_t count = ndb_plan_uint(reader);
    struct ndb_plan_column *columns =
        ndb_plan_array(reader, count, sizeof *columns);

    if (columns == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        columns[i].name = ndb_plan_text(reader);
        columns[i].slot = ndb_plan_slot(reader);
    }
    reader->plan->columns = columns;
    reader->plan->column_count = count;
}

/* Copies the input, so that names and texts may stay views. */
static int copy_input(struct ndb_plan_reader *reader, struct ndb_slice bytes,
                      const namidb_value *constants, size_t count)
{
    namidb_arena *arena = &reader->plan->arena;
    namidb_value *copies = ndb_arena_array(arena, count, sizeof *copies);
    void *copy = ndb_arena_copy(arena, bytes.data, bytes.bytes);

    if (copies == NULL || copy == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (ndb_query_value_copy(arena, &constants[i], &copies[i]) < 0)
            return NAMIDB_ENOMEM;
    reader->bytes = ndb_reader(ndb_slice(copy, bytes.bytes));
    reader->constants = copies;
    reader->constant_count = (uint32_t)count;
    return NAMIDB_OK;
}

static int decode(struct ndb_plan_reader *reader, namidb_error *err)
{
    struct ndb_plan *plan = reader->plan;
    uint32_t texts_bytes = ndb_plan_uint(reader);

    reader->texts = ndb_reader(ndb_reader_bytes(&reader->bytes, texts_bytes));
    plan->slot_count = ndb_plan_uint(reader);
    if (plan->slot_count > NDB_PLAN_SLOTS_MAX)
        ndb_plan_beyond(reader, "too many variables and columns");
    read_names(reader);
    read_params(reader);
    read_columns(reader);
    plan->root = ndb_plan_op(reader);
    if (reader->has_no_memory)
        return ndb_fail_memory(err);
    if (reader->beyond != NULL)
        return ndb_fail(err, NAMIDB_ELIMIT, "a statement with %s",
                        reader->beyond);
    if (ndb_reader_is_done(&reader->bytes) &&
        ndb_reader_is_done(&reader->texts))
        return NAMIDB_OK;
    return ndb_fail(err, NAMIDB_EINVAL, "a plan with %s",
                    reader->wrong != NULL     ? reader->wrong
                    : reader->bytes.is_failed ? "too few bytes"
                                              : "too many bytes");
}

int ndb_plan_decode(struct ndb_plan **out, struct ndb_slice bytes,
                    const namidb_value *constants, size_t constant_count,
                    namidb_error *err)
{
    struct ndb_plan_reader reader = { 0 };
    int rc;

    *out = NULL;
    if (bytes.bytes > NDB_PLAN_BYTES_MAX || constant_count > UINT32_MAX)
        return ndb_fail(err, NAMIDB_ELIMIT, "a plan of %zu bytes", bytes.bytes);
    reader.plan = ndb_calloc(1, sizeof *reader.plan);
    if (reader.plan == NULL)
        return ndb_fail_memory(err);
    reader.plan->refs = 1;
    reader.plan->arena = NDB_ARENA_INIT;
    rc = copy_input(&reader, bytes, constants, constant_count);
    rc = rc < 0 ? ndb_fail_memory(err) : decode(&reader, err);
    if (rc < 0)
        ndb_plan_unref(reader.plan);
    else
        *out = reader.plan;
    return rc;
}

struct ndb_plan *ndb_plan_ref(struct ndb_plan *plan)
{
    (void)__atomic_add_fetch(&plan->refs, 1, __ATOMIC_RELAXED);
    return plan;
}

void ndb_plan_unref(struct ndb_plan *plan)
{
    if (plan == NULL ||
        __atomic_sub_fetch(&plan->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    ndb_query_drop_spare(plan);
    ndb_arena_release(&plan->arena);
    ndb_free(plan);
}
