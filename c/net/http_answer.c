/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_answer.h"

#include <strings.h>
#include <time.h>

/* The value, when the line is the header `name` (given with its colon). */
static bool header_value(struct ndb_slice line, const char *name, char *out,
                         size_t capacity)
{
    size_t name_bytes = strlen(name);
    const char *value = (const char *)line.data + name_bytes;
    size_t bytes;

    if (line.bytes < name_bytes ||
        strncasecmp((const char *)line.data, name, name_bytes) != 0)
        return false;
    bytes = line.bytes - name_bytes;
    while (bytes != 0 && (*value == ' ' || *value == '\t')) {
        value++;
        bytes--;
    }
    while (bytes != 0 && (value[bytes - 1] == '\r' ||
                          value[bytes - 1] == '\n' || value[bytes - 1] == ' '))
        bytes--;
    if (bytes >= capacity)
        bytes = capacity - 1;
    memcpy(out, value, bytes);
    out[bytes] = '\0';
    return true;
}

/* Two digits, or four; -1: they are none. */
static int digits(const char *text, int count)
{
    int number = 0;

    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

static int month(const char *text)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++)
        if (strncmp(names + 3 * i, text, 3) == 0)
            return i;
    return -1;
}

/* Of the three forms that HTTP has known, the one that may be sent. */
int64_t ndb_http_date_ms(const char *text)
{
    struct tm utc = { .tm_isdst = 0 };
    time_t seconds;

    if (strlen(text) != 29 || text[3] != ',' || text[7] != ' ' ||
        text[11] != ' ' || text[16] != ' ' || text[19] != ':' ||
        text[22] != ':' || strcmp(text + 25, " GMT") != 0)
        return 0;
    utc.tm_mday = digits(text + 5, 2);
    utc.tm_mon = month(text + 8);
    utc.tm_year = digits(text + 12, 4) - 1900;
    utc.tm_hour = digits(text + 17, 2);
    utc.tm_min = digits(text + 20, 2);
    utc.tm_sec = digits(text + 23, 2);
    if (utc.tm_mday < 1 || utc.tm_mday > 31 || utc.tm_mon < 0 ||
        utc.tm_year < 70 || utc.tm_hour < 0 || utc.tm_hour > 23 ||
        utc.tm_min < 0 || utc.tm_min > 59 || utc.tm_sec < 0 || utc.tm_sec > 60)
        return 0;
    seconds = timegm(&utc);
    return seconds > 0 ? (int64_t)seconds * 1000 : 0;
}

void ndb_http_answer_header(struct ndb_http_answer *answer,
                            struct ndb_slice line)
{
    char date[64];
    const struct {
        const char *name;
        char *out;
        size_t capacity;
    } wanted[] = {
        { "content-range:", answer->content_range,
          sizeof answer->content_range },
        { "retry-after:", answer->retry_after, sizeof answer->retry_after },
        { "x-amz-bucket-region:", answer->region, sizeof answer->region },
        { "x-amz-request-id:", answer->request_id, sizeof answer->request_id },
        { "etag:", answer->etag, sizeof answer->etag },
        { "server:", answer->server, sizeof answer->server },
    };

    if (header_value(line, "date:", date, sizeof date)) {
        answer->date_ms = ndb_http_date_ms(date);
        return;
    }
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (header_value(line, wanted[i].name, wanted[i].out,
                         wanted[i].capacity))
            return;
}

/* Digits; false when there are none or too many for 63 bits. */
static bool parse_number(const char **text, uint64_t *number)
{
    const char *at = *text;

    *number = 0;
    while (*at >= '0' && *at <= '9') {
        if (*number > (UINT64_MAX >> 1) / 10 - 1)
            return false;
        *number = *number * 10 + (uint64_t)(*at - '0');
        at++;
    }
    if (at == *text)
        return false;
    *text = at;
    return true;
}

bool ndb_content_range_parse(const char *text, struct ndb_content_range *range)
{
    if (strncasecmp(text, "bytes ", 6) != 0)
        return false;
    text += 6;
    if (!parse_number(&text, &range->first) || *text++ != '-' ||
        !parse_number(&text, &range->last) || *text++ != '/')
        return false;
    if (strcmp(text, "*") == 0) {
        range->total = UINT64_MAX;
        return range->first <= range->last;
    }
    return parse_number(&text, &range->total) && *text == '\0' &&
           range->first <= range->last && range->last < range->total;
}
