// sched_setattr(2) for one's own thread: Debian 12's C library has no function for it, and Swift does
// not import `syscall`, which takes any arguments.
#pragma once
#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Lets the calling thread stand back, once: later calls return at once.
///
/// `niceness` (0 to 19) is its share of a busy processor. `slice_nanos` (up to 100 ms) is how long it would
/// like to run at a time; from Linux 6.12 on a thread with a shorter slice takes the processor from it as
/// soon as it wakes, and before it is without effect. Failing is without effect, too.
static inline void hif_stand_back(int niceness, unsigned long long slice_nanos) {
    static __thread int is_done;
    if (is_done) return;
    is_done = 1;
    struct sched_attr wish = {
        .size = sizeof(wish), .sched_nice = niceness, .sched_runtime = slice_nanos};
    syscall(SYS_sched_setattr, 0, &wish, 0);
}
