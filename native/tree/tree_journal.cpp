// The journals of a tree: that of the parent, and those of the sub-instances.
#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/job_details.h"
#include "journal/context_members.h"
#include "journal/json_text.h"
#include "journal/json_walk.h"
#include "journal/padding.h"
#include "tree/record_text.h"
#include "tree/tree_port.h"
#include "tree/tree_source.h"
#include "tree/wall_time.h"

namespace flux_ensemble::tree {

namespace {

// Takes the place of a record that the tree can't pass on, so that the listener counts it.
constexpr std::string_view kInvalid = "{";

// Whether a text has more than one object.
bool HasMore(std::string_view text) {
  for (std::size_t at = text.find('{', 1); at != std::string_view::npos;
       at = text.find('{', at + 1)) {
    std::size_t before = at;
    while (before > 0 && journal::IsBlank(text[before - 1])) --before;
    if (before == 0 || text[before - 1] != '}') continue;
    const std::string_view whole = journal::TrimLeft(text);
    return !journal::TrimLeft(whole.substr(journal::FirstObject(whole).size())).empty();
  }
  return false;
}

// The key of a job's origin, as engine::ReadOrigin() and engine::KeyOf() give it.
std::uint64_t KeyOfOrigin(std::string_view json) {
  engine::JobOrigin origin;
  bool plain = true;
  const auto read = [&plain](std::string_view text, auto& to) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
    plain = plain && error == std::errc() && end == text.data() + text.size();
  };
  journal::WalkObject(json, [&](std::string_view key, std::string_view value) {
    if (key == "rule") read(value, origin.rule);
    if (key == "firing") read(value, origin.firing);
    if (key == "part") read(value, origin.part);
    if (key == "index") read(value, origin.index);
    if (key == "attempt") read(value, origin.attempt);
    return plain;
  });
  return engine::KeyOf(plain ? origin : engine::ReadOrigin(json));
}

}  // namespace

// Handles the record of a text; the text of an invalid one goes up as it is.
struct TreeSource::Sink final : journal::RecordSink {
  Sink(TreeSource& tree, Child* child, std::string_view text)
      : tree(tree), child(child), text(text) {}

  void OnRecords(std::span<const journal::Record> records) override {
    if (std::exchange(handled, true)) return;
    if (records.size() != 1 || HasMore(text)) return tree.Up(kInvalid);
    if (child == nullptr) {
      tree.OnParentRecord(records[0], text);
    } else {
      tree.OnChildRecord(*child, records[0], text);
    }
  }
  void OnDecodeError(const journal::DecodeError&) override {
    if (!std::exchange(handled, true)) tree.Up(text);
  }

  TreeSource& tree;
  Child* const child;
  const std::string_view text;
  bool handled = false;
};

void TreeSource::OnRecord(Child* child, std::string_view text) {
  if (failed_) return;
  Sink sink(*this, child, text);
  decoder_.FeedRecord(text, sink);
}

void TreeSource::OnParentOpen(runner::SourceFacts facts) {
  // Sub-instances may have ended since, and their jobs with them.
  facts.another = facts.another || options_.resumed;
  up_->OnOpen(std::move(facts));
}

void TreeSource::OnStream(Child* child) {
  if (child == nullptr) {
    const bool again = std::exchange(streamed_, true);
    parent_sentinel_ = sentinel_passed_ = false;
    for (Child& known : children_) known.shown = false;
    up_->OnStream();
    if (again) ShowKnownJobs();
    return;
  }
  if (child->sentinel && !child->failure) child->failure = "its stream of job events has ended";
  if (!std::exchange(child->asked_shape, true)) {
    child->source->Ask(Remember(ChildShape{child->number}), {"resource.status", "{}", 0},
                       *child->port);
    AskState(*child);
  }
}

// The listener expects all active jobs in the backlog of the stream that has begun again. The
// streams of the sub-instances go on.
void TreeSource::ShowKnownJobs() {
  for (const Child& child : children_) {
    if (!child.is_followed()) continue;
    for (const auto& [id, job] : child.jobs) Up(EmptyRecord(InTree(id, child.number)));
  }
}

// --- the parent

void TreeSource::OnParentRecord(const journal::Record& record, std::string_view text) {
  if (record.sentinel) {
    parent_sentinel_ = true;
    sentinel_text_ = text;
    return PassSentinel();
  }
  if (Child* const child = InstanceOfJob(record, text)) return OnInstanceEvents(*child, record);
  if (instance_jobs_.contains(record.id)) return;
  FollowParentJob(record);
  Up(text);
}

// The sub-instance of a job of the parent; null for another job. Finds those of earlier processes
// of the run, too.
Child* TreeSource::InstanceOfJob(const journal::Record& record, std::string_view text) {
  const auto known = instance_jobs_.find(record.id);
  const std::size_t at = record.membership ? text.find(mark_) : std::string_view::npos;
  if (at == std::string_view::npos) {
    return known == instance_jobs_.end() ? nullptr : Find(known->second);
  }
  const std::string_view digits = text.substr(at + mark_.size());
  InstanceNumber number = kParent;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (number == kParent || number > kMaxInstance) return nullptr;
  if (known != instance_jobs_.end()) return Find(known->second);
  instance_jobs_.emplace(record.id, number);
  Child* child = Find(number);
  if (child == nullptr || child->job) {
    child = &AddChild(number);
    child->adopted = true;
    if (number > last_number_) last_number_ = number;
  }
  child->job = record.id;
  return child;
}

