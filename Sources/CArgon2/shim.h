// The part of libargon2 that hashes passwords. Its codes are an enumeration already.
#include <argon2.h>
