#ifndef HIF_CZSTD_SHIM_H
#define HIF_CZSTD_SHIM_H
#include <zstd.h>
#include <zstd_errors.h>
#endif
