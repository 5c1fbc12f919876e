/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file commands.h
 * @brief The commands. Each does its work, writes to standard output, and returns the exit code.
 */
#ifndef BACKHAND_CTL_COMMANDS_H
#define BACKHAND_CTL_COMMANDS_H

#include "ctl/ctl.h"

int ctl_status(ctl *command);
int ctl_top(ctl *command);
int ctl_explain(ctl *command);
int ctl_drain(ctl *command);
int ctl_undrain(ctl *command);
int ctl_maintenance(ctl *command);
int ctl_weight(ctl *command);
int ctl_forget(ctl *command);
int ctl_doctor(ctl *command);
int ctl_newsecret(ctl *command);

#endif
