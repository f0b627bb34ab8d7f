/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One walk over the document with expat tells each leaf element, with its path
 * as parent and name, to a function of the caller.
 */
#include "net/s3_xml.h"

#include <expat.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "net/encode.h"

enum { DEPTH_MAX = 8, NAME_BYTES_MAX = 64, TEXT_BYTES_MAX = 8 << 10 };

struct walk {
    XML_Parser parser;
    char names[DEPTH_MAX][NAME_BYTES_MAX];
    int depth;
    struct ndb_buf text; /* of the element that is open */
    int rc;
    /* Called at the end of each element. */
    int (*visit)(struct walk *walk, const char *parent, const char *name,
                 const char *text);
    /* Called at the start of each; may be NULL. */
    int (*begin)(struct walk *walk, const char *parent, const char *name);
    void *context;
};

static void stop(struct walk *walk, int rc)
{
    walk->rc = rc;
    (void)XML_StopParser(walk->parser, XML_FALSE);
}

static const char *parent_of(const struct walk *walk)
{
    return walk->depth >= 2 ? walk->names[walk->depth - 2] : "";
}

static void XMLCALL on_start(void *context, const XML_Char *name,
                             const XML_Char **attributes)
{
    struct walk *walk = context;
    const char *colon = strrchr(name, ':');
    int rc = NAMIDB_OK;

    (void)attributes;
    if (walk->depth == DEPTH_MAX) {
        stop(walk, NAMIDB_EIO);
        return;
    }
    (void)snprintf(walk->names[walk->depth++], NAME_BYTES_MAX, "%s",
                   colon != NULL ? colon + 1 : name);
    walk->text.bytes = 0;
    if (walk->begin != NULL)
        rc = walk->begin(walk, parent_of(walk), walk->names[walk->depth - 1]);
    if (rc < 0)
        stop(walk, rc);
}

static void XMLCALL on_text(void *context, const XML_Char *text, int bytes)
{
    struct walk *walk = context;
    int rc = ndb_buf_append(&walk->text, text, (size_t)bytes);

    if (rc < 0)
        stop(walk, rc == NAMIDB_ELIMIT ? NAMIDB_EIO : rc);
}

static void XMLCALL on_end(void *context, const XML_Char *name)
{
    struct walk *walk = context;
    int rc = ndb_buf_u8(&walk->text, 0);

    (void)name;
    if (rc >= 0)
        rc = walk->visit(walk, parent_of(walk), walk->names[walk->depth - 1],
                         (const char *)walk->text.data);
    walk->depth--;
    walk->text.bytes = 0;
    if (rc < 0)
        stop(walk, rc);
}

static struct ndb_slice skip_blanks(struct ndb_slice body)
{
    while (body.bytes != 0 && strchr(" \t\r\n", *body.data) != NULL &&
           *body.data != 0)
        body = ndb_slice(body.data + 1, body.bytes - 1);
    return body;
}

/* No document type, so no entity of its own: a bomb cannot be declared. */
static void XMLCALL on_doctype(void *context, const XML_Char *name,
                               const XML_Char *system_id,
                               const XML_Char *public_id, int has_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_subset;
    stop(context, NAMIDB_EIO);
}

static void *resize(void *block, size_t bytes)
{
    return ndb_realloc(block, bytes, 1);
}

static int walk_document(struct walk *walk, struct ndb_slice body)
{
    static const XML_Memory_Handling_Suite memory = { ndb_alloc, resize,
                                                      ndb_free };
    enum XML_Status status;

    /* S3 sends blanks while it is at work. */
    body = skip_blanks(body);
    if (body.bytes > INT32_MAX)
        return NAMIDB_EIO;
    walk->text = NDB_BUF_INIT(TEXT_BYTES_MAX);
    walk->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    if (walk->parser == NULL)
        return NAMIDB_ENOMEM;
    XML_SetUserData(walk->parser, walk);
    XML_SetElementHandler(walk->parser, on_start, on_end);
    XML_SetCharacterDataHandler(walk->parser, on_text);
    XML_SetStartDoctypeDeclHandler(walk->parser, on_doctype);
    status = XML_Parse(walk->parser, (const char *)body.data, (int)body.bytes,
                       XML_TRUE);
    if (status != XML_STATUS_OK && walk->rc >= 0)
        walk->rc = XML_GetErrorCode(walk->parser) == XML_ERROR_NO_MEMORY
                       ? NAMIDB_ENOMEM
                       : NAMIDB_EIO;
    XML_ParserFree(walk->parser);
    ndb_buf_release(&walk->text);
    return walk->rc;
}

