#ifndef CBLAKE3_H
#define CBLAKE3_H
#include <stdint.h>
#endif
