#include "codegen/instruction_assembler.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>

#include "llvm/ADT/SmallVector.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/MC/MCAsmBackend.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCCodeEmitter.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCObjectFileInfo.h"
#include "llvm/MC/MCObjectWriter.h"
#include "llvm/MC/MCParser/MCAsmParser.h"
#include "llvm/MC/MCParser/MCTargetAsmParser.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCStreamer.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/MCTargetOptions.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"

namespace codegen {

namespace {

// Names that the generated buffer uses; the braces of the input keep them apart from anything a user writes.
constexpr const char* line_prefix = "tal_line_";
constexpr const char* label_prefix = "tal_label_";
constexpr const char* symbol_prefix = "tal_symbol_";

bool is_name_char(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.'; }

// `{n}` becomes a symbol, a label's name its label, and `dword [..]` gets the `ptr` that LLVM insists on.
std::string rewrite(const std::string& text, const std::map<std::string, size_t>& labels) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '{') {
      out += symbol_prefix;
      for (++i; i < text.size() && text[i] != '}'; ++i) out += text[i];
      ++i;
      continue;
    }
    if (!is_name_char(text[i])) {
      out += text[i++];
      continue;
    }
    size_t end = i;
    while (end < text.size() && is_name_char(text[end])) ++end;
    std::string word = text.substr(i, end - i);
    auto label = labels.find(word);
    out += label == labels.end() ? word : label_prefix + std::to_string(label->second);
    bool is_size = word == "byte" || word == "word" || word == "dword" || word == "qword";
    size_t next = text.find_first_not_of(' ', end);
    if (is_size && next != std::string::npos && text[next] == '[') out += " ptr";
    i = end;
  }
  return out;
}

// LLVM's assembler over one buffer, to an ELF object in memory.
class Session {
public:
  Session() {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmParser();
    std::string error;
    target_ = llvm::TargetRegistry::lookupTarget(triple, error);
    registers_.reset(target_->createMCRegInfo(triple));
    assembly_.reset(target_->createMCAsmInfo(*registers_, triple, options_));
    instructions_.reset(target_->createMCInstrInfo());
    subtarget_.reset(target_->createMCSubtargetInfo(triple, "", ""));
  }

  bool run(const std::string& text, llvm::SmallVectorImpl<char>& object, unsigned& line, std::string& message) {
    llvm::SourceMgr sources;
    sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, "tal"), llvm::SMLoc());
    struct Found { unsigned line = 0; std::string message; } found;
    sources.setDiagHandler(
        [](const llvm::SMDiagnostic& diagnostic, void* context) {
          auto* first = static_cast<Found*>(context);
          if (first->message.empty()) *first = {unsigned(diagnostic.getLineNo()), diagnostic.getMessage().str()};
        },
        &found);
    llvm::MCContext context(llvm::Triple(triple), assembly_.get(), registers_.get(), subtarget_.get(), &sources, &options_);
    context.setDiagnosticHandler([&](const llvm::SMDiagnostic& diagnostic, bool, const llvm::SourceMgr&, std::vector<const llvm::MDNode*>&) {
      if (found.message.empty()) found = {unsigned(diagnostic.getLineNo()), diagnostic.getMessage().str()};
    });
    std::unique_ptr<llvm::MCObjectFileInfo> sections(target_->createMCObjectFileInfo(context, true));
    context.setObjectFileInfo(sections.get());
    llvm::raw_svector_ostream out(object);
    std::unique_ptr<llvm::MCAsmBackend> backend(target_->createMCAsmBackend(*subtarget_, *registers_, options_));
    std::unique_ptr<llvm::MCObjectWriter> writer = backend->createObjectWriter(out);
    std::unique_ptr<llvm::MCCodeEmitter> emitter(target_->createMCCodeEmitter(*instructions_, context));
    std::unique_ptr<llvm::MCStreamer> streamer(target_->createMCObjectStreamer(
        llvm::Triple(triple), context, std::move(backend), std::move(writer), std::move(emitter), *subtarget_));
    std::unique_ptr<llvm::MCAsmParser> parser(llvm::createMCAsmParser(sources, context, *streamer, *assembly_));
    std::unique_ptr<llvm::MCTargetAsmParser> dialect(target_->createMCAsmParser(*subtarget_, *parser, *instructions_, options_));
    parser->setTargetParser(*dialect);
    parser->setAssemblerDialect(1);
    bool failed = parser->Run(false) || context.hadError();
    line = found.line;
    message = found.message;
    return !failed;
  }

private:
  static constexpr const char* triple = "x86_64-pc-linux-gnu";
  const llvm::Target* target_;
  llvm::MCTargetOptions options_;
  std::unique_ptr<llvm::MCRegisterInfo> registers_;
  std::unique_ptr<llvm::MCAsmInfo> assembly_;
  std::unique_ptr<llvm::MCInstrInfo> instructions_;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget_;
};

