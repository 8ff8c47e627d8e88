// The natives of stdlib/dsu.h in an updateable program, and the start of updating.
#include <cstdlib>
#include <pthread.h>

#include "dsu/format/control_path.h"
#include "dsu/runtime/updates.h"
#include "stdlib/runtime/calls.h"
#include "stdlib/runtime/raise.h"

namespace dsu {

// Never destroyed: the helper thread uses it until the process is gone.
Updates& updates() {
  static auto* instance = new Updates;
  return *instance;
}

}  // namespace dsu

namespace {

using dsu::updates;

void remove_sockets() { updates().remove_sockets(); }

poprt::String* to_string(const std::string& text) { return poprt::new_string_from(text.data(), text.size()); }

}  // namespace

extern "C" void poprt_start_updates(const tal_program* program) {
  updates().start(*program);
  pthread_atfork([] { updates().before_fork(); }, [] { updates().after_fork_in_parent(); }, [] { updates().after_fork_in_child(); });
  std::atexit(remove_sockets);
}

extern "C" void popdsu_at_update_point(const poprt::Registers* registers) { updates().at_update_point(*registers); }

POPRT_THROWING(poprt::String*, Dsu__version, ()) { return to_string(updates().version()); }
POPRT_THROWING(poprt::String*, Dsu__last_error, ()) { return to_string(updates().last_error()); }
POPRT_NATIVE(uint64_t, Dsu__pending, ()) { return __atomic_load_n(&popdsu_pending, __ATOMIC_RELAXED) != 0; }
POPRT_NATIVE(uint64_t, Dsu__updates, ()) { return updates().applied(); }
POPRT_NATIVE(uint64_t, Dsu__listen, (const poprt::String* path)) {
  return updates().listen(std::string(path->bytes, static_cast<size_t>(path->length)));
}
POPRT_NATIVE(uint64_t, Dsu__apply, (const poprt::String* path)) {
  return updates().apply_file(std::string(path->bytes, static_cast<size_t>(path->length)));
}
