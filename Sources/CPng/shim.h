// libpng's simplified interface from the system: whole pictures, in memory. Its compound macros do not
// reach Swift; what is used of them does.
#pragma once
#include <png.h>

enum {
    CPNG_IMAGE_VERSION = PNG_IMAGE_VERSION,
    CPNG_RGB = PNG_FORMAT_RGB,
    CPNG_RGBA = PNG_FORMAT_RGBA
};
