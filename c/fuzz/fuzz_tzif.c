/* SPDX-License-Identifier: Apache-2.0 */
/* Zones: what decodes has ascending times, and an offset for every moment; a
 * zone that stands for another is one of the table's. */
#include "fuzz/fuzz.h"

#include "format/tzif.h"
#include "format/zone_tab.h"

/* The first and the last second of the calendar, and moments in between. */
static const int64_t MOMENTS[] = {
    INT64_C(-31557014167219200),
    INT64_C(-2208988800),
    -1,
    0,
    INT64_C(951782400),
    INT64_C(1711846800),
    INT64_C(4102444800),
    INT64_C(31556889864403199),
};

static void ask(const struct ndb_tzif *tzif)
{
    for (size_t i = 0; i < sizeof MOMENTS / sizeof *MOMENTS; i++)
        (void)ndb_tzif_offset(tzif, MOMENTS[i]);
    for (uint32_t i = 0; i < tzif->count; i++) {
        FUZZ_CHECK(i == 0 || tzif->times[i - 1] < tzif->times[i]);
        if (i + 1 < tzif->count || !tzif->has_rule)
            FUZZ_CHECK(ndb_tzif_offset(tzif, tzif->times[i]) ==
                       tzif->offsets[i]);
    }
}

static void try_rule(struct ndb_slice text)
{
    struct ndb_tz_rule rule;

    if (ndb_tz_rule_parse(text, &rule) < 0)
        return;
    for (size_t i = 0; i < sizeof MOMENTS / sizeof *MOMENTS; i++) {
        int32_t offset = ndb_tz_rule_offset(&rule, MOMENTS[i]);

        FUZZ_CHECK(offset == rule.standard ||
                   (rule.has_summer && offset == rule.summer));
    }
}

/* What comes before the next zero byte. */
static struct ndb_slice next_text(const uint8_t **data, size_t *size)
{
    const uint8_t *begin = *data;
    size_t bytes = 0;

    while (bytes < *size && begin[bytes] != 0)
        bytes++;
    *data += bytes < *size ? bytes + 1 : bytes;
    *size -= bytes < *size ? bytes + 1 : bytes;
    return ndb_slice(begin, bytes);
}

static void try_tables(const uint8_t *data, size_t size)
{
    struct ndb_slice name = next_text(&data, &size);
    struct ndb_slice zone = next_text(&data, &size);
    struct ndb_slice zone1970 = next_text(&data, &size);
    struct ndb_slice kept;

    if (ndb_zone_tab_find(zone, zone1970, name, &kept) == NAMIDB_OK) {
        FUZZ_CHECK(kept.data >= zone1970.data && kept.bytes != 0);
        FUZZ_CHECK(kept.data + kept.bytes <= zone1970.data + zone1970.bytes);
        FUZZ_CHECK(!ndb_slice_equal(kept, name));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ndb_tzif tzif;

    if (size == 0)
        return 0;
    if (data[0] & 2) {
        try_tables(data + 1, size - 1);
        return 0;
    }
    if (data[0] & 1) {
        try_rule(ndb_slice(data + 1, size - 1));
        return 0;
    }
    if (ndb_tzif_decode(ndb_slice(data + 1, size - 1), &tzif) >= 0)
        ask(&tzif);
    else
        FUZZ_CHECK(tzif.count == 0 && tzif.times == NULL);
    ndb_tzif_release(&tzif);
    return 0;
}
