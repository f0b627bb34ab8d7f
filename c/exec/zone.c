/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/zone.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "format/tzif.h"
#include "format/value.h"
#include "format/zone_tab.h"

enum { NAME_BYTES_MAX = 64 };

struct ndb_zone {
    struct ndb_zone *next;
    char name[NAME_BYTES_MAX + 1];
    size_t name_bytes;
    struct ndb_tzif data;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ndb_zone *zones; /* under the lock; never freed */

/* Letters, digits, _ - + and single slashes between: no way out of the folder.
 */
static bool is_name(struct ndb_slice name)
{
    char before = '/';

    if (name.bytes == 0 || name.bytes > NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.bytes; i++) {
        char at = (char)name.data[i];
        bool is_plain = (at >= 'a' && at <= 'z') || (at >= 'A' && at <= 'Z') ||
                        (at >= '0' && at <= '9') || at == '_' || at == '-' ||
                        at == '+';

        if (!is_plain && (at != '/' || before == '/'))
            return false;
        before = at;
    }
    return before != '/';
}

/* Appends a file of the tz database to an empty buffer. NAMIDB_NONE: there is
 * no such file. */
static int read_file(const char *name, size_t name_bytes, size_t bytes_max,
                     struct ndb_buf *out)
{
    const char *folder = getenv("TZDIR");
    char path[1024];
    FILE *file;
    int rc = ndb_buf_reserve(out, bytes_max);

    if (rc < 0)
        return rc;
    (void)snprintf(path, sizeof path, "%.900s/%.*s",
                   folder != NULL ? folder : "/usr/share/zoneinfo",
                   (int)name_bytes, name);
    file = fopen(path, "rbe");
    if (file == NULL)
        return NAMIDB_NONE;
    out->bytes = fread(out->data, 1, bytes_max, file);
    (void)fclose(file);
    return NAMIDB_OK;
}

static int read_data(struct ndb_zone *zone, struct ndb_slice name)
{
    struct ndb_buf data = NDB_BUF_INIT(NDB_TZIF_BYTES_MAX);
    int rc = read_file((const char *)name.data, name.bytes, NDB_TZIF_BYTES_MAX,
                       &data);

    if (rc == NAMIDB_OK)
        rc = ndb_tzif_decode(ndb_buf_slice(&data), &zone->data);
    ndb_buf_release(&data);
    return rc;
}

/* So that a time means the same wherever the database was packaged, a zone has
 * the data of the one that upstream keeps in its place. */
static int read_zone(struct ndb_zone *zone)
{
    static const char ZONE[] = "zone.tab", ZONE1970[] = "zone1970.tab";
    struct ndb_slice own = ndb_slice(zone->name, zone->name_bytes), kept = own;
    struct ndb_buf tab = NDB_BUF_INIT(NDB_ZONE_TAB_BYTES_MAX);
    struct ndb_buf tab1970 = NDB_BUF_INIT(NDB_ZONE_TAB_BYTES_MAX);
    int rc = read_file(ZONE, sizeof ZONE - 1, NDB_ZONE_TAB_BYTES_MAX, &tab);

    if (rc == NAMIDB_OK)
        rc = read_file(ZONE1970, sizeof ZONE1970 - 1, NDB_ZONE_TAB_BYTES_MAX,
                       &tab1970);
    if (rc == NAMIDB_OK)
        rc = ndb_zone_tab_find(ndb_buf_slice(&tab), ndb_buf_slice(&tab1970),
                               own, &kept);
    if (rc == NAMIDB_OK && is_name(kept))
        rc = read_data(zone, kept);
    else if (rc == NAMIDB_OK)
        rc = NAMIDB_NONE;
    if (rc == NAMIDB_NONE)
        rc = read_data(zone, own);
    ndb_buf_release(&tab);
    ndb_buf_release(&tab1970);
    return rc;
}

static struct ndb_zone *find_known(struct ndb_slice name)
{
    for (struct ndb_zone *zone = zones; zone != NULL; zone = zone->next)
        if (ndb_slice_equal(name, ndb_slice(zone->name, zone->name_bytes)))
            return zone;
    return NULL;
}

static int add_zone(struct ndb_slice name, struct ndb_zone **out)
{
    struct ndb_zone *zone = ndb_calloc(1, sizeof *zone);
    int rc;

    if (zone == NULL)
        return NAMIDB_ENOMEM;
    memcpy(zone->name, name.data, name.bytes);
    zone->name_bytes = name.bytes;
    rc = read_zone(zone);
    if (rc != NAMIDB_OK) {
        ndb_free(zone);
        return rc;
    }
    zone->next = zones;
    zones = zone;
    *out = zone;
    return NAMIDB_OK;
}

int ndb_zone_find(struct ndb_slice name, const struct ndb_zone **out,
                  namidb_error *err)
{
    struct ndb_zone *zone = NULL;
    int rc = NAMIDB_NONE;

    if (is_name(name)) {
        (void)pthread_mutex_lock(&lock);
        zone = find_known(name);
        rc = zone != NULL ? NAMIDB_OK : add_zone(name, &zone);
        (void)pthread_mutex_unlock(&lock);
    }
    *out = zone;
    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(err);
    if (rc == NAMIDB_OK)
        return rc;
    return ndb_raise(
        err, NDB_FAULT_ARGUMENT_VALUE, "%.*s is no zone of the tz database",
        (int)(name.bytes < 80 ? name.bytes : 80), (const char *)name.data);
}

struct ndb_slice ndb_zone_name(const struct ndb_zone *zone)
{
    return ndb_slice(zone->name, zone->name_bytes);
}

int32_t ndb_zone_offset(const struct ndb_zone *zone, int64_t seconds)
{
    return ndb_tzif_offset(&zone->data, seconds);
}

int32_t ndb_zone_offset_local(const struct ndb_zone *zone, int64_t local,
                              int32_t preferred)
{
    /* The offsets a day before and after bracket any change. */
    int32_t before = ndb_zone_offset(zone, local - 86400);
    int32_t after = ndb_zone_offset(zone, local + 86400);

    if (ndb_zone_offset(zone, local - preferred) == preferred)
        return preferred;
    if (ndb_zone_offset(zone, local - before) == before)
        return before;
    return ndb_zone_offset(zone, local - after) == after ? after : before;
}

int ndb_zone_check_value(const namidb_value *value, namidb_error *err)
{
    const namidb_datetime *datetime = value->as.datetime;
    int rc = ndb_value_check(value, err);
    const struct ndb_zone *zone;

    if (rc < 0 || value->kind != NAMIDB_DATETIME || datetime->zone_bytes == 0)
        return rc;
    return ndb_zone_find(ndb_slice(datetime->zone, datetime->zone_bytes), &zone,
                         err);
}
