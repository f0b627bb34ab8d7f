/* SPDX-License-Identifier: Apache-2.0 */
/* What a server of S3's may send: XML, headers, keys in JSON; and the files of
 * AWS'. The first byte chooses. */
#include "fuzz/fuzz.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "net/http_answer.h"
#include "net/ini.h"
#include "net/place_call.h"
#include "net/s3_judge.h"
#include "net/s3_xml.h"

static void parse_xml(struct ndb_slice body)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_s3_listing listing;
    struct ndb_s3_error error;
    const char *text = NULL;

    if (ndb_s3_listing_parse(body, &arena, &listing) >= 0) {
        FUZZ_CHECK(listing.count <= NDB_LIST_KEYS_MAX);
        for (size_t i = 0; i < listing.count; i++)
            FUZZ_CHECK(listing.objects[i].key != NULL);
    }
    if (ndb_s3_error_parse(body, &error))
        FUZZ_CHECK(error.code[0] != '\0');
    (void)ndb_s3_xml_is(body, "Error");
    if (ndb_s3_xml_text(body, "Key", &arena, &text) == NAMIDB_OK)
        FUZZ_CHECK(text != NULL);
    ndb_arena_release(&arena);
}

/* Lines of a head, and what is read out of them. */
static void parse_headers(struct ndb_slice head)
{
    struct ndb_http_answer answer = { .status = 206 };
    struct ndb_content_range range;

    while (head.bytes != 0) {
        const uint8_t *end = memchr(head.data, '\n', head.bytes);
        size_t bytes = end != NULL ? (size_t)(end - head.data) + 1 : head.bytes;

        ndb_http_answer_header(&answer, ndb_slice(head.data, bytes));
        head = ndb_slice(head.data + bytes, head.bytes - bytes);
    }
    FUZZ_CHECK(memchr(answer.etag, 0, sizeof answer.etag) != NULL);
    FUZZ_CHECK(ndb_s3_retry_after_ms(&answer) >= 0);
    if (ndb_content_range_parse(answer.content_range, &range))
        FUZZ_CHECK(range.first <= range.last && range.last < range.total);
}

static void parse_keys_of(struct ndb_slice text, enum ndb_json_of of)
{
    struct ndb_credentials *keys;

    if (ndb_credentials_of_json(text, of, &keys, NULL) >= 0)
        FUZZ_CHECK(keys->access_key[0] != '\0' &&
                   strpbrk(keys->secret_key, "\r\n") == NULL);
    else
        FUZZ_CHECK(keys == NULL);
    ndb_credentials_unref(keys);
}

static void parse_keys(struct ndb_slice text)
{
    parse_keys_of(text, NDB_JSON_OF_SERVICE);
    parse_keys_of(text, NDB_JSON_OF_PROCESS);
}

static void parse_ini(struct ndb_slice text)
{
    struct ndb_slice value;

    if (ndb_ini_get(text, "default", "region", &value) == NAMIDB_OK)
        FUZZ_CHECK(ndb_ini_has_section(text, "default"));
    FUZZ_CHECK(value.bytes <= text.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parsers[])(
        struct ndb_slice) = { parse_xml, parse_headers, parse_keys, parse_ini };
    uint8_t *copy;

    if (size == 0)
        return 0;
    copy = fuzz_copy(data + 1, size - 1, 0, 0);
    parsers[data[0] % 4](ndb_slice(copy, size - 1));
    free(copy);
    return 0;
}
