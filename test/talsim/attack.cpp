// Attacks the checker: makes mutants of verified objects, asks the checker about each, and runs the accepted ones under the
// reference semantics. scripts/attack collects the seeds and calls this.
//
//   attack COUNT [--seed S] [-j JOBS] [--only MUTATOR-NUMBER] [--at INDEX] [--keep DIR] [--second-opinion] OBJECT...
//
// With --second-opinion nothing is run: each answer of the checker is compared with that of test/second_opinion.
//
// The mutants are numbered; a mutant depends on its number, the seed and the objects alone, whatever the number of jobs. Workers
// are processes: a crash or a mutant that takes ten seconds is a finding, and the worker goes on behind it. --at makes one
// mutant again and keeps it. Exit status 1 if there was a violation, a crash or a hang.
#include "havoc.h"
#include "mutators.h"

#include "compare.h"

#include "tal/checker.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>

using namespace talsim;

namespace {

constexpr size_t mutators = static_cast<size_t>(Mutator::count_);
constexpr const char* rule_names[] = {
#define TAL_CHECK_RULE(id, title) #id,
#include "tal/rules.def"
};
constexpr size_t rule_count = std::size(rule_names);
constexpr unsigned max_jobs = 64;

// For a second opinion: `runs` are functions that were judged alike, `limits` those without opinion, `violations` disagreements.
struct Tally {
  uint64_t made = 0, rejected = 0, accepted = 0, runs = 0, steps = 0, violations = 0, limits = 0;
};

// In memory that the workers share.
struct Worker {
  uint64_t current = UINT64_MAX; // the mutant in work
  Mutator mutator{};
  Tally tallies[mutators];
  uint64_t rules[mutators][rule_count];
  double longest = 0;
};

struct Options {
  uint64_t count = 0, seed = 1, at = UINT64_MAX;
  unsigned jobs = 1;
  int only = -1;
  bool second_opinion = false;
  std::string keep;
  std::vector<std::string> files;
};

class Attack {
public:
  Attack(const Options& options, const tal::NativeInterface& natives) : options_(options), natives_(natives) {}

  bool read(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    tal::Bytes bytes((std::istreambuf_iterator<char>(in)), {});
    tal::VerifyResult result = tal::verify(bytes, natives_);
    if (const auto* error = std::get_if<tal::VerifyError>(&result)) {
      std::fputs(to_string(*error, file).c_str(), stderr);
      return false;
    }
    return read_seed(file, std::move(bytes), seeds_.emplace_back());
  }

  // Mutant number i.
  void one(uint64_t i, Worker& w) {
    Random random(options_.seed * 0x9E3779B97F4A7C15u + i);
    random.next();
    Mutator how = options_.only >= 0 ? static_cast<Mutator>(options_.only) : random_mutator(random);
    w.mutator = how;
    const Seed* chosen = nullptr;
    Mutant mutant;
    for (int tries = 0; tries < 40; tries++) { // not every object has something for every mutator
      chosen = &seeds_[random.below(seeds_.size())];
      mutant = {};
      if (mutate(how, *chosen, seeds_, random, mutant) && mutant.bytes != chosen->bytes)
        break;
      chosen = nullptr;
    }
    if (chosen == nullptr)
      return;
    if (step(*chosen, mutant, how, i, random, w))
      walk(std::move(mutant), i, random, w);
  }

private:
  // Goes on from an accepted mutant now and then: what takes several changes to go wrong is reached in this way.
  void walk(Mutant mutant, uint64_t i, Random& random, Worker& w) {
    Seed seed;
    if (!random.one_in(3) || !read_seed("a mutant", std::move(mutant.bytes), seed))
      return;
    for (int attempt = 0; attempt < 12; attempt++) {
      Mutator how = options_.only >= 0 ? static_cast<Mutator>(options_.only) : random_mutator(random);
      w.mutator = how;
      Mutant next;
      if (!mutate(how, seed, seeds_, random, next) || next.bytes == seed.bytes || !step(seed, next, how, i, random, w))
        continue;
      Seed changed;
      if (!read_seed("a mutant", std::move(next.bytes), changed))
        return;
      seed = std::move(changed);
    }
  }

