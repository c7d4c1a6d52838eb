// Status, snapshots and reports of an engine.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace flux_ensemble::engine {

Status Engine::GetStatus() {
  Status status;
  status.active_jobs = jobs_.size();
  status.ended = rules_.ended();
  status.retrying = retrying();
  status.backlog_over = !in_backlog();
  status.state = rules_.state();
  status.totals = totals_;
  status.totals.firings = rules_.fired();
  status.time_could_fire = jobs_.size() == 0 && rules_.TimeCouldFire();
  return status;
}

RuleReports Engine::GetRules() {
  RuleReports reports{rules_.Report(), {}, subsets_.Report()};
  reports.metrics.reserve(metrics_.size());
  for (std::uint32_t i = 0; i < metrics_.size(); ++i)
    reports.metrics.push_back(metrics_.ValueOf(i));
  return reports;
}

Snapshot Engine::GetSnapshot() {
  Snapshot snapshot;
  snapshot.counts.reserve(metrics_.groups() * kCountCount);
  for (std::uint32_t group = 0; group < metrics_.groups(); ++group) {
    const GroupMetrics& metrics = metrics_[group];
    for (std::size_t i = 0; i < kCountCount; ++i) {
      snapshot.counts.push_back(static_cast<double>(metrics.count(static_cast<Count>(i))));
    }
    snapshot.exceptions.push_back(metrics.exceptions());
    for (const Variable variable : {Variable::kDuration, Variable::kPending}) {
      const stats::Stream& stream = metrics.stream(variable);
      const stats::Summary::Row row = stream.summary().ToRow();
      snapshot.statistics.insert(snapshot.statistics.end(), row.begin(), row.end());
      if (shows_sketches_) snapshot.states.Add(*stream.sketched());
    }
    for (const stats::Stream& stream : metrics_.probes(group)) {
      const stats::Summary::Row row = stream.summary().ToRow();
      snapshot.probes.insert(snapshot.probes.end(), row.begin(), row.end());
    }
  }
  snapshot.metrics.reserve(metrics_.size());
  for (std::uint32_t i = 0; i < metrics_.size(); ++i) {
    snapshot.metrics.push_back(metrics_.ValueOf(i));
  }
  snapshot.status = GetStatus();
  return snapshot;
}

std::vector<journal::JobId> Engine::DoubtfulJobs() const {
  std::vector<journal::JobId> ids;
  jobs_.ForEach([&](const Job& job) {
    if (job.in_doubt) ids.push_back(job.id);
  });
  return ids;
}

std::vector<journal::JobId> Engine::ActiveJobs(const GroupPart& part) const {
  if (part.is_whole()) return ActiveJobs(part.group());
  std::vector<journal::JobId> ids;
  const std::uint32_t made = subsets_.GroupOf(part);
  for (const journal::JobId id : ActiveJobs(part.group())) {
    const JobDetails* const details = details_.Find(id);
    const bool has_value = details != nullptr && std::ranges::find(details->made_groups, made) !=
                                                     details->made_groups.end();
    if (has_value) ids.push_back(id);
  }
  return ids;
}

std::vector<journal::JobId> Engine::ActiveJobs(std::uint32_t group) const {
  std::vector<journal::JobId> ids;
  jobs_.ForEach([&](const Job& job) {
    if (group == kNoGroup || job.group == group) ids.push_back(job.id);
  });
  return ids;
}

}  // namespace flux_ensemble::engine
