/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "ctl/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define SCREEN_BEGIN "\033[?1049h\033[?25l"
#define SCREEN_END   "\033[?25h\033[?1049l"

static struct termios before;
static volatile sig_atomic_t ends;

static void on_end(int signal)
{
    (void)signal;
    ends = 1;
}

/* poll() returns then, and the screen is drawn again. */
static void on_resize(int signal)
{
    (void)signal;
}

static void catch_signal(int signal, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

int ctl_terminal_begin(void)
{
    struct termios raw;

    if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0) {
        return 0;
    }
    catch_signal(SIGINT, on_end);
    catch_signal(SIGTERM, on_end);
    catch_signal(SIGHUP, on_end);
    catch_signal(SIGWINCH, on_resize);
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VSUSP] = _POSIX_VDISABLE;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0) {
        return 0;
    }
    fputs(SCREEN_BEGIN, stdout);
    fflush(stdout);
    return 1;
}

void ctl_terminal_end(void)
{
    fputs(SCREEN_END, stdout);
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

void ctl_terminal_size(int *lines, int *columns)
{
    struct winsize size = {0};

    *lines = 24;
    *columns = 80;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        *lines = size.ws_row;
        *columns = size.ws_col;
    }
}

int ctl_terminal_key(int ms)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char key;
    int ready = ends ? 0 : poll(&input, 1, ms);

    if (ends || (ready < 0 && errno != EINTR)) {
        return -1;
    }
    if (ready <= 0) {
        return 0;
    }
    return read(STDIN_FILENO, &key, 1) == 1 ? (unsigned char)key : -1;
}
