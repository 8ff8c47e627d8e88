#include "codegen/codegen.h"

#include <algorithm>
#include <map>

#include "codegen/allocation.h"
#include "codegen/allocation_checker.h"
#include "codegen/annotate.h"
#include "codegen/block_order.h"
#include "codegen/debug_info.h"
#include "codegen/emit.h"
#include "codegen/peephole.h"
#include "codegen/unit.h"

namespace codegen {

class ModuleGenerator::Impl {
public:
  Impl(const ir::Module& module, const support::SourceManager& sources, const tal::NativeInterface& natives, const CodegenOptions& options)
      : unit_(module, natives, options.indirect_calls), sources_(sources), options_(options), debug_(sources) {}

  bool has_failed() const { return !result_.internal_error.empty(); }

  CodegenResult finish() {
    if (!result_.internal_error.empty() || !result_.unsupported.empty()) return std::move(result_);
    const ir::Module& module = unit_.module();
    unit_.emit_data(result_.image);
    if (unit_.has_too_much_data()) {
      result_.unsupported.push_back({module.globals.front().loc, "more than 256 MiB of initial values of global variables in one module"});
      return std::move(result_);
    }
    finish_types();
    number_files();
    if (options_.debug_info) debug_.write(options_.source_name, options_.directory, uint32_t(result_.image.text.size()), result_.image);
    unit_.annotations().version = options_.version;
    result_.annotations = std::move(unit_.annotations());
    return std::move(result_);
  }

  void function(ir::FuncId id) {
    size_t errors = result_.unsupported.size();
    SelectedFunction selected = select(unit_, unit_.module().function(id), result_.unsupported);
    if (!unit_.map().problem().empty() && result_.unsupported.empty())
      result_.unsupported.push_back({unit_.module().function(id).loc, unit_.map().problem()});
    if (result_.unsupported.size() != errors) return;
    mir::Function& mir = selected.mir;
    mir.symbol = unit_.function(id);
    Dominators dominators = order_blocks(mir);
    if (options_.want_mir) result_.mir += "; before register allocation\n" + mir::print(mir, unit_.symbol_names());
    mir::Function before;
    if (options_.verify_each) before = mir;
    AllocatedFunction allocated = allocate_registers(mir, result_.internal_error);
    if (options_.verify_each && result_.internal_error.empty()) result_.internal_error = check_allocation(before, mir);
    if (!result_.internal_error.empty()) return;
    use_lea(mir);
    if (options_.want_mir) result_.mir += "; after register allocation\n" + mir::print(mir, unit_.symbol_names()) + "\n";
    EmittedFunction emitted = emit_function(mir, encoder_);
    place(mir, emitted, selected, allocated, dominators);
    if (!fits_label_limits(mir))
      result_.unsupported.push_back({unit_.module().function(id).loc, "a function in which more than 256 values are alive at once"});
  }

private:
  // The checker bounds what a label record says; only functions with hundreds of variables come near.
  bool fits_label_limits(const mir::Function& mir) {
    const tal::ObjectAnnotations& annotations = unit_.annotations();
    for (size_t i = annotations.labels.size(); i > 0; --i) {
      const tal::LabelRecord& label = annotations.labels[i - 1];
      if (label.offset < annotations.symbols[mir.symbol].offset) break;
      if (label.live.size() > label.max_live || label.same.size() > label.max_live || label.facts.size() > label.max_facts) return false;
    }
    return true;
  }

