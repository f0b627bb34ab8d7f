/* SPDX-License-Identifier: Apache-2.0 */
#include "s3_uploads.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/crc32c.h"

enum { UPLOADS_MAX = 1024, PARTS_MAX = 64 };

struct part {
    uint8_t *data; /* NULL: none */
    size_t bytes;
    char etag[40];
    char checksum[16];
};

struct upload {
    bool is_open;
    bool is_checked;
    unsigned number;
    struct part parts[PARTS_MAX];
};

struct s3_uploads {
    unsigned begun;
    unsigned parts_seen;
    struct upload uploads[UPLOADS_MAX];
};

struct s3_uploads *s3_uploads_new(void)
{
    struct s3_uploads *uploads = calloc(1, sizeof *uploads);

    if (uploads == NULL)
        abort();
    return uploads;
}

static void close_upload(struct upload *upload)
{
    for (size_t i = 0; i < PARTS_MAX; i++)
        free(upload->parts[i].data);
    *upload = (struct upload){ .is_open = false };
}

void s3_uploads_free(struct s3_uploads *uploads)
{
    for (size_t i = 0; i < UPLOADS_MAX; i++)
        close_upload(&uploads->uploads[i]);
    free(uploads);
}

size_t s3_uploads_count(const struct s3_uploads *uploads)
{
    size_t count = 0;

    for (size_t i = 0; i < UPLOADS_MAX; i++)
        count += uploads->uploads[i].is_open;
    return count;
}

static struct upload *find(struct s3_uploads *uploads, const char *id)
{
    unsigned number = 0;

    (void)sscanf(id, "up+/load=%u", &number);
    for (size_t i = 0; i < UPLOADS_MAX; i++)
        if (uploads->uploads[i].is_open && uploads->uploads[i].number == number)
            return &uploads->uploads[i];
    return NULL;
}

void s3_uploads_begin(struct s3_uploads *uploads, const char *key,
                      bool is_checked, char id[32])
{
    (void)key;
    for (size_t i = 0; i < UPLOADS_MAX; i++)
        if (!uploads->uploads[i].is_open) {
            uploads->uploads[i].is_open = true;
            uploads->uploads[i].is_checked = is_checked;
            uploads->uploads[i].number = ++uploads->begun;
            (void)snprintf(id, 32, "up+/load=%u", uploads->begun);
            return;
        }
    abort();
}

/* crc32c, big-endian, in base64. */
static void checksum_of(struct ndb_slice body, char out[16])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    uint64_t bits = (uint64_t)ndb_crc32c(body) << 4;

    for (int i = 0; i < 6; i++)
        out[i] = digits[bits >> (30 - 6 * i) & 63];
    memcpy(out + 6, "==", 3);
}

const char *s3_uploads_part(struct s3_uploads *uploads, const char *id,
                            unsigned number, struct ndb_slice body,
                            const char *checksum, char etag[40])
{
    struct upload *upload = find(uploads, id);
    struct part *part;
    char own[16];

    if (upload == NULL)
        return "NoSuchUpload";
    if (number == 0 || number > PARTS_MAX)
        return "InvalidArgument";
    checksum_of(body, own);
    if (upload->is_checked != (checksum[0] != '\0'))
        return "InvalidRequest";
    if (checksum[0] != '\0' && strcmp(checksum, own) != 0)
        return "BadDigest";
    part = &upload->parts[number - 1];
    free(part->data);
    part->data = malloc(body.bytes + 1);
    memcpy(part->data, body.data, body.bytes);
    part->bytes = body.bytes;
    memcpy(part->checksum, own, sizeof own);
    (void)snprintf(part->etag, sizeof part->etag, "\"part-%u\"",
                   ++uploads->parts_seen);
    memcpy(etag, part->etag, sizeof part->etag);
    return NULL;
}

const char *s3_uploads_join(struct s3_uploads *uploads, const char *id,
                            struct ndb_slice list, struct ndb_buf *whole)
{
    struct upload *upload = find(uploads, id);
    char *text = strndup((const char *)list.data, list.bytes);
    const char *at = text;
    const char *refusal = NULL;

    *whole = NDB_BUF_INIT(SIZE_MAX);
    if (upload == NULL)
        refusal = "NoSuchUpload";
    for (unsigned i = 0; refusal == NULL && i < PARTS_MAX; i++) {
        const struct part *part = &upload->parts[i];
        char entry[256];

        if (part->data == NULL)
            break;
        (void)snprintf(entry, sizeof entry,
                       "<Part><PartNumber>%u</PartNumber><ETag>%s</ETag>%s%s%s"
                       "</Part>",
                       i + 1, part->etag,
                       upload->is_checked ? "<ChecksumCRC32C>" : "",
                       upload->is_checked ? part->checksum : "",
                       upload->is_checked ? "</ChecksumCRC32C>" : "");
        at = strstr(at, entry);
        if (at == NULL) {
            refusal = "InvalidPart";
            break;
        }
        at += strlen(entry);
        whole->data = realloc(whole->data, whole->bytes + part->bytes + 1);
        memcpy(whole->data + whole->bytes, part->data, part->bytes);
        whole->bytes += part->bytes;
    }
    if (refusal == NULL && strcmp(at, "</CompleteMultipartUpload>") != 0)
        refusal = "MalformedXML";
    free(text);
    if (refusal != NULL) {
        free(whole->data);
        return refusal;
    }
    close_upload(upload);
    return NULL;
}

bool s3_uploads_abort(struct s3_uploads *uploads, const char *id)
{
    struct upload *upload = find(uploads, id);

    if (upload == NULL)
        return false;
    close_upload(upload);
    return true;
}
