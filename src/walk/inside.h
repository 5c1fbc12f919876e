/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file inside.h
 * @brief The parts of a step of the walk. Only for the files of this folder.
 *
 * walk.c says which of the parts comes next: the owner of a session (owner.c) or the list (list.c). Both end in the
 * parts of step.c.
 */
#ifndef BACKHAND_WALK_INSIDE_H
#define BACKHAND_WALK_INSIDE_H

#include "walk/state.h"

/** 503 Service Unavailable */
#define BACKHAND_WALK_UNAVAILABLE 503

/* --- step.c: what a step can be ---------------------------------------------------------------------------- */

/** Ends the walk: the client gets `status`. */
void backhand_walk_fail(backhand_step *step, backhand_reason reason, int status);
/** True when the server of the slot was asked, or could not be. */
int backhand_walk_was_asked(const backhand_walk *walk, int id);
/** True when this process can send the request to that server. If not, notes why. */
int backhand_walk_can_send(backhand_walk *walk, int id, const backhand_announcement *announcement);
/** Asks the server of the slot, whose announcement and generation are in the step. The caller sets `chosen`. */
void backhand_walk_ask(backhand_walk *walk, int id, backhand_step *step);
/**
 * Asks this server's contact, once, whether it seems to have a ready worker or not.
 * @param held  the reason to stay here if it fails
 * @return 0: it cannot be asked
 */
int backhand_walk_ask_contact(backhand_walk *walk, backhand_reason held, backhand_step *step);
/** True when other servers may still serve the request if this one fails. */
int backhand_walk_can_leave(const backhand_walk *walk);
/** Serves the request here for this reason. Where this server may not, its contact does. If it was served here before,
 * with an error, that is the answer. */
void backhand_walk_stay(backhand_walk *walk, backhand_reason reason, backhand_step *step);

/* --- list.c ------------------------------------------------------------------------------------------------ */

/** Continues in the list at the walk's present place. */
void backhand_walk_follow(backhand_walk *walk, backhand_step *step);

/* --- owner.c: sessions ------------------------------------------------------------------------------------- */

/** True when the request has a session on another server, which lived when the chain ran. */
int backhand_walk_has_owner(const backhand_walk *walk);
/** Asks the owner, if it is not lost and can be asked. */
void backhand_walk_ask_owner(backhand_walk *walk, backhand_step *step);
/** Ends the walk when the owner lives but cannot be asked now: no other server has the session. */
void backhand_walk_hold_back(const backhand_walk *walk, backhand_reason obstacle, backhand_step *step);

#endif
