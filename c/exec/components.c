/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/components.h"

#include <string.h>

int ndb_components_init(struct ndb_components *components,
                        const struct ndb_digraph *graph, namidb_arena *arena,
                        bool *is_cyclic)
{
    uint32_t count = graph->count;
    uint32_t *numbers =
        ndb_arena_array(arena, (size_t)count * 5 + 1, sizeof *numbers);
    bool *is_open = ndb_arena_array(arena, (size_t)count + 1, sizeof *is_open);

    if (numbers == NULL || is_open == NULL)
        return NAMIDB_ENOMEM;
    memset(numbers, 0, (size_t)count * sizeof *numbers);
    memset(is_open, 0, (size_t)count * sizeof *is_open);
    *components = (struct ndb_components){
        .graph = graph,
        .is_cyclic = is_cyclic,
        .order = numbers,
        .lowest = numbers + count,
        .edge = numbers + (size_t)count * 2,
        .path = numbers + (size_t)count * 3,
        .open = numbers + (size_t)count * 4,
        .is_open = is_open,
    };
    return NAMIDB_OK;
}

static void enter(struct ndb_components *components, uint32_t node)
{
    components->order[node] = ++components->last_order;
    components->lowest[node] = components->last_order;
    components->edge[node] = components->graph->offsets[node];
    components->path[components->path_count++] = node;
    components->open[components->open_count++] = node;
    components->is_open[node] = true;
}

static void lower(struct ndb_components *components, uint32_t node,
                  uint32_t order)
{
    if (order < components->lowest[node])
        components->lowest[node] = order;
}

/* All edges of a node were followed: it ends the path, and its component if it
 * is the first of it. */
static void leave(struct ndb_components *components, uint32_t node)
{
    bool is_alone = components->open[components->open_count - 1] == node;
    uint32_t last;

    components->path_count--;
    if (components->path_count != 0)
        lower(components, components->path[components->path_count - 1],
              components->lowest[node]);
    if (components->lowest[node] != components->order[node])
        return;
    do {
        last = components->open[--components->open_count];
        components->is_open[last] = false;
        components->is_cyclic[last] |= !is_alone;
    } while (last != node);
}

static void follow(struct ndb_components *components, uint32_t node)
{
    uint32_t target = components->graph->targets[components->edge[node]++];

    if (target == node)
        components->is_cyclic[node] = true;
    else if (components->order[target] == 0)
        enter(components, target);
    else if (components->is_open[target])
        lower(components, node, components->order[target]);
}

bool ndb_components_go_on(struct ndb_components *components, uint32_t steps)
{
    const struct ndb_digraph *graph = components->graph;

    for (; steps != 0; steps--) {
        uint32_t node;

        if (components->path_count == 0) {
            if (components->next_root == graph->count)
                return true;
            node = components->next_root++;
            if (components->order[node] == 0)
                enter(components, node);
            continue;
        }
        node = components->path[components->path_count - 1];
        if (components->edge[node] == graph->offsets[node + 1])
            leave(components, node);
        else
            follow(components, node);
    }
    return false;
}
