// Mutates what the other readers of untrusted bytes get: linked programs, serialised interfaces, manifests, patch files and the
// control protocol. Each reader must answer every time, soon, and without an error of memory (run it in the asan-ubsan build);
// what a reader accepts must be written back as a form that it reads the same way.
//
//   mutate_readers COUNT SEED OBJECT PROGRAM...
//
// OBJECT is of `popc -dsu -c`; it gives an interface, a manifest and the content of a patch file. PROGRAMs carry their objects. COUNT
// mutants are made for each reader; the same count, seed and files make the same mutants.
#include "dsu/format/container.h"
#include "dsu/format/manifest.h"
#include "dsu/format/protocol.h"
#include "tal/elf.h"
#include "tal/link/image_check.h"
#include "tal/write/link_object.h"
#include "tal/write/write.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>

using tal::Bytes;

namespace {

struct Region {
  size_t start = 0, size = 0;
};

class Mutator {
public:
  explicit Mutator(uint64_t seed) : random_(seed) {}
  size_t below(size_t n) { return random_() % n; }

  void change(Bytes& bytes, const Region& region) {
    size_t at = region.start + below(region.size), left = region.start + region.size - at;
    switch (below(8)) {
    case 0: bytes[at] = static_cast<uint8_t>(random_()); break;
    case 1: bytes[at]++; break;
    case 2: bytes[at]--; break;
    case 3: { // a number of the file's own width, near a limit
      static constexpr uint64_t interesting[] = {0, 1, 7, 0x7F, 0x80, 0xFF, 0x1000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
                                                 uint64_t{1} << 63, ~uint64_t{0}, ~uint64_t{0} - 7};
      uint64_t value = interesting[below(std::size(interesting))];
      size_t aligned = (at & ~size_t{7}) < region.start ? at : at & ~size_t{7};
      std::memcpy(&bytes[aligned], &value, std::min<size_t>(left, size_t{1} << below(4)));
      break;
    }
    case 4: { // a LEB128 number that is large
      for (size_t i = 0, n = std::min<size_t>(left, 1 + below(5)); i < n; i++)
        bytes[at + i] = static_cast<uint8_t>(random_() | (i + 1 < n ? 0x80 : 0));
      break;
    }
    case 5: { // bytes from another place
      size_t from = region.start + below(region.size), n = 1 + below(16), end = region.start + region.size;
      for (size_t i = 0; i < n && at + i < end && from + i < end; i++)
        bytes[at + i] = bytes[from + i];
      break;
    }
    default: bytes[at] ^= static_cast<uint8_t>(1u << below(8));
    }
  }
  // Short formats are cut and extended as well.
  Bytes mutant(const Bytes& original) {
    Bytes bytes = original;
    for (size_t n = 1 + below(3); n != 0; n--)
      change(bytes, {0, bytes.size()});
    if (below(16) == 0)
      bytes.resize(below(bytes.size() + 1));
    if (below(16) == 0)
      bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size() + 1)), 1 + below(20), static_cast<uint8_t>(random_()));
    return bytes;
  }

private:
  std::mt19937_64 random_;
};

