/* SPDX-License-Identifier: Apache-2.0 */
#include "net/s3_arn.h"

#include <stdio.h>

enum { FIELDS = 5 }; /* arn, partition, service, region, account */

static const char LOWER_DIGITS[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

struct fields {
    char at[FIELDS][64];
    const char *resource; /* what follows them */
};

bool ndb_s3_is_arn(const char *text)
{
    return strncmp(text, "arn:", 4) == 0;
}

static bool cut(const char *text, struct fields *out)
{
    for (int i = 0; i < FIELDS; i++) {
        size_t bytes = strcspn(text, ":");

        if (text[bytes] != ':' || bytes >= sizeof out->at[i])
            return false;
        (void)snprintf(out->at[i], sizeof out->at[i], "%.*s", (int)bytes, text);
        text += bytes + 1;
    }
    out->resource = text;
    return true;
}

/* Of the kinds of ARN that S3 knows, those that need what is not here. */
static int check_kind(const struct fields *fields, const char *text,
                      namidb_error *err)
{
    const char *service = fields->at[2];

    if (strcmp(service, "s3-outposts") == 0)
        return ndb_fail(err, NAMIDB_EUNSUPPORTED,
                        "s3 '%.100s': outposts are not supported", text);
    if (strcmp(service, "s3-object-lambda") == 0)
        return ndb_fail(err, NAMIDB_EUNSUPPORTED,
                        "s3 '%.100s': objects changed by a Lambda are not what "
                        "was written; use the bucket behind it",
                        text);
    if (strcmp(service, "s3express") == 0)
        return ndb_fail(err, NAMIDB_EUNSUPPORTED,
                        "s3 '%.100s': directory buckets need sessions "
                        "(CreateSession), which are not supported",
                        text);
    if (strcmp(service, "s3") == 0 && fields->at[3][0] == '\0' &&
        fields->at[4][0] != '\0')
        return ndb_fail(err, NAMIDB_EUNSUPPORTED,
                        "s3 '%.100s': multi-region access points need SigV4A, "
                        "which is not supported; use one region's bucket",
                        text);
    if (strcmp(service, "s3") == 0 && fields->at[4][0] == '\0')
        return ndb_fail(err, NAMIDB_EINVAL,
                        "s3 '%.100s': write the bucket's name alone", text);
    return NAMIDB_OK;
}

static bool is_name(const char *name, size_t bytes)
{
    return bytes >= 3 && bytes <= 50 && strspn(name, LOWER_DIGITS) >= bytes &&
           name[0] != '-' && name[bytes - 1] != '-';
}

/* The name behind "accesspoint", there or in the path; NULL: no such. */
static const char *find_name(const char *resource, const char **path,
                             size_t *bytes)
{
    const char *name;

    if (strcmp(resource, "accesspoint") == 0) {
        name = *path;
        *bytes = strcspn(name, "/");
        *path += *bytes + (name[*bytes] == '/');
    } else if (strncmp(resource, "accesspoint:", 12) == 0) {
        name = resource + 12;
        *bytes = strlen(name);
    } else {
        return NULL;
    }
    return is_name(name, *bytes) ? name : NULL;
}

int ndb_s3_read_arn(struct ndb_s3_settings *settings, const char *text,
                    const char **path, namidb_error *err)
{
    struct fields fields;
    const char *name = NULL;
    const char *account = fields.at[4];
    const char *region = fields.at[3];
    size_t bytes = 0;
    int rc = NAMIDB_OK;

    if (cut(text, &fields)) {
        rc = check_kind(&fields, text, err);
        if (rc < 0)
            return rc;
        name = find_name(fields.resource, path, &bytes);
    }
    if (name == NULL || strcmp(fields.at[2], "s3") != 0 ||
        strncmp(fields.at[1], "aws", 3) != 0 || strlen(fields.at[1]) > 32 ||
        strspn(fields.at[1], LOWER_DIGITS) != strlen(fields.at[1]) ||
        strspn(region, LOWER_DIGITS) != strlen(region) ||
        strlen(account) != 12 || strspn(account, "0123456789") != 12)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "s3 '%.100s': no ARN of an access point; write "
                        "arn:aws:s3:region:account:accesspoint/name",
                        text);
    (void)snprintf(settings->bucket, sizeof settings->bucket, "%.*s-%.12s",
                   (int)bytes, name, account);
    (void)snprintf(settings->region, sizeof settings->region, "%s", region);
    (void)snprintf(settings->access_point, sizeof settings->access_point,
                   "arn:%.32s:s3:%s:%.12s:accesspoint/%.*s", fields.at[1],
                   region, account, (int)bytes, name);
    return NAMIDB_OK;
}