void TreeSource::OnInstanceEvents(Child& child, const journal::Record& record) {
  child.shown = true;
  if (const std::optional<double> end = ExpirationOf(record.resources)) {
    const std::chrono::duration<double> left(*end - SecondsSinceEpoch());
    child.time = std::chrono::duration_cast<Clock::duration>(left);
    child.expires = Clock::now() + child.time;
  }
  // The parent does not know the job that was looked up.
  if (record.events.empty() && !record.membership) child.job_ended = true;
  for (const journal::Event& event : record.events) {
    switch (event.kind) {
      case journal::EventKind::kStart:
        if (child.state != Child::State::kPending) break;
        child.state = Child::State::kStarting;
        child.up_by = Clock::now() + options_.start_patience;
        break;
      case journal::EventKind::kMemo:
        if (child.uri.empty()) child.uri = TextOf(journal::MembersOf(event.context), "uri");
        break;
      case journal::EventKind::kException:
        if (event.severity != 0 || child.failure) break;
        child.failure = JobText() + " got the exception ";
        child.failure->append(event.exception_name);
        if (std::string note = TextOf(journal::MembersOf(event.context), "note"); !note.empty()) {
          child.failure->append(" (").append(note).append(")");
        }
        break;
      case journal::EventKind::kFinish:
        if (!child.failure) child.failure = "its broker has ended";
        break;
      case journal::EventKind::kClean:
        child.job_ended = true;
        break;
      default:
        break;
    }
  }
}

// Remembers jobs of the run that wait in the parent.
void TreeSource::FollowParentJob(const journal::Record& record) {
  if (record.membership && record.membership->ensemble == options_.run) {
    parent_pending_.emplace(record.id, Clock::now());
  }
  if (parent_pending_.empty()) return;
  for (const journal::Event& event : record.events) {
    if (event.kind == journal::EventKind::kAlloc || event.kind == journal::EventKind::kStart ||
        event.kind == journal::EventKind::kClean) {
      parent_pending_.erase(record.id);
    }
  }
}

// The backlog ends for the listener when all instances have sent theirs.
void TreeSource::PassSentinel() {
  if (!parent_sentinel_ || sentinel_passed_) return;
  for (const Child& child : children_) {
    const bool has_backlog = child.adopted && child.state != Child::State::kDead &&
                             !child.job_ended && !child.uri.empty();
    if (has_backlog && !child.sentinel) return;
  }
  sentinel_passed_ = true;
  Up(sentinel_text_);
}

// --- the sub-instances

// Whether a job was canceled by another than the run: a user, or its broker.
bool TreeSource::IsDoubtful(const Child& child, const journal::Record& record) const {
  if (releasing_ || !child.run_state || child.canceled.contains(record.id)) return false;
  return std::ranges::any_of(record.events, [](const journal::Event& event) {
    return event.kind == journal::EventKind::kException && event.severity == 0 &&
           event.exception_type == journal::ExceptionType::kCancel;
  });
}

// Not all versions of Flux answer.
void TreeSource::AskState(Child& child) {
  child.source->Ask(Remember(ChildState{child.number}), {"state-machine.monitor", "{}", 0},
                    *child.port);
}

void TreeSource::OnState(Child& child, std::string_view json, bool failed) {
  const std::optional<std::uint64_t> number = journal::IntegerOf(journal::MembersOf(json), "state");
  if (!child.in_doubt) {
    child.run_state = number;
    return;
  }
  child.in_doubt = false;
  const std::vector<std::string> held = std::exchange(child.held, {});
  if (failed || number != child.run_state) {
    if (!child.failure) child.failure = "its broker shuts down";
    return;
  }
  releasing_ = true;
  for (const std::string& text : held) {
    OnRecord(&child, std::string_view(text).substr(0, text.size() - journal::kPadding));
  }
  releasing_ = false;
}

void TreeSource::OnChildRecord(Child& child, const journal::Record& record, std::string_view text) {
  if (child.state == Child::State::kDead) return;
  if (!child.in_doubt && IsDoubtful(child, record)) {
    child.in_doubt = true;
    AskState(child);
    // The connection is lost.
    if (child.failure) return;
  }
  if (child.in_doubt) {
    child.held.emplace_back(text).append(journal::kPadding, '\0');
    return;
  }
  if (record.sentinel) {
    child.sentinel = true;
    return;
  }
  // A job that a job submitted at another broker is not the run's.
  if (GeneratorOf(record.id) != 0) return;
  if (record.membership && record.membership->ensemble == options_.run) {
    const bool known = child.jobs.contains(record.id);
    if (!known) ++child.got;
    if (orders_.Show(child.number, KeyOfOrigin(record.membership->origin.value_or("{}")))) {
      ++child.seen;
    }
  }
  bool ended = false;
  if (record.membership || child.jobs.contains(record.id)) {
    Child::Job& job = child.jobs[record.id];
    for (const journal::Event& event : record.events) {
      job.latest = std::max(job.latest, event.timestamp);
      job.finished = job.finished || event.kind == journal::EventKind::kFinish;
      ended = ended || event.kind == journal::EventKind::kClean;
    }
  }
  if (ended) {
    child.jobs.erase(record.id);
    child.canceled.erase(record.id);
    child.CountEnd(Clock::now());
    failures_ = 0;
  }
  if (CopyWithId(text, record.id, InTree(record.id, child.number), text_)) {
    UpText();
  } else {
    Up(kInvalid);
  }
}

}  // namespace flux_ensemble::tree
