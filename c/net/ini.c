/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ini.h"

#include "namidb.h"

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct ndb_slice trim(struct ndb_slice text)
{
    while (text.bytes != 0 && is_blank(text.data[0]))
        text = ndb_slice(text.data + 1, text.bytes - 1);
    while (text.bytes != 0 && is_blank(text.data[text.bytes - 1]))
        text.bytes--;
    return text;
}

/* Takes the next line off the text, without its end. */
static struct ndb_slice take_line(struct ndb_slice *text)
{
    const uint8_t *end = memchr(text->data, '\n', text->bytes);
    size_t bytes = end != NULL ? (size_t)(end - text->data) : text->bytes;
    struct ndb_slice line = ndb_slice(text->data, bytes);
    size_t taken = end != NULL ? bytes + 1 : bytes;

    *text = ndb_slice(text->data + taken, text->bytes - taken);
    return line;
}

/* True when the line is a section's head. */
static bool is_head(struct ndb_slice line, struct ndb_slice *name)
{
    const uint8_t *end;

    if (line.bytes == 0 || line.data[0] != '[')
        return false;
    end = memchr(line.data, ']', line.bytes);
    *name = end != NULL
                ? trim(ndb_slice(line.data + 1, (size_t)(end - line.data) - 1))
                : ndb_slice(NULL, 0);
    return true;
}

/* A comment begins at '#' or ';' after a blank. */
static struct ndb_slice without_comment(struct ndb_slice value)
{
    for (size_t i = 1; i < value.bytes; i++)
        if ((value.data[i] == '#' || value.data[i] == ';') &&
            is_blank(value.data[i - 1]))
            return trim(ndb_slice(value.data, i));
    return trim(value);
}

/* True when the line is "name = value". */
static bool is_setting(struct ndb_slice line, const char *name,
                       struct ndb_slice *value)
{
    const uint8_t *equals;
    size_t at;

    if (line.bytes == 0 || is_blank(line.data[0]) || line.data[0] == '#' ||
        line.data[0] == ';')
        return false;
    equals = memchr(line.data, '=', line.bytes);
    if (equals == NULL)
        return false;
    at = (size_t)(equals - line.data);
    if (!ndb_slice_equal(trim(ndb_slice(line.data, at)), ndb_slice_text(name)))
        return false;
    *value =
        without_comment(ndb_slice(line.data + at + 1, line.bytes - at - 1));
    return true;
}

bool ndb_ini_has_section(struct ndb_slice text, const char *section)
{
    while (text.bytes != 0) {
        struct ndb_slice name;

        if (is_head(take_line(&text), &name) &&
            ndb_slice_equal(name, ndb_slice_text(section)))
            return true;
    }
    return false;
}

int ndb_ini_get(struct ndb_slice text, const char *section, const char *name,
                struct ndb_slice *value)
{
    bool is_inside = false;
    int rc = NAMIDB_NONE;

    *value = ndb_slice(NULL, 0);
    while (text.bytes != 0) {
        struct ndb_slice line = take_line(&text);
        struct ndb_slice head;

        if (is_head(line, &head))
            is_inside = ndb_slice_equal(head, ndb_slice_text(section));
        else if (is_inside && is_setting(line, name, value))
            rc = NAMIDB_OK;
    }
    return rc;
}
