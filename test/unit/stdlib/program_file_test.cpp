// The writer of fresh objects and the reader of linked programs, with the system linker between them.
#include "tal/link/program_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "tal/write/elf_writer.h"

namespace {

using namespace tal;

Bytes read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

// Two sections that refer to each other, linked into an executable.
Bytes linked_program() {
  ElfWriter writer;
  // main: lea rax, [rip + data]; mov eax, [rax + 8]; ret
  auto text = writer.add_section("tal_text", elf::shf_alloc | elf::shf_execinstr, 4096,
                                 {0x48, 0x8D, 0x05, 0, 0, 0, 0, 0x8B, 0x40, 0x08, 0xC3});
  auto data = writer.add_section("tal_data", elf::shf_alloc | elf::shf_write, 16, Bytes(16));
  Bytes forty_two = {42, 0, 0, 0};
  writer.append(data, forty_two);
  writer.add_section(".tal.note_test", 0, 1, {1, 2, 3});
  auto rodata = writer.add_section("tal_rodata", elf::shf_alloc, 16, {7, 7, 7, 7});
  writer.add_hidden("pop.unused", rodata, 0, 4, elf::stt_object);
  writer.add_hidden("main", text, 0, 11, elf::stt_func);
  writer.add_relocation(text, 3, elf::r_x86_64_pc32, writer.section_symbol(data), 8 - 4);
  writer.add_relocation(data, 0, elf::r_x86_64_64, writer.section_symbol(text), 7);
  char folder[] = "/tmp/program-file-test-XXXXXX";
  if (mkdtemp(folder) == nullptr)
    return {};
  const std::string object = std::string(folder) + "/a.o", program = std::string(folder) + "/a";
  const Bytes bytes = writer.write();
  std::ofstream(object, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const std::string command = "cc -pie -Wl,-z,noexecstack -Wl,-z,separate-code -o " + program + " " + object + " && " + program;
  const int status = system(command.c_str());
  Bytes image = read_all(program);
  unlink(object.c_str());
  unlink(program.c_str());
  rmdir(folder);
  return WEXITSTATUS(status) == 42 ? image : Bytes{};
}

TEST(ProgramFile, ReadsWhatWasWrittenAndLinked) {
  const Bytes image = linked_program();
  ASSERT_FALSE(image.empty()) << "linking failed, or the program did not return 42";
  ProgramFile file;
  std::string problem;
  ASSERT_TRUE(file.open(image, problem)) << problem;
  const uint64_t text = file.section_address("tal_text"), data = file.section_address("tal_data");
  EXPECT_EQ(text % 4096, 0u);
  EXPECT_EQ(file.access(text, 11), ProgramFile::Access::ReadExecute);
  EXPECT_EQ(file.access(data, 20), ProgramFile::Access::ReadWrite);
  EXPECT_EQ(file.access(file.section_address("tal_rodata"), 4), ProgramFile::Access::Read);
  EXPECT_EQ(file.access(UINT64_MAX - 4, 8), ProgramFile::Access::None);
  uint64_t word = 0;
  ASSERT_TRUE(file.word(data, word));  // a pointer, relocated when the program starts
  EXPECT_EQ(word, text + 7);
  EXPECT_EQ(file.relocations(data, 8).size(), 1u);
  EXPECT_FALSE(file.word(data + 4, word));  // half of it
  EXPECT_TRUE(file.relocations(text, 11).empty());
  EXPECT_EQ(file.section(".tal.note_test").size(), 3u);
  EXPECT_TRUE(file.section(".nothing").empty());
  EXPECT_TRUE(file.bytes(data, UINT64_MAX).empty());
}

TEST(ProgramFile, SurvivesDamage) {
  const Bytes image = linked_program();
  ASSERT_FALSE(image.empty());
  std::string problem;
  for (size_t length = 0; length < image.size(); length += 1 + length / 8)
    (void)ProgramFile().open(std::span(image).first(length), problem);
  unsigned seed = 1;
  for (int round = 0; round < 2000; round++) {
    Bytes damaged = image;
    for (int i = 0; i < 8; i++) {
      seed = seed * 1103515245 + 12345;
      // Headers at the front and at the end are where the damage matters.
      const size_t range = 1024, at = seed / 65536 % range;
      damaged[(seed & 1) != 0 ? at : damaged.size() - 1 - at] = static_cast<uint8_t>(seed >> 8);
    }
    ProgramFile file;
    if (!file.open(damaged, problem))
      continue;
    uint64_t word;
    (void)file.word(file.section_address("tal_data"), word);
    (void)file.section("tal_text");
    (void)file.bytes(file.section_address("tal_text"), 16);
  }
}

}  // namespace