// Counts answers and the time that the slowest one takes.
class Tally {
public:
  explicit Tally(const char* reader) : reader_(reader) {}
  void ask(const std::function<bool()>& accepts) {
    const auto start = std::chrono::steady_clock::now();
    accepted_ += accepts();
    made_++;
    longest_ = std::max(longest_, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  bool report() const {
    std::printf("%-12s %8llu mutants %8llu accepted, longest %.0f ms\n", reader_, static_cast<unsigned long long>(made_),
                static_cast<unsigned long long>(accepted_), longest_ * 1000);
    return longest_ < 10;
  }

private:
  const char* reader_;
  uint64_t made_ = 0, accepted_ = 0;
  double longest_ = 0;
};

[[noreturn]] void die(const std::string& message) {
  std::fprintf(stderr, "mutate_readers: %s\n", message.c_str());
  std::exit(1);
}

Bytes read_file(const char* name) {
  std::ifstream in(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::unique_ptr<tal::VerifiedObject> verified(std::span<const uint8_t> bytes, const tal::NativeInterface& natives) {
  tal::VerifyResult result = tal::verify(bytes, natives);
  if (const auto* error = std::get_if<tal::VerifyError>(&result))
    die(to_string(*error, "object"));
  return std::move(std::get<std::unique_ptr<tal::VerifiedObject>>(result));
}

// ---- programs ------------------------------------------------------------------------------------------------------

// A program with its objects verified, so that a mutant costs the comparison only.
struct Program {
  Bytes bytes;
  std::vector<Region> regions;
  Region objects;
  std::vector<std::unique_ptr<tal::VerifiedObject>> owned;
  std::vector<const tal::VerifiedObject*> modules;
  tal::LinkResult links;
  tal::ProgramOptions options;
};

// The regions that the comparison reads; the file is as our linker wrote it.
void find_regions(Program& p) {
  tal::elf::Header header;
  std::memcpy(&header, p.bytes.data(), sizeof header);
  std::vector<tal::elf::SectionHeader> sections(header.shnum);
  std::memcpy(sections.data(), p.bytes.data() + header.shoff, sections.size() * sizeof(tal::elf::SectionHeader));
  p.regions = {{0, sizeof header}, {header.phoff, header.phnum * size_t{56}}, {header.phoff, header.phnum * size_t{56}},
               {header.shoff, sections.size() * sizeof(tal::elf::SectionHeader)}};
  static constexpr std::string_view read[] = {".dynamic",   ".rela.dyn",    ".rela.plt", "tal_text",        "tal_rodata", "tal_data",
                                              "tal_tables", ".data.rel.ro", "tal_anchor", "tal_descriptors", ".shstrtab"};
  for (const tal::elf::SectionHeader& s : sections) {
    std::string_view name(reinterpret_cast<const char*>(p.bytes.data() + sections[header.shstrndx].offset + s.name));
    if (name == ".tal.objects")
      p.objects = {s.offset, s.size};
    if (s.size != 0 && std::find(std::begin(read), std::end(read), name) != std::end(read))
      p.regions.push_back({s.offset, s.size});
  }
}

Program read_program(const char* file, const tal::NativeInterface& natives) {
  Program p;
  p.bytes = read_file(file);
  std::string problem;
  tal::ProgramReport report;
  if (!check_program(p.bytes, natives, report, problem))
    die(std::string(file) + ": " + problem);
  find_regions(p);
  tal::ByteReader in({p.bytes.data() + p.objects.start, p.objects.size});
  std::vector<const tal::Interface*> interfaces;
  for (uint32_t n = in.u32(); n != 0; n--) {
    p.owned.push_back(verified(in.raw(in.u64()), natives));
    p.modules.push_back(p.owned.back().get());
    interfaces.push_back(&p.owned.back()->interface());
  }
  p.links = link_check(interfaces, natives);
  if (!find_entry(p.modules, p.options.entry, p.options.entry_kind, problem))
    die(problem);
  p.options.updateable = report.updateable;
  return p;
}

void mutate_programs(uint64_t count, Mutator& mutator, std::vector<Program>& programs, const tal::NativeInterface& natives, Tally& images,
                     Tally& files) {
  for (uint64_t i = 0; i < count; i++) {
    Program& p = programs[mutator.below(programs.size())];
    const bool whole = i % 50 == 0; // verifies the objects again: slow
    const Region region = whole && mutator.below(2) ? p.objects : p.regions[mutator.below(p.regions.size())];
    const Bytes before(p.bytes.begin() + static_cast<std::ptrdiff_t>(region.start),
                       p.bytes.begin() + static_cast<std::ptrdiff_t>(region.start + region.size));
    for (size_t n = 1 + mutator.below(3); n != 0; n--)
      mutator.change(p.bytes, region);
    std::span<const uint8_t> file(p.bytes);
    if (mutator.below(64) == 0)
      file = file.first(mutator.below(file.size()));
    std::string problem;
    images.ask([&] { return check_image(file, p.modules, p.links, p.options, problem); });
    if (tal::ProgramReport report; whole)
      files.ask([&] { return check_program(file, natives, report, problem); });
    std::copy(before.begin(), before.end(), p.bytes.begin() + static_cast<std::ptrdiff_t>(region.start));
  }
}

// ---- formats of their own ------------------------------------------------------------------------------------------

bool reads_interface(const Bytes& bytes) {
  tal::Interface interface;
  std::string problem;
  if (!parse_interface(bytes, interface, problem))
    return false;
  const Bytes written = serialise(interface);
  tal::Interface again;
  if (!parse_interface(written, again, problem) || serialise(again) != written)
    die("an interface that was read is not written as it was read: " + problem);
  return true;
}

bool reads_manifest(const Bytes& bytes) {
  std::optional<dsu::Manifest> manifest = dsu::decode_manifest(bytes);
  if (!manifest)
    return false;
  if (encode_manifest(*manifest) != bytes)
    die("a manifest has two spellings");
  return true;
}

bool reads_container(Bytes bytes, bool repair) {
  const size_t body = bytes.size() > 12 && bytes[12] != 0 ? 144 : 48; // after a signature, or none
  if (repair && bytes.size() >= body) { // else nearly all would stop at the checksum
    const dsu::Hash hash = dsu::sha256(std::span(bytes).subspan(body));
    std::copy(hash.begin(), hash.end(), bytes.begin() + 16);
  }
  dsu::ContainerResult result = dsu::read_container(bytes);
  const auto* patch = std::get_if<dsu::PatchFile>(&result);
  if (patch == nullptr)
    return false;
  if (write_container(*patch) != bytes)
    die("a patch file has two spellings");
  return true;
}

template <typename T> bool same_again(const std::optional<T>& value, const Bytes& bytes) {
  if (value && encode(*value) != bytes)
    die("a message has two spellings");
  return value.has_value();
}

bool reads_message(const Bytes& bytes) {
  bool any = dsu::decode_header(bytes).has_value();
  any |= same_again(dsu::decode_report(bytes), bytes);
  any |= same_again(dsu::decode_status(bytes), bytes);
  return same_again(dsu::decode_history(bytes), bytes) || any;
}

std::vector<Bytes> messages() {
  dsu::Report report;
  report.outcome = dsu::Outcome::Refused;
  report.patch = "v2";
  report.reason = "expected one thing, got another";
  report.replaced = {"main", "List::map"};
  report.active = {"pop_main"};
  dsu::Status status;
  status.pid = 4711;
  status.program = "server";
  status.modules = {{"main", "v1", "0123abcd", 2}, {"list", "v1", "4567cdef", 0}};
  return {encode(report), encode(status), encode(std::vector<dsu::Report>{report, report}),
          frame(dsu::FrameKind::Status, encode(status))};
}

Bytes patch_file(const Bytes& object) {
  dsu::PatchFile patch;
  patch.label = "v2";
  patch.from = "v1";
  patch.modules = {{"main", dsu::ModuleRole::Replaced, dsu::Hash{1}, dsu::Hash{2}},
                   {"list", dsu::ModuleRole::Required, dsu::Hash{3}, dsu::Hash{3}},
                   {"audit", dsu::ModuleRole::New, dsu::Hash{}, dsu::Hash{4}}};
  patch.objects = {Bytes(object.begin(), object.begin() + 64), {}};
  patch.signature.emplace(); // of no key: what it says is not the reader's business
  return write_container(patch);
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 5)
    die("usage: mutate_readers COUNT SEED OBJECT PROGRAM...");
  tal::NativeInterface natives;
  if (std::string problem; !parse_natives(tal::builtin_natives_text(), natives, problem))
    die(problem);
  const uint64_t count = std::strtoull(argv[1], nullptr, 10);
  Mutator mutator(std::strtoull(argv[2], nullptr, 10));
  const Bytes object = read_file(argv[3]);
  const auto module = verified(object, natives);
  const Bytes interface = serialise(module->interface()), manifest = module->dsu(), patch = patch_file(object);
  const std::vector<Bytes> talk = messages();
  if (!reads_interface(interface) || !reads_manifest(manifest) || !reads_container(patch, false) || !reads_message(talk[0]))
    die("a reader refuses what was not changed");
  std::vector<Program> programs;
  for (int i = 4; i < argc; i++)
    programs.push_back(read_program(argv[i], natives));
  Tally interfaces("interfaces"), manifests("manifests"), patches("patch files"), protocol("messages"), images("images"), files("programs");
  for (uint64_t i = 0; i < count; i++) {
    const Bytes changed[] = {mutator.mutant(interface), mutator.mutant(manifest), mutator.mutant(patch), mutator.mutant(talk[i % talk.size()])};
    interfaces.ask([&] { return reads_interface(changed[0]); });
    manifests.ask([&] { return reads_manifest(changed[1]); });
    patches.ask([&] { return reads_container(changed[2], i % 8 != 0); });
    protocol.ask([&] { return reads_message(changed[3]); });
  }
  mutate_programs(count, mutator, programs, natives, images, files);
  bool soon = true;
  for (const Tally* tally : {&interfaces, &manifests, &patches, &protocol, &images, &files})
    soon &= tally->report();
  return soon ? 0 : 1; // seconds for a small input are a fault
}
