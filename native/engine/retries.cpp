#include "engine/retries.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace flux_ensemble::engine {

namespace {

// The front of the heap is due first.
bool IsLater(const Retry& a, const Retry& b) {
  return a.due != b.due ? a.due > b.due : a.number > b.number;
}

}  // namespace

bool RetryPolicy::Wants(JobOutcome outcome, std::string_view exception) const {
  if (outcome == JobOutcome::kSuccess) return false;
  if (outcome == JobOutcome::kFailed && failed) return true;
  if (outcome == JobOutcome::kTimeout && timeout) return true;
  if (outcome == JobOutcome::kCanceled && canceled) return true;
  return std::find(exceptions.begin(), exceptions.end(), exception) != exceptions.end();
}

double RetryPolicy::Delay(std::uint32_t attempt) const {
  return std::min(initial * std::pow(factor, attempt), longest);
}

void Retries::SetPolicy(std::uint32_t group, RetryPolicy policy) {
  if (group >= policies_.size()) policies_.resize(group + 1);
  policies_[group] = std::move(policy);
}

void Retries::Add(Retry retry) {
  retry.number = added_++;
  waiting_.push_back(std::move(retry));
  std::push_heap(waiting_.begin(), waiting_.end(), IsLater);
}

void Retries::TakeDue(double now, std::vector<Retry>& to) {
  while (!waiting_.empty() && waiting_.front().due <= now) {
    std::pop_heap(waiting_.begin(), waiting_.end(), IsLater);
    to.push_back(std::move(waiting_.back()));
    waiting_.pop_back();
  }
}

}  // namespace flux_ensemble::engine
