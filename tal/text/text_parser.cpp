// Assembles the text form; the grammar is in text.h. Not part of the trusted base. Branches and symbol operands are laid out here, everything else is
// the encoder's. Errors are collected: one for each line.
#include "tal/decoder.h"
#include "tal/text/text.h"
#include "tal/natives/type_parser.h"

#include <algorithm>
#include <map>

namespace tal {
namespace {

constexpr std::string_view register_names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                               "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t'))
    s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r'))
    s.remove_suffix(1);
  return s;
}

std::string_view without_comment(std::string_view line) {
  bool quoted = false;
  for (size_t i = 0; i < line.size(); i++) {
    if (line[i] == '"' && (i == 0 || line[i - 1] != '\\'))
      quoted = !quoted;
    if (line[i] == '#' && !quoted)
      return line.substr(0, i);
  }
  return line;
}

class Assembler {
public:
  Assembler(const EncodeInstruction& encode, ObjectImage& image, ObjectAnnotations& a, std::vector<TextProblem>& problems)
      : encode_(encode), image_(image), a_(a), problems_(problems), parser_(a.types) {}

  bool run(std::string_view text) {
    split(text);
    for (bool define : {false, true})
      for (line_ = 0; line_ < lines_.size(); line_++)
        if (lines_[line_].starts_with("type "))
          type_line(define);
    std::string problem;
    if (!a_.types.close(&problem))
      error(problem);
    for (line_ = 0; line_ < lines_.size() && problems_.size() < 50; line_++)
      if (!lines_[line_].empty())
        top_line();
    resolve_symbols();
    std::sort(a_.eh.begin(), a_.eh.end(), [](const EhRange& x, const EhRange& y) { return x.start < y.start; });
    auto by_offset = [](const auto& x, const auto& y) { return x.offset < y.offset; };
    std::sort(image_.data_relocs.begin(), image_.data_relocs.end(), by_offset);
    std::sort(image_.relro_relocs.begin(), image_.relro_relocs.end(), by_offset);
    return problems_.empty();
  }

private:
  struct SymbolUse {
    size_t line;
    Section section;
    Reloc reloc;
    std::string name;
  };
  struct LabelUse {
    size_t line;
    uint32_t field, size;   // of the distance in text
    uint32_t rest = 0;      // bytes from the field's end to that of the instruction
    std::string name;
  };
  struct EntryUse { size_t line; uint32_t field; std::string function, label; };   // of a jump table in .rodata

  void split(std::string_view text) {
    for (size_t at = 0; at <= text.size();) {
      size_t end = std::min(text.find('\n', at), text.size());
      lines_.push_back(trim(without_comment(text.substr(at, end - at))));
      at = end + 1;
    }
  }

  bool error(std::string message) {
    problems_.push_back({static_cast<uint32_t>(line_ + 1), std::move(message)});
    return false;
  }

  // Lexes a line (or a part of it); the caller reports stream problems with done().
  TokenStream tokens(std::string_view text) {
    std::vector<Token> list;
    std::string problem;
    if (!lex_line(text, list, problem))
      error(problem);
    return TokenStream(std::move(list));
  }
  bool done(TokenStream& in) {
    if (!in.failed())
      in.end();
    return !in.failed() || error(in.problem());
  }

  void type_line(bool define) {
    TokenStream in = tokens(lines_[line_]);
    in.next();
    parser_.set_vars({});
    bool ok = define ? parser_.define(in) : parser_.declare(in);
    if (!ok && !define)
      error(in.problem());
    else if (!ok)
      error(in.problem().empty() ? "ill-formed type" : in.problem());
  }

  void top_line() {
    TokenStream in = tokens(lines_[line_]);
    parser_.set_vars({});
    if (in.is("type"))
      return;
    if (in.accept("module"))
      module_line(in);
    else if (in.accept("import"))
      import_line(in);
    else if (in.accept("native"))
      native_line(in);
    else if (in.accept("desc"))
      desc_line(in);
    else if (in.accept("exception"))
      exception_line(in);
    else if (in.accept("data"))
      data_lines(in);
    else if (in.accept("func"))
      function_lines(in);
    else {
      in.fail("module, type, import, native, desc, exception, data or func");
      done(in);
    }
  }

  void module_line(TokenStream& in) {
    in.name(a_.module);
    if (in.accept("version"))
      in.name(a_.version);
    done(in);
  }

