#include "driver/link.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>

#include "driver/installation.h"
#include "driver/library_modules.h"
#include "driver/output.h"
#include "driver/process.h"
#include "support/spelling.h"
#include "tal/link/image_check.h"
#include "tal/write/link_object.h"

namespace driver {
namespace {

constexpr int user_error = 1, internal_error = 70;

int fail(int status, const std::string& message) {
  print_error("popc", message);
  return status;
}

class Linker {
public:
  Linker(const LinkSettings& settings, const tal::NativeInterface& natives)
      : settings_(settings), natives_(natives), library_(library_directory()) {}

  int run(std::vector<LinkInput> inputs) {
    for (LinkInput& input : inputs)
      if (const int status = add(std::move(input)))
        return status;
    if (const int status = add_library_modules())
      return status;
    const tal::LinkResult links = tal::link_check(interfaces_, natives_);
    if (!links.ok())
      return report(links);
    tal::ProgramOptions options;
    options.natives = &natives_;
    options.updateable = settings_.updateable;
    options.version = settings_.version;
    options.update_key = settings_.update_key;
    std::string problem;
    if (!tal::find_entry(modules_, options.entry, options.entry_kind, problem))
      return fail(user_error, problem);
    for (const LinkInput& input : inputs_)
      options.originals.emplace_back(input.object);
    tal::ProgramObjects objects;
    if (!tal::write_program_objects(modules_, links, options, objects, problem))
      return fail(user_error, problem);
    return link(objects, links, options);
  }

private:
  int add(LinkInput input) {
    tal::VerifyResult result = tal::verify(input.object, natives_);
    if (const auto* error = std::get_if<tal::VerifyError>(&result))
      return fail(user_error, "the checker refuses an object\n" + tal::to_string(*error, input.path));
    add(std::move(input), std::move(std::get<std::unique_ptr<tal::VerifiedObject>>(result)));
    return 0;
  }

  void add(LinkInput input, std::unique_ptr<tal::VerifiedObject> verified) {
    owned_.push_back(std::move(verified));
    modules_.push_back(owned_.back().get());
    interfaces_.push_back(&owned_.back()->interface());
    for (const tal::InterfaceSymbol& symbol : interfaces_.back()->symbols)
      if (symbol.scope == tal::Scope::Public)
        defined_.insert(symbol.name);
    inputs_.push_back(std::move(input));
  }

  // Objects of the library that define what is still missing. What no library module has is left to the link check.
  int add_library_modules() {
    std::vector<std::string> imports;
    for (const tal::Interface* interface : interfaces_)
      for (std::string& name : imports_of(*interface))
        imports.push_back(std::move(name));
    std::vector<LibraryModule> found;
    std::string problem;
    if (!find_library_modules(std::move(imports), [this](const std::string& symbol) { return defined_.contains(symbol); }, natives_,
                              found, problem))
      return fail(internal_error, problem);
    for (LibraryModule& module : found)
      add({library_object_path(module.name), std::move(module.object)}, std::move(module.verified));
    return 0;
  }

  int report(const tal::LinkResult& links) {
    for (const tal::LinkProblem& problem : links.problems)
      print_error("popc", "module " + problem.module + ": `" + problem.symbol + "`: " + problem.message + " [" + problem.rule + "]" +
                              (problem.rule == "L3" ? near_miss(problem.symbol) : ""));
    return user_error;
  }

  // What may be meant by a name that nobody defines: a static symbol of that name, or another spelling.
  std::string near_miss(const std::string& name) const {
    for (const tal::Interface* interface : interfaces_)
      for (const tal::InterfaceSymbol& symbol : interface->symbols)
        if (symbol.scope == tal::Scope::Static && symbol.name == name)
          return "; that of module " + interface->module + " is static";
    std::vector<std::string_view> known(defined_.begin(), defined_.end());
    for (const auto& [native, declared] : natives_.natives)
      known.push_back(native);
    const std::string_view nearest = support::nearest_spelling(name, known);
    return nearest.empty() ? "" : "; did you mean `" + std::string(nearest) + "`?";
  }

