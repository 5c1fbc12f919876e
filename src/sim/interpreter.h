/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file interpreter.h
 * @brief Policies written in Perl: an interpreter in the simulator, with the same calling code as byPerl.so.
 *
 * One interpreter a process, started when a scenario first needs it. Apache::Backhand reads the table of the dispatcher
 * that decides. The other things that a policy finds are in perl/prelude.pl.
 */
#ifndef BACKHAND_SIM_INTERPRETER_H
#define BACKHAND_SIM_INTERPRETER_H

#include "candidacy/chain.h"

/**
 * A line as httpd.conf has it: PerlModule, PerlRequire (also PerlPostConfigRequire) or PerlSwitches -Ifolder.
 * @param folder  of the scenario: paths are relative to it
 * @return NULL, or what is wrong
 */
const char *sim_perl_directive(const char *line, const char *folder, apr_pool_t *p);

/** Makes `function` the call of a Perl function: its `arg` is `Package::function [words]`. @return NULL, or what is
 * wrong */
const char *sim_perl_function(backhand_function *function, apr_pool_t *p);

/** Seeds Perl's `rand`, if there is an interpreter. */
void sim_perl_seed(uint64_t seed);

/** Ends the interpreter, if there is one. */
void sim_perl_end(void);

#endif