  void add_symbol(TokenStream& in, Symbol s) {
    if (done(in)) {
      names_.try_emplace(s.name, static_cast<uint32_t>(a_.symbols.size()));
      a_.symbols.push_back(std::move(s));
    }
  }

  SymbolKind kind_word(TokenStream& in) {
    return in.accept("data") ? SymbolKind::Data : in.accept("exception") ? SymbolKind::ExnName : SymbolKind::Function;
  }

  void import_line(TokenStream& in) {
    Symbol s;
    s.scope = Scope::Import;
    s.kind = kind_word(in);
    in.name(s.name);
    if (s.kind == SymbolKind::ExnName) {
      s.type = a_.types.exn_name(in.accept("of") ? parser_.type(in) : no_type);
    } else {
      in.expect(":");
      s.type = s.kind == SymbolKind::Data ? parser_.type(in) : parser_.signature(in);
    }
    add_symbol(in, std::move(s));
  }

  void native_line(TokenStream& in) {
    Symbol s;
    s.scope = Scope::Native;
    s.kind = kind_word(in);
    in.name(s.name);
    add_symbol(in, std::move(s));
  }

  void desc_line(TokenStream& in) {
    Symbol s;
    s.scope = Scope::Import;
    s.kind = SymbolKind::Desc;
    in.name(s.name);
    in.expect(":");
    s.type = parser_.type(in);
    add_symbol(in, std::move(s));
  }

  Scope scope_word(TokenStream& in) { return in.accept("static") ? Scope::Static : (in.accept("public"), Scope::Public); }

  void exception_line(TokenStream& in) {
    Symbol s;
    s.kind = SymbolKind::ExnName;
    s.scope = scope_word(in);
    s.section = Section::Data;
    in.name(s.name);
    s.type = a_.types.exn_name(in.accept("of") ? parser_.type(in) : no_type);
    s.offset = static_cast<uint32_t>(image_.data.size());
    s.size = 8;
    image_.data.resize(image_.data.size() + 8);
    add_symbol(in, std::move(s));
  }

  // ---- data ----------------------------------------------------------------------------------------------------------

  void data_lines(TokenStream& in) {
    Symbol s;
    s.kind = SymbolKind::Data;
    s.scope = scope_word(in);
    in.name(s.name);
    in.expect(":");
    s.type = parser_.type(in);
    s.section = Section::Data;
    if (in.accept("in"))
      s.section = in.accept("rodata") ? Section::RoData : in.accept("relro") ? Section::RelRo : in.accept("bss") ? Section::Bss
                  : (in.expect("data"), Section::Data);
    Bytes& bytes = s.section == Section::RoData ? image_.rodata : s.section == Section::RelRo ? image_.relro : image_.data;
    Bytes content;
    s.offset = s.section == Section::Bss ? image_.bss_size : static_cast<uint32_t>(bytes.size());
    for (line_++; line_ < lines_.size() && lines_[line_] != "end"; line_++)
      if (!lines_[line_].empty())
        content_line(s.section, s.offset, content);
    while (content.size() % 8 != 0)
      content.push_back(0);
    s.size = static_cast<uint32_t>(content.size());
    if (s.section == Section::Bss)
      image_.bss_size += s.size;
    else
      bytes.insert(bytes.end(), content.begin(), content.end());
    add_symbol(in, std::move(s));
  }

  void content_line(Section section, uint32_t base, Bytes& content) {
    TokenStream in = tokens(lines_[line_]);
    std::string name;
    int64_t n = 0;
    if (in.accept("ascii")) {
      in.name(name);
      content.insert(content.end(), name.begin(), name.end());
    } else if (in.accept("zero")) {
      if (in.number(n) && n >= 0 && n < (1 << 24))
        content.resize(content.size() + static_cast<size_t>(n));
    } else if (in.accept("addr")) {
      in.name(name);
      Reloc r{base + static_cast<uint32_t>(content.size()), RelocKind::Abs64, 0, 0};
      symbol_uses_.push_back({line_, section, r, name});
      content.resize(content.size() + 8);
    } else if (section == Section::RoData && in.accept("entry")) {
      EntryUse use{line_, base + static_cast<uint32_t>(content.size()), {}, {}};
      in.name(use.function);
      in.name(use.label);
      entry_uses_.push_back(use);
      content.resize(content.size() + 4);
    } else {
      unsigned bytes = in.accept("i8") ? 1 : in.accept("i16") ? 2 : in.accept("i32") ? 4 : in.accept("i64") ? 8 : 0;
      if (bytes == 0)
        in.fail("i8, i16, i32, i64, ascii, zero, addr or end");
      while (!in.failed() && !in.at_end() && in.number(n))
        for (unsigned i = 0; i < bytes; i++)
          content.push_back(static_cast<uint8_t>(static_cast<uint64_t>(n) >> (8 * i)));
    }
    done(in);
  }