  int link(const tal::ProgramObjects& objects, const tal::LinkResult& links, const tal::ProgramOptions& options) {
    TemporaryDirectory directory;
    if (directory.path().empty())
      return fail(internal_error, std::string("no temporary directory: ") + std::strerror(errno));
    const std::string folder = settings_.keep_temporaries ? settings_.output + ".objects" : directory.path();
    std::vector<std::string> paths;
    std::string problem;
    if (settings_.keep_temporaries && mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
      return fail(user_error, folder + ": " + std::strerror(errno));
    for (size_t i = 0; i < objects.modules.size(); i++)
      paths.push_back(folder + "/" + std::to_string(i) + ".o");
    paths.push_back(folder + "/table.o");
    for (size_t i = 0; i < paths.size(); i++)
      if (!tal::check_link_input(i < objects.modules.size() ? objects.modules[i] : objects.table, problem))
        return fail(internal_error, "internal error: " + problem);
    for (size_t i = 0; i < paths.size(); i++)
      if (!write_file(paths[i], i < objects.modules.size() ? objects.modules[i] : objects.table, problem))
        return fail(internal_error, problem);
    const std::string image_path = folder + "/program";
    if (const int status = run_linker(paths, image_path))
      return status;
    auto image = read_file(image_path, problem);
    if (!image)
      return fail(internal_error, problem);
    if (!tal::check_image(*image, modules_, links, options, problem))
      return fail(internal_error, "internal error: the linked program is not what was verified: " + problem);
    if (!write_file(settings_.output, *image, problem, true))
      return fail(user_error, problem);
    return 0;
  }

  std::vector<std::string> linker_command(const std::vector<std::string>& objects, const std::string& output) const {
    std::vector<std::string> command = {"cc", "-pie", "-fno-lto", "-Wl,-z,noexecstack", "-Wl,-z,now", "-Wl,-z,relro",
                                        "-Wl,-z,separate-code", "-Wl,--no-gc-sections", "-o", output};
    command.insert(command.end(), objects.begin(), objects.end());
    if (!settings_.native_inputs.empty()) {
      command.insert(command.end(), {"-O2", "-fPIE", "-I", library_ + "/native"});
      command.insert(command.end(), settings_.native_inputs.begin(), settings_.native_inputs.end());
    }
    command.push_back("-Wl,--start-group");
    command.push_back(library_ + "/libpoprt.a");
    command.push_back(library_ + (settings_.updateable ? "/libpopdsu.a" : "/libpopstatic.a"));
    command.push_back("-Wl,--end-group");
    if (settings_.updateable) {
      command.push_back("-lsodium");
      command.push_back("-lstdc++");
    }
    command.push_back("-l:libgc.a");
    command.push_back("-lpthread");
    command.push_back("-lm");
    return command;
  }

  // 0, or the status to end with after the message. The linker's own output is shown only when it fails.
  int run_linker(const std::vector<std::string>& objects, const std::string& output) const {
    const std::vector<std::string> command = linker_command(objects, output);
    if (settings_.verbose) {
      for (const std::string& word : command)
        std::fprintf(stderr, "%s ", word.c_str());
      std::fputc('\n', stderr);
    }
    const std::string log = output + ".log";
    std::string problem;
    const std::optional<int> status = run_command(command, log, problem);
    if (!status)
      return fail(internal_error, "cannot run the system linker `cc`: " + problem);
    if (*status == 0)
      return 0;
    const auto messages = read_file(log, problem);
    return fail(settings_.native_inputs.empty() && natives_.user_text.empty() ? internal_error : user_error, "the system linker failed\n" + (messages ? std::string(messages->begin(), messages->end()) : problem));
  }

  const LinkSettings& settings_;
  const tal::NativeInterface& natives_;
  const std::string library_;
  std::vector<LinkInput> inputs_;
  std::vector<std::unique_ptr<tal::VerifiedObject>> owned_;
  std::vector<const tal::VerifiedObject*> modules_;
  std::vector<const tal::Interface*> interfaces_;
  std::set<std::string> defined_;
};

}  // namespace

int link_program(std::vector<LinkInput> inputs, const LinkSettings& settings, const tal::NativeInterface& natives) {
  return Linker(settings, natives).run(std::move(inputs));
}

}  // namespace driver
