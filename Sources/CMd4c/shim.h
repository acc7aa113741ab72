// md4c from the system: the parser only, which calls back for each part of a text. The compound
// macros of its dialects do not reach Swift; what is used of them does.
#pragma once
#include <md4c.h>

enum {
    CMD4C_FLAGS = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS
        | MD_FLAG_PERMISSIVEURLAUTOLINKS | MD_FLAG_NOHTMLBLOCKS | MD_FLAG_NOHTMLSPANS
};