  // ---- functions -----------------------------------------------------------------------------------------------------

  void function_lines(TokenStream& in) {
    Symbol s;
    s.scope = scope_word(in);
    s.section = Section::Text;
    in.name(s.name);
    in.expect(":");
    s.type = parser_.signature(in);
    if (s.type)
      parser_.set_vars(a_.types.sig(s.type).vars);
    Bytes& text = image_.text;
    for (size_t padding = 0; text.size() % 16 != 0 || padding < 5; padding++)
      text.push_back(0xCC);
    s.offset = static_cast<uint32_t>(text.size());
    labels_.clear();
    label_uses_.clear();
    size_t first_eh = a_.eh.size();
    try_label_.clear();
    pads_.clear();
    for (line_++; line_ < lines_.size() && lines_[line_] != "end"; line_++)
      if (!lines_[line_].empty())
        code_line(lines_[line_]);
    s.size = static_cast<uint32_t>(text.size()) - s.offset;
    resolve_labels();
    resolve_entries(s);
    for (size_t i = first_eh; i < a_.eh.size(); i++)
      a_.eh[i].pad = label_offset(pads_[i - first_eh]);
    add_symbol(in, std::move(s));
  }

  uint32_t here() const { return static_cast<uint32_t>(image_.text.size()); }

  void code_line(std::string_view line) {
    if (line.starts_with(".") && !line.starts_with(".byte")) {
      label_line(line);
    } else if (line.starts_with("try ") || line == "endtry") {
      try_line(line);
    } else if (line.starts_with(".byte")) {
      TokenStream in = tokens(line);
      in.next();
      int64_t n;
      while (!in.at_end() && in.number(n))
        image_.text.push_back(static_cast<uint8_t>(n));
      done(in);
    } else {
      instruction_line(line);
    }
  }

  void try_line(std::string_view line) {
    if (line != "endtry") {
      try_label_ = trim(line.substr(4));
      try_start_ = here();
    } else if (try_label_.empty()) {
      error("endtry without try");
    } else {
      a_.eh.push_back({try_start_, here(), 0});
      pads_.push_back(std::move(try_label_));
      try_label_.clear();
    }
  }

  void label_line(std::string_view line) {
    size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      error("expected `:` after a label");
      return;
    }
    std::string name(line.substr(0, colon));
    if (!labels_.try_emplace(name, here()).second)
      error("label " + name + " is defined twice");
    std::string_view rest = trim(line.substr(colon + 1));
    if (rest.empty())
      return;
    // A record may go on over several lines.
    std::string text(rest);
    while (text.find('}') == std::string::npos && line_ + 1 < lines_.size())
      text += " " + std::string(lines_[++line_]);
    TokenStream in = tokens(text);
    LabelRecord record;
    record.offset = here();
    record_items(in, record);
    if (done(in))
      a_.labels.push_back(std::move(record));
  }

  bool location(TokenStream& in, int32_t& where) {
    if (in.accept("slot")) {
      int64_t n = 0;
      if (!in.number(n) || n < -8192 || n > 8192)
        return in.fail_with("slot number out of range");
      where = slot_location(static_cast<int32_t>(n));
      return true;
    }
    for (int32_t r = 0; r < 16; r++)
      if (in.accept(register_names[r])) {
        where = r;
        return true;
      }
    return in.fail("a 64-bit register or `slot`");
  }

