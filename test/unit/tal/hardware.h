// Runs stretches of machine code on the processor between loading and storing all registers but rsp.
#pragma once

#include "tal/bytes.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>

namespace tal::test {

struct HardwareState {
  uint64_t general[16] = {}; // not rsp
  uint64_t flags = 0;
  uint64_t unused = 0;
  uint64_t xmm[16][2] = {};
};

class Hardware {
public:
  Hardware() {
    page_ = static_cast<uint8_t*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  }
  ~Hardware() { munmap(page_, 4096); }
  Hardware(const Hardware&) = delete;
  Hardware& operator=(const Hardware&) = delete;

  void run(const Bytes& code, HardwareState& s) {
    constexpr unsigned rdi = 7, flags = 128, xmm = 144;
    Bytes all{0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57, 0x57}; // push rbx rbp r12..r15 rdi
    auto put = [&](std::initializer_list<unsigned> bytes) {
      for (unsigned b : bytes)
        all.push_back(static_cast<uint8_t>(b));
    };
    auto general = [&](unsigned opcode, unsigned r) { put({0x48u | r >> 3 << 2, opcode, 0x47 | (r & 7) << 3, 8 * r}); }; // mov
    auto vector = [&](unsigned opcode, unsigned r) {                                                                    // movups
      unsigned at = xmm + 16 * r;
      put({0x40u | r >> 3 << 2, 0x0F, opcode, 0x87 | (r & 7) << 3, at & 255, at >> 8, 0, 0});
    };
    put({0xFF, 0xB7, flags, 0, 0, 0, 0x9D}); // push [rdi+128]; popfq
    for (unsigned r = 0; r < 16; r++)
      vector(0x10, r);
    for (unsigned r = 0; r < 16; r++)
      if (r != 4 && r != rdi)
        general(0x8B, r);
    general(0x8B, rdi);
    all.insert(all.end(), code.begin(), code.end());
    put({0x9C, 0x57, 0x48, 0x8B, 0x7C, 0x24, 0x10}); // pushfq; push rdi; mov rdi, [rsp+16]
    for (unsigned r = 0; r < 16; r++)
      if (r != 4 && r != rdi)
        general(0x89, r);
    for (unsigned r = 0; r < 16; r++)
      vector(0x11, r);
    put({0x59, 0x48, 0x89, 0x4F, 8 * rdi});                          // pop rcx; mov [rdi+56], rcx
    put({0x59, 0x48, 0x89, 0x8F, flags, 0, 0, 0});                   // pop rcx; mov [rdi+128], rcx
    put({0x5F, 0x41, 0x5F, 0x41, 0x5E, 0x41, 0x5D, 0x41, 0x5C, 0x5D, 0x5B, 0xC3});
    ASSERT_LT(all.size(), 4096u);
    std::copy(all.begin(), all.end(), page_);
    reinterpret_cast<void (*)(HardwareState*)>(page_)(&s);
  }

private:
  uint8_t* page_;
};

} // namespace tal::test
