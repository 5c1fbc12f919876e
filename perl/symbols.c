/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "symbols.h"

#include <dlfcn.h>

int symbols_inside(void)
{
    return dlsym(RTLD_DEFAULT, "ap_run_post_config") || dlsym(RTLD_DEFAULT, "backhand_serverstats");
}

void symbol_croak_outside(pTHX)
{
    croak("Apache::Backhand: this works only inside httpd, with mod_perl and mod_backhand, as in a policy; elsewhere "
          "Apache::Backhand->attach(FOLDER) shows the table of a server that runs");
}

void *symbol_find(pTHX_ const char *name)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    if (symbol) {
        return symbol;
    }
    if (!symbols_inside()) {
        symbol_croak_outside(aTHX);
    }
    croak("Apache::Backhand needs mod_backhand, and httpd has not loaded it%s: put `LoadModule backhand_module "
          ".../mod_backhand.so` before whatever loads Apache::Backhand",
          dlsym(RTLD_DEFAULT, "backhand_serverstats") ? " in the version that this module was built for" : "");
}

void symbols_check_version(pTHX)
{
    int version = ((int (*)(void))symbol_find(aTHX_ "backhand_api_version"))();
    if (version != BACKHAND_API_VERSION) {
        croak(
            "Apache::Backhand was built for version %d of mod_backhand's table, and httpd has loaded a mod_backhand of "
            "version %d: build Apache::Backhand again with that mod_backhand's mod_backhand.h",
            BACKHAND_API_VERSION, version);
    }
}