  bool record_items(TokenStream& in, LabelRecord& record) {
    struct PendingFact { FactOperand x, y; int32_t x_at = -1, y_at = -1; int64_t c = 0; };
    std::vector<PendingFact> facts;
    std::vector<std::pair<int32_t, int32_t>> same;
    auto operand = [&](FactOperand& o, int32_t& at) {
      if (in.peek().kind == Token::Kind::Number && in.peek().number == 0) {
        in.next();
        return true;
      }
      bool length = in.accept("len");
      o.what = length ? FactOperand::What::Length : FactOperand::What::Value;
      return length ? in.expect("(") && location(in, at) && in.expect(")") : location(in, at);
    };
    in.expect("{");
    while (!in.failed() && !in.accept("}")) {
      int64_t n = 0;
      if (in.accept("depth")) {
        if (in.number(n))
          record.depth = static_cast<uint32_t>(n);
      } else if (in.accept("lost")) {
        record.saved_in_place = false;
      } else if (in.accept("same")) {
        auto& pair = same.emplace_back();
        location(in, pair.first);
        location(in, pair.second);
      } else if (in.accept("fact")) {
        PendingFact f;
        operand(f.x, f.x_at);
        if (in.accept("-"))
          operand(f.y, f.y_at);
        in.expect("<=");
        in.number(f.c);
        facts.push_back(f);
      } else {
        live_item(in, record);
      }
      if (!in.is("}"))
        in.expect(";");
    }
    if (in.failed())
      return false;
    std::sort(record.live.begin(), record.live.end(),
              [](const LiveLocation& a, const LiveLocation& b) { return a.location < b.location; });
    auto index = [&](int32_t where, uint16_t& at) {
      for (size_t i = 0; i < record.live.size(); i++)
        if (record.live[i].location == where) {
          at = static_cast<uint16_t>(i);
          return true;
        }
      return in.fail_with("a fact about a location that is not live");
    };
    for (PendingFact& f : facts) {
      if ((f.x_at >= 0 && !index(f.x_at, f.x.at)) || (f.y_at >= 0 && !index(f.y_at, f.y.at)))
        return false;
      record.facts.push_back({f.x, f.y, f.c});
    }
    for (auto [a, b] : same) {
      uint16_t x = 0, y = 0;
      if (!index(a, x) || !index(b, y))
        return false;
      record.same.emplace_back(std::min(x, y), std::max(x, y));
    }
    return true;
  }

  void live_item(TokenStream& in, LabelRecord& record) {
    LiveLocation live;
    int32_t saved = 0;
    if (!location(in, live.location) || !in.expect(":"))
      return;
    if (in.accept("saved")) {
      if (!location(in, saved))
        return;
      live.type.what = LocationType::What::Saved;
      live.type.saved = static_cast<uint8_t>(saved);
    } else {
      live.type.type = parser_.type(in);
    }
    record.live.push_back(live);
  }

  // ---- instructions --------------------------------------------------------------------------------------------------

  void instruction_line(std::string_view line) {
    if (size_t at = line.find('<'); at != std::string_view::npos) {
      TokenStream in = tokens(line.substr(at));
      Instantiation inst;
      inst.offset = here();
      in.expect("<");
      do
        inst.args.push_back(parser_.type(in));
      while (in.accept(","));
      in.expect(">");
      if (!done(in))
        return;
      a_.insts.push_back(std::move(inst));
      line = trim(line.substr(0, at));
    }
    size_t space = line.find(' ');
    std::string_view mnemonic = line.substr(0, space);
    std::string_view operand = space == std::string_view::npos ? "" : trim(line.substr(space));
    if (branch(mnemonic, operand))
      return;
    with_rip(std::string(line));
  }

  // jcc, jmp, call with a name; register and memory operands are the encoder's.
  bool branch(std::string_view mnemonic, std::string_view operand) {
    int condition = -1;
    for (int c = 0; c < 16; c++)
      if (mnemonic.size() > 1 && mnemonic[0] == 'j' && mnemonic.substr(1) == condition_name(static_cast<Condition>(c)))
        condition = c;
    static constexpr std::pair<std::string_view, int> synonyms[] = {{"jz", 4}, {"jnz", 5}, {"jc", 2}, {"jnc", 3}, {"jnae", 2}, {"jnb", 3}};
    for (auto [name, c] : synonyms)
      condition = mnemonic == name ? c : condition;
    bool jump = mnemonic == "jmp", call = mnemonic == "call";
    if (condition < 0 && !jump && !call)
      return false;
    bool is_short = operand.starts_with("short ");
    if (is_short)
      operand = trim(operand.substr(6));
    bool is_register = std::find(std::begin(register_names), std::end(register_names), operand) != std::end(register_names);
    if (operand.empty() || is_register || operand.find('[') != std::string_view::npos)
      return false;
    Bytes& text = image_.text;
    if (is_short) {
      text.push_back(condition >= 0 ? static_cast<uint8_t>(0x70 + condition) : 0xEB);
    } else if (condition >= 0) {
      text.push_back(0x0F);
      text.push_back(static_cast<uint8_t>(0x80 + condition));
    } else {
      text.push_back(jump ? 0xE9 : 0xE8);
    }
    uint32_t size = is_short ? 1 : 4;
    std::string name(operand);
    if (name.front() == '"' && name.size() > 1)
      name = name.substr(1, name.size() - 2);
    if (operand.starts_with("."))
      label_uses_.push_back({line_, here(), size, 0, name});
    else
      symbol_uses_.push_back({line_, Section::Text, {here(), RelocKind::Pc32, 0, -4}, name});
    text.resize(text.size() + size);
    return true;
  }

