/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/net/broker.h"

#include "announce/net/nkey.h"
#include "base/input_file.h"
#include "base/number.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#define DEFAULT_PREFIX "backhand"
#define DEFAULT_PORT   4222

/* The options, in the order of backhand_broker_file. */
static const char *const options[BACKHAND_BROKER_FILES] = {
    "credentials=", "nkey=", "token-file=", "user-file=", "ca=", "cert=", "key="};

static const char url_error[] =
    "takes brokers as nats://host:4222 or tls://host:4222, several joined by commas, all nats:// or all tls://";

/* --- words ------------------------------------------------------------------------------------------------- */

/* Splits off the port. @return 0: it is malformed */
static int read_port(char *host, int *port)
{
    char *colon = *host == '[' ? strchr(host, ']') : strchr(host, ':');
    int64_t number;

    *port = DEFAULT_PORT;
    if (colon && *host == '[') {
        colon++;
    }
    if (*host == '[' && !colon) {
        return 0;
    }
    if (colon && *colon) {
        if (*colon != ':' || !backhand_number_read(&number, colon + 1, 1, 65535)) {
            return 0;
        }
        *port = (int)number;
        *colon = '\0';
    }
    return *host != '\0';
}

static int is_host(const char *host)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    size_t length = strlen(host);
    if (*host == '[') {
        return length > 3 && strspn(host + 1, "0123456789abcdefABCDEF:.") == length - 2;
    }
    return length <= 253 && strspn(host, name) == length;
}

static const char *add_url(backhand_broker *broker, const char *text, apr_pool_t *p)
{
    int tls = strncmp(text, "tls://", 6) == 0, port;
    char *host;

    if (!tls && strncmp(text, "nats://", 7) != 0) {
        return url_error;
    }
    if (strchr(text, '@')) {
        return "names no user or password in a URL; put them into a file, and name it by user-file= or token-file=";
    }
    host = apr_pstrdup(p, text + (tls ? 6 : 7));
    if (!read_port(host, &port) || !is_host(host) || (broker->count && tls != broker->tls)) {
        return url_error;
    }
    if (broker->count == BACKHAND_BROKERS_MAX) {
        return apr_psprintf(p, "takes at most %d brokers", BACKHAND_BROKERS_MAX);
    }
    broker->tls = tls;
    broker->url[broker->count++] = apr_psprintf(p, "%s://%s:%d", tls ? "tls" : "nats", host, port);
    return NULL;
}

static const char *add_urls(backhand_broker *broker, const char *word, apr_pool_t *p)
{
    const char *error = NULL;
    while (!error && word) {
        const char *comma = strchr(word, ',');
        error = add_url(broker, comma ? apr_pstrmemdup(p, word, (apr_size_t)(comma - word)) : word, p);
        word = comma ? comma + 1 : NULL;
    }
    return error;
}

static int is_prefix(const char *word)
{
    size_t length = strlen(word);
    if (length == 0 || length > BACKHAND_PREFIX_MAX || *word == '.' || word[length - 1] == '.' || strstr(word, "..")) {
        return 0;
    }
    for (; *word; word++) {
        if (!apr_isalnum(*word) && !strchr("._-", *word)) {
            return 0;
        }
    }
    return 1;
}

static const char *add_word(backhand_broker *broker, const char *word, apr_pool_t *p)
{
    for (int i = 0; i < BACKHAND_BROKER_FILES; i++) {
        size_t length = strlen(options[i]);
        if (strncmp(word, options[i], length) != 0) {
            continue;
        }
        if (broker->file[i]) {
            return "takes this option once";
        }
        broker->file[i] = word + length;
        return word[length] ? NULL : "takes a file after this option";
    }
    if (strchr(word, '=')) {
        return "knows no such option; it has credentials=, nkey=, token-file=, user-file=, ca=, cert= and key=";
    }
    if (broker->prefix) {
        return "takes one subject prefix";
    }
    broker->prefix = word;
    return is_prefix(word) ? NULL
                           : apr_psprintf(p,
                                          "takes a subject prefix of at most %d characters of A-Z a-z 0-9 _ -, in "
                                          "tokens joined by single dots, as in backhand or web.backhand",
                                          BACKHAND_PREFIX_MAX);
}

