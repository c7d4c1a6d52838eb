#include "runner/submission_queue.h"

#include <utility>

namespace flux_ensemble::runner {

namespace {

class PresentOf final : public Present {
 public:
  PresentOf(const engine::Engine& engine, double now) : engine_(engine), now_(now) {}

  double now() const override { return now_; }
  std::uint64_t active() const override { return engine_.active_jobs(); }
  std::uint64_t active_in(std::uint32_t group) const override { return engine_.active_in(group); }
  std::uint64_t jobs_left(std::uint32_t group, std::uint64_t on_way,
                          std::uint64_t on_way_in_group) const override {
    return engine_.budgets().jobs_left(group, on_way, on_way_in_group);
  }

 private:
  const engine::Engine& engine_;
  const double now_;
};

}  // namespace

AdmissionLimits SubmissionQueue::LimitsOf(const std::vector<engine::Limit>& limits) {
  AdmissionLimits all;
  for (const engine::Limit& limit : limits) {
    if (limit.group != engine::kNoGroup && limit.group >= all.groups.size()) {
      all.groups.resize(limit.group + std::size_t{1});
    }
    HoldLimits& of = limit.group == engine::kNoGroup ? all.ensemble : all.groups[limit.group];
    if (limit.kind == engine::LimitKind::kActive)
      of.active = static_cast<std::uint64_t>(limit.amount);
    if (limit.kind == engine::LimitKind::kRate) of.rate = limit.amount;
  }
  return all;
}

void SubmissionQueue::Withhold(Leaving& leaving) {
  for (std::uint32_t group = 0; group < engine_.groups(); ++group) {
    if (admission_.held(group) == 0 || !engine_.budgets().stopped(group)) continue;
    if (group >= withheld_.size()) withheld_.resize(group + std::size_t{1});
    withheld_[group] += DropGroup(engine::GroupPart(group), leaving, false);
  }
}

void SubmissionQueue::Changed(std::uint32_t group, std::int64_t change) {
  if (change == 0) return;
  const double now = engine_.now();
  log_.Queued(group, change, now);
  engine_.Queue(group, change, now);
}

void SubmissionQueue::Add(SubmitOrder order) {
  const std::uint32_t group = order.portion.group;
  const std::uint64_t count = order.portion.count;
  const Admission::Ticket ticket = admission_.Add(group, count, order.portion.urgency);
  Order& held = orders_[ticket];
  held.left = count;
  held.report.number = order.number;
  held.order = std::move(order);
  Changed(group, static_cast<std::int64_t>(count));
}

void SubmissionQueue::Ask(std::uint64_t request, std::uint64_t ticket, std::uint32_t group,
                          std::uint64_t count, int urgency) {
  const Admission::Ticket own = admission_.Add(group, count, urgency);
  tickets_[ticket] = own;
  Request& added = requests_[own];
  added.ticket = ticket;
  added.group = group;
  added.number = request;
  asked_.push_back(own);
  Changed(group, static_cast<std::int64_t>(count));
}

bool SubmissionQueue::AskAgain(std::uint64_t request, std::uint64_t ticket, std::uint64_t lost) {
  const auto found = tickets_.find(ticket);
  if (found == tickets_.end()) return false;
  Request& asking = requests_.at(found->second);
  if (!asking.number) asked_.push_back(found->second);
  asking.number = request;
  if (lost > 0) admission_.Arrived(asking.group, lost);
  return true;
}

// Jobs that the engine has seen are active, and no longer on their way.
void SubmissionQueue::NoteArrivals() {
  arrived_.resize(engine_.groups());
  for (std::uint32_t group = 0; group < arrived_.size(); ++group) {
    const std::uint64_t arrived = engine_.arrived(group);
    if (arrived == arrived_[group]) continue;
    admission_.Arrived(group, arrived - arrived_[group]);
    arrived_[group] = arrived;
  }
}

SubmissionQueue::Leaving SubmissionQueue::Leave() {
  Leaving leaving;
  if (admission_.held() > 0) Withhold(leaving);
  if (admission_.held() > 0) {
    NoteArrivals();
    const PresentOf present(engine_, now_());
    while (const auto grant = admission_.Next(present)) {
      Changed(grant->group, -static_cast<std::int64_t>(grant->count));
      const auto held = orders_.find(grant->ticket);
      if (held == orders_.end()) {
        Request& request = requests_.at(grant->ticket);
        request.ready += grant->count;
        request.complete = grant->last;
        continue;
      }
      Order& order = held->second;
      SubmitOrder& piece = leaving.orders.emplace_back(order.order);
      piece.number = kOfQueue | grant->ticket;
      piece.portion.count = grant->count;
      order.order.first_index += grant->count;
      order.left -= grant->count;
      ++order.pieces;
    }
  }
  std::erase_if(asked_, [&](Admission::Ticket ticket) {
    Request& request = requests_.at(ticket);
    if (request.ready == 0 && !request.dropped && !request.complete) return false;
    const std::uint64_t count = std::exchange(request.ready, 0);
    leaving.admitted.push_back({*std::exchange(request.number, std::nullopt), count});
    if (count == 0) {
      tickets_.erase(request.ticket);
      requests_.erase(ticket);
    }
    return true;
  });
  return leaving;
}

std::optional<SubmitReport> SubmissionQueue::OnSubmitted(const SubmitReport& report) {
  const auto found = orders_.find(report.number & ~kOfQueue);
  if (found == orders_.end()) return std::nullopt;
  Order& order = found->second;
  const std::uint64_t lost = report.refused + report.dropped;
  if (lost > 0) admission_.Arrived(order.order.portion.group, lost);
  order.report.Add(report);
  --order.pieces;
  // A refusal that ends a piece ends the order.
  if (report.dropped > 0 && order.left > 0) {
    order.report.dropped += order.left;
    admission_.Remove(found->first);
    Changed(order.order.portion.group, -static_cast<std::int64_t>(std::exchange(order.left, 0)));
  }
  if (order.left > 0 || order.pieces > 0) return std::nullopt;
  SubmitReport whole = std::move(order.report);
  orders_.erase(found);
  return whole;
}

void SubmissionQueue::Drop(Admission::Ticket ticket, Leaving& dropped, bool canceled) {
  const std::uint64_t left = admission_.Remove(ticket);
  const auto held = orders_.find(ticket);
  if (held == orders_.end()) {
    Request& request = requests_.at(ticket);
    request.dropped = true;
    Changed(request.group, -static_cast<std::int64_t>(left));
    return;
  }
  Order& order = held->second;
  Changed(order.order.portion.group, -static_cast<std::int64_t>(left));
  order.left = 0;
  order.report.dropped += left;
  if (canceled) order.report.canceled += left;
  if (order.pieces > 0) return;
  dropped.reports.push_back(std::move(order.report));
  orders_.erase(held);
}

std::uint64_t SubmissionQueue::SetUrgency(std::uint32_t group, int urgency) {
  for (const Admission::Ticket ticket : admission_.TicketsOf(group)) {
    const auto held = orders_.find(ticket);
    if (held != orders_.end()) held->second.order.portion.urgency = urgency;
  }
  admission_.SetUrgency(group, urgency);
  return admission_.held(group);
}

std::uint64_t SubmissionQueue::DropGroup(const engine::GroupPart& part, Leaving& dropped,
                                         bool canceled) {
  const std::uint64_t held = admission_.held(part.group());
  for (const Admission::Ticket ticket : admission_.TicketsOf(part.group())) {
    const auto order = orders_.find(ticket);
    const bool belongs =
        part.is_whole() || (order != orders_.end() && part.Has(order->second.order.portion));
    if (belongs) Drop(ticket, dropped, canceled);
  }
  return held - admission_.held(part.group());
}

SubmissionQueue::Leaving SubmissionQueue::DropAll() {
  Leaving dropped;
  for (std::uint32_t group = 0; group < engine_.groups(); ++group) {
    DropGroup(engine::GroupPart(group), dropped, false);
  }
  return dropped;
}

}  // namespace flux_ensemble::runner
