/* SPDX-License-Identifier: Apache-2.0 */
#include "format/path.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char BASE32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static const char *numbered(struct ndb_path *path, const char *prefix,
                            uint64_t number)
{
    (void)snprintf(path->text, sizeof path->text, "%s%016" PRIx64 "-%" PRIu64,
                   prefix, ~number, number);
    return path->text;
}

const char *ndb_path_slot(struct ndb_path *path, uint64_t slot)
{
    return numbered(path, NDB_PATH_LOG, slot);
}

const char *ndb_path_manifest(struct ndb_path *path, uint64_t version)
{
    return numbered(path, NDB_PATH_MANIFEST, version);
}

const char *ndb_path_pack(struct ndb_path *path, const char *ulid)
{
    (void)snprintf(path->text, sizeof path->text, NDB_PATH_PACK "%.26s", ulid);
    return path->text;
}

bool ndb_path_number(const char *key, const char *prefix, uint64_t *number)
{
    struct ndb_path path;
    const char *at = key + strlen(prefix);

    if (strncmp(key, prefix, strlen(prefix)) != 0 || strlen(at) < 18 ||
        at[16] != '-')
        return false;
    *number = 0;
    for (at += 17; *at >= '0' && *at <= '9'; at++) {
        if (*number > (UINT64_MAX - 9) / 10)
            return false;
        *number = *number * 10 + (uint64_t)(*at - '0');
    }
    /* Written again it must be the same: no other form is ours. */
    return *number != 0 && strcmp(numbered(&path, prefix, *number), key) == 0;
}

void ndb_ulid_make(char out[NDB_ULID_CHARS + 1], int64_t time_ms,
                   const uint8_t random[10])
{
    uint64_t time = (uint64_t)time_ms;

    for (int i = 9; i >= 0; i--) {
        out[i] = BASE32[time & 31];
        time >>= 5;
    }
    for (int i = 0; i < 16; i++) {
        int bit = i * 5;
        unsigned pair = (unsigned)random[bit / 8] << 8;

        if (bit / 8 + 1 < 10)
            pair |= random[bit / 8 + 1];
        out[10 + i] = BASE32[pair >> (11 - bit % 8) & 31];
    }
    out[NDB_ULID_CHARS] = '\0';
}

bool ndb_ulid_is_valid(const char *text)
{
    /* 48 bits of time need the first character to be at most 7. */
    return strlen(text) == NDB_ULID_CHARS && text[0] <= '7' &&
           strspn(text, BASE32) == NDB_ULID_CHARS;
}
