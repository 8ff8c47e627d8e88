// poppatch: compares two versions of a program and writes what an update from one to the other needs.
//
// Exit status: 0 written, 1 a version does not compile or a file cannot be written, 64 usage.
#include "driver/output.h"
#include "driver/tool_arguments.h"
#include "driver/keys.h"
#include "driver/read_version.h"
#include "driver/show_patch.h"
#include "dsu/patch/compose.h"
#include "dsu/patch/generate.h"

#include <boost/program_options.hpp>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <iostream>

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace {

constexpr const char* usage = R"(usage: poppatch [options] OLD NEW -o DIR
       poppatch --compose [--sign=KEY] A.pup B.pup... -o FILE.pup
       poppatch --show [--json] FILE...

OLD is the running version, NEW a directory with the sources (all *.pop files) of the next one. OLD may be a directory
with sources, or with objects made by `popc -dsu -c`; such objects; an executable made by `popc -dsu`; or the process id or
control socket of a running program.
DIR receives one M.patch for each module that changed, the interface code M_patch.pop, conversions of changed
types in convert_patch.pop, and REPORT. Compile it with `popc -patch -o FILE.pup DIR`.
--compose makes one patch of several that follow each other: it is applied whole or not at all.
--show prints what patch files, objects, executables and running programs say about themselves: definitions with their types, what a
patch replaces, where functions may be suspended during an update and what they go on using then.

Exit status: 0 done, 1 a version does not compile or a file cannot be read or written, 64 wrong command line.
)";

enum ExitStatus { Done = 0, Failed = 1 };

struct Options {
  std::vector<std::string> before;
  std::string after, output, from, to, key;
  uint64_t sequence = 0;  // 0: the time
  driver::PopcOptions compile;
  dsu::Renames renames;
  bool overwrite = false;
};

int usage_error(const std::string& message) { return driver::usage_error("poppatch", message); }

std::string directory_name(const std::string& path) { return fs::weakly_canonical(path).filename().string(); }

// Interface code may have been edited: it is not thrown away unasked.
bool prepare_directory(const Options& options, std::string& problem) {
  std::error_code error;
  if (fs::exists(options.output, error) && !fs::is_empty(options.output, error) && !options.overwrite) {
    problem = options.output + " is not empty; with --overwrite what poppatch wrote there is replaced, but for interface code that was edited";
    return false;
  }
  fs::create_directories(options.output + "/.generated", error);
  if (error)
    problem = "cannot create " + options.output + ": " + error.message();
  return !error;
}

// Copies of what was generated, to tell what the programmer has changed since.
std::string pristine(const Options& options, const std::string& name) { return options.output + "/.generated/" + name; }

std::string text_of(const std::string& path) {
  std::string unread;
  const auto bytes = driver::read_file(path, unread);
  return bytes ? std::string(bytes->begin(), bytes->end()) : "";
}

// Interface code that was edited is kept. If what poppatch would write now is not what it wrote then, either, that goes to a file beside
// it, and the programmer is told to merge.
bool write(const Options& options, const std::string& name, const std::string& text, std::string& problem) {
  const std::string path = options.output + "/" + name;
  std::error_code error;
  if (name.ends_with(".pop") && fs::exists(path, error)) {
    const std::string before = text_of(pristine(options, name)), present = text_of(path);
    if (!before.empty() && present != before && present != text) {
      std::cerr << "poppatch: note: " << path << " was edited and is kept";
      if (before == text) {
        std::cerr << "\n";
        return true;
      }
      std::cerr << "; what is generated now differs from what was edited and is in " << path << ".new: merge them\n";
      return driver::write_file(path + ".new", text, problem) && driver::write_file(pristine(options, name), text, problem);
    }
  }
  if (name.ends_with(".pop") && !driver::write_file(pristine(options, name), text, problem))
    return false;
  return driver::write_file(path, text, problem);
}

// What was said in an earlier run goes on to hold, unless it is said otherwise now.
bool add_recorded_renames(const Options& options, dsu::Renames& renames, std::string& problem) {
  const std::string text = text_of(options.output + "/PATCH");
  if (text.empty())
    return true;
  const std::optional<dsu::PatchIndex> index = dsu::parse_index(text, problem);
  if (!index) {
    problem = options.output + "/PATCH: " + problem;
    return false;
  }
  for (const std::string& rename : index->renames)
    renames.add(rename);
  return true;
}

