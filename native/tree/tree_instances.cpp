// The life of a tree's sub-instances, and how jobs are handed to them.
#include <algorithm>
#include <chrono>
#include <utility>

#include "journal/json_text.h"
#include "tree/record_text.h"
#include "tree/tree_port.h"
#include "tree/tree_source.h"
#include "tree/wall_time.h"

namespace flux_ensemble::tree {

namespace {

using namespace std::chrono_literals;

// A sub-instance that dies within this time after it came up has died early.
constexpr auto kEarly = 60s;
constexpr auto kLongestDelay = 60s;

// Where to look when sub-instances end early.
const std::string kHint = "`flux jobs -a` shows their jobs, and `flux job attach ID` their output";

std::string Core(std::uint64_t cores) {
  return "[{\"type\":\"slot\",\"count\":1,\"label\":\"task\",\"with\":[{\"type\":\"core\","
         "\"count\":" +
         std::to_string(cores) + "}]}]";
}

}  // namespace

// Everything that has become due.
void TreeSource::Work() {
  if (working_ || failed_ || up_ == nullptr) return;
  working_ = true;
  bool again = true;
  while (again && !failed_) {
    for (Child& child : children_) Review(child);
    if (failed_) break;
    FollowTimes();
    PassSentinel();
    ShrinkToTarget();
    MakeRoomInParent();
    Dispatch();
    // Those that are there take jobs first.
    StartChildren();
    EndIdle();
    again = std::ranges::any_of(children_, [this](const Child& child) {
      return (child.failure && child.state != Child::State::kDead) || IsUsedUp(child);
    });
  }
  if (!failed_) {
    CheckShutdown();
    CheckHope();
  }
  std::erase_if(children_, [](const Child& child) {
    return child.state == Child::State::kDead && child.job_ended;
  });
  if (!failed_) {
    Watch(parent_->fd(), kParent, &watched_parent_);
    for (Child& child : children_) {
      if (child.is_followed()) Watch(child.source->fd(), child.number, &child.watched);
    }
  } else {
    Watch(-1, kParent, &watched_parent_);
    for (Child& child : children_) Watch(-1, child.number, &child.watched);
  }
  working_ = false;
}

// --- starts

std::uint32_t TreeSource::live() const {
  return static_cast<std::uint32_t>(std::ranges::count_if(children_, [](const Child& child) {
    return child.state < Child::State::kDraining && !child.closing;
  }));
}

bool TreeSource::MayStart() const {
  const bool shape_known = options_.nodes > 0 || options_.cores > 0 || parent_shape_;
  // Jobs that wait in the parent go first when the tree has nothing to do.
  const bool for_parent = made_room_ && !parent_pending_.empty() && orders_.waiting() == 0;
  return sentinel_passed_ && shape_known && !stopped_ && !shutting_down_ && !for_parent &&
         failures_ < options_.max_failures && live() < wanted();
}

void TreeSource::StartChildren() {
  while (MayStart() && Clock::now() >= next_start_) StartChild();
}

Child& TreeSource::AddChild(InstanceNumber number) {
  Child& child = children_.emplace_back();
  child.number = number;
  child.port = std::make_unique<Port>(*this, &child);
  return child;
}

// The resources of a jobspec (RFC 25). A sub-instance that was given no size gets its share.
std::string TreeSource::Resources() const {
  std::uint64_t nodes = options_.nodes;
  std::uint64_t cores = options_.cores;
  if (nodes == 0 && cores == 0) {
    const Shape shape = parent_shape_.value_or(Shape{1, 1, 1, 0});
    nodes = shape.nodes / options_.instances;
    if (nodes == 0) {
      cores = std::clamp<std::uint64_t>(shape.cores / options_.instances, 1,
                                        std::max<std::uint64_t>(shape.cores_of_node, 1));
    }
  }
  std::string node = "[{\"type\":\"node\",\"count\":";
  node.append(std::to_string(std::max<std::uint64_t>(nodes, 1)));
  if (cores == 0) node.append(",\"exclusive\":true");
  return node.append(",\"with\":").append(Core(std::max<std::uint64_t>(cores, 1))).append("}]");
}

void TreeSource::StartChild() {
  last_number_ = NextInstance(last_number_);
  Child& child = AddChild(last_number_);
  child.requested = Clock::now();
  auto jobspec = std::make_shared<engine::Jobspec>();
  jobspec->head = "{\"resources\":" + Resources() + "," + options_.jobspec_head + mark_ +
                  std::to_string(child.number) + "\",\"origin\":{";
  jobspec->tail = options_.jobspec_tail;
  runner::SubmitOrder order;
  order.number = kOfInstance | child.number;
  order.portion.jobspec = std::move(jobspec);
  order.portion.count = 1;
  order.firing = child.number;
  ++instance_orders_;
  parent_->Submit(std::move(order), *parent_port_);
}

void TreeSource::Connect(Child& child) {
  child.source = factory_(ConnectableUri(child.uri, options_.host));
  child.source->Open(*child.port);
  if (!options_.resumed) child.source->ShowActiveOnly();
}

// --- ends

void TreeSource::Review(Child& child) {
  if (child.state == Child::State::kDead) {
    child.failure.reset();
    if (child.cancel_at && Clock::now() >= *child.cancel_at && child.job) {
      child.cancel_at.reset();
      if (!child.job_ended) CancelJob(child, child.cancel_note);
    }
    return;
  }
  if (parent_sentinel_ && !child.shown && child.job) {
    child.shown = true;
    parent_->LookupEventlog(*child.job);
  }
  if (child.failure || child.job_ended) {
    return Die(child, child.failure.value_or(JobText() + " has ended"));
  }
  if (child.up_by && Clock::now() >= *child.up_by) {
    const auto patience =
        std::chrono::duration_cast<std::chrono::seconds>(options_.start_patience).count();
    return Die(child, "it was not up after " + std::to_string(patience) + " s");
  }
  if (child.source == nullptr && !child.uri.empty()) {
    Connect(child);
    if (child.failure) return Die(child, *std::exchange(child.failure, std::nullopt));
  }
  if (child.state < Child::State::kUp && child.sentinel && child.shape) {
    child.state = Child::State::kUp;
    child.up_since = Clock::now();
    child.up_by.reset();
    if (!child.adopted) last_start_ = *child.up_since - child.requested;
  }
  if (IsUsedUp(child)) child.state = Child::State::kDraining;
  if (child.state == Child::State::kDraining && LoadOf(child) == 0) {
    Retire(child, "the sub-instance has done its jobs");
  }
}

// Jobs that a sub-instance got so far.
std::uint64_t TreeSource::GivenTo(const Child& child) const {
  return child.got + orders_.unseen(child.number);
}

// A sub-instance that takes jobs has got as many as it may.
bool TreeSource::IsUsedUp(const Child& child) const {
  return child.state == Child::State::kUp && options_.recycle > 0 &&
         GivenTo(child) >= options_.recycle;
}

// Ends the connection of a sub-instance. Its job may be active.
void TreeSource::Unfollow(Child& child) {
  Watch(-1, child.number, &child.watched);
  if (child.source != nullptr) {
    child.source->Close(*child.port);
    accepted_gone_ += child.seen;
    child.source.reset();
  }
  child.state = Child::State::kDead;
  child.up_by.reset();
  child.failure.reset();
  child.in_doubt = false;
  child.held.clear();
}

// A sub-instance is gone with its jobs.
void TreeSource::Die(Child& child, const std::string& reason) {
  const bool was_adopted = child.adopted && !child.up_since;
  const bool knows = child.job_ended;
  const bool early = !child.up_since || Clock::now() - *child.up_since < kEarly;
  const bool idle = child.ended == 0;
  last_reason_ = reason;
  Unfollow(child);
  OrderBook::Reports reports;
  orders_.Lose(child.number, reports);
  Report(reports);
  const std::string note = "the " + NameOf(child) + " is gone: " + reason;
  const double now = SecondsSinceEpoch();
  for (const auto& [id, job] : std::exchange(child.jobs, {})) {
    Up(RecordOfLoss(InTree(id, child.number), job.finished, std::max(now, job.latest), note));
  }
  child.cancel_note = "the sub-instance does not answer: " + reason;
  if (!knows) child.cancel_at = Clock::now() + options_.grace;
  if (was_adopted && knows) return;
  if (idle) ++failures_;
  early_deaths_ = early ? early_deaths_ + 1 : 1;
  const auto delay = options_.first_delay * (1 << std::min(early_deaths_ - 1, 16u));
  next_start_ = Clock::now() + std::min<Clock::duration>(delay, kLongestDelay);
}

// Ends a sub-instance that has no jobs.
void TreeSource::Retire(Child& child, const std::string& why) {
  Unfollow(child);
  OrderBook::Reports reports;
  orders_.Lose(child.number, reports);
  Report(reports);
  child.cancel_note = why;
  child.cancel_at = Clock::now();
  if (!child.job || child.job_ended) return;
  child.cancel_at.reset();
  CancelJob(child, why);
}

// A sub-instance in the note of a job that is lost with it.
std::string TreeSource::NameOf(const Child& child) const {
  const std::string number = std::to_string(child.number);
  if (options_.pilots) return "pilot " + number + " that ran it";
  std::string name = "Flux instance " + number + " that ran it";
  if (child.job) name.append(" (job ").append(std::to_string(*child.job)).append(")");
  return name;
}

std::string TreeSource::JobText() const {
  return "its job in " + (options_.pilots ? options_.pilots->manager : "the parent instance");
}

void TreeSource::CancelJob(Child& child, const std::string& note) {
  parent_->Cancel(Remember(OwnControl{child.number}), {*child.job}, note, *parent_port_);
}

// --- the number of sub-instances

void TreeSource::ShrinkToTarget() {
  std::uint32_t count = live();
  while (count > target_) {
    // Those that are not up have no jobs. The last ones first.
    Child* least = nullptr;
    for (Child& child : children_) {
      if (child.state >= Child::State::kDraining || child.closing) continue;
      if (least == nullptr || LoadOf(child) <= LoadOf(*least)) least = &child;
    }
    if (least == nullptr) return;
    if (least->state == Child::State::kUp) {
      least->state = Child::State::kDraining;
    }
    if (LoadOf(*least) == 0) Retire(*least, "the ensemble needs fewer sub-instances");
    --count;
  }
}

TreeSource::Clock::time_point TreeSource::RoomDeadline() const {
  Clock::time_point oldest = Clock::time_point::max();
  for (const auto& [id, since] : parent_pending_) oldest = std::min(oldest, since);
  const Clock::time_point due = oldest + options_.grace;
  // When it has passed, the end of a job is awaited.
  return due > Clock::now() ? due : Clock::now() + kEarly;
}

// A job that waits in the parent may need what an idle sub-instance has.
void TreeSource::MakeRoomInParent() {
  if (parent_pending_.empty()) made_room_ = false;
  if (parent_pending_.empty() || orders_.waiting() > 0 || shutting_down_) return;
  const Clock::time_point now = Clock::now();
  const bool waits = std::ranges::any_of(
      parent_pending_, [&](const auto& job) { return now >= job.second + options_.grace; });
  if (!waits) return;
  for (Child& child : children_) {
    if (child.state != Child::State::kUp || LoadOf(child) > 0) continue;
    made_room_ = true;
    Retire(child, "a job waits in the parent instance");
  }
}

void TreeSource::CheckShutdown() {
  if (!shutting_down_) return;
  for (Child& child : children_) {
    if (child.state != Child::State::kDead) {
      Unfollow(child);
      child.jobs.clear();
      child.cancel_at = Clock::now();
      child.cancel_note = "the ensemble has ended";
    }
    if (!child.cancel_at || !child.job || child.job_ended) continue;
    child.cancel_at.reset();
    CancelJob(child, child.cancel_note);
  }
  bool ended = true;
  bool canceled = true;
  for (const Child& child : children_) {
    ended = ended && child.job_ended;
    canceled = canceled && (child.job_ended || child.job_canceled);
  }
  std::erase_if(shutdowns_, [&](const Shutdown& shutdown) {
    const bool done = shutdown.waits ? ended : canceled;
    if (done) up_->OnAsked(shutdown.question, "{}");
    return done;
  });
}

// Without sub-instances, and none to come, jobs would wait for ever.
void TreeSource::CheckHope() {
  if (failures_ < options_.max_failures || stopped_ || shutting_down_) return;
  const bool any = std::ranges::any_of(
      children_, [](const Child& child) { return child.state != Child::State::kDead; });
  if (any) return;
  Fail(std::to_string(failures_) + (options_.pilots ? " pilots" : " Flux instances") +
       " in a row ended before they had done a job; the last one: " + last_reason_ + "; " +
       (options_.pilots ? options_.pilots->hint : kHint));
}

// --- hand jobs over

std::uint64_t TreeSource::LoadOf(const Child& child) const {
  return child.jobs.size() + orders_.unseen(child.number);
}

std::uint64_t TreeSource::RoomOf(const Child& child) const {
  if (child.state != Child::State::kUp || child.failure || child.source->interrupted()) return 0;
  const std::uint64_t load = LoadOf(child);
  // Jobs that only wait in a sub-instance would end with it.
  const std::uint64_t window = child.closing ? child.slots() : child.window();
  const std::uint64_t most = std::min(window, fair_share_);
  const std::uint64_t room = most - std::min(most, load);
  if (options_.recycle == 0) return room;
  const std::uint64_t given = GivenTo(child);
  return std::min(room, options_.recycle - std::min(options_.recycle, given));
}

// Whether a job is larger than the sub-instances.
bool TreeSource::FitsNone(const Need& need) const {
  bool known = false;
  for (const Child& child : children_) {
    if (child.state == Child::State::kDead || !child.shape) continue;
    // Its size is unknown, so it decides itself.
    if (child.shape->nodes == 0 || need.FitsIn(*child.shape)) return false;
    known = true;
  }
  return known || (shape_ && !need.FitsIn(*shape_));
}

Child* TreeSource::LeastLoaded(const Need& need) {
  Child* least = nullptr;
  double lowest = 0;
  for (Child& child : children_) {
    if (RoomOf(child) == 0 || (child.shape->nodes > 0 && !need.FitsIn(*child.shape))) continue;
    if (RoomInTime(child, need) == 0) continue;
    const double load = static_cast<double>(LoadOf(child)) / static_cast<double>(child.slots());
    if (least != nullptr && load >= lowest) continue;
    least = &child;
    lowest = load;
  }
  return least;
}

// Sends an order to the parent when its jobs are larger than the sub-instances.
void TreeSource::SendLarge(OrderBook::OrderIt order) {
  if (!FitsNone(order->need)) return;
  for (std::uint64_t left = order->waiting(); left > 0;) {
    runner::SubmitOrder part = orders_.Take(order, left, kParent);
    left -= part.portion.count;
    // The parent may refuse all, and end the order.
    large_.push_back(std::move(part));
  }
}

// All jobs of the tree, divided by the sub-instances that are up or will soon be: those that come
// up first leave jobs for the others.
void TreeSource::UpdateFairShare() {
  std::uint64_t jobs = orders_.waiting();
  std::uint64_t running = 0;
  for (const Child& child : children_) {
    if (child.state == Child::State::kDead) continue;
    jobs += LoadOf(child);
    running += child.state == Child::State::kStarting || child.state == Child::State::kUp ? 1 : 0;
  }
  fair_share_ = running == 0 ? 0 : (jobs + running - 1) / running;
}

void TreeSource::Dispatch() {
  UpdateFairShare();
  if (std::exchange(shape_changed_, false)) {
    for (auto order = orders_.First(); order;) {
      const OrderBook::Place place = OrderBook::PlaceOf(**order);
      SendLarge(*order);
      order = orders_.After(place);
    }
  }
  for (runner::SubmitOrder& part : std::exchange(large_, {})) {
    if (options_.pilots) {
      RefuseLarge(part);
    } else {
      parent_->Submit(std::move(part), *parent_port_);
    }
  }
  std::optional<OrderBook::Place> skipped;
  for (;;) {
    const auto open = static_cast<std::uint64_t>(
        std::ranges::count_if(children_, [this](const Child& child) { return RoomOf(child) > 0; }));
    const auto order = skipped ? orders_.After(*skipped) : orders_.First();
    if (open == 0 || !order || failed_) return;
    Child* const child = LeastLoaded((*order)->need);
    if (child == nullptr) {
      skipped = OrderBook::PlaceOf(**order);
      continue;
    }
    const std::uint64_t share = ((*order)->waiting() + open - 1) / open;
    const std::uint64_t room = std::min(RoomOf(*child), RoomInTime(*child, (*order)->need));
    runner::SubmitOrder part = orders_.Take(*order, std::min(room, share), child->number);
    child->source->Submit(std::move(part), *child->port);
  }
}

}  // namespace flux_ensemble::tree