/* ------------------------------------------------------------- errors -- */

static int visit_error(struct walk *walk, const char *parent, const char *name,
                       const char *text)
{
    struct ndb_s3_error *error = walk->context;
    const struct {
        const char *name;
        char *out;
        size_t bytes;
    } wanted[] = {
        { "Code", error->code, sizeof error->code },
        { "Message", error->message, sizeof error->message },
        { "Region", error->region, sizeof error->region },
        { "Endpoint", error->endpoint, sizeof error->endpoint },
    };

    if (strcmp(parent, "Error") != 0)
        return NAMIDB_OK;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (strcmp(name, wanted[i].name) == 0)
            (void)snprintf(wanted[i].out, wanted[i].bytes, "%s", text);
    return NAMIDB_OK;
}

bool ndb_s3_error_parse(struct ndb_slice body, struct ndb_s3_error *out)
{
    struct walk walk = { .visit = visit_error, .context = out };

    *out = (struct ndb_s3_error){ .code = "" };
    if (body.bytes == 0)
        return false;
    return walk_document(&walk, body) >= 0 && out->code[0] != '\0';
}

/* ----------------------------------------------------------- listings -- */

struct listing_walk {
    struct ndb_s3_listing *out;
    namidb_arena *arena;
    bool is_listing;
    bool is_encoded; /* keys are, as we asked; some servers do not */
};

/* In place: %XX, and + as a blank (AWS encodes keys as forms do). */
static void url_decode(char *text)
{
    char *out = text;

    for (; *text != '\0'; text++) {
        int byte = *text == '%' ? ndb_uri_decode_byte(text + 1) : -1;

        if (byte >= 0) {
            *out++ = (char)byte;
            text += 2;
        } else {
            *out++ = (char)(*text == '+' ? ' ' : *text);
        }
    }
    *out = '\0';
}

int64_t ndb_s3_time(const char *text)
{
    struct tm utc = { .tm_isdst = 0 };
    int milliseconds = 0;
    int64_t seconds;

    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3d", &utc.tm_year, &utc.tm_mon,
               &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec,
               &milliseconds) < 6)
        return 0;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    seconds = timegm(&utc);
    return seconds > 0 ? seconds * 1000 + milliseconds : 0;
}

static int begin_listing(struct walk *walk, const char *parent,
                         const char *name)
{
    struct listing_walk *listing = walk->context;

    if (strcmp(name, "ListBucketResult") == 0)
        listing->is_listing = true;
    if (strcmp(parent, "ListBucketResult") == 0 &&
        strcmp(name, "Contents") == 0) {
        if (listing->out->count == NDB_LIST_KEYS_MAX)
            return NAMIDB_EIO;
        listing->out->objects[listing->out->count++] =
            (struct ndb_s3_object){ .key = NULL };
    }
    return NAMIDB_OK;
}

static int visit_object(struct listing_walk *listing, const char *name,
                        const char *text)
{
    struct ndb_s3_object *object =
        &listing->out->objects[listing->out->count - 1];

    if (strcmp(name, "Key") == 0) {
        char *key = ndb_arena_copy(listing->arena, text, strlen(text) + 1);

        if (key == NULL)
            return NAMIDB_ENOMEM;
        object->key = key;
    } else if (strcmp(name, "Size") == 0) {
        if (sscanf(text, "%" SCNu64, &object->bytes) != 1)
            return NAMIDB_EIO;
    } else if (strcmp(name, "LastModified") == 0) {
        object->modified_ms = ndb_s3_time(text);
    } else if (strcmp(name, "StorageClass") == 0) {
        (void)snprintf(object->storage_class, sizeof object->storage_class,
                       "%s", text);
    }
    return NAMIDB_OK;
}

