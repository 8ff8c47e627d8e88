#include "codegen/unit.h"

#include "ir/builder.h"
#include "ir/evaluate.h"

#include <algorithm>
#include <cstring>

namespace codegen {

namespace {

constexpr uint32_t none = UINT32_MAX;

tal::Symbol make_symbol(std::string name, tal::SymbolKind kind, tal::Scope scope, tal::TypeId type = {}) {
  tal::Symbol symbol;
  symbol.name = std::move(name);
  symbol.kind = kind;
  symbol.scope = scope;
  symbol.type = type;
  return symbol;
}

// A constant as the bits of its type's width, zero-extended: what stands in memory, canonical also where the slot is wider.
ir::Constant canonical(ir::Constant constant, unsigned width) {
  if (constant.kind == ir::Constant::Kind::Real)
    return {ir::Constant::Kind::Int, int64_t(ir::float_bits(ir::real_value(constant.imm), 8 * width)), UINT32_MAX, {}};
  if (constant.kind == ir::Constant::Kind::Int && width < 8) constant.imm &= (int64_t(1) << (8 * width)) - 1;
  return constant;
}

} // namespace

Unit::Unit(const ir::Module& module, const tal::NativeInterface& natives, bool indirect_calls)
    : module_(module), natives_(natives), map_(*module.types, annotations_.types), indirect_calls_(indirect_calls) {
  annotations_.module = module.name;
  add_data_symbols();
  // Everything that is defined here has a symbol, used or not.
  for (uint32_t i = 0; i < module.functions.size(); ++i)
    if (module.functions[i].linkage != ir::Linkage::Import) function({i});
  for (uint32_t i = 0; i < module.globals.size(); ++i)
    if (module.globals[i].linkage != ir::Linkage::Import) global({i});
  for (uint32_t i = 0; i < module.exceptions.size(); ++i)
    if (module.exceptions[i].linkage != ir::Linkage::Import) exception({i});
}

uint32_t Unit::add_symbol(tal::Symbol symbol) {
  names_.push_back(symbol.name.empty() ? "data" + std::to_string(names_.size()) : symbol.name);
  if (symbol.kind == tal::SymbolKind::Desc) names_.back() = "desc(" + types().print(symbol.type) + ")";
  annotations_.symbols.push_back(std::move(symbol));
  return uint32_t(annotations_.symbols.size() - 1);
}

tal::Scope Unit::scope(const std::string& name, ir::Linkage linkage) const {
  switch (linkage) {
  case ir::Linkage::Public: return tal::Scope::Public;
  case ir::Linkage::Static: return tal::Scope::Static;
  case ir::Linkage::Import: return natives_.natives.count(name) ? tal::Scope::Native : tal::Scope::Import;
  }
  return tal::Scope::Import;
}

// The tables of the module grow while code is generated, and ours with them.
uint32_t& Unit::at(std::vector<uint32_t>& symbols, uint32_t index) {
  if (index >= symbols.size()) symbols.resize(index + 1, none);
  return symbols[index];
}

uint32_t Unit::function(ir::FuncId id) {
  uint32_t& symbol = at(function_symbols_, id.value);
  if (symbol != none) return symbol;
  const ir::Function& function = module_.function(id);
  // A native has one entry for all types.
  const std::string base(ir::base_name(function.name));
  if (scope(base, function.linkage) == tal::Scope::Native) return symbol = runtime(base);
  tal::Symbol record = make_symbol(function.name, tal::SymbolKind::Function, scope(function.name, function.linkage));
  record.type = map_.signature(function.type, function.widths);
  return symbol = add_symbol(std::move(record));
}

uint32_t Unit::global(ir::GlobalId id) {
  uint32_t& symbol = at(global_symbols_, id.value);
  if (symbol != none) return symbol;
  const ir::Global& global = module_.global(id);
  tal::Symbol record = make_symbol(global.name, tal::SymbolKind::Data, scope(global.name, global.linkage));
  // A tuple of one component, so that `&x` has the type of any other tuple.
  tal::TypeId word = map_.word(global.type);
  if (record.scope != tal::Scope::Native) record.type = types().ptr(types().single(word));
  return symbol = add_symbol(std::move(record));
}

tal::TypeId Unit::payload(ir::ExceptionId id) {
  frontend::TypeId type = module_.exception(id).payload;
  return type.value == 0 || type == frontend::kVoidType ? tal::no_type : map_.word(type);
}

uint32_t Unit::exception(ir::ExceptionId id) {
  uint32_t& symbol = at(exception_symbols_, id.value);
  if (symbol != none) return symbol;
  const ir::Exception& exception = module_.exception(id);
  tal::Symbol record = make_symbol(exception.name, tal::SymbolKind::ExnName, scope(exception.name, exception.linkage));
  if (record.scope != tal::Scope::Native) record.type = types().exn_name(payload(id));
  return symbol = add_symbol(std::move(record));
}

uint32_t Unit::runtime(const std::string& name) {
  auto [entry, fresh] = runtime_symbols_.try_emplace(name, 0);
  if (fresh) entry->second = add_symbol(make_symbol(name, tal::SymbolKind::Function, tal::Scope::Native));
  return entry->second;
}

uint32_t Unit::descriptor(tal::TypeId address) {
  auto [entry, fresh] = descriptor_symbols_.try_emplace(address.value, 0);
  if (fresh) entry->second = add_symbol(make_symbol("", tal::SymbolKind::Desc, tal::Scope::Import, address));
  return entry->second;
}

// A symbol like a descriptor's: its bytes come from the linker.
uint32_t Unit::representation(frontend::TypeId type) { return descriptor(types().rep(map_.word(type))); }

uint32_t Unit::empty_array(tal::TypeId array) {
  auto [entry, fresh] = empty_arrays_.try_emplace(array.value, 0);
  if (fresh) entry->second = add_symbol(make_symbol("", tal::SymbolKind::Data, tal::Scope::Static, array));
  return entry->second;
}

Unit::FloatConstant Unit::float_constant(uint64_t bits, unsigned size) {
  FloatPool& pool = size == 4 ? floats_ : doubles_;
  if (pool.symbol == none) {
    tal::TypeId type = types().arr(size == 4 ? types().f32() : types().f64(), tal::Mutability::ReadOnly);
    pool.symbol = add_symbol(make_symbol("", tal::SymbolKind::Data, tal::Scope::Static, type));
  }
  auto [entry, fresh] = pool.index.try_emplace(bits, uint32_t(pool.constants.size()));
  if (fresh) pool.constants.push_back(bits);
  return {pool.symbol, int32_t(8 + size * entry->second)};
}

bool Unit::is_noret(ir::FuncId id) const {
  const ir::Function& function = module_.function(id);
  auto native = function.linkage == ir::Linkage::Import ? natives_.natives.find(std::string(ir::base_name(function.name))) : natives_.natives.end();
  return native != natives_.natives.end() && native->second.what == tal::Native::What::Function &&
         natives_.types.sig(native->second.type).noret;
}

bool Unit::is_square_root(ir::FuncId id) const {
  const ir::Function& function = module_.function(id);
  return function.name == "Math::sqrt" && scope(function.name, function.linkage) == tal::Scope::Native;
}

// ---- static data ------------------------------------------------------------------------------------------------------

void Unit::add_data_symbols() {
  while (data_symbols_.size() < module_.data.size()) {
    const ir::DataObject& object = module_.data[data_symbols_.size()];
    tal::Symbol record = make_symbol("", tal::SymbolKind::Data, tal::Scope::Static);
    record.type = map_.word(object.type, true);
    data_symbols_.push_back(add_symbol(std::move(record)));
  }
}

uint32_t Unit::data(ir::DataId id) {
  add_data_symbols();
  return data_symbols_[id.value];
}

// Gives the symbol room in .data; none of it if there would be too much.
uint32_t Unit::reserve(uint32_t symbol, uint64_t size) {
  if (size > max_data || data_size_ > max_data - size) {
    has_too_much_data_ = true;
    size = 0;
  }
  tal::Symbol& record = annotations_.symbols[symbol];
  record.section = tal::Section::Data;
  record.offset = data_size_;
  record.size = uint32_t(size);
  data_size_ += (uint32_t(size) + 7) & ~7u;
  return record.offset;
}

void Unit::put_integer(tal::ObjectImage& image, uint32_t offset, unsigned size, uint64_t value) {
  std::memcpy(image.data.data() + offset, &value, size);
}

void Unit::put_address(tal::ObjectImage& image, uint32_t offset, uint32_t symbol) {
  image.data_relocs.push_back({offset, tal::RelocKind::Abs64, symbol, 0});
}

// A value of the source type; `size` is that of the place, 8 for a slot whatever the type.
void Unit::put_word(tal::ObjectImage& image, uint32_t offset, unsigned size, const ir::Constant& constant, frontend::TypeId type) {
  const frontend::TypeStore& source = *module_.types;
  switch (constant.kind) {
  case ir::Constant::Kind::Int: case ir::Constant::Kind::Real:
    return put_integer(image, offset, size, uint64_t(canonical(constant, types().word_size(map_.word(type))).imm));
  case ir::Constant::Kind::Case:
    return put_integer(image, offset, size, source.case_number(source.decl_of(type), uint32_t(constant.imm)).number);
  case ir::Constant::Kind::Null: return;
  case ir::Constant::Kind::Data: return put_address(image, offset, data({constant.symbol}));
  case ir::Constant::Kind::Func: return put_address(image, offset, function({constant.symbol}));
  case ir::Constant::Kind::GlobalAddr: return put_address(image, offset, global({constant.symbol}));
  case ir::Constant::Kind::Exception: return put_address(image, offset, exception({constant.symbol}));
  case ir::Constant::Kind::Rep: return put_address(image, offset, representation(constant.type_args[0]));
  }
}

void Unit::emit_global(tal::ObjectImage& image, const ir::Global& global, uint32_t symbol) {
  uint32_t offset = reserve(symbol, 8);
  if (has_too_much_data_) return;
  image.data.resize(data_size_);
  put_word(image, offset, 8, global.init, global.type);
}

void Unit::emit_object(tal::ObjectImage& image, const ir::DataObject& object, uint32_t symbol) {
  using Kind = ir::DataObject::Kind;
  auto room = [&](size_t size) {
    uint32_t offset = reserve(symbol, size);
    image.data.resize(data_size_);
    return offset;
  };
  if (object.kind == Kind::String) {
    uint32_t offset = room(8 + object.bytes.size());
    if (has_too_much_data_) return;
    put_integer(image, offset, 8, object.bytes.size());
    std::memcpy(image.data.data() + offset + 8, object.bytes.data(), object.bytes.size());
    return;
  }
  if (object.kind == Kind::Array) {
    tal::TypeId type = annotations_.symbols[symbol].type;
    unsigned size = types().word_size(types().target(type));
    uint32_t offset = room(8 + size * object.length);
    if (has_too_much_data_) return;
    put_integer(image, offset, 8, object.length);
    for (size_t i = 0; i < object.length && !object.elements.empty(); ++i) {
      const ir::Constant& element = object.elements[std::min(i, object.elements.size() - 1)];
      put_word(image, uint32_t(offset + 8 + size * i), size, element, module_.types->get(object.type).element);
    }
    return;
  }
  if (object.kind == Kind::Exn) {
    uint32_t offset = room(8 + 8 * object.elements.size());
    if (has_too_much_data_) return;
    put_address(image, offset, exception(object.exception));
    for (const ir::Constant& value : object.elements)
      put_word(image, offset + 8, 8, value, module_.exception(object.exception).payload);
    return;
  }
  if (object.kind == Kind::Variant) {
    const frontend::TypeStore& source = *module_.types;
    uint32_t offset = room(16);
    put_integer(image, offset, 8, source.case_number(source.decl_of(object.type), object.variant).number);
    return put_word(image, offset + 8, 8, object.elements[0], module_.types->field_type(object.type, object.variant));
  }
  uint32_t offset = room(types().layout_size(map_.memory(object.type)));
  if (has_too_much_data_) return;
  for (uint32_t i = 0; i < object.elements.size(); ++i) {
    FieldPlace place = map_.field(object.type, i);
    const frontend::Type& type = module_.types->get(object.type);
    put_word(image, offset + place.offset, place.size, object.elements[i],
             type.kind == frontend::TypeKind::Tuple ? type.args[i] : module_.types->field_type(object.type, i));
  }
}

uint32_t Unit::jump_table(uint32_t length) {
  const uint32_t symbol = add_symbol(make_symbol("", tal::SymbolKind::Data, tal::Scope::Static, types().arr(types().i32(), tal::Mutability::ReadOnly)));
  jump_tables_[symbol].resize(length);
  return symbol;
}

std::optional<uint32_t> Unit::call_cell(uint32_t function) {
  if (!indirect_calls_ || annotations_.symbols[function].scope != tal::Scope::Import || !annotations_.symbols[function].type) return std::nullopt;
  auto [entry, fresh] = call_cells_.try_emplace(function, 0);
  if (fresh) {
    const tal::TypeId callee = types().fn(annotations_.symbols[function].type);
    const tal::TypeId cell = types().ptr(types().struct_layout({{0, callee, tal::Mutability::ReadOnly, false}}));
    entry->second = add_symbol(make_symbol("", tal::SymbolKind::Data, tal::Scope::Static, cell));
  }
  return entry->second;
}

void Unit::emit_call_cells(tal::ObjectImage& image) {
  for (const auto& [function, cell] : call_cells_) {
    tal::Symbol& record = annotations_.symbols[cell];
    record.section = tal::Section::RelRo;
    record.offset = uint32_t(image.relro.size());
    record.size = 8;
    image.relro.resize(record.offset + record.size);
    image.relro_relocs.push_back({record.offset, tal::RelocKind::Abs64, function, 0});
  }
}

void Unit::emit_pool(tal::ObjectImage& image, const FloatPool& pool, unsigned size) {
  if (pool.symbol != none) emit_read_only(image, pool.symbol, pool.constants, size);
}

template <typename T> void Unit::emit_read_only(tal::ObjectImage& image, uint32_t symbol, const std::vector<T>& elements, unsigned size) {
  tal::Symbol& record = annotations_.symbols[symbol];
  uint64_t length = elements.size();
  record.section = tal::Section::RoData;
  record.offset = uint32_t(image.rodata.size());
  record.size = uint32_t(8 + size * length);
  image.rodata.resize(record.offset + ((record.size + 7) & ~7u));
  uint8_t* at = image.rodata.data() + record.offset;
  std::memcpy(at, &length, 8);
  for (size_t i = 0; i < length; ++i) std::memcpy(at + 8 + size * i, &elements[i], size);
}

void Unit::emit_data(tal::ObjectImage& image) {
  add_data_symbols();
  emit_pool(image, doubles_, 8);
  emit_pool(image, floats_, 4);
  emit_call_cells(image);
  for (const auto& [symbol, entries] : jump_tables_) emit_read_only(image, symbol, entries, 4);
  for (uint32_t i = 0; i < module_.globals.size(); ++i)
    if (module_.globals[i].linkage != ir::Linkage::Import) emit_global(image, module_.globals[i], global_symbols_[i]);
  for (uint32_t i = 0; i < module_.exceptions.size(); ++i)
    if (module_.exceptions[i].linkage != ir::Linkage::Import) {
      reserve(exception_symbols_[i], 8);
      image.data.resize(data_size_);
    }
  for (uint32_t i = 0; i < module_.data.size(); ++i) emit_object(image, module_.data[i], data_symbols_[i]);
  for (auto [type, symbol] : empty_arrays_) {
    reserve(symbol, 8);
    image.data.resize(data_size_);
  }
  std::sort(image.data_relocs.begin(), image.data_relocs.end(),
            [](const tal::Reloc& a, const tal::Reloc& b) { return a.offset < b.offset; });
}

} // namespace codegen
