#include "codegen/annotate.h"

#include <algorithm>
#include <map>

namespace codegen {

using namespace mir;

namespace {

class Annotator {
public:
  Annotator(const Function& function, const AllocatedFunction& allocated, const EmittedFunction& emitted,
            const std::vector<ValueFact>& facts, const Dominators& dominators, uint32_t base, tal::ObjectAnnotations& annotations)
      : function_(function), allocated_(allocated), emitted_(emitted), facts_(facts), dominators_(dominators), base_(base),
        annotations_(annotations) {
    for (uint32_t i = 0; i < facts.size(); ++i) {
      if (facts[i].what == ValueFact::What::NonNull) nonnull_.emplace(facts[i].a.value, i);
      else if (needed_elsewhere(facts[i]) && !is_wide_divisor(facts[i])) carried_.push_back(i);
    }
  }

  void run() {
    auto first_inst = std::ptrdiff_t(annotations_.insts.size());
    for (BlockId block : emitted_.need_record) label(block);
    auto first_line = std::ptrdiff_t(annotations_.lines.size());
    for (const CallSite& site : emitted_.calls) call(site);
    for (const TrapSite& site : emitted_.traps)
      if (site.loc.is_valid()) annotations_.lines.push_back({base_ + site.end, site.loc.file.value, site.loc.line});
    std::sort(annotations_.lines.begin() + first_line, annotations_.lines.end(), [](auto& a, auto& b) { return a.offset < b.offset; });
    for (const InstSite& site : emitted_.instantiations) instantiation(site.offset, site.call);
    std::sort(annotations_.insts.begin() + first_inst, annotations_.insts.end(), [](auto& a, auto& b) { return a.offset < b.offset; });
  }

private:
  static bool needed_elsewhere(const ValueFact& fact) {
    return std::any_of(fact.used_in.begin(), fact.used_in.end(), [&](BlockId b) { return !(b == fact.block); });
  }
  // What a record can say of a divisor is that it is at least 1: true of a 32-bit one that is not zero, not of a negative `long`.
  bool is_wide_divisor(const ValueFact& fact) const {
    return fact.what == ValueFact::What::NonZero && function_.vregs[fact.a.as_reg().index()].type == annotations_.types.i64().value;
  }
  bool holds_at(const ValueFact& fact, BlockId block) const {
    return fact.block == block ? fact.on_entry : dominators_.dominates(fact.block, block);
  }

  int32_t location(const Place& place) const {
    return place.is_reg() ? int32_t(place.value) : tal::slot_location(emitted_.slot_of(place));
  }

  tal::TypeId type_at(uint32_t vreg, BlockId block) {
    tal::TypeId type{function_.vregs[vreg].type};
    if (function_.vregs[vreg].floating) return annotations_.types.i64(); // as the checker sees a float in its slot
    if (!annotations_.types.is_nullable(type)) return type;
    auto [first, last] = nonnull_.equal_range(int64_t(Reg::virt(vreg).value));
    for (auto it = first; it != last; ++it)
      if (holds_at(facts_[it->second], block)) return annotations_.types.with_nullable(type, false);
    return type;
  }

  void label(BlockId block) {
    struct Entry {
      tal::LiveLocation live;
      uint32_t vreg;
    };
    std::vector<Entry> entries;
    for (const LivePlace& live : allocated_.entry[block.value]) {
      if (live.place.is_reg() && live.place.as_reg().is_xmm()) continue; // nothing is known of xmm registers
      tal::LocationType type;
      type.type = type_at(live.vreg, block);
      entries.push_back({{location(live.place), type}, live.vreg});
    }
    auto token = [&](Reg reg, int32_t where) {
      tal::LocationType type;
      type.what = tal::LocationType::What::Saved;
      type.saved = uint8_t(reg.value);
      entries.push_back({{where, type}, UINT32_MAX});
    };
    // "Not listed" means "holds its entry value" for callee-saved registers, unless one of those in use holds nothing here.
    RegMask listed = 0;
    for (const Entry& entry : entries)
      if (!tal::is_slot(entry.live.location)) listed |= 1u << entry.live.location;
    bool in_place = true;
    for (size_t i = 0; i < emitted_.pushed.size(); ++i) {
      token(emitted_.pushed[i], tal::slot_location(-1 - int32_t(i)));
      in_place = in_place && (listed & bit(emitted_.pushed[i]));
    }
    for (uint32_t r = 0; r < 16 && !in_place; ++r)
      if ((callee_saved & ~function_.saved) >> r & 1) token({r}, int32_t(r));
    if (function_.block(block).is_pad) entries.push_back({{0, {tal::LocationType::What::Type, annotations_.types.exn(), 0}}, UINT32_MAX});
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.live.location < b.live.location; });
    // Two edges' arguments may be one value in one place.
    entries.erase(std::unique(entries.begin(), entries.end(),
                              [](const Entry& a, const Entry& b) { return a.live.location == b.live.location; }),
                  entries.end());

