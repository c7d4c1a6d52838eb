// The states of an ensemble: the present one, the one that is requested, and the number of entries
// into each. A state is an index into the plan's states.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/plan.h"

namespace flux_ensemble::engine {

class EnsembleStates {
 public:
  // The first state is the initial one. An ensemble may have no states.
  explicit EnsembleStates(std::vector<std::string> names)
      : names_(std::move(names)),
        entries_(names_.size()),
        current_(names_.empty() ? kNoState : 0) {}

  // kNoState without states.
  std::uint32_t current() const { return current_; }
  // Empty without states.
  std::string_view name() const {
    return current_ == kNoState ? std::string_view() : std::string_view(names_[current_]);
  }
  std::uint64_t entries(std::uint32_t state) const {
    return state < entries_.size() ? entries_[state] : 0;
  }

  // Whether a mask of states, as of Rule::in, has the state. 0 stands for all states.
  static bool Has(std::uint64_t mask, std::uint32_t state) {
    return mask == 0 || (state != kNoState && (mask & Bit(state)) != 0);
  }
  bool IsIn(std::uint64_t mask) const { return Has(mask, current_); }

  // The run begins in the initial state. False without states.
  bool Begin() {
    if (current_ == kNoState) return false;
    ++entries_[current_];
    return true;
  }

  // Requests another state. False for the present one, for one that was entered at this moment
  // already, and after another request: rules that lead in a circle must come to an end.
  bool Request(std::uint32_t state) {
    if (state >= names_.size() || requested_ != kNoState || state == current_ ||
        (entered_ & Bit(state)) != 0) {
      return false;
    }
    requested_ = state;
    return true;
  }
  bool is_requested() const { return requested_ != kNoState; }
  // Enters the requested state and returns the one before.
  std::uint32_t Enter() {
    const std::uint32_t before = std::exchange(current_, std::exchange(requested_, kNoState));
    entered_ |= Bit(current_);
    ++entries_[current_];
    return before;
  }
  // The moment is over: every state may be entered again.
  void EndMoment() { entered_ = 0; }

  template <typename Archive>
  void Persist(Archive& archive) {
    const std::size_t states = entries_.size();
    archive(entries_, current_, requested_, entered_);
    if constexpr (Archive::kReads) {
      const auto is_state = [states](std::uint32_t state) {
        return state == kNoState || state < states;
      };
      if (entries_.size() != states || !is_state(current_) || !is_state(requested_)) {
        entries_.resize(states);
        current_ = kNoState;
        archive.Invalidate();
      }
    }
  }

 private:
  static constexpr std::uint64_t Bit(std::uint32_t state) { return std::uint64_t{1} << state; }

  const std::vector<std::string> names_;
  std::vector<std::uint64_t> entries_;  // by state
  std::uint32_t current_;
  std::uint32_t requested_ = kNoState;
  std::uint64_t entered_ = 0;  // a mask: at this moment
};

}  // namespace flux_ensemble::engine