// Reads .text, its relocations and the symbols of the object that LLVM has just written.
class ObjectReader {
public:
  explicit ObjectReader(const llvm::SmallVectorImpl<char>& bytes) : bytes_(bytes.data()) {
    const auto& header = at<llvm::ELF::Elf64_Ehdr>(0);
    const auto* sections = &at<llvm::ELF::Elf64_Shdr>(header.e_shoff);
    const char* names = bytes_ + sections[header.e_shstrndx].sh_offset;
    for (unsigned i = 0; i < header.e_shnum; ++i) {
      std::string_view name = names + sections[i].sh_name;
      if (name == ".text") text_ = &sections[i];
      if (name == ".rela.text") relocs_ = &sections[i];
      if (sections[i].sh_type == llvm::ELF::SHT_SYMTAB) symbols_ = &sections[i], strings_ = bytes_ + sections[sections[i].sh_link].sh_offset;
    }
  }

  std::vector<uint8_t> text() const {
    const char* start = bytes_ + text_->sh_offset;
    return std::vector<uint8_t>(start, start + text_->sh_size);
  }
  template <typename F> void for_each_symbol(F f) const {
    for (uint64_t i = 0; i < symbols_->sh_size / sizeof(llvm::ELF::Elf64_Sym); ++i)
      f(std::string_view(strings_ + symbol(i).st_name), symbol(i));
  }
  template <typename F> void for_each_reloc(F f) const {
    for (uint64_t i = 0; relocs_ && i < relocs_->sh_size / sizeof(llvm::ELF::Elf64_Rela); ++i) {
      const auto& reloc = (&at<llvm::ELF::Elf64_Rela>(relocs_->sh_offset))[i];
      f(reloc, std::string_view(strings_ + symbol(reloc.getSymbol()).st_name));
    }
  }

private:
  template <typename T> const T& at(uint64_t offset) const { return *reinterpret_cast<const T*>(bytes_ + offset); }
  const llvm::ELF::Elf64_Sym& symbol(uint64_t i) const { return (&at<llvm::ELF::Elf64_Sym>(symbols_->sh_offset))[i]; }
  const char* bytes_;
  const char* strings_ = nullptr;
  const llvm::ELF::Elf64_Shdr *text_ = nullptr, *relocs_ = nullptr, *symbols_ = nullptr;
};

bool number_after(std::string_view name, std::string_view prefix, uint32_t& number) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return std::from_chars(name.data(), name.data() + name.size(), number).ec == std::errc();
}

} // namespace

bool assemble_instructions(const std::vector<AssemblerLine>& lines, const std::vector<AssemblerLabel>& labels, AssembledCode& result,
                           std::string& problem) {
  std::map<std::string, size_t> names;
  for (size_t i = 0; i < labels.size(); ++i) names[labels[i].name] = i;
  // One physical line per label and per instruction; `source_line` leads back.
  std::string text = ".intel_syntax noprefix\n.text\n";
  std::vector<uint32_t> source_line{0, 0, 0};
  auto add = [&](const std::string& line, uint32_t number) {
    text += line + "\n";
    source_line.push_back(number);
  };
  for (size_t i = 0; i <= lines.size(); ++i) {
    uint32_t number = lines.empty() ? 0 : lines[std::min(i, lines.size() - 1)].line;
    add(line_prefix + std::to_string(i) + ":", number);
    for (size_t k = 0; k < labels.size(); ++k)
      if (labels[k].before == i) add(label_prefix + std::to_string(k) + ":", number);
    if (i < lines.size()) add(rewrite(lines[i].text, names), number);
  }
  llvm::SmallVector<char, 4096> object;
  unsigned line = 0;
  std::string message;
  if (!Session().run(text, object, line, message)) {
    problem = std::to_string(line < source_line.size() ? source_line[line] : 0) + ": " + message;
    return false;
  }
  ObjectReader reader(object);
  result.bytes = reader.text();
  result.line_offsets.assign(lines.size() + 1, 0);
  result.label_offsets.assign(labels.size(), 0);
  reader.for_each_symbol([&](std::string_view name, const llvm::ELF::Elf64_Sym& symbol) {
    uint32_t n = 0;
    if (number_after(name, line_prefix, n)) result.line_offsets[n] = uint32_t(symbol.st_value);
    else if (number_after(name, label_prefix, n)) result.label_offsets[n] = uint32_t(symbol.st_value);
  });
  reader.for_each_reloc([&](const llvm::ELF::Elf64_Rela& reloc, std::string_view name) {
    uint32_t n = 0;
    if (number_after(name, symbol_prefix, n)) result.relocs.push_back({uint32_t(reloc.r_offset), n, reloc.r_addend});
    else if (problem.empty()) problem = "0: unknown name `" + std::string(name) + "`";
  });
  std::sort(result.relocs.begin(), result.relocs.end(), [](auto& a, auto& b) { return a.offset < b.offset; });
  return problem.empty();
}

} // namespace codegen
