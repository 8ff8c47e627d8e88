// poppatch: compares two versions of a program and writes what an update from one to the other needs.
//
// Exit status: 0 written, 1 a version does not compile or a file cannot be written, 64 usage.
#include "driver/library_modules.h"
#include "driver/output.h"
#include "driver/tool_arguments.h"
#include "driver/patch_sessions.h"
#include "dsu/patch/generate.h"

#include <boost/program_options.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace {

constexpr const char* usage = R"(usage: poppatch [options] OLD NEW -o DIR

OLD and NEW are directories with the sources (all *.pop files) of the running and of the next version.
DIR receives one M.patch for each module that changed, the interface code M_patch.pop, conversions of changed
types in convert_patch.pop, and REPORT. Compile it with `popc -patch -o FILE.pup DIR`.

Exit status: 0 written, 1 a version does not compile or a file cannot be read or written, 64 wrong command line.
)";

enum ExitStatus { Done = 0, Failed = 1 };

struct Options {
  std::string before, after, output, from, to;
  driver::PopcOptions compile;
  dsu::Renames renames;
  bool overwrite = false;
};

int usage_error(const std::string& message) { return driver::usage_error("poppatch", message); }

std::string directory_name(const std::string& path) { return fs::weakly_canonical(path).filename().string(); }

// What a program of these sources is linked with from the library.
bool find_library(dsu::Version& version, std::string& problem) {
  tal::NativeInterface natives;
  if (!tal::parse_natives(tal::builtin_natives_text(), natives, problem))
    return false;
  std::vector<std::string> imports;
  std::set<std::string> defined;
  for (const auto& [name, module] : version.modules) {
    imports.insert(imports.end(), module.imports.begin(), module.imports.end());
    for (const auto& [value, info] : module.values)
      if (!info.is_static)
        defined.insert(value);
  }
  std::vector<driver::LibraryModule> modules;
  if (!driver::find_library_modules(std::move(imports), [&](const std::string& symbol) { return defined.contains(symbol); }, natives,
                                    modules, problem))
    return false;
  for (const driver::LibraryModule& module : modules)
    version.library.push_back(module.name);
  std::sort(version.library.begin(), version.library.end());
  return true;
}

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

int make(const Options& options) {
  std::string problem;
  dsu::TypeModel types;
  driver::PatchSessions sessions(options.compile);
  auto before = dsu::read_version(options.before, options.from, sessions, types, problem);
  auto after = before ? dsu::read_version(options.after, options.to, sessions, types, problem) : std::nullopt;
  if (!before || !after || !find_library(*before, problem) || !prepare_directory(options, problem)) {
    driver::print_error("poppatch", problem);
    return Failed;
  }
  const dsu::Difference difference = dsu::compare(*before, *after, options.renames);
  const dsu::GeneratedPatch patch = dsu::generate(*before, *after, difference, types);
  for (const auto& [name, text] : patch.files)
    if (!write(options, name, text, problem)) {
      driver::print_error("poppatch", problem);
      return Failed;
    }
  std::cout << patch.files.at("REPORT");
  return Done;
}

int run(int argc, char** argv) {
  using Strings = std::vector<std::string>;
  Options options;
  po::options_description visible("Options");
  visible.add_options()
      ("output,o", po::value(&options.output)->value_name("DIR"), "where the patch's files go")
      ("overwrite", "replace files of an earlier run, but for interface code that was edited")
      ("rename", po::value<Strings>()->value_name("OLD=NEW"), "TYPE.FIELD=FIELD: a field or union case has another name; OLD=NEW: a type or datum has")
      ("from", po::value(&options.from)->value_name("LABEL"), "label of the running version (default: name of OLD)")
      ("to", po::value(&options.to)->value_name("LABEL"), "label of the next version (default: name of NEW)")
      ("include,I", po::value(&options.compile.include_dirs)->value_name("DIR"), "search headers in DIR")
      ("define,D", po::value(&options.compile.defines)->value_name("NAME[=VALUE]"), "define a macro");
  po::options_description rest;
  rest.add_options()("directory", po::value<Strings>());
  po::variables_map map;
  if (auto status = driver::parse_tool_arguments("poppatch", usage, visible, rest, argc, argv, map))
    return *status;
  const Strings versions = map.count("directory") ? map["directory"].as<Strings>() : Strings{};
  if (versions.size() != 2 || options.output.empty())
    return usage_error("two directories and -o DIR are needed");
  options.before = versions[0];
  options.after = versions[1];
  if (map.count("rename"))
    for (const std::string& rename : map["rename"].as<Strings>())
      if (!options.renames.add(rename))
        return usage_error("--rename wants TYPE.FIELD=FIELD or OLD=NEW, each OLD once, not " + rename);
  options.overwrite = map.count("overwrite") != 0;
  if (options.from.empty())
    options.from = directory_name(options.before);
  if (options.to.empty())
    options.to = directory_name(options.after);
  return make(options);
}

} // namespace

int main(int argc, char** argv) { return run(argc, argv); }
