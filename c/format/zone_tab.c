/* SPDX-License-Identifier: Apache-2.0 */
#include "format/zone_tab.h"

struct line {
    struct ndb_slice countries, zone;
};

/* What stands before `stop`, or all of it; *text is what follows. */
static struct ndb_slice cut(struct ndb_slice *text, char stop)
{
    const uint8_t *end =
        text->bytes != 0 ? memchr(text->data, stop, text->bytes) : NULL;
    size_t bytes = end != NULL ? (size_t)(end - text->data) : text->bytes;
    struct ndb_slice head = ndb_slice(text->data, bytes);

    if (end != NULL)
        bytes++;
    *text = ndb_slice(text->data + bytes, text->bytes - bytes);
    return head;
}

/* The next line with a zone; false: there is none. */
static bool next_line(struct ndb_slice *table, struct line *line)
{
    while (table->bytes != 0) {
        struct ndb_slice text = cut(table, '\n');

        line->countries = cut(&text, '\t');
        (void)cut(&text, '\t');
        line->zone = cut(&text, '\t');
        if (line->zone.bytes != 0 && line->countries.data[0] != '#')
            return true;
    }
    return false;
}

static bool has_country(struct ndb_slice countries, struct ndb_slice country)
{
    while (countries.bytes != 0)
        if (ndb_slice_equal(cut(&countries, ','), country))
            return true;
    return false;
}

static struct ndb_slice country_of(struct ndb_slice table,
                                   struct ndb_slice name)
{
    struct line line;

    while (next_line(&table, &line))
        if (ndb_slice_equal(line.zone, name))
            return line.countries;
    return ndb_slice(NULL, 0);
}

int ndb_zone_tab_find(struct ndb_slice zone, struct ndb_slice zone1970,
                      struct ndb_slice name, struct ndb_slice *out)
{
    struct ndb_slice country = country_of(zone, name);
    unsigned count = 0;
    struct line line;

    if (country.bytes == 0)
        return NAMIDB_NONE;
    while (next_line(&zone1970, &line)) {
        if (ndb_slice_equal(line.zone, name))
            return NAMIDB_NONE;
        if (has_country(line.countries, country)) {
            *out = line.zone;
            count++;
        }
    }
    return count == 1 ? NAMIDB_OK : NAMIDB_NONE;
}
