/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file terminal.h
 * @brief A screen for `top`, by ANSI escape codes. One thread.
 */
#ifndef BACKHAND_CTL_TERMINAL_H
#define BACKHAND_CTL_TERMINAL_H

/** Turns the terminal of standard input and output into a screen: keys come at once and are not shown. The terminal is
 * as before after ctl_terminal_end(), and when a signal ends the process. @return 0: there is no terminal */
int ctl_terminal_begin(void);
void ctl_terminal_end(void);

/** The size of the screen; 24 and 80 if it is not known. */
void ctl_terminal_size(int *lines, int *columns);

/** Waits for a key. @return the key; 0 if none came within `ms`, or the size has changed; -1: the input has ended, or a
 * signal asks to end */
int ctl_terminal_key(int ms);

#endif
