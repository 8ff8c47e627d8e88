#include "driver/options.h"

#include <algorithm>

#include "driver/output.h"
#include "driver/response_file.h"

#include <boost/program_options.hpp>

#include <unistd.h>

#include <iostream>
#include <map>

namespace po = boost::program_options;

namespace driver {

namespace {

constexpr const char* usage = R"(usage: popc [options] FILE.pop...           compile, verify and link an executable
       popc -c [options] FILE.pop|FILE.tal  compile or assemble to a verified object
       popc -patch -o FILE.pup DIR          compile what poppatch wrote to one patch file
       popc @FILE                           take arguments from FILE

Exit status: 0 done, 1 the input is wrong or cannot be read or written, 64 wrong command line, 70 internal error.
)";

constexpr unsigned max_jobs = 256;

const std::map<std::string, Emit> emit_names = {
    {"tokens", Emit::Tokens}, {"ast", Emit::Ast}, {"typed", Emit::Typed}, {"ir", Emit::Ir},
    {"mir", Emit::Mir},       {"tal", Emit::Tal}, {"obj", Emit::Object},  {"check", Emit::CheckOnly},
};

po::options_description common_options() {
  po::options_description options("Options");
  options.add_options()
      ("help,h", "print this text")
      ("version,V", "print the version")
      ("output,o", po::value<std::string>()->value_name("FILE"), "where the result goes")
      ("compile,c", "make an object, do not link")
      ("assembly,S", "print the object as .tal text")
      ("emit", po::value<std::string>()->value_name("KIND"), "print a stage: tokens, ast, typed, ir, mir, tal; or obj; or check (print nothing)")
      ("include,I", po::value<std::vector<std::string>>()->value_name("DIR"), "search headers in DIR")
      ("define,D", po::value<std::vector<std::string>>()->value_name("NAME[=VALUE]"), "define a macro")
      ("undefine,U", po::value<std::vector<std::string>>()->value_name("NAME"), "undefine a macro, after all -D")
      ("preprocess,E", "print the text after preprocessing")
      ("jobs,j", po::value<unsigned>()->value_name("N"), "compile up to N sources at a time (default 1)")
      ("optimise,O", po::value<int>()->value_name("0|1"), "optimisation level (default 1)")
      ("module-prefix", po::value<std::string>()->value_name("TEXT"), "modules are called TEXT and the name of their file")
      ("Wall", "warn of code that is legal but suspicious")
      ("error-format", po::value<std::string>()->value_name("text|json|sarif"), "how errors are written")
      ("show-ids", "print the id of each error")
      ("color", po::value<std::string>()->value_name("auto|always|never"), "colour of errors (default: if stderr is a terminal)")
      ("verbose,v", "say what is being done");
  return options;
}

po::options_description dependency_options() {
  po::options_description options("Dependencies for make");
  options.add_options()
      ("dependencies,M", "print a rule with the headers of each source, do not compile")
      ("MD", "compile, and write the rule beside the output (also -MD, and so on)")
      ("MF", po::value<std::string>()->value_name("FILE"), "-MD: write the rule to FILE")
      ("MT", po::value<std::string>()->value_name("TARGET"), "-M, -MD: the rule's target")
      ("MP", "-M, -MD: a rule without commands for each header");
  return options;
}

po::options_description update_options() {
  po::options_description options("Updating");
  options.add_options()
      ("dsu", "make an updateable executable (also -dsu)")
      ("dsu-version", po::value<std::string>()->value_name("LABEL"), "the version's label, shown by popctl status")
      ("update-points", po::value<std::string>()->value_name("explicit|loops"),
       "loops: an update point at the head of each outermost loop that waits for something, too")
      ("dsu-calls", po::value<std::string>()->value_name("relink|indirect"),
       "how modules call each other: directly, and updates rewrite the calls (default), or through cells that updates rewrite")
      ("dsu-key", po::value<std::string>()->value_name("FILE"), "the program takes only patches signed with this public key")
      ("patch", "compile a directory written by poppatch to a patch file (also -patch)")
      ("sign", po::value<std::string>()->value_name("FILE"), "-patch: sign with this secret key")
      ("sequence", po::value<uint64_t>()->value_name("N"), "-patch: its number in the order of signed patches (default: the time in seconds)");
  return options;
}

po::options_description native_options() {
  using Names = std::vector<std::string>;
  po::options_description options("Binding C functions (docs/interop.md)");
  options.add_options()
      ("natives", po::value<Names>()->value_name("FILE"), "C functions and their types, for whose truth you vouch")
      ("native-object", po::value<Names>()->value_name("FILE"), "C source, object or archive that defines them")
      ("library,l", po::value<Names>()->value_name("NAME"), "link the program with a C library")
      ("library-dir,L", po::value<Names>()->value_name("DIR"), "search libraries in DIR");
  return options;
}

po::options_description debug_options() {
  using Names = std::vector<std::string>;
  po::options_description options("Looking inside");
  options.add_options()
      ("verify-each", "verify the IR after every pass")
      ("print-after", po::value<Names>()->value_name("PASS"), "print the IR after a pass")
      ("print-before", po::value<Names>()->value_name("PASS"), "print the IR before a pass")
      ("print-after-all", "print the IR after every pass")
      ("print-func", po::value<Names>()->value_name("NAME"), "print only this function")
      ("stop-after", po::value<std::string>()->value_name("PASS"), "stop the IR pipeline after a pass")
      ("run-pass", po::value<Names>()->value_name("PASS"), "run only these passes; the input is IR text")
      ("list-passes", "print the passes in order and exit")
      ("time-passes", "print the time of every stage and pass")
      ("interpret", "run the program on the IR interpreter")
      ("argument", po::value<Names>()->value_name("TEXT"), "--interpret: an argument of the program")
      ("save-temps", "keep the objects that are handed to the system linker");
  return options;
}

// These are written with one dash, which Program_options would take for a bundle of short options.
void add_dashes(std::vector<std::string>& arguments) {
  for (std::string& argument : arguments)
    for (const char* name : {"-dsu", "-patch", "-Wall", "-MD", "-MF", "-MT", "-MP"})
      if (argument == name) {
        argument.insert(0, "-");
        break;
      }
}

template <typename T> void take(const po::variables_map& map, const char* name, T& target) {
  if (map.count(name))
    target = map[name].as<T>();
}

std::string choose_emit(const po::variables_map& map, PopcOptions& options) {
  if (map.count("emit")) {
    auto found = emit_names.find(map["emit"].as<std::string>());
    if (found == emit_names.end())
      return "unknown --emit kind `" + map["emit"].as<std::string>() +
             "`: expected tokens, ast, typed, ir, mir, tal, obj or check";
    options.emit = found->second;
  }
  if (map.count("preprocess"))
    options.emit = Emit::Preprocessed;
  if (map.count("dependencies"))
    options.emit = Emit::Dependencies;
  if (map.count("assembly"))
    options.emit = Emit::Tal;
  if (map.count("compile"))
    options.emit = Emit::Object;
  if (map.count("patch"))
    options.emit = Emit::Patch;
  if (!options.run_pass.empty() && options.emit == Emit::Executable)
    options.emit = Emit::Ir;
  // Headers alone make no program: they are checked.
  const auto is_header = [](const std::string& path) { return path.ends_with(".h"); };
  if (options.emit == Emit::Executable && options.output.empty() && !options.inputs.empty() && std::ranges::all_of(options.inputs, is_header))
    options.emit = Emit::CheckOnly;
  return {};
}

// -MD and its like.
std::string check_dependencies(const PopcOptions& options) {
  const bool compiles = (options.emit == Emit::Object || options.emit == Emit::Executable) && !options.interpret;
  if (options.write_dependencies && !compiles)
    return "-MD goes with making objects or an executable; -M prints dependencies without compiling";
  if (!options.dependency_file.empty() && !options.write_dependencies)
    return "-MF goes with -MD; -M takes -o";
  if ((!options.dependency_target.empty() || options.phony_headers) && !options.write_dependencies && options.emit != Emit::Dependencies)
    return "-MT and -MP go with -M or -MD";
  if (options.inputs.size() > 1 && options.emit == Emit::Object && !(options.dependency_file + options.dependency_target).empty())
    return "-MF and -MT with -c take one input file, but " + std::to_string(options.inputs.size()) + " were given";
  return {};
}

// What is wrong with the combination; empty: nothing.
std::string check(const PopcOptions& options) {
  if (options.list_passes)
    return {};
  if (options.inputs.empty())
    return "no input file";
  if (options.error_format != "text" && options.error_format != "json" && options.error_format != "sarif")
    return "unknown --error-format `" + options.error_format + "`: expected text, json or sarif";
  if (options.jobs == 0 || options.jobs > max_jobs)
    return "-j takes a number from 1 to " + std::to_string(max_jobs);
  if (options.optimise < 0 || options.optimise > 1)
    return "unknown optimisation level: expected 0 or 1";
  if (options.emit == Emit::Patch && (options.inputs.size() != 1 || options.output.empty()))
    return "-patch takes one directory and an output: popc -patch -o FILE.pup DIR";
  if (options.emit != Emit::Patch && (!options.signing_key_file.empty() || options.sequence))
    return "--sign and --sequence go with -patch";
  if (!options.update_key_file.empty() && (!options.updateable || options.emit != Emit::Executable))
    return "--dsu-key goes with making an updateable executable: popc -dsu --dsu-key=KEY.pub -o PROGRAM FILE.pop...";
  if (options.emit == Emit::Object && options.inputs.size() > 1 && !options.output.empty())
    return "-o with -c takes one input file, but " + std::to_string(options.inputs.size()) + " were given";
  const bool links = options.emit == Emit::Executable && !options.interpret;
  if (!links && !(options.native_objects.empty() && options.libraries.empty() && options.library_dirs.empty()))
    return "--native-object, -l and -L go with making an executable";
  return check_dependencies(options);
}

std::string choose_color(const po::variables_map& map, PopcOptions& options) {
  std::string when = "auto";
  take(map, "color", when);
  if (when != "auto" && when != "always" && when != "never")
    return "unknown --color `" + when + "`: expected auto, always or never";
  options.color = when == "always" || (when == "auto" && isatty(STDERR_FILENO) != 0);
  return {};
}

} // namespace

