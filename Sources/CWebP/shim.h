// libwebp from the system. The forge decodes; the tests make what it decodes.
#pragma once
#include <webp/decode.h>
#include <webp/encode.h>
