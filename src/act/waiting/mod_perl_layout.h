/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file mod_perl_layout.h
 * @brief The first members of the mod_perl structs that lead from a connection to its interpreter and that one's pool.
 *
 * They are the same in all releases of mod_perl for httpd 2.4 with a threaded perl; without one mod_perl does not run
 * under a threaded MPM. mod_perl's own headers cannot be included without Perl's, hence these copies.
 * perl/t/35-layout.t compares them.
 */
#ifndef BACKHAND_MOD_PERL_LAYOUT_H
#define BACKHAND_MOD_PERL_LAYOUT_H

#include <pthread.h>

struct mod_perl_limits { /* modperl_tipool_config_t */
    int start, min_spare, max_spare, max, max_requests;
};

struct mod_perl_tipool { /* modperl_tipool_t */
    pthread_mutex_t lock;
    pthread_cond_t available;
    void *idle, *busy;
    int in_use, size;
    void *data;
    struct mod_perl_limits *limits;
};

struct mod_perl_pool { /* modperl_interp_pool_t */
    void *server;
    struct mod_perl_tipool *tipool;
};

struct mod_perl_interpreter { /* modperl_interp_t */
    struct mod_perl_pool *pool;
};

struct mod_perl_connection { /* modperl_config_con_t */
    void *pnotes[3];
    struct mod_perl_interpreter *interpreter;
};

#endif
