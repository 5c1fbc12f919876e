/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Asks the status page how the server would decide. Chains live in httpd's processes, so no other program can tell. */

#include "ctl/commands.h"
#include "ctl/json.h"

#include <apr_strings.h>

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define PAGE_MAX (1 << 20)
#define PATIENCE 10L /* s */

/* The page as it comes in. */
typedef struct page {
    char *text; /* room for PAGE_MAX bytes and a NUL */
    size_t length;
} page;

/* Too long a page ends the transfer. */
static size_t take(char *data, size_t size, size_t count, void *ctx)
{
    page *out = ctx;
    size_t bytes = size * count;

    if (bytes > PAGE_MAX - out->length) {
        return 0;
    }
    memcpy(out->text + out->length, data, bytes);
    out->length += bytes;
    out->text[out->length] = '\0';
    return bytes;
}

static const char *address_of(CURL *curl, const ctl *command)
{
    char *escaped = curl_easy_escape(curl, command->arguments[0], 0);
    const char *address = escaped ? apr_pstrcat(command->pool, command->url, strchr(command->url, '?') ? "&" : "?",
                                                "json&explain=", escaped, NULL)
                                  : NULL;
    curl_free(escaped);
    return address;
}

/* @return CTL_OK; else the error is written */
static int get(CURL *curl, const ctl *command, page *out)
{
    const char *address = address_of(curl, command);
    CURLcode rc = CURLE_OUT_OF_MEMORY;
    long status = 0;

    curl_easy_setopt(curl, CURLOPT_URL, address);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, PATIENCE);
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "backhandctl/" BACKHAND_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
    if (address) {
        rc = curl_easy_perform(curl);
    }
    if (rc != CURLE_OK) {
        return ctl_fail(CTL_ABSENT, "cannot ask %s: %s", command->url, curl_easy_strerror(rc));
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 401 || status == 403) {
        return ctl_fail(CTL_FORBIDDEN, "%s answers %ld: the page is not open to this client", command->url, status);
    }
    if (status != 200) {
        return ctl_fail(status == 404 ? CTL_ABSENT : CTL_FAILED, "%s answers %ld: is it the status page?", command->url,
                        status);
    }
    return out->text[0] == '{' ? CTL_OK : ctl_fail(CTL_ABSENT, "%s is no status page of this release", command->url);
}

static void new_line(int depth)
{
    printf("\n%*s", 2 * depth, "");
}

/* Writes the character that an escape of JSON stands for, if it is printable ASCII.
 * @param at  what follows the backslash, not its end
 * @return the escape's last character */
static const char *print_escaped(const char *at)
{
    unsigned code = 0;
    int length = 0;

    if (*at == 'u' && sscanf(at + 1, "%4x%n", &code, &length) == 1 && length == 4) {
        putchar(code >= ' ' && code <= '~' ? (int)code : '?');
        return at + length;
    }
    putchar(*at == 'n' || *at == 't' ? ' ' : *at);
    return at;
}

/* Writes JSON for people: a value a line, without its quotes and brackets. */
static void print_lines(const char *json)
{
    int depth = -1, quoted = 0, fresh = 1;

    for (const char *at = json; *at; at++) {
        if (quoted && *at == '\\' && at[1]) {
            at = print_escaped(at + 1);
        }
        else if (*at == '"') {
            quoted = !quoted;
        }
        else if (quoted) {
            putchar(*at);
        }
        else if (strchr("{[", *at)) {
            depth++;
            if (!fresh) {
                new_line(depth);
            }
            fresh = depth == 0 ? 1 : 0;
        }
        else if (strchr("}]", *at)) {
            depth--;
        }
        else if (*at == ',') {
            new_line(depth);
        }
        else if (*at == ':') {
            fputs(": ", stdout);
            fresh = 0;
        }
        else if (*at != '\n' && *at != ' ') {
            putchar(*at);
        }
    }
    putchar('\n');
}

int ctl_explain(ctl *command)
{
    page out = {apr_pcalloc(command->pool, PAGE_MAX + 1), 0};
    CURL *curl;
    int code;

    if (!command->url) {
        return ctl_fail(CTL_ABSENT, "the server's status page is not known; name it by --url, as in "
                                    "--url http://127.0.0.1/backhand");
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    curl = curl_easy_init();
    code = curl ? get(curl, command, &out) : ctl_fail(CTL_FAILED, "there is not enough memory");
    if (code == CTL_OK && command->json) {
        fputs(out.text, stdout);
    }
    else if (code == CTL_OK) {
        print_lines(out.text);
    }
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return code;
}