int make(const Options& options) {
  std::string problem;
  dsu::TypeModel types;
  auto after = driver::read_source_version(options.compile, options.after, options.to, types, problem);
  auto before = after ? driver::read_any_version(options.compile, options.before, options.from, types, problem) : std::nullopt;
  if (!before || !prepare_directory(options, problem)) {
    driver::print_error("poppatch", problem);
    return Failed;
  }
  dsu::Renames renames = options.renames;
  if (!add_recorded_renames(options, renames, problem)) {
    driver::print_error("poppatch", problem);
    return Failed;
  }
  const dsu::Difference difference = dsu::compare(*before, *after, std::move(renames));
  const dsu::GeneratedPatch patch = dsu::generate(*before, *after, difference, types);
  for (const auto& [name, text] : patch.files)
    if (!write(options, name, text, problem)) {
      driver::print_error("poppatch", problem);
      return Failed;
    }
  std::cout << patch.files.at("REPORT");
  return Done;
}

int compose_patches(const Options& options, const std::vector<std::string>& files) {
  if (files.size() < 2 || options.output.empty())
    return usage_error("--compose needs two or more patch files and -o FILE.pup");
  std::string problem;
  std::vector<dsu::NamedPatch> patches;
  for (const std::string& file : files) {
    std::optional<tal::Bytes> bytes = driver::read_file(file, problem);
    if (!bytes) {
      driver::print_error("poppatch", problem);
      return Failed;
    }
    patches.push_back({file, std::move(*bytes)});
  }
  dsu::PatchFile composed;
  bool done = dsu::compose(patches, composed, problem);
  if (done && !options.key.empty()) {
    const auto key = driver::read_secret_key(options.key, problem);
    done = key.has_value();
    composed.sequence = options.sequence != 0 ? options.sequence : static_cast<uint64_t>(std::time(nullptr));
    if (key)
      dsu::sign(composed, *key);
  }
  if (done && driver::write_file(options.output, dsu::write_container(composed), problem))
    return Done;
  driver::print_error("poppatch", problem);
  return Failed;
}

int run(int argc, char** argv) {
  using Strings = std::vector<std::string>;
  Options options;
  bool show = false, compose = false;
  po::options_description visible("Options");
  visible.add_options()
      ("output,o", po::value(&options.output)->value_name("DIR"), "where the patch's files go")
      ("overwrite", "replace files of an earlier run, but for interface code that was edited")
      ("rename", po::value<Strings>()->value_name("OLD=NEW"), "TYPE.FIELD=FIELD: a field or union case has another name; OLD=NEW: a type, function, datum or exception has")
      ("update-points", po::value<std::string>()->value_name("KIND"), "explicit or loops, as the program is compiled; for warnings about timing")
      ("show", po::bool_switch(&show), "print what patches, objects, executables and running programs say about themselves")
      ("compose", po::bool_switch(&compose), "make one patch file of several that follow each other")
      ("sign", po::value(&options.key)->value_name("KEY"), "with --compose: sign the patch with this key (popctl new-key)")
      ("sequence", po::value(&options.sequence)->value_name("N"), "with --sign: the number of the patch (default: the time)")
      ("json", "with --show: as JSON")
      ("from", po::value(&options.from)->value_name("LABEL"), "label of the running version (default: that of the program, or the name of OLD)")
      ("to", po::value(&options.to)->value_name("LABEL"), "label of the next version (default: name of NEW)")
      ("include,I", po::value(&options.compile.include_dirs)->value_name("DIR"), "search headers in DIR")
      ("define,D", po::value(&options.compile.defines)->value_name("NAME[=VALUE]"), "define a macro");
  po::options_description rest;
  rest.add_options()("directory", po::value<Strings>());
  po::variables_map map;
  if (auto status = driver::parse_tool_arguments("poppatch", usage, visible, rest, argc, argv, map))
    return *status;
  const Strings versions = map.count("directory") ? map["directory"].as<Strings>() : Strings{};
  if (show)
    return driver::show(versions, map.count("json") != 0);
  if (compose)
    return compose_patches(options, versions);
  if (versions.size() < 2 || options.output.empty())
    return usage_error("OLD, NEW and -o DIR are needed");
  options.before.assign(versions.begin(), versions.end() - 1);
  options.after = versions.back();
  if (map.count("rename"))
    for (const std::string& rename : map["rename"].as<Strings>())
      if (!options.renames.add(rename))
        return usage_error("--rename wants TYPE.FIELD=FIELD or OLD=NEW, each OLD once, not " + rename);
  if (map.count("update-points")) {
    const std::string kind = map["update-points"].as<std::string>();
    if (kind != "explicit" && kind != "loops")
      return usage_error("unknown --update-points `" + kind + "`: expected explicit or loops");
    options.compile.loop_update_points = kind == "loops";
  }
  options.overwrite = map.count("overwrite") != 0;
  if (options.to.empty())
    options.to = directory_name(options.after);
  return make(options);
}

} // namespace

int main(int argc, char** argv) { return run(argc, argv); }
