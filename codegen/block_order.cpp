#include "codegen/block_order.h"

#include <algorithm>

namespace codegen {

using namespace mir;

namespace {

constexpr uint32_t none = UINT32_MAX;

class Orderer {
public:
  explicit Orderer(Function& function) : function_(function), position_(function.blocks.size(), none) {}

  Dominators run() {
    function_.order = postorder();
    compute_preds(function_);
    for (uint32_t i = 0; i < function_.order.size(); ++i) position_[function_.order[i].value] = i;
    dominators();
    number_tree();
    loops();
    spread_cold();
    function_.order = postorder(); // again, now that loops and cold blocks are known
    std::vector<BlockId>& order = function_.order;
    std::vector<BlockId> cold;
    std::copy_if(order.begin(), order.end(), std::back_inserter(cold), [&](BlockId id) { return function_.block(id).cold; });
    order.erase(std::remove_if(order.begin(), order.end(), [&](BlockId id) { return function_.block(id).cold; }), order.end());
    order.insert(order.end(), cold.begin(), cold.end());
    compute_preds(function_);
    return std::move(result_);
  }

private:
  // Appends the successors in the order in which the walk takes them; what is taken last is laid out first.
  void add_successors(BlockId id, std::vector<BlockId>& list) const {
    const Block& block = function_.block(id);
    const auto first = static_cast<std::ptrdiff_t>(list.size());
    if (block.unwind.is_valid()) list.push_back(block.unwind);
    for (size_t i = block.succs.size(); i-- > 0;) list.push_back(block.succs[i].target);
    const auto rank = [&](BlockId b) { return function_.block(b).cold ? 0 : function_.block(b).loop_depth + 1; };
    const auto before = [&](BlockId x, BlockId y) { return rank(x) < rank(y); };
    if (list.size() - static_cast<size_t>(first) == 2) { // nearly always
      if (before(list.back(), list[list.size() - 2])) std::swap(list.back(), list[list.size() - 2]);
    } else {
      std::vector<std::pair<uint64_t, BlockId>> ranked; // by rank, then in order
      for (size_t i = static_cast<size_t>(first); i < list.size(); i++) ranked.push_back({uint64_t{rank(list[i])} << 32 | i, list[i]});
      std::sort(ranked.begin(), ranked.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
      for (size_t i = 0; i < ranked.size(); i++) list[static_cast<size_t>(first) + i] = ranked[i].second;
    }
  }

  // Reverse postorder of the blocks that can be reached.
  std::vector<BlockId> postorder() const {
    struct Frame {
      BlockId block;
      size_t next, end; // of `successors`
    };
    std::vector<bool> seen(function_.blocks.size());
    std::vector<BlockId> order, successors; // of the frames on the stack, one after the other
    std::vector<Frame> stack;
    order.reserve(function_.blocks.size());
    auto enter = [&](BlockId id) {
      seen[id.value] = true;
      const size_t first = successors.size();
      add_successors(id, successors);
      stack.push_back({id, first, successors.size()});
    };
    enter({0});
    while (!stack.empty()) {
      Frame& frame = stack.back();
      if (frame.next == frame.end) {
        order.push_back(frame.block);
        stack.pop_back();
        successors.resize(stack.empty() ? 0 : stack.back().end);
        continue;
      }
      BlockId next = successors[frame.next++];
      if (!seen[next.value]) enter(next);
    }
    std::reverse(order.begin(), order.end());
    return order;
  }

  // Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm".
  void dominators() {
    std::vector<uint32_t>& idom = result_.idom;
    idom.assign(function_.blocks.size(), none);
    idom[0] = 0;
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t i = 1; i < function_.order.size(); ++i) {
        BlockId id = function_.order[i];
        uint32_t found = none;
        for (BlockId pred : function_.block(id).preds) {
          if (idom[pred.value] == none) continue;
          found = found == none ? pred.value : intersect(pred.value, found);
        }
        if (idom[id.value] != found) idom[id.value] = found, changed = true;
      }
    }
  }
  uint32_t intersect(uint32_t a, uint32_t b) const {
    while (a != b) {
      while (position_[a] > position_[b]) a = result_.idom[a];
      while (position_[b] > position_[a]) b = result_.idom[b];
    }
    return a;
  }

  void number_tree() {
    size_t count = function_.blocks.size();
    std::vector<std::vector<uint32_t>> children(count);
    for (BlockId id : function_.order)
      if (id.value != 0) children[result_.idom[id.value]].push_back(id.value);
    result_.in.assign(count, none);
    result_.out.assign(count, 0);
    uint32_t time = 0;
    std::vector<std::pair<uint32_t, size_t>> stack{{0, 0}};
    result_.in[0] = time++;
    while (!stack.empty()) {
      auto& [block, next] = stack.back();
      if (next == children[block].size()) {
        result_.out[block] = time++;
        stack.pop_back();
        continue;
      }
      uint32_t child = children[block][next++];
      result_.in[child] = time++;
      stack.push_back({child, 0});
    }
  }

  // Natural loops: for each header, the blocks that reach one of its back edges without passing it.
  void loops() {
    std::vector<uint32_t> mark(function_.blocks.size(), none);
    for (BlockId header : function_.order) {
      std::vector<uint32_t> pending;
      for (BlockId pred : function_.block(header).preds)
        if (result_.dominates(header, pred)) pending.push_back(pred.value);
      if (pending.empty()) continue;
      mark[header.value] = header.value;
      ++function_.block(header).loop_depth;
      while (!pending.empty()) {
        uint32_t block = pending.back();
        pending.pop_back();
        if (mark[block] == header.value) continue;
        mark[block] = header.value;
        ++function_.blocks[block].loop_depth;
        for (BlockId pred : function_.blocks[block].preds) pending.push_back(pred.value);
      }
    }
  }

  void spread_cold() {
    for (BlockId id : function_.order) {
      Block& block = function_.block(id);
      if (id.value != 0 && function_.blocks[result_.idom[id.value]].cold) block.cold = true;
    }
    function_.blocks[0].cold = false;
  }

  Function& function_;
  Dominators result_;
  std::vector<uint32_t> position_; // in the first order
};

} // namespace

Dominators order_blocks(Function& function) { return Orderer(function).run(); }

} // namespace codegen
