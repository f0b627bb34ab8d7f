/* SPDX-License-Identifier: Apache-2.0 */
#include "s3_world.h"

#include <stdio.h>
#include <stdlib.h>

struct s3_server *s3_world_begin(struct world *world, uint64_t seed)
{
    struct s3_server *server = s3_server_start();
    char uri[128];

    (void)snprintf(uri, sizeof uri,
                   "s3://bucket/p?probe=off&endpoint=http://127.0.0.1:%d",
                   s3_server_port(server));
    (void)setenv("NAMIDB_TEST_URI", uri, 1);
    world_begin(world, seed);
    return server;
}

void s3_world_end(struct world *world, struct s3_server *server)
{
    world_end(world);
    (void)unsetenv("NAMIDB_TEST_URI");
    s3_server_stop(server);
}
