/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "trust/keys.h"

#include "base/hex.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <ctype.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define DIGEST_BYTES 32

struct backhand_keys {
    int n;
    EVP_MAC_CTX *prepared[BACKHAND_KEYS_MAX]; /* keyed; copied for each use, so that threads share them */
    uint64_t ids[BACKHAND_KEYS_MAX];
};

/* --- reading ----------------------------------------------------------------------------------------------- */

static const char *read_hex(unsigned char *key, int *bytes, const char *word, apr_size_t length)
{
    if (length % 2 || length / 2 < BACKHAND_KEY_BYTES_MIN || length / 2 > BACKHAND_KEY_BYTES_MAX) {
        return "a key has an even number of hex digits, from 32 to 256, or is base64:... of 16 to 128 bytes";
    }
    /* apr_unescape_hex() would end at a zero byte, and leave the rest of the key as it was. */
    for (apr_size_t i = 0; i < length; i += 2) {
        int byte = backhand_hex_byte(word + i);
        if (byte < 0) {
            return "a key is of hex digits only, or begins with base64:";
        }
        key[i / 2] = (unsigned char)byte;
    }
    *bytes = (int)(length / 2);
    return NULL;
}

static const char *read_base64(unsigned char *key, int *bytes, const char *word, apr_size_t length)
{
    static const char wrong[] = "base64: is followed by the base64 form of 16 to 128 bytes, with its padding";
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char decoded[BACKHAND_KEY_BYTES_MAX + 8];
    int padding = 0, n;

    if (length % 4 || length < 4 || length > (BACKHAND_KEY_BYTES_MAX + 2) / 3 * 4) {
        return wrong;
    }
    padding = (word[length - 1] == '=') + (word[length - 2] == '=');
    /* OpenSSL would read `=` as zero bits anywhere, and skip blanks. */
    for (apr_size_t i = 0; i < length - (apr_size_t)padding; i++) {
        if (!word[i] || !strchr(alphabet, word[i])) {
            return wrong;
        }
    }
    n = EVP_DecodeBlock(decoded, (const unsigned char *)word, (int)length) - padding;
    if (n >= BACKHAND_KEY_BYTES_MIN && n <= BACKHAND_KEY_BYTES_MAX) {
        memcpy(key, decoded, (size_t)n);
        *bytes = n;
    }
    OPENSSL_cleanse(decoded, sizeof(decoded));
    return n < BACKHAND_KEY_BYTES_MIN || n > BACKHAND_KEY_BYTES_MAX ? wrong : NULL;
}

static apr_status_t free_prepared(void *data)
{
    EVP_MAC_CTX_free(data);
    return APR_SUCCESS;
}

static EVP_MAC_CTX *prepare(const unsigned char *key, int bytes, apr_pool_t *p)
{
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;

    EVP_MAC_free(mac);
    if (context && EVP_MAC_init(context, key, (size_t)bytes, parameters) != 1) {
        EVP_MAC_CTX_free(context);
        context = NULL;
    }
    if (context) {
        apr_pool_cleanup_register(p, context, free_prepared, apr_pool_cleanup_null);
    }
    return context;
}

static int digest(EVP_MAC_CTX *prepared, const char *purpose, const char *text, apr_size_t length,
                  unsigned char out[DIGEST_BYTES])
{
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(prepared);
    size_t written = 0;
    int done = context && EVP_MAC_update(context, (const unsigned char *)purpose, strlen(purpose)) == 1 &&
               EVP_MAC_update(context, (const unsigned char *)"\n", 1) == 1 &&
               EVP_MAC_update(context, (const unsigned char *)text, length) == 1 &&
               EVP_MAC_final(context, out, &written, DIGEST_BYTES) == 1 && written == DIGEST_BYTES;

    EVP_MAC_CTX_free(context);
    return done;
}

/* Returns an id that reveals nothing of the key; never 0. */
static uint64_t id_of(EVP_MAC_CTX *prepared)
{
    static const char text[] = "which key is this";
    unsigned char bytes[DIGEST_BYTES];
    uint64_t id = 0;

    if (digest(prepared, "id", text, sizeof(text) - 1, bytes)) {
        memcpy(&id, bytes, sizeof(id));
    }
    return id ? id : 1;
}

