/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of separated text, and of JSON, in columns of every kind. */
#include "fuzz/fuzz.h"

#include "exec/line_cells.h"

static uint64_t seen; /* so that nothing is optimised away */

static void read_cells(const namidb_value *cells, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0;
             cells[i].kind == NAMIDB_STRING && k < cells[i].size; k++)
            seen += (uint8_t)cells[i].as.bytes[k];
}

/* Reads lines as long as they are plain. */
static void read_lines(const struct ndb_line_format *format, const char *at,
                       const char *end)
{
    namidb_arena texts = NDB_ARENA_INIT;

    while (at != NULL) {
        namidb_value cells[4];

        at = format->separator == '\0'
                 ? ndb_json_line_parse(format, at, end, &texts, cells)
                 : ndb_line_parse(format, at, end, &texts, cells);
        if (at != NULL)
            read_cells(cells, format->column_count);
    }
    ndb_arena_release(&texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const namidb_lines_column COLUMNS[] = {
        { .kind = NAMIDB_STRING, .member = "a", .member_bytes = 1 },
        { .kind = NAMIDB_INT, .member = "b", .member_bytes = 1 },
        { .kind = NAMIDB_FLOAT, .member = "c", .member_bytes = 1 },
        { .kind = NAMIDB_BOOL, .member = "d", .member_bytes = 1 },
    };
    uint8_t *copy = fuzz_copy(data, size, 0, 0);
    struct ndb_line_format format = { ',', false, COLUMNS, 4 };

    if (size != 0)
        format.column_count = 1 + data[0] % 4u;
    read_lines(&format, (const char *)copy, (const char *)copy + size);
    format.separator = '\0';
    read_lines(&format, (const char *)copy, (const char *)copy + size);
    free(copy);
    return 0;
}
