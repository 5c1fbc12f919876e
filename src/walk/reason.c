/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "walk/reason.h"
#include "table/outcomes.h"

_Static_assert(BACKHAND_REASONS <= BACKHAND_REASONS_MAX, "the table has a counter for each reason");

const char *backhand_reason_text(backhand_reason reason)
{
    static const char *const text[BACKHAND_REASONS] = {
        [BACKHAND_HERE_CHOSEN] = "served-here:chosen",
        [BACKHAND_HERE_FREE] = "served-here:free",
        [BACKHAND_HERE_SOONEST] = "served-here:soonest",
        [BACKHAND_HERE_TRIAL] = "served-here:trial",
        [BACKHAND_HERE_NONE] = "served-here:no-candidate",
        [BACKHAND_HERE_GONE] = "served-here:gone",
        [BACKHAND_HERE_BUSY] = "served-here:busy",
        [BACKHAND_HERE_NO_TLS] = "served-here:no-tls",
        [BACKHAND_HERE_CODED] = "served-here:coded",
        [BACKHAND_HERE_UNREADY] = "served-here:unready",
        [BACKHAND_HERE_LIMIT] = "served-here:limit",
        [BACKHAND_HERE_TUNNELS] = "served-here:tunnels",
        [BACKHAND_HERE_INTERPRETERS] = "served-here:interpreters",
        [BACKHAND_HERE_FAILED] = "served-here:failed",
        [BACKHAND_HERE_OWN] = "served-here:own",
        [BACKHAND_HERE_MARKED] = "served-here:marked",
        [BACKHAND_HERE_UNSAFE] = "served-here:unsafe",
        [BACKHAND_NOT_PROXYPASS] = "not-balanced:proxypass",
        [BACKHAND_OFF_CHOSEN] = "handed-off:chosen",
        [BACKHAND_OFF_SOONER] = "handed-off:sooner",
        [BACKHAND_OFF_NEXT] = "handed-off:next",
        [BACKHAND_OFF_FAILED] = "handed-off:failed",
        [BACKHAND_REDIRECTED] = "redirected:chosen",
        [BACKHAND_REDIRECTED_SESSION] = "redirected:session",
        [BACKHAND_REFUSED_SESSION] = "refused:session",
        [BACKHAND_REFUSED_WAIT] = "refused:wait",
        [BACKHAND_REFUSED_AWAY] = "refused:away",
        [BACKHAND_REFUSED_LOOP] = "refused:loop",
        [BACKHAND_ENDED_GONE] = "ended:gone",
        [BACKHAND_ENDED_CLIENT] = "ended:client",
    };
    return text[reason];
}

const char *backhand_reason_meaning(backhand_reason reason)
{
    static const char *const meaning[BACKHAND_REASONS] = {
        [BACKHAND_HERE_CHOSEN] = "the chain put this server first",
        [BACKHAND_HERE_FREE] = "a place is free here, and no other server is surely faster",
        [BACKHAND_HERE_SOONEST] = "no other server would surely answer sooner",
        [BACKHAND_HERE_TRIAL] = "another server seems sooner, and this server tests whether it has recovered",
        [BACKHAND_HERE_NONE] = "the chain left no server",
        [BACKHAND_HERE_GONE] = "all candidates have left, or were never heard from",
        [BACKHAND_HERE_BUSY] = "no candidate has a ready worker",
        [BACKHAND_HERE_NO_TLS] = "the candidates need TLS, and this host has no SSLProxyEngine On",
        [BACKHAND_HERE_CODED] = "the body has a transfer coding besides chunked",
        [BACKHAND_HERE_UNREADY] = "this process could not get ready to ask the candidates in time",
        [BACKHAND_HERE_LIMIT] =
            "this process cannot hand off, or BackhandMaxHandoffs requests wait for other servers already",
        [BACKHAND_HERE_TUNNELS] = "BackhandMaxTunnels tunnels to other servers are open",
        [BACKHAND_HERE_INTERPRETERS] =
            "the request holds an interpreter of mod_perl, and no more such requests may wait",
        [BACKHAND_HERE_FAILED] = "every candidate that was asked refused, or BackhandTries are used up",
        [BACKHAND_HERE_OWN] = "only this server can answer the request, as with server-status",
        [BACKHAND_HERE_MARKED] = "the request came with a mark that is not believed, and is not handed on",
        [BACKHAND_HERE_UNSAFE] = "only HttpProtocolOptions Unsafe let the request in, or its host is odd",
        [BACKHAND_NOT_PROXYPASS] = "ProxyPass covers the request, without BackhandProxyPass On",
        [BACKHAND_OFF_CHOSEN] = "the server is the first candidate of the chain",
        [BACKHAND_OFF_SOONER] = "the server would surely answer sooner",
        [BACKHAND_OFF_NEXT] =
            "the server is a later candidate: those before it are gone, busy or silent, or they refused",
        [BACKHAND_OFF_FAILED] = "the server was asked and failed, and the request cannot be repeated",
        [BACKHAND_REDIRECTED] = "the chain redirects the client there",
        [BACKHAND_REDIRECTED_SESSION] = "the server owns the session of the request and cannot be asked now",
        [BACKHAND_REFUSED_SESSION] = "the owner of the session cannot be asked now",
        [BACKHAND_REFUSED_WAIT] = "no candidate would begin within BackhandMaxWait",
        [BACKHAND_REFUSED_AWAY] =
            "BackhandSelfRedirect Only keeps this server from serving the request, and no other server can",
        [BACKHAND_REFUSED_LOOP] = "this server's contact leads back to it",
        [BACKHAND_ENDED_GONE] = "the client went away while another server worked on the request",
        [BACKHAND_ENDED_CLIENT] = "the body of the request is wrong, too long or too slow",
    };
    return meaning[reason];
}
