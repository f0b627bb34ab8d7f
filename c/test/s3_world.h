/* SPDX-License-Identifier: Apache-2.0 */
/*
 * s3_world.h - a world whose bucket is a server of its own on loopback. The
 * group's setup is aws_home_setup_with_key.
 */
#ifndef NDB_TEST_S3_WORLD_H
#define NDB_TEST_S3_WORLD_H

#include "s3_server.h"
#include "world.h"

/* Returns the server, which s3_world_end stops. */
struct s3_server *s3_world_begin(struct world *world, uint64_t seed);
void s3_world_end(struct world *world, struct s3_server *server);

#endif
