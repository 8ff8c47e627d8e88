// Random modules: what the compiled code computes is what the IR interpreter computes, and the allocation checker agrees.
#include <gtest/gtest.h>

#include <sys/mman.h>

#include <cstring>

#include "codegen/codegen.h"
#include "ir/interp/interp.h"
#include "ir/pipeline.h"
#include "ir/printer.h"
#include "ir/verifier.h"
#include "random_module.h"
#include "tal/checker.h"
#include "tal/write/write.h"

namespace codegen::testing {
namespace {

// The text of an object in executable memory, calls between its functions bound.
class Loaded {
public:
  explicit Loaded(const CodegenResult& result) : annotations_(result.annotations), constants_((result.image.text.size() + 15) & ~size_t(15)),
        size_(constants_ + result.image.rodata.size() + 64) {
    memory_ = static_cast<uint8_t*>(mmap(nullptr, size_, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::memcpy(memory_, result.image.text.data(), result.image.text.size());
    std::copy(result.image.rodata.begin(), result.image.rodata.end(), memory_ + constants_);
    for (const tal::Reloc& reloc : result.image.text_relocs) {
      const tal::Symbol& symbol = annotations_.symbols[reloc.symbol];
      // Nothing raises in these modules: a call of the runtime would trap.
      int64_t target = symbol.section == tal::Section::Text     ? int64_t(symbol.offset)
                       : symbol.section == tal::Section::RoData ? int64_t(constants_ + symbol.offset)
                                                                : int64_t(size_ - 32);
      int32_t value = int32_t(target + reloc.addend - int64_t(reloc.offset));
      std::memcpy(memory_ + reloc.offset, &value, 4);
    }
    memory_[size_ - 32] = 0x0F, memory_[size_ - 31] = 0x0B;
  }
  ~Loaded() { munmap(memory_, size_); }
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;

  uint64_t call(const std::string& name, const std::vector<uint64_t>& a) const {
    for (const tal::Symbol& symbol : annotations_.symbols)
      if (symbol.name == name) {
        using Function = uint64_t (*)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
        auto at = [&](size_t i) { return i < a.size() ? a[i] : 0x5A5A5A5A5A5A5A5A; };
        return reinterpret_cast<Function>(memory_ + symbol.offset)(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8));
      }
    ADD_FAILURE() << "no function " << name;
    return 0;
  }

private:
  const tal::ObjectAnnotations& annotations_;
  size_t constants_, size_; // where .rodata begins; all of it
  uint8_t* memory_;
};

void run_seed(unsigned seed, RandomOptions options, bool optimise) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  frontend::TypeStore types;
  ir::Module module;
  module.types = &types;
  RandomModule generator(module, seed, options);
  generator.generate();
  if (optimise) {
    ir::PipelineResult passes = ir::run_pipeline(module, {});
    ASSERT_EQ(passes.error, "");
  }
  ASSERT_TRUE(ir::verify(module).empty()) << ir::render(module, ir::verify(module));
  support::SourceManager sources;
  tal::NativeInterface natives;
  CodegenOptions codegen;
  codegen.verify_each = codegen.want_mir = true;
  CodegenResult result = generate_code(module, sources, natives, codegen);
  ASSERT_EQ(result.internal_error, "") << result.mir;
  ASSERT_TRUE(result.unsupported.empty());
  tal::Bytes object = tal::write_object(result.image, result.annotations);
  tal::VerifyResult verified = tal::verify(object, natives);
  if (auto* error = std::get_if<tal::VerifyError>(&verified)) FAIL() << tal::to_string(*error, "random") << "\n" << result.mir;
  if (options.objects) return;
  Loaded code(result);
  std::mt19937 random(seed);
  int too_long = 0;
  const ir::Module* program[] = {&module};
  for (const ir::Function& function : module.functions)
    for (int i = 0; i < 4; ++i) {
      std::vector<uint64_t> args;
      for (size_t n = 0; n < function.param_types.size(); ++n) args.push_back(random() % 4 ? random() : random() % 8);
      ir::interp::Outcome expected = ir::interp::run(program, function.name, args);
      // The functions differ between compilers of this test, and one in some thousands runs for too long.
      if (expected.error == "step limit reached" && ++too_long <= 4) continue;
      ASSERT_EQ(expected.kind, ir::interp::Outcome::Kind::Returned) << expected.error;
      ASSERT_EQ(code.call(function.name, args), expected.value) << function.name << "\n" << ir::print_module(module) << result.mir;
    }
}

TEST(Execution, RandomSmall) {
  for (unsigned seed = 0; seed < 150 && !HasFailure(); ++seed) run_seed(seed, {.functions = 2, .size = 20, .objects = false}, false);
}
TEST(Execution, RandomLarge) {
  for (unsigned seed = 1000; seed < 1040 && !HasFailure(); ++seed) run_seed(seed, {.functions = 4, .size = 150, .objects = false}, false);
}
TEST(Execution, RandomObjects) {
  for (unsigned seed = 3000; seed < 3100 && !HasFailure(); ++seed) run_seed(seed, {.functions = 3, .size = 60, .objects = true}, seed % 2);
}
TEST(Execution, RandomOptimised) {
  for (unsigned seed = 2000; seed < 2060 && !HasFailure(); ++seed) run_seed(seed, {.functions = 3, .size = 60, .objects = false}, true);
}

} // namespace
} // namespace codegen::testing
