#include "tree/tree_source.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "journal/context_members.h"
#include "journal/json_text.h"
#include "journal/padding.h"
#include "tree/record_text.h"
#include "tree/tree_port.h"

namespace flux_ensemble::tree {

namespace {

using runner::SourceFailure;
using runner::SourceListener;

// The topics of the tree itself begin with this.
constexpr std::string_view kOwnTopics = "tree.";

}  // namespace

std::string ConnectableUri(std::string_view uri, std::string_view host) {
  constexpr std::string_view kScheme = "ssh://";
  if (!uri.starts_with(kScheme)) return std::string(uri);
  const std::string_view rest = uri.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || rest.substr(0, slash) != host) return std::string(uri);
  return std::string("local://").append(rest.substr(slash));
}

TreeSource::TreeSource(std::unique_ptr<runner::Source> parent, Factory factory, TreeOptions options)
    : parent_(std::move(parent)),
      factory_(std::move(factory)),
      options_(std::move(options)),
      mark_("\"flux_ensemble_instance\":" + MarkBefore(options_.run)),
      parent_port_(std::make_shared<Port>(*this, nullptr)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      target_(options_.instances) {}

TreeSource::~TreeSource() = default;

std::string TreeSource::MarkBefore(const std::string& run) {
  std::string quoted = journal::Quote(run + ":");
  quoted.pop_back();
  return quoted;
}

void TreeSource::Open(SourceListener& listener) {
  up_ = &listener;
  parent_->Open(*parent_port_);
  if (!failed_ && options_.nodes == 0 && options_.cores == 0) {
    parent_->Ask(Remember(ParentShape{}), {"resource.status", "{}", std::nullopt}, *parent_port_);
  }
  Watch(parent_->fd(), kParent, &watched_parent_);
}

// Puts a descriptor in the epoll set instead of the one that was there.
void TreeSource::Watch(int fd, InstanceNumber of, int* watched) {
  if (fd == *watched) return;
  if (*watched >= 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, *watched, nullptr);
  *watched = fd;
  if (fd < 0) return;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = of;
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

std::optional<TreeSource::Clock::time_point> TreeSource::deadline() const {
  if (failed_) return std::nullopt;
  if (!waiting_records_.empty()) return Clock::now();
  std::optional<Clock::time_point> first = parent_->deadline();
  const auto no_later_than = [&first](std::optional<Clock::time_point> time) {
    if (time && (!first || *time < *first)) first = time;
  };
  for (const Child& child : children_) {
    if (child.is_followed()) no_later_than(child.source->deadline());
    no_later_than(child.up_by);
    if (child.job) no_later_than(child.cancel_at);
    if (options_.pilots) no_later_than(NextTime(child));
  }
  if (MayStart()) no_later_than(next_start_);
  if (!parent_pending_.empty()) no_later_than(RoomDeadline());
  return first;
}

bool TreeSource::Pump(SourceListener& listener) {
  if (failed_) return false;
  up_ = &listener;
  working_ = true;
  Deliver();
  FindReady();
  bool more = parent_->Pump(*parent_port_);
  const Clock::time_point now = Clock::now();
  for (Child& child : children_) {
    if (failed_) break;
    if (!child.is_followed() || child.failure) continue;
    const std::optional<Clock::time_point> due = child.source->deadline();
    const bool is_due = due && now >= *due;
    if (!child.more && child.watched >= 0 && !is_due) continue;
    child.more = child.source->Pump(*child.port);
    more = more || child.more;
  }
  working_ = false;
  Work();
  return more && !failed_;
}

// Marks the sub-instances that have messages. Most wakes are for one of them.
void TreeSource::FindReady() {
  std::array<epoll_event, 64> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) {
    Child* const child = Find(events[static_cast<std::size_t>(i)].data.u32);
    if (child != nullptr) child->more = true;
  }
}

void TreeSource::Up(std::string_view record) {
  text_.assign(record);
  UpText();
}

void TreeSource::UpText() {
  const std::size_t size = text_.size();
  text_.append(journal::kPadding, '\0');
  up_->OnJournal(std::string_view(text_).substr(0, size));
}

// Records of look-ups come after the request, as those of any other source.
void TreeSource::Deliver() {
  for (const std::string& record : std::exchange(waiting_records_, {})) Up(record);
}

std::uint64_t TreeSource::Remember(Request request) {
  requests_.emplace(++last_request_, request);
  return last_request_;
}

Child* TreeSource::Find(InstanceNumber number) {
  // The number may have been used before.
  for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
    if (child->number == number) return &*child;
  }
  return nullptr;
}

