// The command line of popc, as a value.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace driver {

// What popc is asked to make. `Emit` values print a stage instead of going on.
enum class Emit { Preprocessed, Dependencies, Tokens, Ast, Typed, Ir, Mir, Tal, Object, Executable, Patch, CheckOnly };

struct PopcOptions {
  std::vector<std::string> inputs;
  std::string output;                      // empty: derived from the input
  Emit emit = Emit::Executable;

  std::vector<std::string> include_dirs;
  std::vector<std::string> defines, undefines;
  bool warn_all = false;
  std::string module_prefix;               // --module-prefix
  std::string error_format = "text";       // or "json" or "sarif"
  bool color = false;                      // of messages, as --color and the terminal want it
  bool show_ids = false;
  unsigned jobs = 1;                       // sources compiled at a time

  bool write_dependencies = false;         // -MD
  std::string dependency_file;             // -MF; empty: derived from the output
  std::string dependency_target;           // -MT; empty: the output
  bool phony_headers = false;              // -MP

  bool updateable = false;                 // -dsu
  std::string version;                     // --dsu-version
  bool loop_update_points = false;         // --update-points=loops
  bool indirect_calls = false;             // --dsu-calls=indirect
  std::string update_key_file;             // --dsu-key
  std::string signing_key_file;            // --sign
  std::optional<uint64_t> sequence;        // --sequence
  std::vector<std::string> native_files;   // --natives: declarations of C functions
  std::vector<std::string> native_objects; // --native-object: what defines them
  std::vector<std::string> libraries, library_dirs; // -l, -L
  int optimise = 1;                        // -O0, -O1
  bool interpret = false;                  // run on the IR interpreter instead of making an executable
  std::vector<std::string> program_arguments;  // --argument
  bool keep_temporaries = false;           // --save-temps
  bool verbose = false;

  std::vector<std::string> print_after, print_before, print_func;
  bool print_after_all = false;
  bool verify_each = false;
  bool time_passes = false;
  bool list_passes = false;
  std::string stop_after;
  std::vector<std::string> run_pass;
};

// Parses the command line. Nothing: `exit_status` says how to end (help and version were printed, or an error was).
std::optional<PopcOptions> parse_popc_options(int argc, char** argv, int& exit_status);

} // namespace driver
