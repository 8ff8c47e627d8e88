// The part of an update that needs no update point: read, match, verify, link-check, load. It runs on the helper thread
// while the program goes on, and changes nothing that the program can see.
//
// The result, a PreparedUpdate, holds everything that the commit needs, down to the new name table, so that the commit
// neither allocates nor fails.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dsu/format/container.h"
#include "dsu/format/protocol.h"
#include "dsu/runtime/announce.h"
#include "dsu/runtime/arena.h"
#include "dsu/runtime/code_writer.h"
#include "dsu/runtime/program.h"
#include "tal/checker.h"

namespace dsu {

// Why an update was refused.
struct Refusal {
  Step step = Step::Read;
  std::string symbol, reason, help;
  bool is_unresolved = false;  // nobody defines `symbol`
};

struct PreparedModule {
  std::unique_ptr<tal::VerifiedObject> object;
  Manifest manifest;
  ModuleRole role = ModuleRole::Replaced;
  std::unique_ptr<LoadedModule> loaded;  // moves to the program at commit
  tal_module* registered = nullptr;      // for the unwinder; never freed
  Announcement announcement;             // for debuggers
  uint32_t init = UINT32_MAX;            // symbol of the state transformer, if there is one
};

struct PreparedUpdate {
  std::string label;
  Hash checksum{};
  uint64_t sequence = 0;
  UpdateOptions options;
  std::vector<PreparedModule> modules;
  std::vector<tal::Bytes> files;  // the objects as they came, until they are loaded
  tal::PatchResult links;
  CodeWriter writes;
  std::span<uint8_t> data;        // of all patches up to this one
  // The program's tables after the commit; swapped in.
  NameTable names;
  std::map<std::string, std::string, std::less<>> adopted;
  std::map<std::string, uint32_t, std::less<>> latest;
  tal::AbstractTypes abstract_types;
  tal::Callers callers;                   // lists that change
  std::vector<OldFunction> old_functions;
  Report report;                                   // counts and times so far
  uint64_t ready_ns = 0;
  std::unique_ptr<PreparedUpdate> next;  // the part after this one of a composed patch, until they are loaded
};

class Preparation {
public:
  Preparation(Program& program, const tal::NativeInterface& natives, Arena& arena)
      : program_(program), natives_(natives), arena_(arena) {}

  // The first step. `report` gets the label.
  static bool read(std::span<const uint8_t> file, PatchFile& patch, Refusal& refusal, Report& report);
  // What follows, up to and with the link check. Null: `refusal` says why; `report` has times in either case.
  std::unique_ptr<PreparedUpdate> check(const PatchFile& patch, Refusal& refusal, Report& report);
  // Maps and relocates, and prepares the writes of the commit.
  [[nodiscard]] bool load(PreparedUpdate& update, Refusal& refusal);

private:
  std::unique_ptr<PreparedUpdate> check_parts(std::span<const PatchFile> parts, Refusal& refusal, Report& report);
  std::unique_ptr<PreparedUpdate> check_part(const PatchFile& part, Refusal& refusal, Report& report);
  bool load_part(PreparedUpdate& update, Refusal& refusal);
  bool match(const PatchFile& file, Refusal& refusal) const;
  bool verify_objects(const PatchFile& file, PreparedUpdate& update, Refusal& refusal) const;
  bool link(const PatchFile& file, PreparedUpdate& update, Refusal& refusal) const;
  void plan_names(const PatchFile& file, PreparedUpdate& update) const;
  void plan_callers(PreparedUpdate& update) const;
  void plan_old_functions(PreparedUpdate& update) const;

  // The parts of a composed patch are prepared with the program's tables as the parts before them will leave them. They are put back
  // before anybody else looks.
  Program& program_;
  const tal::NativeInterface& natives_;
  Arena& arena_;
};

uint64_t now_ns();

}  // namespace dsu
