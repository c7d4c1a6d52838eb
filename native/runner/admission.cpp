#include "runner/admission.h"

#include <algorithm>
#include <utility>

#include "engine/timer_queue.h"

namespace flux_ensemble::runner {

namespace {

// Jobs that fit under a limit.
std::uint64_t RoomUnder(std::uint64_t limit, std::uint64_t active, std::uint64_t under_way) {
  const std::uint64_t taken = active + under_way;
  if (limit == kUnlimited) return kUnlimited;
  return taken < limit ? limit - taken : 0;
}

}  // namespace

Admission::Admission(AdmissionLimits limits)
    : limits_(std::move(limits)), bucket_(limits_.ensemble.rate) {
  for (const HoldLimits& limit : limits_.groups) groups_.emplace_back().bucket = Bucket(limit.rate);
}

std::uint64_t Admission::Bucket::Room(double now) {
  if (rate_ <= 0) return kUnlimited;
  if (at_ > 0 && now > at_) tokens_ = std::min(Most(), tokens_ + (now - at_) * rate_);
  at_ = std::max(at_, now);
  // Rounding must not make a job wait for a moment that has come.
  return tokens_ + 1e-9 < 1 ? 0 : static_cast<std::uint64_t>(tokens_ + 1e-9);
}

Admission::Group& Admission::GroupOf(std::uint32_t group) {
  if (group >= groups_.size()) groups_.resize(group + std::size_t{1});
  return groups_[group];
}

Admission::Ticket Admission::Add(std::uint32_t group, std::uint64_t count, int urgency) {
  const Ticket ticket = ++last_ticket_;
  Group& of = GroupOf(group);
  of.waiting.insert({urgency, ticket});
  of.held += count;
  held_ += count;
  waiting_groups_.insert(group);
  submissions_.emplace(ticket, Submission{group, count, urgency});
  return ticket;
}

std::uint64_t Admission::RoomOf(std::uint32_t index, const Present& present) {
  Group& group = groups_[index];
  const std::uint64_t active = LimitsOf(index).active;
  std::uint64_t room = present.jobs_left(index, under_way_, group.under_way);
  if (active != kUnlimited) {
    room = std::min(room, RoomUnder(active, present.active_in(index), group.under_way));
  }
  if (room == 0) return 0;
  const std::uint64_t rated =
      std::min(bucket_.Room(present.now()), group.bucket.Room(present.now()));
  if (rated == 0) {
    next_time_ = std::min(next_time_, std::max(bucket_.next(), group.bucket.next()));
  }
  return std::min(room, rated);
}

std::optional<Admission::Grant> Admission::Next(const Present& present) {
  next_time_ = engine::kNever;
  const std::uint64_t room = RoomUnder(limits_.ensemble.active, present.active(), under_way_);
  if (room == 0) return std::nullopt;
  std::optional<Place> best;
  std::uint64_t best_room = 0;
  for (const std::uint32_t index : waiting_groups_) {
    const Place& head = *groups_[index].waiting.begin();
    if (best && !(head < *best)) continue;
    const std::uint64_t own = RoomOf(index, present);
    if (own == 0) continue;
    best = head;
    best_room = std::min(room, own);
  }
  if (!best) return std::nullopt;
  const Submission& submission = submissions_.at(best->ticket);
  Grant grant{best->ticket, submission.group, std::min(best_room, submission.left), false};
  grant.last = grant.count == submission.left;
  Take(grant.ticket, grant.count);
  Group& group = GroupOf(grant.group);
  group.under_way += grant.count;
  under_way_ += grant.count;
  group.bucket.Take(grant.count);
  bucket_.Take(grant.count);
  return grant;
}

void Admission::Take(Ticket ticket, std::uint64_t count) {
  const auto found = submissions_.find(ticket);
  Submission& submission = found->second;
  Group& group = groups_[submission.group];
  submission.left -= count;
  group.held -= count;
  held_ -= count;
  if (submission.left > 0) return;
  group.waiting.erase({submission.urgency, ticket});
  if (group.waiting.empty()) waiting_groups_.erase(submission.group);
  submissions_.erase(found);
}

void Admission::Arrived(std::uint32_t group, std::uint64_t count) {
  Group& of = GroupOf(group);
  const std::uint64_t gone = std::min(count, of.under_way);
  of.under_way -= gone;
  under_way_ -= gone;
}

void Admission::SetUrgency(std::uint32_t group, int urgency) {
  if (group >= groups_.size()) return;
  std::set<Place> places;
  for (const Place& place : groups_[group].waiting) {
    places.insert({urgency, place.ticket});
    submissions_.at(place.ticket).urgency = urgency;
  }
  groups_[group].waiting = std::move(places);
}

std::uint64_t Admission::Remove(Ticket ticket) {
  const auto found = submissions_.find(ticket);
  if (found == submissions_.end()) return 0;
  const std::uint64_t left = found->second.left;
  Take(ticket, left);
  return left;
}

std::vector<Admission::Ticket> Admission::TicketsOf(std::uint32_t group) const {
  std::vector<Ticket> tickets;
  if (group >= groups_.size()) return tickets;
  for (const Place& place : groups_[group].waiting) tickets.push_back(place.ticket);
  return tickets;
}

std::uint64_t Admission::held(std::uint32_t group) const {
  return group < groups_.size() ? groups_[group].held : 0;
}

}  // namespace flux_ensemble::runner
