/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of separated text, in columns of every kind. */
#include "fuzz/fuzz.h"

#include "exec/line_cells.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const namidb_lines_column COLUMNS[] = {
        { .kind = NAMIDB_STRING },
        { .kind = NAMIDB_INT },
        { .kind = NAMIDB_FLOAT },
        { .kind = NAMIDB_BOOL },
    };
    namidb_arena texts = NDB_ARENA_INIT;
    uint8_t *copy = fuzz_copy(data, size, 0, 0);
    const char *at = (const char *)copy, *end = at + size;
    struct ndb_line_format format = { ',', COLUMNS, 4 };
    static uint64_t seen;

    if (size != 0)
        format.column_count = 1 + data[0] % 4u;
    while (at != NULL) {
        namidb_value cells[4];
        const char *next = ndb_line_parse(&format, at, end, &texts, cells);

        for (uint32_t i = 0; next != NULL && i < format.column_count; i++)
            for (uint32_t k = 0;
                 cells[i].kind == NAMIDB_STRING && k < cells[i].size; k++)
                seen += (uint8_t)cells[i].as.bytes[k];
        at = next;
    }
    ndb_arena_release(&texts);
    free(copy);
    return 0;
}