static int visit_listing(struct walk *walk, const char *parent,
                         const char *name, const char *text)
{
    struct listing_walk *listing = walk->context;

    if (strcmp(parent, "Contents") == 0 && listing->out->count != 0)
        return visit_object(listing, name, text);
    if (strcmp(parent, "ListBucketResult") != 0)
        return NAMIDB_OK;
    if (strcmp(name, "IsTruncated") == 0)
        listing->out->is_truncated = strcmp(text, "true") == 0;
    if (strcmp(name, "NextContinuationToken") == 0) {
        listing->out->next_token =
            ndb_arena_copy(listing->arena, text, strlen(text) + 1);
        if (listing->out->next_token == NULL)
            return NAMIDB_ENOMEM;
    }
    if (strcmp(name, "EncodingType") == 0)
        listing->is_encoded = strcmp(text, "url") == 0;
    return NAMIDB_OK;
}

int ndb_s3_listing_parse(struct ndb_slice body, namidb_arena *arena,
                         struct ndb_s3_listing *out)
{
    struct listing_walk listing = { out, arena, false, false };
    struct walk walk = { .visit = visit_listing,
                         .begin = begin_listing,
                         .context = &listing };
    int rc;

    *out = (struct ndb_s3_listing){ .count = 0 };
    out->objects =
        ndb_arena_array(arena, NDB_LIST_KEYS_MAX, sizeof *out->objects);
    if (out->objects == NULL)
        return NAMIDB_ENOMEM;
    rc = walk_document(&walk, body);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < out->count; i++) {
        if (out->objects[i].key == NULL)
            return NAMIDB_EIO;
        if (listing.is_encoded)
            url_decode(out->objects[i].key);
    }
    return listing.is_listing ? NAMIDB_OK : NAMIDB_EIO;
}

/* ------------------------------------------------------- single texts -- */

struct text_walk {
    const char *name;
    namidb_arena *arena;
    const char *text;
};

static int visit_text(struct walk *walk, const char *parent, const char *name,
                      const char *text)
{
    struct text_walk *wanted = walk->context;

    (void)parent;
    if (wanted->text != NULL || strcmp(name, wanted->name) != 0)
        return NAMIDB_OK;
    wanted->text = ndb_arena_copy(wanted->arena, text, strlen(text) + 1);
    return wanted->text != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
}

int ndb_s3_xml_text(struct ndb_slice body, const char *name,
                    namidb_arena *arena, const char **text)
{
    struct text_walk wanted = { name, arena, NULL };
    struct walk walk = { .visit = visit_text, .context = &wanted };
    int rc = walk_document(&walk, body);

    if (rc < 0)
        return rc;
    *text = wanted.text;
    return wanted.text != NULL ? NAMIDB_OK : NAMIDB_NONE;
}

/* -------------------------------------------------------------- uploads -- */

struct root_walk {
    const char *name;
    bool is_it;
};

static int visit_root(struct walk *walk, const char *parent, const char *name,
                      const char *text)
{
    struct root_walk *root = walk->context;

    (void)text;
    if (parent[0] == '\0')
        root->is_it = strcmp(name, root->name) == 0;
    return NAMIDB_OK;
}

bool ndb_s3_xml_is(struct ndb_slice body, const char *name)
{
    struct root_walk root = { name, false };
    struct walk walk = { .visit = visit_root, .context = &root };

    return walk_document(&walk, body) >= 0 && root.is_it;
}

int ndb_s3_parts_encode(const struct ndb_s3_part *parts, size_t count,
                        struct ndb_buf *out)
{
    static const char head[] = "<CompleteMultipartUpload xmlns=\"http://"
                               "s3.amazonaws.com/doc/2006-03-01/\">";
    static const char tail[] = "</CompleteMultipartUpload>";
    int rc = ndb_buf_append(out, head, sizeof head - 1);

    for (size_t i = 0; i < count && rc >= 0; i++) {
        bool is_checked = parts[i].checksum[0] != '\0';
        char line[320];
        int bytes = snprintf(
            line, sizeof line,
            "<Part><PartNumber>%zu</PartNumber><ETag>%s</ETag>%s%s%s</Part>",
            i + 1, parts[i].etag, is_checked ? "<ChecksumCRC32C>" : "",
            parts[i].checksum, is_checked ? "</ChecksumCRC32C>" : "");

        rc = ndb_buf_append(out, line, (size_t)bytes);
    }
    return rc >= 0 ? ndb_buf_append(out, tail, sizeof tail - 1) : rc;
}
