#include "codegen/instruction_assembler.h"

#include <algorithm>

#include "llvm/ADT/SmallVector.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCCodeEmitter.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCFixup.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCObjectFileInfo.h"
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

namespace codegen {

namespace {

constexpr const char* triple = "x86_64-pc-linux-gnu";

bool is_word_char(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// LLVM insists on `ptr` after the size of a memory operand.
std::string with_ptr(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && is_word_char(text[end])) ++end;
    std::string_view word = text.substr(i, end - i);
    out += word;
    bool is_size = word == "byte" || word == "word" || word == "dword" || word == "qword";
    size_t next = text.find_first_not_of(" \t", end);
    if (is_size && next != std::string_view::npos && text[next] == '[') out += " ptr";
    if (end < text.size()) out += text[end++];
    i = end;
  }
  return out;
}

// Takes the instructions of a buffer as code.
class CodeStreamer : public llvm::MCStreamer {
public:
  CodeStreamer(llvm::MCContext& context, const llvm::MCCodeEmitter& emitter) : MCStreamer(context), emitter_(emitter) {}
  void emitInstruction(const llvm::MCInst& inst, const llvm::MCSubtargetInfo& subtarget) override {
    ++count;
    emitter_.encodeInstruction(inst, bytes, fixups, subtarget);
  }
  bool emitSymbolAttribute(llvm::MCSymbol*, llvm::MCSymbolAttr) override { return false; }
  void emitCommonSymbol(llvm::MCSymbol*, uint64_t, llvm::Align) override {}
  void emitZerofill(llvm::MCSection*, llvm::MCSymbol*, uint64_t, llvm::Align, llvm::SMLoc) override {}

  unsigned count = 0;
  llvm::SmallVector<char, 16> bytes;
  llvm::SmallVector<llvm::MCFixup, 2> fixups;

private:
  const llvm::MCCodeEmitter& emitter_;
};

void keep_first_message(const llvm::SMDiagnostic& diagnostic, void* context) {
  auto* message = static_cast<std::string*>(context);
  if (message->empty()) *message = diagnostic.getMessage().str();
}

} // namespace

struct InstructionAssembler::Impl {
  const llvm::Target* target = nullptr;
  llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> assembly;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
};

InstructionAssembler::InstructionAssembler() : impl_(std::make_unique<Impl>()) {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmParser();
  std::string error;
  impl_->target = llvm::TargetRegistry::lookupTarget(triple, error);
  impl_->registers.reset(impl_->target->createMCRegInfo(triple));
  impl_->assembly.reset(impl_->target->createMCAsmInfo(*impl_->registers, triple, impl_->options));
  impl_->instructions.reset(impl_->target->createMCInstrInfo());
  impl_->subtarget.reset(impl_->target->createMCSubtargetInfo(triple, "", ""));
}

InstructionAssembler::~InstructionAssembler() = default;

// LLVM's parser also knows directives (which read files), expressions with division (by zero: it crashes), comments and strings. No
// instruction needs any of them.
static bool may_be_instruction(std::string_view text) {
  bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view(" \t,+-*[]_").find(c) != std::string_view::npos;
  });
  for (size_t i = 0; plain && i < text.size();) { // `mod` divides too
    size_t end = std::min(text.find_first_of(" \t,+-*[]", i), text.size());
    plain = end - i != 3 || (text[i] | 32) != 'm' || (text[i + 1] | 32) != 'o' || (text[i + 2] | 32) != 'd';
    i = end + 1;
  }
  return plain;
}

bool InstructionAssembler::encode(std::string_view text, std::vector<uint8_t>& code, std::string& problem) {
  if (!may_be_instruction(text)) {
    problem = "not an instruction";
    return false;
  }
  Impl& m = *impl_;
  std::string message;
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(with_ptr(text) + "\n"), llvm::SMLoc());
  sources.setDiagHandler(keep_first_message, &message);
  llvm::MCContext context(llvm::Triple(triple), m.assembly.get(), m.registers.get(), m.subtarget.get(), &sources, &m.options);
  std::unique_ptr<llvm::MCObjectFileInfo> sections(m.target->createMCObjectFileInfo(context, true));
  context.setObjectFileInfo(sections.get());
  std::unique_ptr<llvm::MCCodeEmitter> emitter(m.target->createMCCodeEmitter(*m.instructions, context));
  CodeStreamer streamer(context, *emitter);
  m.target->createNullTargetStreamer(streamer); // owned by the streamer
  std::unique_ptr<llvm::MCAsmParser> parser(llvm::createMCAsmParser(sources, context, streamer, *m.assembly));
  std::unique_ptr<llvm::MCTargetAsmParser> dialect(m.target->createMCAsmParser(*m.subtarget, *parser, *m.instructions, m.options));
  parser->setTargetParser(*dialect);
  parser->setAssemblerDialect(1); // Intel
  bool failed = parser->Run(false) || context.hadError();
  if (!failed && (streamer.count != 1 || !streamer.fixups.empty())) message = "not one instruction without symbols";
  if (failed && message.empty()) message = "not an instruction";
  problem = message;
  if (!message.empty()) return false;
  code.insert(code.end(), streamer.bytes.begin(), streamer.bytes.end());
  return true;
}

} // namespace codegen
