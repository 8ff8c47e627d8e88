// The link check: interfaces as an untrusted program might carry them, linked with one another, and the last of them as a patch of the others
// with whatever replacements and bindings the rest of the input asks for.
//
//   input ::= count:u8 { size:u32 interface } { module:u8 symbol:u16 module:u8 symbol:u16 }
#include "tal/interface.h"
#include "target.h"

namespace {

std::vector<tal::Interface> read_interfaces(tal::ByteReader& in) {
  std::vector<tal::Interface> modules;
  for (unsigned n = in.u8() % 8; n != 0 && !in.bad(); n--) {
    const std::span<const uint8_t> bytes = in.raw(in.u32());
    std::string problem;
    if (tal::Interface interface; !in.bad() && tal::parse_interface(bytes, interface, problem))
      modules.push_back(std::move(interface));
    else if (!in.bad() && problem.empty())
      fuzz::fail("interface", "refused without a reason");
  }
  return modules;
}

tal::Binding read_binding(tal::ByteReader& in) {
  const uint32_t module = in.u8(), symbol = in.u16();
  return {module == 0xFF ? tal::Binding::native : module == 0xFE ? tal::Binding::unbound : module, symbol};
}

void ask_patch(tal::ByteReader& in, std::span<const tal::Interface* const> modules, const tal::LinkResult& links) {
  const auto patch = static_cast<uint32_t>(modules.size() - 1);
  std::vector<tal::RunningModule> running;
  tal::Callers callers;
  tal::AbstractTypes abstract_types;
  for (uint32_t m = 0; m < patch; m++) {
    running.push_back({modules[m], 0, m < links.providers.size() ? links.providers[m] : std::vector<uint32_t>()});
    tal::add_provided_types(*modules[m], m, 0, abstract_types);
    for (uint32_t k = 0; m < links.bindings.size() && k < modules[m]->sites.size(); k++)
      if (const tal::Site& site = modules[m]->sites[k]; site.is_caller())
        callers[links.bindings[m][site.symbol].key()].push_back({m, k});
  }
  const tal::RunningProgram program{patch, [&](uint32_t m) -> const tal::RunningModule& { return running[m]; }, callers, abstract_types};
  tal::PatchRequest request{program, modules.last(1)};
  while (!in.bad() && in.remaining() >= 6 && request.replacements.size() + request.imports.size() < 1000) {
    const tal::Binding from = read_binding(in), to = read_binding(in);
    if (from.module == patch)
      request.imports.push_back({patch, from.symbol, to});
    else
      request.replacements.push_back({from, to});
  }
  (void)tal::patch_check(request, fuzz::natives());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tal::ByteReader in({data, size});
  const std::vector<tal::Interface> interfaces = read_interfaces(in);
  std::vector<const tal::Interface*> modules;
  for (const tal::Interface& interface : interfaces)
    modules.push_back(&interface);
  if (modules.empty())
    return 0;
  const tal::LinkResult links = tal::link_check(modules, fuzz::natives());
  for (const tal::LinkProblem& problem : links.problems)
    if (problem.rule.empty() || problem.message.empty())
      fuzz::fail("link check", "a problem without a reason");
  ask_patch(in, modules, links);
  return 0;
}