  // Appends the code to .text: entries are aligned, with room before them for the jump of an update.
  void place(const mir::Function& mir, const EmittedFunction& emitted, const SelectedFunction& selected,
             const AllocatedFunction& allocated, const Dominators& dominators) {
    constexpr uint32_t room = 5, alignment = 16;
    tal::Bytes& text = result_.image.text;
    uint32_t base = (uint32_t(text.size()) + room + alignment - 1) / alignment * alignment;
    text.resize(base, 0xCC);
    text.insert(text.end(), emitted.code.begin(), emitted.code.end());
    tal::Symbol& symbol = unit_.annotations().symbols[mir.symbol];
    symbol.section = tal::Section::Text;
    symbol.offset = base;
    symbol.size = uint32_t(emitted.code.size());
    for (const CodeReloc& reloc : emitted.relocs)
      result_.image.text_relocs.push_back({base + reloc.offset, tal::RelocKind::Pc32, reloc.symbol, reloc.addend});
    for (const mir::JumpTable& table : emitted.tables) unit_.fill_jump_table(table.symbol, table.entries);
    annotate(mir, allocated, emitted, selected.facts, dominators, base, unit_.annotations());
    if (options_.debug_info) debug_.add_function(mir, emitted);
  }

  void finish_types() {
    std::string problem;
    if (!unit_.types().close(&problem)) result_.internal_error = "types of the module: " + problem;
    if (!unit_.map().problem().empty())
      result_.unsupported.push_back({{}, unit_.map().problem()});
  }

  // The files that line entries mention, numbered densely.
  void number_files() {
    tal::ObjectAnnotations& annotations = unit_.annotations();
    std::map<uint32_t, uint32_t> numbers;
    for (tal::LineEntry& entry : annotations.lines) {
      auto [number, fresh] = numbers.try_emplace(entry.file, uint32_t(annotations.files.size()));
      if (fresh) annotations.files.emplace_back(sources_.name(support::FileId{uint16_t(entry.file)}));
      entry.file = number->second;
    }
  }

  Unit unit_;
  const support::SourceManager& sources_;
  const CodegenOptions options_;
  Encoder encoder_;
  DebugInfo debug_;
  CodegenResult result_;
};

ModuleGenerator::ModuleGenerator(const ir::Module& module, const support::SourceManager& sources, const tal::NativeInterface& natives,
                                 const CodegenOptions& options)
    : impl_(std::make_unique<Impl>(module, sources, natives, options)) {}
ModuleGenerator::~ModuleGenerator() = default;
void ModuleGenerator::function(ir::FuncId id) {
  if (!impl_->has_failed()) impl_->function(id);
}
CodegenResult ModuleGenerator::finish() { return impl_->finish(); }

CodegenResult generate_code(const ir::Module& module, const support::SourceManager& sources, const tal::NativeInterface& natives,
                            const CodegenOptions& options) {
  ModuleGenerator generator(module, sources, natives, options);
  for (uint32_t i = 0; i < module.functions.size(); ++i)
    if (module.functions[i].has_body()) generator.function({i});
  return generator.finish();
}

std::vector<WrongNative> wrong_natives(const ir::Module& module, const tal::NativeInterface& natives) {
  using What = tal::Native::What;
  struct Declared {
    support::SourceLoc loc;
    std::string name;
    What what;
    tal::TypeId type;
  };
  tal::TypeTable types;
  TypeMap map(*module.types, types);
  std::vector<Declared> declared;
  for (const ir::Function& f : module.functions)
    if (f.linkage == ir::Linkage::Import) declared.push_back({f.loc, std::string(ir::base_name(f.name)), What::Function, map.signature(f.type, f.widths)});
  for (const ir::Global& g : module.globals)
    if (g.linkage == ir::Linkage::Import) declared.push_back({g.loc, g.name, What::Data, types.ptr(types.single(map.word(g.type)))});
  if (!types.close()) return {}; // the checker says what is wrong
  tal::TypeImporter importer(natives.types, types);
  std::vector<WrongNative> wrong;
  for (const Declared& d : declared) {
    auto native = natives.natives.find(d.name);
    if (native == natives.natives.end() || !d.type) continue;
    tal::TypeId actual = importer.import(native->second.type);
    bool fits = native->second.what == d.what && (d.what == What::Function ? types.sig_at_most(actual, d.type) : actual == d.type);
    if (!actual || fits) continue;
    WrongNative found{d.loc, d.name, types.print(d.type), types.print(actual)};
    if (found.declared == found.actual) continue; // opaque types: what is hidden is not the author's business, and no message could tell
    wrong.push_back(std::move(found));
  }
  return wrong;
}

} // namespace codegen
