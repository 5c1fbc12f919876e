/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/net/nats_options.h"

#include <string.h>

/* All in ms. A broker that says nothing is given up after PING * PINGS_OUT, one that takes nothing after WRITE. */
#define CONNECT   2000
#define PING      2000
#define PINGS_OUT 2
#define WRITE     2000

static natsStatus give_jwt(char **jwt, char **error, void *closure)
{
    const backhand_broker *broker = closure;
    (void)error;
    *jwt = strdup(broker->jwt);
    return *jwt ? NATS_OK : NATS_NO_MEMORY;
}

static natsStatus sign(char **error, unsigned char **signature, int *length, const char *nonce, void *closure)
{
    const backhand_broker *broker = closure;
    (void)error;
    return nats_Sign(broker->seed, nonce, signature, length);
}

static natsStatus set_login(natsOptions *options, backhand_broker *broker)
{
    if (broker->jwt) {
        return natsOptions_SetUserCredentialsCallbacks(options, give_jwt, broker, sign, broker);
    }
    if (broker->public_key) {
        return natsOptions_SetNKey(options, broker->public_key, sign, broker);
    }
    if (broker->token) {
        return natsOptions_SetToken(options, broker->token);
    }
    return broker->user ? natsOptions_SetUserInfo(options, broker->user, broker->password) : NATS_OK;
}

static natsStatus set_tls(natsOptions *options, const backhand_broker *broker)
{
    natsStatus s = natsOptions_SetSecure(options, true);
    if (s == NATS_OK && broker->ca) {
        s = natsOptions_SetCATrustedCertificates(options, broker->ca);
    }
    if (s == NATS_OK && broker->cert) {
        s = natsOptions_SetCertificatesChain(options, broker->cert, broker->key);
    }
    return s;
}

/* The number options of libnats, which fail only without memory. */
static natsStatus set_times(natsOptions *options)
{
    natsStatus s = natsOptions_SetTimeout(options, CONNECT);
    s = s == NATS_OK ? natsOptions_SetPingInterval(options, PING) : s;
    s = s == NATS_OK ? natsOptions_SetMaxPingsOut(options, PINGS_OUT) : s;
    s = s == NATS_OK ? natsOptions_SetWriteDeadline(options, WRITE) : s;
    return s == NATS_OK ? natsOptions_SetSendAsap(options, true) : s;
}

natsStatus backhand_nats_set_broker(natsOptions *options, const backhand_broker *broker)
{
    /* libnats wants the URLs without `const`, and copies them. */
    natsStatus s = natsOptions_SetServers(options, (const char **)broker->url, broker->count);
    s = s == NATS_OK ? set_times(options) : s;
    /* libnats takes closures without `const`. */
    s = s == NATS_OK ? set_login(options, (backhand_broker *)broker) : s;
    return s == NATS_OK && broker->tls ? set_tls(options, broker) : s;
}