/* Checks which options go together. */
static const char *check(const backhand_broker *broker)
{
    const char *const *file = broker->file;
    int logins = 0;
    for (int i = BACKHAND_BROKER_CREDENTIALS; i <= BACKHAND_BROKER_USER; i++) {
        logins += file[i] != NULL;
    }
    if (logins > 1) {
        return "takes one of credentials=, nkey=, token-file= and user-file=";
    }
    if (!file[BACKHAND_BROKER_CERT] != !file[BACKHAND_BROKER_KEY]) {
        return "takes cert= and key= together";
    }
    if (!broker->tls && (file[BACKHAND_BROKER_CA] || file[BACKHAND_BROKER_CERT])) {
        return "takes ca=, cert= and key= with tls:// only";
    }
    return NULL;
}

const char *backhand_broker_parse(backhand_broker *broker, const char *const *words, int n, const char **wrong,
                                  apr_pool_t *p)
{
    const char *error;

    memset(broker, 0, sizeof(*broker));
    *wrong = n > 0 ? words[0] : "";
    if (n == 0) {
        return url_error;
    }
    error = add_urls(broker, words[0], p);
    for (int i = 1; i < n && !error; i++) {
        *wrong = words[i];
        error = add_word(broker, words[i], p);
    }
    if (!error) {
        *wrong = words[0];
        error = check(broker);
    }
    broker->prefix = broker->prefix ? broker->prefix : DEFAULT_PREFIX;
    return error;
}

/* --- files ------------------------------------------------------------------------------------------------- */

static const char *at(const char *path, const char *wrong, apr_pool_t *p)
{
    return apr_pstrcat(p, path, ": ", wrong, NULL);
}

/* The text from the line after `begin` up to the line break before `end`. */
static const char *between(const char *text, const char *begin, apr_pool_t *p)
{
    const char *from = strstr(text, begin), *to;
    from = from ? strchr(from, '\n') : NULL;
    if (!from) {
        return NULL;
    }
    from += strspn(from, "\r\n \t");
    to = from + strcspn(from, "\r\n \t");
    return to > from ? apr_pstrmemdup(p, from, (apr_size_t)(to - from)) : NULL;
}

/* The only line that is neither empty nor begins with `#`. */
static const char *only_line(char *text, apr_pool_t *p)
{
    char *state, *found = NULL;
    for (char *line = apr_strtok(text, "\r\n", &state); line; line = apr_strtok(NULL, "\r\n", &state)) {
        if (*line == '#') {
            continue;
        }
        if (found) {
            return NULL;
        }
        found = line;
    }
    return found && *found ? apr_pstrdup(p, found) : NULL;
}

static int is_printable(const char *text)
{
    for (; *text; text++) {
        if (!apr_isprint(*text)) {
            return 0;
        }
    }
    return 1;
}

static int count_certificates(const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    X509 *x;
    int n = 0;
    while (bio && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        X509_free(x);
        n++;
    }
    BIO_free(bio);
    ERR_clear_error();
    return n;
}

/* OpenSSL asks for the passphrase of a key on the terminal, unless there is a callback. */
static int no_passphrase(char *buffer, int size, int writing, void *unused)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)unused;
    return -1;
}

static int is_pair(const char *cert, const char *key)
{
    BIO *cert_bio = BIO_new_mem_buf(cert, -1), *key_bio = BIO_new_mem_buf(key, -1);
    X509 *x = cert_bio ? PEM_read_bio_X509(cert_bio, NULL, NULL, NULL) : NULL;
    EVP_PKEY *private = key_bio ? PEM_read_bio_PrivateKey(key_bio, NULL, no_passphrase, NULL) : NULL;
    int good = x && private && X509_check_private_key(x, private) == 1;
    X509_free(x);
    EVP_PKEY_free(private);
    BIO_free(cert_bio);
    BIO_free(key_bio);
    ERR_clear_error();
    return good;
}

