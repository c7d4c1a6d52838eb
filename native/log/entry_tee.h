// Gives the entries of a log to two visitors.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "log/entries.h"

namespace flux_ensemble::log {

// Not a PartialVisitor: each kind of entry must be given on.
class EntryTee final : public EntryVisitor {
 public:
  // Both outlive the tee.
  EntryTee(EntryVisitor& first, EntryVisitor& second) : first_(first), second_(second) {}

  void OnRun(std::string_view id, const std::vector<std::string>& groups) override {
    first_.OnRun(id, groups);
    second_.OnRun(id, groups);
  }
  void OnRecords(std::span<const journal::Record> records) override {
    first_.OnRecords(records);
    second_.OnRecords(records);
  }
  void OnHosts(journal::JobId job, std::string_view hosts) override {
    first_.OnHosts(job, hosts);
    second_.OnHosts(job, hosts);
  }
  void OnResult(journal::JobId job, JobResult result) override {
    first_.OnResult(job, result);
    second_.OnResult(job, result);
  }
  void OnProbed(const Probed& probed) override {
    first_.OnProbed(probed);
    second_.OnProbed(probed);
  }
  void OnTold(const Told& told) override {
    first_.OnTold(told);
    second_.OnTold(told);
  }
  void OnQueued(std::uint32_t group, std::int64_t change, double time) override {
    first_.OnQueued(group, change, time);
    second_.OnQueued(group, change, time);
  }
  void OnHolds(journal::JobId job, std::uint64_t nodes, std::uint64_t cores) override {
    first_.OnHolds(job, nodes, cores);
    second_.OnHolds(job, nodes, cores);
  }
  void OnAllocation(double size, double end, double time) override {
    first_.OnAllocation(size, end, time);
    second_.OnAllocation(size, end, time);
  }
  void OnGroupDone(std::uint32_t group, double time) override {
    first_.OnGroupDone(group, time);
    second_.OnGroupDone(group, time);
  }
  void OnNote(std::optional<std::uint64_t> firing, std::string_view text) override {
    first_.OnNote(firing, text);
    second_.OnNote(firing, text);
  }
  void OnSupply(std::uint32_t rule, std::vector<double> times) override {
    first_.OnSupply(rule, times);
    second_.OnSupply(rule, std::move(times));
  }
  void OnPlain(EntryKind kind) override {
    first_.OnPlain(kind);
    second_.OnPlain(kind);
  }
  void OnNumber(EntryKind kind, std::uint64_t number) override {
    first_.OnNumber(kind, number);
    second_.OnNumber(kind, number);
  }
  void OnTime(EntryKind kind, double seconds) override {
    first_.OnTime(kind, seconds);
    second_.OnTime(kind, seconds);
  }
  void OnText(EntryKind kind, std::string_view text) override {
    first_.OnText(kind, text);
    second_.OnText(kind, text);
  }

 private:
  EntryVisitor& first_;
  EntryVisitor& second_;
};

}  // namespace flux_ensemble::log