static const char *add_key(backhand_keys *keys, const char *word, apr_size_t length, apr_pool_t *p)
{
    static const char prefix[] = "base64:";
    const apr_size_t skip = sizeof(prefix) - 1;
    unsigned char key[BACKHAND_KEY_BYTES_MAX];
    const char *wrong;
    int bytes = 0;

    if (keys->n == BACKHAND_KEYS_MAX) {
        return "a file has at most 8 keys";
    }
    wrong = length > skip && strncmp(word, prefix, skip) == 0 ? read_base64(key, &bytes, word + skip, length - skip)
                                                              : read_hex(key, &bytes, word, length);
    if (!wrong) {
        keys->prepared[keys->n] = prepare(key, bytes, p);
        wrong = keys->prepared[keys->n] ? NULL : "OpenSSL has no HMAC with SHA-256";
    }
    if (!wrong) {
        keys->ids[keys->n] = id_of(keys->prepared[keys->n]);
        keys->n++;
    }
    OPENSSL_cleanse(key, sizeof(key));
    return wrong;
}

static const char *at_line(apr_pool_t *p, const char *name, int line, const char *wrong)
{
    return apr_psprintf(p, "%s, line %d: %s", name, line, wrong);
}

const char *backhand_keys_parse(backhand_keys **keys, const char *text, apr_size_t length, const char *name,
                                apr_pool_t *p)
{
    const char *end = text + length;
    int line = 1;

    *keys = apr_pcalloc(p, sizeof(**keys));
    for (const char *next; text < end; text = next, line++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        const char *wrong;

        next = newline ? newline + 1 : end;
        while (text < stop && isspace((unsigned char)*text)) {
            text++;
        }
        while (stop > text && isspace((unsigned char)stop[-1])) {
            stop--;
        }
        if (text == stop || *text == '#') {
            continue;
        }
        wrong = add_key(*keys, text, (apr_size_t)(stop - text), p);
        if (wrong) {
            return at_line(p, name, line, wrong);
        }
    }
    if ((*keys)->n == 0) {
        return apr_psprintf(p, "%s: holds no key; a line of 64 random hex digits is one", name);
    }
    return NULL;
}

const char *backhand_keys_read(backhand_keys **keys, const char *path, apr_pool_t *p)
{
    char *text = apr_palloc(p, BACKHAND_INPUT_FILE_MAX + 1);
    apr_size_t length = 0;
    const char *wrong = backhand_input_file_read(text, &length, path, 1, p);

    if (!wrong) {
        wrong = backhand_keys_parse(keys, text, length, path, p);
        OPENSSL_cleanse(text, length);
    }
    return wrong;
}

/* --- signing ----------------------------------------------------------------------------------------------- */

int backhand_keys_count(const backhand_keys *keys)
{
    return keys->n;
}

uint64_t backhand_keys_id(const backhand_keys *keys, int place)
{
    return keys->ids[place - 1];
}

apr_status_t backhand_keys_sign(const backhand_keys *keys, const char *purpose, const char *text, apr_size_t length,
                                char out[BACKHAND_SIGNATURE_SIZE])
{
    unsigned char bytes[DIGEST_BYTES];

    if (!digest(keys->prepared[0], purpose, text, length, bytes)) {
        return APR_EGENERAL;
    }
    apr_escape_hex(out, bytes, DIGEST_BYTES, 0, NULL);
    return APR_SUCCESS;
}

int backhand_keys_verify(const backhand_keys *keys, const char *purpose, const char *text, apr_size_t length,
                         const char *signature, apr_size_t signature_length)
{
    unsigned char bytes[DIGEST_BYTES];
    char expected[BACKHAND_SIGNATURE_SIZE];
    int right = 0;

    if (signature_length != BACKHAND_SIGNATURE_SIZE - 1) {
        return 0;
    }
    for (int i = 0; i < keys->n && !right; i++) {
        if (digest(keys->prepared[i], purpose, text, length, bytes)) {
            apr_escape_hex(expected, bytes, DIGEST_BYTES, 0, NULL);
            right = CRYPTO_memcmp(expected, signature, signature_length) == 0 ? i + 1 : 0;
        }
    }
    return right;
}
