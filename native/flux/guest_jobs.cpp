#include "flux/guest_jobs.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "flux/flux_messages.h"
#include "journal/context_members.h"
#include "journal/padding.h"

namespace flux_ensemble::flux {

namespace {

using journal::EventKind;
using journal::JobId;
using journal::JobStage;
using journal::ListedJob;
using namespace std::chrono_literals;

// With at most this number of jobs, each list has all of them. Lists of more jobs have only those
// that have made progress, and now and then all. A list of all finds progress that a clock hides
// which was set back.
constexpr std::size_t kFewJobs = 100;
constexpr auto kAllEvery = 10s;
// Lists overlap by this time, in seconds.
constexpr double kOverlap = 0.001;
// Inactive jobs of an earlier process are requested from this time before its run began, in
// seconds. The clocks of two hosts may differ.
constexpr double kClockDifference = 3600;
// Look-ups without progress before the list replaces the eventlog. The delays double, up to 6.4 s.
constexpr std::uint32_t kMaxGuestTries = 6;
constexpr std::uint32_t kMaxDoublings = 6;
constexpr auto kFirstDelay = 100ms;

std::string Exact(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.17g", number);
  return text.data();
}

std::string Since(std::string_view attribute, double time) {
  return std::string("{\"").append(attribute).append("\":[\">=") +
         Exact(std::max(0.0, time - kOverlap)) + "\"]}";
}

std::string List(std::uint32_t userid, std::string_view constraint, double since, int most,
                 std::string_view attributes) {
  return "{\"max_entries\":" + std::to_string(most) + ",\"since\":" + Exact(since) +
         ",\"attrs\":" + std::string(attributes) + ",\"constraint\":{\"and\":[{\"userid\":[" +
         std::to_string(userid) + "]}," + std::string(constraint) + "]}}";
}

void AppendEvent(std::string& events, double time, std::string_view name,
                 std::string_view context = {}) {
  if (!events.empty()) events.push_back(',');
  events.append("{\"timestamp\":").append(Exact(time));
  events.append(",\"name\":\"").append(name).push_back('"');
  if (!context.empty()) events.append(",\"context\":").append(context);
  events.push_back('}');
}

std::string ExceptionContext(std::string_view type, int severity, std::string_view note) {
  return "{\"type\":" + Quote(type) + ",\"severity\":" + std::to_string(severity) +
         ",\"note\":" + Quote(note) + "}";
}

}  // namespace

// --- lists

void GuestJobs::Accepted(JobId id, const runner::SubmitOrder& order, std::uint64_t index) {
  if (ended_.contains(id)) return;
  const auto [found, added] = jobs_.try_emplace(id);
  Job& job = found->second;
  job.order = order;
  job.index = index;
  if (added) job.list = lists_;
}

std::string GuestJobs::LastEndedRequest() const {
  return List(options_.userid, R"({"states":["inactive"]})", 0, 1, R"(["state","t_inactive"])");
}

bool GuestJobs::TakeLastEnded(std::string_view answer) {
  const std::optional<journal::JobList> list = journal::ReadJobList(answer);
  if (!list) return false;
  for (const ListedJob& job : list->jobs) before_ = std::max(before_, job.inactive);
  return true;
}

std::string GuestJobs::ListRequest(Clock::time_point now) {
  constexpr std::string_view kActive = R"({"states":["pending","running"]})";
  constexpr std::string_view kInactive = R"({"states":["inactive"]})";
  const bool first = lists_++ == 0;
  all_ = first || jobs_.size() <= kFewJobs || now - all_at_ >= kAllEvery;
  if (all_) all_at_ = now;
  std::string constraint;
  if (first && !options_.inactive) {
    constraint = kActive;
  } else if (first) {
    const double begun = std::max(0.0, options_.begun - kClockDifference);
    constraint = "{\"or\":[" + std::string(kActive) + ",{\"and\":[" + std::string(kInactive) + "," +
                 Since("t_submit", begun) + "]}]}";
  } else if (all_) {
    constraint = R"({"states":["pending","running","inactive"]})";
  } else {
    constraint = "{\"or\":[" + std::string(kInactive) + "," + Since("t_submit", submit_) + "," +
                 Since("t_run", run_) + "," + Since("t_cleanup", cleanup_) + "]}";
  }
  const double since = first ? 0 : std::max(before_, since_ - kOverlap);
  return List(options_.userid, constraint, since, 0, journal::kJobListAttributes);
}

bool GuestJobs::TakeList(std::string_view answer, Clock::time_point now, Records& records) {
  std::optional<journal::JobList> list = journal::ReadJobList(answer);
  progressed_ = false;
  if (!list) return false;
  invalid_ += list->invalid;
  // The jobs that ended last come first.
  std::ranges::stable_sort(list->jobs, {}, &ListedJob::inactive);
  for (ListedJob& job : list->jobs) TakeListed(std::move(job), now, records);
  std::erase_if(ended_, [this](const auto& job) { return job.second < since_ - 2 * kOverlap; });
  if (!all_) return true;
  for (auto& [id, job] : jobs_) {
    if (job.list >= lists_ || job.looking) continue;
    job.missing = true;
    if (!job.due) Schedule(id, job, now);
  }
  return true;
}

void GuestJobs::TakeListed(ListedJob listed, Clock::time_point now, Records& records) {
  submit_ = std::max(submit_, listed.submit);
  run_ = std::max(run_, listed.run);
  cleanup_ = std::max(cleanup_, listed.cleanup);
  since_ = std::max(since_, listed.inactive);
  const JobId id = listed.id;
  if (ended_.contains(id)) return;
  const auto [found, added] = jobs_.try_emplace(id);
  Job& job = found->second;
  job.list = lists_;
  job.missing = false;
  const bool further = added || listed.stage > job.listed;
  if (further) {
    job.tries = 0;
    job.listed = listed.stage;
    progressed_ = true;
  }
  const double submit = listed.submit;
  if (listed.stage == JobStage::kInactive) {
    job.last = std::make_unique<ListedJob>(std::move(listed));
  } else if (job.order && !job.introduced && listed.stage == JobStage::kPending && submit > 0) {
    std::string events;
    if (Allows("submit")) AppendEvent(events, submit, "submit");
    job.submitted = true;
    progressed_ = true;
    Give(id, job, {}, events, records);
  }
  if (!job.looking && further && IsBehind(job)) Schedule(id, job, now);
}

// --- eventlogs

bool GuestJobs::IsBehind(const Job& job) const {
  return job.missing || job.listed > job.taken || (!job.introduced && !job.order);
}

void GuestJobs::Schedule(JobId id, Job& job, Clock::time_point at) {
  Unschedule(id, job);
  job.due = at;
  due_.emplace(at, id);
}

void GuestJobs::Unschedule(JobId id, Job& job) {
  if (job.due) due_.erase({*job.due, id});
  job.due.reset();
}

std::optional<GuestJobs::Lookup> GuestJobs::NextLookup(Clock::time_point now) {
  if (due_.empty() || due_.begin()->first > now) return std::nullopt;
  const JobId id = due_.begin()->second;
  Job& job = jobs_.at(id);
  Unschedule(id, job);
  job.looking = true;
  ++looking_;
  return Lookup{id, !job.introduced && !job.order};
}

std::optional<GuestJobs::Clock::time_point> GuestJobs::next_lookup() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

bool GuestJobs::settled() const {
  if (looking_ > 0) return false;
  return std::ranges::none_of(due_,
                              [this](const auto& due) { return IsBehind(jobs_.at(due.second)); });
}

void GuestJobs::TakeLookup(JobId id, int errnum, std::string_view answer, Clock::time_point now,
                           Records& records) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end() || !found->second.looking) return;
  Job& job = found->second;
  job.looking = false;
  --looking_;
  if (errnum == 0) {
    job.missing = false;
    TakeEventlog(id, job, answer, records);
    if (!jobs_.contains(id)) return;
  }
  Plan(id, job, errnum, now, records);
}

