// `finally`: the cleanup is translated once for each way out of the body. Jumps to one destination share a copy, so that the copies of
// nested statements add up; only a cleanup within a cleanup multiplies them, and that is bounded.
#include <algorithm>

#include "ir/lower/function_lowering.h"

namespace ir::lowering {
namespace {

constexpr uint32_t kMaxNestedCleanups = 1000;

} // namespace

void FunctionLowering::lower(const typed::Finally& node) {
  SourceLoc loc = builder_.loc();
  Cleanup pending;
  if (source_.result != frontend::kVoidType)
    pending.result = ssa_.add_variable(source_.result);
  BlockId handler = ssa_.create_block(), end = ssa_.create_block();
  ValueId exn = builder_.add_param(handler, {frontend::kExnType});
  cleanups_.push_back(std::move(pending));
  handlers_.push_back(handler);
  BlockId body = ssa_.create_block();
  ssa_.br(body); // as for `try`
  ssa_.start_sealed(body);
  stmt(node.body);
  handlers_.pop_back();
  Cleanup done = std::move(cleanups_.back());
  cleanups_.pop_back();

  clean_up(node.cleanup);
  if (!ssa_.is_dead())
    ssa_.br(end);
  for (const auto& [way, block] : done.exits) {
    ssa_.start_sealed(block);
    bool has_result = way.kind == Jump::Kind::Return && source_.result != frontend::kVoidType;
    ValueId result = has_result ? ssa_.read(done.result) : ValueId();
    clean_up(node.cleanup);
    builder_.set_loc(loc);
    if (!ssa_.is_dead())
      jump(way, result);
  }
  ssa_.start_sealed(handler);
  clean_up(node.cleanup);
  builder_.set_loc(loc);
  if (!ssa_.is_dead())
    raise(exn);
  ssa_.start_sealed(end);
}

void FunctionLowering::clean_up(typed::StmtId cleanup) {
  if (cleanup_depth_ > 0 && ++nested_cleanups_ >= kMaxNestedCleanups) {
    if (nested_cleanups_ == kMaxNestedCleanups)
      context_.unsupported(body_.stmt(cleanup).loc, "so many `finally` clauses within each other");
    return;
  }
  ++cleanup_depth_;
  stmt(cleanup);
  --cleanup_depth_;
}

// Leaves for a place outside of `finally` statements through their cleanups, the innermost first.
void FunctionLowering::jump(const Jump& way, ValueId result) {
  bool is_return = way.kind == Jump::Kind::Return;
  size_t outside = is_return ? 0 : targets_[way.target.value].cleanups;
  if (cleanups_.size() > outside) {
    if (result.is_valid())
      ssa_.write(cleanups_.back().result, result);
    ssa_.br(exit_block(cleanups_.back(), way));
  } else if (is_return) {
    ssa_.ret(result);
  } else {
    const Target& target = targets_[way.target.value];
    ssa_.br(way.kind == Jump::Kind::Break ? target.on_break : target.on_continue);
  }
}

BlockId FunctionLowering::exit_block(Cleanup& cleanup, const Jump& way) {
  auto known = std::find_if(cleanup.exits.begin(), cleanup.exits.end(), [&](const auto& exit) { return exit.first == way; });
  if (known != cleanup.exits.end())
    return known->second;
  cleanup.exits.emplace_back(way, ssa_.create_block());
  return cleanup.exits.back().second;
}

} // namespace ir::lowering
