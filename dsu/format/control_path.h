// Where the control socket of a program is: DIRECTORY/PID.sock, DIRECTORY being $XDG_RUNTIME_DIR/popcorn if that
// variable is set, else /tmp/popcorn-UID. The directory must belong to the user and be closed to others (0700); otherwise
// somebody else could have put it there.
#pragma once

#include <string>
#include <sys/types.h>

namespace dsu {

std::string control_directory();
std::string control_path(pid_t pid);

// Creates the directory if need be; false (with a text) if it is not a private directory of this user.
bool prepare_control_directory(std::string& problem);
bool is_private_directory(const std::string& path);

}  // namespace dsu
