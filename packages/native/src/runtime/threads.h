// The kernel threads of the process.
#pragma once

namespace keratin {

/// Cores that this process may use: affinity and cgroup quota honoured, at least 1.
int available_cores();
/// n >= 1, the calling thread included. Default: available_cores().
void set_num_threads(int n);

}  // namespace keratin