static const char *take_credentials(backhand_broker *broker, const char *text, apr_pool_t *p)
{
    char public[BACKHAND_NKEY_PUBLIC + 1];
    broker->jwt = between(text, "BEGIN NATS USER JWT", p);
    broker->seed = between(text, "BEGIN USER NKEY SEED", p);
    return broker->jwt && broker->seed && backhand_nkey_public(public, broker->seed)
               ? NULL
               : "holds no user JWT with its seed; a .creds file of nsc or of the NATS operator does";
}

static const char *take_nkey(backhand_broker *broker, char *text, apr_pool_t *p)
{
    char public[BACKHAND_NKEY_PUBLIC + 1];
    broker->seed = only_line(text, p);
    if (!broker->seed || !backhand_nkey_public(public, broker->seed)) {
        return "takes one line with the seed of a user's NKey, which begins with SU; nk -gen user makes one";
    }
    broker->public_key = apr_pstrdup(p, public);
    return NULL;
}

static const char *take_token(backhand_broker *broker, char *text, apr_pool_t *p)
{
    broker->token = only_line(text, p);
    return broker->token && is_printable(broker->token) ? NULL : "takes one line with the token";
}

static const char *take_user(backhand_broker *broker, char *text, apr_pool_t *p)
{
    char *line = (char *)only_line(text, p), *colon = line ? strchr(line, ':') : NULL;
    if (!colon || colon == line || !colon[1] || !is_printable(line)) {
        return "takes one line, user:password";
    }
    *colon = '\0';
    broker->user = line;
    broker->password = colon + 1;
    return NULL;
}

static const char *take(backhand_broker *broker, backhand_broker_file file, char *text, apr_pool_t *p)
{
    switch (file) {
    case BACKHAND_BROKER_CREDENTIALS:
        return take_credentials(broker, text, p);
    case BACKHAND_BROKER_NKEY:
        return take_nkey(broker, text, p);
    case BACKHAND_BROKER_TOKEN:
        return take_token(broker, text, p);
    case BACKHAND_BROKER_USER:
        return take_user(broker, text, p);
    case BACKHAND_BROKER_CA:
        broker->ca = apr_pstrdup(p, text);
        return count_certificates(text) ? NULL : "holds no certificate in PEM form";
    case BACKHAND_BROKER_CERT:
        broker->cert = apr_pstrdup(p, text);
        return count_certificates(text) ? NULL : "holds no certificate in PEM form";
    case BACKHAND_BROKER_KEY:
        broker->key = apr_pstrdup(p, text);
        return is_pair(broker->cert, text) ? NULL
                                           : "holds no key in PEM form, without a passphrase, to the certificate of "
                                             "cert=";
    case BACKHAND_BROKER_FILES:
        break;
    }
    return NULL;
}

const char *backhand_broker_load(backhand_broker *broker, apr_pool_t *p)
{
    const char *error = NULL;
    char *text = apr_palloc(p, BACKHAND_INPUT_FILE_MAX + 1);

    for (int i = 0; i < BACKHAND_BROKER_FILES && !error; i++) {
        int secret = i != BACKHAND_BROKER_CA && i != BACKHAND_BROKER_CERT;
        apr_size_t length = 0;
        const char *wrong;
        if (!broker->file[i]) {
            continue;
        }
        error = backhand_input_file_read(text, &length, broker->file[i], secret, p);
        wrong = error ? NULL : take(broker, (backhand_broker_file)i, text, p);
        error = wrong ? at(broker->file[i], wrong, p) : error;
        OPENSSL_cleanse(text, length);
    }
    return error;
}

const char *backhand_broker_subject(const backhand_broker *broker, const char *farm, apr_pool_t *p)
{
    char *name = apr_pstrdup(p, farm);
    for (char *dot = name; (dot = strchr(dot, '.')) != NULL;) {
        *dot = '_';
    }
    return apr_pstrcat(p, broker->prefix, ".", name, ".", NULL);
}
