// What the functions of one module share while it is compiled: the TAL types, the symbols, the static data.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "codegen/type_map.h"
#include "ir/ir.h"
#include "tal/natives.h"
#include "tal/object.h"

namespace codegen {

class Unit {
public:
  Unit(const ir::Module& module, const tal::NativeInterface& natives, bool indirect_calls);

  const ir::Module& module() const { return module_; }
  tal::ObjectAnnotations& annotations() { return annotations_; }
  tal::TypeTable& types() { return annotations_.types; }
  TypeMap& map() { return map_; }

  // Symbols by what they stand for, made at first use. The result is an index into annotations().symbols.
  uint32_t function(ir::FuncId id);
  uint32_t global(ir::GlobalId id);
  uint32_t exception(ir::ExceptionId id);
  uint32_t data(ir::DataId id);
  uint32_t runtime(const std::string& name);
  // The descriptor of a layout (`ptr T`) or array (`arr t`).
  uint32_t representation(frontend::TypeId type);
  uint32_t descriptor(tal::TypeId address);
  // The object of an empty array of this type.
  uint32_t empty_array(tal::TypeId array);

  // Where the floating-point constant with these bits stands: byte `offset` of a read-only array of all constants of that type.
  struct FloatConstant {
    uint32_t symbol;
    int32_t offset;
  };
  FloatConstant float_constant(uint64_t bits, unsigned size);

  // A jump table with room for that many entries, and its content: distances from the start of the function.
  uint32_t jump_table(uint32_t length);
  void fill_jump_table(uint32_t symbol, std::vector<uint32_t> entries) { jump_tables_[symbol] = std::move(entries); }

  // The read-only object that holds the address of an imported function, if calls of it are to go through one.
  std::optional<uint32_t> call_cell(uint32_t function);

  bool has_too_much_data() const { return has_too_much_data_; }
  // Does a call of the function end the path for the checker too?
  bool is_noret(ir::FuncId id) const;
  // The runtime's function of that meaning, not one that the program defines.
  bool is_square_root(ir::FuncId id) const;
  tal::TypeId payload(ir::ExceptionId id);
  const std::vector<std::string>& symbol_names() const { return names_; }

  // Lays out and fills .rodata and .data: floating-point constants, globals, exception names, static objects.
  // After all functions have been compiled.
  void emit_data(tal::ObjectImage& image);

private:
  static uint32_t& at(std::vector<uint32_t>& symbols, uint32_t index);
  uint32_t add_symbol(tal::Symbol symbol);
  tal::Scope scope(const std::string& name, ir::Linkage linkage) const;
  void add_data_symbols();
  uint32_t reserve(uint32_t symbol, uint64_t size);
  void emit_global(tal::ObjectImage& image, const ir::Global& global, uint32_t symbol);
  void emit_object(tal::ObjectImage& image, const ir::DataObject& object, uint32_t symbol);
  void put_word(tal::ObjectImage& image, uint32_t offset, unsigned size, const ir::Constant& constant, frontend::TypeId type);
  void put_integer(tal::ObjectImage& image, uint32_t offset, unsigned size, uint64_t value);
  void put_address(tal::ObjectImage& image, uint32_t offset, uint32_t symbol);

  const ir::Module& module_;
  const tal::NativeInterface& natives_;
  tal::ObjectAnnotations annotations_;
  TypeMap map_;
  std::vector<uint32_t> function_symbols_, global_symbols_, exception_symbols_, data_symbols_; // none: UINT32_MAX
  struct FloatPool {
    uint32_t symbol = UINT32_MAX;
    std::map<uint64_t, uint32_t> index; // by bits
    std::vector<uint64_t> constants;
  };
  void emit_pool(tal::ObjectImage& image, const FloatPool& pool, unsigned size);
  template <typename T> void emit_read_only(tal::ObjectImage& image, uint32_t symbol, const std::vector<T>& elements, unsigned size);
  void emit_call_cells(tal::ObjectImage& image);
  FloatPool floats_, doubles_;
  std::map<uint32_t, std::vector<uint32_t>> jump_tables_; // by symbol
  bool indirect_calls_;
  std::map<uint32_t, uint32_t> call_cells_; // by the function's symbol
  std::map<std::string, uint32_t> runtime_symbols_;
  std::map<uint32_t, uint32_t> descriptor_symbols_, empty_arrays_;
  std::vector<std::string> names_;
  static constexpr uint64_t max_data = (uint64_t{1} << 28) - 4096; // O8: of a section
  uint32_t data_size_ = 0;
  bool has_too_much_data_ = false;
};

} // namespace codegen