std::optional<PopcOptions> parse_popc_options(int argc, char** argv, int& exit_status) {
  po::options_description visible;
  visible.add(common_options()).add(dependency_options()).add(update_options()).add(native_options()).add(debug_options());
  po::options_description all;
  all.add(visible).add_options()("input", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("input", -1);

  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (std::string problem; !expand_response_files(arguments, problem)) {
    print_error("popc", problem);
    exit_status = 1;
    return std::nullopt;
  }
  add_dashes(arguments);
  po::variables_map map;
  try {
    po::store(po::command_line_parser(arguments).options(all).positional(positional).run(), map);
  } catch (const po::error& error) {
    exit_status = usage_error("popc", error.what());
    return std::nullopt;
  }
  exit_status = 0;
  if (map.count("help")) {
    std::cout << usage << visible;
    return std::nullopt;
  }
  if (map.count("version")) {
    std::cout << "popc " POPCORN_VERSION "\n";
    return std::nullopt;
  }

  PopcOptions options;
  take(map, "input", options.inputs);
  take(map, "output", options.output);
  take(map, "include", options.include_dirs);
  take(map, "define", options.defines);
  take(map, "undefine", options.undefines);
  take(map, "natives", options.native_files);
  take(map, "native-object", options.native_objects);
  take(map, "library", options.libraries);
  take(map, "library-dir", options.library_dirs);
  take(map, "jobs", options.jobs);
  take(map, "MF", options.dependency_file);
  take(map, "MT", options.dependency_target);
  options.write_dependencies = map.count("MD") != 0;
  options.phony_headers = map.count("MP") != 0;
  options.show_ids = map.count("show-ids") != 0;
  take(map, "module-prefix", options.module_prefix);
  take(map, "error-format", options.error_format);
  take(map, "optimise", options.optimise);
  take(map, "dsu-version", options.version);
  std::string update_points = "explicit";
  take(map, "update-points", update_points);
  options.loop_update_points = update_points == "loops";
  std::string calls = "relink";
  take(map, "dsu-calls", calls);
  options.indirect_calls = calls == "indirect";
  take(map, "dsu-key", options.update_key_file);
  take(map, "sign", options.signing_key_file);
  if (map.count("sequence"))
    options.sequence = map["sequence"].as<uint64_t>();
  take(map, "print-after", options.print_after);
  take(map, "print-before", options.print_before);
  take(map, "print-func", options.print_func);
  take(map, "stop-after", options.stop_after);
  take(map, "argument", options.program_arguments);
  take(map, "run-pass", options.run_pass);
  options.warn_all = map.count("Wall") != 0;
  options.updateable = map.count("dsu") != 0;
  options.print_after_all = map.count("print-after-all") != 0;
  options.verify_each = map.count("verify-each") != 0;
  options.time_passes = map.count("time-passes") != 0;
  options.list_passes = map.count("list-passes") != 0;
  options.interpret = map.count("interpret") != 0;
  options.keep_temporaries = map.count("save-temps") != 0;
  options.verbose = map.count("verbose") != 0;

  std::string problem = choose_emit(map, options);
  if (problem.empty())
    problem = choose_color(map, options);
  if (problem.empty() && update_points != "explicit" && update_points != "loops")
    problem = "unknown --update-points `" + update_points + "`: expected explicit or loops";
  if (problem.empty() && options.loop_update_points && !options.updateable && options.emit != Emit::Patch)
    problem = "--update-points=loops goes with -dsu or -patch";
  if (problem.empty() && calls != "relink" && calls != "indirect")
    problem = "unknown --dsu-calls `" + calls + "`: expected relink or indirect";
  if (problem.empty() && options.indirect_calls && !options.updateable && options.emit != Emit::Patch)
    problem = "--dsu-calls=indirect goes with -dsu or -patch";
  if (problem.empty())
    problem = check(options);
  if (!problem.empty()) {
    exit_status = usage_error("popc", problem);
    return std::nullopt;
  }
  return options;
}

} // namespace driver
