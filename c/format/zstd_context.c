/* SPDX-License-Identifier: Apache-2.0 */
#include "format/zstd_context.h"

#include <pthread.h>
#include <zstd.h>

#include "base/mem.h"
#include "namidb.h"

struct contexts {
    ZSTD_CCtx *compress;
    ZSTD_CCtx *planes; /* compresses those */
    ZSTD_DCtx *decompress;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void contexts_free(void *memory)
{
    struct contexts *contexts = memory;

    (void)ZSTD_freeCCtx(contexts->compress);
    (void)ZSTD_freeCCtx(contexts->planes);
    (void)ZSTD_freeDCtx(contexts->decompress);
    ndb_free(contexts);
}

static void make_key(void)
{
    (void)pthread_key_create(&key, contexts_free);
}

/* This thread's; NULL: no memory. */
static struct contexts *contexts_get(void)
{
    struct contexts *contexts;

    (void)pthread_once(&once, make_key);
    contexts = pthread_getspecific(key);
    if (contexts != NULL)
        return contexts;
    contexts = ndb_calloc(1, sizeof *contexts);
    if (contexts != NULL && pthread_setspecific(key, contexts) != 0) {
        ndb_free(contexts);
        return NULL;
    }
    return contexts;
}

size_t ndb_zstd_compress(uint8_t *out, size_t capacity, struct ndb_slice bytes,
                         int level)
{
    struct contexts *contexts = contexts_get();
    size_t stored;

    if (contexts == NULL)
        return 0;
    if (contexts->compress == NULL)
        contexts->compress = ZSTD_createCCtx();
    if (contexts->compress == NULL)
        return 0;
    stored = ZSTD_compressCCtx(contexts->compress, out, capacity, bytes.data,
                               bytes.bytes, level);
    return ZSTD_isError(stored) ? 0 : stored;
}

enum {
    PLANE_LEVEL = 1,
    PLANE_MATCH_MIN = 7,
    PLANE_HASH_LOG = 8 /* what comes again is near, or comes often */
};

static ZSTD_CCtx *new_for_planes(void)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();

    if (context == NULL)
        return NULL;
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, PLANE_LEVEL);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_minMatch, PLANE_MATCH_MIN);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_hashLog, PLANE_HASH_LOG);
    return context;
}

size_t ndb_zstd_compress_plane(uint8_t *out, size_t capacity,
                               struct ndb_slice bytes)
{
    struct contexts *contexts = contexts_get();
    size_t stored;

    if (contexts == NULL)
        return 0;
    if (contexts->planes == NULL)
        contexts->planes = new_for_planes();
    if (contexts->planes == NULL)
        return 0;
    stored = ZSTD_compress2(contexts->planes, out, capacity, bytes.data,
                            bytes.bytes);
    return ZSTD_isError(stored) ? 0 : stored;
}

int ndb_zstd_decompress(uint8_t *out, size_t bytes, struct ndb_slice frame)
{
    struct contexts *contexts = contexts_get();
    size_t got;

    if (contexts == NULL)
        return NAMIDB_ENOMEM;
    if (contexts->decompress == NULL)
        contexts->decompress = ZSTD_createDCtx();
    if (contexts->decompress == NULL)
        return NAMIDB_ENOMEM;
    got = ZSTD_decompressDCtx(contexts->decompress, out, bytes, frame.data,
                              frame.bytes);
    return ZSTD_isError(got) || got != bytes ? NAMIDB_ECORRUPT : NAMIDB_OK;
}