    tal::LabelRecord record;
    record.offset = base_ + emitted_.block_offset[block.value];
    record.depth = emitted_.depth;
    record.saved_in_place = in_place;
    std::map<uint32_t, uint16_t> first; // index of a value's first location
    for (const Entry& entry : entries) {
      uint16_t index = uint16_t(record.live.size());
      record.live.push_back(entry.live);
      if (entry.vreg == UINT32_MAX) continue;
      auto [seen, fresh] = first.try_emplace(entry.vreg, index);
      if (!fresh) record.same.push_back({seen->second, index});
    }
    for (uint32_t i : carried_) fact(facts_[i], block, first, record);
    annotations_.labels.push_back(std::move(record));
  }

  void fact(const ValueFact& fact, BlockId block, const std::map<uint32_t, uint16_t>& live, tal::LabelRecord& record) const {
    if (!holds_at(fact, block)) return;
    auto find = [&](Reg reg) { return live.find(reg.index()); };
    tal::Fact out;
    if (fact.a.is_reg()) {
      auto a = find(fact.a.as_reg());
      if (a == live.end()) return;
      (fact.what == ValueFact::What::NonZero ? out.y : out.x) = {tal::FactOperand::What::Value, a->second};
    }
    out.c = -1;
    if (fact.what == ValueFact::What::AtMostLength) out.c = 0;
    if (fact.what == ValueFact::What::BelowLength || fact.what == ValueFact::What::AtMostLength) {
      auto b = find(fact.b);
      if (b == live.end()) return;
      out.y = {tal::FactOperand::What::Length, b->second};
      if (fact.a.kind == Place::Kind::Imm) out.c = -1 - fact.a.value;
    }
    record.facts.push_back(out);
  }

  void call(const CallSite& site) {
    if (site.loc.is_valid()) annotations_.lines.push_back({base_ + site.end, site.loc.file.value, site.loc.line});
    if (site.pad.is_valid())
      annotations_.eh.push_back({base_ + site.start, base_ + site.end, base_ + emitted_.block_offset[site.pad.value]});
    if (site.call != UINT32_MAX) instantiation(site.start, site.call);
  }

  void instantiation(uint32_t offset, uint32_t call) {
    const CallInfo& info = function_.calls[call];
    if (info.type_args.empty()) return;
    tal::Instantiation inst;
    inst.offset = base_ + offset;
    for (uint32_t type : info.type_args) inst.args.push_back({type});
    annotations_.insts.push_back(std::move(inst));
  }

  const Function& function_;
  const AllocatedFunction& allocated_;
  const EmittedFunction& emitted_;
  const std::vector<ValueFact>& facts_;
  const Dominators& dominators_;
  uint32_t base_;
  tal::ObjectAnnotations& annotations_;
  std::multimap<int64_t, uint32_t> nonnull_; // register -> fact
  std::vector<uint32_t> carried_;            // facts that records must carry
};

} // namespace

void annotate(const Function& function, const AllocatedFunction& allocated, const EmittedFunction& emitted,
              const std::vector<ValueFact>& facts, const Dominators& dominators, uint32_t base, tal::ObjectAnnotations& annotations) {
  Annotator(function, allocated, emitted, facts, dominators, base, annotations).run();
}

} // namespace codegen