// --- submissions

void TreeSource::Submit(runner::SubmitOrder order, SourceListener& listener) {
  up_ = &listener;
  OrderBook::Reports reports;
  if (const auto added = orders_.Add(std::move(order), reports)) SendLarge(*added);
  Report(reports);
  Work();
}

void TreeSource::Report(OrderBook::Reports& reports) {
  for (runner::SubmitReport& report : reports) up_->OnSubmitted(std::move(report));
  reports.clear();
}

void TreeSource::OnSubmitted(Child* child, const runner::SubmitReport& report) {
  if (child == nullptr && (report.number & kOfInstance) != 0) {
    const auto number = static_cast<InstanceNumber>(report.number & ~kOfInstance);
    --instance_orders_;
    instances_accepted_ += report.accepted;
    Child* const started = Find(number);
    if (report.accepted > 0 || started == nullptr) return;
    started->job_ended = true;
    started->failure = "the parent instance refused its job: " + report.reason;
    return;
  }
  OrderBook::Reports reports;
  orders_.OnSubmitted(report, reports);
  Report(reports);
}

std::uint64_t TreeSource::DropGroup(const engine::GroupPart& part, SourceListener& listener) {
  up_ = &listener;
  OrderBook::Reports reports;
  const std::uint64_t count = orders_.DropGroup(part, reports);
  Report(reports);
  return count;
}

void TreeSource::StopSubmitting(SourceListener& listener) {
  up_ = &listener;
  stopped_ = true;
  OrderBook::Reports reports;
  orders_.Close(reports);
  Report(reports);
  parent_->StopSubmitting(*parent_port_);
  for (Child& child : children_) {
    if (child.is_followed()) child.source->StopSubmitting(*child.port);
  }
  Work();
}

std::uint64_t TreeSource::submitting() const {
  std::uint64_t count = orders_.waiting() + parent_->submitting();
  count -= std::min(count, instance_orders_);
  for (const Child& child : children_) {
    if (child.is_followed()) count += child.source->submitting();
  }
  return count;
}

std::uint64_t TreeSource::accepted() const {
  std::uint64_t count = parent_->accepted() - std::min(parent_->accepted(), instances_accepted_);
  for (const Child& child : children_) {
    if (child.is_followed()) count += child.source->accepted();
  }
  return count + accepted_gone_;
}

// --- cancels and urgencies

// Splits a request by the instances of its jobs. Jobs of sub-instances that are gone have ended.
void TreeSource::Control(std::uint64_t number, const std::vector<journal::JobId>& ids, bool cancels,
                         const Part& part) {
  std::unordered_map<InstanceNumber, std::vector<journal::JobId>> parts;
  for (const journal::JobId id : ids) parts[InstanceOf(id)].push_back(InInstance(id));
  const std::uint64_t merge = ++last_merge_;
  // Reports may come at once, so the request itself is one more part.
  merges_[merge] = {{number, 0, 0, {}}, parts.size() + 1};
  for (auto& [instance, own] : parts) {
    Child* const child = instance == kParent ? nullptr : Find(instance);
    if (instance != kParent && (child == nullptr || !child->is_followed())) {
      Merged(merge, {});
    } else {
      if (child != nullptr && cancels) child->canceled.insert(own.begin(), own.end());
      part(Remember(PartOf{merge}), child == nullptr ? *parent_ : *child->source, std::move(own),
           child == nullptr ? *parent_port_ : *child->port);
    }
  }
  Merged(merge, {});
}

void TreeSource::Merged(std::uint64_t merge, const runner::ControlReport& part) {
  const auto found = merges_.find(merge);
  if (found == merges_.end()) return;
  runner::ControlReport& report = found->second.report;
  report.done += part.done;
  report.failed += part.failed;
  if (report.reason.empty()) report.reason = part.reason;
  if (--found->second.parts > 0) return;
  runner::ControlReport whole = std::move(report);
  merges_.erase(found);
  up_->OnControlled(std::move(whole));
}