  // Asks the checker and runs what it accepts. True if the mutant is accepted and safe.
  bool step(const Seed& seed, const Mutant& mutant, Mutator how, uint64_t i, Random& random, Worker& w) {
    Tally& t = w.tallies[static_cast<size_t>(how)];
    t.made++;
    if (options_.at != UINT64_MAX)
      keep(seed, mutant, i);
    const auto start = std::chrono::steady_clock::now();
    tal::VerifyResult result = tal::verify(mutant.bytes, natives_);
    w.longest = std::max(w.longest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (options_.second_opinion)
      ask(seed, mutant, result, i, random, t);
    if (const auto* error = std::get_if<tal::VerifyError>(&result)) {
      t.rejected++;
      for (size_t r = 0; r < rule_count; r++)
        w.rules[static_cast<size_t>(how)][r] += error->rule == rule_names[r];
      if (options_.at != UINT64_MAX)
        std::fputs(to_string(*error, "mutant").c_str(), stdout);
      return false;
    }
    t.accepted++;
    if (options_.second_opinion)
      return true;
    uint64_t before = t.violations;
    run(seed, mutant, *std::get<std::unique_ptr<tal::VerifiedObject>>(result), i, random, t);
    return t.violations == before;
  }

  // The second opinion about the function that was changed and some others.
  void ask(const Seed& seed, const Mutant& mutant, const tal::VerifyResult& result, uint64_t i, Random& random, Tally& t) {
    const bool small = seed.object.image.text.size() < 2000;
    const auto asked = [&](uint32_t from, uint32_t to) {
      return small || (mutant.touched && *mutant.touched >= from && *mutant.touched < to) || random.one_in(16);
    };
    second::Comparison c;
    second::compare(mutant.bytes, result, natives_, asked, c);
    t.runs += c.agreed;
    t.limits += c.no_opinion;
    t.violations += !c.disagreements.empty();
    for (const std::string& text : c.disagreements) {
      const std::string line = "DISAGREEMENT mutant " + std::to_string(i) + " of " + seed.file + ": " + text + "\n";
      (void)!write(1, line.data(), line.size());
    }
    if (!c.disagreements.empty())
      keep(seed, mutant, i);
  }

  // Runs the function that was changed, and some others, with random arguments.
  void run(const Seed& seed, const Mutant& mutant, const tal::VerifiedObject& verified, uint64_t i, Random& random, Tally& t) {
    Types types;
    Havoc havoc(random.next());
    Machine m(types, natives_, havoc, random.next());
    auto module = std::make_unique<Module>();
    std::string problem;
    if (!load_module(mutant.bytes, verified.interface().records, *module, problem))
      return report(seed, mutant, i, m, "the reader refuses what the checker accepted: " + problem, t);
    m.modules.push_back(std::move(module));
    if (!m.start()) {
      if (m.stop.why == Stop::Why::Violation)
        report(seed, mutant, i, m, m.stop.reason, t);
      return;
    }
    std::vector<uint32_t> functions, chosen;
    const auto& symbols = m.modules[0]->file.annotations.symbols;
    for (uint32_t s = 0; s < symbols.size(); s++)
      if (symbols[s].section == tal::Section::Text) {
        functions.push_back(s);
        if (mutant.touched && *mutant.touched >= symbols[s].offset && *mutant.touched < symbols[s].offset + symbols[s].size)
          chosen.assign(8, s);
      }
    for (int k = chosen.empty() ? 8 : 2; k != 0 && !functions.empty(); k--)
      chosen.push_back(functions[random.below(functions.size())]);
    for (uint32_t s : chosen) {
      m.reset();
      m.steps = 0;
      m.step_limit = 1500;
      Outcome outcome;
      if (!havoc.run(m, 0, s, outcome))
        continue;
      t.runs++;
      t.steps += m.steps;
      t.limits += m.stop.why == Stop::Why::Limit;
      if (m.stop.why == Stop::Why::Violation)
        return report(seed, mutant, i, m, m.stop.reason, t);
    }
  }

  void report(const Seed& seed, const Mutant& mutant, uint64_t i, const Machine& m, const std::string& reason, Tally& t) {
    t.violations++;
    tal::Inst inst;
    std::string text = "?";
    if (!m.modules.empty()) {
      std::span<const uint8_t> code = m.modules[0]->file.image.text;
      if (m.stop.at < code.size() && tal::decode(code.subspan(m.stop.at), inst))
        text = print(inst, m.stop.at);
    }
    char line[1024];
    int n = std::snprintf(line, sizeof line, "VIOLATION mutant %llu of %s: in %s at .text+0x%x `%s`: %s\n",
                          static_cast<unsigned long long>(i), seed.file.c_str(), m.stop.function.c_str(), m.stop.at, text.c_str(),
                          reason.c_str());
    (void)!write(1, line, static_cast<size_t>(std::min<int>(n, sizeof line - 1)));
    keep(seed, mutant, i);
  }

  void keep(const Seed&, const Mutant& mutant, uint64_t i) {
    if (options_.keep.empty())
      return;
    std::ofstream out(options_.keep + "/mutant-" + std::to_string(options_.seed) + "-" + std::to_string(i) + ".o", std::ios::binary);
    out.write(reinterpret_cast<const char*>(mutant.bytes.data()), static_cast<std::streamsize>(mutant.bytes.size()));
  }

  const Options& options_;
  const tal::NativeInterface& natives_;
  std::vector<Seed> seeds_;
};

[[noreturn]] void work(Attack& attack, Worker& w, uint64_t from, const Options& options) {
  for (uint64_t i = from; i < options.count; i += options.jobs) {
    w.current = i;
    alarm(10);
    attack.one(i, w);
  }
  w.current = UINT64_MAX;
  _exit(0);
}

// Keeps all workers going; returns the number of crashes and hangs.
unsigned run_workers(Attack& attack, Worker* workers, const Options& options) {
  std::map<pid_t, unsigned> running;
  unsigned faults = 0;
  auto start = [&](unsigned n, uint64_t from) {
    std::fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
      work(attack, workers[n], from, options);
    running[pid] = n;
  };
  for (unsigned n = 0; n < options.jobs; n++)
    start(n, n);
  while (!running.empty()) {
    int status = 0;
    pid_t pid = wait(&status);
    auto found = running.find(pid);
    if (found == running.end())
      continue;
    unsigned n = found->second;
    running.erase(found);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
      continue;
    faults++;
    const Worker& w = workers[n];
    std::printf("%s mutant %llu (%s)\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "HANG" : "CRASH",
                static_cast<unsigned long long>(w.current), mutator_name(w.mutator));
    if (faults < 100)
      start(n, w.current + options.jobs);
  }
  return faults;
}

void print_report(const Worker* workers, const Options& options, unsigned faults, double seconds) {
  Tally all;
  double longest = 0;
  std::map<std::string, uint64_t> rules;
  std::printf("| mutator | mutants | rejected | %s |\n|---|---:|---:|---:|---:|---:|\n",
              options.second_opinion ? "accepted | DISAGREEMENT | functions judged alike" : "accepted and safe | VIOLATION | runs");
  for (size_t k = 0; k < mutators; k++) {
    Tally t;
    for (unsigned n = 0; n < options.jobs; n++) {
      const Tally& x = workers[n].tallies[k];
      t.made += x.made;
      t.rejected += x.rejected;
      t.accepted += x.accepted;
      t.runs += x.runs;
      t.steps += x.steps;
      t.violations += x.violations;
      t.limits += x.limits;
      for (size_t r = 0; r < rule_count; r++)
        rules[rule_names[r]] += workers[n].rules[k][r];
    }
    auto number = [](uint64_t v) { return static_cast<unsigned long long>(v); };
    std::printf("| %s | %llu | %llu | %llu | %llu | %llu |\n", mutator_name(static_cast<Mutator>(k)), number(t.made), number(t.rejected),
                number(options.second_opinion ? t.accepted : t.accepted - t.violations), number(t.violations), number(t.runs));
    all.made += t.made;
    all.rejected += t.rejected;
    all.accepted += t.accepted;
    all.runs += t.runs;
    all.steps += t.steps;
    all.violations += t.violations;
    all.limits += t.limits;
  }
  auto number = [](uint64_t v) { return static_cast<unsigned long long>(v); };
  std::printf("| **all** | %llu | %llu | %llu | %llu | %llu |\n\n", number(all.made), number(all.rejected),
              number(options.second_opinion ? all.accepted : all.accepted - all.violations), number(all.violations), number(all.runs));
  std::printf("| rule | refused |\n|---|---:|\n");
  for (const char* r : rule_names)
    std::printf("| %s | %llu |\n", r, number(rules[r]));
  for (unsigned n = 0; n < options.jobs; n++)
    longest = std::max(longest, workers[n].longest);
  if (options.second_opinion)
    std::printf("\n%llu functions without a second opinion; %u crashes and hangs.\n", number(all.limits), faults);
  else
    std::printf("\n%llu instructions in the runs, %llu runs ended at a limit; %u crashes and hangs.\n", number(all.steps), number(all.limits), faults);
  std::fprintf(stderr, "%.0f mutants per second; the longest check took %.0f ms\n", static_cast<double>(all.made) / seconds, longest * 1000);
}

bool read_options(int argc, char** argv, Options& o) {
  for (int i = 1; i < argc; i++) {
    auto option = [&](const char* name) { return std::strcmp(argv[i], name) == 0 && i + 1 < argc; };
    if (option("--seed"))
      o.seed = std::strtoull(argv[++i], nullptr, 10);
    else if (option("-j"))
      o.jobs = static_cast<unsigned>(std::clamp(std::atoi(argv[++i]), 1, static_cast<int>(max_jobs)));
    else if (option("--only"))
      o.only = std::clamp(std::atoi(argv[++i]), 0, static_cast<int>(mutators) - 1);
    else if (option("--at"))
      o.at = std::strtoull(argv[++i], nullptr, 10);
    else if (std::strcmp(argv[i], "--second-opinion") == 0)
      o.second_opinion = true;
    else if (option("--keep"))
      o.keep = argv[++i];
    else if (o.count == 0 && o.files.empty())
      o.count = std::strtoull(argv[i], nullptr, 10);
    else
      o.files.push_back(argv[i]);
  }
  return o.count != 0 && !o.files.empty();
}

} // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, options)) {
    std::fputs("usage: attack COUNT [--seed S] [-j JOBS] [--only MUTATOR-NUMBER] [--at INDEX] [--keep DIR] [--second-opinion] OBJECT...\n", stderr);
    return 64;
  }
  tal::NativeInterface natives;
  std::string problem;
  if (!tal::parse_natives(tal::builtin_natives_text(), natives, problem)) {
    std::fprintf(stderr, "attack: %s\n", problem.c_str());
    return 1;
  }
  Attack attack(options, natives);
  for (const std::string& file : options.files)
    if (!attack.read(file))
      return 1;
  const size_t bytes = sizeof(Worker) * options.jobs;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return 1;
  auto* workers = static_cast<Worker*>(memory); // zero is the value that each starts with
  if (options.at != UINT64_MAX) {
    attack.one(options.at, workers[0]);
    return 0;
  }
  const auto start = std::chrono::steady_clock::now();
  unsigned faults = run_workers(attack, workers, options);
  print_report(workers, options, faults, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  uint64_t violations = 0;
  for (unsigned n = 0; n < options.jobs; n++)
    for (const Tally& t : workers[n].tallies)
      violations += t.violations;
  return violations == 0 && faults == 0 ? 0 : 1;
}
