/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_process of a profile: a program prints the keys.
 *
 * Only when the URI allows it, because a library that starts programs that a
 * file names surprises the host. The setting is a command line, but for no
 * shell: blanks part its words, quotes and backslashes keep them together, and
 * nothing else has a meaning.
 */
#include <stdio.h>

#include "base/mem.h"
#include "net/credentials_places.h"
#include "net/place_call.h"
#include "sys/child.h"

enum { WORDS_MAX = 64, LINE_BYTES = 4096, OUTPUT_BYTES_MAX = 64 << 10 };

struct process_place {
    struct ndb_credentials_place base;
    char line[LINE_BYTES]; /* cut into words, in place */
    char *words[WORDS_MAX + 1];
};

/* ----------------------------------------------------------------- words -- */

static bool is_blank(char character)
{
    return character == ' ' || character == '\t';
}

/* Takes the quotes and backslashes out of the word at *from; false when a quote
 * does not end. */
static bool take_word(const char **from, char **to)
{
    const char *at = *from;
    char quote = '\0';

    for (; *at != '\0' && (quote != '\0' || !is_blank(*at)); at++) {
        if (*at == quote)
            quote = '\0';
        else if (quote == '\0' && (*at == '"' || *at == '\''))
            quote = *at;
        else if (*at == '\\' && quote != '\'' && at[1] != '\0')
            *(*to)++ = *++at;
        else
            *(*to)++ = *at;
    }
    *from = at;
    return quote == '\0';
}

/* In place: a word is never longer than what it was made of. */
static int split(struct process_place *place, namidb_error *err)
{
    const char *from = place->line;
    char *to = place->line;
    size_t count = 0;

    for (;;) {
        char *word;

        while (is_blank(*from))
            from++;
        if (*from == '\0')
            break;
        if (count == WORDS_MAX)
            return ndb_fail(err, NAMIDB_ELIMIT,
                            "credential_process: more than %d words",
                            WORDS_MAX);
        word = to;
        if (!take_word(&from, &to))
            return ndb_fail(err, NAMIDB_EAUTH,
                            "credential_process: a quote does not end");
        if (*from != '\0')
            from++; /* the blank, where the word may end now */
        *to++ = '\0';
        place->words[count++] = word;
    }
    if (count == 0)
        return ndb_fail(err, NAMIDB_EAUTH, "credential_process: no program");
    return NAMIDB_OK;
}

/* --------------------------------------------------------------- asking -- */

static int fetch_process(struct ndb_credentials_place *base,
                         struct ndb_http *http, int64_t deadline_ns,
                         struct ndb_credentials **out, namidb_error *err)
{
    struct process_place *place = (struct process_place *)base;
    struct ndb_buf output = NDB_BUF_INIT(OUTPUT_BYTES_MAX);
    int rc;

    (void)http;
    /* So that growing leaves no copy behind. */
    if (ndb_buf_reserve(&output, OUTPUT_BYTES_MAX) < 0)
        return ndb_fail_memory(err);
    rc = ndb_child_run(place->words, deadline_ns, &output, err);
    if (rc >= 0)
        rc = ndb_credentials_of_json(ndb_buf_slice(&output),
                                     NDB_JSON_OF_PROCESS, out, err);
    ndb_place_call_wipe(&output);
    return rc;
}

static void free_process(struct ndb_credentials_place *base)
{
    ndb_free(base);
}

int ndb_place_process(struct ndb_credentials_place **out,
                      struct ndb_slice command, const char *profile,
                      namidb_error *err)
{
    struct process_place *place = ndb_calloc(1, sizeof *place);
    int rc = NAMIDB_OK;

    *out = NULL;
    if (place == NULL)
        return ndb_fail_memory(err);
    (void)snprintf(place->base.name, sizeof place->base.name,
                   "credential_process of profile '%.64s'", profile);
    place->base.fetch = fetch_process;
    place->base.free = free_process;
    if (command.bytes >= sizeof place->line)
        rc = ndb_fail(err, NAMIDB_ELIMIT,
                      "credential_process: longer than %d bytes",
                      LINE_BYTES - 1);
    if (rc >= 0) {
        memcpy(place->line, command.data, command.bytes);
        rc = split(place, err);
    }
    if (rc < 0) {
        ndb_prefix(err, "profile '%.64s'", profile);
        ndb_free(place);
        return rc;
    }
    *out = &place->base;
    return NAMIDB_OK;
}