// Decides on the next look-up of the job.
void GuestJobs::Plan(JobId id, Job& job, int errnum, Clock::time_point now, Records& records) {
  // The list shows neither the start of a job nor its memos.
  const bool follows = job.listed == JobStage::kRunning && (!job.started || Allows("memo"));
  if (errnum == 0 && !IsBehind(job) && !follows) {
    job.tries = 0;
    return;
  }
  const bool transient = IsTransient(errnum) || errnum == ECANCELED;
  if (job.tries >= kMaxGuestTries && !transient && IsBehind(job)) {
    return GiveUp(id, job, errnum, records);
  }
  const auto doublings = std::min(job.tries++, kMaxDoublings);
  Schedule(id, job, now + kFirstDelay * (1u << doublings));
}

// The eventlog does not show what the list has shown.
void GuestJobs::GiveUp(JobId id, Job& job, int errnum, Records& records) {
  job.tries = 0;
  if (job.last != nullptr) {
    const double time = job.last->inactive;
    if (job.introduced || job.order) Give(id, job, {}, EventsOfList(job), records);
    return End(id, job, time);
  }
  if (job.missing && errnum != 0) {
    std::string events;
    const double time = std::max({since_, submit_, run_, cleanup_, 1.0});
    AppendEvent(events, time, "exception",
                ExceptionContext("lost", 0, "Flux no longer knows the job"));
    AppendEvent(events, time, "clean");
    if (job.introduced || job.order) Give(id, job, {}, events, records);
    return End(id, job, time);
  }
  // The list will show when the job has ended.
  job.taken = job.listed;
  job.introduced = job.introduced || !job.order;
}

