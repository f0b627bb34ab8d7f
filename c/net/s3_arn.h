/* SPDX-License-Identifier: Apache-2.0 */
/*
 * s3_arn.h - access points by ARN.
 *
 *   arn:aws:s3:eu-north-1:123456789012:accesspoint/my-point
 *
 * A request to one goes to a host of its own and is signed for the region that
 * the ARN names. A colon may stand for the slash. Pure.
 */
#ifndef NDB_NET_S3_ARN_H
#define NDB_NET_S3_ARN_H

#include "net/s3_settings.h"

bool ndb_s3_is_arn(const char *text);

/*
 * Reads `text` (what stood before the first slash of the URI) and the first
 * name of *path, which then points behind it, into bucket, region and
 * access_point of the settings. NAMIDB_EINVAL: it is none; NAMIDB_EUNSUPPORTED:
 * it is of something that is not followed, as the text says.
 */
int ndb_s3_read_arn(struct ndb_s3_settings *settings, const char *text,
                    const char **path, namidb_error *err);

#endif
