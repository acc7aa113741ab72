// TurboJPEG from the system: whole JPEGs, in memory.
#pragma once
#include <turbojpeg.h>
