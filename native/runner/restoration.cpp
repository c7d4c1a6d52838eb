#include "runner/restoration.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/archive.h"
#include "log/entry_bytes.h"

namespace flux_ensemble::runner {

namespace {

// Stored in front of a state, for a change of its layout.
constexpr std::uint32_t kStateVersion = 1;

// Jobs, sorted: the differences of their ids, and their keys.
std::string EncodeJobs(const std::vector<engine::KnownJob>& jobs) {
  log::ByteBuffer bytes;
  journal::JobId before = 0;
  for (const engine::KnownJob& job : jobs) {
    bytes.PutNumber(job.id - std::exchange(before, job.id));
    bytes.PutDouble(std::bit_cast<double>(job.key));
  }
  return std::string(bytes.view());
}

std::vector<engine::KnownJob> DecodeJobs(std::string_view bytes) {
  std::vector<engine::KnownJob> jobs;
  journal::JobId id = 0;
  for (log::Cursor in(bytes); !in.at_end();) {
    id += in.Number();
    const auto key = std::bit_cast<std::uint64_t>(in.Double());
    if (in.valid()) jobs.push_back({id, key});
  }
  return jobs;
}

}  // namespace

using log::EntryKind;

void Restoration::Gather() {
  if (keep_firings_) return;
  for (engine::Firing& firing : engine_.firings()) {
    const std::uint64_t number = firing.number;
    open_.try_emplace(open_.end(), number, OpenFiring{std::move(firing), {}});
    of_firings_.try_emplace(of_firings_.end(), number);
  }
  engine_.firings().clear();
  for (engine::Retry& retry : engine_.retries_due()) {
    const RetryKey key = KeyOf(retry.details);
    open_retries_.insert_or_assign(key, std::move(retry));
  }
  engine_.retries_due().clear();
}

void Restoration::Know(std::span<const journal::Record> records) {
  for (const journal::Record& record : records) {
    if (!record.membership || !engine_.IsOwn(*record.membership)) continue;
    engine::JobOrigin origin;
    if (record.membership->origin) origin = engine::ReadOrigin(*record.membership->origin);
    jobs_.push_back({record.id, engine::KeyOf(origin)});
    if (!record.membership->origin) continue;
    open_retries_.erase(KeyOf(origin));
    if (origin.rule < 0) {
      of_requests_[origin.firing].Add(origin.part, origin.index);
      continue;
    }
    const auto of_firing = of_firings_.find(origin.firing);
    if (of_firing != of_firings_.end()) of_firing->second.Add(origin.part, origin.index);
  }
}

void Restoration::OnRecords(std::span<const journal::Record> records) {
  if (interrupted_) {
    // The jobs that end now are submitted again, and their events must not count later.
    for (const journal::Record& record : records) {
      if (!record.membership || !engine_.IsOwn(*record.membership)) continue;
      jobs_.push_back({record.id, engine_.KeyIn(*record.membership)});
    }
    return;
  }
  // Before the engine makes firings of them, because the jobs of those come later.
  if (!keep_firings_) Know(records);
  engine_.TakeRecords(records);
  Gather();
}

void Restoration::OnResult(journal::JobId job, log::JobResult result) {
  // The engine computes the other results by itself.
  if (interrupted_ || result != log::JobResult::kLost) return;
  engine_.TakeBack(job);
  Gather();
}

void Restoration::OnProbed(const log::Probed& probed) {
  if (interrupted_) return;
  engine_.Probed(probed.group, probed.first, probed.values, probed.time, parameters_);
  parameters_.clear();
  if (probed.firing) Done(*probed.firing);
  Gather();
}

void Restoration::OnNote(std::optional<std::uint64_t> firing, std::string_view text) {
  if (interrupted_ || keep_firings_) return;
  if (!firing) {
    notes_.emplace_back(text);
    return;
  }
  const auto open = open_.find(*firing);
  if (open != open_.end()) open->second.notes.emplace_back(text);
}

void Restoration::OnQueued(std::uint32_t group, std::int64_t change, double time) {
  if (interrupted_ || group >= engine_.groups()) return;
  engine_.Queue(group, change, time);
  latest_ = std::max(latest_, time);
  Gather();
}

void Restoration::OnHolds(journal::JobId job, std::uint64_t nodes, std::uint64_t cores) {
  if (!interrupted_) engine_.ExpectAllocation(job, {nodes, cores});
}

void Restoration::OnAllocation(double size, double end, double time) {
  if (interrupted_) return;
  engine_.SetAllocation(size, end, time);
  Gather();
}

void Restoration::OnGroupDone(std::uint32_t group, double time) {
  if (interrupted_ || group >= engine_.groups()) return;
  engine_.GroupDone(group, time);
  Gather();
}

void Restoration::OnSupply(std::uint32_t rule, std::vector<double> times) {
  if (!interrupted_) engine_.Supply(rule, times);
}

void Restoration::OnPlain(EntryKind kind) {
  if (kind == EntryKind::kRestored && interrupted_) {
    TakeBackActive();
    interrupted_ = false;
  }
  if (interrupted_) return;
  switch (kind) {
    case EntryKind::kRestored:
      engine_.ForgetQueued();
      engine_.Settle();
      break;
    case EntryKind::kSettle:
      engine_.Settle();
      break;
    case EntryKind::kFinishStream:
      engine_.FinishStream();
      break;
    case EntryKind::kEnd:
      engine_.End();
      break;
    case EntryKind::kRenewCron:
      engine_.RenewCron();
      break;
    case EntryKind::kLookForCancels:
      engine_.LookForCancels();
      break;
    case EntryKind::kKeepUnknown:
      engine_.KeepUnknown(true);
      break;
    case EntryKind::kReconciled:
      engine_.KeepUnknown(false);
      break;
    case EntryKind::kInterrupted:
      interrupted_ = true;
      break;
    default:
      return;
  }
  Gather();
}

void Restoration::OnNumber(EntryKind kind, std::uint64_t number) {
  if (interrupted_) return;
  if (kind == EntryKind::kGoTo) engine_.GoTo(static_cast<std::uint32_t>(number));
  if (kind == EntryKind::kResumeStream) engine_.ResumeStream(number);
  if (kind == EntryKind::kBeginStream) engine_.BeginStream(number);
  if (kind == EntryKind::kDecodeErrors) engine_.CountDecodeErrors(number);
  if (kind == EntryKind::kDone) return Done(number);
  Gather();
}

void Restoration::OnTime(EntryKind kind, double seconds) {
  if (interrupted_) return;
  if (kind == EntryKind::kTime) engine_.PassTo(seconds);
  if (kind == EntryKind::kHeartbeat) engine_.Heartbeat(seconds);
  if (kind == EntryKind::kStart) engine_.Start(seconds);
  if (kind == EntryKind::kEndOfRun) engine_.EndOfRun(seconds);
  if (kind == EntryKind::kStart) started_ = true;
  if (kind == EntryKind::kStreamAhead) return engine_.SetStreamAhead(seconds);
  latest_ = std::max(latest_, seconds);
  Gather();
}

void Restoration::OnText(EntryKind kind, std::string_view text) {
  if (interrupted_) return;
  if (kind == EntryKind::kAddRule) {
    rules_.emplace_back(text);
    add_rule_(text);
  }
  if (kind == EntryKind::kParameters) parameters_ = text;
  if (kind == EntryKind::kExpectCancel) engine_.ExpectCancel(std::string(text));
  Gather();
}

template <typename Archive>
void Restoration::Persist(Archive& archive) {
  std::string jobs;
  if constexpr (!Archive::kReads) jobs = EncodeJobs(jobs_);
  archive(started_, interrupted_, latest_, open_, of_firings_, of_requests_, open_retries_, notes_,
          jobs);
  if constexpr (Archive::kReads) jobs_ = DecodeJobs(jobs);
}

std::string Restoration::Save() {
  SortJobs();
  std::uint32_t version = kStateVersion;
  std::string plan = plan_;
  std::string engine = engine_.Save();
  StateWriter writer;
  writer(version, plan, rules_, engine);
  Persist(writer);
  return writer.Take();
}

LoadResult Restoration::Load(std::string_view state) {
  StateReader reader(state);
  std::uint32_t version = 0;
  std::string plan;
  std::string engine;
  std::vector<std::string> rules;
  reader(version);
  if (version != kStateVersion) return LoadResult::kUnusable;
  reader(plan, rules, engine);
  if (!reader.valid() || plan != plan_) return LoadResult::kUnusable;
  for (const std::string& rule : rules) add_rule_(rule);
  rules_ = std::move(rules);
  if (!engine_.Load(engine)) return LoadResult::kBroken;
  Persist(reader);
  return reader.valid() && reader.at_end() ? LoadResult::kLoaded : LoadResult::kBroken;
}

void Restoration::Done(std::uint64_t firing) {
  open_.erase(firing);
  of_firings_.erase(firing);
}

void Restoration::TakeBackActive() {
  std::vector<journal::JobId> ids = engine_.ActiveJobs(engine::kNoGroup);
  // In the order of their submission, which every process has to find.
  std::ranges::sort(ids);
  for (const journal::JobId id : ids) engine_.TakeBack(id);
  Gather();
}

// Jobs that an interrupted run had left are lost, as with its process.
void Restoration::Finish() {
  engine_.Settle();
  SortJobs();
  if (interrupted_) TakeBackActive();
  Gather();
  engine_.decode_errors().clear();
  engine_.ignored_tells().clear();
  engine_.idle_groups().clear();
  engine_.failure_reports().clear();
  engine_.missing_jobs().clear();
}

std::vector<OpenFiring> Restoration::TakeOpenFirings() {
  std::vector<OpenFiring> firings;
  firings.reserve(open_.size());
  for (auto& [number, open] : open_) firings.push_back(std::move(open));
  open_.clear();
  return firings;
}

std::vector<engine::Retry> Restoration::TakeOpenRetries() {
  std::vector<engine::Retry> retries;
  for (auto& [key, retry] : open_retries_) retries.push_back(std::move(retry));
  open_retries_.clear();
  std::ranges::sort(retries, {}, &engine::Retry::number);
  return retries;
}

std::vector<KnownRange> Restoration::KnownJobsOf(std::uint64_t firing, bool from_outside) const {
  const auto& all = from_outside ? of_requests_ : of_firings_;
  const auto found = all.find(firing);
  return found == all.end() ? std::vector<KnownRange>() : found->second.Ranges();
}

std::vector<engine::KnownJob> Restoration::TakeJobs() {
  SortJobs();
  return std::move(jobs_);
}

// Each stream shows jobs again that were active when it began.
void Restoration::SortJobs() {
  std::ranges::sort(jobs_);
  const auto repeated = std::ranges::unique(jobs_);
  jobs_.erase(repeated.begin(), repeated.end());
}

}  // namespace flux_ensemble::runner