void TreeSource::OnControlled(const runner::ControlReport& report) {
  const auto found = requests_.find(report.number);
  if (found == requests_.end()) return;
  const Request request = found->second;
  requests_.erase(found);
  if (const auto* part = std::get_if<PartOf>(&request)) return Merged(part->merge, report);
  const auto* const own = std::get_if<OwnControl>(&request);
  Child* const child = own == nullptr ? nullptr : Find(own->child);
  if (child != nullptr) child->job_canceled = true;
}

void TreeSource::Cancel(std::uint64_t number, std::vector<journal::JobId> ids, std::string note,
                        SourceListener& listener) {
  up_ = &listener;
  Control(number, ids, true,
          [&note](std::uint64_t request, runner::Source& to, auto own, SourceListener& port) {
            to.Cancel(request, std::move(own), note, port);
          });
}

void TreeSource::SetUrgency(std::uint64_t number, std::vector<journal::JobId> ids, int urgency,
                            SourceListener& listener) {
  up_ = &listener;
  Control(number, ids, false,
          [urgency](std::uint64_t request, runner::Source& to, auto own, SourceListener& port) {
            to.SetUrgency(request, std::move(own), urgency, port);
          });
}

// --- questions

void TreeSource::Ask(std::uint64_t number, runner::Question question, SourceListener& listener) {
  up_ = &listener;
  if (question.topic.starts_with(kOwnTopics)) return AnswerOwn(number, question);
  if (!question.topic.starts_with('@')) {
    return parent_->Ask(Remember(UpQuestion{number}), std::move(question), *parent_port_);
  }
  const std::string_view topic = question.topic;
  const std::size_t slash = topic.find('/');
  InstanceNumber instance = kParent;
  const std::string_view digits = topic.substr(1, slash - 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), instance);
  Child* const child = Find(instance);
  if (slash == std::string_view::npos || child == nullptr || !child->is_followed()) {
    return up_->OnAskFailed(
        number, {"EHOSTUNREACH", "the sub-instance " + std::to_string(instance) + " has ended"});
  }
  question.topic.erase(0, slash + 1);
  child->source->Ask(Remember(UpQuestion{number}), std::move(question), *child->port);
}

void TreeSource::OnAnswer(std::uint64_t number, std::string_view json,
                          const SourceFailure* failure) {
  const auto found = requests_.find(number);
  if (found == requests_.end()) return;
  const Request request = found->second;
  requests_.erase(found);
  if (const auto* question = std::get_if<UpQuestion>(&request)) {
    if (failure != nullptr) return up_->OnAskFailed(question->number, *failure);
    return up_->OnAsked(question->number, json);
  }
  if (const auto* of = std::get_if<ChildState>(&request)) {
    Child* const child = Find(of->child);
    if (child != nullptr && child->is_followed()) OnState(*child, json, failure != nullptr);
    return;
  }
  const std::optional<Shape> shape = failure == nullptr ? ShapeOf(json) : std::nullopt;
  if (std::holds_alternative<ParentShape>(request)) {
    parent_shape_ = shape.value_or(Shape{1, 1, 1, 0});
  } else if (const auto* of = std::get_if<ChildShape>(&request)) {
    Child* const child = Find(of->child);
    if (child == nullptr || failure != nullptr) return;
    child->shape = shape.value_or(Shape());
    shape_changed_ = shape && shape_ != shape;
    if (shape) shape_ = shape;
  }
}

void TreeSource::AnswerOwn(std::uint64_t number, const runner::Question& question) {
  if (question.topic == "tree.status") return up_->OnAsked(number, StatusJson());
  if (question.topic == "tree.resize") return Resize(number, question);
  if (question.topic == "tree.shutdown" && failed_) {
    return up_->OnAskFailed(number, {"ECANCELED", "the tree has failed"});
  }
  if (question.topic == "tree.shutdown") {
    const std::vector<journal::Member> members = journal::MembersOf(question.json);
    const journal::Member* const wait = journal::FindMember(members, "wait");
    const bool* const waits = wait == nullptr ? nullptr : std::get_if<bool>(&wait->value);
    shutdowns_.push_back({number, waits == nullptr || *waits});
    shutting_down_ = true;
    return Work();
  }
  up_->OnAskFailed(number, {"ENOSYS", "the tree has no service " + question.topic});
}