void GuestJobs::TakeEventlog(JobId id, Job& job, std::string_view answer, Records& records) {
  const std::vector<journal::Member> members = journal::MembersOf(answer);
  std::string jobspec;
  if (!job.introduced && !job.order) {
    jobspec = journal::TextOf(members, "jobspec");
    if (!reader_.IsJobspec(jobspec)) {
      ++invalid_;
      jobspec.clear();
    }
  }
  const std::string eventlog = journal::TextOf(members, "eventlog");
  const std::uint32_t lines = job.lines;
  const std::string events = EventsIn(eventlog, job);
  if (job.lines > lines) job.tries = 0;
  if (!events.empty() || (!job.introduced && !eventlog.empty())) {
    Give(id, job, jobspec, events, records);
  }
  if (job.taken == JobStage::kInactive) End(id, job, job.ended_at);
}

// The new events, which are the lines after those that were taken.
std::string GuestJobs::EventsIn(std::string_view eventlog, Job& job) {
  std::string events;
  std::uint32_t number = 0;
  for (std::string_view lines = eventlog; !lines.empty();) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.empty() || number++ < job.lines) continue;
    ++job.lines;
    const journal::Event* const event = reader_.Read(line);
    if (event == nullptr) {
      ++invalid_;
      continue;
    }
    const auto reach = [&job](JobStage stage) { job.taken = std::max(job.taken, stage); };
    bool given = false;
    switch (event->kind) {
      case EventKind::kSubmit:
        given = std::exchange(job.submitted, true);
        break;
      case EventKind::kAlloc:
        reach(JobStage::kRunning);
        break;
      case EventKind::kStart:
        job.started = true;
        reach(JobStage::kRunning);
        break;
      case EventKind::kFinish:
        job.finished = true;
        reach(JobStage::kCleanup);
        break;
      case EventKind::kException:
        if (event->severity > 0) break;
        job.excepted = true;
        reach(JobStage::kCleanup);
        break;
      case EventKind::kClean:
        job.ended_at = event->timestamp;
        reach(JobStage::kInactive);
        break;
      default:
        break;
    }
    if (given || !Allows(event->name)) continue;
    if (!events.empty()) events.push_back(',');
    events.append(line);
  }
  return events;
}

// The events that the list shows and the eventlog has not shown.
std::string GuestJobs::EventsOfList(const Job& job) const {
  const ListedJob& last = *job.last;
  std::string events;
  double latest = std::max(last.submit, 1.0);
  const auto append = [&](double time, std::string_view name, std::string_view context = {}) {
    latest = std::max(latest, time);
    if (Allows(name)) AppendEvent(events, latest, name, context);
  };
  if (!job.submitted) append(last.submit, "submit");
  if (!job.started && last.run > 0 && last.status) append(last.run, "start");
  if (!job.excepted && last.exception) {
    const auto& [type, note, severity] = *last.exception;
    append(last.cleanup, "exception", ExceptionContext(type, severity, note));
  }
  if (!job.finished && last.status) {
    append(last.cleanup, "finish", "{\"status\":" + std::to_string(*last.status) + "}");
  }
  append(last.inactive, "clean");
  return events;
}

void GuestJobs::Give(JobId id, Job& job, std::string_view jobspec, std::string_view events,
                     Records& records) {
  if (!job.introduced && job.order) {
    WriteJobspec(*job.order, job.index, text_);
    jobspec = text_;
  }
  job.introduced = true;
  std::string record = "{\"id\":" + std::to_string(id);
  if (!jobspec.empty()) record.append(",\"jobspec\":").append(jobspec);
  records.push_back(record.append(",\"events\":[").append(events).append("]}"));
}

void GuestJobs::End(JobId id, Job& job, double time) {
  Unschedule(id, job);
  ended_.emplace(id, time);
  jobs_.erase(id);
}

bool GuestJobs::Allows(std::string_view name) const {
  return options_.allow.empty() || std::ranges::find(options_.allow, name) != options_.allow.end();
}

// --- one event

const journal::Event* GuestJobs::EventReader::Read(std::string_view line) {
  text_.assign(R"({"id":1,"events":[)").append(line).append("]}");
  const std::size_t size = text_.size();
  text_.append(journal::kPadding, '\0');
  event_.reset();
  decoder_.FeedRecord(std::string_view(text_).substr(0, size), *this);
  return event_ ? &*event_ : nullptr;
}

bool GuestJobs::EventReader::IsJobspec(std::string_view text) {
  text_.assign(R"({"id":1,"jobspec":)").append(text).append(R"(,"events":[]})");
  const std::size_t size = text_.size();
  text_.append(journal::kPadding, '\0');
  good_ = false;
  decoder_.FeedRecord(std::string_view(text_).substr(0, size), *this);
  return good_;
}

void GuestJobs::EventReader::OnRecords(std::span<const journal::Record> records) {
  if (records.size() != 1 || records[0].id != 1) return;
  good_ = records[0].membership.has_value() && records[0].events.empty();
  if (records[0].events.size() == 1) event_ = records[0].events[0];
}

}  // namespace flux_ensemble::flux
