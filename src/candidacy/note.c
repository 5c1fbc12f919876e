/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The words of a policy about its own decision. */

#include "candidacy/chain.h"
#include "candidacy/explanation.h"

void backhand_note(struct request_rec *r, const char *text)
{
    const backhand_candidates *run = backhand_chain_current();

    if (run && run->explanation && run->explanation->request == r) {
        backhand_explanation_note(run->explanation, text);
    }
}