void TreeSource::Resize(std::uint64_t number, const runner::Question& question) {
  const std::vector<journal::Member> members = journal::MembersOf(question.json);
  const journal::Member* const member = journal::FindMember(members, "instances");
  const double* const wanted = member == nullptr ? nullptr : std::get_if<double>(&member->value);
  if (wanted == nullptr || !(*wanted >= 1 && *wanted <= kMaxInstance)) {
    return up_->OnAskFailed(
        number, {"EINVAL", "`instances` must be from 1 to " + std::to_string(kMaxInstance)});
  }
  const std::uint32_t before = std::exchange(target_, static_cast<std::uint32_t>(*wanted));
  up_->OnAsked(number, "{\"before\":" + std::to_string(before) +
                           ",\"after\":" + std::to_string(target_) + "}");
  Work();
}

std::string TreeSource::StatusJson() const {
  static constexpr const char* kStates[] = {"pending", "starting", "up", "draining", "dead"};
  std::string json = "{\"instances\":[";
  for (const Child& child : children_) {
    if (json.back() == '}') json.push_back(',');
    json.append("{\"instance\":").append(std::to_string(child.number));
    json.append(",\"job\":");
    json.append(child.job ? journal::Quote(std::to_string(*child.job)) : "null");
    json.append(",\"uri\":").append(journal::Quote(child.uri));
    json.append(",\"state\":\"").append(kStates[static_cast<std::size_t>(child.state)]);
    json.append("\",\"adopted\":").append(child.adopted ? "true" : "false");
    json.append(",\"jobs\":").append(std::to_string(child.jobs.size())).append("}");
  }
  return json.append("],\"target\":").append(std::to_string(target_)).append("}");
}

// --- the rest

void TreeSource::ShowActiveOnly() {
  parent_->ShowActiveOnly();
  for (Child& child : children_) {
    if (child.is_followed()) child.source->ShowActiveOnly();
  }
}

void TreeSource::LookupEventlog(journal::JobId id) {
  const InstanceNumber instance = InstanceOf(id);
  if (instance == kParent) return parent_->LookupEventlog(id);
  Child* const child = Find(instance);
  if (child != nullptr && child->is_followed()) {
    return child->source->LookupEventlog(InInstance(id));
  }
  waiting_records_.push_back(EmptyRecord(id));
}

bool TreeSource::interrupted() const {
  if (parent_->interrupted() || !waiting_records_.empty()) return true;
  return std::ranges::any_of(children_, [](const Child& child) {
    return child.is_followed() && child.sentinel && child.source->interrupted();
  });
}

void TreeSource::OnFailure(Child* child, SourceFailure failure) {
  if (child != nullptr) {
    if (!child->failure) child->failure = std::move(failure.message);
    return;
  }
  if (failed_) return;
  GiveUp();
  up_->OnFailure(std::move(failure));
}

void TreeSource::Fail(std::string message) {
  if (failed_) return;
  for (Child& child : children_) {
    if (child.job && !child.job_ended) CancelJob(child, "the ensemble has failed");
  }
  GiveUp();
  up_->OnFailure({"ECHILD", std::move(message)});
}

// Reports everything under way, and ends all activity.
void TreeSource::GiveUp() {
  failed_ = true;
  OrderBook::Reports reports;
  orders_.Close(reports);
  parent_->Close(*parent_port_);
  for (Child& child : children_) {
    if (child.source != nullptr) child.source->Close(*child.port);
  }
  Report(reports);
  for (const auto& [number, waits] : std::exchange(shutdowns_, {})) {
    up_->OnAskFailed(number, {"ECANCELED", "the connection to the parent instance is lost"});
  }
}

void TreeSource::Close(SourceListener& listener) {
  up_ = &listener;
  if (!failed_) GiveUp();
}

}  // namespace flux_ensemble::tree