  void with_rip(std::string line) {
    std::string name;
    int64_t extra = 0;
    if (size_t at = line.find("[rip"); at != std::string::npos) {
      size_t close = line.find(']', at);
      if (close == std::string::npos) {
        error("expected `]`");
        return;
      }
      TokenStream in = tokens(std::string_view(line).substr(at + 4, close - at - 4));
      if (in.accept("+")) {
        in.name(name);
        if (in.accept("+"))
          in.number(extra);
      }
      if (!done(in))
        return;
      line.replace(at, close - at + 1, "[rip]");
    }
    Bytes code;
    std::string problem;
    if (!encode_ || !encode_(line, code, problem)) {
      error(problem.empty() ? "cannot encode `" + line + "`" : problem);
      return;
    }
    if (!name.empty()) {
      Inst inst;
      if (!decode(code, inst) || inst.field == 0) {
        error("this instruction has no operand for a symbol");
        return;
      }
      int64_t addend = extra - (inst.length - inst.field);
      if (name.starts_with('.'))
        label_uses_.push_back({line_, here() + inst.field, 4, inst.length - inst.field - 4u, name});
      else
        symbol_uses_.push_back({line_, Section::Text, {here() + inst.field, RelocKind::Pc32, 0, addend}, name});
    }
    image_.text.insert(image_.text.end(), code.begin(), code.end());
  }

  // ---- names ---------------------------------------------------------------------------------------------------------

  uint32_t label_offset(const std::string& name) {
    auto found = labels_.find(name);
    if (found == labels_.end()) {
      error("unknown label " + name);
      return 0;
    }
    return found->second;
  }

  void resolve_labels() {
    size_t line = line_;
    for (const LabelUse& use : label_uses_) {
      line_ = use.line;
      int64_t distance = int64_t{label_offset(use.name)} - (use.field + use.size + use.rest);
      if (use.size == 1 && (distance < -128 || distance > 127))
        error("`short` branch too far");
      for (uint32_t i = 0; i < use.size; i++)
        image_.text[use.field + i] = static_cast<uint8_t>(static_cast<uint64_t>(distance) >> (8 * i));
    }
    line_ = line;
  }

  // Entries of jump tables count from the start of their function.
  void resolve_entries(const Symbol& function) {
    size_t line = line_;
    for (EntryUse& use : entry_uses_) {
      if (use.function != function.name)
        continue;
      line_ = use.line;
      uint32_t distance = label_offset(use.label) - function.offset;
      std::memcpy(image_.rodata.data() + use.field, &distance, 4);
      use.function.clear();
    }
    line_ = line;
  }

  void resolve_symbols() {
    for (const EntryUse& use : entry_uses_)
      if (line_ = use.line; !use.function.empty())
        error("unknown function " + use.function);
    for (SymbolUse& use : symbol_uses_) {
      line_ = use.line;
      auto found = names_.find(use.name);
      if (found == names_.end()) {
        error("unknown symbol " + use.name);
        continue;
      }
      use.reloc.symbol = found->second;
      auto& list = use.section == Section::Text ? image_.text_relocs
                   : use.section == Section::RelRo ? image_.relro_relocs
                                                   : image_.data_relocs;
      list.push_back(use.reloc);
    }
  }

  const EncodeInstruction& encode_;
  ObjectImage& image_;
  ObjectAnnotations& a_;
  std::vector<TextProblem>& problems_;
  TypeParser parser_;
  std::vector<std::string_view> lines_;
  size_t line_ = 0;
  std::map<std::string, uint32_t> names_;
  std::vector<SymbolUse> symbol_uses_;
  std::map<std::string, uint32_t> labels_;
  std::vector<LabelUse> label_uses_;
  std::vector<EntryUse> entry_uses_;
  std::string try_label_;
  uint32_t try_start_ = 0;
  std::vector<std::string> pads_;
};

} // namespace

bool assemble(std::string_view text, const EncodeInstruction& encode, ObjectImage& image, ObjectAnnotations& annotations,
              std::vector<TextProblem>& problems) {
  return Assembler(encode, image, annotations, problems).run(text);
}

} // namespace tal
